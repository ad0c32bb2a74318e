"""Make one of two: what hangs on the one that goes moves to the one that stays, and a stub leads on.

Only `directory.doubles.carrying` calls this, after the rules have said that it may stand. Never commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from directory.history import operations as history
from directory.registry import operations as registry
from directory.registry.models import (
    Appointment,
    ContactPoint,
    Institution,
    InstitutionName,
    InstitutionServes,
    Official,
    Post,
    Removal,
    Responsibility,
)
from directory.registry.pictures import contact_values
from directory.registry.values import InstitutionValues, PostValues

REASON = "merged"


def unite_posts(session: Session, keep: Post, gone: Post, values: PostValues, *, by: str, now: datetime) -> None:
    """`keep` says `values` and has the other's holders, deputies and lines; `gone` is a stub that leads to it."""
    keep_id, gone_id = keep.id, gone.id
    source_id, deputy_id = keep.source_id or gone.source_id, _other_deputy(keep, gone)
    _move_lines(session, keep, gone, ContactPoint.post_id, values)
    session.execute(_moved(Appointment, Appointment.post_id, gone_id, keep_id))
    session.execute(_moved(Post, Post.deputy_id, gone_id, keep_id).where(Post.id != keep_id))
    session.expire_all()
    keep.source_id, keep.deputy_id = source_id, deputy_id
    registry.set_post(session, keep, values, by=by, now=now)
    _leave_stub(session, gone_id, keep_id, now=now)
    _delete(session, gone, (Responsibility.post_id, ContactPoint.post_id))
    registry.touch(session, [keep_id], now=now)
    history.queue_for_index(session, [gone_id])


def unite_institutions(
    session: Session, keep: Institution, gone: Institution, values: InstitutionValues, *, by: str, now: datetime
) -> None:
    """`keep` says `values` and has the other's posts and the bodies below it; `gone` is no more."""
    keep_id, gone_id = keep.id, gone.id
    parent_id = keep.parent_id or gone.parent_id
    parent_id = gone.parent_id if parent_id == gone_id else parent_id
    keep_source = keep.source_id or gone.source_id
    posts = list(session.scalars(select(Post.id).where(Post.institution_id == gone_id)))
    _move_lines(session, keep, gone, ContactPoint.institution_id, values)
    session.execute(_moved(Post, Post.institution_id, gone_id, keep_id))
    session.execute(_moved(Institution, Institution.parent_id, gone_id, keep_id).where(Institution.id != keep_id))
    session.expire_all()
    keep.source_id, keep.parent_id = keep_source, None if parent_id == keep_id else parent_id
    registry.set_institution(session, keep, values, by=by, now=now)
    parts = (Responsibility.institution_id, ContactPoint.institution_id, InstitutionName.institution_id)
    _delete(session, gone, (*parts, InstitutionServes.institution_id))
    registry.touch_institution(session, keep, now=now)
    history.queue_for_index(session, posts)


def unite_officials(
    session: Session, keep: Official, gone: Official, *, name: str, agreed_at: datetime | None, now: datetime
) -> None:
    """`keep` held and holds what both did, with the lines of either; of `gone` nothing is left."""
    keep_id, gone_id = keep.id, gone.id
    _unite_terms(session, keep_id, gone_id)
    session.execute(_moved(Appointment, Appointment.official_id, gone_id, keep_id))
    session.execute(delete(Official).where(Official.id == gone_id))
    session.expunge(gone)
    session.expire_all()
    keep.name, keep.agreed_at = name, agreed_at
    session.flush()
    held = select(Appointment.post_id).where(Appointment.official_id == keep_id)
    registry.touch(session, sorted(set(session.scalars(held))), now=now)


def _unite_terms(session: Session, keep_id: str, gone_id: str) -> None:
    """Of two terms in one post that lie over one another one is left, as long as both."""
    both = select(Appointment).where(Appointment.official_id.in_((keep_id, gone_id))).order_by(Appointment.id)
    terms = session.scalars(both).all()
    for stays in [term for term in terms if term.official_id == keep_id]:
        for goes in [term for term in terms if term.official_id == gone_id and term.post_id == stays.post_id]:
            if is_over(stays, goes) and goes in session:
                _unite_two_terms(session, stays, goes)


def is_over(one: Appointment, other: Appointment) -> bool:
    """There is a day on which both run."""
    return _begin(one) <= _end(other) and _begin(other) <= _end(one)


def _unite_two_terms(session: Session, stays: Appointment, goes: Appointment) -> None:
    begins = [day for day in (stays.from_on, goes.from_on) if day is not None]
    ends = max(_end(stays), _end(goes))
    stays.from_on = min(begins) if begins else None
    stays.until_on = None if ends == date.max else ends
    stays.is_acting = stays.is_acting and goes.is_acting
    own = {(point.kind, point.value) for point in stays.contact_points}
    moving = [point.id for point in goes.contact_points if (point.kind, point.value) not in own]
    after = max((point.position for point in stays.contact_points), default=-1) + 1
    session.flush()
    session.execute(
        update(ContactPoint)
        .where(ContactPoint.id.in_(moving))
        .values({ContactPoint.appointment_id: stays.id, ContactPoint.position: ContactPoint.position + after})
        .execution_options(synchronize_session=False)
    )
    gone_id = goes.id
    for statement in (
        delete(ContactPoint).where(ContactPoint.appointment_id == gone_id),
        delete(Appointment).where(Appointment.id == gone_id),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    session.expunge(goes)
    session.expire_all()


def _begin(term: Appointment) -> date:
    return term.from_on or date.min


def _end(term: Appointment) -> date:
    return term.until_on or date.max


def _other_deputy(keep: Post, gone: Post) -> str | None:
    """The deputy, unless it is one of the two themselves."""
    found = keep.deputy_id if keep.deputy_id != gone.id else None
    found = found or gone.deputy_id
    return None if found in {keep.id, gone.id} else found


def _move_lines(
    session: Session,
    keep: Post | Institution,
    gone: Post | Institution,
    column: Any,
    values: PostValues | InstitutionValues,
) -> None:
    """The other's own lines move as they are, with their ids and confirmations; what both have is not doubled."""
    own = {(point.kind, point.value) for point in keep.contact_points}
    wanted = {(line.kind, line.value) for line in values.contact_points} - own
    moving: list[str] = []
    for point in gone.contact_points:
        line = contact_values(point)
        if (line.kind, line.value) in wanted:
            wanted.discard((line.kind, line.value))
            moving.append(point.id)
    session.flush()
    session.execute(update(ContactPoint).where(ContactPoint.id.in_(moving)).values({column: keep.id}))


def _moved(table: Any, column: Any, gone_id: str, keep_id: str) -> Any:
    return update(table).where(column == gone_id).values({column: keep_id})


def _leave_stub(session: Session, gone_id: str, keep_id: str, *, now: datetime) -> None:
    """Who asks for the old id is led on, and so is who asks for one that led to it."""
    session.execute(update(Removal).where(Removal.redirect_id == gone_id).values(redirect_id=keep_id))
    session.add(Removal(entry_id=gone_id, at=now, reason=REASON, redirect_id=keep_id))
    session.flush()


def _delete(session: Session, gone: Post | Institution, parts: Sequence[Any]) -> None:
    session.flush()
    table, gone_id = type(gone), gone.id
    for column in parts:
        session.execute(delete(column.class_).where(column == gone_id))
    session.execute(delete(table).where(table.id == gone_id))
    session.expire_all()
    session.expunge(gone)
