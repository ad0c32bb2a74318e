"""The link in a letter and its code. Looking at a link changes nothing, however often and by whomever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.accounts.vault import Vault
from directory.confirmations import codes, letters
from directory.confirmations.letters import PURPOSE, Desk
from directory.confirmations.models import ConfirmationLetter

LINK_DAYS = 30
MOST_WRONG = 5
MOST_CODES = 6  # so many codes in one letter's life: then only signing in or calling helps
CodeVerdict = Literal["right", "wrong", "new_code", "too_many"]


class DeadLetter(Exception):
    """The link opens nothing: `unknown`, `expired` or `superseded` by a newer letter.

    `language`: that of the letter it stood in; empty where that is not known.
    """

    def __init__(self, why: str, language: str = "") -> None:
        super().__init__(why)
        self.why, self.language = why, language


def read(session: Session, token: str, *, vault: Vault, now: datetime) -> ConfirmationLetter:
    """The letter a link belongs to; changes nothing. Raises DeadLetter."""
    letter_id = vault.unsign(token, PURPOSE)
    letter = session.get(ConfirmationLetter, letter_id) if letter_id else None
    account = session.get(Account, letter.account_id) if letter else None
    if letter is None or account is None or account.state != "active":
        raise DeadLetter("unknown")
    if letter.superseded_at is not None:
        raise DeadLetter("superseded", account.language)
    if now - letter.written_at > timedelta(days=LINK_DAYS):
        raise DeadLetter("expired", account.language)
    return letter


def check_code(session: Session, letter: ConfirmationLetter, typed: str, *, now: datetime, desk: Desk) -> CodeVerdict:
    """Whether this is the letter's code. The fifth wrong one calls for a new code by mail; nobody is locked out.

    Counts in the caller's transaction, which must be committed whatever the verdict.
    """
    session.execute(select(ConfirmationLetter.id).where(ConfirmationLetter.id == letter.id).with_for_update())
    session.refresh(letter)
    if letter.wrong_count >= MOST_WRONG:
        return "too_many"
    if codes.is_code(typed, letter.code_hash, letter.id, desk.code_key):
        return "right"
    letter.wrong_count += 1
    if letter.wrong_count < MOST_WRONG:
        return "wrong"
    if letter.code_count >= MOST_CODES:
        return "too_many"
    letters.write_new_code(session, letter, session.get_one(Account, letter.account_id), now=now, desk=desk)
    return "new_code"
