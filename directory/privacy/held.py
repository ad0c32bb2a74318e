"""Everything the directory holds about somebody with an account, as plain values for a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, ApiKey, Invitation, Passkey, PostOwner, SignedInSession
from directory.confirmations.models import (
    Check,
    ConfirmationRequest,
    Finding,
    OutcomeReport,
    RequestedEntry,
    Succession,
)
from directory.feeds.models import Following, Webhook
from directory.history import queries as history
from directory.history.models import Alarm
from directory.mail.models import OutgoingMail
from directory.mail.outbox import SECRET_LETTERS
from directory.phonebooks.models import Subscription
from directory.proposals.models import Proposal
from directory.registry.models import Appointment, Official, Post
from directory.registry.rules import RESTRICTED

# Hashes and keys are not told: they are worth something to a thief and nothing to the person.
NEVER_TOLD = frozenset(
    {"password_hash", "token_hash", "secret", "pending", "code_hash", "public_key", "credential_id", "unsubscribe"}
)


def about(session: Session, account: Account, *, now: datetime) -> dict[str, Any]:
    """The file, by chapter."""
    official = session.get(Official, account.official_id) if account.official_id else None
    owned = _owned(session, account)
    subjects = ([official.id] if official else []) + [p.id for p in _held_posts(session, official)]
    return {
        "made_at": now.isoformat(),
        "account": _row(account),
        "roles": _rows(account.grants),
        "sessions": _rows(_of(session, SignedInSession, account)),
        "passkeys": _rows(_of(session, Passkey, account)),
        "api_keys": _rows(_of(session, ApiKey, account)),
        "phone_books": _rows(_of(session, Subscription, account)),
        "webhooks": _rows(_of(session, Webhook, account)),
        "what_you_follow": _rows(_of(session, Following, account)),
        "invitations": _rows(_invitations(session, account)),
        "official_record": _official(session, official),
        "entries_you_own": [{"id": post.id, "title": post.title} for post in owned],
        "who_was_given_your_entries": {post.id: _accesses(session, post) for post in owned},
        "history_by_or_about_you": _history(session, account, subjects),
        "proposals": [_proposal(p, account) for p in _proposals(session, account)],
        "letters_to_you": [_letter(letter) for letter in _letters(session, account)],
        "what_you_were_given": _rows(history.accesses_by(session, account.id)),
        "what_you_were_asked": _rows(_asked(session, account)),
        "what_you_found": _rows(_found(session, account)),
        "successions": _rows(_successions(session, account)),
        "what_you_reported": _rows(_of(session, OutcomeReport, account)),
        "alarms_about_you": _rows(session.scalars(select(Alarm).where(Alarm.account_id == account.id))),
    }


def counts(told: dict[str, Any]) -> dict[str, int]:
    """How much each chapter holds, for the page that offers the file."""
    return {chapter: len(value) for chapter, value in told.items() if isinstance(value, list | dict)}


def _rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [_row(row) for row in rows]


def _row(row: Any) -> dict[str, Any]:
    """The columns of a row but what is never told."""
    values = {a.key: getattr(row, a.key) for a in row.__mapper__.column_attrs if a.key not in NEVER_TOLD}
    return {name: _plain(value) for name, value in values.items() if name not in {"salt", "content_hash"}}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _history(session: Session, account: Account, subjects: Sequence[str]) -> list[dict[str, Any]]:
    """Lines about the person in full; of what they did to others only which fields: the values are others' numbers."""
    about_me = {account.id, *subjects}
    lines = history.lines_by_or_about(session, account.id, subjects)
    return [_row(line) if line.subject_id in about_me else _in_short(_row(line)) for line in lines]


def _in_short(row: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, dict) else value for name, value in row.items()}


def _proposal(proposal: Proposal, account: Account) -> dict[str, Any]:
    """What the person wrote; not what stood before, nor restricted lines that stood: those they may not have seen."""
    told = _in_short(_row(proposal))
    if proposal.by != account.id:
        return told
    stood = {(line["kind"], line["value"]) for line in proposal.before.get("contact_points", ())}
    written = [
        {**line, "value": None} if line["kind"] in RESTRICTED and (line["kind"], line["value"]) in stood else line
        for line in proposal.after.get("contact_points", ())
    ]
    return {**told, "after": {**proposal.after, **({"contact_points": written} if written else {})}}


def _letter(letter: OutgoingMail) -> dict[str, Any]:
    """A letter whose text opens something is told without it."""
    hidden = {"html"} | ({"text"} if letter.letter in SECRET_LETTERS else set())
    return {name: value for name, value in _row(letter).items() if name not in hidden}


def _of(session: Session, model: Any, account: Account) -> Sequence[Any]:
    return session.scalars(select(model).where(model.account_id == account.id)).all()


def _owned(session: Session, account: Account) -> Sequence[Post]:
    owned = select(PostOwner.post_id).where(PostOwner.account_id == account.id)
    return session.scalars(select(Post).where(Post.id.in_(owned)).order_by(Post.title)).all()


def _held_posts(session: Session, official: Official | None) -> Sequence[Post]:
    if official is None:
        return []
    held = select(Appointment.post_id).where(Appointment.official_id == official.id)
    return session.scalars(select(Post).where(Post.id.in_(held))).all()


def _official(session: Session, official: Official | None) -> dict[str, Any] | None:
    if official is None:
        return None
    appointments = session.scalars(select(Appointment).where(Appointment.official_id == official.id)).all()
    terms = [{**_row(term), "contact_points": _rows(term.contact_points)} for term in appointments]
    return {**_row(official), "appointments": terms}


def _invitations(session: Session, account: Account) -> Sequence[Invitation]:
    own = or_(func.lower(Invitation.email) == account.email.lower(), Invitation.account_id == account.id)
    return session.scalars(select(Invitation).where(own | (Invitation.invited_by == account.id))).all()


def _proposals(session: Session, account: Account) -> Sequence[Proposal]:
    own = (Proposal.by == account.id) | (Proposal.decided_by == account.id)
    return session.scalars(select(Proposal).where(own).order_by(Proposal.at)).all()


def _letters(session: Session, account: Account) -> Sequence[OutgoingMail]:
    own = (OutgoingMail.account_id == account.id) | (func.lower(OutgoingMail.to) == account.email.lower())
    return session.scalars(select(OutgoingMail).where(own).order_by(OutgoingMail.queued_at)).all()


def _asked(session: Session, account: Account) -> Sequence[RequestedEntry]:
    """What the person was asked, and what they answered, also for a colleague."""
    own = (ConfirmationRequest.account_id == account.id) | (RequestedEntry.answered_by == account.id)
    found = select(RequestedEntry).join(ConfirmationRequest).where(own)
    return session.scalars(found.order_by(ConfirmationRequest.opened_on, RequestedEntry.post_id)).all()


def _found(session: Session, account: Account) -> Sequence[Any]:
    """What they brought to light about entries, by letter, page or telephone."""
    return [
        *session.scalars(select(Finding).where(Finding.by == account.id).order_by(Finding.since_at)),
        *session.scalars(select(Check).where(Check.by == account.id).order_by(Check.at)),
    ]


def _successions(session: Session, account: Account) -> Sequence[Succession]:
    """Where somebody named them as a successor, or they somebody."""
    own = (func.lower(Succession.email) == account.email.lower()) | (Succession.named_by == account.id)
    return session.scalars(select(Succession).where(own).order_by(Succession.named_at)).all()


def _accesses(session: Session, post: Post) -> list[dict[str, Any]]:
    lines = history.accesses_to(session, post.id)
    return [
        {"at": line.at.isoformat(), "kind": line.kind, "account": line.account_id, "entries": line.entry_count}
        for line in lines
    ]
