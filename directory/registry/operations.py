"""Write who exists and who holds which post. Never commits; every edit queues its entries for the index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from directory.db import new_id
from directory.history import operations as history
from directory.registry.countries import codes
from directory.registry.models import (
    Appointment,
    ContactPoint,
    Country,
    Institution,
    InstitutionName,
    InstitutionServes,
    Official,
    Post,
    Removal,
    Responsibility,
    Source,
)
from directory.registry.pictures import differences, institution_values, post_values
from directory.registry.values import (
    BadValue,
    ContactValues,
    InstitutionValues,
    PostValues,
    ResponsibilityValues,
    check_contact,
)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An institution with its one post, to be written with many others."""

    institution: InstitutionValues
    post: PostValues
    source: Source | None = None


def ensure_countries(session: Session, participating: Iterable[str]) -> int:
    """Every country code has its row; returns how many were added."""
    known = set(session.scalars(select(Country.code)))
    members = set(participating)
    missing = [code for code in codes() if code not in known]
    session.add_all(Country(code=code, is_participating=code in members) for code in missing)
    session.flush()
    return len(missing)


def ensure_source(
    session: Session, name: str, *, url: str = "", dated_on: date | None = None, licence: str = ""
) -> Source:
    """The source with that name and date, made if it is new."""
    found = session.scalars(select(Source).where(Source.name == name, Source.dated_on == dated_on)).first()
    source = found or Source(name=name, url=url, dated_on=dated_on, licence=licence)
    session.add(source)
    session.flush()
    return source


def add_institution(
    session: Session,
    values: InstitutionValues,
    *,
    by: str,
    now: datetime,
    source: Source | None = None,
    parent: Institution | None = None,
    is_demo: bool = False,
    institution_id: str | None = None,
) -> Institution:
    """Write a new institution with its names, contact points and responsibilities."""
    institution = _new_institution(values, source, now)
    institution.id = institution_id or institution.id
    institution.parent_id = parent.id if parent else None
    institution.is_demo = is_demo
    session.add(institution)
    session.flush()
    history.record(
        session,
        "add",
        subject_type="institution",
        subject_id=institution.id,
        by=by,
        now=now,
        after=_told_institution(institution),
    )
    return institution


def add_post(
    session: Session,
    institution: Institution,
    values: PostValues,
    *,
    by: str,
    now: datetime,
    source: Source | None = None,
    is_demo: bool = False,
    post_id: str | None = None,
) -> Post:
    """Write a new post of an institution. It is not confirmed: only a human's answer does that."""
    post = _new_post(institution, values, source, now)
    post.id = post_id or post.id
    post.is_demo = is_demo
    session.add(post)
    session.flush()
    history.record(session, "add", subject_type="post", subject_id=post.id, by=by, now=now, after=_told_post(post))
    history.queue_for_index(session, [post.id])
    return post


def add_entries(session: Session, entries: Iterable[NewEntry], *, by: str, now: datetime) -> list[Post]:
    """Write many institutions with one post each; the same checks and history as one by one, in one flush."""
    posts: list[Post] = []
    bodies: list[tuple[str, dict[str, Any]]] = []
    with session.no_autoflush:
        for entry in entries:
            institution = _new_institution(entry.institution, entry.source, now)
            post = _new_post(institution, entry.post, entry.source, now)
            session.add_all((institution, post))
            posts.append(post)
            bodies.append((institution.id, _told_institution(institution)))
        session.flush()
        desks = [(post.id, _told_post(post)) for post in posts]
        history.record_many(session, "add", subject_type="institution", subjects=bodies, by=by, now=now)
        history.record_many(session, "add", subject_type="post", subjects=desks, by=by, now=now)
        history.queue_for_index(session, [post.id for post in posts])
    return posts


def set_institution(
    session: Session, institution: Institution, values: InstitutionValues, *, by: str, now: datetime
) -> bool:
    """Make an institution say what `values` says; returns whether anything differed."""
    before, after = differences(institution_values(institution), values)
    if not after:
        return False
    _write_institution(institution, values)
    session.flush()
    _record_change(session, "institution", institution.id, before, after, by=by, now=now)
    touch_institution(session, institution, now=now)
    return True


def set_post(session: Session, post: Post, values: PostValues, *, by: str, now: datetime) -> bool:
    """Make a post say what `values` says; returns whether anything differed."""
    before, after = differences(post_values(post), values)
    if not after:
        return False
    _write_post(post, values, post.institution.type)
    session.flush()
    _record_change(session, "post", post.id, before, after, by=by, now=now)
    touch(session, [post.id], now=now)
    return True


def appoint(
    session: Session,
    post: Post,
    name: str,
    *,
    by: str,
    now: datetime,
    from_on: date | None = None,
    is_acting: bool = False,
    agreed_at: datetime | None = None,
    contact_points: Sequence[ContactValues] = (),
) -> Appointment:
    """Put an official into a post. Named to readers only once that person has agreed."""
    official = Official(name=name, agreed_at=agreed_at, is_demo=post.is_demo)
    appointment = Appointment(official=official, from_on=from_on, is_acting=is_acting)
    appointment.contact_points = _contact_points([], contact_points, post.institution.type)
    post.appointments.append(appointment)
    session.flush()
    told = {"official": official.id, "holder": name, **_told_days(appointment)}
    history.record(session, "appoint", subject_type="post", subject_id=post.id, by=by, now=now, after=told)
    touch(session, [post.id], now=now)
    return appointment


def relieve(session: Session, appointment: Appointment, *, until_on: date, by: str, now: datetime) -> None:
    """The official holds the post until that day, and no longer."""
    before = _told_days(appointment)
    appointment.until_on = until_on
    session.flush()
    history.record(
        session,
        "relieve",
        subject_type="post",
        subject_id=appointment.post_id,
        by=by,
        now=now,
        before={"official": appointment.official_id, "holder": appointment.official.name, **before},
        after=_told_days(appointment),
    )
    touch(session, [appointment.post_id], now=now)


def remove_post(
    session: Session, post: Post, *, reason: str, by: str, now: datetime, redirect_id: str | None = None
) -> None:
    """Take an entry out; a stub with its id stays, so that other software learns of it and where to go instead."""
    session.execute(update(Post).where(Post.deputy_id == post.id).values(deputy_id=None))
    session.add(Removal(entry_id=post.id, at=now, reason=reason, redirect_id=redirect_id))
    gone: dict[str, Any] = {"subject_type": "post", "subject_id": post.id, "before": _told_post(post)}
    history.record(session, "remove", by=by, now=now, reason=reason, **gone)
    history.queue_for_index(session, [post.id])
    session.delete(post)
    session.flush()


def remove_entries(session: Session, posts: Sequence[Post], *, reason: str, by: str, now: datetime) -> None:
    """Take many entries out, each with its institution; that must have no other post and no body below it.

    A person's name goes too, where it stood in these entries only. The stubs of the entries stay.
    """
    ids, bodies = [post.id for post in posts], [post.institution_id for post in posts]
    session.flush()
    session.execute(update(Post).where(Post.deputy_id.in_(ids)).values(deputy_id=None))
    session.execute(insert(Removal), [{"entry_id": post_id, "at": now, "reason": reason} for post_id in ids])
    desks = [(post.id, _told_post(post)) for post in posts]
    houses = [(post.institution_id, _told_institution(post.institution)) for post in posts]
    for subject_type, gone in (("post", desks), ("institution", houses)):
        history.record_many(
            session, "remove", subject_type=subject_type, subjects=gone, by=by, now=now, reason=reason, are_gone=True
        )
    history.queue_for_index(session, ids)
    _delete_rows(session, ids, bodies)
    for post in posts:
        session.expunge(post.institution)
        session.expunge(post)


def touch(session: Session, post_ids: Sequence[str], *, now: datetime) -> None:
    """These entries look different now: raise their revision and queue them for the index."""
    session.execute(
        update(Post)
        .where(Post.id.in_(post_ids))
        .values(revision=Post.revision + 1, changed_at=now)
        .execution_options(synchronize_session="fetch")
    )
    history.queue_for_index(session, post_ids)


def touch_institution(session: Session, institution: Institution, *, now: datetime) -> None:
    """All entries that show this institution look different now: its own, its children's, its deputies'."""
    institution.revision += 1
    institution.changed_at = now
    children = select(Institution.id).where(Institution.parent_id == institution.id)
    own = select(Post.id).where((Post.institution_id == institution.id) | Post.institution_id.in_(children))
    ids = set(session.scalars(own))
    ids |= set(session.scalars(select(Post.id).where(Post.deputy_id.in_(ids)))) if ids else set()
    touch(session, sorted(ids), now=now)


def _delete_rows(session: Session, post_ids: Sequence[str], institution_ids: Sequence[str]) -> None:
    appointments = session.execute(
        select(Appointment.id, Appointment.official_id).where(Appointment.post_id.in_(post_ids))
    ).all()
    appointment_ids = [appointment_id for appointment_id, _ in appointments]
    officials = {official_id for _, official_id in appointments}
    for statement in (
        delete(ContactPoint).where(ContactPoint.appointment_id.in_(appointment_ids)),
        delete(ContactPoint).where(ContactPoint.post_id.in_(post_ids)),
        delete(ContactPoint).where(ContactPoint.institution_id.in_(institution_ids)),
        delete(Responsibility).where(Responsibility.post_id.in_(post_ids)),
        delete(Responsibility).where(Responsibility.institution_id.in_(institution_ids)),
        delete(Appointment).where(Appointment.id.in_(appointment_ids)),
        delete(Post).where(Post.id.in_(post_ids)),
        delete(InstitutionName).where(InstitutionName.institution_id.in_(institution_ids)),
        delete(InstitutionServes).where(InstitutionServes.institution_id.in_(institution_ids)),
        delete(Institution).where(Institution.id.in_(institution_ids)),
        delete(Official).where(Official.id.in_(officials), Official.id.not_in(select(Appointment.official_id))),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})


def _new_institution(values: InstitutionValues, source: Source | None, now: datetime) -> Institution:
    if not values.names:
        raise BadValue("An institution needs a name")
    institution = Institution(
        id=new_id(), is_demo=False, source_id=source.id if source else None, changed_at=now, revision=1
    )
    _write_institution(institution, values)
    return institution


def _new_post(institution: Institution, values: PostValues, source: Source | None, now: datetime) -> Post:
    post = Post(
        id=new_id(),
        institution_id=institution.id,
        is_demo=False,
        source_id=source.id if source else None,
        added_at=now,
        changed_at=now,
        revision=1,
    )
    _write_post(post, values, institution.type)
    return post


def _told_institution(institution: Institution) -> dict[str, Any]:
    return {"name": institution.name, "type": institution.type, "country": institution.country_code}


def _told_post(post: Post) -> dict[str, Any]:
    return {"title": post.title, "role": post.role_key, "institution": post.institution_id}


def _told_days(appointment: Appointment) -> dict[str, Any]:
    days = {"from_on": appointment.from_on, "until_on": appointment.until_on}
    return {name: day.isoformat() for name, day in days.items() if day is not None}


def _record_change(
    session: Session,
    subject_type: str,
    subject_id: str,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    by: str,
    now: datetime,
) -> None:
    history.record(
        session,
        "change",
        subject_type=subject_type,
        subject_id=subject_id,
        by=by,
        now=now,
        before=before,
        after=after,
    )


def _write_institution(institution: Institution, values: InstitutionValues) -> None:
    institution.country_code = values.country
    institution.host_country_code = values.host_country if values.host_country != values.country else None
    institution.type, institution.city, institution.note = values.type, values.city, values.note
    institution.source_url = values.source_url
    institution.names = [
        InstitutionName(name=n.name, language=n.language, kind=n.kind, position=place)
        for place, n in enumerate(values.names)
    ]
    served = {s.country_code: s for s in institution.serves}
    institution.serves = [served.get(code) or InstitutionServes(country_code=code) for code in values.serves]
    institution.contact_points = _contact_points(institution.contact_points, values.contact_points, values.type)
    institution.responsibilities = _responsibilities(values.responsibilities)


def _write_post(post: Post, values: PostValues, institution_type: str) -> None:
    post.title, post.role_key, post.area = values.title, values.role, values.area
    post.is_desk, post.asks_for = values.is_desk, values.asks_for
    post.contact_points = _contact_points(post.contact_points, values.contact_points, institution_type)
    post.responsibilities = _responsibilities(values.responsibilities)


def _contact_points(
    kept: Sequence[ContactPoint], wanted: Sequence[ContactValues], institution_type: str
) -> list[ContactPoint]:
    """The rows for `wanted`: one with the same kind and value stays the same row, with its confirmation."""
    for contact in wanted:
        check_contact(contact, institution_type)
    known = {(point.kind, point.value): point for point in kept}
    points = []
    for place, contact in enumerate(wanted):
        point = known.pop((contact.kind, contact.value), None) or ContactPoint(kind=contact.kind, value=contact.value)
        point.label, point.hours, point.timezone = contact.label, contact.hours, contact.timezone
        point.languages, point.is_published = list(contact.languages), contact.is_published
        point.position = place
        points.append(point)
    return points


def _responsibilities(rows: Sequence[ResponsibilityValues]) -> list[Responsibility]:
    return [
        Responsibility(
            sop=r.sop,
            measure=r.measure,
            level=r.level,
            area=r.area,
            target_groups=list(r.target_groups),
            exploitation=list(r.exploitation),
        )
        for r in rows
    ]
