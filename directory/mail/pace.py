"""How fast letters may go out: counted in the database, so it holds over all senders together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from directory.mail.models import OutgoingMail

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_LOCK = 0x7472_6D01  # any number, the same for every sender


@dataclass(frozen=True, slots=True)
class Pace:
    """Letters to one mail domain within a minute, and letters to anybody within a second."""

    per_domain_per_minute: int
    per_second: int

    def is_spent(self, session: Session, *, now: datetime) -> bool:
        """So many were taken within this second that the next must wait."""
        count = select(func.count()).where(OutgoingMail.taken_at > now - SECOND, OutgoingMail.taken_at <= now)
        return (session.scalar(count) or 0) >= self.per_second

    def busy_domains(self, now: datetime) -> Select[str]:
        """The domains that had their share of this minute."""
        return (
            select(OutgoingMail.domain)
            .where(OutgoingMail.taken_at > now - MINUTE, OutgoingMail.taken_at <= now)
            .group_by(OutgoingMail.domain)
            .having(func.count() >= self.per_domain_per_minute)
        )


def one_at_a_time(session: Session, number: int = _LOCK) -> None:
    """Until this transaction ends, nobody else counts: else two senders would each take the last free place.

    On SQLite whoever writes is alone anyway. The lock ends with the transaction, so poolers do it no harm.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
