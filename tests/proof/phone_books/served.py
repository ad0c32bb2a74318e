"""A directory with one phone book that holds all of it, behind the server that administrators start."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from directory import worker
from directory.accounts.people import person_of
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.db import transaction
from directory.phonebooks import operations
from directory.phonebooks.models import Subscription
from directory.phonebooks.rules import Contents
from directory.ports import SystemClock
from directory.registry import operations as registry
from directory.registry.demo.loader import load_demo
from directory.registry.models import Institution, Post
from tests.bench.http_bench import _free_port, _running
from tests.bench.world import build_app
from tests.proof.phone_books import hard_entry
from tests.web.signed_in import make_account

LOG = "requests.log"


@dataclass
class Served:
    """The server, the token of its one book, and the hand that edits the directory."""

    app: Flask
    address: str
    user: str
    token: str
    ids: list[str]
    hard: str
    folder: Path

    @property
    def book(self) -> str:
        """The address of the one book."""
        return f"{self.address}/carddav/{self.user}/books/entries/"

    def requests(self) -> Counter[str]:
        """What was asked so far, by method; answers that went out, not refused ones."""
        log = (self.folder / LOG).read_text()
        return Counter(re.findall(r'^"([A-Z]+) /\S* HTTP/1.1" (?:2|3)\d\d ', log, re.MULTILINE))

    def worked(self) -> float:
        """Seconds the server has spent on answers so far."""
        return sum(map(float, re.findall(r"([\d.]+)$", (self.folder / LOG).read_text(), re.MULTILINE)))

    @contextmanager
    def altered(self, how: str, words: str = "") -> Iterator[None]:
        """The server as `served_app` knows to alter it."""
        file = self.folder / how
        file.write_text(words)
        try:
            yield
        finally:
            file.unlink()

    def change(self) -> tuple[str, str]:
        """One entry gets another title; returns its id and the title."""
        with self.app.app_context(), transaction(database.session()) as session:
            now = SystemClock().now()
            post = session.get_one(Post, self.ids[0])
            post.title = f"Un birou nou – ăâîșț, Ž, ё, no. {now:%H:%M:%S.%f}"
            registry.touch(session, [post.id], now=now)
            return post.id, post.title

    def leave(self) -> str:
        """One entry goes; returns its id."""
        with self.app.app_context(), transaction(database.session()) as session:
            gone = self.ids.pop()
            registry.remove_post(
                session, session.get_one(Post, gone), reason="gone", by="proof", now=SystemClock().now()
            )
        return gone

    def end_book(self) -> None:
        """Its owner ends it: the token is good for nothing any more."""
        with self.app.app_context(), transaction(database.session()) as session:
            account_id = session.get_one(Subscription, self.user).account_id
            operations.end(session, account_id, self.user, now=SystemClock().now())


@contextmanager
def serving(entries: int = 0) -> Iterator[Served]:
    """The demo directory, or a synthetic one of so many entries."""
    with tempfile.TemporaryDirectory() as folder:
        app = build_app(Path(folder), entries) if entries else _demo(Path(folder))
        with app.app_context():
            session = database.session()
            hard = hard_entry.add(session)
            account = make_account(session, "secretariat")
            countries = tuple(session.scalars(select(Institution.country_code).distinct()))
            person, now = person_of(session, account), SystemClock().now()
            book, token = operations.make(
                session, account.id, name="Proof", contents=Contents(countries), person=person, now=now
            )
            user = book.id
            session.commit()
            ids = [one for one in session.scalars(select(Post.id).order_by(Post.id)) if one != hard]
        ids.insert(len(ids) // 2, hard)  # neither the first, which is edited, nor the last, which goes
        port = _free_port()
        environment = os.environ | {
            "DIRECTORY_DATA_DIR": folder,
            "DIRECTORY_LOG_LEVEL": "ERROR",
            "DIRECTORY_BASE_URL": f"http://127.0.0.1:{port}",
        }
        gunicorn = str(Path(sys.executable).with_name("gunicorn"))
        command = [gunicorn, "tests.proof.phone_books.served_app:app", "-b", f"127.0.0.1:{port}", "-k", "gthread"]
        command += ["--threads", "4", "--no-control-socket", "--timeout", "300", "--log-level", "warning"]
        command += ["--access-logfile", str(Path(folder, LOG)), "--access-logformat", '"%(r)s" %(s)s %(L)s']
        with _running(command, port, environment):
            yield Served(app, f"http://127.0.0.1:{port}", user, token, ids, hard, Path(folder))


def _demo(folder: Path) -> Flask:
    app = create_app(read_settings({"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "test"})[0])
    with app.app_context():
        prepare(app)
        session, site = database.session(), app.extensions["site"]
        load_demo(session, site.taxonomy(session), now=site.now())
        session.commit()
        worker.keep_index(session, site)
    return app
