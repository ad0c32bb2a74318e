"""Sign somebody in, step by step: the password is right, then the second factor, then a session with rights."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from directory.accounts import letters, passwords, sessions
from directory.accounts.letters import Post
from directory.accounts.models import Account, SignedInSession
from directory.history import operations as history

DEVICE_DAYS = 180


def may_sign_in(account: Account | None, *, demo: bool) -> bool:
    """An active account; a demo account only in demo mode."""
    return account is not None and account.state == "active" and (demo or not account.is_demo)


class NotActive(Exception):
    """The account is frozen or closed, or a demo account outside demo mode."""


def refuse_unless_active(account: Account, *, demo: bool) -> None:
    """Raises NotActive."""
    if not may_sign_in(account, demo=demo):
        raise NotActive


def rehash_if_old(session: Session, account: Account, password: str, cost: str) -> None:
    """A hash made at an older cost is made anew, unless the password changed meanwhile."""
    old = account.password_hash
    if old is not None and passwords.needs_rehash(old, cost):
        session.execute(
            update(Account)
            .where(Account.id == account.id, Account.password_hash == old)
            .values(password_hash=passwords.make_hash(password, cost))
            .execution_options(synchronize_session="fetch")
        )


def complete(session: Session, row: SignedInSession, *, path: str, post: Post) -> str:
    """The second factor was right: the session gets its rights and a new cookie value, which is returned.

    `path` says how: `totp`, `passkey`, `recovery_code`. A browser not seen before is told to the person by letter.
    """
    account = row.account
    is_first = row.factor_at is None
    token = sessions.rotate(session, row, now=post.now, factor=True)
    if is_first:
        note(session, "signed_in", account, post.now, path)
        if not sessions.knows_device(session, account, row.device, but=row.id):
            letters.new_sign_in(session, account, row.device, post=post)
    else:
        note(session, "stepped_up", account, post.now, path)
    return token


def note(session: Session, action: str, account: Account, now: datetime, reason: str = "") -> None:
    """One line of history about what somebody did with their own account."""
    history.record(
        session, action, subject_type="account", subject_id=account.id, by=account.id, now=now, reason=reason
    )
