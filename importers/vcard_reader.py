"""Read a file of vCards (2.1, 3.0, 4.0): every card a row or more, every line taken or told, none silently lost.

Runs apart (`sandbox`). Each card is cut out, decoded and read by our own small reader, then written anew in a form
that vobject reads without guessing, and read by vobject too. Where vobject gives up, or finds other values, ours stand
and the report says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import vobject
from vobject.base import ParseError, VObjectError
from vobject.vcard import Address, Name

from importers.letters import likely_letters
from importers.records import FileRefused, Limits, Notice, Remark, RowItem
from importers.vcard_fallback import LISTS, STRUCTURED, NoProperty, Otherwise, Property, odd_letters, read_line
from importers.vcard_meaning import TECHNICAL, rows_of
from importers.vcard_prepass import RawCard, physical_lines, split_cards

# A second reading takes three times as long as the first; a file whose beginning agrees is taken for one that does.
MOST_CHECKED = 2000
MOST_ODD = 2000
_NOT_CHOSEN = frozenset({"", "auto", "utf-8", "utf-8-sig"})
ADVICE = "Look at the card in a text editor"
_VERSION = re.compile(rb"(?:[\w-]+\.)?VERSION[^:]*:\s*([\d.]+)\s*", re.IGNORECASE)
_NAME_FIELDS = ("family", "given", "additional", "prefix", "suffix")
_ADDRESS_FIELDS = ("box", "extended", "street", "city", "region", "code", "country")
# vobject's own pattern takes exponential time; this one takes the same lines in linear time.
LINEAR = re.compile(
    r"^((?P<group>[a-zA-Z0-9_-]++)\.)?(?P<name>[a-zA-Z0-9_-]++)"
    r'(?P<params>(?:;[a-zA-Z0-9_-]++(?:=(?:"[^"]*+"|[^";:,]*+)(?:,(?:"[^"]*+"|[^";:,]*+))*+)?+)*+)'
    r":(?P<value>.*)$",
    re.DOTALL,
)


@dataclass(slots=True)
class Card:
    """One card as read: its properties, and the lines that are none as (property, text, reason)."""

    number: int
    properties: list[Property] = field(default_factory=list)
    unread: list[tuple[str, str, str]] = field(default_factory=list)
    problem: str = ""
    line_count: int = 0
    stood_in: bool = False


class _Letters:
    """The letters of lines that do not say theirs: as somebody chose, else the likeliest of the whole file."""

    def __init__(self, path: Path, chosen: str) -> None:
        self._path, self._name = path, "" if chosen in _NOT_CHOSEN else chosen
        self.is_chosen = bool(self._name)

    def __call__(self) -> str:
        if not self._name:
            lines = filter(None, map(odd_letters, physical_lines(self._path)))
            self._name = likely_letters(b"\n".join(islice(lines, MOST_ODD)))
        return self._name


def read_cards(path: Path, limits: Limits, choices: dict[str, Any]) -> Iterator[RowItem]:
    """The rows of every card; `choices["encoding"]` is that of lines without one. Raises FileRefused without a card."""
    letters = _Letters(path, choices.get("encoding", "auto"))
    count = guessed = stood_in = 0
    technical: set[str] = set()
    for card in cards_of(path, letters):
        if card.number > limits.rows:
            raise FileRefused(
                f"{path.name} has more than {limits.rows:,} cards: nothing was taken. "
                "Split it, or raise DIRECTORY_IMPORT_MAX_ROWS"
            )
        count += card.number > 0
        if card.problem:
            said = " · ".join(text for _, text, _ in card.unread) if not card.number else ""
            yield Remark(max(1, card.number), "refused", "the whole card", said, card.problem, ADVICE)
            continue
        guessed += any(one.is_odd for one in card.properties)
        stood_in += card.stood_in
        technical |= TECHNICAL & {one.name for one in card.properties}
        yield from rows_of(card.number, card.properties, card.unread)
    if not count:
        raise FileRefused(f"{path.name} holds no vCard: none of its lines is BEGIN:VCARD")
    if guessed and not letters.is_chosen:
        many = "1 card does" if guessed == 1 else f"{guessed:,} cards do"
        yield Notice(
            f"{many} not say in which letters they are written: read as {letters()}, a guess. Look at the names"
        )
    if technical:
        yield Notice(f"Not kept, for it says only how a card is built: {', '.join(sorted(technical))}")
    if stood_in:
        yield Notice(f"{stood_in:,} cards were read by one reader only: the second gave up on them. Look them over")


def cards_of(path: Path, otherwise: Otherwise | None = None) -> Iterator[Card]:
    """The cards in order, each read by itself."""
    vobject.base.line_re = LINEAR
    letters = otherwise or _Letters(path, "auto")
    for raw in split_cards(path):
        yield _read(raw, letters, is_checked=raw.number <= MOST_CHECKED)


def _read(raw: RawCard, otherwise: Otherwise, *, is_checked: bool = True) -> Card:
    card = Card(raw.number, unread=list(raw.dropped), problem=raw.problem)
    card.line_count = len(raw.lines)
    version = next((found[1].decode() for line in raw.lines if (found := _VERSION.fullmatch(line))), "2.1")
    for line in raw.lines:
        try:
            card.properties.append(read_line(line, version, otherwise))
        except NoProperty as error:
            card.unread.append(("", line[:80].decode("utf-8", "replace"), str(error)))
    if card.problem or not card.properties:
        card.problem = card.problem or "is empty"
        return card
    if not is_checked:
        return card
    try:
        _check_with_vobject(card.properties)
    except (VObjectError, ParseError, ValueError, TypeError, AttributeError, KeyError, IndexError, AssertionError):
        card.stood_in = True
    return card


def _check_with_vobject(properties: Sequence[Property]) -> None:
    """Two readers, one card. Raises ValueError where vobject finds another number of lines, or other values."""
    lines = [_line(number, one) for number, one in enumerate(properties)]
    text = "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", ""])
    try:
        found = vobject.readOne(text)
    except ParseError:
        found = vobject.readOne(text, allowQP=True)
    by_number = {child.params["X-N"][0]: child for child in found.getChildren() if "X-N" in child.params}
    if len(by_number) != len(properties):
        raise ValueError(f"{len(properties)} lines in, {len(by_number)} out")
    for number, one in enumerate(properties):
        _compare(one, by_number[str(number)].value)


def _line(number: int, one: Property) -> str:
    """The property in plain 3.0: escaped as vobject expects, nothing encoded, its number as its only parameter."""
    if one.name in STRUCTURED:
        value = ";".join(map(_escaped, one.parts))
    elif one.name in LISTS:
        value = ",".join(map(_escaped, one.parts))
    else:
        value = _escaped(one.text)
    # REV, UID and the like are plain text to us; VERSION would change how vobject reads the rest.
    name = "X-VERSION" if one.name == "VERSION" else one.name.replace("_", "-")
    return f"{name};X-N={number}:{value}"


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _compare(one: Property, value: object) -> None:
    if isinstance(value, Name):
        read = _fields(value, _NAME_FIELDS)
    elif isinstance(value, Address):
        read = _fields(value, _ADDRESS_FIELDS)
    else:
        read = tuple(map(str, value)) if isinstance(value, list) else (str(value),)
    # It takes some values, such as GEO, as they stand, with their backslashes.
    if _bare(read) not in {_bare(one.parts), _bare([_escaped(part) for part in one.parts])}:
        raise ValueError(f"{one.name}: {read} is not {one.parts}")


def _fields(value: Name | Address, names: Sequence[str]) -> tuple[str, ...]:
    said = (getattr(value, name) for name in names)
    return tuple(", ".join(part) if isinstance(part, list) else str(part) for part in said)


def _bare(parts: Sequence[str]) -> tuple[str, ...]:
    kept = [part.strip() for part in parts]
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)
