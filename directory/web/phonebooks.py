"""Phone books on one's devices: listed, made, changed, ended; and an entry kept in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import segno
from flask import Flask, abort, g, redirect, render_template, request
from markupsafe import Markup
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from directory.accounts.people import rights
from directory.db import transaction
from directory.entries import overview
from directory.entries.answers import entries_with
from directory.entries.entry import Entry
from directory.exports.words import filter_words
from directory.phonebooks import operations, rules
from directory.phonebooks.models import Subscription, SubscriptionCard
from directory.phonebooks.operations import NoSuchBook
from directory.phonebooks.rules import BadContents, Contents, contents_of
from directory.registry import countries
from directory.web import access, current, doubles
from directory.web.apple_profile import profile
from directory.web.carddav import places
from directory.web.carddav.subscriber import reading_of
from directory.web.readings import reading_from_args, reading_to_args
from directory.web.translating import gettext as _
from directory.web.words import country_word

PAGE = "/account/phone-books"


@dataclass(frozen=True, slots=True)
class BookWords:
    """A phone book as the list shows it."""

    row: Subscription
    holds: tuple[str, ...]
    card_count: int


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """A kept answer: its address, and what it asks for. `words` empty: no longer understood."""

    query: str
    words: str


def attach(app: Flask) -> None:
    """`/account/phone-books` and what belongs to one of them; `/entries/<uuid>/keep`."""
    one = f"{PAGE}/<uuid:subscription_id>"
    app.add_url_rule(PAGE, "phone_books", show)
    app.add_url_rule(PAGE, "make_phone_book", make, methods=["POST"])
    app.add_url_rule(f"{PAGE}/new", "new_phone_book", show_new)
    app.add_url_rule(one, "phone_book", show_one)
    app.add_url_rule(one, "change_phone_book", change, methods=["POST"])
    app.add_url_rule(f"{one}/end", "end_phone_book", end, methods=["POST"])
    app.add_url_rule(f"{one}/phone.mobileconfig", "phone_book_profile", apple_profile)
    app.add_url_rule("/entries/<uuid:entry_id>/keep", "keep_entry", keep, methods=["POST"])
    app.jinja_env.globals["may_keep"] = lambda: operations.may_make(current.person())


@access.signed_in
def show() -> str:
    """One's own phone books: what each holds, who asked last."""
    g.no_store = True
    return render_template(
        "phonebooks/phone_books.html", books=_books(), may_make=operations.may_make(current.person())
    )


@access.allowed("make_phone_book", fresh=True)
def show_new() -> str:
    """What a new one may hold. The filters of an answer, or an entry, come along in the address."""
    reading = reading_from_args(request.args, current.taxonomy())
    problem = ""
    if reading.words:
        problem = _("An answer found by words cannot be kept: choose countries, or keep single entries.")
    answer = urlencode([pair for pair in reading_to_args(reading) if pair[0] != "urgent"]) if not problem else ""
    entry = request.args.get("entry", "")
    chosen = Contents((), (answer,) if answer else (), (entry,) if len(entry) == 36 else ())
    return _form(None, chosen, name="", problem=problem)


@access.allowed("make_phone_book", fresh=True)
@doubles.repeats("country", "answer", "entry")
def make() -> Response:
    """A new phone book; its token is shown this once."""
    session, account_id, person = current.session(), current.account().id, current.person()
    name, contents = request.form.get("name", ""), _sent()
    try:
        _refuse_unknown(contents)
        with transaction(session):
            book, token = operations.make(
                session, account_id, name=name, contents=contents, person=person, now=current.site().now()
            )
            book_id, name = book.id, book.name
    except BadContents as error:
        return Response(_form(None, contents, name=name, problem=str(error)), 422, mimetype="text/html")
    g.no_store = True
    page = render_template(
        "phonebooks/made.html", book_id=book_id, name=name, token=token, host=_host(), address=_address(),
        link=_link(book_id), code=_code(_link(book_id, token)), back=PAGE,
    )  # fmt: skip
    return Response(page, mimetype="text/html")


@access.signed_in
def show_one(subscription_id: object) -> str:
    """Change one: its name and what it holds."""
    book = _own(subscription_id)
    return _form(book, contents_of(book.contents), name=book.name)


@access.signed_in
@doubles.repeats("country", "answer", "entry")
def change(subscription_id: object) -> Response:
    """Keep the new name and contents; the device follows at its next sync."""
    session, account_id, contents = current.session(), current.account().id, _sent()
    book, name, now = _own(subscription_id), request.form.get("name", ""), current.site().now()
    try:
        _refuse_unknown(contents)
        with transaction(session):
            operations.change(session, account_id, str(subscription_id), name=name, contents=contents, now=now)
    except BadContents as error:
        return Response(_form(book, contents, name=name, problem=str(error)), 422, mimetype="text/html")
    return redirect(PAGE, 303)


@access.signed_in
def end(subscription_id: object) -> Response:
    """The device gets nothing any more; what it has it keeps."""
    session, account_id = current.session(), current.account().id
    try:
        with transaction(session):
            operations.end(session, account_id, str(subscription_id), now=current.site().now())
    except NoSuchBook:
        abort(404)
    return redirect(PAGE, 303)


@access.signed_in
def apple_profile(subscription_id: object) -> Response:
    """Everything an iPhone has to know but the token, which it asks for."""
    book, settings = _own(subscription_id), current.site().settings
    content = profile(settings.base_url, book.id, name=book.name, site_name=_("Contact directory"))
    response = Response(content, content_type="application/x-apple-aspen-config")
    response.headers["Content-Disposition"] = "attachment; filename=phone-book.mobileconfig"
    return response


@access.allowed("make_phone_book")
def keep(entry_id: object) -> Response:
    """Put an entry into one's phone books; whoever has none yet is led to make one."""
    session, account_id, now = current.session(), current.account().id, current.site().now()
    if not entries_with([str(entry_id)], current.desk()):
        abort(404)
    try:
        with transaction(session):
            count = operations.keep(session, account_id, str(entry_id), now=now)
    except BadContents as error:
        abort(409, str(error))
    return redirect(PAGE if count else f"{PAGE}/new?entry={entry_id}", 303)


def _own(subscription_id: object) -> Subscription:
    try:
        return operations.one_of(
            current.session(), current.account().id, str(subscription_id), now=current.site().now()
        )
    except NoSuchBook:
        abort(404)


def _sent() -> Contents:
    form = request.form
    return Contents(tuple(form.getlist("country")), tuple(form.getlist("answer")), tuple(form.getlist("entry")))


def _refuse_unknown(contents: Contents) -> None:
    """What nobody here can have chosen, and a book with nothing in it. Raises BadContents."""
    if contents.is_empty:
        raise BadContents(_("Choose what the phone book holds: a country, an answer or single entries."))
    if not set(contents.countries) <= set(countries.codes()):
        raise BadContents(_("One of the countries is not known."))
    for answer in contents.answers:
        reading = reading_of(answer) if len(answer) <= rules.LONGEST_ANSWER else None
        if reading is None or reading.words or not reading_to_args(reading):
            raise BadContents(_("One of the answers cannot be kept: it has words, or no filter."))
    if any(len(one) != 36 for one in contents.favourites):
        raise BadContents(_("One of the entries is not known."))


def _form(book: Subscription | None, chosen: Contents, *, name: str, problem: str = "") -> str:
    g.no_store = True
    taken = overview.participating_countries(current.session())
    codes = [*taken, *(code for code in chosen.countries if code not in taken and code in countries.codes())]
    kept = _kept(chosen.favourites)
    return render_template(
        "phonebooks/phone_book.html",
        book=book,
        name=name,
        chosen=chosen,
        problem=problem,
        countries=[(code, country_word(code)) for code in codes],
        answers=[AnswerWords(answer, _answer_words(answer)) for answer in chosen.answers],
        kept=kept,
        quota=rights().quota(current.person(), "cards"),
        address=_address(),
        host=_host(),
        link=_link(book.id) if book else "",
    )


def _kept(favourites: Sequence[str]) -> list[Entry]:
    return entries_with([one for one in favourites if len(one) == 36], current.desk()) if favourites else []


def _books() -> list[BookWords]:
    session, account_id = current.session(), current.account().id
    rows = operations.books_of(session, account_id, now=current.site().now())
    counted = (
        select(SubscriptionCard.subscription_id, func.count())
        .where(SubscriptionCard.subscription_id.in_([row.id for row in rows]), SubscriptionCard.gone_at.is_(None))
        .group_by(SubscriptionCard.subscription_id)
    )
    counts: dict[str, int] = dict(session.execute(counted).all()) if rows else {}
    return [BookWords(row, tuple(_holds(contents_of(row.contents))), counts.get(row.id, 0)) for row in rows]


def _holds(contents: Contents) -> list[str]:
    """The contents in words."""
    words = [country_word(code) for code in contents.countries]
    words += [_answer_words(answer) or _("an answer that is no longer understood") for answer in contents.answers]
    titles = [f"{entry.title}, {country_word(entry.country)}" for entry in _kept(contents.favourites)]
    more = [_("and %(count)s more", count=len(titles) - 5)] if len(titles) > 5 else []
    return [*words, *titles[:5], *more]


def _answer_words(answer: str) -> str:
    reading = reading_of(answer)
    if reading is None:
        return ""
    return filter_words(reading, current.taxonomy(), kosovo=current.site().settings.kosovo_name)


def _address() -> str:
    return f"{current.site().settings.base_url.rstrip('/')}{places.ENTRANCE}"


def _host() -> str:
    return urlsplit(current.site().settings.base_url).netloc


def _link(book_id: str, token: str = "") -> str:  # no token, no password  # nosec B107
    """Opens the app on an Android phone with everything filled in."""
    parts = urlsplit(_address())
    scheme = "carddavs" if parts.scheme == "https" else "carddav"
    return f"{scheme}://{book_id}{f':{token}' if token else ''}@{parts.netloc}{places.ENTRANCE}"


def _code(text: str) -> Markup:
    """The link as a picture to scan, drawn into the page: no address of its own under which it could stay."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        scale=4, border=2, light="#fff", dark="#000", svgclass=None, lineclass=None
    )
    # nosemgrep: markup-with-data
    return Markup(drawn)  # noqa: S704 - drawn by segno from letters, digits and hyphens  # nosec B704
