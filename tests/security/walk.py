"""Everybody walks every route: what each was shown, what of it was above their class, and what was logged and mailed."""

from __future__ import annotations

import email
import email.policy
import logging
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from directory.accounts.models import Account, Invitation
from directory.accounts.people import person_of, rights, viewer_of
from directory.accounts.policy import Grant, Person, Subject
from directory.accounts.reveals import may_reveal
from directory.accounts.tokens import token_hash
from directory.app import database
from directory.confirmations.models import CallTask
from directory.proposals.models import Proposal
from directory.registry.models import Appointment, ContactPoint, Institution, Post
from directory.worker import send_mail
from tests.security.asked import shown_by_link, shown_to_owner
from tests.security.crawl import FoundForm, Ids, addresses, fields, forms, ids_of, links, routes
from tests.security.devices import ask
from tests.security.long import CHANGES, LINKS, LOOKS
from tests.security.opening import opened as unpacked
from tests.security.site import Site
from tests.security.tokens import Eyes, Token, texts_in, words_in

MOST_OF_A_KIND = 2
REVEALS_PROPOSED = {"reveal_proposal"}
FOR_LINK_BEARERS = {"invitation", "join", "take_role"}
BY_LETTER = {"confirm", "answer_confirm", "confirm_thanks", "confirm_next", "succeed", "answer_succeed", "agree", "answer_agree",
             "answer_confirm_own"}  # fmt: skip
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass
class Walk:
    """What came of it."""

    visited: set[tuple[str, str]] = field(default_factory=set)
    answered: set[tuple[str, str]] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    found: list[tuple[str, str, Token]] = field(default_factory=list)
    seen: dict[str, set[Token]] = field(default_factory=lambda: defaultdict(set))
    revealed: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    statuses: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    log: list[str] = field(default_factory=list)
    times: list[tuple[float, str]] = field(default_factory=list)
    letters: int = 0
    letter_leaks: list[str] = field(default_factory=list)
    tokens: int = 0

    def leaks_of(self, name: str) -> list[tuple[str, Token]]:
        return [(endpoint, token) for who, endpoint, token in self.found if who == name]

    def summary(self) -> str:
        return (
            f"canary: {len(self.visited)} routes × {len(self.seen)} viewers, {sum(self.statuses.values())} answers "
            f"({', '.join(sorted(self.kinds))}), {self.tokens} tokens, {self.letters} letters, {len(self.log)} log lines, "
            f"{len(self.revealed)} reveals, {len(self.leaks)} leaks"
        )


@dataclass
class Walker:
    """One viewer on the way."""

    site: Site
    walk: Walk
    ids: Ids
    eyes: Eyes
    watch: sqlite3.Connection

    def __post_init__(self) -> None:
        self.client = self.site.client(self.eyes.name)
        self.walked: set[str] = set()
        self.forms: set[FoundForm] = set()
        self.led_to: list[str] = []

    def look(self, path: str) -> None:
        """One address, once."""
        if path in self.walked:
            return
        self.walked.add(path)
        response = self.client.get(path, buffered=True)
        self.judge(response, "GET", path)
        if response.mimetype == "text/html":
            self.led_to += sorted(links(response.text))
            self.forms |= set(forms(response.text))

    def send(self, path: str, method: str, **body: Any) -> None:
        """Change something, look at the answer and the letters, and put everything back."""
        before = self._version()
        started = monotonic()
        response = self.client.open(path, method=method, buffered=True, **body)
        self.judge(response, method, path, body)
        self.walk.times.append((monotonic() - started, f"{method} {path} {self.eyes.name} {response.status_code}"))
        if self._version() != before:
            self._read_letters()
            self.site.restore()
            self.client = self.site.client(self.eyes.name)

    def judge(self, response: TestResponse, method: str, path: str, body: object = "") -> None:
        """Note what was shown; a leak names the route, the viewer and the column."""
        endpoint = endpoint_of(self.site.app, method, path)
        self.walk.visited.add((endpoint, method))
        self.walk.statuses[response.status_code] += 1
        self.walk.kinds.add(response.mimetype or "none")
        if response.status_code < 400:
            self.walk.answered.add((endpoint, method))
        headers = "\n".join(f"{k}: {v}" for k, v in response.headers if k != "Set-Cookie")
        content = headers.encode() + b"\n" + unpacked(response.mimetype or "", response.data)
        opened = self._opened(endpoint, path)
        if opened and response.status_code == 200 and endpoint not in FOR_LINK_BEARERS | BY_LETTER:
            self.walk.revealed.add(path)
        shown = set(self.site.book.found_in(content))
        self.walk.seen[self.eyes.name] |= shown
        above = [token for token in shown if token.text not in opened and not self.eyes.may_see(token)]
        echoed = {token.text for token in self.site.book.found_in(f"{path} {body}".encode())} if above else set()
        for token in (token for token in above if token.text not in echoed):
            self.walk.found.append((self.eyes.name, endpoint, token))
            self.walk.leaks.append(f"{method} {path} shows {self.eyes.name} {token.column} ({token.field_class})")

    def _opened(self, endpoint: str, path: str) -> set[str]:
        """The exceptions: what this viewer, entitled to it, reveals with this very request; what a mailed link is for."""
        if endpoint in REVEALS_PROPOSED:
            return self._proposed(path)
        if endpoint in FOR_LINK_BEARERS:
            return self._addressed(path)
        if endpoint == "answer_confirm_own":
            return shown_to_owner(self.site.app, self.eyes.account_id)
        if endpoint in BY_LETTER:
            return shown_by_link(self.site.app, path, with_code=endpoint == "answer_confirm")
        if endpoint == "reveal_call":
            return self._called(path)
        if endpoint != "reveal":
            return set()
        entry_id, contact_id = path.split("/")[2], path.split("/")[4]
        with self.site.app.app_context():
            post = database.session().get(Post, entry_id)
            point = database.session().get(ContactPoint, contact_id)
            if post is None or point is None:
                return set()
            subject = Subject(post.institution.country_code, post.institution_id, post.id)
            return set(texts_in(point.value)) if may_reveal(self.eyes.person, subject) else set()

    def _called(self, path: str) -> set[str]:
        """The restricted numbers of the entry that somebody rings about, to whoever may be shown them."""
        with self.site.app.app_context():
            task = database.session().get(CallTask, path.split("/")[3])
            post = database.session().get(Post, task.post_id) if task else None
            if post is None:
                return set()
            points = [*post.contact_points, *post.institution.contact_points]
            points += [point for term in post.appointments for point in term.contact_points]
            subject = Subject(post.institution.country_code, post.institution_id, post.id)
            values = " ".join(point.value for point in points)
            return set(words_in(values)) if may_reveal(self.eyes.person, subject) else set()

    def _proposed(self, path: str) -> set[str]:
        """The numbers of one proposal, to somebody who may decide on it."""
        with self.site.app.app_context():
            proposal = database.session().get(Proposal, path.split("/")[3])
            if proposal is None:
                return set()
            subject = Subject(country=proposal.country_code)
            may = rights().may(self.eyes.person, "decide_proposal", subject) != "no"
            return set(words_in(f"{proposal.before} {proposal.after}")) if may else set()

    def _addressed(self, path: str) -> set[str]:
        """The address an invitation was sent to, to whoever has the link."""
        with self.site.app.app_context():
            mark = token_hash(path.split("/")[2])
            row = database.session().scalars(select(Invitation).where(Invitation.token_hash == mark)).first()
            return set(words_in(row.email)) if row else set()

    def revision(self, path: str) -> str:
        """What a program that looked at the entry would send."""
        with self.site.app.app_context():
            post = database.session().get(Post, path.rsplit("/", 1)[1])
            return f'"{post.revision if post else 1}"'

    def _version(self) -> int:
        found: int = self.watch.execute("PRAGMA data_version").fetchone()[0]
        return found

    def _read_letters(self) -> None:
        folder = self.site.folder / "mail"
        with self.site.app.app_context():
            send_mail(database.session(), self.site.app.extensions["site"])
            owners = {a.email.lower(): a.id for a in database.session().scalars(select(Account))}
        for file in folder.glob("*.eml"):
            letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            text = "\n".join(
                [
                    str(letter["Subject"]),
                    *(p.get_content() for p in letter.walk() if p.get_content_maintype() == "text"),
                ]
            )
            to = str(letter["To"]).lower()
            reader = _holder(self.site, to) or _reader(self.site, owners.get(to))
            self.walk.letters += 1
            above = [
                t for t in self.site.book.above(text.encode(), reader) if not t.column.startswith("outgoing_mail.")
            ]
            self.walk.letter_leaks += [f"{letter['Subject']} tells {reader.name} {t.column}" for t in above]
            file.unlink()


def endpoint_of(app: Flask, method: str, path: str) -> str:
    """The endpoint behind an address; `none` where there is none."""
    try:
        return str(app.url_map.bind("localhost").match(urlsplit(path).path, method)[0])
    except (HTTPException, RequestRedirect):
        return "none"


def _reader(site: Site, account_id: str | None) -> Eyes:
    if account_id is None:
        return Eyes("a stranger")
    with site.app.app_context():
        person = person_of(database.session(), database.session().get(Account, account_id))
        return Eyes(account_id, viewer_of(person).layer, person, account_id)


def _holder(site: Site, address: str) -> Eyes | None:
    """An official who was entered by somebody else, and is told what is held: their own entry."""
    with site.app.app_context():
        session = database.session()
        point = session.scalars(select(ContactPoint).where(ContactPoint.value == address)).first()
        appointment = session.get(Appointment, point.appointment_id) if point and point.appointment_id else None
        if appointment is None:
            return None
        house = session.get(Institution, appointment.post.institution_id)
        grant = Grant("focal_point", institution_id=house.id if house else None)
        person = Person("holder", (grant,), frozenset({appointment.post_id}))
        return Eyes("holder", "registered", person)


def walk_everything(site: Site) -> Walk:
    """Each viewer over each route, with every method."""
    walk, lines = Walk(tokens=len(site.book.tokens) + len(set(site.book.literals.values()))), Lines()
    ids = ids_of(site.app, site.world)
    root = logging.getLogger()
    root.addHandler(lines)
    logging.getLogger("directory").setLevel(logging.DEBUG)
    watch = sqlite3.connect(site.file)
    try:
        for eyes in site.eyes.values():
            site.restore()
            walker = Walker(site, walk, ids, eyes, watch)
            _read(walker)
            site.restore()
            _write(walker)
        site.app.logger.warning("walked")
    finally:
        root.removeHandler(lines)
        watch.close()
    walk.log = lines.lines
    walk.times = sorted(walk.times, reverse=True)
    return walk


def _read(walker: Walker) -> None:
    for rule, method in routes(walker.site.app):
        if method == "GET":
            for path in thinned(rule.endpoint, addresses(walker.site.app, rule, walker.ids), LOOKS):
                walker.look(path)
    if walker.eyes.name in walker.site.world.books:
        ask(walker)
    for path in ("/nothing", "/entries/all", "/api/v1/nothing", "/entries/not-an-id", "/api/v1/entries?limit=x"):
        walker.look(path)
    count = 0
    while walker.led_to and count < LINKS:
        path = walker.led_to.pop(0)
        count += path not in walker.walked
        walker.look(path)


def _write(walker: Walker) -> None:
    with walker.site.app.app_context():
        account = database.session().get(Account, walker.eyes.account_id) if walker.eyes.account_id else None
        email_address = account.email if account else "somebody@people.example"
    for form in _few(walker.forms):
        walker.send(form.path, "POST", data=dict(form.values))
    for rule, method in routes(walker.site.app):
        if method in UNSAFE:
            for path in thinned(rule.endpoint, addresses(walker.site.app, rule, walker.ids)):
                _send_made_up(walker, path, method, fields(email_address))


def _few(found: Iterable[FoundForm]) -> list[FoundForm]:
    """Each form twice at most for the same route and fields: they differ in what is filled in only."""
    kinds: dict[tuple[str, ...], list[FoundForm]] = defaultdict(list)
    for form in sorted(found, key=lambda f: (f.path, f.values)):
        shape = re.sub(r"[0-9a-f-]{36}", "", form.path)
        kinds[shape, *(name for name, _ in form.values)].append(form)
    return [form for forms_of_kind in kinds.values() for form in forms_of_kind[:MOST_OF_A_KIND]]


def thinned(endpoint: str, paths: list[str], most: int = CHANGES) -> list[str]:
    """All of a few addresses; of many, spread over the list. Every line is tried for revealing."""
    if endpoint == "reveal" or len(paths) <= most:
        return paths
    step = len(paths) / most
    return [paths[int(place * step)] for place in range(most)]


def _send_made_up(walker: Walker, path: str, method: str, values: dict[str, Any]) -> None:
    if path.startswith("/api/"):
        is_question = path.endswith("/ask")
        body = {"question": values["q"]} if is_question else {"title": "Another title", "reason": "it moved"}
        walker.send(path, method, json=body, headers={} if is_question else {"If-Match": walker.revision(path)})
        return
    walker.send(path, method, data=values)


def walk_pages(site: Site, names: Iterable[str], endpoints: Iterable[str]) -> Walk:
    """A short walk over some pages, for controls."""
    walk, ids, watch = Walk(), ids_of(site.app, site.world), sqlite3.connect(site.file)
    wanted = set(endpoints)
    for name in names:
        site.restore()
        walker = Walker(site, walk, ids, site.eyes[name], watch)
        for rule, method in routes(site.app):
            if method == "GET" and rule.endpoint in wanted:
                for path in addresses(site.app, rule, ids):
                    walker.look(path)
    site.restore()
    watch.close()
    return walk
