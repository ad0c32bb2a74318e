"""The call list: who must be rung, or what must be decided, about which entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.accounts import grounds
from directory.accounts.grounds import Ground, within
from directory.accounts.policy import Person
from directory.confirmations import rules
from directory.confirmations.models import CallTask
from directory.db import insert_into, new_id
from directory.registry.holidays import is_holiday
from directory.registry.models import Institution, Post

CALL_WITHIN = 5  # working days, once the coordinator was told


def open_task(
    session: Session, post: Post, reason: str, *, key: str, now: datetime, tell_on: date, due_on: date, note: str = ""
) -> None:
    """Put an entry on the call list of its country; the same key again changes nothing."""
    values = {
        "id": new_id(),
        "key": key,
        "post_id": post.id,
        "country_code": post.institution.country_code,
        "reason": reason,
        "note": note,
        "opened_at": now,
        "tell_on": tell_on,
        "due_on": due_on,
        "tries": 0,
    }
    session.execute(insert_into(session, CallTask).values(values).on_conflict_do_nothing())


def open_today(
    session: Session, post: Post, reason: str, *, key: str, now: datetime, today: date, note: str = ""
) -> None:
    """The coordinator is told today and has five working days of the country."""
    due_on = working_day(post.institution.country_code, today, CALL_WITHIN)
    open_task(session, post, reason, key=key, now=now, tell_on=today, due_on=due_on, note=note)


def working_day(country: str, today: date, count: int) -> date:
    """The day that many working days of a country later."""
    return rules.working_days_after(today, count, partial(is_holiday, country))


def open_posts(session: Session, post_ids: Sequence[str]) -> set[str]:
    """Which of these entries are on a call list now."""
    found: set[str] = set()
    for start in range(0, len(post_ids), 500):
        some = CallTask.post_id.in_(post_ids[start : start + 500])
        found |= set(session.scalars(select(CallTask.post_id).where(some, CallTask.settled_at.is_(None))))
    return found


def settled_posts(session: Session, post_ids: Sequence[str], *, since: datetime) -> set[str]:
    """About which of these entries a task was settled since then."""
    found: set[str] = set()
    for start in range(0, len(post_ids), 500):
        some = CallTask.post_id.in_(post_ids[start : start + 500])
        found |= set(session.scalars(select(CallTask.post_id).where(some, CallTask.settled_at > since)))
    return found


def settle(session: Session, post_id: str, outcome: str, *, by: str, now: datetime) -> int:
    """Every open task about an entry is settled: it was confirmed, corrected, left or decided. Returns how many."""
    tasks = session.scalars(select(CallTask).where(CallTask.post_id == post_id, CallTask.settled_at.is_(None))).all()
    for task in tasks:
        task.outcome, task.settled_at, task.settled_by = outcome, now, by
    return len(tasks)


def follow_moves(session: Session) -> int:
    """Open tasks are of the country the entry is in today, where its body has moved; that one is told of them."""
    moved = session.execute(
        select(CallTask, Institution.country_code)
        .join(Post, Post.id == CallTask.post_id)
        .join(Institution, Institution.id == Post.institution_id)
        .where(CallTask.settled_at.is_(None), CallTask.country_code != Institution.country_code)
    ).all()
    for task, country in moved:
        task.country_code, task.told_at = country, None
    session.flush()
    return len(moved)


def ground_of(person: Person) -> Ground:
    """Where this person makes calls."""
    return grounds.ground_of(person, "make_calls")


def open_tasks(session: Session, ground: Ground, *, limit: int = 50, offset: int = 0) -> list[CallTask]:
    """What is to be done, by its day: the overdue first."""
    statement = select(CallTask).where(CallTask.settled_at.is_(None), within(ground, CallTask.country_code))
    ordered = statement.order_by(CallTask.due_on, CallTask.opened_at, CallTask.id)
    return list(session.scalars(ordered.limit(limit).offset(offset)))


def counts(session: Session, ground: Ground, *, today: date) -> tuple[int, int]:
    """How many tasks are open, and how many of them should have been done by yesterday."""
    overdue = func.count().filter(CallTask.due_on < today)
    statement = select(func.count(), overdue).where(
        CallTask.settled_at.is_(None), within(ground, CallTask.country_code)
    )
    total, late = session.execute(statement).one()
    return int(total), int(late)


def by_country(session: Session, ground: Ground, *, today: date) -> dict[str, tuple[int, int]]:
    """The same for each country that has any."""
    overdue = func.count().filter(CallTask.due_on < today)
    rows = session.execute(
        select(CallTask.country_code, func.count(), overdue)
        .where(CallTask.settled_at.is_(None), within(ground, CallTask.country_code))
        .group_by(CallTask.country_code)
    )
    return {country: (int(total), int(late)) for country, total, late in rows}


def open_of_post(session: Session, post_id: str) -> list[CallTask]:
    """Every open task about an entry, oldest first."""
    statement = select(CallTask).where(CallTask.post_id == post_id, CallTask.settled_at.is_(None))
    return list(session.scalars(statement.order_by(CallTask.opened_at, CallTask.id)))


def put_off(session: Session, post: Post, *, today: date, working_days: int, is_try: bool) -> date:
    """Everything open about the entry is due again so many working days of its country later; returns that day."""
    due_on = working_day(post.institution.country_code, today, working_days)
    for task in open_of_post(session, post.id):
        task.due_on = due_on
        task.tries += is_try
    session.flush()
    return due_on
