"""Every change of what readers see goes through here: plain parts at once, guarded ones when a second person agrees.

Form, API, import, merge and console differ only in the `path` of their `Actor`. Deciding stands in `deciding`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.history import operations as history
from directory.proposals import notices, rules, standing
from directory.proposals.actors import (
    MOST_A_DAY,
    RETURN_WITHIN,
    Actor,
    AlreadyDecided,
    NotAllowed,
    Outcome,
    Outdated,
    OwnProposal,
    TooManyProposals,
    subject_of,
    verdict_for,
)
from directory.proposals.deciding import accept, may_return, refuse, take_back, withdraw
from directory.proposals.models import Proposal
from directory.proposals.rules import Values
from directory.proposals.standing import holder_of
from directory.registry import operations as registry
from directory.registry.models import Institution, Post
from directory.registry.pictures import institution_values, post_values
from directory.registry.plain import plain_value
from directory.registry.values import BadValue, InstitutionValues, PostValues

__all__ = [
    "MOST_A_DAY",
    "RETURN_WITHIN",
    "Actor",
    "AlreadyDecided",
    "NotAllowed",
    "Outcome",
    "Outdated",
    "OwnProposal",
    "TooManyProposals",
    "Wish",
    "accept",
    "change_holder",
    "change_institution",
    "change_post",
    "holder_of",
    "may_return",
    "propose",
    "refuse",
    "subject_of",
    "take_back",
    "waiting_for",
    "withdraw",
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for beyond what stands at once. With `applies_on`, from that day on."""

    row: Post | Institution
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    is_guarded: bool
    reason: str
    kind: str = "change"
    applies_on: date | None = None


def change_post(
    session: Session,
    post: Post,
    wanted: PostValues,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    revision: int | None = None,
    restated: bool = False,
    applies_on: date | None = None,
) -> Outcome:
    """Change a post. With `revision`, only if nobody changed it meanwhile (raises Outdated).

    `restated`: a value was given anew that the person may not see. It waits even where it is the one that stands,
    so that the answer never tells whether a guess was right. `applies_on`: all of it stands from that day on.
    """
    _hold(session, post, actor, revision)
    before = post_values(post)
    at_once, waiting = _parts(before, wanted, actor, post, restated=restated, is_later=applies_on is not None)
    changed = registry.set_post(session, post, at_once, by=actor.by, now=now)
    wish = _wish(post, at_once, waiting, restated=restated, reason=reason, applies_on=applies_on)
    return Outcome(changed, propose(session, wish, actor=actor, now=now))


def change_institution(
    session: Session,
    institution: Institution,
    wanted: InstitutionValues,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    revision: int | None = None,
    restated: bool = False,
    applies_on: date | None = None,
) -> Outcome:
    """Change an institution, as `change_post` does a post."""
    _hold(session, institution, actor, revision)
    before = institution_values(institution)
    at_once, waiting = _parts(before, wanted, actor, institution, restated=restated, is_later=applies_on is not None)
    changed = registry.set_institution(session, institution, at_once, by=actor.by, now=now)
    wish = _wish(institution, at_once, waiting, restated=restated, reason=reason, applies_on=applies_on)
    return Outcome(changed, propose(session, wish, actor=actor, now=now))


def change_holder(
    session: Session,
    post: Post,
    name: str,
    *,
    actor: Actor,
    now: datetime,
    from_on: date | None = None,
    reason: str = "",
) -> Outcome:
    """Propose who holds a post; an empty name proposes that it falls vacant. Always waits for a second person."""
    if verdict_for(actor, "edit_guarded", subject_of(post)) == "no":
        raise NotAllowed
    if len(name) > 200:
        raise BadValue("A name has at most 200 characters")
    before = {"holder": holder_of(post, now.date())}
    after = {"holder": name, "from_on": from_on.isoformat() if from_on else None}
    wish = Wish(post, before, after, is_guarded=True, reason=reason)
    return Outcome(is_changed=False, proposal=propose(session, wish, actor=actor, now=now))


def waiting_for(session: Session, subject_type: str, subject_id: str) -> list[Proposal]:
    """What waits for a decision about this subject, oldest first."""
    statement = select(Proposal).where(
        Proposal.subject_type == subject_type, Proposal.subject_id == subject_id, Proposal.state == "waiting"
    )
    return list(session.scalars(statement.order_by(Proposal.at)))


def _hold(session: Session, row: Post | Institution, actor: Actor, revision: int | None) -> None:
    if not actor.is_process:  # an import holds thousands of rows it has just read
        standing.lock(session, row)
    if revision is not None and revision != row.revision:
        raise Outdated


def _parts(
    before: Values, wanted: Values, actor: Actor, row: Post | Institution, *, restated: bool, is_later: bool = False
) -> tuple[Values, dict[str, Any]]:
    """What stands at once and what waits; all of it waits where its day is later. Raises NotAllowed."""
    subject = subject_of(row)
    at_once, waiting = rules.split(before, wanted)
    plain_verdict = verdict_for(actor, "edit_plain", subject)
    if at_once != before and plain_verdict != "yes":
        if plain_verdict != "propose":
            raise NotAllowed
        waiting = {name: getattr(wanted, name) for name in rules.differing(before, wanted)}
        at_once = before
    if verdict_for(actor, "edit_guarded", subject) == "no":
        raise NotAllowed
    if is_later:
        waiting = {name: getattr(wanted, name) for name in rules.differing(before, wanted)}
        at_once = before
    if restated:
        waiting.setdefault("contact_points", wanted.contact_points)
    return at_once, waiting


def _wish(
    row: Post | Institution,
    stands: InstitutionValues | PostValues,
    waiting: Mapping[str, Any],
    *,
    restated: bool,
    reason: str,
    applies_on: date | None = None,
) -> Wish:
    """`before` is what stands once the plain part is written: the proposal changes only the rest."""
    was = {name: plain_value(getattr(stands, name)) for name in waiting}
    wants = {name: plain_value(value) for name, value in waiting.items()}
    is_guarded = restated or rules.touches_guarded(was, wants)
    return Wish(row, was, wants, is_guarded, reason, applies_on=applies_on)


def propose(session: Session, wish: Wish, *, actor: Actor, now: datetime) -> Proposal | None:
    """A new proposal, or the one already waiting that asks for the same; None where nothing is asked for."""
    if not wish.after:
        return None
    subject_type = "post" if isinstance(wish.row, Post) else "institution"
    for waiting in waiting_for(session, subject_type, wish.row.id):
        if (waiting.after, waiting.by, waiting.applies_on) == (dict(wish.after), actor.by, wish.applies_on):
            return waiting
    _refuse_floods(session, actor, now)
    proposal = Proposal(
        subject_type=subject_type,
        subject_id=wish.row.id,
        country_code=subject_of(wish.row).country or "",
        kind=wish.kind,
        before=dict(wish.before),
        after=dict(wish.after),
        is_guarded=wish.is_guarded,
        reason=wish.reason,
        by=actor.by,
        path=actor.path,
        at=now,
        applies_on=wish.applies_on,
    )
    if _needs_nobody(wish, actor):
        proposal.state, proposal.decided_by, proposal.decided_at = "scheduled", actor.by, now
    session.add(proposal)
    session.flush()
    _tell(session, proposal, wish, actor=actor, now=now)
    return proposal


def _needs_nobody(wish: Wish, actor: Actor) -> bool:
    """A plain change of one's own that only waits for its day."""
    if wish.applies_on is None or wish.is_guarded:
        return False
    return verdict_for(actor, "edit_plain", subject_of(wish.row)) == "yes"


def _refuse_floods(session: Session, actor: Actor, now: datetime) -> None:
    if actor.is_process:
        return
    lately = select(func.count()).where(Proposal.by == actor.by, Proposal.at > now - timedelta(days=1))
    if (session.scalar(lately) or 0) >= MOST_A_DAY:
        raise TooManyProposals


def _tell(session: Session, proposal: Proposal, wish: Wish, *, actor: Actor, now: datetime) -> None:
    """History, the readers' mark, the letters."""
    history.record(
        session,
        "propose",
        subject_type=proposal.subject_type,
        subject_id=proposal.subject_id,
        by=actor.by,
        now=now,
        after={"proposal": proposal.id, "fields": sorted(wish.after), "path": actor.path},
        reason=wish.reason,
    )
    if not proposal.is_guarded:
        return
    standing.mark(session, wish.row, being_checked=True, now=now)
    notices.tell_proposed(session, proposal, wish.row, base_url=actor.base_url, now=now)
