"""Rules over plain values: what a body may have, who may see a contact point, how fresh an entry is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

ContactKind = Literal[
    "hotline",
    "phone",
    "duty_phone",
    "direct_phone",
    "mobile",
    "intake_phone",
    "fax",
    "email",
    "secure_mail",
    "web",
    "postal",
]
CONTACT_KINDS: tuple[ContactKind, ...] = ContactKind.__args__  # type: ignore[attr-defined]
NUMBERS = frozenset({"hotline", "phone", "duty_phone", "direct_phone", "mobile", "intake_phone", "fax"})
MAILS = frozenset({"email", "secure_mail"})
# Restricted whatever an entry says: lines that reach one person, or the door of a shelter (contract).
RESTRICTED = frozenset({"duty_phone", "direct_phone", "mobile", "intake_phone"})
# A shelter is reached through its intake line; where it stands is never stored (mission, safety rules).
WITHOUT_ADDRESS = frozenset({"shelter"})

FieldClass = Literal["public", "registered", "restricted"]
FreshnessState = Literal["confirmed", "due", "overdue", "unconfirmed", "dormant"]


@dataclass(frozen=True, slots=True)
class FreshnessDays:
    """Days since the last confirmation after which an entry changes state."""

    due: int = 76
    overdue: int = 90
    unconfirmed: int = 104
    hidden: int = 120
    dormant: int = 180


def field_class(kind: str, *, is_published: bool) -> FieldClass:
    """Who may see a contact point: everybody, signed-in readers, or those who reveal it one by one."""
    if kind in RESTRICTED:
        return "restricted"
    return "public" if kind == "hotline" or is_published else "registered"


def may_have(institution_type: str, kind: str) -> bool:
    """A body of that type may have a contact point of that kind."""
    return not (kind == "postal" and institution_type in WITHOUT_ADDRESS)


def freshness(confirmed_on: date | None, today: date, days: FreshnessDays) -> FreshnessState:
    """The state of an entry by the day a human last confirmed it; never confirmed is unconfirmed."""
    if confirmed_on is None:
        return "unconfirmed"
    age = (today - confirmed_on).days
    if age >= days.dormant:
        return "dormant"
    if age >= days.unconfirmed:
        return "unconfirmed"
    if age >= days.overdue:
        return "overdue"
    return "due" if age >= days.due else "confirmed"


def hides_holder(confirmed_on: date | None, today: date, days: FreshnessDays) -> bool:
    """After so long a silence the person is hidden; the post stays with its desk."""
    return confirmed_on is None or (today - confirmed_on).days >= days.hidden
