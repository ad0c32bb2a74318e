"""Who is asked, and who is asked next. The database says what is due; every part may be run twice, late, or by two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, selectinload

from directory.accounts.models import Account
from directory.confirmations import calls, owners, rules
from directory.confirmations.models import (
    Asked,
    ConfirmationLetter,
    ConfirmationRequest,
    ConfirmationRound,
    Finding,
    RequestedEntry,
)
from directory.confirmations.owners import Held
from directory.confirmations.rules import Timeline
from directory.confirmations.snapshots import load_posts
from directory.db import insert_into, new_id
from directory.history import operations as history
from directory.registry.holidays import is_holiday
from directory.registry.models import Post

BY = "worker"
OWNER_STEPS = ("ask", "remind", "deputy")  # those that write to the owner
STAND_INS_EVERY = timedelta(days=7)
UNOWNED_EVERY = timedelta(days=90)  # settled without a confirmation: somebody looks again after a quarter
Pair = tuple[str, str]  # an account and an entry


@dataclass(frozen=True, slots=True)
class Day:
    """The instant and the day a run is for, and the timeline in force."""

    now: datetime
    today: date
    line: Timeline


def open_requests(session: Session, day: Day, *, limit: int = 500) -> int:
    """Open a request for every owner of whom some entry is due; it covers all of that owner's. Returns how many."""
    asked, settled = _asked_already(session), _left_to_coordinators(session, day) | _answered_lately(session, day)
    due = [
        one
        for one in _perhaps_due(session, day)
        if one.owner and one.owner not in asked and (one.owner, one.post_id) not in settled
    ]
    chosen = sorted({one.owner for one in due if one.owner and _is_due(one, one.owner, day)})[:limit]
    if not chosen:
        return 0
    _ensure_round(session, day)
    theirs: dict[str, list[Held]] = defaultdict(list)
    for one in owners.held_by(session, chosen, today=day.today):
        if one.owner and (one.owner, one.post_id) not in settled:
            theirs[one.owner].append(one)
    return sum(_open(session, account_id, theirs[account_id], day) for account_id in chosen if theirs[account_id])


def _perhaps_due(session: Session, day: Day) -> list[Held]:
    """Entries confirmed so long ago, or never; the rest need not be looked at."""
    last = day.now - timedelta(days=day.line.ask - 1)
    return owners.held(session, today=day.today, which=(Post.confirmed_at.is_(None)) | (Post.confirmed_at <= last))


def _is_due(one: Held, key: str, day: Day) -> bool:
    return rules.due_on(one.confirmed_on, one.added_on, key, day.line) <= day.today


def _asked_already(session: Session) -> set[str]:
    """Owners with an open request."""
    return set(session.scalars(select(ConfirmationRequest.account_id).where(ConfirmationRequest.state == "open")))


def _left_to_coordinators(session: Session, day: Day) -> set[Pair]:
    """What an owner was silent about: the coordinator decides, and for a quarter the owner is left in peace.

    The owner's other entries are asked about as ever.
    """
    since = day.now - timedelta(days=day.line.ask)
    return _pairs(
        session,
        ConfirmationRequest.state == "silent",
        ConfirmationRequest.closed_at > since,
        RequestedEntry.answer.is_(None),
    )


def _answered_lately(session: Session, day: Day) -> set[Pair]:
    """What was answered but not confirmed within the quarter: somebody else acts on it, nobody is asked again."""
    since = day.now - timedelta(days=day.line.ask)
    return _pairs(session, RequestedEntry.answer != "still_right", RequestedEntry.answered_at > since)


def _pairs(session: Session, *conditions: ColumnElement[bool]) -> set[Pair]:
    rows = session.execute(
        select(ConfirmationRequest.account_id, RequestedEntry.post_id).join(RequestedEntry).where(*conditions)
    )
    return {(account_id, post_id) for account_id, post_id in rows}


def _ensure_round(session: Session, day: Day) -> None:
    values = {"quarter": rules.quarter_of(day.today), "opened_at": day.now}
    session.execute(insert_into(session, ConfirmationRound).values(values).on_conflict_do_nothing())


def _open(session: Session, account_id: str, entries: Sequence[Held], day: Day) -> bool:
    """One request; where another scheduler was quicker, none."""
    request_id = new_id()
    values = {
        "id": request_id,
        "quarter": rules.quarter_of(day.today),
        "account_id": account_id,
        "opened_on": day.today,
        "next_step": "ask",
        "next_on": day.today,
        "state": "open",
    }
    session.execute(insert_into(session, ConfirmationRequest).values(values).on_conflict_do_nothing())
    if session.get(ConfirmationRequest, request_id) is None:
        return False
    session.add_all(RequestedEntry(request_id=request_id, post_id=one.post_id) for one in entries)
    session.flush()
    return True


def take_steps(session: Session, day: Day, *, limit: int = 200) -> int:
    """Take the step that is due in up to `limit` open requests; returns how many were taken."""
    is_due = (ConfirmationRequest.state == "open") & (ConfirmationRequest.next_on <= day.today)
    order = ConfirmationRequest.next_on, ConfirmationRequest.id
    ids = session.scalars(select(ConfirmationRequest.id).where(is_due).order_by(*order).limit(limit)).all()
    _hold_entries(session, ids)
    due = session.scalars(
        select(ConfirmationRequest)
        .where(is_due, ConfirmationRequest.id.in_(ids))
        .options(selectinload(ConfirmationRequest.entries))
        .order_by(*order)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    _let_go_of_moved(session, due, day)
    posts = load_posts(session, [entry.post_id for request in due for entry in request.entries if entry.answer is None])
    bounced = _bounced(session, sorted(posts))
    for request in due:
        open_ones = [posts[e.post_id] for e in request.entries if e.answer is None and e.post_id in posts]
        if not open_ones:
            request.state, request.closed_at, request.next_on = "withdrawn", day.now, None
        else:
            owner = session.get_one(Account, request.account_id)
            is_bounced = any((post.id, owner.email.lower()) in bounced for post in open_ones)
            _step(session, request, open_ones, day, is_bounced=is_bounced)
    session.flush()
    return len(due)


def _hold_entries(session: Session, request_ids: Sequence[str]) -> None:
    """Entries before requests, in one order, as whoever answers locks them: else each would wait for the other."""
    asked = select(RequestedEntry.post_id).where(
        RequestedEntry.request_id.in_(request_ids), RequestedEntry.answer.is_(None)
    )
    session.execute(
        select(Post.id).where(Post.id.in_(asked)).order_by(Post.id).with_for_update(read=True, key_share=True)
    )


def _let_go_of_moved(session: Session, due: Sequence[ConfirmationRequest], day: Day) -> None:
    """What somebody else owns by now is asked of them, in a request of their own."""
    open_ones = [(request, entry) for request in due for entry in request.entries if entry.answer is None]
    ids = sorted({entry.post_id for _, entry in open_ones})
    owned = {one.post_id: one.owner for one in owners.held(session, today=day.today, which=Post.id.in_(ids))}
    for request, entry in open_ones:
        if owned.get(entry.post_id) not in {None, request.account_id}:
            entry.answer = "withdrawn"


def _bounced(session: Session, post_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Entries with the addresses from which mail came back: an owner with another one is still written to."""
    found = select(Finding.post_id, Finding.value).where(
        Finding.post_id.in_(post_ids), Finding.kind == "bounced", Finding.settled_at.is_(None)
    )
    return {(post_id, address) for post_id, address in session.execute(found)}


def _step(session: Session, request: ConfirmationRequest, posts: list[Post], day: Day, *, is_bounced: bool) -> None:
    """One step of one request. Whose mail comes back is not written to again; the others are asked instead."""
    step = request.next_step or "ask"
    ask = partial(_ask, session, request, step, day)
    if step in OWNER_STEPS and not is_bounced:
        ask([(request.account_id, "owner")])
    if step == "deputy":
        ask([(a, "deputy") for a in owners.deputies(session, posts, today=day.today) if a != request.account_id])
    if step == "institution":
        ask(owners.above(session, posts, request.account_id))
        _call(session, request, posts, day, "silent")
    if step == "decide":
        _call(session, request, posts, day, "decide")
        request.state, request.closed_at = "silent", day.now
    history.record(
        session, "step", subject_type="request", subject_id=request.id, by=BY, now=day.now, after={"step": step}
    )
    _go_on(request, step, day)


def _go_on(request: ConfirmationRequest, step: str, day: Day) -> None:
    """The next step on its day; one that was late pushes the others, so that nobody gets two at once."""
    following = rules.next_step(step)
    if following is None or request.state != "open":
        request.next_step = request.next_on = None
        return
    gap = rules.step_on(request.opened_on, following, day.line) - rules.step_on(request.opened_on, step, day.line)
    planned = rules.step_on(request.opened_on, following, day.line)
    request.next_step, request.next_on = following, max(planned, day.today + gap)


def _ask(
    session: Session, request: ConfirmationRequest, step: str, day: Day, people: Sequence[tuple[str, str]]
) -> None:
    """These people are asked; one who stands in for others not more than once a week, for all of them together."""
    busy = _lately_written(session, [account_id for account_id, as_whom in people if as_whom != "owner"])
    for account_id, as_whom in people:
        since_on = day.today if as_whom == "owner" else max(day.today, busy.get(account_id, day.today))
        _note_asked(session, request, step, account_id, as_whom, since_on)


def _note_asked(
    session: Session, request: ConfirmationRequest, step: str, account_id: str, as_whom: str, since_on: date
) -> None:
    values = {
        "id": new_id(),
        "request_id": request.id,
        "account_id": account_id,
        "as_whom": as_whom,
        "step": step,
        "since_on": since_on,
    }
    session.execute(insert_into(session, Asked).values(values).on_conflict_do_nothing())


def _lately_written(session: Session, account_ids: Sequence[str]) -> dict[str, date]:
    """Until when people who got a letter within the week are left in peace."""
    if not account_ids:
        return {}
    newest = (
        select(ConfirmationLetter.account_id, func.max(ConfirmationLetter.written_at))
        .where(ConfirmationLetter.account_id.in_(account_ids))
        .group_by(ConfirmationLetter.account_id)
    )
    return {account_id: at.date() + STAND_INS_EVERY for account_id, at in session.execute(newest)}


def _call(session: Session, request: ConfirmationRequest, posts: Sequence[Post], day: Day, reason: str) -> None:
    told_on = max(rules.step_on(request.opened_on, "coordinator", day.line), day.today)
    for post in posts:
        country = post.institution.country_code
        due = rules.working_days_after(told_on, calls.CALL_WITHIN, partial(is_holiday, country))
        calls.open_task(
            session, post, reason, key=f"{reason}:{request.id}:{post.id}", now=day.now, tell_on=told_on, due_on=due
        )


def ask_for_the_unowned(session: Session, day: Day, *, limit: int = 500) -> int:
    """Entries nobody owns go on the call list of their country, where it has a coordinator. Returns how many."""
    coordinated = owners.coordinated(session)
    due = [
        one
        for one in _perhaps_due(session, day)
        if one.owner is None and one.country in coordinated and _is_due(one, one.post_id, day)
    ]
    ids = [one.post_id for one in due]
    known = calls.open_posts(session, ids) | calls.settled_posts(session, ids, since=day.now - UNOWNED_EVERY)
    fresh = [one for one in due if one.post_id not in known][:limit]
    posts = load_posts(session, [one.post_id for one in fresh])
    for one in fresh:
        key = f"no_owner:{one.post_id}:{day.today}"
        calls.open_today(session, posts[one.post_id], "no_owner", key=key, now=day.now, today=day.today)
    return len(fresh)


def ask_now(session: Session, account_id: str, day: Day) -> bool:
    """Open this owner's request today, whatever the dates say: something gives reason to. False where one is open."""
    if account_id in _asked_already(session):
        return False
    silent = _left_to_coordinators(session, day)
    theirs = [
        o for o in owners.held_by(session, [account_id], today=day.today) if (account_id, o.post_id) not in silent
    ]
    _ensure_round(session, day)
    return bool(theirs) and _open(session, account_id, theirs, day)


def hasten(session: Session, post_ids: Sequence[str], day: Day) -> int:
    """Their owner's mail comes back: the deputy and the focal point are asked the same day. Returns how many."""
    requests = _open_about(session, post_ids, ConfirmationRequest.next_step.in_(OWNER_STEPS))
    for request in requests:
        posts = load_posts(session, [e.post_id for e in request.entries if e.answer is None])
        found = [(a, "deputy") for a in owners.deputies(session, posts.values(), today=day.today)]
        found += owners.above(session, posts.values(), request.account_id)
        for account_id, as_whom in found:
            if account_id != request.account_id:
                _note_asked(session, request, "deputy", account_id, as_whom, day.today)
        request.next_step, request.next_on = "institution", max(request.next_on or day.today, day.today)
    return len(requests)


def ask_owners_again(session: Session, post_ids: Sequence[str], day: Day) -> None:
    """Their owner has another address now: whoever was passed over because mail came back gets a letter after all."""
    for request in _open_about(session, post_ids, ConfirmationRequest.next_step.not_in(OWNER_STEPS)):
        # one who had that reminder has its row, and gets no other
        _note_asked(session, request, "deputy", request.account_id, "owner", day.today)


def _open_about(session: Session, post_ids: Sequence[str], where: ColumnElement[bool]) -> Sequence[ConfirmationRequest]:
    """Open requests in which one of these entries is still to be answered."""
    return session.scalars(
        select(ConfirmationRequest)
        .join(RequestedEntry)
        .where(ConfirmationRequest.state == "open", where)
        .where(RequestedEntry.post_id.in_(post_ids), RequestedEntry.answer.is_(None))
        .distinct()
    ).all()


def close_answered(session: Session, request_ids: Sequence[str], *, now: datetime) -> None:
    """A request with nothing left to answer is answered."""
    unanswered = exists().where(RequestedEntry.request_id == ConfirmationRequest.id, RequestedEntry.answer.is_(None))
    for request in session.scalars(
        select(ConfirmationRequest).where(ConfirmationRequest.id.in_(request_ids), ~unanswered)
    ):
        request.state, request.closed_at, request.next_step, request.next_on = "answered", now, None, None
