"""What is written to people about their account; each letter is queued in the transaction it speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from directory.accounts.models import Account, Invitation
from directory.db import new_id
from directory.mail import outbox

PRODUCT = "TRM Directory"


@dataclass(frozen=True, slots=True)
class Post:
    """How letters of this site are written: the one address in all their links, and the instant."""

    base_url: str
    now: datetime


def invitation(session: Session, row: Invitation, token: str, *, inviter: str, language: str, post: Post) -> None:
    """The link to join, or to take a further role."""
    outbox.queue(
        session,
        "invitation",
        to=row.email,
        key=f"invitation:{row.id}",
        now=post.now,
        language=language,
        product=PRODUCT,
        inviter=inviter,
        link=f"{post.base_url}/invitations/{token}",
        until=row.expires_at,
    )


def recovery(session: Session, account: Account, row: Invitation, token: str, *, post: Post) -> None:
    """The link to set a new password."""
    _to(session, "recovery", account, f"recovery:{row.id}", post, link=f"{post.base_url}/recover/{token}")


def finish(session: Session, account: Account, row: Invitation, token: str, *, post: Post) -> None:
    """The link to set up a second factor: the password was right, but nothing stands beside it."""
    _to(session, "finish", account, f"finish:{row.id}", post, link=f"{post.base_url}/finish/{token}")


def password_changed(session: Session, account: Account, *, post: Post) -> None:
    """Notice that the password changed."""
    _to(session, "password_changed", account, f"password_changed:{new_id()}", post)


def factor_changed(session: Session, account: Account, what: str, *, post: Post, codes_left: int | None = None) -> None:
    """Notice that a second factor was added, replaced, removed, or a recovery code used; `what` says which.

    `what` is one of the sentences of `mail/parts/factors.txt`, which has them in every language.
    """
    _to(session, "factor_changed", account, f"factor_changed:{new_id()}", post, what=what, codes_left=codes_left)


def new_sign_in(session: Session, account: Account, device: str, *, post: Post) -> None:
    """Notice of a sign-in from a browser not seen before."""
    browser, _, system = device.partition(" on ")
    _to(session, "new_sign_in", account, f"new_sign_in:{new_id()}", post, browser=browser, system=system)


def roles_changed(session: Session, account: Account, *, post: Post) -> None:
    """Notice that roles were given or ended."""
    _to(session, "roles_changed", account, f"roles_changed:{new_id()}", post)


def _to(session: Session, letter: str, account: Account, key: str, post: Post, **words: Any) -> None:
    outbox.queue(
        session,
        letter,
        to=account.email,
        key=key,
        now=post.now,
        language=account.language,
        account_id=account.id,
        product=PRODUCT,
        name=account.name,
        base_url=post.base_url,
        at=post.now,
        **words,
    )
