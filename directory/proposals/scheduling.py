"""What has its day: agreed changes that stand from then on, and terms that begin or end. Late is still once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from directory.proposals import rules, standing
from directory.proposals.actors import Actor, AlreadyDecided, NotAllowed, Outdated, subject_of, verdict_for
from directory.proposals.deciding import changed_fields, decide
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Appointment, Post

BY = Actor("worker", "worker")
LOOK_BACK = timedelta(days=400)  # a directory that stood still longer than this is built anew anyway


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a run: changes that stand now, and changes that no longer fitted what stands."""

    applied: int = 0
    outdated: int = 0
    begun_or_ended: int = 0

    @property
    def total(self) -> int:
        """Everything that was done."""
        return self.applied + self.outdated + self.begun_or_ended


def apply_due(session: Session, *, now: datetime, today: date, limit: int = 200) -> Applied:
    """Make the changes stand whose day has come. Two that run at once apply each once; a late run applies it too.

    One whose entry has changed meanwhile writes nothing: it is out of date, and whoever asked for it is told.
    """
    ids = session.scalars(
        select(Proposal.id)
        .where(Proposal.state == "scheduled", Proposal.applies_on <= today)
        .order_by(Proposal.applies_on, Proposal.at, Proposal.id)
        .limit(limit)
    ).all()
    states = [_apply(session, session.get_one(Proposal, proposal_id), now=now, today=today) for proposal_id in ids]
    return Applied(states.count("accepted"), states.count("outdated"))


def _apply(session: Session, proposal: Proposal, *, now: datetime, today: date) -> str:
    standing.lock(session, proposal)
    if proposal.state != "scheduled":
        return "done before"
    decided_by = proposal.decided_by or proposal.by
    try:
        row = standing.row_of(session, proposal, for_write=True)
    except Outdated:
        decide(session, proposal, "outdated", actor=BY, now=now)
        return "outdated"
    current = standing.current_fields(row, proposal.before, today)
    fields = rules.brought_forward(proposal.before, changed_fields(proposal), current)
    if fields is None:
        decide(session, proposal, "outdated", actor=BY, now=now)
        return "outdated"
    by = proposal.by if decided_by == proposal.by else f"{proposal.by} with {decided_by}"
    standing.write(session, row, fields, by=by, now=now)
    decide(session, proposal, "accepted", actor=BY, now=now, action="apply")
    proposal.decided_by = decided_by  # a person agreed; the clock only kept the day
    session.flush()
    return "accepted"


def call_off(session: Session, proposal: Proposal, *, actor: Actor, now: datetime) -> None:
    """A change that waits for its day does not come: by whoever asked for it, or who decides there.

    Raises AlreadyDecided where it stands already, and NotAllowed.
    """
    standing.lock(session, proposal)
    if proposal.state != "scheduled":
        raise AlreadyDecided
    if proposal.by != actor.by:
        try:
            subject = subject_of(standing.row_of(session, proposal))
        except Outdated as error:
            raise NotAllowed from error
        if verdict_for(actor, "decide_proposal", subject) == "no":
            raise NotAllowed
    decide(session, proposal, "withdrawn", actor=actor, now=now)


def apply_dates(session: Session, *, now: datetime, today: date, zone: ZoneInfo) -> int:
    """Entries whose holder's term began or ended look different from that day on: readers, index and phones follow.

    Only those that nothing has touched since that day, so that it may run as often as it likes. Returns how many.
    """
    terms = session.execute(
        select(Appointment.post_id, Appointment.from_on, Appointment.until_on, Post.changed_at)
        .join(Post, Post.id == Appointment.post_id)
        .where(
            or_(
                Appointment.from_on.between(today - LOOK_BACK, today),
                Appointment.until_on.between(today - LOOK_BACK, today - timedelta(days=1)),
            )
        )
    )
    stale = {
        post_id
        for post_id, from_on, until_on, changed_at in terms
        if _day_of_change(from_on, until_on, today) > changed_at.astimezone(zone).date()
    }
    if stale:
        registry.touch(session, sorted(stale), now=now)
    return len(stale)


def _day_of_change(from_on: date | None, until_on: date | None, today: date) -> date:
    """The newest day, today at the latest, from which on the entry shows something else."""
    days = [from_on, until_on + timedelta(days=1) if until_on else None]
    return max((day for day in days if day is not None and day <= today), default=date.min)
