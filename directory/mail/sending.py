"""Send what is due: claim a row, commit that it is going out, send, mark it. At most two transmissions, ever.

A crash leaves a row in `transmitting`: nobody knows whether it arrived. After half an hour it goes out once more;
should that end the same way it stays `uncertain`, to be looked at.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Select, select, update
from sqlalchemy.orm import Session

from directory.db import transaction
from directory.mail.adapters import UNSURE, Envelope, Mailer, NotSent, Refused
from directory.mail.message import Sender, message_bytes
from directory.mail.models import OutgoingMail
from directory.mail.outbox import SECRET_LETTERS, BadLetter

LEASE = timedelta(minutes=5)  # longer than any attempt may take
UNSURE_AFTER = timedelta(minutes=30)
GIVE_UP_AFTER = timedelta(hours=72)
MOST_TRANSMISSIONS = 2
log = logging.getLogger(__name__)


def send_due(session: Session, mailer: Mailer, sender: Sender, *, now: datetime, limit: int = 50) -> int:
    """Send up to `limit` letters that are due; returns how many went out. Several senders may run at once."""
    sent = 0
    for _ in range(limit):
        row = claim(session, now=now)
        if row is None:
            break
        sent += _send(session, row, mailer, sender, now)
    return sent


def claim(session: Session, *, now: datetime) -> OutgoingMail | None:
    """Take the next row for a few minutes. One that may have gone out twice is set aside as uncertain."""
    while True:
        with transaction(session):
            row = session.scalars(_next_due(now)).first()
            if row is None:
                return None
            if row.state == "transmitting" and row.transmission_count >= MOST_TRANSMISSIONS:
                _mark(session, row, state="uncertain", problem="It may have arrived once, twice or not at all.")
                continue
            if _mark(session, row, attempt=row.attempt + 1, due_at=now + LEASE):
                session.expunge(row)  # from here on it says what we claimed, not what others make of it
                row.attempt += 1
                return row


def _next_due(now: datetime) -> Select[OutgoingMail]:
    return (
        select(OutgoingMail)
        .where(OutgoingMail.state.in_(("queued", "transmitting")), OutgoingMail.due_at <= now)
        .order_by(OutgoingMail.due_at, OutgoingMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )


def _send(session: Session, row: OutgoingMail, mailer: Mailer, sender: Sender, now: datetime) -> bool:
    """One attempt with one claimed row."""

    def going_out() -> None:
        count = row.transmission_count + 1
        with transaction(session):
            ours = _mark(session, row, state="transmitting", transmission_count=count, due_at=now + UNSURE_AFTER)
        if not ours:
            raise NotSent("Another sender took over")
        row.state, row.transmission_count = "transmitting", count

    try:
        content = message_bytes(row, sender)
        mailer.deliver(Envelope(row.id, sender.address, row.to, content), going_out)
    except NotSent as error:
        _later(session, row, str(error), now)
        return False
    except (Refused, BadLetter) as error:
        with transaction(session):
            _mark(session, row, state="refused", problem=str(error)[:500])
        return False
    except UNSURE as error:
        log.warning("Nobody knows whether letter %s arrived: %s", row.id, type(error).__name__)
        return False
    with transaction(session):
        forget = {"text": "", "html": ""} if row.letter in SECRET_LETTERS else {}
        return _mark(session, row, state="sent", sent_at=now, problem="", **forget)


def _later(session: Session, row: OutgoingMail, problem: str, now: datetime) -> None:
    """Certainly not sent: again after a growing pause, for three days."""
    pause = min(timedelta(minutes=2 ** min(row.attempt - 1, 6)), timedelta(hours=1))
    state = "given_up" if now + pause - row.queued_at > GIVE_UP_AFTER else "queued"
    with transaction(session):
        # A body that the server refused was not transmitted, so it does not count as one of the two.
        count = row.transmission_count - (row.state == "transmitting")
        _mark(session, row, state=state, transmission_count=count, due_at=now + pause, problem=problem[:500])


def _mark(session: Session, row: OutgoingMail, **values: object) -> bool:
    """Change the row, if the attempt is still ours."""
    done = session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.id == row.id, OutgoingMail.attempt == row.attempt)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount == 1
