"""The order in which changes became known: compared with the entries themselves, so that nothing is passed over.

A change names its instant when it begins and may be committed long after; whoever walks by instants alone can be past
it by then. Here every entry whose revision moved, and every one that is gone, gets the next place once it is committed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, bindparam, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from directory.feeds.models import FeedEntry
from directory.registry.models import Institution, Post, Removal

_ONE_KEEPER = 7_214_052  # a number of ours for PostgreSQL's advisory lock


@dataclass(frozen=True, slots=True)
class Told:
    """One entry that changed or is gone, at its place."""

    position: int
    entry_id: str
    at: datetime
    is_gone: bool
    redirect_id: str | None


def is_behind(session: Session) -> bool:
    """Some entry is not as it was when last looked at. Reads only."""
    moved = select(Post.id).outerjoin(FeedEntry, FeedEntry.entry_id == Post.id).where(_has_moved()).limit(1)
    return session.scalar(moved) is not None or session.scalar(_gone().limit(1)) is not None


def bring_up_to_date(session: Session, *, now: datetime) -> int:
    """Give every entry that moved or is gone its new place; returns how many. The caller holds a write transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_KEEPER})
    places = itertools.count(newest(session) + 1)
    moved = session.execute(_moved()).all()
    rows = [(row, next(places)) for row in moved]
    new = [{"entry_id": row.id, **_values(row, place)} for row, place in rows if row.is_new]
    old = [{"known_id": row.id, **_values(row, place)} for row, place in rows if not row.is_new]
    gone = [
        {"known_id": entry_id, **_stub(session, entry_id, now), "position": next(places)}
        for entry_id in _ids_gone(session)
    ]
    table = FeedEntry.__table__
    assert isinstance(table, Table)
    same = table.c.entry_id == bindparam("known_id")
    if new:
        session.execute(insert(table), new)
    for changed in (old, gone):
        if changed:
            session.connection().execute(update(table).where(same), changed)
    session.expire_all()
    return len(new) + len(old) + len(gone)


def _values(row: Row[str, int, datetime, str, bool], place: int) -> dict[str, Any]:
    told = {"revision": row.revision, "country_code": row.country_code, "at": row.changed_at}
    return {"position": place, **told, "gone_at": None, "redirect_id": None}


def _stub(session: Session, entry_id: str, now: datetime) -> dict[str, Any]:
    stub = session.get(Removal, entry_id)
    at, redirect_id = (stub.at, stub.redirect_id) if stub else (now, None)
    return {"at": at, "gone_at": at, "redirect_id": redirect_id}


def newest(session: Session) -> int:
    """The last place given."""
    return session.scalar(select(func.max(FeedEntry.position))) or 0


def after(session: Session, position: int, *, countries: Sequence[str] = (), limit: int) -> list[Told]:
    """What stands behind that place, in order; of these countries only, or of all."""
    statement = select(FeedEntry).where(FeedEntry.position > position).order_by(FeedEntry.position).limit(limit)
    if countries:
        statement = statement.where(FeedEntry.country_code.in_(countries))
    return [
        Told(row.position, row.entry_id, row.at, row.gone_at is not None, row.redirect_id)
        for row in session.scalars(statement.execution_options(populate_existing=True))
    ]


def _has_moved() -> ColumnElement[bool]:
    is_new = FeedEntry.entry_id.is_(None)
    return or_(is_new, FeedEntry.revision != Post.revision, FeedEntry.gone_at.is_not(None))


def _moved() -> Select[str, int, datetime, str, bool]:
    """In the order of change, as far as instants tell."""
    is_new = FeedEntry.entry_id.is_(None).label("is_new")
    return (
        select(Post.id, Post.revision, Post.changed_at, Institution.country_code, is_new)
        .join(Institution, Institution.id == Post.institution_id)
        .outerjoin(FeedEntry, FeedEntry.entry_id == Post.id)
        .where(_has_moved())
        .order_by(Post.changed_at, Post.id)
    )


def _gone() -> Select[str]:
    return (
        select(FeedEntry.entry_id)
        .outerjoin(Post, Post.id == FeedEntry.entry_id)
        .where(Post.id.is_(None), FeedEntry.gone_at.is_(None))
        .order_by(FeedEntry.position)
    )


def _ids_gone(session: Session) -> Sequence[str]:
    return session.scalars(_gone()).all()
