"""What is guarded: which part of a change may stand at once, and which waits for a second person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from directory.registry.values import ContactValues, InstitutionValues, PostValues

Values = TypeVar("Values", InstitutionValues, PostValues)
# Every phone, mail and login address, and the country, role and holder of an entry (requirements, section 0.2).
GUARDED_KINDS = frozenset(
    {"hotline", "phone", "duty_phone", "direct_phone", "mobile", "intake_phone", "fax", "email", "secure_mail"}
)
GUARDED_FIELDS = frozenset({"country", "host_country", "serves", "role", "holder", "is_desk", "type"})


def split(before: Values, wanted: Values) -> tuple[Values, dict[str, Any]]:
    """What of `wanted` may stand at once, and the guarded fields (name → wanted value) that must wait."""
    at_once: dict[str, Any] = {}
    waiting: dict[str, Any] = {}
    for field in fields(before):
        was, wants = getattr(before, field.name), getattr(wanted, field.name)
        if was == wants:
            continue
        if field.name == "contact_points":
            stands = unguarded_contacts(was, wants)
            if stands != was:
                at_once[field.name] = stands
            if stands != wants:
                waiting[field.name] = wants
        elif field.name in GUARDED_FIELDS:
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
        if line.kind in GUARDED_KINDS:
            stands.append(line if new is None else replace(new, is_published=line.is_published and new.is_published))
        elif new is not None:
            stands.append(new)
    known = {(line.kind, line.value) for line in was}
    stands += [line for line in wants if line.kind not in GUARDED_KINDS and (line.kind, line.value) not in known]
    order = {(line.kind, line.value): place for place, line in enumerate(wants)}
    stands.sort(key=lambda line: order.get((line.kind, line.value), len(order)))
    return tuple(stands)


def differing(before: Values, wanted: Values) -> list[str]:
    """The fields whose values differ."""
    return [field.name for field in fields(before) if getattr(before, field.name) != getattr(wanted, field.name)]


def guarded_fields(names: Iterable[str]) -> set[str]:
    """The fields that may hold a guarded value."""
    return {name for name in names if name in GUARDED_FIELDS or name == "contact_points"}


def touches_guarded(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """A guarded value would differ: a plain change of hours that is only proposed does not count."""
    if any(name in GUARDED_FIELDS and before.get(name) != after[name] for name in after):
        return True
    return _guarded_lines(before.get("contact_points", ())) != _guarded_lines(after.get("contact_points", ()))


def _guarded_lines(lines: Sequence[Mapping[str, Any]]) -> set[tuple[str, str, bool]]:
    return {
        (line["kind"], line["value"], bool(line.get("is_published"))) for line in lines if line["kind"] in GUARDED_KINDS
    }


def is_outdated(before: Mapping[str, Any], current: Mapping[str, Any]) -> bool:
    """What the proposal would replace is no longer what stands."""
    return any(current.get(name) != value for name, value in before.items())


def may_decide(proposed_by: str, decider: str) -> bool:
    """Nobody decides on their own proposal."""
    return proposed_by != decider
