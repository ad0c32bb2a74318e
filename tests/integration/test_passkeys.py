"""Passkeys: right host, right question, once; a thief with a recording or another site gets nowhere."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.accounts import passkeys
from directory.accounts.models import Account, Passkey, PasskeyChallenge
from directory.accounts.passkeys import BadPasskey, Party
from tests.conftest import NOW
from tests.people import make_account

PARTY = Party("directory.example.org", "https://directory.example.org")
PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Device:
    """A passkey in software: makes a key pair, signs questions."""

    origin: str = PARTY.origin
    host: str = PARTY.host
    flags: int = PRESENT | VERIFIED
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: os.urandom(32))
    count: int = 0

    def make(self, options: str) -> str:
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        held = b"\x00" * 16 + struct.pack(">H", len(self.id)) + self.id + public
        data = self._data(self.flags | WITH_KEY) + held
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer("webauthn.create", options, attestationObject=text(attested))

    def sign(self, options: str) -> str:
        self.count += 1
        data, client = self._data(self.flags), self._client("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer("webauthn.get", options, authenticatorData=text(data), signature=text(signature))

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client(self, kind: str, options: str) -> bytes:
        challenge = json.loads(options)["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, kind: str, options: str, **response: Any) -> str:
        response["clientDataJSON"] = text(self._client(kind, options))
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response})


@pytest.fixture
def account(session: Session) -> Account:
    found = session.get(Account, make_account(session).id)
    assert found is not None
    return found


@pytest.fixture
def device(session: Session, account: Account) -> Device:
    made = Device()
    answer = made.make(passkeys.options_to_enrol(session, account, PARTY, now=NOW))
    passkeys.enrol(session, account, answer, PARTY, name="laptop", now=NOW)
    return made


def question(session: Session, account: Account | None = None) -> str:
    return passkeys.options_to_prove(session, account, PARTY, now=NOW)


def prove(session: Session, answer: str, account: Account | None = None, **more: Any) -> Account:
    return passkeys.prove(session, account, answer, PARTY, now=more.get("now", NOW))


def test_it_signs_in_alone_and_as_a_second_factor(session: Session, account: Account, device: Device) -> None:
    assert prove(session, device.sign(question(session))).id == account.id
    assert prove(session, device.sign(question(session, account)), account).id == account.id
    key = session.scalars(select(Passkey).execution_options(populate_existing=True)).one()
    assert (key.sign_count, key.used_at) == (2, NOW)


def test_a_recorded_answer_is_worth_nothing(session: Session, device: Device) -> None:
    answer = device.sign(question(session))
    prove(session, answer)
    with pytest.raises(BadPasskey, match="answered before"):
        prove(session, answer)


@pytest.mark.parametrize(
    "bad",
    [
        {"origin": "https://directory.example.org.evil.example"},
        {"origin": "http://directory.example.org"},
        {"host": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"id": b"unknown"},
        {"count": -1},
    ],
    ids=[
        "other origin",
        "plain http",
        "other host",
        "owner not verified",
        "nobody there",
        "other key",
        "unknown",
        "clone",
    ],
)
def test_what_is_not_wholly_right_is_refused(session: Session, device: Device, bad: dict[str, Any]) -> None:
    device.count = 5
    prove(session, device.sign(question(session)))
    wrong = Device(**{"key": device.key, "id": device.id, "count": device.count, **bad})
    with pytest.raises(BadPasskey):
        prove(session, wrong.sign(question(session)))


def test_a_question_is_for_one_purpose_one_account_and_five_minutes(
    session: Session, account: Account, device: Device
) -> None:
    other = session.get(Account, make_account(session, "Ion").id)
    with pytest.raises(BadPasskey):
        prove(session, device.sign(question(session)), account)
    with pytest.raises(BadPasskey):
        prove(session, device.sign(question(session, account)))
    with pytest.raises(BadPasskey):
        prove(session, device.sign(question(session, account)), other)
    with pytest.raises(BadPasskey):
        prove(session, device.sign(question(session, other)), other)
    with pytest.raises(BadPasskey):
        prove(session, device.sign(question(session)), now=NOW + timedelta(minutes=5, seconds=1))
    assert prove(session, device.sign(question(session)), now=NOW + timedelta(minutes=5)).id == account.id


def test_no_passkey_of_a_frozen_account(session: Session, account: Account, device: Device) -> None:
    account.state = "frozen"
    session.flush()
    with pytest.raises(BadPasskey):
        prove(session, device.sign(question(session)))


def test_the_same_passkey_is_not_taken_for_two_accounts(session: Session, device: Device) -> None:
    other = session.get(Account, make_account(session, "Ion").id)
    assert other is not None
    answer = device.make(passkeys.options_to_enrol(session, other, PARTY, now=NOW))
    with pytest.raises(BadPasskey, match="known already"):
        passkeys.enrol(session, other, answer, PARTY, name="", now=NOW)


@pytest.mark.parametrize(
    "nonsense",
    ["", "{}", "[]", "null", "x" * 30_000, '{"response": {"clientDataJSON": "!!"}}', '{"response": []}', "[" * 5000,
     '{"id": 5, "response": {"clientDataJSON": "e30"}}', '{"response": {"clientDataJSON": "bnVsbA"}}'],
)  # fmt: skip
def test_nonsense_is_refused(session: Session, nonsense: str) -> None:
    with pytest.raises(BadPasskey):
        prove(session, nonsense)


def test_broken_parts_around_a_good_question_are_refused(session: Session, device: Device) -> None:
    for part in ("signature", "authenticatorData", "id", "rawId"):
        for value in ("", "!!", 5, None, text(b"\x00" * 40)):
            answer = json.loads(device.sign(question(session)))
            holder = answer if part in answer else answer["response"]
            holder[part] = value
            with pytest.raises(BadPasskey):
                prove(session, json.dumps(answer))


def test_unanswered_questions_are_forgotten(session: Session) -> None:
    question(session)
    passkeys.forget(session, now=NOW + timedelta(minutes=6))
    assert session.scalar(select(func.count()).select_from(PasskeyChallenge)) == 0
