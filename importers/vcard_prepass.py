"""A file of vCards cut into single cards and logical lines, before anything is parsed; one bad card costs only itself.

Works on bytes: only a line's own CHARSET says which letters they are. Lines are unfolded the way of 3.0, of
quoted-printable and of 2.1 alike; pictures, sounds and keys go, with a word that they did. The file goes by piece by
piece, so that a picture of any size costs no memory.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from importers.letters import wide_letters

MOST_LINES = 2000
MOST_BYTES = 1024 * 1024
MOST_DEPTH = 8
MOST_OPEN = 1000
MOST_WAITING = 200
MOST_TOLD = 5
CHUNK = 256 * 1024
# What is looked at of a line that never ends: more than a card may have, so that it is refused for that.
LONGEST_LINE = MOST_BYTES + 1
_HEAD = re.compile(rb"(?:[\w-]+\.)?[\w-]+(?:;[^:]*)?:")
_BEGIN = re.compile(rb"(?:[\w-]+\.)?BEGIN[ \t]*:[ \t]*VCARD[ \t]*", re.IGNORECASE)
_END = re.compile(rb"(?:[\w-]+\.)?END[ \t]*:[ \t]*VCARD[ \t]*", re.IGNORECASE)
_DROPPED = re.compile(rb"(?:[\w-]+\.)?(PHOTO|LOGO|SOUND|KEY|PROFILE|X-MS-CARDPICTURE)[;:]", re.IGNORECASE)
_ELSEWHERE = re.compile(rb"[^:]*:([a-z][a-z0-9+.-]*:(?!image)[^\s]+)", re.IGNORECASE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")
_PACKED = re.compile(rb";(?:ENCODING=)?\"?(?:BASE64|B)\"?(?=[;:])", re.IGNORECASE)
_QUOTED = re.compile(rb";(?:ENCODING=)?\"?QUOTED-PRINTABLE\"?(?=[;:])", re.IGNORECASE)
WHY_DROPPED = {
    "PHOTO": "pictures are not kept",
    "LOGO": "pictures are not kept",
    "SOUND": "sounds are not kept",
    "KEY": "keys are not kept",
    "PROFILE": "says again that this is a card",
    "X-MS-CARDPICTURE": "pictures are not kept",
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
    open_cards: list[_OpenCard] = []
    done: list[RawCard] = []
    count = 0
    astray: list[str] = []
    for line in physical_lines(path):
        if _BEGIN.fullmatch(line):
            count += 1
            _begin(open_cards, done, count)
        elif open_cards and _END.fullmatch(line):
            done.append(open_cards.pop().finished())
        elif open_cards:
            open_cards[-1].take(line)
        elif line.strip() and not line.lstrip().startswith(b"#"):
            astray.append(line[:80].decode("utf-8", "replace") if len(astray) < MOST_TOLD else "")
        # A card that is never closed holds the others up: then they come as they are.
        if done and (not open_cards or len(done) > MOST_WAITING):
            yield from sorted(done, key=lambda card: card.number)
            done.clear()
    for card in open_cards:
        card.refuse("the file ends before the card does: its END:VCARD is missing")
    yield from sorted((*done, *(card.finished() for card in open_cards)), key=lambda card: card.number)
    if astray:
        told = "1 line stands" if len(astray) == 1 else f"{len(astray):,} lines stand"
        yield RawCard(0, dropped=[("", " · ".join(filter(None, astray)), "")], problem=f"{told} outside of any card")


def _begin(open_cards: list[_OpenCard], done: list[RawCard], number: int) -> None:
    """One more card; beyond so many in one another each is told and left out, so that ends still meet beginnings."""
    card = _OpenCard(number)
    if len(open_cards) >= MOST_DEPTH:
        card.refuse(f"lies in more than {MOST_DEPTH} other cards")
    if len(open_cards) < MOST_OPEN:
        open_cards.append(card)
    else:
        done.append(card.finished())


def physical_lines(path: Path) -> Iterator[bytes]:
    """Lines without their ends; UTF-16 becomes UTF-8, a mark at the start goes. A far too long line loses its end."""
    rest, is_cut = b"", False
    for chunk in _chunks(path):
        *lines, last = (rest + chunk).splitlines(keepends=True)
        for line in lines:
            if not is_cut:
                yield line.rstrip(b"\r\n")
            is_cut = False
        # A carriage return may be half of a line's end.
        rest = last
        if len(rest) >= LONGEST_LINE and not rest.endswith((b"\r", b"\n")):
            if not is_cut:
                yield rest[:LONGEST_LINE]
            rest, is_cut = rest[-1:], True
    if rest and not is_cut:
        yield from rest.splitlines()


def _chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes as UTF-8 or whatever its lines say."""
    with path.open("rb") as file:
        head = file.read(CHUNK)
        if wide := wide_letters(head):
            decoder = codecs.getincrementaldecoder(wide)("replace")
            while head:
                if text := decoder.decode(head).removeprefix("\ufeff"):
                    yield text.encode("utf-8", "replace")
                head = file.read(CHUNK)
            return
        head = head.removeprefix(codecs.BOM_UTF8)
        while head:
            yield head
            head = file.read(CHUNK)


class _OpenCard:
    """A card whose end has not come yet: lines are joined while they come, pictures are let go at once."""

    def __init__(self, number: int) -> None:
        self._card = RawCard(number)
        self._line = _LogicalLine(b"")

    def refuse(self, problem: str) -> None:
        """The card cannot be read; the first reason stands."""
        self._card.problem = self._card.problem or problem
        self._card.lines.clear()
        self._line = _LogicalLine(b"")

    def take(self, piece: bytes) -> None:
        """One more line of the file."""
        if self._card.problem:
            return
        if not self._line.takes(piece):
            self._close()
            self._line = _LogicalLine(piece, is_dropped=_drops(self._card, piece))
        if not self._line.is_dropped:
            self._card.size += len(piece)
        if self._card.size > MOST_BYTES:
            self.refuse(f"is larger than {MOST_BYTES // 1024:,} kB without its pictures")
        elif len(self._card.lines) > MOST_LINES:
            self.refuse(f"has more than {MOST_LINES:,} lines")

    def finished(self) -> RawCard:
        """The card, its last line included."""
        if not self._card.problem:
            self._close()
        return self._card

    def _close(self) -> None:
        if text := self._line.text:
            self._card.lines.append(text)


def _drops(card: RawCard, line: bytes) -> bool:
    """The line is none of those that are kept; it is told."""
    if found := _DROPPED.match(line):
        name = found[1].decode().upper()
        where = _ELSEWHERE.match(line) if not _PACKED.search(line[:200].split(b":", 1)[0] + b":") else None
        card.dropped.append((name, where[1][:200].decode("utf-8", "replace") if where else "", WHY_DROPPED[name]))
    elif line.lstrip().startswith(b"#"):
        card.dropped.append(("#", line[:80].decode("utf-8", "replace"), "is a remark in the file, no property"))
        return True
    return bool(found)


class _LogicalLine:
    """A line under construction, out of pieces; a dropped one swallows its pieces."""

    def __init__(self, first: bytes, *, is_dropped: bool = False) -> None:
        head = first.split(b":", 1)[0] + b":"
        self.is_dropped = is_dropped
        self._pieces = [b"" if is_dropped else first]
        self._is_packed = bool(_DROPPED.match(first)) or bool(_PACKED.search(head))
        self._is_quoted = bool(_QUOTED.search(head))

    @property
    def text(self) -> bytes:
        """The whole line; empty for one that is dropped."""
        return b"" if self.is_dropped else b"".join(self._pieces)

    def takes(self, piece: bytes) -> bool:
        """The piece goes on with this line, in any of the ways that programs write that."""
        last = self._pieces[-1]
        if self._is_quoted and last.endswith(b"="):
            self._pieces[-1] = last[:-1]
            self._add(piece.lstrip(b" \t"))
        elif not piece.strip():
            self._is_packed = False
        elif piece[:1] in {b" ", b"\t"} and (last or self.is_dropped):
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
        if not self.is_dropped:
            self._pieces.append(piece)
