"""Where somebody is signed in: server-side rows behind an opaque cookie, ended when they should be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from directory.accounts.models import Account, SignedInSession
from directory.accounts.people import person_of, rights
from directory.accounts.tokens import new_token, token_hash

STEP_UP = timedelta(minutes=15)
UNFINISHED = timedelta(minutes=20)  # between the password and the second factor
SEEN_EVERY = timedelta(minutes=1)  # a session is marked as seen at most so often: reading stays cheap


def open_session(session: Session, account: Account, *, device: str, now: datetime, factor: bool) -> str:
    """Sign a device in; returns the cookie's value, which is kept nowhere."""
    row, token = open_row(session, account, device=device, now=now)
    row.factor_at = now if factor else None
    session.flush()
    return token


def open_row(session: Session, account: Account, *, device: str, now: datetime) -> tuple[SignedInSession, str]:
    """A new session without a second factor yet, and its cookie's value."""
    token = new_token()
    row = SignedInSession(
        token_hash=token_hash(token), account=account, created_at=now, seen_at=now, device=device[:200]
    )
    session.add(row)
    session.flush()
    return row, token


def find(session: Session, token: str, *, now: datetime) -> SignedInSession | None:
    """The live session behind a cookie; None when it ended, lapsed, or its account is not active."""
    row = session.scalars(select(SignedInSession).where(SignedInSession.token_hash == token_hash(token))).first()
    if row is None or row.ended_at is not None or row.account.state != "active" or is_lapsed(session, row, now):
        return None
    return row


def is_lapsed(session: Session, row: SignedInSession, now: datetime) -> bool:
    """Too long without a request, or too long in any case, by the strictest role the account holds."""
    idle, whole = lengths(session, row.account)
    if row.factor_at is None:
        idle = whole = UNFINISHED
    return now - row.seen_at > idle or now - row.created_at > whole


def lengths(session: Session, account: Account) -> tuple[timedelta, timedelta]:
    """How long a session of this account lives: without a request, and in any case. No role: the strictest."""
    table = rights().sessions
    held = [table[role] for role in person_of(session, account).roles if role in table] or list(table.values())
    return (
        timedelta(minutes=min(length["idle"] for length in held)),
        timedelta(minutes=min(length["whole"] for length in held)),
    )


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


class SessionEnded(Exception):
    """The session was ended while the request ran; nothing revives it."""


def rotate(session: Session, row: SignedInSession, *, now: datetime, factor: bool) -> str:
    """A new cookie value for the same device, after sign-in steps and step-up; the old one is dead at once.

    Raises SessionEnded if the session ended meanwhile.
    """
    token = new_token()
    values = {"token_hash": token_hash(token), "seen_at": now} | ({"factor_at": now} if factor else {})
    done = session.execute(
        update(SignedInSession)
        .where(SignedInSession.id == row.id, SignedInSession.ended_at.is_(None))
        .values(values)
        .execution_options(synchronize_session="fetch")
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]  # an update has a row count
        raise SessionEnded
    return token


def live_of(session: Session, account: Account, *, now: datetime) -> list[SignedInSession]:
    """The devices this account is signed in on, newest use first."""
    rows = session.scalars(
        select(SignedInSession)
        .where(SignedInSession.account_id == account.id, SignedInSession.ended_at.is_(None))
        .order_by(SignedInSession.seen_at.desc())
    )
    return [row for row in rows if not is_lapsed(session, row, now)]


def knows_device(session: Session, account: Account, device: str, *, but: str) -> bool:
    """Whether this account was signed in with such a browser before."""
    earlier = select(SignedInSession.id).where(
        SignedInSession.account_id == account.id,
        SignedInSession.device == device[:200],
        SignedInSession.factor_at.is_not(None),
        SignedInSession.id != but,
    )
    return session.scalar(earlier.limit(1)) is not None


def forget(session: Session, *, now: datetime) -> None:
    """Drop sessions that ended or lapsed long ago."""
    old = now - timedelta(days=90)
    session.execute(
        delete(SignedInSession).where(SignedInSession.seen_at < old).execution_options(synchronize_session=False)
    )


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
