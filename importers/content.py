"""A record as plain JSON and back, and what to do when the list and the directory have both moved on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from directory.registry.plain import plain
from directory.registry.values import ContactValues, InstitutionValues, PostValues
from importers.records import ImportRecord

Values = TypeVar("Values", InstitutionValues, PostValues)
_LINE_FIELDS = tuple(f.name for f in fields(ContactValues) if f.name not in {"kind", "value"})


def content_of(record: ImportRecord) -> dict[str, Any]:
    """What is compared at the next import: everything the row says, empty things left out."""
    content: dict[str, Any] = {"institution": plain(record.institution), "post": plain(record.post)}
    if record.official:
        content["official"] = record.official
    if record.dated_on:
        content["dated_on"] = record.dated_on.isoformat()
    if record.source:
        content["source"] = record.source
    return content


@dataclass(frozen=True, slots=True)
class Kept:
    """A field both sides changed: what stands here and what the list says now."""

    field: str
    here: str
    there: str


def merge(old: Values, new: Values, here: Values) -> tuple[Values, list[Kept]]:
    """`here` with what the list changed from `old` to `new`; a person's own change since then stands, and is named."""
    changes: dict[str, Any] = {}
    kept: list[Kept] = []
    for field in fields(old):
        was, says, stands = (_in_order(field.name, getattr(values, field.name)) for values in (old, new, here))
        if says in (was, stands):
            continue
        if field.name == "contact_points":
            changes[field.name], more = _merge_lines(was, says, stands)
            kept += more
        elif field.name == "serves":
            changes[field.name] = tuple(sorted((set(stands) - (set(was) - set(says))) | (set(says) - set(was))))
        elif stands == was:
            changes[field.name] = says
        else:
            kept.append(Kept(field.name, told(stands), told(says)))
    return replace(here, **changes), kept


def _in_order(field: str, value: Any) -> Any:
    """The database gives responsibilities and countries served back in an order of its own."""
    return tuple(sorted(value, key=repr)) if field in {"responsibilities", "serves"} else value


def _merge_lines(
    old: tuple[ContactValues, ...], new: tuple[ContactValues, ...], here: tuple[ContactValues, ...]
) -> tuple[tuple[ContactValues, ...], list[Kept]]:
    was, says, stands = (_by_value(lines) for lines in (old, new, here))
    gone = [line for key, line in was.items() if key not in says]
    # A line of the list's that somebody replaced or removed here: a new one of that kind is not pushed over it.
    own_kinds = {line.kind for line in gone if (line.kind, line.value) not in stands}
    dropped = {(line.kind, line.value) for line in gone}
    merged = [_merge_line(was.get(k), says.get(k), line) for k, line in stands.items() if k not in dropped]
    kept = []
    for key, line in says.items():
        if key in was or key in stands:
            continue
        if line.kind in own_kinds:
            own = ", ".join(other.value for other in here if other.kind == line.kind) or "nothing"
            kept.append(Kept(line.kind, own, line.value))
        else:
            merged.append(line)
    order = {key: place for place, key in enumerate(says)}
    merged.sort(key=lambda line: order.get((line.kind, line.value), len(order)))
    return tuple(merged), kept


def _merge_line(was: ContactValues | None, says: ContactValues | None, here: ContactValues) -> ContactValues:
    """Label, hours and the like follow the list where nobody changed them here."""
    if was is None or says is None:
        return here
    follows = {f: getattr(says, f) for f in _LINE_FIELDS if getattr(here, f) == getattr(was, f)}
    return replace(here, **follows)


def _by_value(lines: tuple[ContactValues, ...]) -> dict[tuple[str, str], ContactValues]:
    return {(line.kind, line.value): line for line in lines}


def told(value: Any) -> str:
    """A value in a few words, for the report."""
    if isinstance(value, Mapping):
        head = str(value.get("name") or value.get("value") or value.get("sop") or "")
        rest = [f"{k} {told(v)}" for k, v in value.items() if k not in {"name", "value", "sop", "kind"} and v]
        return head + (f" ({'; '.join(rest)})" if rest else "")
    if isinstance(value, (list, tuple)):
        return ", ".join(told(item) for item in value) or "nothing"
    if is_dataclass(value):
        return told(plain(value))
    return "nothing" if value in (None, "") else str(value)
