"""Ways back in: a new password by mail, never without the second factor; a new factor only after meeting somebody.

Who asks is told the same in every case and in the same time: asking only writes a row, the worker looks whether there
is such an account.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts import letters, links, sessions
from directory.accounts.letters import Post
from directory.accounts.models import Account, Invitation
from directory.history import operations as history


def ask(session: Session, email: str, *, now: datetime) -> None:
    """Note that somebody asked for a way back in for this address."""
    links.issue(session, "asked", email.casefold()[:254], by="public", now=now)


def is_asked(session: Session) -> bool:
    """Whether anybody waits for an answer."""
    return session.scalar(select(Invitation.id).where(Invitation.purpose == "asked").limit(1)) is not None


def answer_all(session: Session, *, post: Post) -> int:
    """Write to those who asked and have an active account; forget the others. Returns how many letters."""
    asked = session.scalars(select(Invitation).where(Invitation.purpose == "asked")).all()
    count = 0
    for row in asked:
        account = account_by_email(session, row.email)
        if account is not None and account.state == "active" and links.is_live(row, post.now):
            send_link(session, account, post=post)
            count += 1
        session.delete(row)
    session.flush()
    return count


def send_link(session: Session, account: Account, *, post: Post) -> None:
    """Mail the link that sets a new password."""
    row, token = links.issue_row(session, "recover", account.email, by=account.id, now=post.now, account=account)
    letters.recovery(session, account, row, token, post=post)


def send_finish(session: Session, account: Account, *, post: Post) -> None:
    """Mail the link that sets up a second factor, for an account that has none."""
    row, token = links.issue_row(session, "enrol", account.email, by=account.id, now=post.now, account=account)
    letters.finish(session, account, row, token, post=post)


def account_of_link(session: Session, token: str, purpose: str, *, now: datetime) -> Account:
    """Whose link this is; changes nothing. Raises DeadLink."""
    row = links.peek(session, token, purpose, now=now)
    return _active(session, row)


def use_link(session: Session, token: str, purpose: str, *, now: datetime) -> Account:
    """Use a `recover` or `enrol` link up. Raises DeadLink."""
    return _active(session, links.use(session, token, purpose, now=now))


def set_password(
    session: Session, account: Account, password_hash: str, *, post: Post, by: str, path: str, but: str | None = None
) -> None:
    """A new password: every session ends (but the one named), open links too, and the person is told."""
    account.password_hash = password_hash
    sessions.end_all(session, account.id, now=post.now, but=but)
    links.withdraw_sent_to(session, account.id, now=post.now)
    history.record(
        session, "password_changed", subject_type="account", subject_id=account.id, by=by, now=post.now, reason=path
    )
    letters.password_changed(session, account, post=post)


def account_by_email(session: Session, email: str) -> Account | None:
    """The account with that login address."""
    return session.scalars(select(Account).where(Account.email == email.strip().casefold())).first()


def _active(session: Session, row: Invitation) -> Account:
    account = session.get(Account, row.account_id) if row.account_id else None
    if account is None or account.state != "active":
        raise links.DeadLink
    return account
