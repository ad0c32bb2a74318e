"""Let senders work, kill one of them again and again, and count what arrived at a real mail server."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from random import Random

from aiosmtpd.controller import Controller
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session

from directory import migrations
from directory.db import Base, make_engine, new_id, transaction
from directory.mail.models import OutgoingMail
from tests.proof.mail_kills.senders import START, send_for_ever

LONGEST = 1500.0


@dataclass(slots=True)
class Server:
    """A mail server that counts what it took, and takes its time."""

    copies: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.01

    async def handle_DATA(self, server, session, envelope):  # type: ignore[no-untyped-def]  # noqa: N802
        self.copies.update(envelope.rcpt_tos)
        await asyncio.sleep(self.seconds)
        return "250 taken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    letters: int
    kills: int
    forgotten: int  # no copy, and not listed as uncertain
    unwritten: int  # no copy
    extra: int
    most: int
    uncertain: int
    unfinished: int
    seconds: float

    def line(self, name: str) -> str:
        return (
            f"{name:34} {self.letters:7} {self.kills:6} {self.forgotten:9} {self.extra:6} {self.most:5} "
            f"{self.uncertain:9} {self.unfinished:10} {self.seconds:8.0f}"
        )


TITLE = f"{'':34} letters  kills forgotten  extra  most uncertain unfinished  seconds"


def run(url: str, letters: int, *, senders: int = 3, way: str = "our way", seed: int = 4, lock: str = "") -> Outcome:
    """Queue so many letters, let the senders work, kill one again and again, and count what arrived."""
    engine = make_engine(url)
    _queue(engine, letters)
    server, random, began = Server(), Random(seed), time.time()
    with listening(server) as port:
        start = _starter(url, port, way, began, lock)
        processes = [start() for _ in range(senders)]
        kills, next_kill, waiting = 0, time.monotonic() + random.uniform(0.35, 0.9), letters
        deadline = time.monotonic() + LONGEST
        while waiting and time.monotonic() < deadline:
            time.sleep(0.05)
            if time.monotonic() >= next_kill:
                victim = random.randrange(senders)
                _kill(processes[victim])
                kills += 1
                processes[victim] = start()
                next_kill = time.monotonic() + random.uniform(0.35, 0.9)
                waiting = _waiting(engine)
        for process in processes:
            _kill(process)
    outcome = _outcome(engine, server.copies, letters, kills, time.time() - began)
    engine.dispose()
    return outcome


@contextmanager
def listening(server: Server) -> Iterator[int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def _starter(url: str, port: int, way: str, began: float, lock: str) -> Callable[[], BaseProcess]:
    """Starts senders quickly: forked from a process that has everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.proof.mail_kills.senders"])

    def start() -> BaseProcess:
        process = context.Process(target=send_for_ever, args=(url, port, way, began, lock), daemon=True)
        process.start()
        return process

    return start


def _kill(process: BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    process.close()


def _queue(engine: Engine, letters: int) -> None:
    rows = [
        {
            "id": new_id(), "key": f"round-{n}", "letter": "left_told", "recipient": f"owner{n}@ministry{n % 40}.example",
            "domain": f"ministry{n % 40}.example", "subject": "Is your entry still right?", "text": "Good day.\n",
            "html": "<p>Good day.</p>\n", "language": "en", "queued_at": START, "due_at": START,
        }
        for n in range(letters)
    ]  # fmt: skip
    with Session(engine) as session, transaction(session):
        session.execute(OutgoingMail.__table__.delete())  # type: ignore[attr-defined]  # a table
        session.execute(insert(OutgoingMail.__table__), rows)  # type: ignore[arg-type]


def _waiting(engine: Engine) -> int:
    with Session(engine) as session:
        count = select(func.count()).where(OutgoingMail.state.in_(("queued", "transmitting")))
        return session.scalar(count) or 0


def _outcome(engine: Engine, copies: Counter[str], letters: int, kills: int, seconds: float) -> Outcome:
    with Session(engine) as session:
        states = {row[0]: row[1] for row in session.execute(select(OutgoingMail.to, OutgoingMail.state))}
    unwritten = [to for to in states if not copies[to]]
    return Outcome(
        letters=letters,
        kills=kills,
        forgotten=sum(states[to] != "uncertain" for to in unwritten),
        unwritten=len(unwritten),
        extra=sum(count - 1 for count in copies.values()),
        most=max(copies.values(), default=0),
        uncertain=sum(state == "uncertain" for state in states.values()),
        unfinished=sum(state in {"queued", "transmitting"} for state in states.values()),
        seconds=seconds,
    )


def prepare(url: str) -> str:
    """The tables, in an empty database."""
    engine = make_engine(url)
    migrations.upgrade(engine)
    assert "outgoing_mail" in Base.metadata.tables
    engine.dispose()
    return url
