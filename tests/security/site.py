"""The canary's site: an app over the filled world, everybody who looks at it, and a way back to how it was."""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory import worker
from directory.accounts.models import Account, TotpFactor
from directory.accounts.passwords import make_hash
from directory.accounts.people import person_of, viewer_of
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.phonebooks.cards import CardShelf
from directory.ports import FixedClock
from importers.pages import attach as attach_import_pages
from tests.conftest import NOW
from tests.people import PASSWORD, SECRET
from tests.security import asked, ledger, world
from tests.security.tokens import Book, Eyes, Token
from tests.security.world import ROLES, World


@dataclass
class Site:
    """The app, what it holds, and what everybody may see of it."""

    app: Flask
    folder: Path
    world: World
    book: Book
    eyes: dict[str, Eyes]
    kept: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))

    @property
    def file(self) -> Path:
        return self.folder / "directory.sqlite"

    def client(self, name: str) -> FlaskClient:
        """A browser, or a program, that is whoever it is named after."""
        client = self.app.test_client()
        if name in self.world.cookies:
            client.set_cookie("session", self.world.cookies[name])
        elif name in self.world.keys:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.world.keys[name]}"
        elif name in self.world.books:
            basic = b64encode(":".join(self.world.books[name]).encode()).decode()
            client.environ_base["HTTP_AUTHORIZATION"] = f"Basic {basic}"
        return client

    def keep(self) -> None:
        """Remember the database as it is."""
        with sqlite3.connect(self.file) as source:
            source.backup(self.kept)

    def restore(self) -> None:
        """The database as it was kept; nothing remembered of what was."""
        with sqlite3.connect(self.file) as target:
            self.kept.backup(target)
        self.app.extensions["site"].cache._kept.clear()
        self.app.extensions["pieces"].kept.clear()
        self.app.extensions["card_shelf"] = CardShelf()


@contextmanager
def canary_site(folder: Path) -> Iterator[Site]:
    """The site, ready and kept."""
    unpaced = {"DIRECTORY_MAIL_PER_SECOND": "1000", "DIRECTORY_MAIL_PER_DOMAIN_PER_MINUTE": "10000"}  # the clock stands
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "test", **unpaced})
    app = create_app(settings, clock=FixedClock(NOW))
    attach_import_pages(app)
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False  # the forms are tried with every right answer; tokens have their own proof
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with app.app_context():
        prepare(app)
        session = database.session()
        made = world.build(session)
        ledger.fill(session)
        _let_in(app, session)
        session.commit()
        session.expire_all()
        book = ledger.write_book(session)
        tokens = {name: token for name, (_, token) in made.books.items()}
        for name, text in [*made.cookies.items(), *made.keys.items(), *made.links.items(), *tokens.items()]:
            book.literals[text.encode()] = Token(text, f"the secret of {name}", "never")
        eyes = _eyes(made)
    worker.run_due(app)
    asked.write(app, made)
    site = Site(app, folder, made, book, eyes)
    site.keep()
    yield site
    with app.app_context():
        database.engine.dispose()


def _let_in(app: Flask, session: Session) -> None:
    """Everybody has the same password and the same app, so that the forms of sign-in can be answered rightly."""
    vault, hashed = app.extensions["vault"], make_hash(PASSWORD, "test")
    session.execute(update(Account).values(password_hash=hashed))
    for factor in session.scalars(select(TotpFactor)):
        factor.secret, factor.pending = (vault.encrypt(SECRET.encode(), "totp") for _ in range(2))


def _eyes(made: World) -> dict[str, Eyes]:
    session = database.session()
    found = {"anonymous": Eyes("anonymous"), "unfinished": Eyes("unfinished", account_id=made.accounts["unfinished"])}
    for name in ROLES:
        person = person_of(session, session.get(Account, made.accounts[name]))
        found[name] = Eyes(name, viewer_of(person).layer, person, made.accounts[name])
    found["read:public"] = Eyes("read:public")
    found["read:registered"] = Eyes("read:registered", "registered")
    found["write:coordinator"] = Eyes("write:coordinator", "registered")
    for name in made.books:  # the owner's layer and own things; no right to reveal comes with the token
        found[name] = Eyes(name, "registered", account_id=made.accounts[name.partition(":")[2]])
    return found
