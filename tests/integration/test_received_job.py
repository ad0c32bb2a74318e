"""The whole way: a letter goes out to a real server, its report lands in a Maildir, the worker ties the two together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import select

from directory import worker
from directory.app import create_app, database, prepare
from directory.config import BadSetting, read_settings
from directory.db import transaction
from directory.mail import outbox
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.ports import FixedClock
from tests.conftest import NOW
from tests.integration.test_bounces import SAMPLE_ADDRESS
from tests.integration.test_smtp import free_port
from tests.mail_samples import sample

LETTER = {"product": "P", "name": "Ana", "title": "T", "institution": "I", "link": "x"}


@dataclass
class Sink:
    """Notes from whom to whom."""

    seen: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, server, session, envelope):  # type: ignore[no-untyped-def]  # noqa: N802
        self.seen.append((envelope.mail_from, envelope.rcpt_tos[0]))
        return "250 taken"


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def app(tmp_path: Path, sink: Sink) -> Iterator[Flask]:
    for part in ("new", "cur", "tmp"):
        (tmp_path / "mail" / part).mkdir(parents=True)
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings, _ = read_settings(
        {
            "DIRECTORY_DATA_DIR": str(tmp_path / "data"),
            "DIRECTORY_MAIL_URL": f"smtp://127.0.0.1:{controller.port}",
            "DIRECTORY_MAILBOX_URL": f"maildir://{tmp_path / 'mail'}",
            "DIRECTORY_RETURN_PATH": "bounce@directory.example",
            "DIRECTORY_SEARCH": "memory",
        }
    )
    app = create_app(settings, clock=FixedClock(NOW))
    with app.app_context():
        prepare(app)
        yield app
        database.session.remove()
        database.engine.dispose()
    controller.stop()


def test_a_report_finds_its_letter_by_way_of_the_envelope(app: Flask, sink: Sink, tmp_path: Path) -> None:
    session, site = database.session(), app.extensions["site"]
    with transaction(session):
        outbox.queue(session, "left_told", to="ana@ministry.example", key="k", now=NOW, **LETTER)
    assert worker.send_mail(session, site) == 1
    ((return_address, to),) = sink.seen
    assert to == "ana@ministry.example"
    content = SAMPLE_ADDRESS.sub(return_address.encode(), sample("hard_postfix_unknown"))
    (tmp_path / "mail" / "new" / "1.M1.mx").write_bytes(content)
    assert worker.receive_mail(session, site) == 1
    assert worker.receive_mail(session, site) == 0
    report = session.scalars(select(ReceivedMail)).one()
    letter = session.scalars(select(OutgoingMail)).one()
    assert (report.kind, report.state, report.outgoing_mail_id) == ("hard", "new", letter.id)
    assert [path.name for path in (tmp_path / "mail" / "cur").iterdir()] == ["1.M1.mx:2,S"]


def test_a_mailbox_that_is_away_stops_no_other_job(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "mail" / "new").rmdir()
    assert worker.receive_mail(database.session(), app.extensions["site"]) == 0


def test_the_pace_of_the_settings_holds(app: Flask, sink: Sink) -> None:
    session, site = database.session(), app.extensions["site"]
    with transaction(session):
        for n in range(8):
            outbox.queue(session, "left_told", to=f"a{n}@ministry{n}.example", key=f"k{n}", now=NOW, **LETTER)
    assert worker.send_mail(session, site) == 5, "five a second"
    assert worker.send_mail(session, site) == 0, "the clock stands still"


def test_odd_mail_settings_are_named(tmp_path: Path) -> None:
    for name, value in (
        ("RETURN_PATH", "bounce+x@directory.example"), ("MAILBOX_URL", "pop3://x"), ("MAIL_URL", "http://x"),
    ):  # fmt: skip
        settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(tmp_path), f"DIRECTORY_{name}": value})
        with pytest.raises(BadSetting, match=name):
            worker.try_mail_settings(settings)
    for name in ("RETURN_ADDRESS_DAYS", "BOUNCE_LIMIT", "MAIL_PER_SECOND", "MAIL_PER_DOMAIN_PER_MINUTE"):
        with pytest.raises(BadSetting, match=name):
            read_settings({"DIRECTORY_DATA_DIR": str(tmp_path), f"DIRECTORY_{name}": "0"})
