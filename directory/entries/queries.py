"""Load entries as frozen pictures: a fixed number of queries for any number of ids, and a cache by revision."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from threading import Lock

import phonenumbers
from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.entries.entry import (
    Answerability,
    ContactLine,
    Deputy,
    Holder,
    InstitutionName,
    InstitutionPart,
    SourcePart,
    StoredEntry,
)
from directory.registry import rules
from directory.registry.models import Appointment, ContactPoint, Institution, Post, Responsibility, Source

BATCH = 500
# What a phone in front of somebody needs first: the line that answers, then the desk, then mail.
KIND_ORDER = {
    kind: place
    for place, kind in enumerate(
        (
            "hotline",
            "duty_phone",
            "intake_phone",
            "phone",
            "direct_phone",
            "mobile",
            "email",
            "secure_mail",
            "fax",
            "web",
            "postal",
        )
    )
}
REACHABILITY = {
    "mail": "No mail has got through since {day}.",
    "reported": "Readers could not reach it on {day}; it is being checked.",
}
OWNER_ORDER = {"post": 0, "holder": 1, "institution": 2}

_LOADED = (
    joinedload(Post.institution).selectinload(Institution.names),
    joinedload(Post.institution).selectinload(Institution.serves),
    joinedload(Post.institution).selectinload(Institution.contact_points),
    joinedload(Post.institution).selectinload(Institution.responsibilities),
    joinedload(Post.institution).joinedload(Institution.parent).selectinload(Institution.names),
    joinedload(Post.institution).joinedload(Institution.source),
    joinedload(Post.source),
    joinedload(Post.deputy).joinedload(Post.institution).selectinload(Institution.names),
    selectinload(Post.contact_points),
    selectinload(Post.responsibilities),
    selectinload(Post.appointments).joinedload(Appointment.official),
    selectinload(Post.appointments).selectinload(Appointment.contact_points),
)


class EntryCache:
    """Pictures already made, by id, revision and day; the oldest unused go first. Safe between threads."""

    def __init__(self, size: int = 4000) -> None:
        self._kept: OrderedDict[tuple[str, int, date], StoredEntry] = OrderedDict()
        self.size = size
        self._lock = Lock()

    def get(self, key: tuple[str, int, date]) -> StoredEntry | None:
        """The picture of that revision, if it is kept."""
        with self._lock:
            entry = self._kept.get(key)
            if entry is not None:
                self._kept.move_to_end(key)
            return entry

    def put(self, key: tuple[str, int, date], entry: StoredEntry) -> None:
        """Keep a picture."""
        with self._lock:
            self._kept[key] = entry
            self._kept.move_to_end(key)
            while len(self._kept) > self.size:
                self._kept.popitem(last=False)


def load(session: Session, ids: Sequence[str], *, today: date, cache: EntryCache | None = None) -> list[StoredEntry]:
    """The entries with these ids, in that order; ids nobody knows are left out."""
    cache = cache or EntryCache()
    revisions = _revisions(session, ids)
    found = {
        entry_id: kept
        for entry_id, revision in revisions.items()
        if (kept := cache.get((entry_id, revision, today))) is not None
    }
    missing = [entry_id for entry_id in revisions if entry_id not in found]
    for start in range(0, len(missing), BATCH):
        for entry in _read(session, missing[start : start + BATCH], today):
            cache.put((entry.id, entry.revision, today), entry)
            found[entry.id] = entry
    return [found[entry_id] for entry_id in ids if entry_id in found]


def freshest_ids(session: Session, *, limit: int) -> Sequence[str]:
    """The ids of the entries confirmed last."""
    return session.scalars(select(Post.id).order_by(Post.confirmed_at.desc().nulls_last(), Post.id).limit(limit)).all()


def load_all(session: Session, *, today: date) -> Iterator[StoredEntry]:
    """Every entry, in batches; rows nobody holds any more leave the session by themselves."""
    ids = list(session.scalars(select(Post.id).order_by(Post.id)))
    for start in range(0, len(ids), BATCH):
        yield from _read(session, ids[start : start + BATCH], today)


def _revisions(session: Session, ids: Sequence[str]) -> dict[str, int]:
    revisions: dict[str, int] = {}
    for start in range(0, len(ids), BATCH):
        rows = session.execute(select(Post.id, Post.revision).where(Post.id.in_(ids[start : start + BATCH])))
        revisions.update((entry_id, revision) for entry_id, revision in rows)
    return revisions


def _read(session: Session, ids: Sequence[str], today: date) -> list[StoredEntry]:
    posts = session.scalars(select(Post).where(Post.id.in_(ids)).options(*_LOADED)).unique()
    return [picture(post, today) for post in posts]


def picture(post: Post, today: date) -> StoredEntry:
    """Freeze a loaded post as it stands on a day."""
    institution = post.institution
    appointment = next((a for a in post.appointments if a.covers(today)), None)
    return StoredEntry(
        id=post.id,
        demo=post.is_demo,
        country=institution.country_code,
        host_country=institution.host_country_code,
        serves=tuple(s.country_code for s in institution.serves),
        institution=_institution(institution),
        title=post.title,
        role=post.role_key,
        area=post.area,
        asks_for=post.asks_for,
        is_desk=post.is_desk,
        is_vacant=not post.is_desk and appointment is None,
        responsibilities=tuple(_answerabilities([*post.responsibilities, *institution.responsibilities])),
        contact_lines=_lines(post, appointment),
        deputy=_deputy(post.deputy),
        confirmed_at=post.confirmed_at,
        method=post.confirmation_method,
        sources=tuple(_sources(post)),
        revision=post.revision,
        changed_at=post.changed_at,
        holder=_holder(appointment),
        is_being_checked=post.is_being_checked or institution.is_being_checked,
        reachability=_reachability(post.reachability),
        keeps_holder=post.keeps_holder,
    )


def _reachability(stored: str) -> str | None:
    """The plain phrase for a stored key and day; the evidence itself stays with staff."""
    key, _, day = stored.partition(":")
    phrase = REACHABILITY.get(key)
    return phrase.format(day=format_date(date.fromisoformat(day), "d MMMM y", locale="en")) if phrase else None


def _institution(institution: Institution) -> InstitutionPart:
    local = next((n.name for n in institution.names if n.language != "en" and n.kind == "official"), "")
    return InstitutionPart(
        id=institution.id,
        name=institution.name,
        local_name=local if local != institution.name else "",
        type=institution.type,
        city=institution.city,
        names=tuple(InstitutionName(n.language, n.kind, n.name) for n in institution.names),
        parent_id=institution.parent_id,
        parent_name=institution.parent.name if institution.parent else "",
    )


def _answerabilities(rows: Iterable[Responsibility]) -> list[Answerability]:
    levels = {"leads": 0, "supports": 1, "informed": 2}
    kept = {
        Answerability(r.sop, r.measure, r.level, r.area, tuple(r.target_groups), tuple(r.exploitation)) for r in rows
    }
    return sorted(kept, key=lambda a: (a.sop, levels.get(a.level, 3), a.measure or "", a.target_groups, a.area))


def _lines(post: Post, appointment: Appointment | None) -> tuple[ContactLine, ...]:
    owned = [("post", c) for c in post.contact_points]
    owned += [("holder", c) for c in appointment.contact_points] if appointment else []
    owned += [("institution", c) for c in post.institution.contact_points]
    owned.sort(key=lambda pair: (KIND_ORDER.get(pair[1].kind, 99), OWNER_ORDER[pair[0]], pair[1].position))
    return tuple(_line(owner, point) for owner, point in owned)


def _line(owner: str, point: ContactPoint) -> ContactLine:
    return ContactLine(
        id=point.id,
        kind=point.kind,
        value=point.value,
        display=display_of(point.kind, point.value),
        label=point.label,
        hours=point.hours,
        timezone=point.timezone,
        languages=tuple(point.languages),
        owner=owner,
        confirmed_at=point.confirmed_at,
        method=point.confirmation_method,
        field_class=rules.field_class(point.kind, is_published=point.is_published),
        answered_at=point.answered_at,
        answer_seconds=point.answer_seconds,
    )


def display_of(kind: str, value: str) -> str:
    """A phone spaced as it is read aloud; a web address without its scheme; anything else as it is."""
    if kind == "web":
        return value.removeprefix("https://").removeprefix("http://").removesuffix("/")
    if kind not in rules.NUMBERS or not value.startswith("+"):
        return value
    try:
        number = phonenumbers.parse(value.split(";", maxsplit=1)[0])
    except phonenumbers.NumberParseException:
        return value
    spaced = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    extension = value.partition(";ext=")[2]
    return f"{spaced} ext. {extension}" if extension else spaced


def _holder(appointment: Appointment | None) -> Holder | None:
    if appointment is None:
        return None
    return Holder(appointment.official.name, appointment.is_acting, appointment.official.agreed_at)


def _deputy(post: Post | None) -> Deputy | None:
    return Deputy(post.id, post.title, post.institution.name) if post else None


def _sources(post: Post) -> Iterator[SourcePart]:
    source: Source | None = post.source or post.institution.source
    if source is not None:
        yield SourcePart(source.name, source.dated_on, post.institution.source_url or source.url)
