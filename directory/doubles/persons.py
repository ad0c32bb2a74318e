"""Officials as far as doubles go: of which country, in which posts, who signs in; and two records made one.

Two records of one person are one country's affair: whoever looks after it has entered both, or reads their history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zlib import crc32

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.accounts.models import Account
from directory.accounts.policy import Subject
from directory.doubles.models import Merge
from directory.history.models import Change
from directory.registry import merging
from directory.registry.models import Appointment, Institution, Official, Post

CLOSED = frozenset({"frozen", "closed"})
GONE = "gone"
ASKS_AGAIN = "asks_again"


def country_of(session: Session, official_id: str) -> str | None:
    """The one country in whose posts somebody stands; None for nobody's and for several countries'."""
    found = (
        select(Institution.country_code)
        .join(Post, Post.institution_id == Institution.id)
        .join(Appointment, Appointment.post_id == Post.id)
        .where(Appointment.official_id == official_id)
        .distinct()
    )
    codes = session.scalars(found.limit(2)).all()
    return codes[0] if len(codes) == 1 else None


def subject_of(session: Session, official_id: str) -> Subject:
    """The official as the policy sees them: of their country, and nobody's own."""
    return Subject(country=country_of(session, official_id))


def terms_of(session: Session, official_ids: Iterable[str]) -> list[Appointment]:
    """What they hold and held, the newest first."""
    found = session.scalars(terms().where(Appointment.official_id.in_(list(official_ids)))).all()
    return sorted(found, key=lambda term: (term.until_on or date.max, term.from_on or date.min, term.id), reverse=True)


def held_posts(session: Session, official_ids: Iterable[str], *, today: date) -> list[Post]:
    """The posts they hold, or will."""
    running = [t.post for t in terms_of(session, official_ids) if not t.has_ended(today)]
    return list({post.id: post for post in running}.values())


def officials_in(post: Post, *, today: date) -> list[str]:
    """Who holds the post, or will."""
    return [a.official_id for a in post.appointments if not a.has_ended(today)]


def accounts_of(session: Session, official_id: str) -> list[Account]:
    """Who signs in as this person, or did."""
    found = select(Account).where(Account.official_id == official_id)
    return list(session.scalars(found.order_by(Account.created_at, Account.id)))


def signs_in(session: Session, official_id: str) -> list[Account]:
    """Who can sign in as this person today."""
    return [account for account in accounts_of(session, official_id) if account.state not in CLOSED]


def mark_of(session: Session, official: Official) -> int:
    """A number that changes with what a merge would move: whoever agrees agrees to what they saw."""
    terms = [
        (t.id, t.post_id, str(t.from_on), str(t.until_on), t.is_acting, len(t.contact_points))
        for t in terms_of(session, [official.id])
    ]
    said = (official.name, str(official.agreed_at), terms, [a.id for a in accounts_of(session, official.id)])
    return crc32(repr(said).encode())


def needs_second(session: Session, keep: Official, gone: Official) -> bool:
    """Readers would see another name or another line, or somebody who signs in would answer for more posts."""
    if keep.name != gone.name or (keep.agreed_at is None) != (gone.agreed_at is None):
        return True
    if accounts_of(session, keep.id) or accounts_of(session, gone.id):
        return True
    return bool(held_by_both(session, keep, gone))


def held_by_both(session: Session, keep: Official, gone: Official) -> list[Post]:
    """Posts in which both stand on one day."""
    mine, others = (terms_of(session, [one.id]) for one in (keep, gone))
    over = [a.post for a in mine for b in others if a.post_id == b.post_id and merging.is_over(a, b)]
    return list({post.id: post for post in over}.values())


def unite(session: Session, merge: Merge, keep: Official, gone: Official, *, now: datetime) -> None:
    """One person: terms, lines and the account move. Not named unless both had agreed; then asked again."""
    name = gone.name if merge.choices.get("name") == GONE else keep.name
    words = [one.agreed_at for one in (keep, gone) if one.agreed_at is not None]
    if len(words) == 1:
        merge.choices = {**merge.choices, ASKS_AGAIN: True}
    moved = update(Account).where(Account.official_id == gone.id).values(official_id=keep.id)
    session.execute(moved.execution_options(synchronize_session=False))
    agreed_at = min(words) if len(words) == 2 else None
    merging.unite_officials(session, keep, gone, name=name, agreed_at=agreed_at, now=now)


def give_back_words(session: Session, journal: Sequence[Sequence[Any]], *, since: datetime) -> None:
    """Two again, each is named by their own word: the one they had given, or one given in their own letter since."""
    for name, was, _became in journal:
        if name != "official" or was is None:
            continue
        official = session.get_one(Official, was["id"])
        held = session.scalars(select(Appointment.id).where(Appointment.official_id == official.id)).all()
        said = select(Change).where(
            Change.by.in_([f"holder {one}" for one in held]),
            Change.action.in_(("agree", "decline")),
            Change.at >= since,
        )
        last = session.scalars(said.order_by(Change.sequence.desc()).limit(1)).first()
        before = was["agreed_at"]
        official.agreed_at = datetime.fromisoformat(before["instant"]) if before else None
        if last is not None:
            official.agreed_at = last.at if last.action == "agree" else None
    session.flush()


def former_names(session: Session, official: Official) -> list[str]:
    """What the person was called in records that became part of this one; history may still say so."""
    ids, found = [official.id], [official.id]
    while found:
        parts = select(Merge.gone_id).where(
            Merge.kind == "official", Merge.state == "standing", Merge.keep_id.in_(found)
        )
        found = [one for one in session.scalars(parts) if one not in ids]
        ids += found
    merges = select(Merge.id).where(Merge.kind == "official", Merge.keep_id.in_(ids))
    if session.scalar(merges.limit(1)) is None:
        return []
    lines = session.execute(select(Change.before, Change.after).where(Change.action.in_(("appoint", "relieve"))))
    told = [side for line in lines for side in line if isinstance(side, Mapping) and side.get("official") in ids]
    return sorted({str(side["holder"]) for side in told if side.get("holder")} - {official.name})


def terms() -> Select[Any]:
    """Terms with all that comparing needs."""
    return select(Appointment).options(
        joinedload(Appointment.official),
        selectinload(Appointment.contact_points),
        joinedload(Appointment.post).selectinload(Post.contact_points),
        joinedload(Appointment.post).joinedload(Post.institution).selectinload(Institution.names),
    )
