"""Every change of what readers see goes through here: plain parts at once, guarded ones when a second person agrees.

Form, API, import, merge and console differ only in the `path` of their `Actor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.accounts.people import rights
from directory.accounts.policy import ANYBODY, Person, Subject, Verdict
from directory.history import operations as history
from directory.proposals import rules
from directory.proposals.models import Proposal
from directory.proposals.rules import Values
from directory.registry import operations as registry
from directory.registry.models import Institution, Post
from directory.registry.pictures import institution_values, post_values
from directory.registry.plain import plain_value, restored
from directory.registry.values import BadValue, InstitutionValues, PostValues

RETURN_WITHIN = timedelta(days=30)


class NotAllowed(Exception):
    """The person may not do this to that subject. The edge answers as if it were not there."""


class Outdated(Exception):
    """What the change would replace is no longer what stands; look again."""


class OwnProposal(Exception):
    """Nobody decides on what they asked for themselves."""


class AlreadyDecided(Exception):
    """Somebody decided before."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, and on which path: form, api, import, merge, console or letter.

    `by` is the account's id, or the name of a process for those without one. A console and an import act under the
    rights of whoever runs the machine: their plain changes stand at once, their guarded ones wait like anyone's.
    """

    by: str
    path: str
    person: Person = ANYBODY

    @property
    def is_process(self) -> bool:
        """No person is signed in: the console or an import."""
        return self.person.account_id is None and self.path in {"console", "import", "merge"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did: whether anything stands now, and the proposal that waits, if any."""

    is_changed: bool
    proposal: Proposal | None = None


def change_post(
    session: Session,
    post: Post,
    wanted: PostValues,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    revision: int | None = None,
) -> Outcome:
    """Change a post. With `revision`, only if nobody changed it meanwhile (raises Outdated)."""
    if revision is not None and revision != post.revision:
        raise Outdated
    subject = subject_of(post)
    before = post_values(post)
    at_once, waiting = _parts(before, wanted, actor, subject)
    changed = registry.set_post(session, post, at_once, by=actor.by, now=now)
    proposal = _propose(session, "post", post.id, subject, before, waiting, actor=actor, now=now, reason=reason)
    if proposal is not None and proposal.is_guarded:
        _mark(session, post, being_checked=True, now=now)
    return Outcome(changed, proposal)


def change_institution(
    session: Session,
    institution: Institution,
    wanted: InstitutionValues,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    revision: int | None = None,
) -> Outcome:
    """Change an institution. With `revision`, only if nobody changed it meanwhile (raises Outdated)."""
    if revision is not None and revision != institution.revision:
        raise Outdated
    subject = Subject(country=institution.country_code, institution_id=institution.id)
    before = institution_values(institution)
    at_once, waiting = _parts(before, wanted, actor, subject)
    changed = registry.set_institution(session, institution, at_once, by=actor.by, now=now)
    proposal = _propose(
        session, "institution", institution.id, subject, before, waiting, actor=actor, now=now, reason=reason
    )
    if proposal is not None and proposal.is_guarded:
        _mark(session, institution, being_checked=True, now=now)
    return Outcome(changed, proposal)


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
    subject = subject_of(post)
    if _verdict(actor, "edit_guarded", subject) == "no":
        raise NotAllowed
    if len(name) > 200:
        raise BadValue("A name has at most 200 characters")
    before = {"holder": holder_of(post, now.date())}
    after = {"holder": name, "from_on": from_on.isoformat() if from_on else None}
    proposal = _add(session, "post", post.id, subject, before, after, guarded=True, actor=actor, now=now, reason=reason)
    _mark(session, post, being_checked=True, now=now)
    return Outcome(is_changed=False, proposal=proposal)


def accept(session: Session, proposal: Proposal, *, actor: Actor, now: datetime, note: str = "") -> None:
    """A second person agrees: the change stands. Raises OwnProposal, NotAllowed, AlreadyDecided or Outdated."""
    _check_decider(session, proposal, actor)
    subject = _load_subject(session, proposal)
    if rules.is_outdated(proposal.before, _current_fields(subject, proposal.before, now.date())):
        _decide(session, proposal, "outdated", actor=actor, now=now, note=note)
        _unmark(session, proposal, subject, now=now)
        raise Outdated
    _apply(session, subject, proposal.after, by=f"{proposal.by} with {actor.by}", now=now)
    _decide(session, proposal, "accepted", actor=actor, now=now, note=note)
    _unmark(session, proposal, subject, now=now)


def refuse(session: Session, proposal: Proposal, *, actor: Actor, now: datetime, note: str = "") -> None:
    """A second person disagrees: what stood stays."""
    _check_decider(session, proposal, actor)
    _decide(session, proposal, "refused", actor=actor, now=now, note=note)
    _unmark(session, proposal, _load_subject(session, proposal), now=now)


def withdraw(session: Session, proposal: Proposal, *, actor: Actor, now: datetime) -> None:
    """Whoever proposed takes it back."""
    if proposal.by != actor.by:
        raise NotAllowed
    if proposal.state != "waiting":
        raise AlreadyDecided
    _decide(session, proposal, "withdrawn", actor=actor, now=now)
    _unmark(session, proposal, _load_subject(session, proposal), now=now)


def take_back(session: Session, proposal: Proposal, *, actor: Actor, now: datetime) -> None:
    """One click back to what stood before an accepted change, within thirty days.

    One person is enough: what comes back was agreed by two before. Raises Outdated where it changed again since.
    """
    if proposal.state != "accepted" or proposal.decided_at is None or now - proposal.decided_at > RETURN_WITHIN:
        raise AlreadyDecided
    subject = _load_subject(session, proposal)
    if _verdict(actor, "decide_proposal", _subject(subject)) == "no":
        raise NotAllowed
    if rules.is_outdated(proposal.after, _current_fields(subject, proposal.after, now.date())):
        raise Outdated
    _apply(session, subject, proposal.before, by=actor.by, now=now)
    _decide(session, proposal, "returned", actor=actor, now=now)


def subject_of(post: Post) -> Subject:
    """The post as the policy sees it."""
    return Subject(country=post.institution.country_code, institution_id=post.institution_id, post_id=post.id)


def holder_of(post: Post, day: date) -> str:
    """Who holds the post that day; empty when vacant."""
    return next((a.official.name for a in post.appointments if a.covers(day)), "")


def _verdict(actor: Actor, action: str, subject: Subject) -> Verdict:
    if actor.is_process:
        return {"edit_plain": "yes", "edit_guarded": "propose"}.get(action, "no")  # type: ignore[return-value]
    return rights().may(actor.person, action, subject)


def _parts(before: Values, wanted: Values, actor: Actor, subject: Subject) -> tuple[Values, dict[str, Any]]:
    """What stands at once and what waits, by this person's rights. Raises NotAllowed."""
    at_once, waiting = rules.split(before, wanted)
    plain_verdict = _verdict(actor, "edit_plain", subject)
    if at_once != before and plain_verdict != "yes":
        if plain_verdict != "propose":
            raise NotAllowed
        waiting = {name: getattr(wanted, name) for name in rules.differing(before, wanted)}
        at_once = before
    if rules.guarded_fields(waiting) and _verdict(actor, "edit_guarded", subject) == "no":
        raise NotAllowed
    return at_once, waiting


def _propose(
    session: Session,
    subject_type: str,
    subject_id: str,
    subject: Subject,
    before: InstitutionValues | PostValues,
    waiting: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    reason: str,
) -> Proposal | None:
    if not waiting:
        return None
    was = {name: plain_value(getattr(before, name)) for name in waiting}
    wants = {name: plain_value(value) for name, value in waiting.items()}
    guarded = rules.touches_guarded(was, wants)
    return _add(
        session, subject_type, subject_id, subject, was, wants, guarded=guarded, actor=actor, now=now, reason=reason
    )


def _add(
    session: Session,
    subject_type: str,
    subject_id: str,
    subject: Subject,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    guarded: bool,
    actor: Actor,
    now: datetime,
    reason: str,
) -> Proposal:
    """A new proposal, or the one already waiting that asks for the same."""
    for waiting in waiting_for(session, subject_type, subject_id):
        if waiting.after == dict(after) and waiting.by == actor.by:
            return waiting
    proposal = Proposal(
        subject_type=subject_type,
        subject_id=subject_id,
        country_code=subject.country or "",
        before=dict(before),
        after=dict(after),
        is_guarded=guarded,
        reason=reason,
        by=actor.by,
        path=actor.path,
        at=now,
    )
    session.add(proposal)
    session.flush()
    history.record(
        session,
        "propose",
        subject_type=subject_type,
        subject_id=subject_id,
        by=actor.by,
        now=now,
        after={"proposal": proposal.id, "fields": sorted(after), "path": actor.path},
        reason=reason,
    )
    return proposal


def waiting_for(session: Session, subject_type: str, subject_id: str) -> list[Proposal]:
    """What waits for a decision about this subject, oldest first."""
    statement = select(Proposal).where(
        Proposal.subject_type == subject_type, Proposal.subject_id == subject_id, Proposal.state == "waiting"
    )
    return list(session.scalars(statement.order_by(Proposal.at)))


def _check_decider(session: Session, proposal: Proposal, actor: Actor) -> None:
    if proposal.state != "waiting":
        raise AlreadyDecided
    if actor.person.account_id is None:
        raise NotAllowed  # a process proposes; deciding takes a person
    if not rules.may_decide(proposal.by, actor.by):
        raise OwnProposal
    if _verdict(actor, "decide_proposal", _subject(_load_subject(session, proposal))) == "no":
        raise NotAllowed


def _decide(session: Session, proposal: Proposal, state: str, *, actor: Actor, now: datetime, note: str = "") -> None:
    proposal.state, proposal.decided_by, proposal.decided_at, proposal.decision_note = state, actor.by, now, note
    session.flush()
    history.record(
        session,
        {"accepted": "accept", "refused": "refuse", "returned": "take_back"}.get(state, state),
        subject_type=proposal.subject_type,
        subject_id=proposal.subject_id,
        by=actor.by,
        now=now,
        after={"proposal": proposal.id},
        reason=note,
    )


def _load_subject(session: Session, proposal: Proposal) -> Post | Institution:
    found: Post | Institution | None
    if proposal.subject_type == "post":
        found = session.get(Post, proposal.subject_id)
    else:
        found = session.get(Institution, proposal.subject_id)
    if found is None:
        raise Outdated
    return found


def _subject(subject: Post | Institution) -> Subject:
    if isinstance(subject, Post):
        return subject_of(subject)
    return Subject(country=subject.country_code, institution_id=subject.id)


def _current_fields(subject: Post | Institution, names: Mapping[str, Any], day: date) -> dict[str, Any]:
    values = post_values(subject) if isinstance(subject, Post) else institution_values(subject)
    fields = {name: plain_value(getattr(values, name)) for name in names if hasattr(values, name)}
    if "holder" in names and isinstance(subject, Post):
        fields["holder"] = holder_of(subject, day)
    if "from_on" in names:
        fields["from_on"] = names["from_on"]
    return fields


def _apply(session: Session, subject: Post | Institution, fields: Mapping[str, Any], *, by: str, now: datetime) -> None:
    if isinstance(subject, Post) and "holder" in fields:
        _appoint(session, subject, fields["holder"], fields.get("from_on"), by=by, now=now)
        return
    if isinstance(subject, Post):
        registry.set_post(session, subject, replace(post_values(subject), **restored(fields)), by=by, now=now)
    else:
        values = replace(institution_values(subject), **restored(fields))
        registry.set_institution(session, subject, values, by=by, now=now)


def _appoint(session: Session, post: Post, name: str, from_on: str | None, *, by: str, now: datetime) -> None:
    first = date.fromisoformat(from_on) if from_on else now.date()
    for appointment in [a for a in post.appointments if a.covers(first)]:
        registry.relieve(session, appointment, until_on=first - timedelta(days=1), by=by, now=now)
    if name:
        registry.appoint(session, post, name, by=by, now=now, from_on=first)


def _mark(session: Session, subject: Post | Institution, *, being_checked: bool, now: datetime) -> None:
    """Readers see the words "a change is being checked" beside what still stands."""
    if subject.is_being_checked == being_checked:
        return
    subject.is_being_checked = being_checked
    session.flush()
    if isinstance(subject, Post):
        registry.touch(session, [subject.id], now=now)
    else:
        registry.touch_institution(session, subject, now=now)


def _unmark(session: Session, proposal: Proposal, subject: Post | Institution, *, now: datetime) -> None:
    others = select(func.count()).where(
        Proposal.subject_type == proposal.subject_type,
        Proposal.subject_id == proposal.subject_id,
        Proposal.state == "waiting",
        Proposal.is_guarded,
    )
    if not session.scalar(others):
        _mark(session, subject, being_checked=False, now=now)
