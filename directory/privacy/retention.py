"""What is kept no longer: who held a closed post, what strangers wrote about it, what readers met there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Delete, Update

from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.confirmations.links import LINK_DAYS
from directory.confirmations.models import CallTask, ConfirmationLetter, Finding, LetterEntry, OutcomeReport, Succession
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.privacy.erasing import erase_official
from directory.proposals.models import Proposal
from directory.registry.models import Appointment, Official

BY = "worker"
REASON = "Kept no longer: the time in the post ended long enough ago."
A_RUN = 20  # erasures: each looks through every table


@dataclass(frozen=True, slots=True)
class Kept:
    """For how many days what is kept, from the settings."""

    holders: int = 30  # after the end of their last time in a post
    evidence: int = 90
    outcomes: int = 365


def erase_due(session: Session, *, now: datetime, today: date, after_days: int, limit: int = A_RUN) -> int:
    """Take out who has held no post for so long; returns how many. Somebody who still signs in goes on doing so."""
    found = due_officials(session, today=today, after_days=after_days, limit=limit)
    for official in found:
        keeps = keeps_account(session, official)
        erase_official(session, official, by=BY, now=now, reason=REASON, keeps_account=keeps)
    return len(found)


def due_officials(session: Session, *, today: date, after_days: int, limit: int = A_RUN) -> list[Official]:
    """Whose last time in a post ended more than so many days ago, and whose closed entries went that long ago."""
    before = today - timedelta(days=after_days)
    terms = select(Appointment.id).where(Appointment.official_id == Official.id)
    runs_or_ended_lately = or_(Appointment.until_on.is_(None), Appointment.until_on >= before)
    unnamed = Official.name == ""
    ended = select(Official).where(
        ~unnamed, Official.is_demo.is_(False), exists(terms), ~exists(terms.where(runs_or_ended_lately))
    )
    found = list(session.scalars(ended.order_by(Official.id).limit(limit)))
    return [*found, *_of_closed_entries(session, before)][:limit]


def _of_closed_entries(session: Session, before: date) -> Iterator[Official]:
    """Who held an entry that was closed: nothing else says any more that they did."""
    closed = session.scalars(
        select(Proposal)
        .where(Proposal.kind == "close", Proposal.state == "accepted")
        .where(Proposal.decided_at < datetime.combine(before, time(), UTC))
        .order_by(Proposal.decided_at)
    )
    seen: set[str] = set()
    for proposal in closed:
        for official_id in proposal.after.get("officials", ()):
            official = session.get(Official, official_id)
            if official is None or not official.name or official_id in seen:
                continue
            if session.scalar(select(Appointment.id).where(Appointment.official_id == official_id).limit(1)):
                continue
            seen.add(official_id)
            yield official


def keeps_account(session: Session, official: Official) -> bool:
    """Whether somebody signs in as this person for anything else: a role that goes on, an entry they look after."""
    mine = select(Account.id).where(Account.official_id == official.id)
    roles = select(AccountGrant.id).where(AccountGrant.account_id.in_(mine), AccountGrant.ended_at.is_(None)).limit(1)
    entries = select(PostOwner.post_id).where(PostOwner.account_id.in_(mine)).limit(1)
    return session.scalar(roles) is not None or session.scalar(entries) is not None


def forget_old(session: Session, *, now: datetime, kept: Kept) -> int:
    """Empty what nobody needs for a decision any more; rows stay where they count. Returns how many were touched."""
    evidence_before = now - timedelta(days=kept.evidence)
    return sum(_run(session, one) for one in _statements(evidence_before, now - timedelta(days=kept.outcomes)))


def _statements(evidence_before: datetime, outcomes_before: datetime) -> Iterator[Update | Delete]:
    settled = ("settled", "ignored")
    old_ones = Finding.settled_at < evidence_before
    yield update(Finding).where(old_ones, Finding.evidence != "").values(evidence="")
    yield update(Finding).where(old_ones, Finding.kind == "bounced", Finding.value != "").values(value="")
    yield (
        update(ReceivedMail)
        .where(ReceivedMail.state.in_(settled), ReceivedMail.received_at < evidence_before)
        .where(or_(*(column != "" for column in _WRITTEN_BY_STRANGERS)))
        .values(dict.fromkeys(_WRITTEN_BY_STRANGERS, ""))
    )
    yield update(CallTask).where(CallTask.settled_at < evidence_before, CallTask.note != "").values(note="")
    old = select(ConfirmationLetter.id).where(ConfirmationLetter.written_at < evidence_before)
    yield (
        update(LetterEntry)
        .where(LetterEntry.letter_id.in_(old), LetterEntry.digest != "")
        .values(snapshot={}, digest="")
    )
    yield (
        update(Succession)
        .where(Succession.named_at < evidence_before, Succession.email != "")  # a link lives thirty days
        .where(or_(Succession.state != "offered", Succession.named_at < evidence_before - timedelta(days=LINK_DAYS)))
        .values(name="", email="")
    )
    yield (
        update(OutgoingMail)
        .where(OutgoingMail.state.not_in(("queued", "transmitting")), OutgoingMail.queued_at < evidence_before)
        .where(or_(OutgoingMail.text != "", OutgoingMail.html != ""))
        .values(text="", html="")
    )
    yield delete(OutcomeReport).where(OutcomeReport.at < outcomes_before)


_WRITTEN_BY_STRANGERS = (
    ReceivedMail.evidence,
    ReceivedMail.subject,
    ReceivedMail.sender,
    ReceivedMail.recipient,
    ReceivedMail.names_deputy,
)


def _run(session: Session, statement: Update | Delete) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]  # a change has a row count
