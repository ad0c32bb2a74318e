"""A form that came too late, brought up to date: what was touched is kept as typed, all else shows what stands now.

Each field carries a mark of how it looked when it was shown; a field that still looks so was not touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from directory.web.forms.duties import DutyRow
from directory.web.forms.lines import LineRow


def mark(*parts: object) -> str:
    """How something looks, in twelve signs; line ends are the browser's own affair."""
    plain = "\x1f".join("\n".join(str(part).strip().splitlines()) for part in parts)
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def line_mark(row: LineRow) -> str:
    """The mark of a contact point's row."""
    return mark(row.kind, row.value, row.label, row.hours, row.zone, row.languages, row.is_published)


def duty_mark(row: DutyRow) -> str:
    """The mark of a responsibility's row."""
    return mark(row.what, row.level, row.area, ",".join(sorted(row.groups)))


def text(name: str, typed: str, stands: str, form: Mapping[str, str]) -> str:
    """What was typed where it was touched, else what stands."""
    return stands if form.get(f"was-{name}") == mark(typed) else typed


def lines(typed: Sequence[LineRow], stored: Sequence[LineRow], form: Mapping[str, str]) -> list[LineRow]:
    """The rows that stand, touched ones as typed; new ones, and touched ones whose line is gone, come last."""
    touched = [row for row in typed if row.is_removed or form.get(f"c-{row.n}-was") != line_mark(row)]
    own = {row.id: row for row in touched if row.id}
    there = {row.id for row in stored if row.id}
    kept = [replace(own[row.id], n=row.n) if row.id in own else row for row in stored if row.id]
    added = [replace(row, id="") for row in touched if row.id not in there and row.value and not row.is_removed]
    empty = [row for row in stored if not row.id]
    return [replace(row, n=n) for n, row in enumerate([*kept, *added, *empty])]


def duties(typed: Sequence[DutyRow], stored: Sequence[DutyRow], form: Mapping[str, str]) -> list[DutyRow]:
    """The same for what a post answers for."""
    touched = [row for row in typed if row.is_removed or form.get(f"r-{row.n}-was") != duty_mark(row)]
    own = {row.key: row for row in touched if row.key}
    there = {row.key for row in stored if row.key}
    kept = [own.get(row.key, row) for row in stored if row.key]
    added = [replace(row, key="") for row in touched if row.key not in there and row.what and not row.is_removed]
    empty = [row for row in stored if not row.key]
    return [replace(row, n=n) for n, row in enumerate([*kept, *added, *empty])]
