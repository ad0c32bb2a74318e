"""What is given is counted and logged before it is given: entries, answers, files; and the bells behind unlinked doors.

Counting has a session of its own, so that it stands whatever becomes of the page. Where the counting itself fails,
reading goes on and files wait.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from flask import Flask, current_app, g, request
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from directory.accounts import quotas, sessions, traps
from directory.accounts.people import rights
from directory.accounts.policy import Subject
from directory.accounts.quotas import OverQuota
from directory.app import database
from directory.db import new_id, transaction
from directory.entries.entry import Entry
from directory.history import operations as history
from directory.history.access import Asker, Kind, record_access
from directory.registry.models import Post, Removal
from directory.web import access, current, limiting
from directory.web.errors import show
from directory.web.problems import Problem
from directory.web.translating import gettext as _
from directory.web.translating import ngettext

HOTLINE_ROLES = ("hotline", "child_hotline")
ENTRY_PAGES = {"entry", "api.entry", "entry_card", "entry_code"}
LIST_PAGES = {"entries", "country", "institution", "measure", "sop"}
LIST_LENGTH = 20
SOFTWARE = ("/api/", ".vcf", ".csv", ".json", ".xlsx", ".pdf", ".svg")


def attach(app: Flask) -> None:
    """Counts before, rings after; `/robots.txt`."""
    app.add_url_rule("/robots.txt", "robots", robots)
    app.before_request(_say_path)
    app.before_request(_before_list)
    app.after_request(_after)
    app.register_error_handler(OverQuota, _over_quota)


@access.public
def robots() -> Response:
    """What crawlers are asked to leave alone."""
    return Response(traps.robots_txt(), content_type="text/plain; charset=utf-8")


def asker() -> Asker:
    """Who is given something: an account, a key of it, or a visitor's network as a mark that changes each quarter."""
    key = g.get("api_key")
    return Asker(current.person().account_id, key.id if key else None, network_mark())


def network_mark() -> str:
    """The caller's network, so that the same one can be counted but not read back."""
    site = current.site()
    quarter = f"{site.now():%Y}-{(site.now().month - 1) // 3}"
    words = f"network {quarter} {limiting.network()}"
    return hmac.new(site.settings.secret_keys[0].encode(), words.encode(), hashlib.sha256).hexdigest()[:20]


def give(entries: Sequence[Entry], *, path: str, kind: Kind = "view", filters: str = "") -> None:
    """These entries are about to be given to whoever asks: counted, logged. Raises OverQuota or Problem.

    A visitor's views are counted but not logged; a hotline counts for nothing.
    """
    things = [entry.id for entry in entries if not is_hotline(entry)]
    who, now = asker(), current.site().now()
    if kind == "view" and not quotas.not_yet(current.session(), who, "view", things, now=now):
        return
    try:
        with Session(database.engine) as books, transaction(books):
            used = quotas.use(books, who, "view", things, limit=rights().quota(current.person(), "view"), now=now)
            given = list(used.new) if kind == "view" else [entry.id for entry in entries]
            if used.is_given and given and (who.account_id or kind != "view"):
                record_access(books, kind, given, asker=who, path=path, now=now, filters=filters)
    except OperationalError:
        if kind != "view":
            raise
        current_app.logger.warning("Reading could not be counted")
        return
    if not used.is_given:
        refuse("view", now)


def give_file(entries: Sequence[Entry], *, name: str, filters: str) -> None:
    """A file of these entries is about to be given: one export of the day, and a line with every entry in it."""
    who, now = asker(), current.site().now()
    with Session(database.engine) as books, transaction(books):
        is_given = all(is_hotline(entry) for entry in entries) or (
            quotas.use(
                books, who, "export", [new_id()], limit=rights().quota(current.person(), "export"), now=now
            ).is_given
        )
        if is_given:
            ids = [entry.id for entry in entries]
            record_access(books, "export", ids, asker=who, path=name, now=now, filters=filters)
    if not is_given:
        refuse("export", now)


def sync_kind() -> Kind:
    """A walk through what changed, with a key, is a copy kept elsewhere; the key must be open for that."""
    key = g.get("api_key")
    if key is None:
        return "view"
    if "export" not in key.scopes:
        raise Problem(403, "This key does not copy: make one with the scope “export”.")
    return "sync"


def most_in_file() -> int:
    """How many entries one file may hold for whoever asks."""
    person = current.person()
    if rights().may(person, "export_answer") == "no":
        raise Problem(404, "There is no such file, or it is not open to you.")
    if person.account_id is None:
        return current.site().settings.visitor_export_limit
    return rights().most_exported(person)


def refuse_unless_own_country(entries: Iterable[Entry]) -> None:
    """More than one answer's worth: only of a country the person speaks for, with a fresh second factor."""
    verdicts = {rights().may(current.person(), "export_country", Subject(country=e.country)) for e in entries}
    if "no" in verdicts:
        raise Problem(422, "So many entries can be taken of your own country only. Narrow it by procedure or role.")
    if not sessions.has_fresh_factor(current.row(), current.site().now()):
        raise Problem(403, "Give your second factor once more on your account page, then take the file.")


def is_hotline(entry: Entry) -> bool:
    """Whoever needs this one is never told to come back tomorrow."""
    return entry.role in HOTLINE_ROLES or any(line.kind == "hotline" for line in entry.contact_lines)


def note_listed(entries: Iterable[Entry]) -> None:
    """These stand in a list on the page: counted for somebody signed in, who sees more than everybody does."""
    listed: set[str] = g.setdefault("listed", set())
    listed.update(entry.id for entry in entries if not is_hotline(entry))


def refuse(kind: str, now: datetime) -> None:
    """Raise what says so: a problem to software, a page to people."""
    over = OverQuota(kind, quotas.until_tomorrow(now))
    if request.path.startswith(SOFTWARE[0]) or request.path.endswith(SOFTWARE[1:]):
        raise Problem(429, _over_words(over), headers={"Retry-After": str(_seconds(over.wait))})
    raise over


def ring(kind: str, note: str) -> None:
    """Somebody is where nothing leads."""
    with Session(database.engine) as books, transaction(books):
        traps.stepped_on(books, asker(), kind, note=note, now=current.site().now())


def ring_after(kind: str, thing: str, most: int) -> None:
    """Somebody tries; often enough, and it rings."""
    with Session(database.engine) as books, transaction(books):
        traps.tried(books, asker(), kind, thing, most=most, now=current.site().now())


def mark_of(text: str) -> str:
    """A text somebody tried, so that the same one counts once; it cannot be read back."""
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _say_path() -> None:
    """Whatever this request changes comes by a form or by the API."""
    if request.endpoint != "static":
        history.set_path(current.session(), "api" if request.path.startswith("/api/") else "form")


def _before_list() -> None:
    """Lists are for reading, not for copying page by page; the hotlines always answer."""
    if request.endpoint not in LIST_PAGES or current.person().account_id is None:
        return
    if request.args.getlist("role") == ["hotline"]:
        return
    who, now, limit = asker(), current.site().now(), rights().quota(current.person(), "listed")
    if quotas.used(current.session(), who, "listed", now=now) < limit:
        return
    with Session(database.engine) as books, transaction(books):  # going on all the same counts towards the freeze
        quotas.use(books, who, "listed", [new_id() for _number in range(LIST_LENGTH)], limit=limit, now=now)
    refuse("listed", now)


def _after(response: Response) -> Response:
    """Count what a list showed; listen for steps where nothing leads. Neither may spoil the answer."""
    try:
        _count_listed()
        _listen(response)
    except SQLAlchemyError:
        current_app.logger.warning("An access could not be noted")
    return response


def _count_listed() -> None:
    listed = sorted(g.get("listed", ()))
    if not listed or current.person().account_id is None:
        return
    now, who = current.site().now(), asker()
    with Session(database.engine) as books, transaction(books):
        limit = rights().quota(current.person(), "listed")
        new = quotas.use(books, who, "listed", listed, limit=limit, now=now, refuses=False).new
        if new:
            record_access(books, "view", list(new), asker=who, path="list", now=now)


def _listen(response: Response) -> None:
    if response.status_code == 404 and traps.is_closed(request.path):
        ring("trap_door", "An address that only robots.txt names")
    elif response.status_code == 404 and request.endpoint in ENTRY_PAGES:
        entry_id = str((request.view_args or {}).get("entry_id", ""))
        if _is_unissued(entry_id):
            ring_after("id", entry_id, traps.UNKNOWN_IDS)
    elif request.endpoint == "entries" and not 1 <= _page() <= traps.LAST_PAGE:
        ring("trap_page", "A page of an answer that no page links to")


def _is_unissued(entry_id: str) -> bool:
    """No entry has or had that id."""
    session = current.session()
    known = [select(Post.id).where(Post.id == entry_id), select(Removal.entry_id).where(Removal.entry_id == entry_id)]
    return all(session.scalar(statement) is None for statement in known)


def _page() -> int:
    try:
        return int(request.args.get("page", "1"))
    except ValueError:
        return 0


def _over_quota(error: OverQuota) -> Response:
    sentence = _over_words(error) + " " + _("Hotlines stay open to you.")
    return show(TooManyRequests(sentence, retry_after=_seconds(error.wait)))


def _over_words(error: OverQuota) -> str:
    words = {
        "view": _("You have opened as many entries as one person needs in a day."),
        "listed": _("You have gone through as many entries as one person needs in a day."),
        "reveal": _("You have been shown as many restricted numbers as one person needs in a day."),
        "export": _("You have taken as many files as one person needs in a day."),
    }
    hours = max(1, math.ceil(error.wait.total_seconds() / 3600))
    return words[error.kind] + " " + ngettext("Come back in %(num)d hour.", "Come back in %(num)d hours.", hours)


def _seconds(wait: timedelta) -> int:
    return math.ceil(wait.total_seconds())
