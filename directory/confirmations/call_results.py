"""What came of a call, a signed letter or a visit, and what a coordinator decides: each is one verb here.

Whoever answered is recorded by function, never by name. Nobody confirms an entry of their own by calling.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.grounds import Ground
from directory.accounts.models import Account
from directory.accounts.people import person_of
from directory.accounts.policy import relation
from directory.confirmations import answering, calls, owners, routes
from directory.confirmations.answering import Answerer, Given
from directory.confirmations.models import CallTask, Check, Finding
from directory.confirmations.snapshots import current_appointment
from directory.history import operations as history
from directory.proposals import closing
from directory.proposals import operations as proposals
from directory.proposals.actors import Actor, subject_of
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import ContactPoint, Post
from directory.registry.pictures import post_values
from directory.registry.values import clean_text

METHODS = ("call", "signed_letter", "visit")
FUNCTIONS = ("holder", "desk", "deputy", "head", "switchboard")  # who answered
AGAIN_AFTER = 2  # working days, where nobody answered
FILLED_AFTER = 10  # working days to find somebody for a post
KEPT_AFTER = 20  # working days until a decision to keep a silent holder is looked at again
MOST_NOTE = 500


class OwnEntry(Exception):
    """Whoever owns an entry confirms it signed in; a call to oneself proves nothing."""


class NotReadBack(Exception):
    """Some lines were not read back. Holds their ids."""

    def __init__(self, missing: Collection[str]) -> None:
        super().__init__("Not everything was read back")
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who rang, as an account, and how what they do reaches proposals."""

    account: Account
    actor: Actor


@dataclass(frozen=True, slots=True)
class Said:
    """What was said: by which function, in which way; `digest` is of what the caller had in front of them."""

    method: str
    function: str
    digest: str
    note: str = ""


def lines_to_read(post: Post, today: date) -> list[ContactPoint]:
    """The lines that a confirmation covers: the post's own and its holder's."""
    appointment = current_appointment(post, today)
    return [*post.contact_points, *(appointment.contact_points if appointment else ())]


def confirm(
    session: Session,
    post: Post,
    said: Said,
    *,
    read_back: Collection[str],
    caller: Caller,
    now: datetime,
    today: date,
) -> None:
    """All of it was read back and is right. Raises NotReadBack, OwnEntry, and what `answering.answer` raises."""
    _refuse_own(session, post, caller, today)
    missing = [point.id for point in lines_to_read(post, today) if point.id not in read_back]
    if missing:
        raise NotReadBack(missing)
    given = Given(post.id, "still_right", said.digest, note=said.note)
    answering.answer(session, Answerer(caller.account, said.method), [given], now=now, today=today)
    newest = select(Check).where(Check.post_id == post.id, Check.at == now, Check.outcome == "right")
    for check in session.scalars(newest):
        check.note = said.function
    session.flush()


def leave(
    session: Session, post: Post, said: Said, *, last_day: date | None, caller: Caller, now: datetime, today: date
) -> None:
    """The holder has left, somebody there says: that they go waits for a second person.

    The calls about them are done; one to fill the post is opened.
    """
    _refuse_own(session, post, caller, today)
    calls.settle(session, post.id, "left", by=caller.account.id, now=now)
    given = Given(post.id, "left", said.digest, note=said.note, last_day=last_day)
    answering.answer(session, Answerer(caller.account, said.method), [given], now=now, today=today)
    _check(session, post, said, "left", caller, now)


def note_change(session: Session, post: Post, said: Said, *, caller: Caller, now: datetime, today: date) -> None:
    """Something is not right: what, is written on the tasks, which stay open until it is corrected and confirmed."""
    for task in calls.open_of_post(session, post.id):
        task.note = _added(task.note, said.note)
    calls.put_off(session, post, today=today, working_days=AGAIN_AFTER, is_try=True)
    _check(session, post, said, "changed", caller, now)


def note_no_answer(session: Session, post: Post, said: Said, *, caller: Caller, now: datetime, today: date) -> date:
    """Nobody answered: one try more, due again in two working days. Returns the day."""
    for task in calls.open_of_post(session, post.id):
        task.note = _added(task.note, said.note)
    _check(session, post, replace(said, function=""), "no_answer", caller, now)
    return calls.put_off(session, post, today=today, working_days=AGAIN_AFTER, is_try=True)


def note_wrong_number(
    session: Session, post: Post, said: Said, *, line_id: str, caller: Caller, now: datetime, today: date
) -> Proposal | None:
    """A number reaches somebody else: that is evidence, and a proposal to take the post's own line out.

    The number stands until a second person agrees. A line of the holder's goes with the holder; an institution's is
    corrected with the institution. Raises KeyError for a line that is not the entry's.
    """
    body = post.institution
    known = {point.id: point for point in [*lines_to_read(post, today), *body.contact_points]}
    point = known[line_id]
    session.add(
        Finding(post_id=post.id, kind="wrong", value=point.id, method=said.method, by=caller.account.id, since_at=now)
    )
    _check(session, post, replace(said, function=""), "wrong", caller, now, point=point)
    calls.put_off(session, post, today=today, working_days=AGAIN_AFTER, is_try=True)
    if point.post_id != post.id:
        return None
    before = post_values(post)
    kept = tuple(line for line in before.contact_points if (line.kind, line.value) != (point.kind, point.value))
    wanted = replace(before, contact_points=kept)
    reason = said.note or "The number reached somebody else when it was called"
    return proposals.change_post(session, post, wanted, actor=caller.actor, now=now, reason=reason).proposal


def keep_holder(session: Session, post: Post, *, note: str, caller: Caller, now: datetime, today: date) -> None:
    """The silent holder goes on being shown, because somebody decided so; looked at again in twenty working days."""
    _refuse_own(session, post, caller, today)
    post.keeps_holder = True
    _record_decision(session, post, "kept", note, caller, now)
    calls.settle(session, post.id, "decided", by=caller.account.id, now=now)
    registry.touch(session, [post.id], now=now)
    calls.open_task(
        session,
        post,
        "decide",
        key=f"kept:{post.id}:{today.isoformat()}",
        now=now,
        tell_on=_later(post, today, KEPT_AFTER),
        due_on=_later(post, today, KEPT_AFTER),
        note=note,
    )


def fill(session: Session, post: Post, *, note: str, caller: Caller, now: datetime, today: date) -> None:
    """Somebody is being found for the post: the tasks wait for that, ten working days."""
    for task in calls.open_of_post(session, post.id):
        task.note = _added(task.note, note)
    _record_decision(session, post, "to_fill", note, caller, now)
    calls.put_off(session, post, today=today, working_days=FILLED_AFTER, is_try=False)


def close(
    session: Session, post: Post, *, reason: str, redirect_id: str | None, caller: Caller, now: datetime, today: date
) -> Proposal | None:
    """Ask a second person to agree that the entry goes. Raises NotAllowed and BadValue, as `closing.propose_close`."""
    proposal = closing.propose_close(
        session,
        post,
        actor=caller.actor,
        now=now,
        reason=reason,
        redirect_id=redirect_id,
        last_for=routes.last_for(session, post),
    )
    calls.put_off(session, post, today=today, working_days=FILLED_AFTER, is_try=False)
    return proposal


def tries(session: Session, post_id: str, *, most: int = 5) -> list[Check]:
    """What was tried last, newest first."""
    statement = select(Check).where(Check.post_id == post_id, Check.method.in_(METHODS))
    return list(session.scalars(statement.order_by(Check.at.desc(), Check.id).limit(most)))


def owns(session: Session, post: Post, account: Account, *, today: date) -> bool:
    """Whether it is this person's own entry: as its owner, its holder, or as one who speaks for its institution."""
    if owners.owner_of(session, post, today=today) == account.id:
        return True
    person = person_of(session, account)
    return any(relation(person, grant, subject_of(post)) == "own" for grant in person.grants)


def _refuse_own(session: Session, post: Post, caller: Caller, today: date) -> None:
    if owns(session, post, caller.account, today=today):
        raise OwnEntry


def _check(
    session: Session,
    post: Post,
    said: Said,
    outcome: str,
    caller: Caller,
    now: datetime,
    *,
    point: ContactPoint | None = None,
) -> None:
    session.add(
        Check(
            post_id=post.id,
            contact_point_id=point.id if point else None,
            method=said.method,
            outcome=outcome,
            by=caller.account.id,
            at=now,
            note=said.function,
        )
    )
    session.flush()


def _record_decision(session: Session, post: Post, action: str, note: str, caller: Caller, now: datetime) -> None:
    by = caller.account.id
    history.record(session, action, subject_type="post", subject_id=post.id, by=by, now=now, reason=clean_text(note))


def _later(post: Post, today: date, working_days: int) -> date:
    return calls.working_day(post.institution.country_code, today, working_days)


def _added(note: str, more: str) -> str:
    """The newest at the end; what no longer fits goes from the front."""
    return "\n".join(part for part in (note, clean_text(more)) if part)[-2000:]


def task_of(session: Session, task_id: str, ground: Ground) -> CallTask | None:
    """The task, if it is of this ground."""
    task = session.get(CallTask, task_id)
    return task if task is not None and ground.covers(task.country_code) else None
