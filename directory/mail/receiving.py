"""What comes back is stored once, tied to the letter it is about, and held where too much comes back at once.

Nothing here touches an entry: whoever looks after confirmations takes the rows in state `new`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.db import insert_into, new_id, transaction
from directory.mail.breaker import Limits
from directory.mail.holding import hold_if_too_many
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.mail.pace import one_at_a_time
from directory.mail.received.classify import Verdict, refusal
from directory.mail.received.mailbox import Mailbox
from directory.mail.received.slip import Reader, Slip

MOST_AT_ONCE = 200
EARLY = timedelta(minutes=10)  # clocks differ
KEPT = timedelta(days=180)
FAILURES = frozenset({"hard", "soft", "policy", "routing"})
_ONE_RECEIVER = 0x7472_6D02


@dataclass(slots=True)
class Received:
    """What one run stored: how many of each state, and why reports are held, if they are."""

    counts: dict[str, int] = field(default_factory=dict)
    held_because: str = ""

    @property
    def total(self) -> int:
        """All that were new to us."""
        return sum(self.counts.values())


def receive(
    session: Session,
    mailbox: Mailbox,
    reader: Reader,
    *,
    now: datetime,
    today: date,
    days: int = 14,
    limits: Limits | None = None,
    limit: int = MOST_AT_ONCE,
) -> Received:
    """Read the mailbox: store what is there in one transaction, then mark it as read. Raises MailboxAway.

    A crash in between reads the same messages again and knows them by their content.
    """
    with mailbox.open() as opened:
        slips, names = [], []
        for arrived in opened.unread(limit):
            slips.append(reader.read(arrived.content, today=today))
            names.append(arrived.name)
        if not slips:
            return Received()
        with transaction(session):
            done = store(session, slips, now=now, days=days, limits=limits or Limits())
        opened.mark_read(names)
    return done


def store(session: Session, slips: Sequence[Slip], *, now: datetime, days: int, limits: Limits) -> Received:
    """One row for each message that is new to us; then look whether too much came back."""
    one_at_a_time(session, _ONE_RECEIVER)
    done = Received()
    for slip in slips:
        row = _row(session, slip, now=now, days=days)
        if _insert(session, row):
            state = str(row["state"])
            done.counts[state] = done.counts.get(state, 0) + 1
    done.held_because = hold_if_too_many(session, now=now, limits=limits)
    return done


def _row(session: Session, slip: Slip, *, now: datetime, days: int) -> dict[str, object]:
    verdict, note = slip.verdict, ""
    letter = _sent_letter(session, slip.returned_to, now=now, days=days)
    mentioned = _sent_letter(session, slip.mentions, now=now, days=366)
    state = "ignored" if verdict.kind in {"other", "loop"} else "new"
    if letter is not None and verdict.kind in {*FAILURES, "auto_reply"} and _is_known(session, letter, verdict.kind):
        state, note = "ignored", "We had this report about this letter already."
        letter, mentioned = None, letter
    elif letter is None and verdict.kind in FAILURES:
        state, note = "ignored", "It carries no return address of ours that still counts."
    elif letter is None and mentioned is None and verdict.kind == "auto_reply":
        state, note = "ignored", "It answers no letter of ours."
    return {
        "message_hash": slip.message_hash,
        "outgoing_mail_id": letter.id if letter else None,
        "mentions_mail_id": mentioned.id if mentioned else None,
        "domain": letter.domain if letter else "",
        "sender": slip.sender,
        "subject": slip.subject,
        "state": state,
        "note": note,
        **_told(verdict, now),
    }


def _told(verdict: Verdict, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "kind": verdict.kind,
        "status": verdict.status[:12],
        "recipient": verdict.recipient,
        "return_on": verdict.return_on,
        "names_deputy": verdict.names_deputy,
        "evidence": verdict.evidence,
        "received_at": now,
        "settled_by": "",
    }


def _insert(session: Session, row: dict[str, object]) -> bool:
    statement = insert_into(session, ReceivedMail).values(row).on_conflict_do_nothing(index_elements=["message_hash"])
    return session.scalars(statement.returning(ReceivedMail.id)).first() is not None


def _sent_letter(session: Session, mail_id: str | None, *, now: datetime, days: int) -> OutgoingMail | None:
    """The letter, if it went out, and not longer ago than that."""
    letter = session.get(OutgoingMail, mail_id) if mail_id else None
    if letter is None or letter.transmission_count < 1:
        return None
    went_out_at = letter.sent_at or letter.taken_at
    if went_out_at is None or not now - timedelta(days=days) <= went_out_at <= now + EARLY:
        return None
    return letter


def _is_known(session: Session, letter: OutgoingMail, kind: str) -> bool:
    same = select(ReceivedMail.id).where(ReceivedMail.outgoing_mail_id == letter.id, ReceivedMail.kind == kind)
    return session.scalars(same.limit(1)).first() is not None


def note_refusal(session: Session, letter: OutgoingMail, said: str, *, now: datetime) -> None:
    """A letter the server refused while we handed it over: the same row as for a report that comes later."""
    verdict = refusal(said)
    row: dict[str, object] = {
        "message_hash": hashlib.sha256(f"refused {letter.id}".encode()).hexdigest(),
        "outgoing_mail_id": letter.id,
        "mentions_mail_id": None,
        "domain": letter.domain,
        "sender": "",
        "subject": "",
        "state": "new",
        "note": "",
        **_told(verdict, now),
        "recipient": letter.to,
    }
    _insert(session, row)


def settle(session: Session, report: ReceivedMail, *, by: str, now: datetime, note: str = "") -> None:
    """Somebody, or something, has acted on it."""
    report.state, report.settled_by, report.settled_at = "settled", by, now
    report.note = note or report.note
    session.flush()


def forget(session: Session, *, now: datetime) -> int:
    """After half a year nobody needs the text any more: the row stays, what strangers wrote goes."""
    old = (
        update(ReceivedMail)
        .where(ReceivedMail.received_at < now - KEPT, ReceivedMail.evidence != "")
        .values(evidence="", subject="", sender="", recipient="", names_deputy="")
        .execution_options(synchronize_session=False)
    )
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]  # an update has a row count
