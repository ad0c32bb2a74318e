"""Passkeys (WebAuthn): proof of a device and its owner, bound to our address, with nothing to guess or to pass on."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from directory.accounts.models import Account, Passkey, PasskeyChallenge
from directory.accounts.tokens import token_hash

LIFE = timedelta(minutes=5)
MOST = 10
MOST_CHARACTERS = 20_000


class BadPasskey(Exception):
    """The answer proves nothing here."""


@dataclass(frozen=True, slots=True)
class Party:
    """We, as a passkey knows us: the host it is bound to, and the origin it must have been used on."""

    host: str
    origin: str
    name: str = "TRM Directory"


def party_of(base_url: str) -> Party | None:
    """The party of this site; None where the address is a number, which passkeys cannot be bound to."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return Party(host, f"{parts.scheme}://{parts.netloc}")
    return None


def options_to_enrol(session: Session, account: Account, party: Party, *, now: datetime) -> str:
    """The question that makes a new passkey, as JSON for the browser."""
    known = session.scalars(select(Passkey.credential_id).where(Passkey.account_id == account.id))
    options = generate_registration_options(
        rp_id=party.host,
        rp_name=party.name,
        user_id=account.id.encode(),
        user_name=account.email,
        user_display_name=account.name,
        challenge=_challenge(session, "enrol", account.id, now),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in known],
    )
    return options_to_json(options)


def options_to_prove(session: Session, account: Account | None, party: Party, *, now: datetime) -> str:
    """The question an existing passkey answers; without an account any of ours may."""
    known = [] if account is None else account.passkeys
    options = generate_authentication_options(
        rp_id=party.host,
        challenge=_challenge(session, "factor" if account else "sign_in", account.id if account else None, now),
        allow_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def _challenge(session: Session, purpose: str, account_id: str | None, now: datetime) -> bytes:
    challenge = secrets.token_bytes(32)
    row = PasskeyChallenge(
        challenge_hash=token_hash(challenge.hex()), purpose=purpose, account_id=account_id, expires_at=now + LIFE
    )
    session.add(row)
    session.flush()
    return challenge


def enrol(session: Session, account: Account, answer: str, party: Party, *, name: str, now: datetime) -> Passkey:
    """A new passkey for the account. Raises BadPasskey."""
    if len(account.passkeys) >= MOST:
        raise BadPasskey("That account has enough passkeys")
    challenge = _used_challenge(session, answer, "enrol", account.id, now)
    try:
        proven = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise BadPasskey(str(error)) from error
    if session.scalar(select(Passkey.id).where(Passkey.credential_id == proven.credential_id)):
        raise BadPasskey("That passkey is known already")
    key = Passkey(
        credential_id=proven.credential_id,
        public_key=proven.credential_public_key,
        sign_count=proven.sign_count,
        name=name[:60],
        created_at=now,
    )
    account.passkeys.append(key)
    session.flush()
    return key


def prove(session: Session, account: Account | None, answer: str, party: Party, *, now: datetime) -> Account:
    """Whose passkey answered; with an account given, it must be that one's. Raises BadPasskey."""
    purpose, account_id = ("factor", account.id) if account else ("sign_in", None)
    challenge = _used_challenge(session, answer, purpose, account_id, now)
    key = _key_of(session, answer)
    if account is not None and key.account_id != account.id:
        raise BadPasskey("Somebody else's passkey")
    try:
        proven = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise BadPasskey(str(error)) from error
    session.execute(update(Passkey).where(Passkey.id == key.id).values(sign_count=proven.new_sign_count, used_at=now))
    owner = session.get(Account, key.account_id)
    if owner is None or owner.state != "active":
        raise BadPasskey("No active account")
    return owner


def _used_challenge(session: Session, answer: str, purpose: str, account_id: str | None, now: datetime) -> bytes:
    """The challenge inside the answer, if it is ours, fresh, for this purpose and never answered before."""
    challenge = _challenge_in(answer)
    same_account = (
        PasskeyChallenge.account_id.is_(None) if account_id is None else PasskeyChallenge.account_id == account_id
    )
    done = session.execute(
        delete(PasskeyChallenge).where(
            PasskeyChallenge.challenge_hash == token_hash(challenge.hex()),
            PasskeyChallenge.purpose == purpose,
            PasskeyChallenge.expires_at >= now,
            same_account,
        )
    )
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise BadPasskey("The question was answered before, or is too old")
    return challenge


def _challenge_in(answer: str) -> bytes:
    if len(answer) > MOST_CHARACTERS:
        raise BadPasskey("Too long")
    try:
        client = json.loads(base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"]))
        return base64url_to_bytes(client["challenge"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadPasskey("Not an answer of a passkey") from error


def _key_of(session: Session, answer: str) -> Passkey:
    try:
        credential_id = base64url_to_bytes(str(json.loads(answer).get("id", "")))
    except ValueError as error:
        raise BadPasskey("Not an answer of a passkey") from error
    key = session.scalars(select(Passkey).where(Passkey.credential_id == credential_id)).first()
    if key is None:
        raise BadPasskey("Unknown passkey")
    return key


def forget(session: Session, *, now: datetime) -> None:
    """Drop questions nobody answered."""
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now))
