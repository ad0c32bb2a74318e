"""Every duty line is tested twice a year: planned on days spread over the half-year, by day, evening or night.

A test proves that the number answers, not that the entry is right: only the line's own dates move.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from sqlalchemy import ColumnElement, and_, func, or_, select, true, update
from sqlalchemy.orm import Session

from directory.confirmations import calls, drill_days, owners, rounds, rules
from directory.confirmations.models import Check, Drill, Finding
from directory.confirmations.rounds import Day
from directory.db import insert_into, new_id
from directory.history import operations as history
from directory.registry import operations as registry
from directory.registry.holidays import is_holiday
from directory.registry.models import Appointment, ContactPoint, Institution, Post

DUTY_KINDS = ("hotline", "duty_phone", "intake_phone")
OUTCOMES = ("answered", "no_answer", "wrong")
METHODS = ("call", "message")
PROVEN_DAYS = 183
TRIES = 2
MOST_SECONDS = 3600
BY = "worker"


class AlreadySettled(Exception):
    """Somebody else has recorded this test meanwhile."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Duty lines, and how many of them were answered in a test within half a year."""

    lines: int
    proven: int

    @property
    def percent(self) -> int:
        """The share, rounded down; a hundred where there is nothing to prove."""
        return 100 * self.proven // self.lines if self.lines else 100


@dataclass(frozen=True, slots=True)
class CountryCoverage(Coverage):
    """The same for one country; how many lines never answered a test, and the day of the next one."""

    never: int = 0
    next_on: date | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """A duty line with the entry its test is noted under."""

    point_id: str
    post_id: str
    country: str
    hours: str


def plan(session: Session, day: Day) -> int:
    """A test of every duty line that has none planned for this half-year. Returns how many were planned."""
    half = rules.half_year_of(day.today)
    missed = update(Drill).where(Drill.settled_at.is_(None), Drill.half_year != half)
    session.execute(
        missed.values(settled_at=day.now, settled_by=BY, outcome="missed"),
        execution_options={"synchronize_session": False},
    )
    planned = 0
    for line in _unplanned(session, half, day.today):
        values = {
            "id": new_id(),
            "post_id": line.post_id,
            "contact_point_id": line.point_id,
            "country_code": line.country,
            "half_year": half,
            "planned_on": drill_days.planned_on(
                line.point_id, line.hours, day.today, partial(is_holiday, line.country)
            ),
            "method": "call",
        }
        session.execute(insert_into(session, Drill).values(values).on_conflict_do_nothing())
        planned += 1
    session.flush()
    return planned


def of_week(session: Session, countries: Collection[str] | None, today: date, *, limit: int = 100) -> list[Drill]:
    """What is to be tested by Sunday, the longest due first; None stands for every country."""
    sunday = today + timedelta(days=6 - today.weekday())
    statement = select(Drill).where(Drill.settled_at.is_(None), Drill.planned_on <= sunday, _within(countries))
    return list(session.scalars(statement.order_by(Drill.planned_on, Drill.id).limit(limit)))


def done(session: Session, countries: Collection[str] | None, *, limit: int = 10) -> list[Drill]:
    """The last tests that somebody recorded, newest first."""
    statement = select(Drill).where(Drill.settled_at.is_not(None), Drill.outcome.in_(OUTCOMES), _within(countries))
    return list(session.scalars(statement.order_by(Drill.settled_at.desc(), Drill.id).limit(limit)))


def _within(countries: Collection[str] | None) -> ColumnElement[bool]:
    """By where the entry is today: a body may have moved since the test was planned."""
    if countries is None:
        return true()
    there = select(Institution.id).where(Institution.country_code.in_(countries))
    return Drill.post_id.in_(select(Post.id).where(Post.institution_id.in_(there)))


def record(
    session: Session, drill: Drill, outcome: str, *, method: str, seconds: int | None, by: str, day: Day
) -> None:
    """Note how the test went. Raises AlreadySettled, and ValueError for what is no outcome.

    Nobody answering is tried again some days later; the second time the coordinator is told.
    """
    if outcome not in OUTCOMES or method not in METHODS:
        raise ValueError(f"{outcome} by {method}")
    session.execute(select(Drill.id).where(Drill.id == drill.id).with_for_update())
    session.refresh(drill)
    if drill.settled_at is not None:
        raise AlreadySettled
    point, post = session.get_one(ContactPoint, drill.contact_point_id), session.get_one(Post, drill.post_id)
    seconds = min(max(seconds, 0), MOST_SECONDS) if seconds is not None and outcome == "answered" else None
    check = Check(post_id=post.id, contact_point_id=point.id, outcome=outcome, seconds=seconds, by=by, at=day.now)
    check.method = f"drill_{method}"
    session.add(check)
    session.flush()
    told = {"outcome": outcome, "seconds": seconds, "method": check.method}
    history.record(session, "drill", subject_type="post", subject_id=post.id, by=by, now=day.now, after=told)
    drill.method, drill.seconds = method, seconds
    if outcome == "no_answer" and _tries(session, drill) < TRIES:
        country = post.institution.country_code
        drill.planned_on = drill_days.again_on(point.hours, day.today, partial(is_holiday, country))
        session.flush()
        return
    drill.outcome, drill.settled_at, drill.settled_by = outcome, day.now, by
    session.flush()
    if outcome == "answered":
        _prove(session, post, point, check, day)
    else:
        _doubt(session, post, point, drill, by, day)


def _tries(session: Session, drill: Drill) -> int:
    """How often nobody answered in this half-year."""
    since = datetime.combine(drill_days.first_of(rules.half_year_of(drill.planned_on)), time(), UTC)
    count = select(func.count()).where(
        Check.contact_point_id == drill.contact_point_id,
        Check.method.in_([f"drill_{method}" for method in METHODS]),
        Check.outcome == "no_answer",
        Check.at >= since,
    )
    return session.scalar(count) or 0


def _prove(session: Session, post: Post, point: ContactPoint, check: Check, day: Day) -> None:
    """The line is proven; the entry's own confirmation stays what it was."""
    point.answered_at, point.answer_seconds = day.now, check.seconds
    point.confirmed_at, point.confirmation_method = day.now, check.method
    session.flush()
    if point.institution_id is not None:
        registry.touch_institution(session, post.institution, now=day.now)
    else:
        registry.touch(session, [post.id], now=day.now)


def _doubt(session: Session, post: Post, point: ContactPoint, drill: Drill, by: str, day: Day) -> None:
    """Twice nobody, or somebody else: the coordinator is told, and for a wrong number the owner is asked."""
    key = f"drill:{drill.id}"
    if drill.outcome == "no_answer":
        note = "A duty line did not answer in two tests. Ring the institution and ask who is on duty."
        calls.open_today(session, post, "note", key=key, now=day.now, today=day.today, note=note)
        return
    session.add(Finding(post_id=post.id, kind="wrong", value=point.id, method="drill_call", by=by, since_at=day.now))
    note = "In a test a duty line reached somebody else. Find the right number today."
    calls.open_task(session, post, "note", key=key, now=day.now, tell_on=day.today, due_on=day.today, note=note)
    owner = owners.owner_of(session, post, today=day.today)
    if owner is not None:
        rounds.ask_now(session, owner, day)


def coverage(session: Session, today: date, countries: Collection[str] | None = None) -> Coverage:
    """How many duty lines there are, and how many answered a test within the last 183 days."""
    found = coverage_by_country(session, today, countries).values()
    return Coverage(sum(one.lines for one in found), sum(one.proven for one in found))


def coverage_by_country(
    session: Session, today: date, countries: Collection[str] | None = None
) -> dict[str, CountryCoverage]:
    """The same for each country that has duty lines, with those that never answered and the next test."""
    since, by_country = today - timedelta(days=PROVEN_DAYS), dict[str, list[str]]()
    for line in _lines(session, today):
        if countries is None or line.country in countries:
            by_country.setdefault(line.country, []).append(line.point_id)
    answered, planned = _answered(session), _planned(session)
    return {
        code: CountryCoverage(
            lines=len(ids),
            proven=sum(one in answered and answered[one] >= since for one in ids),
            never=sum(one not in answered for one in ids),
            next_on=min((planned[one] for one in ids if one in planned), default=None),
        )
        for code, ids in sorted(by_country.items())
    }


def _answered(session: Session) -> dict[str, date]:
    """The lines that ever answered a test, with the last day they did."""
    rows = session.execute(
        select(ContactPoint.id, ContactPoint.answered_at).where(ContactPoint.answered_at.is_not(None))
    )
    return {point_id: at.date() for point_id, at in rows if at is not None}


def _planned(session: Session) -> dict[str, date]:
    """The day of the test that is still to come, or late, by line."""
    rows = session.execute(select(Drill.contact_point_id, Drill.planned_on).where(Drill.settled_at.is_(None)))
    return {row[0]: row[1] for row in rows}


def _unplanned(session: Session, half: str, today: date) -> list[_Line]:
    known = set(session.scalars(select(Drill.contact_point_id).where(Drill.half_year == half)))
    return [line for line in _lines(session, today) if line.point_id not in known]


def _lines(session: Session, today: date) -> list[_Line]:
    """Every duty line once: of a post, of who holds one today, of an institution that has a post to note it under."""
    holds = and_(
        Appointment.id == ContactPoint.appointment_id,
        or_(Appointment.from_on.is_(None), Appointment.from_on <= today),
        or_(Appointment.until_on.is_(None), Appointment.until_on >= today),
    )
    of_post = or_(
        Post.id == ContactPoint.post_id,
        Post.id == Appointment.post_id,
        Post.institution_id == ContactPoint.institution_id,
    )
    rows = session.execute(
        select(ContactPoint.id, Post.id, Institution.country_code, ContactPoint.hours)
        .outerjoin(Appointment, holds)
        .join(Post, of_post)
        .join(Institution, Institution.id == Post.institution_id)
        .where(ContactPoint.kind.in_(DUTY_KINDS), ContactPoint.value != "")
        .order_by(ContactPoint.id, Post.id)
    )
    found: dict[str, _Line] = {}
    for row in rows:
        found.setdefault(row[0], _Line(*row))  # an institution's line is noted under one of its posts, always the same
    return list(found.values())


def tries_of(session: Session, drills: Sequence[Drill]) -> dict[str, int]:
    """How often nobody answered so far, by test."""
    return {drill.id: _tries(session, drill) for drill in drills}
