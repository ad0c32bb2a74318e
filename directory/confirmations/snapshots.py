"""An entry as its owner is asked about it: plain values that fit in a row, a letter and a form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.entries.queries import display_of
from directory.registry import rules
from directory.registry.models import Appointment, ContactPoint, Institution, Post, Responsibility

Snapshot = Mapping[str, Any]
_LOADED = (
    joinedload(Post.institution).selectinload(Institution.names),
    joinedload(Post.institution).selectinload(Institution.contact_points),
    joinedload(Post.institution).selectinload(Institution.responsibilities),
    selectinload(Post.contact_points),
    selectinload(Post.responsibilities),
    selectinload(Post.appointments).joinedload(Appointment.official),
    selectinload(Post.appointments).selectinload(Appointment.contact_points),
    joinedload(Post.deputy),
)


def load_posts(session: Session, ids: Sequence[str]) -> dict[str, Post]:
    """The posts with all that a snapshot needs, by id."""
    rows = session.scalars(select(Post).where(Post.id.in_(ids)).options(*_LOADED)).unique()
    return {post.id: post for post in rows}


def snapshot(post: Post, today: date) -> dict[str, Any]:
    """The entry as it stands: title, holder, contact lines, what it answers for."""
    body = post.institution
    appointment = current_appointment(post, today)
    local = next((n.name for n in body.names if n.language != "en" and n.kind == "official"), "")
    lines = [_line("post", point) for point in post.contact_points]
    lines += [_line("holder", point) for point in appointment.contact_points] if appointment else []
    lines += [_line("institution", point) for point in body.contact_points]
    return {
        "title": post.title,
        "area": post.area,
        "role": post.role_key,
        "asks_for": post.asks_for,
        "institution": body.name,
        "local_name": local if local != body.name else "",
        "country": body.country_code,
        "is_desk": post.is_desk,
        "holder": appointment.official.name if appointment else "",
        "lines": lines,
        "answers_for": _answers_for([*post.responsibilities, *body.responsibilities]),
    }


def current_appointment(post: Post, today: date) -> Appointment | None:
    """Who holds the post that day."""
    return next((a for a in post.appointments if a.covers(today)), None)


def digest(picture: Snapshot) -> str:
    """The same for two snapshots that say the same."""
    text = json.dumps(picture, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def masked(picture: Snapshot) -> dict[str, Any]:
    """The snapshot as the link alone shows it: of a restricted number only the last three digits."""
    lines = picture["lines"]
    hidden = [{**line, "value": "", "display": _last_three(line)} for line in lines]
    shown = [dark if line["restricted"] else line for line, dark in zip(lines, hidden, strict=True)]
    return {**picture, "lines": shown}


def differing(was: Snapshot, stands: Snapshot) -> list[str]:
    """The parts of an entry that are no longer what they were."""
    return [name for name in stands if stands[name] != was.get(name)]


def _last_three(line: Mapping[str, Any]) -> str:
    digits = [c for c in line["display"] if c.isalnum()]
    return "… " + "".join(digits[-3:]) if digits else "…"


def _line(owner: str, point: ContactPoint) -> dict[str, Any]:
    kind = rules.field_class(point.kind, is_published=point.is_published)
    return {
        "id": point.id,
        "owner": owner,
        "kind": point.kind,
        "value": point.value,
        "display": display_of(point.kind, point.value),
        "label": point.label,
        "hours": point.hours,
        "languages": list(point.languages),
        "restricted": kind == "restricted",
    }


def _answers_for(rows: Sequence[Responsibility]) -> list[list[Any]]:
    parts = {(r.sop, r.measure or "", r.level, r.area, tuple(r.target_groups)) for r in rows}
    return [[sop, measure, level, area, list(groups)] for sop, measure, level, area, groups in sorted(parts)]
