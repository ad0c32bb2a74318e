"""All we keep of a message: what it is, which letter it answers, and a mark to know it by when it is read again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from email.message import Message

from directory.mail.received.classify import Verdict, classify
from directory.mail.received.parts import addresses, header, parse
from directory.mail.return_address import ReturnAddresses

# Where the address stands that a message was really sent to: the servers that pass it on write these.
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To")
_IDENTITY = ("Message-ID", "From", "To", "Date", "Subject")
_MESSAGE_ID = re.compile(r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@([^<>\s@]{1,255})>")
MOST_SUBJECT = 300


@dataclass(frozen=True, slots=True)
class Slip:
    """One message, read. `returned_to` is the letter our own signature names, `mentions` one it says it answers."""

    message_hash: str
    verdict: Verdict
    returned_to: str | None
    mentions: str | None
    sender: str
    subject: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads messages: knows our return addresses, our own addresses and the domain of our message ids."""

    returns: ReturnAddresses | None
    domain: str
    own: Collection[str] = field(default_factory=tuple)

    def read(self, content: bytes, *, today: date) -> Slip:
        """What is kept of a message; whatever it is, there is something to keep."""
        verdict = classify(content, today=today, own=self.own)
        mark = _mark(content)
        try:
            message = parse(content)
            return Slip(mark, verdict, *self._letters(message), *_who(message))
        except Exception:  # noqa: BLE001 - strangers write these: headers no parser takes name no letter
            return Slip(mark, verdict, None, None, "", "")

    def _letters(self, message: Message) -> tuple[str | None, str | None]:
        returned = None
        if self.returns is not None:
            found = (self.returns.letter(address) for address in addresses(message, *_RECIPIENTS))
            returned = next((mail_id for mail_id in found if mail_id), None)
        answered = " ".join(str(message.get(name, ""))[:4000] for name in ("In-Reply-To", "References")).lower()
        mentions = [mail_id for mail_id, domain in _MESSAGE_ID.findall(answered) if domain == self.domain]
        return returned, (mentions or [None])[0]


def _who(message: Message) -> tuple[str, str]:
    sender = (addresses(message, "From", "Sender") or [""])[0]
    return sender[:320], header(message, "Subject")[:MOST_SUBJECT]


def _mark(content: bytes) -> str:
    """The same for a copy that came another way: its trace is left out, not what it says."""
    head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    kept = [
        line
        for line in head.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n")
        if line.partition(b":")[0].strip().lower().decode("ascii", "replace") in _NAMES
    ]
    told = b"\n".join([*sorted(kept), b"", body]) if kept else content
    return hashlib.sha256(told).hexdigest()


_NAMES = {name.lower() for name in _IDENTITY}
