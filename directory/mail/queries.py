"""What the people in charge see of the mail: letters that need a look, and what came back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from directory.mail.models import OutgoingMail, ReceivedMail

NEEDS_A_LOOK = ("uncertain", "refused", "given_up")
SOFT_DAYS_COUNT_AS_HARD = 3
SOFT_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many letters are in a state, and how long the oldest has been."""

    state: str
    count: int
    oldest_age: timedelta


def letters(
    session: Session, states: Collection[str] = NEEDS_A_LOOK, *, limit: int = 200, after: datetime | None = None
) -> Sequence[OutgoingMail]:
    """Letters in these states, newest first: by default those nobody can be sure of, or that did not go out."""
    statement = select(OutgoingMail).where(OutgoingMail.state.in_(states))
    if after is not None:
        statement = statement.where(OutgoingMail.queued_at > after)
    return session.scalars(statement.order_by(OutgoingMail.queued_at.desc(), OutgoingMail.id).limit(limit)).all()


def letter_counts(session: Session, *, now: datetime) -> list[StateCount]:
    """Letters by state; the age of what waits counts from when it might have gone out."""
    since = func.min(OutgoingMail.queued_at)
    rows = session.execute(select(OutgoingMail.state, func.count(), since).group_by(OutgoingMail.state))
    return [StateCount(state, count, now - oldest) for state, count, oldest in sorted(rows.all())]


def oldest_due_age(session: Session, *, now: datetime) -> timedelta:
    """How long the letter that has waited longest past its time has waited: an alarm sign above minutes."""
    oldest = session.scalar(
        select(func.min(OutgoingMail.due_at)).where(OutgoingMail.state == "queued", OutgoingMail.due_at <= now)
    )
    return now - oldest if oldest is not None else timedelta()


def reports(
    session: Session, states: Collection[str], kinds: Collection[str] | None = None, *, limit: int = 200
) -> Sequence[ReceivedMail]:
    """What came back, in these states, newest first: `held` is what waits for a person to look."""
    statement = select(ReceivedMail).where(ReceivedMail.state.in_(states))
    if kinds is not None:
        statement = statement.where(ReceivedMail.kind.in_(kinds))
    return session.scalars(statement.order_by(ReceivedMail.received_at.desc(), ReceivedMail.id).limit(limit)).all()


def report_counts(session: Session, *, since: datetime, which: ColumnElement[bool] | None = None) -> dict[str, int]:
    """What came back since then, by kind: all that counted, was held or set aside, and what nobody understood.

    What was ignored from the start, such as a forged report or the same one again, is not among it.
    """
    counted = or_(ReceivedMail.state != "ignored", ReceivedMail.settled_by != "", ReceivedMail.kind == "other")
    rows = session.execute(
        select(ReceivedMail.kind, func.count())
        .where(ReceivedMail.received_at > since, counted, which if which is not None else true())
        .group_by(ReceivedMail.kind)
    )
    return {row[0]: row[1] for row in rows}


def soft_days(session: Session, recipient: str, *, now: datetime) -> list[date]:
    """The different days, of the last thirty, on which letters to this address could not be delivered for now.

    Three count as one report of a missing person.
    """
    instants = session.scalars(
        select(ReceivedMail.received_at)
        .join(OutgoingMail, OutgoingMail.id == ReceivedMail.outgoing_mail_id)
        .where(
            ReceivedMail.kind == "soft",
            ReceivedMail.state != "ignored",
            ReceivedMail.received_at > now - SOFT_WITHIN,
            ReceivedMail.received_at <= now,
            func.lower(OutgoingMail.to) == recipient.lower(),
        )
    )
    return sorted({instant.date() for instant in instants})
