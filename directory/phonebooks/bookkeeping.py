"""What each device was told of, brought up to date when the directory moved: edits, departures, rights, all one way.

Nothing is sent from here. A device asks what changed since its last token, and every change of its book, whatever the
cause, is a card with a higher number; one that left stays behind as a number with nothing to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, case, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from directory.accounts import quotas
from directory.entries.answers import Desk
from directory.history.access import Asker
from directory.phonebooks import rules
from directory.phonebooks.models import Subscription, SubscriptionCard
from directory.phonebooks.rules import Mark
from directory.phonebooks.selection import Selection, condition
from directory.registry.models import Appointment, Institution, Post, Removal

QUOTA = "cards"
FEW = 500
# In the same frame only what moved since the last comparison is looked at, and a day more: clocks of several hosts
# differ, and a change may be committed late. The day is part of the frame, so everything is compared once a day.
MARGIN = timedelta(days=1)
LISTING = timedelta(hours=1)  # the longest that a device may take to fetch a book it has listed
_CARDS: Any = SubscriptionCard.__table__
_MARK = (
    Post.id,
    Post.revision,
    Post.confirmed_at,
    Post.confirmation_method,
    Post.reachability,
    Post.keeps_holder,
    Post.role_key,
)


@dataclass(frozen=True, slots=True)
class Book:
    """One device's book as it is asked for now: what it holds, by whose eyes, and how many new cards are left today.

    `frame` sums up what every card depends on: the layer, the taxonomy, the words of the site.
    """

    id: str
    selection: Selection
    desk: Desk
    frame: str
    asker: Asker
    quota: int


@dataclass(frozen=True, slots=True)
class CardPlace:
    """A card of the book: where it stands in the order of changes, and whether it has left."""

    entry_id: str
    etag: str
    sequence: int
    is_gone: bool


@dataclass(frozen=True, slots=True)
class CardNow:
    """A card of the book as its entry stands at this moment; `again` is how often it was put right on the device."""

    etag: str
    revision: int
    again: int


@dataclass(slots=True)
class _Moves:
    """What is to be written down."""

    new: dict[str, tuple[str, int]] = field(default_factory=dict)
    changed: dict[str, tuple[str, int]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)


def counter(session: Session) -> str:
    """Another one as soon as any entry is another: every edit raises a revision, every departure leaves a stub."""
    revisions = func.coalesce(func.sum(Post.revision), 0)
    posts = select(func.count(Post.id), revisions, func.max(Post.changed_at), func.max(Post.confirmed_at))
    return rules.digest([*session.execute(posts).one(), session.scalar(select(func.count()).select_from(Removal))])


def whole_frame(book: Book) -> str:
    """What the comparison itself depends on besides the entries: the book's contents, the day, and the cards' frame."""
    return rules.digest([book.frame, book.desk.today, book.desk.days, book.selection])


def is_behind(session: Session, row: Subscription, book: Book) -> bool:
    """The book has to be compared with the directory again."""
    return bool(row.waiting_count) or row.frame != whole_frame(book) or row.seen != counter(session)


def bring_up_to_date(session: Session, book: Book, *, now: datetime) -> None:
    """Compare the book with the directory and number what moved. One at a time for one book."""
    statement = select(Subscription).where(Subscription.id == book.id).with_for_update()
    row = session.scalars(statement.execution_options(populate_existing=True)).one()
    seen, frame = counter(session), whole_frame(book)
    if row.seen == seen and row.frame == frame and not row.waiting_count:
        return
    is_near = row.frame == frame and not row.waiting_count and row.compared_at is not None
    moves = _compare(session, book, since=row.compared_at - MARGIN if is_near and row.compared_at else None)
    given = _given(session, book, moves.new, now=now)
    row.waiting_count = len(moves.new) - len(given)
    row.sequence = _write(session, book.id, row.sequence, moves, given, now=now)
    row.seen, row.frame, row.compared_at = seen, frame, now
    session.flush()


def _compare(session: Session, book: Book, *, since: datetime | None) -> _Moves:
    """New, changed and vanished members; with `since` only among what was edited or left behind then."""
    moves, member = _Moves(), condition(book.selection, book.desk)
    card = SubscriptionCard
    held = (
        select(card.entry_id, card.etag, case((member, 1), else_=0).label("is_member"), *_MARK)
        .outerjoin(Post, Post.id == card.entry_id)
        .outerjoin(Institution, Post.institution_id == Institution.id)
        .where(card.subscription_id == book.id, card.gone_at.is_(None))
    )
    if since is not None:
        edited = select(Post.id).where(Post.changed_at >= since)
        left = select(Removal.entry_id).where(Removal.at >= since)
        held = held.where(card.entry_id.in_(edited.union_all(left)))
        held = held.where(or_(Post.id.is_(None), Post.revision != card.revision))
    rows = session.execute(held).all()
    etags = _etags(session, [row[3:] for row in rows if row.is_member], book)
    for row in rows:
        if not row.is_member:
            moves.gone.append(row.entry_id)
        elif etags[row.entry_id] != row.etag:
            moves.changed[row.entry_id] = (etags[row.entry_id], row.revision)
    known = exists().where(card.subscription_id == book.id, card.entry_id == Post.id, card.gone_at.is_(None))
    new = select(*_MARK).join(Institution).where(member, ~known).order_by(Post.id)
    if since is not None:  # found by the date first: there are few, and through the countries one comes by all
        there = aliased(Post)
        is_held = exists().where(card.subscription_id == book.id, card.entry_id == there.id, card.gone_at.is_(None))
        new = new.where(Post.id.in_(select(there.id).where(there.changed_at >= since, ~is_held)))
    missing = session.execute(new).all()
    etags = _etags(session, missing, book)
    moves.new = {row.id: (etags[row.id], row.revision) for row in missing}
    return moves


def _given(session: Session, book: Book, new: Mapping[str, tuple[str, int]], *, now: datetime) -> list[str]:
    """The new entries whose turn it is; they count against the day's quota. Changes of known cards never wait."""
    if not new:
        return []
    free = frozenset(session.scalars(select(Post.id).where(Post.role_key.in_(rules.HOTLINE_ROLES))))
    room = book.quota - quotas.used(session, book.asker, QUOTA, now=now)
    waiting = sorted(new)
    given = rules.allowed_now(waiting, free=free, first=frozenset(book.selection.favourites), room=room)
    counted = [one for one in given if one not in free]
    if counted:
        used = quotas.use(session, book.asker, QUOTA, counted, limit=book.quota, now=now)
        if not used.is_given:  # another device of the same account was quicker
            return [one for one in given if one in free]
    return given


def _write(session: Session, book_id: str, sequence: int, moves: _Moves, given: Sequence[str], *, now: datetime) -> int:
    """Give each move its own number, so that a device may take them in parts; returns the newest."""
    card = SubscriptionCard
    back = _gone_before(session, book_id, given)
    told = {**moves.changed, **{entry_id: moves.new[entry_id] for entry_id in given}}
    updates, inserts = [], []
    for entry_id, (etag, revision) in sorted(told.items()):
        sequence += 1
        values = {"etag": etag, "revision": revision, "sequence": sequence, "gone_at": None}
        if entry_id in moves.changed or entry_id in back:
            updates.append({"the_entry": entry_id, **values})
        else:
            inserts.append({"subscription_id": book_id, "entry_id": entry_id, "again": 0, **values})
    for entry_id in sorted(moves.gone):
        sequence += 1
        updates.append({"the_entry": entry_id, "sequence": sequence, "gone_at": now})
    if inserts:
        session.execute(insert(card), inserts)
    for rows in ([row for row in updates if "etag" in row], [row for row in updates if "etag" not in row]):
        if rows:
            here = (_CARDS.c.subscription_id == book_id) & (_CARDS.c.entry_id == bindparam("the_entry"))
            session.connection().execute(update(_CARDS).where(here), rows)
    return sequence


def _gone_before(session: Session, book_id: str, entry_ids: Sequence[str]) -> set[str]:
    """Those of them that stood in the book once."""
    card = SubscriptionCard
    if not entry_ids:
        return set()
    statement = select(card.entry_id).where(card.subscription_id == book_id, card.gone_at.is_not(None))
    return set(session.scalars(statement)) & set(entry_ids)


def held(session: Session, entry_ids: Sequence[str], book: Book) -> dict[str, CardNow]:
    """Those of these entries that stand in the book, as they are now."""
    card, found = SubscriptionCard, dict[str, CardNow]()
    here = (card.subscription_id == book.id) & card.gone_at.is_(None)
    for start in range(0, len(entry_ids), FEW):
        some = card.entry_id.in_(entry_ids[start : start + FEW])
        statement = select(*_MARK, card.again).join(card, card.entry_id == Post.id)
        rows = session.execute(statement.where(here, some)).all()
        etags = _etags(session, [row[:-1] for row in rows], book)
        found.update((row.id, CardNow(etags[row.id], row.revision, row.again)) for row in rows)
    return found


def _etags(session: Session, rows: Iterable[Row[Any] | tuple[Any, ...]], book: Book) -> dict[str, str]:
    marks = list(rows)
    holders = _holders(session, [mark[0] for mark in marks], book)
    today, days = book.desk.today, book.desk.days
    found = {}
    for entry_id, revision, confirmed_at, method, *others in marks:
        mark = Mark(entry_id, revision, confirmed_at, method, tuple(map(str, others)), holders.get(entry_id, ()))
        found[entry_id] = rules.etag_of(mark, book.frame, today, days)
    return found


def _holders(session: Session, entry_ids: Sequence[str], book: Book) -> dict[str, tuple[str, ...]]:
    """Which appointments cover the day."""
    today = book.desk.today
    statement = select(Appointment.post_id, Appointment.id).where(
        or_(Appointment.from_on.is_(None), Appointment.from_on <= today),
        or_(Appointment.until_on.is_(None), Appointment.until_on >= today),
    )
    if not entry_ids:
        return {}
    if len(entry_ids) <= FEW:
        statement = statement.where(Appointment.post_id.in_(entry_ids))
    found: dict[str, list[str]] = {}
    for post_id, appointment_id in session.execute(statement):
        found.setdefault(post_id, []).append(appointment_id)
    return {post_id: tuple(sorted(ids)) for post_id, ids in found.items()}


def members(session: Session, book_id: str) -> list[CardPlace]:
    """The cards in the book now, in the order of their last change."""
    return _places(session, book_id, SubscriptionCard.gone_at.is_(None))


def changes_since(session: Session, book_id: str, sequence: int, *, limit: int | None = None) -> list[CardPlace]:
    """What moved behind that number, in order; at most `limit`, of which the device then asks on."""
    return _places(session, book_id, SubscriptionCard.sequence > sequence, limit=limit)


def listed_from(session: Session, row: Subscription, *, now: datetime) -> int:
    """The number behind which a device that has just listed the book is told again: before all that moved lately.

    Thunderbird lists a book, fetches its cards, and asks for the token last: what moved meanwhile would never reach it.
    """
    card, lately = SubscriptionCard, max(now - LISTING, row.created_at)
    edited = card.entry_id.in_(select(Post.id).where(Post.changed_at >= lately))
    statement = select(func.min(card.sequence)).where(card.subscription_id == row.id)
    first = session.scalar(statement.where(or_(card.gone_at >= lately, edited)))
    return row.sequence if first is None else first - 1


def _places(session: Session, book_id: str, which: Any, *, limit: int | None = None) -> list[CardPlace]:
    card = SubscriptionCard
    statement = select(card.entry_id, card.etag, card.again, card.sequence, card.gone_at)
    statement = statement.where(card.subscription_id == book_id, which).order_by(card.sequence).limit(limit)
    return [
        CardPlace(entry_id, rules.shown_etag(etag, again), sequence, gone_at is not None)
        for entry_id, etag, again, sequence, gone_at in session.execute(statement)
    ]
