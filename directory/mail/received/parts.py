"""A raw message as plain values: headers, the text a person would read, the fields of a delivery report.

Whatever arrives is somebody else's making: every part is bounded, nothing here runs longer than the message is long.
"""

from __future__ import annotations

import email
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from functools import lru_cache
from html import unescape

from anyascii import anyascii

MOST_PARTS = 40
LONGEST_HEADER = 1000
LONGEST_TEXT = 60_000
LONGEST_LINE = 1000
MOST_LINES = 4000
_SKIPPED = ("message/rfc822", "text/rfc822-headers", "message/delivery-status", "message/feedback-report")


def parse(content: bytes) -> Message:
    """The message, with over-long lines and endless folding cut: the readers of odd formats match line by line."""
    kept: list[bytes] = []
    folded = 0
    for line in content.splitlines()[:MOST_LINES]:
        folded = folded + 1 if line[:1] in {b" ", b"\t"} else 0
        if folded < 60 or line.strip() == b"":
            kept.append(line[:LONGEST_LINE])
    return email.message_from_bytes(b"\n".join(kept) + b"\n")


def header(message: Message, name: str) -> str:
    """A header as readable text on one line; empty where there is none."""
    value = str(message.get(name, ""))[:LONGEST_HEADER]
    with suppress(HeaderParseError, MessageError, LookupError, ValueError):
        value = str(make_header(decode_header(value)))
    return one_line(value)


def one_line(text: str) -> str:
    """Without line breaks and control characters."""
    return " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())[:LONGEST_HEADER]


def addresses(message: Message, *names: str, most: int = 20) -> list[str]:
    """The bare addresses in these headers, in small letters where that changes nothing."""
    values = [str(value)[:LONGEST_HEADER] for name in names for value in message.get_all(name, [])][:most]
    return [one_line(address) for _, address in getaddresses(values) if "@" in address][:most]


def reports(message: Message) -> list[dict[str, str]]:
    """The blocks of a delivery report, one for each recipient, names in small letters."""
    blocks: list[dict[str, str]] = []
    for part in _parts(message):
        if part.get_content_type() not in {"message/delivery-status", "message/global-delivery-status"}:
            continue
        payload = part.get_payload()
        for block in payload if isinstance(payload, list) else []:
            if isinstance(block, Message):
                fields = {name.lower(): one_line(str(value)) for name, value in block.items()[:60]}
                if "action" in fields or "final-recipient" in fields or "status" in fields:
                    blocks.append(fields)
    return blocks


def text_of(message: Message) -> str:
    """What a person would read of it: the plain text, else the text of the HTML; never the letter it encloses."""
    plain: list[str] = []
    rich: list[str] = []
    for part in _parts(message):
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"} and part.get_content_disposition() != "attachment":
            (plain if kind == "text/plain" else rich).append(_decoded(part))
    text = "\n".join(plain) if any(value.strip() for value in plain) else "\n".join(map(_without_tags, rich))
    return _readable(text)[:LONGEST_TEXT]


def _parts(message: Message) -> Iterator[Message]:
    """The parts of the message itself, not those of a message enclosed in it."""
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        yield part
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_type() not in _SKIPPED:
            waiting[:0] = [one for one in payload if isinstance(one, Message)]


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _without_tags(html: str) -> str:
    text = html[: 4 * LONGEST_TEXT]
    for name in ("style", "script", "head"):
        text = _without(text, f"<{name}", f"</{name}>")
    pieces = text.split("<")
    kept = pieces[:1]
    for piece in pieces[1:]:
        tag, _, rest = piece.partition(">")
        kept.append(
            (
                "\n"
                if tag.lower().startswith(("br", "/p", "p", "/div", "div", "/tr", "/li", "/h", "h1", "h2", "h3", "h4"))
                else ""
            )
            + rest
        )
    return unescape("".join(kept))


def _without(text: str, start: str, end: str) -> str:
    lower, kept, at = text.lower(), [], 0
    while (found := lower.find(start, at)) >= 0:
        kept.append(text[at:found])
        closed = lower.find(end, found)
        if closed < 0:
            return "".join(kept)
        at = closed + len(end)
    return "".join([*kept, text[at:]])


def _readable(text: str) -> str:
    clean = "".join(c if c in "\n\t" or unicodedata.category(c)[0] != "C" else " " for c in text.replace("\r\n", "\n"))
    return "\n".join(line.rstrip() for line in clean.split("\n")).strip()


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Small Latin letters without accents, whatever the script: texts and phrases are compared like this."""
    return " ".join(anyascii(text.replace("\u2019", "'")).lower().split())
