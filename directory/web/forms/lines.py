"""Contact points as rows of a form or a request: what is shown of them, and what was typed as checked values.

A line the person does not see is never touched; a value they may not see is never shown, and kept unless replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from babel import Locale

from directory.entries.entry import ContactLine
from directory.registry import rules
from directory.registry.faults import N_
from directory.registry.hours import BadHours, read_hours
from directory.registry.models import ContactPoint
from directory.registry.pictures import contact_values
from directory.registry.values import (
    TOO_LONG,
    BadValue,
    ContactValues,
    check_contact,
    clean_contact,
    clean_text,
)
from directory.web.translating import gettext as _
from directory.web.translating import sentence

EMPTY_ROWS = 2
MOST_ROWS = 40
PARTS = ("id", "kind", "value", "label", "hours", "zone", "languages", "published", "remove")
LINE, TEXT = 200, 2000


@dataclass(frozen=True, slots=True)
class LineRow:
    """One row. `id` is the contact point's, empty for a new one; `is_hidden`: there is a value, and it is not shown."""

    n: int
    id: str = ""
    kind: str = ""
    value: str = ""
    label: str = ""
    hours: str = ""
    zone: str = ""
    languages: str = ""
    is_published: bool = False
    is_removed: bool = False
    is_hidden: bool = False


@dataclass(slots=True)
class LinesRead:
    """What the rows say together. `restated`: a value the person may not see was given anew."""

    lines: tuple[ContactValues, ...] = ()
    restated: bool = False
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the lines belong: the country whose numbers are meant, the kind of body."""

    region: str
    institution_type: str


def one_line(text: str, most: int = LINE) -> str:
    """A text of one line. Raises BadValue where it is too long."""
    plain = " ".join(clean_text(text).split())
    if len(plain) > most:
        raise BadValue(TOO_LONG, count=len(plain), most=most)
    return plain


def stored_rows(points: Sequence[ContactPoint], seen: Mapping[str, ContactLine]) -> list[LineRow]:
    """The rows of what stands, as far as the person sees it, and empty ones to add to."""
    rows = [stored_row(n, point, seen[point.id]) for n, point in enumerate(points) if point.id in seen]
    return [*rows, *(LineRow(n) for n in range(len(points), len(points) + EMPTY_ROWS))]


def stored_row(n: int, point: ContactPoint, line: ContactLine) -> LineRow:
    """One line as it stands, its value only where the viewer sees it."""
    return LineRow(
        n,
        id=point.id,
        kind=point.kind,
        value="" if line.value is None else line.display if line.kind in rules.NUMBERS else line.value,
        label=line.label,
        hours=line.hours,
        zone=line.timezone,
        languages=", ".join(line.languages),
        is_published=point.is_published,
        is_hidden=line.is_restricted,
    )


def typed_rows(form: Mapping[str, str], seen: Mapping[str, ContactLine]) -> list[LineRow]:
    """The rows as they were typed."""
    numbers = sorted({int(found[1]) for name in form if (found := re.fullmatch(r"c-([0-9]{1,3})-[a-z]+", name))})
    return [_typed_row(n, form, seen) for n in numbers[:MOST_ROWS]]


def _typed_row(n: int, form: Mapping[str, str], seen: Mapping[str, ContactLine]) -> LineRow:
    parts = {name: form.get(f"c-{n}-{name}", "").strip() for name in PARTS}
    line = seen.get(parts["id"])
    return LineRow(
        n,
        id=line.id if line else "",
        kind=parts["kind"],
        value=parts["value"],
        label=parts["label"],
        hours=parts["hours"],
        zone=parts["zone"],
        languages=parts["languages"],
        is_published=bool(parts["published"]),
        is_removed=bool(parts["remove"]),
        is_hidden=bool(line and line.is_restricted),
    )


def read_lines(rows: Iterable[LineRow], points: Sequence[ContactPoint], place: Place) -> LinesRead:
    """What the entry's own lines become: those in no row stay, in their order; new ones come last."""
    read = LinesRead()
    kept = {point.id: contact_values(point) for point in points}
    told: dict[tuple[str, str], int] = {}
    added = []
    for row in rows:
        known = kept.get(row.id)
        if row.is_removed:
            kept.pop(row.id, None)
            continue
        if known is None and not row.value:
            continue
        values = _values(row, known, place, read.errors)
        if values is None:
            continue
        _note_twice(row, values, told, read.errors)
        read.restated |= row.is_hidden and bool(row.value)
        if known is None:
            added.append(values)
        else:
            kept[row.id] = values
    read.lines = (*kept.values(), *added)
    return read


def _note_twice(row: LineRow, values: ContactValues, told: dict[tuple[str, str], int], errors: dict[str, str]) -> None:
    """The same line twice is refused, but only among those the person sees: else the answer would tell of others."""
    if row.is_hidden and not row.value:
        return
    if told.setdefault((values.kind, values.value), row.n) != row.n:
        errors[f"c-{row.n}-value"] = _("stands twice: remove one of the two")


def _values(row: LineRow, known: ContactValues | None, place: Place, errors: dict[str, str]) -> ContactValues | None:
    before = len(errors)
    keeps_value = known is not None and row.is_hidden and not row.value
    kind = known.kind if known is not None and keeps_value else row.kind
    parts: dict[str, str] = {}
    for name, read in (("value", _clean(kind, place)), ("label", one_line), ("hours", _hours), ("zone", _zone)):
        try:
            text = getattr(row, name)
            parts[name] = known.value if known is not None and keeps_value and name == "value" else read(text)
        except (BadValue, BadHours) as error:
            errors[f"c-{row.n}-{name}"] = sentence(error)
    languages = _languages(row, known, errors)
    if len(errors) > before:
        return None
    published = row.is_published if kind not in rules.RESTRICTED else bool(known and known.is_published)
    values = ContactValues(kind, parts["value"], parts["label"], parts["hours"], parts["zone"], languages, published)
    return _checked(values, row, place, errors)


def _checked(values: ContactValues, row: LineRow, place: Place, errors: dict[str, str]) -> ContactValues | None:
    try:
        check_contact(values, place.institution_type)
    except BadValue as error:
        errors[f"c-{row.n}-value"] = sentence(error)
        return None
    return values


def _clean(kind: str, place: Place) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text:
            raise BadValue(N_("is empty: write it, or tick “Remove”"))
        return clean_contact(kind, text, region=place.region)

    return read


def _hours(text: str) -> str:
    plain = one_line(text)
    read_hours(plain)
    return plain


def _zone(text: str) -> str:
    plain = one_line(text)
    check_contact(replace(ContactValues("web", ""), timezone=plain), "")
    return plain


def _languages(row: LineRow, known: ContactValues | None, errors: dict[str, str]) -> tuple[str, ...]:
    stood = known.languages if known else ()
    typed = [tag for tag in re.split(r"[\s,;]+", row.languages) if tag]
    tags = tuple(dict.fromkeys(tag if tag in stood else tag.lower() for tag in typed))
    unknown = [tag for tag in tags if tag not in stood and tag not in _known_languages()]
    if unknown or len(tags) > 20:
        wrong = ", ".join(unknown[:3])
        errors[f"c-{row.n}-languages"] = _(
            "“%(wrong)s” is no language code: write codes such as ro, en, sq", wrong=wrong
        )
        return ()
    return tags


@lru_cache(maxsize=1)
def _known_languages() -> frozenset[str]:
    return frozenset(str(code).lower() for code in Locale("en").languages)
