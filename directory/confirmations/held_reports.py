"""What the circuit breaker holds, by mail domain, for those whose letters came back; what was set aside lately."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from directory.accounts.grounds import Ground
from directory.confirmations.correspondence import came_back_to
from directory.mail import holding
from directory.mail.models import OutgoingMail, ReceivedMail

BACK_WITHIN = timedelta(days=30)
BATCH = 500


@dataclass(frozen=True, slots=True)
class HeldReport:
    """One report and the letter that came back."""

    received: ReceivedMail
    letter: OutgoingMail


@dataclass(frozen=True, slots=True)
class HeldDomain:
    """The reports about letters to one mail domain, oldest first."""

    domain: str
    reports: tuple[HeldReport, ...]

    @property
    def reasons(self) -> list[str]:
        """Why they are held, in a sentence each."""
        return list(dict.fromkeys(one.received.note for one in self.reports if one.received.note))

    @property
    def since_at(self) -> datetime:
        """When the first of them came."""
        return self.reports[0].received.received_at

    @property
    def ids(self) -> list[str]:
        """Theirs."""
        return [one.received.id for one in self.reports]


def held(session: Session, ground: Ground) -> list[HeldDomain]:
    """All that waits for a person to look, the domain with the most first."""
    return _by_domain(session, ReceivedMail.state == "held", ground)


def set_aside(session: Session, ground: Ground, *, now: datetime) -> list[HeldDomain]:
    """What somebody set aside within thirty days, and may put back."""
    return _by_domain(session, _may_go_back(now), ground)


def count(session: Session, ground: Ground) -> int:
    """How many reports wait for a person to look."""
    statement = select(func.count()).where(ReceivedMail.state == "held", came_back_to(ground))
    return session.scalar(statement) or 0


def those_held(session: Session, ids: Collection[str], ground: Ground) -> list[HeldReport]:
    """Those of these reports that are held still, and of that ground."""
    return _reports(session, ReceivedMail.state == "held", ground, ids)


def those_set_aside(session: Session, ids: Collection[str], ground: Ground, *, now: datetime) -> list[HeldReport]:
    """Those of these reports that were set aside lately, and of that ground."""
    return _reports(session, _may_go_back(now), ground, ids)


def _may_go_back(now: datetime) -> ColumnElement[bool]:
    return holding.was_set_aside() & (ReceivedMail.settled_at > now - BACK_WITHIN)


def _by_domain(session: Session, which: ColumnElement[bool], ground: Ground) -> list[HeldDomain]:
    grouped: dict[str, list[HeldReport]] = {}
    for one in _reports(session, which, ground):
        grouped.setdefault(one.received.domain, []).append(one)
    found = [HeldDomain(domain, tuple(some)) for domain, some in grouped.items()]
    return sorted(found, key=lambda one: (-len(one.reports), one.domain))


def _reports(
    session: Session, which: ColumnElement[bool], ground: Ground, ids: Collection[str] | None = None
) -> list[HeldReport]:
    """Oldest first."""
    statement = (
        select(ReceivedMail, OutgoingMail)
        .join(OutgoingMail, OutgoingMail.id == ReceivedMail.outgoing_mail_id)
        .where(which, came_back_to(ground))
    )
    if ids is not None:
        wanted = sorted(set(ids))
        parts = [statement.where(ReceivedMail.id.in_(wanted[n : n + BATCH])) for n in range(0, len(wanted), BATCH)]
    else:
        parts = [statement]
    found = [HeldReport(row[0], row[1]) for part in parts for row in session.execute(part)]
    return sorted(found, key=lambda one: (one.received.received_at, one.received.id))
