"""Which phone book a request is for: user name and token by HTTP Basic, and nothing else; no cookie is looked at."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from flask import Flask, current_app, g, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from directory.accounts.limits import Limit, TooMany
from directory.accounts.people import rights
from directory.app import database
from directory.db import transaction
from directory.exports import ExportContext
from directory.history.access import Asker, record_access
from directory.phonebooks import bookkeeping, operations, rules
from directory.phonebooks.bookkeeping import QUOTA, Book
from directory.phonebooks.cards import Card, CardShelf, cards
from directory.phonebooks.models import Subscription
from directory.phonebooks.operations import BookInUse
from directory.phonebooks.rules import contents_of
from directory.phonebooks.selection import Selection
from directory.search.reading import Reading
from directory.web import current, limiting
from directory.web.files import export_context
from directory.web.readings import reading_from_args, unknown_values

REALM = 'Basic realm="Phone book", charset="UTF-8"'
WRONG_TOKENS = (Limit("phone_book:n", 60, timedelta(minutes=5)), Limit("phone_book:n:day", 1000, timedelta(days=1), 24))
FORGOTTEN = "This phone book is not known, or it has ended. Look at /account/phone-books.\n"


@dataclass(frozen=True, slots=True)
class Asking:
    """A device at the door of its own book."""

    row: Subscription
    book: Book
    context: ExportContext


def attach(app: Flask) -> None:
    """The shelf of cards already written."""
    app.extensions["card_shelf"] = CardShelf()


def refusal(subscription_id: object = None, **_others: object) -> Response | None:
    """401 without the token of a live book, 404 at somebody else's; else None, and the request is its owner's."""
    g.no_store = True  # a refusal is kept no longer than a card
    found = _find()
    if found is None:
        return _unknown()
    if subscription_id is not None and str(subscription_id) != found.row.id:
        return Response("There is nothing here.\n", 404, mimetype="text/plain")
    g.person, g.viewer = found.person, found.viewer
    g.asking = _asking(found)
    _note_use(found.row)
    return None


def asking() -> Asking:
    """The device that asks."""
    found: Asking = g.asking
    return found


def _find() -> BookInUse | None:
    given = request.authorization
    if given is None or given.type != "basic" or not given.username or not given.password:
        return None
    try:
        book_id = str(uuid.UUID(given.username.strip()))
    except ValueError:
        return None
    return operations.find(current.session(), book_id, given.password, now=current.site().now())


def _unknown() -> Response:
    """401; after many tries from one network 429, which is told apart by nothing else."""
    if request.authorization is not None:
        try:
            limiting.count((WRONG_TOKENS, limiting.network()))
        except TooMany as error:
            seconds = str(max(1, round(error.wait.total_seconds())))
            return Response(FORGOTTEN, 429, mimetype="text/plain", headers={"Retry-After": seconds})
    return Response(FORGOTTEN, 401, mimetype="text/plain", headers={"WWW-Authenticate": REALM})


def _asking(found: BookInUse) -> Asking:
    site, row, context = current.site(), found.row, export_context("a phone book")
    told = (rules.CARD_FORMAT, found.viewer.layer, context.taxonomy.version, context.base_url, context.kosovo_name)
    book = Book(
        id=row.id,
        selection=selection_of(row),
        desk=site.desk(current.session(), found.viewer),
        frame=rules.digest([*told, context.kosovo_footnote]),
        asker=Asker(account_id=row.account_id),
        quota=rights().quota(found.person, QUOTA),
    )
    return Asking(row, book, context)


def selection_of(row: Subscription) -> Selection:
    """The contents read anew with the taxonomy in force; an answer it no longer understands holds nothing."""
    contents = contents_of(row.contents)
    readings = [reading for answer in contents.answers if (reading := reading_of(answer)) is not None]
    return Selection(contents.countries, contents.favourites, tuple(readings))


def reading_of(answer: str) -> Reading | None:
    """The filters of a kept answer; None where one is no longer known, for leaving it out would widen it unseen."""
    args = MultiDict(parse_qsl(answer))
    return None if unknown_values(args, current.taxonomy()) else reading_from_args(args, current.taxonomy())


def bring_up_to_date() -> Subscription:
    """The book as the directory stands now; returns its row. Nothing is written where nothing moved."""
    asked, session = asking(), current.session()
    if not bookkeeping.is_behind(session, asked.row, asked.book):
        return asked.row
    with Session(database.engine) as books, transaction(books):
        bookkeeping.bring_up_to_date(books, asked.book, now=current.site().now())
    session.rollback()  # what was read before stands in an older picture
    row = session.get(Subscription, asked.book.id, populate_existing=True)
    assert row is not None
    return row


def look_at(entry_ids: list[str]) -> list[Card]:
    """The cards of these entries, not yet given to anybody."""
    asked, shelf = asking(), current_app.extensions["card_shelf"]
    return cards(current.session(), entry_ids, asked.book, asked.context, shelf)


def note_given(found: list[Card]) -> None:
    """Logged as given before they leave."""
    asked = asking()
    if not found or request.method == "HEAD":
        return
    ids, filters = [card.entry_id for card in found], f"phone_book={asked.book.id}"
    with Session(database.engine) as books, transaction(books):
        record_access(
            books, "export", ids, asker=asked.book.asker, path="carddav", now=current.site().now(), filters=filters
        )


def hand_out(entry_ids: list[str]) -> list[Card]:
    """The cards of these entries, and the line that they were given."""
    found = look_at(entry_ids)
    note_given(found)
    return found


def _note_use(row: Subscription) -> None:
    """At most once a minute; where it cannot be noted, syncing goes on."""
    now, device = current.site().now(), request.user_agent.string
    if operations.is_used_lately(row, device, now=now):
        return
    try:
        with Session(database.engine) as books, transaction(books):
            operations.mark_used(books, row.id, device, now=now)
    except OperationalError:
        current_app.logger.warning("A phone book could not be noted as used")
