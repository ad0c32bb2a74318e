"""The second person: accept, refuse; whoever proposed: withdraw; either: one click back within thirty days."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from directory.history import operations as history
from directory.proposals import notices, rules, standing
from directory.proposals.actors import (
    RETURN_WITHIN,
    Actor,
    AlreadyDecided,
    NotAllowed,
    Outdated,
    OwnProposal,
    subject_of,
    verdict_for,
)
from directory.proposals.models import Proposal

ACTIONS = {"accepted": "accept", "scheduled": "schedule", "refused": "refuse", "returned": "take_back"}


def accept(
    session: Session, proposal: Proposal, *, actor: Actor, now: datetime, note: str = "", today: date | None = None
) -> None:
    """A second person agrees: the change stands, or is set for its day. Raises OwnProposal, NotAllowed, AlreadyDecided
    or Outdated."""
    _check_decider(session, proposal, actor)
    if proposal.kind == "close":
        _close(session, proposal, actor=actor, now=now, note=note)
        return
    row = standing.row_of(session, proposal, for_write=True)
    current = standing.current_fields(row, proposal.before, now.date())
    fields = rules.brought_forward(proposal.before, changed_fields(proposal), current)
    if fields is None:
        decide(session, proposal, "outdated", actor=actor, now=now, note=note)
        standing.unmark(session, proposal, row, now=now)
        raise Outdated
    if proposal.applies_on is not None and proposal.applies_on > (today or now.date()):
        decide(session, proposal, "scheduled", actor=actor, now=now, note=note)
        standing.unmark(session, proposal, row, now=now)
        return
    if "holder" in fields:
        fields["from_on"] = proposal.after.get("from_on")
    standing.write(session, row, fields, by=f"{proposal.by} with {actor.by}", now=now)
    decide(session, proposal, "accepted", actor=actor, now=now, note=note)
    standing.unmark(session, proposal, row, now=now)


def _close(session: Session, proposal: Proposal, *, actor: Actor, now: datetime, note: str) -> None:
    """The entry goes; a stub with id, reason and the way on stays. Nobody brings it back with one click."""
    post = standing.row_of(session, proposal, for_write=True)
    if proposal.after.get("last_for") and verdict_for(actor, "close_last_route", subject_of(post)) == "no":
        raise NotAllowed
    decide(session, proposal, "accepted", actor=actor, now=now, note=note)
    standing.close(session, proposal, post, by=f"{proposal.by} with {actor.by}", now=now)


def refuse(session: Session, proposal: Proposal, *, actor: Actor, now: datetime, note: str = "") -> None:
    """A second person disagrees: what stood stays."""
    _check_decider(session, proposal, actor)
    decide(session, proposal, "refused", actor=actor, now=now, note=note)
    standing.unmark(session, proposal, standing.row_of(session, proposal), now=now)


def withdraw(session: Session, proposal: Proposal, *, actor: Actor, now: datetime) -> None:
    """Whoever proposed takes it back."""
    if proposal.by != actor.by:
        raise NotAllowed
    standing.lock(session, proposal)
    if proposal.state != "waiting":
        raise AlreadyDecided
    decide(session, proposal, "withdrawn", actor=actor, now=now)
    try:
        row = standing.row_of(session, proposal)
    except Outdated:
        return  # the entry is gone, and its mark with it
    standing.unmark(session, proposal, row, now=now)


def take_back(session: Session, proposal: Proposal, *, actor: Actor, now: datetime) -> None:
    """One click back to what stood before an accepted change, within thirty days.

    One person is enough, and so is an import that is undone: what comes back stood here before. Raises Outdated
    where it changed again since.
    """
    standing.lock(session, proposal)
    if not may_return(proposal, now):
        raise AlreadyDecided
    row = standing.row_of(session, proposal, for_write=True)
    if not actor.is_process and verdict_for(actor, "decide_proposal", subject_of(row)) == "no":
        raise NotAllowed
    current = standing.current_fields(row, proposal.before, now.date())
    fields = rules.brought_forward(changed_fields(proposal), proposal.before, current)
    if fields is None:
        raise Outdated
    standing.write(session, row, fields, by=actor.by, now=now)
    decide(session, proposal, "returned", actor=actor, now=now)


def may_return(proposal: Proposal, now: datetime) -> bool:
    """It was accepted, and not so long ago that people have come to rely on it."""
    decided_at = proposal.decided_at
    if proposal.kind == "close":
        return False
    return proposal.state == "accepted" and decided_at is not None and now - decided_at <= RETURN_WITHIN


def changed_fields(proposal: Proposal) -> dict[str, object]:
    """What would be written."""
    return {name: value for name, value in proposal.after.items() if name != "from_on"}


def _check_decider(session: Session, proposal: Proposal, actor: Actor) -> None:
    standing.lock(session, proposal)
    if proposal.state != "waiting":
        raise AlreadyDecided
    if actor.person.account_id is None:
        raise NotAllowed  # a process proposes; deciding takes a person
    if not rules.may_decide(proposal.by, actor.by):
        raise OwnProposal
    if verdict_for(actor, "decide_proposal", subject_of(standing.row_of(session, proposal))) == "no":
        raise NotAllowed


def decide(
    session: Session, proposal: Proposal, state: str, *, actor: Actor, now: datetime, note: str = "", action: str = ""
) -> None:
    """The decision, in history and by letter."""
    proposal.state, proposal.decided_by, proposal.decided_at, proposal.decision_note = state, actor.by, now, note
    session.flush()
    history.record(
        session,
        action or ACTIONS.get(state, state),
        subject_type=proposal.subject_type,
        subject_id=proposal.subject_id,
        by=actor.by,
        now=now,
        after={"proposal": proposal.id},
        reason=note,
    )
    notices.tell_decided(session, proposal, base_url=actor.base_url, now=now)
