"""Faults while sending: killed senders, a server that refuses, hangs or puts off. Only delay, never a third copy.

The long runs: `python -m tests.proof.mail_kills`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from directory.db import transaction
from directory.mail import adapters, outbox, queries
from directory.mail.adapters import SmtpMailer
from directory.mail.message import Sender
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.mail.sending import send_due
from tests.conftest import NOW
from tests.integration.test_smtp import free_port
from tests.postgres_server import fresh_database
from tests.proof.mail_kills.runs import Outcome, prepare, run

SENDER = Sender("TRM Directory", "directory@directory.example", "directory.example")
WORDS = {"product": "TRM Directory", "name": "Ana", "title": "T", "institution": "I", "link": "x"}


def assert_kept(outcome: Outcome) -> None:
    """Nobody forgotten, at most two copies, not more extra ones than kills, nothing left over."""
    assert outcome.kills > 0
    assert (outcome.forgotten, outcome.unfinished) == (0, 0)
    assert outcome.most <= 2
    assert outcome.extra <= outcome.kills
    assert outcome.unwritten <= outcome.uncertain


@pytest.fixture
def empty_postgres(postgres_url: str) -> str:
    """A database of its own on the server of the run."""
    return prepare(fresh_database(postgres_url, "mail_kills"))


@pytest.mark.slow
@pytest.mark.postgres
def test_three_senders_one_killed_again_and_again(empty_postgres: str) -> None:
    assert_kept(run(empty_postgres, 300))


@pytest.mark.slow
@pytest.mark.postgres
def test_control_senders_that_do_not_claim_send_twice(empty_postgres: str) -> None:
    outcome = run(empty_postgres, 40, way="look, send, mark")
    assert outcome.extra > outcome.kills


@pytest.mark.slow
def test_on_sqlite_a_sender_is_killed_and_another_takes_over(tmp_path: Path) -> None:
    url = prepare(f"sqlite:///{tmp_path / 'mail.sqlite'}")
    assert_kept(run(url, 40, senders=2, lock=str(tmp_path / "sending.lock")))


class Moody:
    """A mail server in one of several moods; counts the bodies it took."""

    def __init__(self) -> None:
        self.mood, self.bodies = "fine", Counter[str]()

    async def handle_RCPT(self, server, session, envelope, address, options):  # type: ignore[no-untyped-def]  # noqa: N802
        if self.mood == "puts off":
            return "451 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # type: ignore[no-untyped-def]  # noqa: N802
        if self.mood == "refuses bodies":
            return "452 4.3.1 no room"
        self.bodies.update(envelope.rcpt_tos)
        if self.mood == "never answers":
            await asyncio.sleep(1.5)
        return "250 taken"


@pytest.fixture
def server() -> Iterator[tuple[Moody, SmtpMailer]]:
    moody = Moody()
    controller = Controller(moody, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield moody, SmtpMailer("127.0.0.1", controller.port)
    controller.stop()


@pytest.fixture
def box(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session
        with transaction(session):
            session.execute(delete(OutgoingMail))
            session.execute(delete(ReceivedMail))


def put(session: Session, count: int) -> None:
    with transaction(session):
        for n in range(count):
            outbox.queue(session, "left_told", to=f"a{n}@ministry{n}.example", key=f"k{n}", now=NOW, **WORDS)


def a_day_of(session: Session, mailer: SmtpMailer, *, start: datetime = NOW, hours: int = 24) -> None:
    """The worker ticks every hour for so long."""
    for tick in range(hours + 1):
        send_due(session, mailer, SENDER, now=start + timedelta(hours=tick))


def states(session: Session) -> dict[str, int]:
    session.rollback()
    rows = session.execute(select(OutgoingMail.state, func.count()).group_by(OutgoingMail.state))
    return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("mood", ["puts off", "refuses bodies"])
def test_a_server_that_puts_off_for_a_day_only_delays(
    box: Session, server: tuple[Moody, SmtpMailer], mood: str
) -> None:
    moody, mailer = server
    put(box, 2)
    moody.mood = mood
    a_day_of(box, mailer)
    assert states(box) == {"queued": 2}
    assert not moody.bodies
    moody.mood = "fine"
    a_day_of(box, mailer, start=NOW + timedelta(days=1), hours=2)
    assert states(box) == {"sent": 2}
    assert set(moody.bodies.values()) == {1}


def test_refused_connections_double_nothing(box: Session, server: tuple[Moody, SmtpMailer]) -> None:
    moody, mailer = server
    put(box, 2)
    a_day_of(box, SmtpMailer("127.0.0.1", free_port()))
    assert states(box) == {"queued": 2}
    a_day_of(box, mailer, start=NOW + timedelta(days=1), hours=2)
    assert states(box) == {"sent": 2}
    assert set(moody.bodies.values()) == {1}


def test_a_server_that_takes_and_never_answers_gets_two_and_is_listed(
    box: Session, server: tuple[Moody, SmtpMailer], monkeypatch: pytest.MonkeyPatch
) -> None:
    moody, mailer = server
    monkeypatch.setattr(adapters, "SECONDS", 0.5)
    put(box, 2)
    moody.mood = "never answers"
    a_day_of(box, mailer, hours=4)
    assert states(box) == {"uncertain": 2}
    assert set(moody.bodies.values()) == {2}
    assert [row.to for row in queries.letters(box, ["uncertain"])] != []
    moody.mood = "fine"
    a_day_of(box, mailer, start=NOW + timedelta(days=1))
    assert set(moody.bodies.values()) == {2}, "nobody gets a third"
