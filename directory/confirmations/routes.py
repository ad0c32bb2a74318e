"""The last route for a country and procedure is never hidden without a decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, selectinload

from directory.confirmations import calls
from directory.confirmations.snapshots import load_posts
from directory.history import operations as history
from directory.registry import operations as registry
from directory.registry.models import Appointment, ContactPoint, Institution, Post, Responsibility
from directory.registry.rules import MAILS, NUMBERS

BY = "worker"
REACHING = NUMBERS | MAILS


def keep_due(session: Session, *, now: datetime, today: date, hide: int) -> int:
    """Posts reached through their silent holder only, that are the last for a procedure, go on being shown with the
    holder until somebody decides; a task says so. Returns how many.

    By the dates alone, like the hiding, and a day before it: nobody need have been asked, and an entry may become
    the last one later.
    """
    resting = _resting_on_silent_holders(session, today, hide)
    if not resting:
        return 0
    countries = set(resting.values())
    wanted = _procedures(session, countries)
    served = _served(session, countries, wanted)
    last = [post_id for post_id, country in resting.items() if wanted.get(post_id, set()) - served[country]]
    posts = load_posts(session, last)
    for post_id in last:
        _keep(session, posts[post_id], now=now, today=today)
    return len(last)


def _keep(session: Session, post: Post, *, now: datetime, today: date) -> None:
    post.keeps_holder = True
    told = {"keeps_holder": True}
    history.record(session, "kept", subject_type="post", subject_id=post.id, by=BY, now=now, after=told)
    registry.touch(session, [post.id], now=now)
    key = f"last_route:{post.id}:{today.isoformat()}"
    calls.open_task(session, post, "last_route", key=key, now=now, tell_on=today, due_on=today)


def _resting_on_silent_holders(session: Session, today: date, hide: int) -> dict[str, str]:
    """Entries without a line of their own, whose holder is hidden from tomorrow on or already, by country.

    One that was never confirmed never showed its holder: a clock does not begin to.
    """
    before = datetime.combine(today - timedelta(days=hide - 2), time(), UTC)
    holds = exists().where(
        Appointment.post_id == Post.id,
        or_(Appointment.from_on.is_(None), Appointment.from_on <= today),
        or_(Appointment.until_on.is_(None), Appointment.until_on >= today),
    )
    rows = session.execute(
        select(Post.id, Institution.country_code)
        .join(Institution, Institution.id == Post.institution_id)
        .where(Post.confirmed_at < before, Post.keeps_holder.is_(False), holds, ~_has_line())
        .order_by(Post.id)
    )
    return {row[0]: row[1] for row in rows}


def _has_line() -> ColumnElement[bool]:
    """The entry, or its body, has a line of its own."""
    reaches = ContactPoint.kind.in_(REACHING)
    posts = select(ContactPoint.post_id).where(reaches, ContactPoint.post_id.is_not(None))
    bodies = select(ContactPoint.institution_id).where(reaches, ContactPoint.institution_id.is_not(None))
    return Post.id.in_(posts) | Post.institution_id.in_(bodies)


def _served(session: Session, countries: Collection[str], procedures: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """The procedures of each country for which somebody can be reached whoever holds the post."""
    rows = session.execute(
        select(Post.id, Institution.country_code)
        .join(Institution, Institution.id == Post.institution_id)
        .where(Institution.country_code.in_(countries), _has_line())
    )
    found: dict[str, set[int]] = defaultdict(set)
    for post_id, country in rows:
        found[country] |= procedures.get(post_id, set())
    return found


def _procedures(session: Session, countries: Collection[str]) -> dict[str, set[int]]:
    """What each entry of these countries answers for, itself or through its body."""
    found: dict[str, set[int]] = defaultdict(set)
    for mine in (Responsibility.post_id == Post.id, Responsibility.institution_id == Post.institution_id):
        rows = session.execute(
            select(Post.id, Responsibility.sop)
            .join(Institution, Institution.id == Post.institution_id)
            .join(Responsibility, mine)
            .where(Institution.country_code.in_(countries))
            .distinct()
        )
        for post_id, sop in rows:
            found[post_id].add(sop)
    return found


def last_for(session: Session, post: Post) -> list[int]:
    """The procedures for which no other entry of the country can be reached."""
    sops = sorted({r.sop for r in [*post.responsibilities, *post.institution.responsibilities]})
    others = session.scalars(
        select(Post)
        .join(Institution, Institution.id == Post.institution_id)
        .where(Institution.country_code == post.institution.country_code, Post.id != post.id)
        .options(
            selectinload(Post.contact_points),
            selectinload(Post.responsibilities),
            selectinload(Post.appointments),
            selectinload(Post.institution).selectinload(Institution.contact_points),
            selectinload(Post.institution).selectinload(Institution.responsibilities),
        )
    ).all()
    served = {r.sop for other in others if _has_own_line(other) for r in _parts(other)}
    return [sop for sop in sops if sop not in served]


def _parts(post: Post) -> Iterable[Responsibility]:
    return [*post.responsibilities, *post.institution.responsibilities]


def _has_own_line(post: Post) -> bool:
    return any(_reaches(point) for point in [*post.contact_points, *post.institution.contact_points])


def _reaches(point: ContactPoint) -> bool:
    return point.kind in REACHING
