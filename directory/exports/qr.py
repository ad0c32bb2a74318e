"""A QR code small enough for a phone's camera: a short vCard of one entry, or the address of a page.

Measured (docs/exports.md): every byte makes the squares smaller, and above about 220 bytes cameras begin to fail. So
the card holds name, body, one number and one mail address; the body's name is cut rather than the code made larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import segno

from directory.entries.entry import Entry
from directory.exports import words
from directory.exports.card_writer import card_text, card_url, is_mail, is_number
from directory.exports.context import ExportContext
from directory.exports.vcard import VOICE, dialled, short_name

MOST_BYTES = 220
QUIET_ZONE = 4
SHORTEST_BODY = 12  # a body's name cut shorter than this says nothing
SHORTEST_TITLE = 20
LONGEST_MAIL = 64


@dataclass(frozen=True, slots=True)
class Code:
    """The squares of a code: `path` draws the dark ones, in a square of `size` with its quiet zone."""

    size: int
    path: str


def code_of(text: str) -> Code:
    """The code of a text: UTF-8 and marked as such, else readers take `ü` for something Japanese."""
    made = segno.make_qr(text, encoding="utf-8", eci=not text.isascii(), error="l")
    lines = [list(row) for row in made.matrix]
    pieces = [
        f"M{QUIET_ZONE + start} {QUIET_ZONE + y}h{length}v1h-{length}z"
        for y, line in enumerate(lines)
        for start, length in _runs(line)
    ]
    return Code(len(lines) + 2 * QUIET_ZONE, "".join(pieces))


def code_svg(code: Code, title: str) -> bytes:
    """The code as a picture of its own, black on white whatever stands around it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {code.size} {code.size}" '
        f'width="{4 * code.size}" height="{4 * code.size}" shape-rendering="crispEdges">'
        f"<title>{escape(words.plain_line(title))}</title>"
        f'<path fill="#fff" d="M0 0h{code.size}v{code.size}H0z"/><path d="{code.path}"/></svg>\n'
    ).encode()


def short_card(entry: Entry, context: ExportContext) -> str:
    """A vCard of at most MOST_BYTES: N, FN, ORG, one TEL, EMAIL; without either, the page's address."""
    ways = _ways(entry) or [("URL", card_url(context.page_of(entry.id)))]
    while len(ways) > 1 and _room_for_title(entry, context, ways) < SHORTEST_TITLE:
        ways.pop()  # a long mail address goes before the name does
    written = _escaped(_name(entry, context, _room_for_title(entry, context, ways)))
    lines = [("N", f"{written};;;;"), ("FN", written)]
    body = card_text(short_name(entry))
    shown = _cut(body, MOST_BYTES - _size(_card([*lines, ("ORG", ""), *ways])))
    if len(shown) >= min(SHORTEST_BODY, len(body)) > 0:
        lines.append(("ORG", _escaped(shown)))
    return _card([*lines, *ways])


def _ways(entry: Entry) -> list[tuple[str, str]]:
    """The first number a person answers, and the first plain mail address; never a restricted one."""
    lines = words.travelling_lines(entry)
    numbers = [dialled(line.value or "") for line in lines if line.kind in VOICE]
    mails = [line.value or "" for line in lines if line.kind == "email"]
    tel = next((number for number in numbers if is_number(number)), "")
    mail = next((mail for mail in mails if is_mail(mail) and _size(mail) <= LONGEST_MAIL), "")
    return [pair for pair in (("TEL", tel), ("EMAIL", mail)) if pair[1]]


def _room_for_title(entry: Entry, context: ExportContext, ways: list[tuple[str, str]]) -> int:
    """Bytes for the post's title, which stands in N and in FN."""
    around = _escaped(_name(entry, context, 0))
    return (MOST_BYTES - _size(_card([("N", ";;;;"), ("FN", ""), *ways]))) // 2 - _size(around)


def _name(entry: Entry, context: ExportContext, room: int) -> str:
    """The post and its country; the title is cut to `room` bytes, the marks stay whole."""
    country, title = context.country(entry.country), card_text(entry.title)
    mark = " (not confirmed)" if words.is_unconfirmed(entry) else ""
    named = "" if country in title and _size(_escaped(title)) <= room else f", {country}"
    return f"{'DEMO ' if entry.demo else ''}{_cut(title, room)}{named}{mark}"


def _cut(text: str, room: int) -> str:
    """The text in at most `room` bytes as a card holds it, cut between words where that leaves enough."""
    if _size(_escaped(text)) <= room:
        return text
    head = text
    while head and _size(_escaped(head)) > room - len("…".encode()):
        head = head[:-1]
    whole = head.rpartition(" ")[0]
    return ((whole if len(whole) > len(head) // 2 else head).rstrip(" ,-–") + "…") if head else ""


def _card(lines: list[tuple[str, str]]) -> str:
    inner = "".join(f"{name}:{value}\r\n" for name, value in lines)
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\n{inner}END:VCARD"


def _escaped(text: str) -> str:
    return text.replace(",", "\\,")


def _size(text: str) -> int:
    return len(text.encode())


def _runs(line: list[int]) -> list[tuple[int, int]]:
    """Where dark squares stand side by side: the first, and how many."""
    runs: list[tuple[int, int]] = []
    for x, dark in enumerate(line):
        if not dark:
            continue
        if runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((x, 1))
    return runs
