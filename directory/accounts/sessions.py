"""Where somebody is signed in: server-side rows behind an opaque cookie, ended when they should be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.accounts.models import Account, SignedInSession
from directory.accounts.people import person_of, rights
from directory.accounts.tokens import new_token, token_hash

STEP_UP = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=1)  # a session is marked as seen at most so often: reading stays cheap


def open_session(session: Session, account: Account, *, device: str, now: datetime, factor: bool) -> str:
    """Sign a device in; returns the cookie's value, which is kept nowhere."""
    token = new_token()
    session.add(
        SignedInSession(
            token_hash=token_hash(token),
            account_id=account.id,
            created_at=now,
            seen_at=now,
            factor_at=now if factor else None,
            device=device[:200],
        )
    )
    session.flush()
    return token


def find(session: Session, token: str, *, now: datetime) -> SignedInSession | None:
    """The live session behind a cookie; None when it ended, lapsed, or its account is not active."""
    row = session.scalars(select(SignedInSession).where(SignedInSession.token_hash == token_hash(token))).first()
    if row is None or row.ended_at is not None or row.account.state != "active" or is_lapsed(session, row, now):
        return None
    return row


def is_lapsed(session: Session, row: SignedInSession, now: datetime) -> bool:
    """Too long without a request, or too long in any case, by the strictest role the account holds."""
    lengths = [rights().sessions[role] for role in person_of(session, row.account).roles if role in rights().sessions]
    if not lengths:
        return False
    idle = timedelta(minutes=min(length["idle"] for length in lengths))
    whole = timedelta(minutes=min(length["whole"] for length in lengths))
    return now - row.seen_at > idle or now - row.created_at > whole


def mark_seen(session: Session, row: SignedInSession, *, now: datetime) -> bool:
    """Note that the session is in use. Never revives one that ended meanwhile; returns whether a row was written."""
    if now - row.seen_at < SEEN_EVERY:
        return False
    session.execute(
        update(SignedInSession)
        .where(SignedInSession.id == row.id, SignedInSession.ended_at.is_(None))
        .values(seen_at=now)
    )
    return True


def has_fresh_factor(row: SignedInSession, now: datetime) -> bool:
    """The second factor was given within the last fifteen minutes."""
    return row.factor_at is not None and now - row.factor_at <= STEP_UP


def rotate(session: Session, row: SignedInSession, *, now: datetime, factor: bool) -> str:
    """A new cookie value for the same device, after sign-in steps and step-up; the old one is dead at once."""
    token = new_token()
    row.token_hash = token_hash(token)
    row.seen_at = now
    if factor:
        row.factor_at = now
    session.flush()
    return token


def end(session: Session, session_ids: Sequence[str], *, now: datetime) -> None:
    """End these sessions."""
    session.execute(
        update(SignedInSession)
        .where(SignedInSession.id.in_(session_ids), SignedInSession.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session="fetch")
    )


def end_all(session: Session, account_id: str, *, now: datetime, but: str | None = None) -> None:
    """End every session of an account (password, factor, role or freeze changed), perhaps but the one in use."""
    statement = update(SignedInSession).where(
        SignedInSession.account_id == account_id, SignedInSession.ended_at.is_(None)
    )
    if but is not None:
        statement = statement.where(SignedInSession.id != but)
    session.execute(statement.values(ended_at=now).execution_options(synchronize_session="fetch"))
