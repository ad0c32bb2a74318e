"""What is guarded: which part of a change may stand at once, and which waits for a second person. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from directory.registry.values import ContactValues, InstitutionValues, PostValues

Values = TypeVar("Values", InstitutionValues, PostValues)
# Every phone, mail and login address, and the country, role and holder of an entry (requirements, section 0.2).
GUARDED_KINDS = frozenset(
    {"hotline", "phone", "duty_phone", "direct_phone", "mobile", "intake_phone", "fax", "email", "secure_mail"}
)
GUARDED_FIELDS = frozenset({"country", "host_country", "serves", "role", "holder", "is_desk", "type"})
# Free text stands at once, unless it would newly say where to call or write: that is a number by another door.
TEXTS = frozenset({"title", "area", "asks_for", "note", "city", "names", "responsibilities"})
UNORDERED = frozenset({"serves", "responsibilities"})
_WAY = re.compile(r"@|\+\s?\d|(?:\d[\s\-./()]*){6}")
_WAY_IN_ADDRESS = re.compile(r"@|\+\s?\d|(?:\d[\s\-./()]*){9}")  # house numbers and postcodes are no numbers to call
Key = tuple[str, str]


def split(before: Values, wanted: Values) -> tuple[Values, dict[str, Any]]:
    """What of `wanted` may stand at once, and the guarded fields (name → wanted value) that must wait."""
    at_once: dict[str, Any] = {}
    waiting: dict[str, Any] = {}
    for field in fields(before):
        was, wants = getattr(before, field.name), getattr(wanted, field.name)
        if _is_same(field.name, was, wants):
            continue
        if field.name == "contact_points":
            stands = unguarded_contacts(was, wants)
            if stands != was:
                at_once[field.name] = stands
            if stands != wants:
                waiting[field.name] = wants
        elif field.name in GUARDED_FIELDS or (field.name in TEXTS and _adds_a_way(was, wants)):
            waiting[field.name] = wants
        else:
            at_once[field.name] = wants
    return replace(before, **at_once), waiting


def unguarded_contacts(was: Sequence[ContactValues], wants: Sequence[ContactValues]) -> tuple[ContactValues, ...]:
    """The contact points with only their plain parts changed: hours, labels, languages, web and postal addresses.

    Every guarded value of `was` stays, none is added, and none becomes visible to more people than before.
    """
    wanted = {(line.kind, line.value): line for line in wants}
    stands = []
    for line in was:
        new = wanted.get((line.kind, line.value))
        if line.kind in GUARDED_KINDS and new is None:
            stands.append(line)
        elif new is not None:
            stands.append(_plain_parts(line, new))
    known = {(line.kind, line.value) for line in was}
    stands += [line for line in wants if not _is_guarded(line) and (line.kind, line.value) not in known]
    order = {(line.kind, line.value): place for place, line in enumerate(wants)}
    if all((line.kind, line.value) in order for line in stands):  # else a number that waits would lose its place
        stands.sort(key=lambda line: order[line.kind, line.value])
    return tuple(stands)


def _plain_parts(line: ContactValues, new: ContactValues) -> ContactValues:
    label = line.label if _adds_a_way(line.label, new.label) else new.label
    if line.kind not in GUARDED_KINDS:
        return replace(new, label=label)
    return replace(new, label=label, is_published=line.is_published and new.is_published)


def _is_guarded(line: ContactValues) -> bool:
    if line.kind in GUARDED_KINDS or tells_a_way(line.label):
        return True
    return line.kind == "postal" and bool(_WAY_IN_ADDRESS.search(line.value))


def tells_a_way(text: str) -> bool:
    """The text says where to call or write."""
    return bool(_WAY.search(text))


def _adds_a_way(was: Any, wants: Any) -> bool:
    known = set(_texts(was))
    return any(tells_a_way(text) for text in _texts(wants) if text not in known)


def _texts(value: Any) -> Iterator[str]:
    """The free texts of a field, as values or as plain JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        found = value if isinstance(value, Mapping) else {name: getattr(value, name, "") for name in ("name", "area")}
        yield from (text for name in ("name", "area") if (text := found.get(name)))


def _is_same(name: str, one: Any, other: Any) -> bool:
    """The same value; where the database keeps no order, the order says nothing."""
    if name in UNORDERED and one is not None and other is not None:
        return sorted(map(_text_of, one)) == sorted(map(_text_of, other))
    return bool(one == other)


def _text_of(item: Any) -> str:
    return repr(sorted(item.items()) if isinstance(item, Mapping) else item)


def differing(before: Values, wanted: Values) -> list[str]:
    """The fields whose values differ."""
    pairs = ((field.name, getattr(before, field.name), getattr(wanted, field.name)) for field in fields(before))
    return [name for name, was, wants in pairs if not _is_same(name, was, wants)]


def touches_guarded(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """A guarded value would differ: a plain change of hours that is only proposed does not count."""
    if any(name in GUARDED_FIELDS and not _is_same(name, before.get(name), after[name]) for name in after):
        return True
    if any(name in TEXTS and _adds_a_way(before.get(name), after[name]) for name in after):
        return True
    return _ways(before.get("contact_points", ())) != _ways(after.get("contact_points", ()))


def _ways(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, bool]]:
    """Every way to call or write that these contact points tell, each as often as it stands there."""
    found = []
    for line in lines:
        if line["kind"] in GUARDED_KINDS or (line["kind"] == "postal" and _WAY_IN_ADDRESS.search(line["value"])):
            found.append((line["kind"], line["value"], bool(line.get("is_published"))))
        if tells_a_way(line.get("label", "")):
            found.append(("label", line["label"], True))
    return sorted(found)


def brought_forward(
    before: Mapping[str, Any], after: Mapping[str, Any], current: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What `after` means today: each field, and of the contact points each line that it changes.

    None where something it would replace is no longer what stood: then somebody must look again.
    """
    written: dict[str, Any] = {}
    for name, wants in after.items():
        was, stands = before.get(name), current.get(name)
        if _is_same(name, stands, was):
            written[name] = wants
        elif name == "contact_points" and (lines := _merged(was or [], wants, stands or [])) is not None:
            written[name] = lines
        else:
            return None
    return written


def _merged(
    was: Sequence[Mapping[str, Any]], wants: Sequence[Mapping[str, Any]], stands: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]] | None:
    old, new, now = (_by_key(lines) for lines in (was, wants, stands))
    if (len(old), len(new), len(now)) != (len(was), len(wants), len(stands)):
        return None  # the same line twice: no telling which is meant
    touched = [key for key in old | new if old.get(key) != new.get(key)]
    if any(now.get(key) != old.get(key) for key in touched):
        return None
    merged = {**now, **{key: new[key] for key in touched if key in new}}
    gone = [key for key in touched if key not in new]
    order = {key: place for place, key in enumerate(new)}
    kept = [key for key in merged if key not in gone]
    return [merged[key] for key in sorted(kept, key=lambda key: order.get(key, len(order)))]


def _by_key(lines: Sequence[Mapping[str, Any]]) -> dict[Key, Mapping[str, Any]]:
    return {(line["kind"], line["value"]): line for line in lines}


def may_decide(proposed_by: str, decider: str) -> bool:
    """Nobody decides on their own proposal."""
    return proposed_by != decider


def line_changes(
    was: Sequence[Mapping[str, Any]], wants: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    """The contact points that differ, before and after: a line taken away stands beside one added of its kind."""
    old, new = _by_key(was), _by_key(wants)
    pairs: list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]] = []
    added = [line for key, line in new.items() if key not in old]
    for key, line in old.items():
        if key in new:
            if new[key] != line:
                pairs.append((line, new[key]))
            continue
        follower = next((other for other in added if other["kind"] == line["kind"]), None)
        if follower is not None:
            added.remove(follower)
        pairs.append((line, follower))
    return [*pairs, *((None, line) for line in added)]
