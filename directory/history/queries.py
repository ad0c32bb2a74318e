"""Read history and accesses back: for an entry, for a person, for those who look after alarms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from directory.history.models import AccessItem, AccessRecord, Alarm, Change

MOST = 200


@dataclass(frozen=True, slots=True)
class AccessLine:
    """Somebody was given an entry: when, how, with how many others. A visitor has no account."""

    at: datetime
    account_id: str | None
    kind: str
    path: str
    entry_count: int
    contact_point_id: str | None


def lines_about(session: Session, subject_ids: Collection[str], *, most: int = MOST) -> list[Change]:
    """The lines about these subjects, newest first."""
    statement = select(Change).where(Change.subject_id.in_(subject_ids)).order_by(Change.sequence.desc())
    return list(session.scalars(statement.limit(most)))


def lines_by_or_about(session: Session, account_id: str, subject_ids: Collection[str]) -> list[Change]:
    """Every line a person wrote, alone or as one of two, and every line about them; oldest first."""
    statement = select(Change).where(
        or_(Change.by.contains(account_id, autoescape=True), Change.subject_id.in_([account_id, *subject_ids]))
    )
    return list(session.scalars(statement.order_by(Change.sequence)))


def accesses_to(
    session: Session, entry_id: str, *, kinds: Sequence[str] = ("export", "sync", "reveal"), most: int = MOST
) -> list[AccessLine]:
    """Who was given this entry, newest first."""
    statement = (
        select(
            AccessRecord.at,
            AccessRecord.account_id,
            AccessRecord.kind,
            AccessRecord.path,
            AccessRecord.entry_count,
            AccessItem.contact_point_id,
        )
        .join(AccessItem, AccessItem.record_id == AccessRecord.id)
        .where(AccessItem.entry_id == entry_id, AccessRecord.kind.in_(kinds))
        .order_by(AccessRecord.at.desc())
        .limit(most)
    )
    return [AccessLine(*row) for row in session.execute(statement)]


def view_count(session: Session, entry_id: str) -> int:
    """How often somebody signed in opened it, as far as that is kept."""
    statement = (
        select(func.count())
        .select_from(AccessItem)
        .join(AccessRecord, AccessItem.record_id == AccessRecord.id)
        .where(AccessItem.entry_id == entry_id, AccessRecord.kind == "view")
    )
    return session.scalar(statement) or 0


def accesses_by(session: Session, account_id: str) -> list[AccessRecord]:
    """What somebody was given, oldest first."""
    statement = select(AccessRecord).where(AccessRecord.account_id == account_id).order_by(AccessRecord.at)
    return list(session.scalars(statement))


def alarms(session: Session, countries: Collection[str] | None, *, most: int = MOST) -> list[Alarm]:
    """The alarms of these countries, or with None all; those nobody has seen first, then the newest."""
    statement = select(Alarm).order_by(Alarm.seen_at.is_not(None), Alarm.last_at.desc()).limit(most)
    if countries is not None:
        statement = statement.where(Alarm.country_code.in_(countries))
    return list(session.scalars(statement))


def alarm(session: Session, alarm_id: str, countries: Collection[str] | None) -> Alarm | None:
    """One of them; None for one of another country, as for none."""
    statement = select(Alarm).where(Alarm.id == alarm_id)
    if countries is not None:
        statement = statement.where(Alarm.country_code.in_(countries))
    return session.scalars(statement).first()
