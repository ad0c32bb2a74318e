"""One vCard 3.0, its lines written by vobject behind rails, so that every phone reads the same card.

What vobject alone would let through (docs/exports.md): line breaks in parameters and group names, control characters,
`;` and `,` in addresses, strings where lists are meant. Here user text only ever becomes a *value*; names, types and
labels come from fixed lists; and no finished line holds a break or a control character, or there is no card.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from urllib.parse import quote, urlsplit, urlunsplit

from vobject.base import ContentLine, backslashEscape, defaultSerialize
from vobject.vcard import ADDRESS_ORDER, NAME_ORDER, Address, Name, serializeFields

from directory.exports.words import plain_line

TYPES = frozenset({"WORK", "VOICE", "FAX", "PREF", "INTERNET"})
LABELS = frozenset({"Hotline", "Hotline 24/7", "Desk", "Switchboard", "Fax", "Encrypted mail"})
TEXTS = frozenset({"FN", "TITLE", "ROLE", "NOTE"})
ADDRESSES = frozenset({"URL", "SOURCE"})
FIRST = ("VERSION", "PRODID", "UID")  # vobject's order: these, then by name
OCTETS = 75
_URL_SAFE = ":/?#[]@!$&'()*+=~%-._"  # neither `,` nor `;` nor `\`: parsers disagree on them
_NUMBER = re.compile(r"\+?[0-9]+( ext\. [0-9]+)?")
_MAIL = re.compile(r"[^\s,;:\\\"<>@]+@[^\s,;:\\\"<>@]+")
_OURS = re.compile(r"[\x20-\x7e]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class UnsafeCard(ValueError):
    """A card that could be misread; none is written."""


def card_text(text: str) -> str:
    """A text for a card: one line, `,` for `;` and `/` for `\\`, which no escaping makes all readers read alike.

    Evolution cuts at `;`, Thunderbird shows it with a backslash; ical.js takes a `\\` at the end of a part for
    half of an escape and runs into the next part.
    """
    return plain_line(text).replace(";", ",").replace("\\", "/")


def card_url(url: str) -> str:
    """The same address in ASCII, without any character that a vCard would have to escape; empty if it is no link."""
    try:
        parts = urlsplit(plain_line(url).replace(" ", "%20"))
        host = parts.netloc.encode("idna").decode("ascii") if not parts.netloc.isascii() else parts.netloc
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    path, query, fragment = (quote(part, safe=_URL_SAFE, errors="replace") for part in parts[2:])
    return urlunsplit((parts.scheme, quote(host, safe=_URL_SAFE), path, query, fragment))


def is_number(value: str) -> bool:
    """A phone can dial it as it stands."""
    return bool(_NUMBER.fullmatch(value))


def is_mail(value: str) -> bool:
    """A mail address without any character that a card would have to escape."""
    return bool(_MAIL.fullmatch(value)) and value == plain_line(value)


class CardWriter:
    """A card under construction. Raises UnsafeCard rather than write what two readers would read differently."""

    def __init__(self, *, product: str, uid: str, changed: str) -> None:
        """`product`, `uid` and `changed` are ours: plain ASCII, `changed` an ISO instant."""
        self._lines: list[tuple[str, str]] = []
        self._groups = 0
        for name, value in (("VERSION", "3.0"), ("PRODID", product), ("UID", uid), ("REV", changed)):
            if not _OURS.fullmatch(value) or set(value) & set(",;\\"):
                raise UnsafeCard(f"{name} cannot be {value!r}")
            self._add(name, backslashEscape(value))
        self._add("N", serializeFields(Name(), NAME_ORDER))

    def text(self, name: str, value: str) -> None:
        """FN, TITLE, ROLE or NOTE. In a NOTE paragraphs are parted by line breaks; empty text adds nothing."""
        if name not in TEXTS:
            raise UnsafeCard(f"{name} is no text of a card")
        paragraphs = value.split("\n") if name == "NOTE" else [value]
        plain = "\n".join(line for paragraph in paragraphs if (line := card_text(paragraph)))
        if plain:
            self._add(name, backslashEscape(plain))

    def organisation(self, *units: str) -> None:
        """ORG: the name the phone shows, then what it belongs to; and the mark that this is no person."""
        self._add("ORG", serializeFields([plain for unit in units if (plain := card_text(unit))]))
        self._add("X-ABShowAs", "COMPANY")

    def categories(self, values: Iterable[str]) -> None:
        """CATEGORIES, sorted."""
        plain = sorted({card_text(value) for value in values} - {""})
        if plain:
            self._add("CATEGORIES", ",".join(map(backslashEscape, plain)))

    def number(self, value: str, types: Sequence[str], label: str) -> None:
        """TEL with a label from the list. Raises UnsafeCard for what nobody can dial."""
        if not is_number(value):
            raise UnsafeCard(f"{value!r} is no number to dial")
        self._labelled("TEL", value, types, label)

    def mail(self, value: str, label: str = "") -> None:
        """EMAIL. Raises UnsafeCard for one that readers would read differently."""
        if not is_mail(value):
            raise UnsafeCard(f"{value!r} is no plain mail address")
        self._labelled("EMAIL", value, ["INTERNET"], label)

    def link(self, name: str, url: str) -> None:
        """URL or SOURCE, already through `card_url`."""
        if name not in ADDRESSES or not url or url != card_url(url):
            raise UnsafeCard(f"{url!r} is no plain web address")
        types = ["WORK"] if name == "URL" else []  # old Outlook drops an address without a type
        self._add(name, backslashEscape(url), types)

    def address(self, *, street: str, country: str) -> None:
        """ADR: the whole address as one line, and the country."""
        address = Address(street=card_text(street), country=card_text(country))
        self._add("ADR", serializeFields(address, ADDRESS_ORDER), ["WORK"])

    def write(self) -> str:
        """The card, folded at 75 octets, CRLF at every end. Raises UnsafeCard if a value became a property."""
        lines = [line for _, line in sorted(self._lines, key=lambda named: _place(named[0]))]
        if any(_CONTROLS.search(line) for line in lines):
            raise UnsafeCard("A value of the card would be read as a property")
        if not any(name == "FN" for name, _ in self._lines):
            raise UnsafeCard("A card has to have a name")
        return "\r\n".join(("BEGIN:VCARD", *map(_folded, lines), "END:VCARD", ""))

    def _labelled(self, name: str, value: str, types: Sequence[str], label: str) -> None:
        if not set(types) <= TYPES or (label and label not in LABELS):
            raise UnsafeCard(f"Type {types} or label {label!r} is not on the list")
        if not label:
            self._add(name, backslashEscape(value), types)
            return
        self._groups += 1
        self._add(name, backslashEscape(value), types, f"item{self._groups}")
        self._add("X-ABLabel", label, group=f"item{self._groups}")

    def _add(self, name: str, escaped: str, types: Sequence[str] = (), group: str | None = None) -> None:
        self._lines.append((name, _head(name, tuple(types), group) + escaped))


@cache
def _head(name: str, types: tuple[str, ...], group: str | None) -> str:
    """`item1.TEL;TYPE=WORK:`, as vobject writes it before a value; all of it from fixed lists.

    A whole card of vobject reads back each value it has just escaped, which took most of the time of writing one.
    """
    written: str = defaultSerialize(ContentLine(name, [["TYPE", *types]] if types else [], "", group), None, OCTETS)
    return written.removesuffix("\r\n")


@cache
def _place(name: str) -> tuple[int, str]:
    """Where a property stands in a card: vobject's order."""
    return (FIRST.index(name) if name in FIRST else len(FIRST), name.lower())


def _folded(line: str) -> str:
    """The line in pieces of at most 75 octets, never cut within a character; each but the first begins with a blank."""
    octets = line.encode()
    if len(octets) <= OCTETS:
        return line
    pieces, start, room = [], 0, OCTETS
    while start < len(octets):
        end = start + room
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        pieces.append(octets[start:end])
        start, room = end, OCTETS - 1
    return b"\r\n ".join(pieces).decode()
