"""What stands now about a post or institution, as plain fields; and how a decided change is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.proposals.actors import Outdated
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Institution, Post
from directory.registry.pictures import institution_values, post_values
from directory.registry.plain import plain_value, restored


def holder_of(post: Post, day: date) -> str:
    """Who holds the post that day; empty when vacant."""
    return next((a.official.name for a in post.appointments if a.covers(day)), "")


def row_of(session: Session, proposal: Proposal, *, for_write: bool = False) -> Post | Institution:
    """The post or institution a proposal is about. Raises Outdated where it is gone."""
    found: Post | Institution | None
    if proposal.subject_type == "post":
        found = session.get(Post, proposal.subject_id)
    else:
        found = session.get(Institution, proposal.subject_id)
    if found is None:
        raise Outdated
    if for_write:
        lock(session, found)
    return found


def lock(session: Session, row: Any) -> None:
    """Nobody else writes this row until the transaction ends; what is read of it from here on is the newest.

    `row`: of any table whose key is `id`.
    """
    kind = type(row)
    session.execute(select(kind.id).where(kind.id == row.id).with_for_update())
    session.expire(row)


def current_fields(row: Post | Institution, names: Mapping[str, Any], day: date) -> dict[str, Any]:
    """What stands now in these fields."""
    values = post_values(row) if isinstance(row, Post) else institution_values(row)
    fields = {name: plain_value(getattr(values, name)) for name in names if hasattr(values, name)}
    if "holder" in names and isinstance(row, Post):
        fields["holder"] = holder_of(row, day)
    return fields


def write(session: Session, row: Post | Institution, fields: Mapping[str, Any], *, by: str, now: datetime) -> None:
    """Make the row say what was decided."""
    if isinstance(row, Post) and "holder" in fields:
        _appoint(session, row, fields["holder"], fields.get("from_on"), by=by, now=now)
    elif isinstance(row, Post):
        registry.set_post(session, row, replace(post_values(row), **restored(fields)), by=by, now=now)
    else:
        values = replace(institution_values(row), **restored(fields))
        registry.set_institution(session, row, values, by=by, now=now)


def _appoint(session: Session, post: Post, name: str, from_on: str | None, *, by: str, now: datetime) -> None:
    first = date.fromisoformat(from_on) if from_on else now.date()
    for appointment in [a for a in post.appointments if a.covers(first)]:
        registry.relieve(session, appointment, until_on=first - timedelta(days=1), by=by, now=now)
    if name:
        registry.appoint(session, post, name, by=by, now=now, from_on=first)


def close(session: Session, proposal: Proposal, row: Post | Institution, *, by: str, now: datetime) -> None:
    """Take the entry out. Who held it is noted, so that their names go too once their time has come."""
    if not isinstance(row, Post):
        raise Outdated
    held = sorted({appointment.official_id for appointment in row.appointments})
    proposal.after = {**proposal.after, "officials": held}
    redirect_id = proposal.after.get("redirect_id")
    registry.remove_post(session, row, reason=proposal.reason, by=by, now=now, redirect_id=redirect_id)


def mark(session: Session, row: Post | Institution, *, being_checked: bool, now: datetime) -> None:
    """Readers see the words "a change is being checked" beside what still stands."""
    if row.is_being_checked == being_checked:
        return
    row.is_being_checked = being_checked
    session.flush()
    if isinstance(row, Post):
        registry.touch(session, [row.id], now=now)
    else:
        registry.touch_institution(session, row, now=now)


def unmark(session: Session, proposal: Proposal, row: Post | Institution, *, now: datetime) -> None:
    """Take the mark away once nothing guarded waits any more."""
    others = select(func.count()).where(
        Proposal.subject_type == proposal.subject_type,
        Proposal.subject_id == proposal.subject_id,
        Proposal.state == "waiting",
        Proposal.is_guarded,
    )
    if not session.scalar(others):
        mark(session, row, being_checked=False, now=now)
