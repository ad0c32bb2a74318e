"""Phone books made, changed and ended by whoever owns them; and the one a device asks for with its token."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.accounts.limits import Limit, TooMany, take
from directory.accounts.people import person_of, rights, viewer_of
from directory.accounts.policy import ANYBODY, Person, Subject
from directory.accounts.tokens import token_hash
from directory.entries.viewer import Viewer
from directory.history import operations as history
from directory.phonebooks import rules
from directory.phonebooks.models import Subscription, SubscriptionCard
from directory.phonebooks.rules import BadContents, Contents
from directory.registry.models import Post

RIGHT = "make_phone_book"
LONGEST_DEVICE = 120
# A device that goes on changing its copy is told so in the end: each change taken and undone costs a row.
UNDONE = (Limit("phone_book:undone", 100, timedelta(days=1), 24),)


class NoSuchBook(Exception):
    """No phone book of this account has that id. Somebody else's answers the same."""


@dataclass(frozen=True, slots=True)
class BookInUse:
    """A live phone book, whose it is, and what its owner sees today."""

    row: Subscription
    person: Person

    @property
    def viewer(self) -> Viewer:
        """The owner's own layer now; nothing is ever revealed on a phone."""
        return Viewer(layer=viewer_of(self.person).layer)


def make(
    session: Session, account_id: str, *, name: str, contents: Contents, person: Person, now: datetime
) -> tuple[Subscription, str]:
    """A new phone book and its token, which is kept nowhere. The edge has seen to the fresh factor.

    Raises BadContents.
    """
    if not may_make(person):
        raise BadContents("Your role keeps no phone book.")
    if len(books_of(session, account_id, now=now)) >= rules.MOST_BOOKS:
        raise BadContents(f"You have {rules.MOST_BOOKS} phone books already; end one you do not use.")
    text = rules.new_token()
    book = Subscription(
        account_id=account_id,
        token_hash=token_hash(rules.plain_token(text)),
        name=_checked_name(name),
        contents=rules.checked(contents).to_json(),
        created_at=now,
        expires_at=now + rules.LIFE,
    )
    session.add(book)
    session.flush()
    history.record_own(
        session, "make_phone_book", book.account_id, now=now, after={"phone_book": book.id, **_counts(contents)}
    )
    return book, text


def change(
    session: Session, account_id: str, book_id: str, *, name: str, contents: Contents, now: datetime
) -> Subscription:
    """Another name or other contents; the device follows at its next sync. Raises NoSuchBook and BadContents."""
    book = one_of(session, account_id, book_id, now=now)
    before = {"phone_book": book.id, **_counts(rules.contents_of(book.contents))}
    book.name, book.contents = _checked_name(name), rules.checked(contents).to_json()
    session.flush()
    after: dict[str, object] = {"phone_book": book.id, **_counts(contents)}
    if before != after:
        history.record_own(session, "change_phone_book", book.account_id, now=now, before=before, after=after)
    return book


def keep(session: Session, account_id: str, entry_id: str, *, now: datetime) -> int:
    """Put an entry into every live book of the account; returns how many there are. Raises BadContents."""
    books = books_of(session, account_id, now=now)
    for book in books if session.get(Post, entry_id) is not None else ():
        contents = rules.contents_of(book.contents)
        if entry_id not in contents.favourites:
            wanted = replace(contents, favourites=(*contents.favourites, entry_id))
            change(session, account_id, book.id, name=book.name, contents=wanted, now=now)
    return len(books)


def end(session: Session, account_id: str, book_id: str, *, now: datetime) -> None:
    """The device gets nothing any more. Raises NoSuchBook, for somebody else's as for none."""
    book = one_of(session, account_id, book_id, now=now)
    book.revoked_at = now
    session.flush()
    history.record_own(session, "end_phone_book", book.account_id, now=now, before={"phone_book": book.id})


def books_of(session: Session, account_id: str, *, now: datetime) -> list[Subscription]:
    """The account's live phone books, newest first."""
    return list(
        session.scalars(
            select(Subscription)
            .where(
                Subscription.account_id == account_id,
                Subscription.revoked_at.is_(None),
                Subscription.expires_at > now,
            )
            .order_by(Subscription.created_at.desc(), Subscription.id)
        )
    )


def one_of(session: Session, account_id: str, book_id: str, *, now: datetime) -> Subscription:
    """One of them. Raises NoSuchBook."""
    found = next((book for book in books_of(session, account_id, now=now) if book.id == book_id), None)
    if found is None:
        raise NoSuchBook
    return found


def may_make(person: Person) -> bool:
    """The rights file lets this person keep a phone book at all."""
    return rights().may(person, RIGHT, Subject(account_id=person.account_id)) != "no"


def find(session: Session, book_id: str, typed: str, *, now: datetime) -> BookInUse | None:
    """The live book with that id and token; None when ended, expired, or its account is frozen or lost its roles."""
    given = token_hash(rules.plain_token(typed))
    book = session.get(Subscription, book_id)
    kept = book.token_hash if book is not None else token_hash("")
    if not hmac.compare_digest(given, kept) or book is None:
        return None
    if book.revoked_at is not None or book.expires_at <= now:
        return None
    person = person_of(session, book.account)
    if person == ANYBODY or not person.grants or not may_make(person):
        return None
    return BookInUse(book, person)


def is_used_lately(book: Subscription, device: str, *, now: datetime) -> bool:
    """Nothing new to note about its use."""
    return (
        book.last_used_at is not None
        and now - book.last_used_at < rules.USED_EVERY
        and book.last_device == _device(device)
    )


def mark_used(session: Session, book_id: str, device: str, *, now: datetime) -> None:
    """Note that a device asked, and what it calls itself."""
    session.execute(
        update(Subscription)
        .where(Subscription.id == book_id)
        .values(last_used_at=now, last_device=_device(device))
        .execution_options(synchronize_session=False)
    )


def undo(session: Session, book_id: str, entry_id: str, *, now: datetime) -> bool:
    """The device changed its copy of a card: the true one is sent again, or, where there is none, that it is gone.

    False where the device has done so too often today.
    """
    try:
        take(session, UNDONE, book_id, now=now)
    except TooMany:
        return False
    book = session.scalars(select(Subscription).where(Subscription.id == book_id).with_for_update()).one()
    session.refresh(book)
    card = session.get(SubscriptionCard, (book_id, entry_id), populate_existing=True)
    book.sequence += 1
    if card is None:
        session.add(
            SubscriptionCard(
                subscription_id=book_id, entry_id=entry_id, etag="", revision=0, sequence=book.sequence, gone_at=now
            )
        )
    else:
        card.sequence, card.again = book.sequence, card.again + 1
    session.flush()
    return True


def _device(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable())[:LONGEST_DEVICE]


def _checked_name(name: str) -> str:
    plain = " ".join(name.split())
    if not plain or len(plain) > rules.LONGEST_NAME or not plain.isprintable():
        raise BadContents(f"Name the device, in at most {rules.LONGEST_NAME} characters, so that you know it again.")
    return plain


def _counts(contents: Contents) -> dict[str, object]:
    """What history keeps of the contents: the countries, and how many of the rest."""
    return {
        "countries": sorted(set(contents.countries)),
        "answers": len(contents.answers),
        "favourites": len(contents.favourites),
    }
