"""One sender process, as the worker does it and in two ways that must fail.

Time runs three hundred times as fast for the senders, so that the half hour before a second attempt takes six seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.alone import alone
from directory.db import make_engine, transaction
from directory.mail.adapters import Envelope, Mailer, SmtpMailer
from directory.mail.message import Sender, message_bytes
from directory.mail.models import OutgoingMail
from directory.mail.pace import Pace
from directory.mail.sending import send_due

SPEED = 300
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SENDER = Sender("TRM Directory", "directory@directory.example", "directory.example")


def _clock(began: float) -> datetime:
    return START + timedelta(seconds=(time.time() - began) * SPEED)


def our_way(session: Session, mailer: Mailer, now: datetime) -> None:
    """As the worker does it."""
    send_due(session, mailer, SENDER, now=now, limit=5, pace=Pace(10_000_000, 10_000_000))


def mark_then_send(session: Session, mailer: Mailer, now: datetime) -> None:
    """Control: whoever dies in between has lost a letter."""
    with transaction(session):
        row = session.scalars(_next(now).with_for_update(skip_locked=True)).first()
        if row is not None:
            session.execute(update(OutgoingMail).where(OutgoingMail.id == row.id).values(state="sent", sent_at=now))
            session.expunge(row)
    if row is not None:
        mailer.deliver(Envelope(row.id, SENDER.address, row.to, message_bytes(row, SENDER)), lambda: None)


def look_send_mark(session: Session, mailer: Mailer, now: datetime) -> None:
    """Control: two who look at the same time send the same letter."""
    row = session.scalars(_next(now)).first()
    session.rollback()
    if row is not None:
        mailer.deliver(Envelope(row.id, SENDER.address, row.to, message_bytes(row, SENDER)), lambda: None)
        with transaction(session):
            session.execute(update(OutgoingMail).where(OutgoingMail.id == row.id).values(state="sent", sent_at=now))


def _next(now: datetime):  # type: ignore[no-untyped-def]
    waiting = select(OutgoingMail).where(OutgoingMail.state == "queued", OutgoingMail.due_at <= now)
    return waiting.order_by(OutgoingMail.due_at, OutgoingMail.id).limit(1)


WAYS: dict[str, Callable[[Session, Mailer, datetime], None]] = {
    "our way": our_way,
    "mark, then send": mark_then_send,
    "look, send, mark": look_send_mark,
}


def send_for_ever(url: str, port: int, way: str, began: float, lock: str) -> None:
    """One sender process; only a signal ends it."""
    engine, mailer = make_engine(url), SmtpMailer("127.0.0.1", port)
    with Session(engine) as session:
        while True:
            if lock:
                with alone(Path(lock)) as is_alone:
                    if is_alone:
                        WAYS[way](session, mailer, _clock(began))
            else:
                WAYS[way](session, mailer, _clock(began))
            time.sleep(0.002)
