"""A real client against the real server: find the book, fetch it, follow changes and departures, change nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from directory.accounts.people import person_of
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.db import transaction
from directory.phonebooks import operations
from directory.phonebooks.rules import Contents
from directory.ports import SystemClock
from directory.registry import operations as registry
from directory.registry.models import Post
from tests.security.server import Server, running
from tests.web.conftest import make_world
from tests.web.signed_in import make_account

CONFIG = """
[general]
status_path = "{folder}/status/"
[pair book]
a = "here"
b = "there"
collections = ["from b"]
conflict_resolution = "b wins"
[storage here]
type = "filesystem"
path = "{folder}/cards/"
fileext = ".vcf"
[storage there]
type = "carddav"
url = "{address}"
username = "{user}"
password = "{token}"
read_only = true
"""


@dataclass
class Client:
    """vdirsyncer with a folder of its own."""

    folder: Path

    def run(self, *words: str, typed: str = "") -> str:
        config = str(self.folder / "config")
        command = [str(Path(sys.executable).with_name("vdirsyncer")), "-c", config, *words]
        done = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def cards(self) -> dict[str, str]:
        """By UID: it names the files by itself."""
        texts = [file.read_text("utf-8") for file in (self.folder / "cards").rglob("*.vcf")]
        return {text.split("UID:urn:uuid:")[1][:36]: text for text in texts}


@dataclass
class Place:
    """A server that runs, and its database."""

    server: Server
    folder: Path
    ids: dict[str, str]
    user: str
    token: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("served")
    app = create_app(read_settings({"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "test"})[0])
    with app.app_context():
        prepare(app)
        session = database.session()
        world = make_world(session)
        account = make_account(session, "reader", country="RO")
        chosen, now = Contents(countries=("RO",)), SystemClock().now()
        person = person_of(session, account)
        book, token = operations.make(session, account.id, name="A laptop", contents=chosen, person=person, now=now)
        session.commit()
        ids, user = {"desk": world.return_desk, "line": world.hotline, "kosovo": world.kosovo}, book.id
        database.engine.dispose()
    with running(folder) as server:
        yield Place(server, folder, ids, user, token)


def change(place: Place, title: str, gone: str) -> None:
    """An edit and a departure, by the operations of the directory."""
    app = create_app(read_settings({"DIRECTORY_DATA_DIR": str(place.folder), "DIRECTORY_PASSWORD_COST": "test"})[0])
    with app.app_context():
        session = database.session()
        with transaction(session):
            now = SystemClock().now()
            post = session.get_one(Post, place.ids["desk"])
            post.title = title
            registry.touch(session, [post.id], now=now)
            registry.remove_post(session, session.get_one(Post, gone), reason="gone", by="test", now=now)
        database.engine.dispose()


def test_vdirsyncer_finds_the_book_and_follows_it(place: Place, tmp_path: Path) -> None:
    client = Client(tmp_path)
    address = place.server.address  # the bare host: it has to find the rest
    (tmp_path / "config").write_text(
        CONFIG.format(folder=tmp_path, address=address, user=place.user, token=place.token)
    )
    told = client.run("discover", typed="y\n" * 9)
    assert "entries" in told
    client.run("sync")
    first = client.cards()
    assert place.ids["desk"] in first
    assert place.ids["kosovo"] not in first
    assert "Return desk" in first[place.ids["desk"]]
    client.run("sync")
    assert client.cards() == first

    change(place, "Another desk", place.ids["line"])
    client.run("sync")
    second = client.cards()
    assert first.keys() - second.keys() == {place.ids["line"]}
    assert "Another desk" in second[place.ids["desk"]]
    assert {k: v for k, v in second.items() if k != place.ids["desk"]}.items() <= first.items()

    with sqlite3.connect(place.folder / "directory.sqlite") as connection:
        found = connection.execute("SELECT count(*) FROM access_record WHERE path = 'carddav' AND kind = 'export'")
        assert found.fetchone()[0] >= 2, "each time cards were handed out"


def test_a_writable_vdirsyncer_changes_nothing(place: Place, tmp_path: Path) -> None:
    client = Client(tmp_path)
    config = CONFIG.format(folder=tmp_path, address=place.server.address, user=place.user, token=place.token)
    (tmp_path / "config").write_text(config.replace("read_only = true\n", ""))
    client.run("discover", typed="y\n" * 9)
    client.run("sync")
    before = client.cards()
    mine = next((tmp_path / "cards").rglob("*.vcf"))
    mine.write_text(mine.read_text("utf-8").replace("TITLE:", "TITLE:Mine "), "utf-8")
    command = [str(Path(sys.executable).with_name("vdirsyncer")), "-c", str(tmp_path / "config"), "sync"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode != 0
    assert "403" in refused.stderr + refused.stdout
    fresh = Client(tmp_path / "fresh")
    fresh.folder.mkdir()
    (fresh.folder / "config").write_text(config.replace(str(tmp_path), str(fresh.folder)))
    fresh.run("discover", typed="y\n" * 9)
    fresh.run("sync")
    assert fresh.cards() == before
