"""What one person is asked, entry by entry, as it stands now: the content of the page behind a letter or an account."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.confirmations import owners
from directory.confirmations.models import (
    Asked,
    Check,
    ConfirmationLetter,
    ConfirmationRequest,
    LetterEntry,
    RequestedEntry,
)
from directory.confirmations.snapshots import current_appointment, differing, digest, load_posts, masked, snapshot
from directory.history.models import Change
from directory.registry.models import Appointment, Post

JUST_NOW = timedelta(hours=1)
A_DAY = timedelta(days=1)
PASSED_ON = "not_mine"
Passed = tuple[str, str, str]  # an account, a request, an entry


@dataclass(frozen=True, slots=True)
class Question:
    """One entry and what is known of it. `was` is what the letter showed; `answer` what was said to it, if anything.

    `is_own`: the person owns the entry; else they are asked for a colleague (`as_whom`).
    """

    n: int
    post: Post
    picture: Mapping[str, Any]
    as_whom: str
    was: Mapping[str, Any] | None = None
    answer: str | None = None
    is_holder: bool = False
    has_agreed: bool = True

    @property
    def is_own(self) -> bool:
        """Whether the person owns it."""
        return self.as_whom == "owner"

    @property
    def digest(self) -> str:
        """Of what stands now."""
        return digest(self.picture)

    @property
    def changed(self) -> list[str]:
        """What is no longer as the letter showed it."""
        return differing(self.was, self.picture) if self.was is not None else []

    def shown(self, *, in_full: bool) -> Mapping[str, Any]:
        """The entry as the page shows it; in full only one's own."""
        return self.picture if in_full and self.is_own else masked(self.picture)


def of_letter(session: Session, letter: ConfirmationLetter, *, today: date) -> list[Question]:
    """Everything one letter asks, in its order; entries that are gone are not asked about."""
    account = session.get_one(Account, letter.account_id)
    posts = load_posts(session, [entry.post_id for entry in letter.entries])
    answers = _answers(session, letter)
    found = [
        _question(entry.position, posts[entry.post_id], account, today, entry=entry, answer=answers[entry.post_id])
        for entry in letter.entries
        if entry.post_id in posts
    ]
    return sorted(found, key=lambda question: (not question.is_own, _place(question.picture), question.n))


def of_account(session: Session, account: Account, *, today: date) -> list[Question]:
    """Everything somebody may confirm on their own page: what they own, and what they are asked about."""
    whom = dict.fromkeys(_owned(session, account, today), "owner")
    for post_id, as_whom in _asked_about(session, account.id):
        whom.setdefault(post_id, as_whom)
    posts = load_posts(session, list(whom))
    ordered = sorted(
        posts.values(), key=lambda post: (whom[post.id] != "owner", post.institution.name, post.title, post.id)
    )
    return [_question(n, post, account, today, as_whom=whom[post.id]) for n, post in enumerate(ordered)]


def answered_lately(session: Session, account_id: str, *, now: datetime) -> dict[str, str]:
    """What somebody has just answered: the answer by entry."""
    rows = session.scalars(
        select(Change)
        .where(Change.action == "answered", Change.subject_type == "post", Change.by == account_id)
        .where(Change.at >= now - JUST_NOW)
        .order_by(Change.at)
    )
    return {row.subject_id: str((row.after or {}).get("answer", "")) for row in rows}


def mark(picture_digest: str, whose: str, key: bytes) -> str:
    """A digest to put into a page: keyed, because a bare one would let a bearer try out the hidden digits."""
    return hmac.new(key, f"shown:{whose}:{picture_digest}".encode(), sha256).hexdigest()[:32]


def _question(
    n: int,
    post: Post,
    account: Account,
    today: date,
    *,
    entry: LetterEntry | None = None,
    answer: str | None = None,
    as_whom: str = "owner",
) -> Question:
    appointment = current_appointment(post, today)
    return Question(
        n=n,
        post=post,
        picture=snapshot(post, today),
        as_whom=entry.as_whom if entry else as_whom,
        was=entry.snapshot if entry else None,
        answer=answer,
        is_holder=_is_holder(account, appointment),
        has_agreed=appointment is None or appointment.official.agreed_at is not None,
    )


def _place(picture: Mapping[str, Any]) -> tuple[str, str]:
    """Body by body, title by title."""
    return picture["institution"], picture["title"]


def _is_holder(account: Account, appointment: Appointment | None) -> bool:
    return appointment is not None and account.official_id == appointment.official_id


def _answers(session: Session, letter: ConfirmationLetter) -> dict[str, str | None]:
    ids = [entry.request_id for entry in letter.entries]
    rows = session.scalars(select(RequestedEntry).where(RequestedEntry.request_id.in_(ids)))
    given = {(row.request_id, row.post_id): row.answer for row in rows}
    for _by, request_id, post_id in passed_on(session, [letter.account_id]):
        given[request_id, post_id] = given.get((request_id, post_id)) or PASSED_ON
    return {entry.post_id: given.get((entry.request_id, entry.post_id)) for entry in letter.entries}


def _owned(session: Session, account: Account, today: date) -> list[str]:
    """The entries that may be this account's are few; which are is asked one by one."""
    bodies = select(AccountGrant.institution_id).where(
        AccountGrant.account_id == account.id, AccountGrant.role == "focal_point", AccountGrant.ended_at.is_(None)
    )
    held = select(Appointment.post_id).where(Appointment.official_id == account.official_id)
    named = select(PostOwner.post_id).where(PostOwner.account_id == account.id)
    wanted = Post.institution_id.in_(bodies) | Post.id.in_(named)
    if account.official_id is not None:
        wanted |= Post.id.in_(held)
    posts = session.scalars(select(Post).where(wanted).order_by(Post.id))
    return [post.id for post in posts if owners.owner_of(session, post, today=today) == account.id]


def _asked_about(session: Session, account_id: str) -> Sequence[tuple[str, str]]:
    rows = session.execute(
        select(RequestedEntry.request_id, RequestedEntry.post_id, Asked.as_whom)
        .join(Asked, Asked.request_id == RequestedEntry.request_id)
        .join(ConfirmationRequest, ConfirmationRequest.id == Asked.request_id)
        .where(Asked.account_id == account_id, ConfirmationRequest.state == "open", RequestedEntry.answer.is_(None))
        .order_by(RequestedEntry.post_id)
    )
    passed = passed_on(session, [account_id])
    return [(post, as_whom) for request, post, as_whom in rows if (account_id, request, post) not in passed]


def is_asked(session: Session, account_id: str, post_id: str) -> bool:
    """Whether somebody was asked about an entry, and nobody has answered yet."""
    return any(asked == post_id for asked, _whom in _asked_about(session, account_id))


def pass_on(session: Session, post_id: str, *, by: str, method: str, now: datetime) -> None:
    """Who stands in says that an entry is not theirs: they are asked no more, its owner and the others still are."""
    session.add(Check(post_id=post_id, method=method, outcome=PASSED_ON, by=by, at=now))
    session.flush()


def passed_on(session: Session, account_ids: Collection[str]) -> set[Passed]:
    """What these people said is not theirs, in the requests that asked them."""
    rows = session.execute(
        select(Check.by, RequestedEntry.request_id, Check.post_id, Check.at, ConfirmationRequest.opened_on)
        .join(RequestedEntry, RequestedEntry.post_id == Check.post_id)
        .join(ConfirmationRequest, ConfirmationRequest.id == RequestedEntry.request_id)
        .where(Check.outcome == PASSED_ON, Check.by.in_(account_ids))
    )
    # A request opens on a day of the site's zone, a moment is kept in UTC: the day before may be the same.
    return {(by, request, post) for by, request, post, at, opened in rows if at.date() >= opened - A_DAY}


def has_passed_on(session: Session, account_id: str, post_id: str) -> bool:
    """Whether somebody has said so of an entry that others are still asked about."""
    still = session.scalars(
        select(RequestedEntry.request_id)
        .join(ConfirmationRequest)
        .where(RequestedEntry.post_id == post_id, RequestedEntry.answer.is_(None), ConfirmationRequest.state == "open")
    ).all()
    passed = passed_on(session, [account_id])
    return bool(still) and all((account_id, request_id, post_id) in passed for request_id in still)
