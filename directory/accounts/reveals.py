"""One restricted value, shown once to somebody entitled: counted, logged without the value, never in a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from directory.accounts import quotas
from directory.accounts.people import rights
from directory.accounts.policy import Person, Subject
from directory.history.access import Asker, record_access
from directory.registry.models import ContactPoint


class NotOpen(Exception):
    """This value is not open to this person; it answers like one that does not exist."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """The value; None where the day's quota is used up."""

    kind: str
    value: str | None


def may_reveal(person: Person, subject: Subject) -> bool:
    """Whether this person is ever given restricted values of that entry."""
    return rights().may(person, "reveal", subject) != "no"


def reveal(
    session: Session, contact_point_id: str, *, person: Person, subject: Subject, asker: Asker, path: str, now: datetime
) -> Revealed:
    """Give one value. The caller has seen to the second factor, and commits whatever the outcome. Raises NotOpen.

    `subject` is the entry as the viewer may see it; own entries are not refused by a limit, but are counted too.
    """
    verdict = rights().may(person, "reveal", subject)
    point = session.get(ContactPoint, contact_point_id)
    if verdict == "no" or point is None or subject.post_id is None:
        raise NotOpen
    is_limited = verdict in {"quota", "factor_quota"}
    used = quotas.use(
        session,
        asker,
        "reveal" if is_limited else "reveal_own",
        [contact_point_id],
        limit=rights().quota(person, "reveal"),
        now=now,
        refuses=is_limited,
    )
    if not used.is_given:
        return Revealed(point.kind, None)
    record_access(
        session, "reveal", [subject.post_id], asker=asker, path=path, now=now, contact_point_id=contact_point_id
    )
    return Revealed(point.kind, point.value)
