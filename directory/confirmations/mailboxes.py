"""Which entries rest on a mail address: those that show it, and those of the owner it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.confirmations import owners
from directory.confirmations.models import ConfirmationRequest, RequestedEntry
from directory.confirmations.snapshots import current_appointment
from directory.registry.models import Appointment, ContactPoint, Official, Post
from directory.registry.rules import MAILS


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address in small letters, whose it is, and the entries that rest on it.

    `shown_on` are those whose readers are told: the address stands on the page, or is the owner's.
    """

    address: str
    account_ids: frozenset[str]
    post_ids: frozenset[str]
    shown_on: frozenset[str]


def resting_on(session: Session, address: str, *, today: date) -> Mailbox:
    """Everything that rests on this address today."""
    wanted = address.lower()
    accounts = set(
        session.scalars(select(Account.id).where(func.lower(Account.email) == wanted, Account.state == "active"))
    )
    owned = {post_id for account in accounts for post_id in _owned(session, account, today)}
    open_lines, hidden_lines = _with_line(session, wanted, today)
    return Mailbox(
        wanted, frozenset(accounts), frozenset(owned | open_lines | hidden_lines), frozenset(owned | open_lines)
    )


def rests_on(session: Session, post: Post, address: str, *, today: date) -> bool:
    """Whether this entry, or its owner, still has that address."""
    appointment = current_appointment(post, today)
    lines = [*post.contact_points, *post.institution.contact_points]
    lines += appointment.contact_points if appointment else []
    if any(line.kind in MAILS and line.value.lower() == address for line in lines):
        return True
    owner_id = owners.owner_of(session, post, today=today)
    owner = session.get(Account, owner_id) if owner_id else None
    return owner is not None and owner.email.lower() == address


def _owned(session: Session, account_id: str, today: date) -> set[str]:
    """What the account is asked about now; else all it owns."""
    asked = session.scalars(
        select(RequestedEntry.post_id)
        .join(ConfirmationRequest)
        .where(
            ConfirmationRequest.account_id == account_id,
            ConfirmationRequest.state == "open",
            RequestedEntry.answer.is_(None),
        )
    ).all()
    return set(asked) or {one.post_id for one in owners.held_by(session, [account_id], today=today)}


def _with_line(session: Session, address: str, today: date) -> tuple[set[str], set[str]]:
    """Entries with that mail line: those where readers see it, and those where it is a holder's who is not named."""
    same: tuple[ColumnElement[bool], ...] = (ContactPoint.kind.in_(MAILS), func.lower(ContactPoint.value) == address)
    shown = set(session.scalars(select(ContactPoint.post_id).where(*same, ContactPoint.post_id.is_not(None))))
    bodies = select(ContactPoint.institution_id).where(*same, ContactPoint.institution_id.is_not(None))
    shown |= set(session.scalars(select(Post.id).where(Post.institution_id.in_(bodies))))
    held = session.execute(
        select(Appointment.post_id, Official.agreed_at)
        .join(ContactPoint, ContactPoint.appointment_id == Appointment.id)
        .join(Official, Official.id == Appointment.official_id)
        .where(
            *same,
            (Appointment.from_on.is_(None)) | (Appointment.from_on <= today),
            (Appointment.until_on.is_(None)) | (Appointment.until_on >= today),
        )
    ).all()
    agreed = {post_id for post_id, agreed_at in held if agreed_at is not None}
    found = {post_id for post_id in shown if post_id is not None}
    return found | agreed, {post_id for post_id, _ in held} - agreed - found
