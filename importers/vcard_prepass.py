"""A file of vCards cut into single cards and logical lines, before anything is parsed; one bad card costs only itself.

Works on bytes: only a line's own CHARSET says which letters they are. Lines are unfolded the way of 3.0, of
quoted-printable and of 2.1 alike; pictures, sounds and keys go, with a word that they did.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MOST_LINES = 2000
MOST_BYTES = 1024 * 1024
MOST_DEPTH = 8
MOST_OPEN = 1000
_HEAD = re.compile(rb"(?:[\w-]+\.)?[\w-]+(?:;[^:]*)?:")
_BEGIN = re.compile(rb"(?:[\w-]+\.)?BEGIN[ \t]*:[ \t]*VCARD[ \t]*", re.IGNORECASE)
_END = re.compile(rb"(?:[\w-]+\.)?END[ \t]*:[ \t]*VCARD[ \t]*", re.IGNORECASE)
_DROPPED = re.compile(rb"(?:[\w-]+\.)?(PHOTO|LOGO|SOUND|KEY|PROFILE)[;:]", re.IGNORECASE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")
_PACKED = re.compile(rb";(?:ENCODING=)?(?:BASE64|B)(?=[;:])", re.IGNORECASE)
_QUOTED = re.compile(rb";(?:ENCODING=)?QUOTED-PRINTABLE(?=[;:])", re.IGNORECASE)
WHY_DROPPED = {
    "PHOTO": "pictures are not kept",
    "LOGO": "pictures are not kept",
    "SOUND": "sounds are not kept",
    "KEY": "keys are not kept",
    "PROFILE": "says again that this is a card",
}


@dataclass(slots=True)
class RawCard:
    """One card: its logical lines, and what was dropped as (property, text, reason). `problem`: it cannot be read."""

    number: int
    lines: list[bytes] = field(default_factory=list)
    dropped: list[tuple[str, str, str]] = field(default_factory=list)
    problem: str = ""
    size: int = 0


def split_cards(path: Path) -> Iterator[RawCard]:
    """The cards in order; one inside another comes as a card of its own, after the outer one."""
    open_cards: list[RawCard] = []
    done: list[RawCard] = []
    count = astray = 0
    for line in _physical(path):
        if _BEGIN.fullmatch(line):
            count += 1
            _begin(open_cards, done, count)
        elif open_cards and _END.fullmatch(line):
            done.append(_finished(open_cards.pop()))
        elif open_cards:
            _take(open_cards[-1], line)
        else:
            astray += bool(line.strip()) and not line.lstrip().startswith(b"#")
        if done and not open_cards:
            yield from sorted(done, key=lambda card: card.number)
            done.clear()
    for card in open_cards:
        card.problem = card.problem or "the file ends before the card does: its END:VCARD is missing"
    yield from sorted((*done, *map(_finished, open_cards)), key=lambda card: card.number)
    if astray:
        yield RawCard(0, problem=f"{astray:,} lines stand outside of any card")


def _begin(open_cards: list[RawCard], done: list[RawCard], number: int) -> None:
    """One more card; beyond so many in one another each is told and left out, so that ends still meet beginnings."""
    card = RawCard(number)
    if len(open_cards) >= MOST_DEPTH:
        card.problem = f"lies in more than {MOST_DEPTH} other cards"
    if len(open_cards) < MOST_OPEN:
        open_cards.append(card)
    else:
        done.append(card)


def _physical(path: Path) -> Iterator[bytes]:
    """Lines without their ends; UTF-16 becomes UTF-8, a mark at the start goes."""
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", "replace").encode()
    content = content.removeprefix(codecs.BOM_UTF8)
    start = 0
    for match in re.finditer(rb"\r\n|\n|\r", content):
        yield content[start : match.start()]
        start = match.end()
    if start < len(content):
        yield content[start:]


def _take(card: RawCard, line: bytes) -> None:
    if card.problem:
        return
    if not _DROPPED.match(line):
        card.size += len(line)
    card.lines.append(line)
    if card.size > MOST_BYTES:
        card.problem = f"is larger than {MOST_BYTES // 1024:,} kB without its pictures"
    if card.problem:
        card.lines.clear()


def _finished(card: RawCard) -> RawCard:
    """The card with its physical lines joined to logical ones."""
    if not card.problem:
        card.lines = list(_logical(card))
    if len(card.lines) > MOST_LINES:
        card.problem, card.lines = f"has more than {MOST_LINES:,} lines", []
    return card


def _logical(card: RawCard) -> Iterator[bytes]:
    line = _LogicalLine(b"")
    for piece in card.lines:
        if line.takes(piece):
            continue
        if text := line.text:
            yield text
        line = _LogicalLine(b"" if _drops(card, piece) else piece, is_dropped=bool(_DROPPED.match(piece)))
    if text := line.text:
        yield text


def _drops(card: RawCard, line: bytes) -> bool:
    """The line is none of those that are kept; it is told."""
    if found := _DROPPED.match(line):
        name = found[1].decode().upper()
        card.dropped.append((name, "", WHY_DROPPED[name]))
    elif line.lstrip().startswith(b"#"):
        card.dropped.append(("#", line[:80].decode("utf-8", "replace"), "is a remark in the file, no property"))
    else:
        return False
    return True


class _LogicalLine:
    """A line under construction, out of pieces; a dropped one swallows its pieces."""

    def __init__(self, first: bytes, *, is_dropped: bool = False) -> None:
        head = first.split(b":", 1)[0] + b":"
        self._pieces = [first]
        self._is_dropped = is_dropped
        self._is_packed = is_dropped or bool(_PACKED.search(head))
        self._is_quoted = bool(_QUOTED.search(head))

    @property
    def text(self) -> bytes:
        """The whole line; empty for one that is dropped."""
        return b"" if self._is_dropped else b"".join(self._pieces)

    def takes(self, piece: bytes) -> bool:
        """The piece goes on with this line, in any of the ways that programs write that."""
        last = self._pieces[-1]
        if self._is_quoted and last.endswith(b"="):
            self._pieces[-1] = last[:-1]
            self._add(piece.lstrip(b" \t"))
        elif not piece.strip():
            self._is_packed = False
        elif piece[:1] in {b" ", b"\t"} and (last or self._is_dropped):
            self._add(piece[1:])
        elif self._is_packed and _BASE64.fullmatch(piece):
            self._add(piece)
        elif last.endswith(b"\\") and not _HEAD.match(piece):
            # 2.1 as some phones write it: the text goes on behind a backslash.
            self._pieces[-1] = last[:-1]
            self._add(b"\\n" + piece)
        else:
            return False
        return True

    def _add(self, piece: bytes) -> None:
        if not self._is_dropped:
            self._pieces.append(piece)
