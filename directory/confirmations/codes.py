"""The code in a letter: six characters a person can read aloud, kept only as a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no I, L, O, 0, 1: nobody should have to guess
LENGTH = 6
_ALIKE = str.maketrans({" ": "", "-": "", "\u00a0": ""})


def new_code() -> str:
    """A fresh code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def derived_code(about: str, key: bytes) -> str:
    """The code that belongs to that subject, always the same: nothing needs to be kept of it."""
    number = int.from_bytes(hmac.new(key, f"code:{about}".encode(), hashlib.sha256).digest())
    return "".join(ALPHABET[number // len(ALPHABET) ** place % len(ALPHABET)] for place in range(LENGTH))


def is_derived(typed: str, about: str, key: bytes) -> bool:
    """Whether it is that subject's code; compared in constant time."""
    return hmac.compare_digest(cleaned(typed).encode(), derived_code(about, key).encode())


def cleaned(typed: str) -> str:
    """What somebody typed, as the code would be written."""
    return typed.translate(_ALIKE).upper()[:40]


def code_hash(code: str, letter_id: str, key: bytes) -> str:
    """What is kept of a code; worthless without the key, and for any other letter."""
    return hmac.new(key, f"{letter_id}:{cleaned(code)}".encode(), hashlib.sha256).hexdigest()


def is_code(typed: str, kept: str, letter_id: str, key: bytes) -> bool:
    """Whether it is the code of that letter; compared in constant time."""
    return hmac.compare_digest(code_hash(typed, letter_id, key), kept)
