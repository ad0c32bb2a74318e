"""The phone book beside Radicale with the same cards: both behind one gunicorn-like worker on loopback, one client.

Besides the time at the client stands the processor's at the server, which a busy machine lengthens less.

Radicale is GPL and no part of this project: give the python of an environment that has it in BENCH_RADICALE, or the
table says that it was left out. `python -m tests.bench.carddav_bench [sizes]`
"""

from __future__ import annotations

import argparse
import base64
import gzip
import http.client
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from sqlalchemy import select

from directory.accounts.models import Account, AccountGrant
from directory.accounts.people import person_of
from directory.app import create_app, database
from directory.config import read_settings
from directory.db import new_id, transaction
from directory.phonebooks import operations
from directory.phonebooks.rules import Contents
from directory.registry import operations as registry
from directory.registry.models import Institution, Post
from tests.bench.http_bench import _free_port, _running
from tests.bench.world import NOW, build_app

NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"'
TIMES = 7
VCARD = "text/vcard; charset=utf-8"
CHUNK = 100  # what Thunderbird and Evolution ask for at once


@dataclass
class Client:
    """One connection to one address book, by the protocol alone."""

    port: int
    book: str
    user: str
    token: str
    pid: int
    entrance: str = "/"
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)

    def send(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> str:
        basic = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        more = {
            "Authorization": f"Basic {basic}",
            "Depth": "1",
            "Content-Type": "application/xml; charset=utf-8",
            "Accept-Encoding": "gzip",
            **headers,
        }
        self.connection.request(method, path, body, more)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status in {200, 201, 204, 207}, f"{method} {path}: {answer.status} {content[:200]!r}"
        if answer.getheader("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return content.decode()

    def sync(self, token: str) -> str:
        return self.send("REPORT", self.book, f"<D:sync-collection {NAMES}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>")  # fmt: skip

    def multiget(self, hrefs: list[str]) -> str:
        named = "".join(f"<D:href>{escape(href)}</D:href>" for href in hrefs)
        return self.send("REPORT", self.book, f"<C:addressbook-multiget {NAMES}><D:prop><D:getetag/><C:address-data/></D:prop>{named}</C:addressbook-multiget>")  # fmt: skip

    def query(self) -> str:
        text = '<C:prop-filter name="FN"><C:text-match collation="i;unicode-casemap" match-type="contains">office</C:text-match></C:prop-filter>'
        return self.send("REPORT", self.book, f"<C:addressbook-query {NAMES}><D:prop><D:getetag/><C:address-data/></D:prop><C:filter>{text}</C:filter></C:addressbook-query>")  # fmt: skip


def token_in(answer: str) -> str:
    found = re.search(r"sync-token>([^<]+)<", answer)
    assert found, answer[-300:]
    return found[1]


def cards_in(answer: str) -> list[str]:
    return re.findall(r"href>([^<]+\.vcf)<", answer)


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds at the client, the middle of several; of the processor at the server, their mean."""

    wall: float
    processor: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall + other.wall, self.processor + other.processor)


def spent(pid: int) -> float:
    """Milliseconds of the processor that a server has used, its workers included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
    return own + sum(map(spent, map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())))


def timed(client: Client, act: Callable[[], object], times: int = 1, before: Callable[[], None] | None = None) -> Cost:
    """What doing that costs; `before` each time is not counted."""
    walls, processor = [], 0.0
    for _ in range(times):
        if before:
            before()
        used, start = spent(client.pid), time.perf_counter()
        act()
        walls.append((time.perf_counter() - start) * 1000)
        processor += spent(client.pid) - used
    return Cost(statistics.median(walls), processor / times)


def measure(client: Client, edit: Callable[[], None], leave: Callable[[], None]) -> dict[str, Cost]:
    """Every step of a device's life with a book."""
    found: dict[str, Cost] = {}
    first = ""

    def begin() -> None:
        nonlocal first
        first = client.sync("")

    client.send("PROPFIND", client.entrance, Depth="0")  # the program itself has started
    found["first sync-collection, right after start"] = timed(client, begin)
    found["first sync-collection, again"] = timed(client, begin, TIMES)
    hrefs, token = cards_in(first), token_in(first)
    chunks = [hrefs[start : start + CHUNK] for start in range(0, len(hrefs), CHUNK)]

    def fetch() -> None:
        for chunk in chunks:
            client.multiget(chunk)

    found["every card by multigets of 100, cold"] = timed(client, fetch)
    # One writes its cards when they are asked for, the other reads them in when it is first looked at.
    first_look = found["first sync-collection, right after start"]
    found["list and every card, right after start"] = first_look + found["every card by multigets of 100, cold"]
    found["every card by multigets of 100, warm"] = timed(client, fetch, 3)
    found["every card by one multiget, warm"] = timed(client, lambda: client.multiget(hrefs), 3)
    found["nothing new"] = timed(client, lambda: client.sync(token), TIMES * 3)
    found["FN contains"] = timed(client, client.query, 3)

    def follow() -> None:
        nonlocal token
        answer = client.sync(token)
        assert len(cards_in(answer)) == 1, f"{len(cards_in(answer))} cards moved"
        token = token_in(answer)

    found["one change"] = timed(client, follow, TIMES, edit)
    found["one departure"] = timed(client, follow, TIMES, leave)
    return found


@contextmanager
def own(size: int) -> Iterator[tuple[Client, Callable[[], None], Callable[[], None]]]:
    """The directory with so many entries, all of them in one book."""
    with tempfile.TemporaryDirectory() as folder:
        build_app(Path(folder), size)
        app = create_app(read_settings({"DIRECTORY_DATA_DIR": folder})[0])
        with app.app_context():
            session = database.session()
            account = Account(id=new_id(), email="bench@people.example", name="Bench", created_at=NOW)
            account.grants = [AccountGrant(role="secretariat", granted_at=NOW, granted_by="bench")]
            session.add(account)
            session.flush()
            countries = tuple(session.scalars(select(Institution.country_code).distinct()))
            person = person_of(session, account)
            book, token = operations.make(session, account.id, name="Bench", contents=Contents(countries), person=person, now=NOW)  # fmt: skip
            book_id = book.id
            session.commit()
            ids = list(session.scalars(select(Post.id).order_by(Post.id)))
        port = _free_port()
        gunicorn = str(Path(sys.executable).with_name("gunicorn"))
        command = [
            gunicorn,
            "tests.bench.carddav_served:app",
            "-b",
            f"127.0.0.1:{port}",
            "-k",
            "gthread",
            "--threads",
            "4",
        ]
        environment = os.environ | {
            "DIRECTORY_DATA_DIR": folder,
            "DIRECTORY_LOG_LEVEL": "ERROR",
            "DIRECTORY_BASE_URL": f"http://127.0.0.1:{port}",
        }
        with _running([*command, "--no-control-socket", "--timeout", "300"], port, environment) as pid:

            def edit() -> None:
                with app.app_context(), transaction(database.session()) as session:
                    post = session.get_one(Post, ids[0])
                    post.title = f"Desk {time.time_ns()}"
                    registry.touch(session, [post.id], now=NOW)

            def leave() -> None:
                with app.app_context(), transaction(database.session()) as session:
                    registry.remove_post(session, session.get_one(Post, ids.pop()), reason="bench", by="bench", now=NOW)

            yield Client(port, f"/carddav/{book_id}/books/entries/", book_id, token, pid, "/carddav/"), edit, leave


@contextmanager
def radicale(python: str, cards: list[str]) -> Iterator[tuple[Client, Callable[[], None], Callable[[], None]]]:
    """Radicale over the very same cards, put there by its own way in."""
    with tempfile.TemporaryDirectory() as folder:
        port, users = _free_port(), Path(folder, "users")
        users.write_text("bench:bench\n")
        options = {
            "server-hosts": f"127.0.0.1:{port}", "auth-type": "htpasswd", "auth-htpasswd-filename": str(users),
            "auth-htpasswd-encryption": "plain", "storage-filesystem-folder": f"{folder}/store", "server-max-content-length": "1000000000",
            "logging-level": "error", "server-timeout": "300",
        }  # fmt: skip
        command = [python, "-m", "radicale", *(f"--{name}={value}" for name, value in options.items())]
        book = "/bench/book/"
        with _running(command, port, dict(os.environ)) as pid:
            whole = "".join(cards).replace("\r\nUID:urn:uuid:", "\r\nUID:").encode()  # it names files by UID
            Client(port, book, "bench", "bench", pid).send("PUT", book, whole, **{"Content-Type": VCARD})
        # started again, so that the first look is cold for it too
        with _running(command, port, dict(os.environ)) as pid:
            names: list[str] = []

            def edit() -> None:
                if not names:
                    names.extend(cards_in(client.send("PROPFIND", book)))
                text = client.send("GET", names[0])
                text = re.sub(r"\r\nTITLE:[^\r]*", f"\r\nTITLE:Desk {time.time_ns()}", text)
                client.send("PUT", names[0], text.encode(), **{"Content-Type": VCARD})

            def leave() -> None:
                client.send("DELETE", names.pop())

            client = Client(port, book, "bench", "bench", pid)
            yield client, edit, leave


def main(sizes: list[int]) -> None:
    """Print the table."""
    python = os.environ.get("BENCH_RADICALE", "")
    print(
        "\nPhone book: milliseconds at the client, then of the processor at the server; loopback, one connection, gzip"
    )
    print(f"{'entries':>8}  {'what':<42} {'own':>9} {'Radicale':>9} {'own ÷ R.':>10} {'own':>12} {'Radicale':>9} {'own ÷ R.':>10}")  # fmt: skip
    for size in sizes:
        with own(size) as (client, edit, leave):
            mine = measure(client, edit, leave)
            cards = _cards(client)
        theirs: dict[str, Cost] = {}
        if python:
            with radicale(python, cards) as (other, edit, leave):
                theirs = measure(other, edit, leave)
        for what, cost in mine.items():
            beside = theirs.get(what)
            wall = _beside(cost.wall, beside.wall if beside else None)
            processor = _beside(cost.processor, beside.processor if beside else None)
            print(f"{size:>8}  {what:<42} {wall}    {processor}", flush=True)


def _beside(own: float, other: float | None) -> str:
    if other is None:
        return f"{own:9.1f} {'–':>9} {'left out':>10}"
    return f"{own:9.1f} {other:9.1f} {own / other if other else 0:8.2f} ×"


def _cards(client: Client) -> list[str]:
    text = client.send("GET", client.book)
    return [part + "END:VCARD\r\n" for part in text.split("END:VCARD\r\n")[:-1]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000])
    main(parser.parse_args().sizes)
