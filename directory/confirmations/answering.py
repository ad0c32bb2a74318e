"""What somebody answers about their entries: one transaction, one event, whatever is pressed twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.accounts.people import person_of, rights
from directory.confirmations import calls, leaving, owners, questions, rounds
from directory.confirmations.leaving import Successor
from directory.confirmations.models import Check, ConfirmationRequest, Finding, RequestedEntry
from directory.confirmations.snapshots import current_appointment, digest, load_posts, snapshot
from directory.history import operations as history
from directory.proposals import operations as proposals
from directory.proposals.actors import Actor
from directory.proposals.operations import subject_of
from directory.registry import operations as registry
from directory.registry.models import ContactPoint, Post
from directory.registry.values import InstitutionValues, PostValues

AGAIN_AFTER = timedelta(hours=1)
A_DAY = timedelta(days=1)


class EntriesChanged(Exception):
    """Some entries are no longer what the person was shown; nothing was written. Holds their ids."""

    def __init__(self, post_ids: Sequence[str]) -> None:
        super().__init__("Entries changed since they were shown")
        self.post_ids = tuple(post_ids)


class AlreadyAnswered(Exception):
    """Everything asked here was answered before."""


@dataclass(frozen=True, slots=True)
class Given:
    """One answer about one entry. `digest` is of what the person was shown.

    `post` and `institution` are what should stand, where something needs a change; `note` what no field holds.
    `restated`: of the `post` or `institution`, a value the person may not see was given anew. `for_call` is what only
    a person can see to. `told` is the whole correction in words, for somebody who may propose nothing.
    """

    post_id: str
    choice: str
    digest: str
    post: PostValues | None = None
    institution: InstitutionValues | None = None
    holder: str | None = None
    restated: frozenset[str] = frozenset()
    note: str = ""
    for_call: str = ""
    told: str = ""
    last_day: date | None = None
    successor: Successor | None = None
    agrees_to_name: bool = False


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers, and how: `letter`, `signed_in`, `call` or `signed_letter`. `by` is the account's id."""

    account: Account
    method: str
    base_url: str = ""

    @property
    def by(self) -> str:
        """As history names them."""
        return self.account.id

    @property
    def path(self) -> str:
        """The path of history and proposals."""
        return "letter" if self.method == "letter" else "form"


@dataclass(slots=True)
class Answered:
    """What came of it, by entry."""

    confirmed: list[str] = field(default_factory=list)
    proposed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    not_mine: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)  # answered by somebody earlier


def answer(session: Session, who: Answerer, given: Sequence[Given], *, now: datetime, today: date) -> Answered:
    """Take these answers. Raises EntriesChanged where something shown is no longer so, AlreadyAnswered, NotAllowed.

    All entries are locked first, in one order, so that of a hundred that press at once one is taken.
    """
    ids = sorted(one.post_id for one in given)
    session.execute(select(Post.id).where(Post.id.in_(ids)).order_by(Post.id).with_for_update())
    session.expire_all()
    posts = load_posts(session, ids)
    fresh = [one for one in given if one.post_id in posts and not _was_said(session, one, posts[one.post_id], who, now)]
    done = Answered(before=[one.post_id for one in given if one not in fresh])
    if not fresh:
        raise AlreadyAnswered
    _refuse_strangers(session, who, [posts[one.post_id] for one in fresh], today)
    changed = [o.post_id for o in fresh if digest(snapshot(posts[o.post_id], today)) != o.digest]
    if changed:
        raise EntriesChanged(changed)
    with history.on_path(session, who.path):
        for one in fresh:
            _take(session, who, one, posts[one.post_id], done, now=now, today=today)
    return done


def _refuse_strangers(session: Session, who: Answerer, posts: Sequence[Post], today: date) -> None:
    """An owner may, whoever was asked and has not been answered for, and whom the rights file lets confirm."""
    person = person_of(session, who.account)
    for post in posts:
        if _owns(session, who, post, today) or questions.is_asked(session, who.account.id, post.id):
            continue
        if rights().may(person, "confirm", subject_of(post)) == "no":
            raise proposals.NotAllowed


def _owns(session: Session, who: Answerer, post: Post, today: date) -> bool:
    return owners.owner_of(session, post, today=today) == who.account.id


def _was_said(session: Session, one: Given, post: Post, who: Answerer, now: datetime) -> bool:
    """It was answered; or who stands in has passed it on before: to say so twice adds nothing."""
    if one.choice == "not_mine" and questions.has_passed_on(session, who.account.id, post.id):
        return True
    return _is_answered(session, post, who, now)


def _is_answered(session: Session, post: Post, who: Answerer, now: datetime) -> bool:
    """No request waits for it, and it was answered within the hour: the same press again."""
    if session.scalar(_open_ones(post.id).limit(1)) is not None:
        return False
    last = session.scalars(
        select(RequestedEntry.answered_at)
        .where(RequestedEntry.post_id == post.id, RequestedEntry.answered_at.is_not(None))
        .order_by(RequestedEntry.answered_at.desc())
        .limit(1)
    ).first()
    newest = max((at for at in (last, post.confirmed_at) if at is not None), default=None)
    if who.method == "letter" and last is not None:
        return True  # this letter's question was answered; a newer question would be open
    return newest is not None and now - newest < AGAIN_AFTER


def _open_ones(post_id: str) -> Select[RequestedEntry]:
    return select(RequestedEntry).where(RequestedEntry.post_id == post_id, RequestedEntry.answer.is_(None))


def _take(
    session: Session, who: Answerer, one: Given, post: Post, done: Answered, *, now: datetime, today: date
) -> None:
    """One answer: noted, then carried out."""
    if one.choice == "not_mine" and _stands_in(session, who, post, today):
        questions.pass_on(session, post.id, by=who.by, method=who.method, now=now)
    else:
        note_answer(session, post.id, one.choice, by=who.by, method=who.method, now=now)
    history.record(
        session,
        "answered",
        subject_type="post",
        subject_id=post.id,
        by=who.by,
        now=now,
        after={"answer": one.choice, "method": who.method},
    )
    if one.choice == "still_right":
        confirm(session, post, who, now=now, today=today, agrees_to_name=one.agrees_to_name)
        done.confirmed.append(post.id)
    elif one.choice == "needs_change":
        _correct(session, who, one, post, now=now, today=today)
        done.proposed.append(post.id)
    elif one.choice == "left":
        _leave(session, who, one, post, now=now, today=today)
        done.left.append(post.id)
    else:
        _open_call(session, post, "not_mine", now=now, today=today, note=one.note)
        done.not_mine.append(post.id)


def _stands_in(session: Session, who: Answerer, post: Post, today: date) -> bool:
    """Somebody else is asked as the owner, and the question still takes its steps: only they may close it."""
    asked = session.scalars(
        select(ConfirmationRequest.account_id)
        .join(RequestedEntry)
        .where(ConfirmationRequest.state == "open", RequestedEntry.post_id == post.id, RequestedEntry.answer.is_(None))
    ).all()
    return bool(asked) and who.account.id not in asked and not _owns(session, who, post, today)


def note_answer(session: Session, post_id: str, choice: str, *, by: str, method: str, now: datetime) -> None:
    """Every open question about the entry has its answer; a request with nothing left open is closed."""
    rows = session.scalars(_open_ones(post_id)).all()
    for row in rows:
        row.answer, row.answered_at, row.answered_by, row.method = choice, now, by, method
    session.flush()
    rounds.close_answered(session, [row.request_id for row in rows], now=now)


def confirm(
    session: Session, post: Post, who: Answerer, *, now: datetime, today: date, agrees_to_name: bool = False
) -> None:
    """A human has just said that all of it is right: the entry, its lines and its holder's; findings are settled."""
    appointment = current_appointment(post, today)
    lines = [*post.contact_points, *(appointment.contact_points if appointment else ())]
    if _speaks_for_body(session, who, post):
        lines += post.institution.contact_points
        post.institution.confirmed_at, post.institution.confirmation_method = now, who.method
    mark_confirmed(post, lines, method=who.method, now=now)
    if appointment and agrees_to_name and who.account.official_id == appointment.official_id:
        appointment.official.agreed_at = appointment.official.agreed_at or now
    session.add(Check(post_id=post.id, method=who.method, outcome="right", by=who.by, at=now))
    settle_findings(session, post, by=who.by, now=now)
    calls.settle(session, post.id, "confirmed", by=who.by, now=now)
    session.flush()
    registry.touch(session, [post.id], now=now)


def mark_confirmed(post: Post, lines: Sequence[ContactPoint], *, method: str, now: datetime) -> None:
    """The dates of a confirmation."""
    post.confirmed_at, post.confirmation_method, post.keeps_holder = now, method, False
    for line in lines:
        line.confirmed_at, line.confirmation_method = now, method


def settle_findings(session: Session, post: Post, *, by: str, now: datetime) -> None:
    """What spoke against an entry is answered."""
    for finding in session.scalars(select(Finding).where(Finding.post_id == post.id, Finding.settled_at.is_(None))):
        finding.settled_at, finding.settled_by = now, by
    post.reachability = ""


def _speaks_for_body(session: Session, who: Answerer, post: Post) -> bool:
    person = person_of(session, who.account)
    return any(g.role in {"focal_point", "deputy"} and g.institution_id == post.institution_id for g in person.grants)


def _correct(session: Session, who: Answerer, one: Given, post: Post, *, now: datetime, today: date) -> None:
    """The plain part stands at once, the rest waits for a second person; the old stands meanwhile.

    The entry counts as confirmed only when what was asked for is decided (`settling`), or when a person has seen to
    what no proposal holds: then a call is due, and no decision settles it.
    """
    may = _may_propose(session, who, post)
    outcomes = _propose(session, who, one, post, now=now) if may else []
    ids = [outcome.proposal.id for outcome in outcomes if outcome.proposal is not None]
    is_changed = any(outcome.is_changed for outcome in outcomes)
    left_over = "\n".join(text for text in (one.note, one.for_call if may else one.told) if text)
    if one.for_call or not (ids or is_changed):
        _open_call(session, post, "note", now=now, today=today, note=left_over)
    else:
        finding = Finding(post_id=post.id, kind="changed", value=" ".join(ids), method=who.method, since_at=now)
        finding.by = who.by
        session.add(finding)


def _may_propose(session: Session, who: Answerer, post: Post) -> bool:
    """Somebody without any role may still own an entry; what they write goes to the coordinator."""
    return rights().may(person_of(session, who.account), "edit_guarded", subject_of(post)) != "no"


def _propose(session: Session, who: Answerer, one: Given, post: Post, *, now: datetime) -> list[proposals.Outcome]:
    actor = Actor(who.by, who.path, person_of(session, who.account), who.base_url)
    asked: dict[str, Any] = {"actor": actor, "now": now, "reason": one.note}
    body, found = post.institution, []
    if one.post is not None:
        found.append(proposals.change_post(session, post, one.post, restated="post" in one.restated, **asked))
    if one.institution is not None:
        restated = "institution" in one.restated
        found.append(proposals.change_institution(session, body, one.institution, restated=restated, **asked))
    if one.holder is not None:
        found.append(proposals.change_holder(session, post, one.holder, **asked))
    return found


def _leave(session: Session, who: Answerer, one: Given, post: Post, *, now: datetime, today: date) -> None:
    """What an owner says ends the appointment; what a colleague says waits for a second person."""
    last_day = one.last_day or today
    if _owns(session, who, post, today):
        leaving.end(session, post, last_day, by=who.by, now=now, today=today)
    elif current_appointment(post, today) is not None and _may_propose(session, who, post):
        actor = Actor(who.by, who.path, person_of(session, who.account), who.base_url)
        proposals.change_holder(session, post, "", actor=actor, now=now, from_on=last_day + A_DAY, reason=one.note)
    session.add(Finding(post_id=post.id, kind="left", method=who.method, by=who.by, since_at=now))
    if one.successor is not None:
        leaving.name_successor(session, post, one.successor, by=who.by, now=now)
    _open_call(session, post, "left", now=now, today=today, note=one.note)
    session.flush()


def _open_call(session: Session, post: Post, reason: str, *, now: datetime, today: date, note: str = "") -> None:
    key = f"{reason}:{post.id}:{now.isoformat()}"
    calls.open_today(session, post, reason, key=key, now=now, today=today, note=note)


def unlike(one: Given) -> Given:
    """The same answer, about something that is not what stands: it is asked again."""
    return replace(one, digest="")
