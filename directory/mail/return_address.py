"""A return address of its own for every letter, signed: only a report that carries one tells us anything.

    bounce+<the letter's id>.<signature>@directory.example.org

Small letters and digits throughout, since servers on the way may change the case; short enough for the 64 characters
an address may have before the @.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

SIGNATURE_BYTES = 10  # 80 bits: nobody guesses one over the network
LONGEST_NAME = 64 - len("+.") - 26 - 16
PURPOSE = "return address"


class BadReturnPath(Exception):
    """No return addresses can be made below this address; the message says why."""


@dataclass(frozen=True, slots=True)
class ReturnAddresses:
    """Makes and reads return addresses below `path`. The first key signs, every one still verifies."""

    path: str
    keys: Sequence[bytes]

    def __post_init__(self) -> None:
        name, at, domain = self.path.rpartition("@")
        if not at or not name or not domain or "+" in name:
            raise BadReturnPath(f"{self.path!r} must look like bounce@directory.example.org, without a +")
        if len(name) > LONGEST_NAME:
            raise BadReturnPath(f"{name!r} is too long: at most {LONGEST_NAME} characters before the @")

    def of(self, mail_id: str) -> str:
        """The address to which reports about this letter go."""
        name, _, domain = self.path.rpartition("@")
        return f"{name}+{_packed(mail_id)}.{_signature(self.keys[0], mail_id)}@{domain}"

    def letter(self, address: str) -> str | None:
        """The id of the letter an address was made for; None where we never made it."""
        name, _, domain = self.path.rpartition("@")
        found = _SHAPE.fullmatch(address.strip())
        if found is None or (found["name"].lower(), found["domain"].lower()) != (name.lower(), domain.lower()):
            return None
        mail_id, given = _unpacked(found["id"]), found["signature"].lower()
        good = [hmac.compare_digest(_signature(key, mail_id), given) for key in self.keys]
        return mail_id if any(good) else None


_SHAPE = re.compile(
    r"(?P<name>[^+@\s]{1,64})\+(?P<id>[a-z2-7]{26})\.(?P<signature>[a-z2-7]{16})@(?P<domain>[^@\s]{1,255})",
    re.IGNORECASE,
)


def _signature(key: bytes, mail_id: str) -> str:
    digest = hmac.digest(key, uuid.UUID(mail_id).bytes, hashlib.sha256)
    return base64.b32encode(digest[:SIGNATURE_BYTES]).decode().lower()


def _packed(mail_id: str) -> str:
    return base64.b32encode(uuid.UUID(mail_id).bytes).decode().rstrip("=").lower()


def _unpacked(text: str) -> str:
    return str(uuid.UUID(bytes=base64.b32decode(text.upper() + "======")))
