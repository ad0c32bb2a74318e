"""What a post answers for, as rows of a form or a request; a row keeps the form of exploitation it stood with."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from directory.registry.values import BadValue, ResponsibilityValues
from directory.sops.taxonomy import Taxonomy
from directory.web.forms.lines import one_line
from directory.web.translating import gettext as _
from directory.web.translating import sentence

EMPTY_ROWS = 1
MOST_ROWS = 60
LEVELS = ("leads", "supports", "informed")


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One row. `what` is a procedure (`4`) or a measure (`4.2`); `key` says which it was before, empty for new."""

    n: int
    key: str = ""
    what: str = ""
    level: str = "leads"
    area: str = ""
    groups: tuple[str, ...] = ()
    is_removed: bool = False


def key_of(duty: ResponsibilityValues) -> str:
    """A mark of what stood, so that the row is found again whatever its place."""
    return hashlib.sha256(repr(duty).encode()).hexdigest()[:12]


def stored_rows(duties: Sequence[ResponsibilityValues]) -> list[DutyRow]:
    """The rows of what stands, and an empty one."""
    rows = [
        DutyRow(n, key_of(duty), duty.measure or str(duty.sop), duty.level, duty.area, duty.target_groups)
        for n, duty in enumerate(duties)
    ]
    return [*rows, *(DutyRow(n) for n in range(len(duties), len(duties) + EMPTY_ROWS))]


def typed_rows(form: Mapping[str, str], taxonomy: Taxonomy) -> list[DutyRow]:
    """The rows as they were typed."""
    numbers = sorted({int(found[1]) for name in form if (found := re.fullmatch(r"r-([0-9]{1,3})-[a-z_-]+", name))})
    return [
        DutyRow(
            n,
            key=form.get(f"r-{n}-key", ""),
            what=form.get(f"r-{n}-what", ""),
            level=form.get(f"r-{n}-level", "leads"),
            area=form.get(f"r-{n}-area", "").strip(),
            groups=tuple(group for group in taxonomy.target_groups if form.get(f"r-{n}-group-{group}")),
            is_removed=bool(form.get(f"r-{n}-remove")),
        )
        for n in numbers[:MOST_ROWS]
    ]


def read_duties(
    rows: Iterable[DutyRow], duties: Sequence[ResponsibilityValues], taxonomy: Taxonomy, errors: dict[str, str]
) -> tuple[ResponsibilityValues, ...]:
    """What the post answers for now: what is in no row stays, in its order; new ones come last."""
    kept = {key_of(duty): duty for duty in duties}
    added = []
    for row in rows:
        known = kept.get(row.key)
        if row.is_removed:
            kept.pop(row.key, None)
        elif known is not None or row.what:
            duty = _duty(row, known, taxonomy, errors)
            if duty is not None and known is not None:
                kept[row.key] = duty
            elif duty is not None:
                added.append(duty)
    return tuple(dict.fromkeys([*kept.values(), *added]))


def _duty(
    row: DutyRow, known: ResponsibilityValues | None, taxonomy: Taxonomy, errors: dict[str, str]
) -> ResponsibilityValues | None:
    sop, measure = _place(row.what, taxonomy)
    if sop is None or row.level not in LEVELS:
        errors[f"r-{row.n}-what"] = _("is no procedure or measure of the list")
        return None
    try:
        area = one_line(row.area)
    except BadValue as error:
        errors[f"r-{row.n}-area"] = sentence(error)
        return None
    # In the order it stood where nothing else was ticked: an order alone is no change.
    was = known.target_groups if known else ()
    groups = was if set(was) == set(row.groups) else row.groups
    start = known or ResponsibilityValues(sop)
    return replace(start, sop=sop, measure=measure, level=row.level, area=area, target_groups=groups)


def _place(what: str, taxonomy: Taxonomy) -> tuple[int | None, str | None]:
    if re.fullmatch(r"[1-9]", what) and taxonomy.sop(int(what)):
        return int(what), None
    measure = taxonomy.measure(what)
    return (measure.sop, measure.id) if measure else (None, None)
