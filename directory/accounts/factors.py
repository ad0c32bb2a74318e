"""Second factors: a code from an app, and ten codes on paper. Each is accepted once, however many try it at once."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from datetime import datetime

import pyotp
from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from directory.accounts.models import Account, Passkey, RecoveryCode, TotpFactor
from directory.accounts.tokens import token_hash
from directory.accounts.vault import Vault

PURPOSE = "totp"
STEP_SECONDS = 30
WINDOW = 1  # one step early, one late: clocks differ
CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike on paper


def canonical_digits(typed: str) -> str:
    """The six digits somebody meant: full-width and other digits as 0-9, spaces and dashes gone; else empty."""
    digits = []
    for character in typed[:64]:
        value = unicodedata.decimal(character, None)
        if value is not None:
            digits.append(str(value))
        elif not (character.isspace() or unicodedata.category(character) in {"Pd", "Cf"}):
            return ""
    return "".join(digits) if len(digits) == 6 else ""


def begin_totp(session: Session, account: Account, vault: Vault) -> str:
    """A new secret, waiting for its first code; the old one stands until then. Returns it in base 32."""
    secret = pyotp.random_base32(32)
    factor = session.get(TotpFactor, account.id) or TotpFactor(account_id=account.id, last_step=0)
    factor.pending = vault.encrypt(secret.encode(), PURPOSE)
    session.add(factor)
    session.flush()
    return secret


def pending_secret(session: Session, account_id: str, vault: Vault) -> str | None:
    """The secret that waits for its first code."""
    factor = session.get(TotpFactor, account_id)
    return vault.decrypt(factor.pending, PURPOSE).decode() if factor and factor.pending else None


def confirm_totp(session: Session, account_id: str, typed: str, vault: Vault, *, now: datetime) -> bool:
    """Put the waiting secret in force if the code proves it."""
    factor = session.get(TotpFactor, account_id, populate_existing=True)
    if factor is None or factor.pending is None:
        return False
    step = _step_of(vault.decrypt(factor.pending, PURPOSE).decode(), canonical_digits(typed), now)
    if step is None:
        return False
    factor.secret, factor.pending, factor.confirmed_at, factor.last_step = factor.pending, None, now, step
    session.flush()
    return True


def accept_totp(session: Session, account_id: str, typed: str, vault: Vault, *, now: datetime) -> bool:
    """Whether the code is right and was never accepted before. The row itself decides between two that try at once."""
    factor = session.get(TotpFactor, account_id)
    if factor is None or factor.secret is None:
        return False
    step = _step_of(vault.decrypt(factor.secret, PURPOSE).decode(), canonical_digits(typed), now)
    if step is None:
        return False
    done = session.execute(
        update(TotpFactor)
        .where(TotpFactor.account_id == account_id, TotpFactor.last_step < step, TotpFactor.secret == factor.secret)
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )
    return _changed(done) == 1


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step the code belongs to, within the window; compared in constant time."""
    if not code:
        return None
    totp, here = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(here - WINDOW, here + WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            found = step
    return found


def address_for_app(secret: str, account: Account, issuer: str) -> str:
    """The `otpauth:` address an authenticator app reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=issuer)


def new_recovery_codes(session: Session, account_id: str) -> list[str]:
    """Ten new codes, shown once; the old ones are gone."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = ["-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4)) for _ in range(CODES)]
    session.add_all(RecoveryCode(account_id=account_id, code_hash=_code_hash(code)) for code in codes)
    session.flush()
    return codes


def accept_recovery_code(session: Session, account_id: str, typed: str, *, now: datetime) -> bool:
    """Whether this is one of the codes and it was not used before."""
    done = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.code_hash == _code_hash(typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    return _changed(done) == 1


def _code_hash(typed: str) -> str:
    text = unicodedata.normalize("NFKC", typed[:128]).casefold()
    return token_hash("".join(character for character in text if character in ALPHABET))


def codes_left(session: Session, account_id: str) -> int:
    """How many recovery codes are unused."""
    unused = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return session.scalar(unused) or 0


def has_totp(session: Session, account_id: str) -> bool:
    """An authenticator app is set up."""
    factor = session.get(TotpFactor, account_id)
    return factor is not None and factor.secret is not None


def has_factor(session: Session, account_id: str) -> bool:
    """Any second factor is set up. Recovery codes alone are none."""
    return has_totp(session, account_id) or bool(
        session.scalar(select(Passkey.id).where(Passkey.account_id == account_id).limit(1))
    )


def remove_all(session: Session, account_id: str) -> None:
    """Take every factor away: somebody in charge has met the person. The next sign-in sets up new ones by mail."""
    for model in (TotpFactor, Passkey, RecoveryCode):
        session.execute(delete(model).where(model.account_id == account_id))


def _changed(result: object) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount
