"""The addresses below /carddav, and what each method does there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element  # the type alone, defusedxml reads  # nosec B405

from flask import Flask, current_app, redirect, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from directory.db import transaction
from directory.phonebooks import bookkeeping, operations
from directory.phonebooks.models import Subscription
from directory.web import access, current
from directory.web.carddav import answers, places, reports, resources, subscriber
from directory.web.carddav.xml import Asked, BadXml, asked_in, dav, multistatus, read, response

BIGGEST_BODY = 2 * 1024 * 1024
BELOW = "/carddav/<uuid:subscription_id>/"
BOOK = f"{BELOW}books/entries/"
PLACES = {
    "root": "/carddav/",
    "principal": BELOW,
    "home": f"{BELOW}books/",
    "book": BOOK,
    "card": f"{BOOK}<uuid:entry_id>.vcf",
}
WRITES = ("PUT", "DELETE", "MOVE", "COPY", "PROPPATCH", "MKCOL")
# Their phones stop syncing for good after a refusal; so a change of theirs is taken, thrown away and put right.
APPLE = ("iOS/", "iPadOS/", "macOS/", "Mac OS X", "Mac_OS_X", "dataaccessd", "AddressBook", "watchOS/", "visionOS/")


def attach(app: Flask) -> None:
    """`/.well-known/carddav` and everything below `/carddav/`."""
    subscriber.attach(app)
    for name, method in (("carddav_well_known", "GET"), ("carddav_well_known_asked", "PROPFIND")):
        app.add_url_rule("/.well-known/carddav", name, well_known, methods=[method], provide_automatic_options=False)
    _add(app, "/.well-known/carddav", "carddav_well_known_options", options, "OPTIONS")
    for name, rule in PLACES.items():
        _add(app, rule, f"carddav_{name}_options", options, "OPTIONS")
        _add(app, rule, f"carddav_{name}_asked", ASKED[name], "PROPFIND")
        for method in WRITES:
            _add(app, rule, f"carddav_{name}_{method.lower()}", refuse_change, method)
    _add(app, BOOK, "carddav_book", book_file, "GET")
    _add(app, BOOK, "carddav_book_report", report, "REPORT")
    _add(app, PLACES["card"], "carddav_card", card_file, "GET")


def _add(app: Flask, rule: str, name: str, view: Callable[..., Any], method: str) -> None:
    app.add_url_rule(rule, name, view, methods=[method], provide_automatic_options=False)


@access.public
def well_known() -> Response:
    """Where the phone book is, for whoever only knows the host; also where a device asks by PROPFIND."""
    return redirect(places.ENTRANCE, 301)


@access.public
def options(**_place: object) -> Response:
    """What may be done here; said to anybody, for some devices ask before they say who they are."""
    found = Response("", 200)
    adapter = current_app.url_map.bind("")
    found.headers["Allow"] = ", ".join(sorted(adapter.allowed_methods(request.path)))
    found.headers["DAV"] = answers.DAV_HEADER
    found.headers["Cache-Control"] = "no-store"
    return found


@access.subscriber(subscriber.refusal)
def root_asked() -> Response:
    """Who one is."""
    row = subscriber.asking().row
    return _properties(lambda asked, _deep: [response(places.ENTRANCE, resources.entrance(row.id), asked)])


@access.subscriber(subscriber.refusal)
def principal_asked(subscription_id: object) -> Response:  # noqa: ARG001 - the guard has compared it
    """One device, and where its books stand."""
    row = subscriber.asking().row
    return _properties(lambda asked, _deep: [response(places.principal(row.id), resources.principal(row), asked)])


@access.subscriber(subscriber.refusal)
def home_asked(subscription_id: object) -> Response:  # noqa: ARG001 - the guard has compared it
    """The home, and in it the one book."""
    row = subscriber.bring_up_to_date()

    def told(asked: Any, is_deep: bool) -> list[str]:
        own = response(places.home(row.id), resources.home(row), asked)
        return [own, response(places.book(row.id), _book(row, asked), asked)] if is_deep else [own]

    return _properties(told)


@access.subscriber(subscriber.refusal)
def book_asked(subscription_id: object) -> Response:  # noqa: ARG001 - the guard has compared it
    """The book, and every card in it without its text."""
    row = subscriber.bring_up_to_date()

    def told(asked: Any, is_deep: bool) -> list[str]:
        own = response(places.book(row.id), _book(row, asked), asked)
        if not is_deep:
            return [own]
        return [own, *map(reports.listing(row.id, asked), bookkeeping.members(current.session(), row.id))]

    return _properties(told)


@access.subscriber(subscriber.refusal)
def card_asked(subscription_id: object, entry_id: object) -> Response:  # noqa: ARG001 - the guard has compared it
    """One card, without its text."""
    row = subscriber.asking().row
    found = subscriber.look_at([str(entry_id)])
    if not found:
        return answers.plain("This card is not in your phone book.", 404)
    properties = resources.card(row.id, found[0].etag)
    return _properties(lambda asked, _deep: [response(places.card(row.id, str(entry_id)), properties, asked)])


ASKED: dict[str, Callable[..., Any]] = {
    "root": root_asked, "principal": principal_asked, "home": home_asked, "book": book_asked, "card": card_asked,
}  # fmt: skip


@access.subscriber(subscriber.refusal)
def report(subscription_id: object) -> Response:  # noqa: ARG001 - the guard has compared it
    """What moved, these cards, or the cards that say this."""
    try:
        root = _body()
        if root is None:
            return answers.plain("A report has to say which.", 400)
        return reports.answer(root)
    except BadXml as error:
        return answers.plain(str(error), 400)
    except RequestEntityTooLarge:
        return answers.plain("That asks for too much at once.", 413)


@access.subscriber(subscriber.refusal)
def card_file(subscription_id: object, entry_id: object) -> Response:  # noqa: ARG001 - the guard has compared it
    """One card."""
    found = subscriber.look_at([str(entry_id)])
    if not found:
        return answers.plain("This card is not in your phone book.", 404)
    answer = answers.file(found[0].text, resources.CARD_TYPE, found[0].etag)
    if answer.status_code == 200:
        subscriber.note_given(found)
    return answer


@access.subscriber(subscriber.refusal)
def book_file(subscription_id: object) -> Response:  # noqa: ARG001 - the guard has compared it
    """The whole book in one file, for who can only import."""
    row = subscriber.bring_up_to_date()
    if request.if_none_match.contains(resources.ctag(row)):
        return answers.file("", resources.CARD_TYPE, resources.ctag(row))
    ids = [card.entry_id for card in bookkeeping.members(current.session(), row.id)]
    text = "".join(card.text for card in subscriber.hand_out(ids))
    return answers.file(text, resources.CARD_TYPE, resources.ctag(row))


@access.subscriber(subscriber.refusal)
def refuse_change(subscription_id: object = None, entry_id: object = None) -> Response:
    """Nothing is changed from a phone. Apple's are told yes, and sent the true card again."""
    is_apple = any(mark in request.user_agent.string for mark in APPLE)
    takes = is_apple and request.method in {"PUT", "DELETE"} and entry_id is not None
    if takes:
        session = current.session()
        with transaction(session):
            takes = operations.undo(session, str(subscription_id), str(entry_id), now=current.site().now())
    current_app.logger.info(
        "Phone book: %s %s", request.method, "taken and undone, for an Apple device" if takes else "refused"
    )
    if takes:
        return Response("", 204, headers={"DAV": answers.DAV_HEADER})
    return answers.refused(dav("need-privileges"))


def _book(row: Subscription, asked: Asked) -> dict[str, str]:
    """The book's properties; where a sync would begin is looked up for who asks."""
    if asked.names is not None and dav("sync-token") not in asked.names:
        return resources.book(row)
    return resources.book(row, bookkeeping.listed_from(current.session(), row, now=current.site().now()))


def _properties(told: Callable[[Any, bool], list[str]]) -> Response:
    """The answer to a PROPFIND of depth 0 or 1; deeper is refused."""
    depth = request.headers.get("Depth", "infinity").strip()
    if depth not in {"0", "1"}:
        return answers.refused(dav("propfind-finite-depth"))
    try:
        root = _body()
        if root is not None and root.tag != dav("propfind"):
            return answers.plain("That is no question for properties.", 400)
        return answers.many(multistatus(told(asked_in(root), depth == "1")))
    except BadXml as error:
        return answers.plain(str(error), 400)
    except RequestEntityTooLarge:
        return answers.plain("That asks for too much at once.", 413)


def _body() -> Element | None:
    request.max_content_length = BIGGEST_BODY
    return read(request.get_data())
