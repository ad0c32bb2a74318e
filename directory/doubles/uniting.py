"""What one of two says: field by field the one kept unless chosen otherwise, lines and duties of both. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from directory.proposals import rules
from directory.registry.values import ContactValues, InstitutionValues, NameValues, PostValues

Values = TypeVar("Values", InstitutionValues, PostValues)
UNITED = frozenset({"contact_points", "responsibilities", "serves", "names"})
GONE, KEEP = "gone", "keep"


def chosen(keep: Values, gone: Values, choices: Mapping[str, Any]) -> Values:
    """`choices`: for a field `gone` where the other's value stays; for `contact_points` `keep` leaves the other's out.

    A field the kept one leaves empty is filled from the other.
    """
    found: dict[str, Any] = {}
    for field in fields(keep):
        name = field.name
        mine: Any = getattr(keep, name)
        others: Any = getattr(gone, name)
        if name == "contact_points":
            found[name] = mine if choices.get(name) == KEEP else united_lines(mine, others)
        elif name == "names":
            first, second = (others, mine) if choices.get(name) == GONE else (mine, others)
            found[name] = _united_names(first, second)
        elif name in UNITED:
            found[name] = (*mine, *(one for one in others if one not in mine))
        elif choices.get(name) == GONE or mine in ("", None):
            found[name] = others
        else:
            found[name] = mine
    return replace(keep, **found)


def united_lines(mine: tuple[ContactValues, ...], others: tuple[ContactValues, ...]) -> tuple[ContactValues, ...]:
    """Both one's lines; of a line that both have, the kept one's hours and label, shown to as many as either was."""
    known = {(line.kind, line.value): line for line in others}
    merged = [_filled(line, known.pop((line.kind, line.value), None)) for line in mine]
    return (*merged, *(line for line in others if (line.kind, line.value) in known))


def _filled(line: ContactValues, other: ContactValues | None) -> ContactValues:
    if other is None:
        return line
    return replace(
        line,
        label=line.label or other.label,
        hours=line.hours or other.hours,
        timezone=line.timezone or other.timezone,
        languages=line.languages or other.languages,
        is_published=line.is_published or other.is_published,
    )


def _united_names(first: tuple[NameValues, ...], second: tuple[NameValues, ...]) -> tuple[NameValues, ...]:
    """One official name a language; the other's becomes a former name, so that who knows it still finds the entry."""
    known = {name.name for name in first}
    official = {name.language for name in first if name.kind == "official"}
    more = [
        replace(name, kind="former") if name.kind == "official" and name.language in official else name
        for name in second
        if name.name not in known
    ]
    return (*first, *more)


def is_guarded(keep: Values, gone: Values, united: Values) -> bool:
    """Readers of either would see another number, address, role or country: a second person must agree."""
    return any(bool(rules.split(before, united)[1]) for before in (keep, gone))
