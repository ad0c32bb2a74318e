"""`python -m tests.bench.history_bench`: 100,000 lines written, sealed, verified; and what counting a view costs."""

from __future__ import annotations

import hashlib
import hmac
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from directory import migrations
from directory.accounts import quotas
from directory.db import make_engine, new_id, transaction
from directory.history import operations as history
from directory.history import sealing
from directory.history.access import Asker
from tests.conftest import NOW

ROWS = 100_000
KEY = b"k" * 32


def timed(name: str, work: Callable[[], object], *, count: int = ROWS) -> float:
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    print(f"{name:<44} {seconds:7.2f} s  {seconds / count * 1e6:8.1f} µs each")
    return seconds


def bare_chain() -> None:
    """The yardstick: the hashes alone, no database."""
    previous = b""
    for number in range(ROWS):
        previous = hmac.new(KEY, previous + hashlib.sha256(str(number).encode()).digest(), hashlib.sha256).digest()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        migrations.upgrade(engine)
        yardstick = timed("hashes alone (yardstick)", bare_chain)
        with Session(engine) as session:
            timed("write", lambda: write(session))
            timed("seal", lambda: seal(session))
            verify = timed("verify", lambda: check(session))
            print(f"{'verify / yardstick':<44} {verify / yardstick:7.1f}")
            timed("a tick with nothing to seal", lambda: sealing.is_waiting(session), count=1)
            timed("the hourly look at every line", lambda: sealing.is_waiting(session, whole=True), count=1)
            timed("1,000 views of a visitor, each committed", lambda: views(session), count=1000)
            timed("1,000 views seen before", lambda: again(session), count=1000)
        engine.dispose()


THINGS = [new_id() for _ in range(1000)]


def write(session: Session) -> None:
    subjects = [(new_id(), {"title": f"Desk {number}", "role": "return_officer"}) for number in range(ROWS)]
    with transaction(session):
        history.record_many(session, "add", subject_type="post", subjects=subjects, by="bench", now=NOW)


def seal(session: Session) -> None:
    with transaction(session):
        assert sealing.seal(session, KEY, now=NOW, whole=True) == ROWS


def check(session: Session) -> None:
    found = sealing.verify(session, KEY, known=sealing.last(session))
    assert (found.faults, found.sealed_count) == ([], ROWS)


def views(session: Session) -> None:
    for thing in THINGS:
        with transaction(session):
            assert quotas.use(session, Asker(network="b"), "view", [thing], limit=1000, now=NOW).is_given


def again(session: Session) -> None:
    for thing in THINGS:
        assert quotas.not_yet(session, Asker(network="b"), "view", [thing], now=NOW) == []


if __name__ == "__main__":
    main()
