"""Send what is due: claim a row, commit that it is going out, send, mark it. At most two transmissions, ever.

A crash leaves a row in `transmitting`: nobody knows whether it arrived. After half an hour it goes out once more;
should that end the same way it stays `uncertain`, to be looked at.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, Select, select, update
from sqlalchemy.orm import Session

from directory.db import transaction
from directory.mail.adapters import UNSURE, Envelope, Mailer, NotSent, Refused
from directory.mail.message import Sender, ascii_address, message_bytes
from directory.mail.models import OutgoingMail
from directory.mail.outbox import SECRET_LETTERS, BadLetter
from directory.mail.pace import Pace, one_at_a_time
from directory.mail.received.parts import one_line
from directory.mail.receiving import note_refusal

LEASE = timedelta(minutes=5)  # longer than any attempt may take
UNSURE_AFTER = timedelta(minutes=30)
GIVE_UP_AFTER = timedelta(hours=72)
MOST_TRANSMISSIONS = 2
log = logging.getLogger(__name__)


def send_due(
    session: Session, mailer: Mailer, sender: Sender, *, now: datetime, limit: int = 50, pace: Pace | None = None
) -> int:
    """Send up to `limit` letters that are due; returns how many went out. Several senders may run at once."""
    sent = 0
    for _ in range(limit):
        row = claim(session, now=now, pace=pace)
        if row is None:
            break
        sent += _send(session, row, mailer, sender, now)
    return sent


def claim(session: Session, *, now: datetime, pace: Pace | None = None) -> OutgoingMail | None:
    """Take the next row for a few minutes. One that may have gone out twice is set aside as uncertain."""
    while True:
        with transaction(session):
            statement = _next_due(now)
            if pace is not None:
                one_at_a_time(session)
                statement = statement.where(_in_pace(session, pace, now))
            row = session.scalars(statement).first()
            if row is None:
                return None
            if row.state == "transmitting" and row.transmission_count >= MOST_TRANSMISSIONS:
                _mark(session, row, state="uncertain", problem="It may have arrived once, twice or not at all.")
                continue
            if _mark(session, row, attempt=row.attempt + 1, due_at=now + LEASE, taken_at=now):
                session.expunge(row)  # from here on it says what we claimed, not what others make of it
                row.attempt += 1
                return row


def _next_due(now: datetime) -> Select[OutgoingMail]:
    return (
        select(OutgoingMail)
        .where(OutgoingMail.state.in_(("queued", "transmitting")), OutgoingMail.due_at <= now)
        .order_by(OutgoingMail.is_urgent.desc(), OutgoingMail.due_at, OutgoingMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )


def _in_pace(session: Session, pace: Pace, now: datetime) -> ColumnElement[bool]:
    """What may go out this instant: a letter about somebody's own access always, others when it is their turn."""
    if pace.is_spent(session, now=now):
        return OutgoingMail.is_urgent.is_(True)
    return OutgoingMail.is_urgent | OutgoingMail.domain.not_in(pace.busy_domains(now))


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
        mailer.deliver(Envelope(row.id, sender.envelope_address(row.id), ascii_address(row.to), content), going_out)
    except NotSent as error:
        _later(session, row, _said(error), now)
        return False
    except (Refused, BadLetter) as error:
        with transaction(session):
            ours = _mark(session, row, state="refused", problem=_said(error))
            if ours and isinstance(error, Refused):
                note_refusal(session, row, _said(error), now=now)
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
        _mark(session, row, state=state, transmission_count=count, due_at=now + pause, problem=problem)


def _said(error: Exception) -> str:
    """A server's own words may hold anything; a database does not take everything."""
    return one_line(str(error))[:500]


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
