"""Links sent by mail: one use, short life, kept only as a hash. Used, withdrawn, late and unknown ones look alike."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, select, update
from sqlalchemy.orm import Session

from directory.accounts.models import Account, Invitation
from directory.accounts.tokens import new_token, token_hash

LIFE = {
    "invite": timedelta(days=7),
    "recover": timedelta(minutes=10),
    "enrol": timedelta(minutes=10),
    "asked": timedelta(minutes=10),
}


class DeadLink(Exception):
    """The link was used, withdrawn, has run out or never was; nobody is told which."""


def issue(session: Session, purpose: str, email: str, *, by: str, now: datetime, account: Account | None = None) -> str:
    """A new link's token for this account; older unused ones of the same purpose end."""
    return issue_row(session, purpose, email, by=by, now=now, account=account)[1]


def issue_row(
    session: Session, purpose: str, email: str, *, by: str, now: datetime, account: Account | None = None
) -> tuple[Invitation, str]:
    """The row of a new link, and its token."""
    if account is not None:
        session.execute(
            update(Invitation)
            .where(Invitation.account_id == account.id, Invitation.purpose == purpose, Invitation.used_at.is_(None))
            .values(withdrawn_at=now)
        )
    token = new_token()
    row = Invitation(
        token_hash=token_hash(token),
        purpose=purpose,
        email=email,
        account_id=account.id if account else None,
        invited_by=by,
        invited_at=now,
        expires_at=now + LIFE[purpose],
    )
    session.add(row)
    session.flush()
    return row, token


def peek(session: Session, token: str, purpose: str, *, now: datetime) -> Invitation:
    """The live link behind a token; changes nothing. Raises DeadLink."""
    row = session.scalars(select(Invitation).where(Invitation.token_hash == token_hash(token))).first()
    if row is None or row.purpose != purpose or not is_live(row, now):
        raise DeadLink
    return row


def is_live(row: Invitation, now: datetime) -> bool:
    """It may still be used."""
    return row.used_at is None and row.withdrawn_at is None and now <= row.expires_at


def use(session: Session, token: str, purpose: str, *, now: datetime) -> Invitation:
    """Use a link up; of several that try at once one gets it. Raises DeadLink."""
    row = peek(session, token, purpose, now=now)
    done = session.execute(
        update(Invitation)
        .where(Invitation.id == row.id, Invitation.used_at.is_(None), Invitation.withdrawn_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session="fetch")
    )
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise DeadLink
    return row


def withdraw_sent_by(session: Session, account_id: str, *, now: datetime) -> None:
    """End every open invitation this account sent: it is frozen or lost a role."""
    _withdraw(session, Invitation.invited_by == account_id, now)


def withdraw_sent_to(session: Session, account_id: str, *, now: datetime) -> None:
    """End every open link that lets somebody into this account."""
    _withdraw(session, Invitation.account_id == account_id, now)


def _withdraw(session: Session, which: ColumnElement[bool], now: datetime) -> None:
    session.execute(
        update(Invitation)
        .where(which, Invitation.used_at.is_(None), Invitation.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .execution_options(synchronize_session="fetch")
    )


def forget(session: Session, *, now: datetime) -> None:
    """Drop links that ran out a quarter ago; history keeps who invited whom."""
    session.execute(delete(Invitation).where(Invitation.expires_at < now - timedelta(days=90)))
