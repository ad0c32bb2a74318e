"""Our own small reader of a vCard's logical lines, in linear time: name, parameters, value; the letters as declared.

It prepares what vobject gets to read, and stands in for vobject where that gives up. It judges nothing: every line
comes back as a property, or as a line that is none.
"""

from __future__ import annotations

import binascii
import quopri
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

MOST_PARAMETERS = 50
MOST_IN_A_VALUE = 64 * 1024
STRUCTURED = frozenset({"N", "ADR", "ORG"})
LISTS = frozenset({"CATEGORIES", "NICKNAME"})
# Possessive throughout: a line of two thousand parameters and no colon costs a millisecond, not a lifetime.
_HEAD = re.compile(rb'(?:([\w-]++)\.)?([\w-]++)((?:;(?:[^":;]++|"[^"]*+")*+)*+)[ \t]*+:', re.DOTALL)
_PARAMETER = re.compile(rb';((?:[^":;]++|"[^"]*+")*+)')
_VALUES = re.compile(r'"([^"]*+)"|([^",]++)')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_BARE_ENCODINGS = {"QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT", "B"}
_PLACES = {"INLINE", "URL", "CID", "CONTENT-ID"}
# Letters a card may declare; Python knows other "encodings" too, that unpack.
_CHARSET = re.compile(r"(?:utf|iso|us|ascii|windows|cp|shift|sjis|euc|gb|big5|koi8|mac|latin)[\w-]*", re.IGNORECASE)
_LETTERS = {"SHIFT_JIS": "cp932", "SHIFT-JIS": "cp932", "SJIS": "cp932", "ISO-8859-1": "cp1252"}
# Asked only where a line neither declares its letters nor is UTF-8.
Otherwise = Callable[[], str]
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u0085\u2028\u2029]")


class NoProperty(ValueError):
    """A line that is no property; the message says why."""


@dataclass(frozen=True)
class Property:
    """One property. `value` is decoded, not yet unescaped; `types` are in capitals; `is_odd`: letters were guessed."""

    name: str
    value: str
    version: str
    group: str = ""
    types: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    is_odd: bool = False

    @cached_property
    def text(self) -> str:
        """The value as one text."""
        return unescape(self.value)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The fields of N, ADR and ORG, the items of a list; else the one text."""
        if self.name in STRUCTURED:
            return tuple(unescape(part).strip() for part in split_at(self.value, ";"))
        if self.name in LISTS:
            return tuple(t for part in split_at(self.value, ",") if (t := unescape(part).strip()))
        return (self.text,)

    def says(self, *types: str) -> bool:
        """One of these types stands with it."""
        return bool(set(types) & set(self.types))


def read_line(line: bytes, version: str, otherwise: Otherwise = lambda: "cp1252") -> Property:
    """The property in a logical line, `otherwise` naming its letters where nothing else does. Raises NoProperty."""
    found = _HEAD.match(line)
    if not found:
        raise NoProperty("has no name before a colon")
    if found[3].count(b";") > MOST_PARAMETERS:
        raise NoProperty(f"has more than {MOST_PARAMETERS} parameters")
    raw = line[found.end() :]
    if len(raw) > MOST_IN_A_VALUE:
        raise NoProperty(f"is longer than {MOST_IN_A_VALUE:,} characters")
    declared, types, more = _parameters(found[3], otherwise)
    charset, encoding = declared["CHARSET"], declared["ENCODING"].upper()
    if encoding == "QUOTED-PRINTABLE":
        raw = quopri.decodestring(raw)
    elif encoding in {"BASE64", "B"}:
        raw = _unpacked(raw)
    value, is_odd = _decoded(raw, charset, otherwise)
    if encoding == "QUOTED-PRINTABLE":
        # What was a line break before the encoding is one behind it; it never ends the property.
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return Property(
        name=found[2].decode("ascii", "replace").upper(),
        value=_UNSEEN.sub("", value),
        version=version,
        group=(found[1] or b"").decode("ascii", "replace"),
        types=types,
        parameters=more,
        is_odd=is_odd,
    )


def odd_letters(line: bytes) -> bytes:
    """What of a line of a file must be guessed, because no CHARSET says what it is and it is not UTF-8."""
    head, _, value = line.partition(b":")
    if b"CHARSET=" in head.upper():
        return b""
    text = quopri.decodestring(value) if b"QUOTED-PRINTABLE" in head.upper() else line
    try:
        text.decode()
    except UnicodeDecodeError:
        return text
    return b""


def unescape(text: str) -> str:
    """The plain text: `\\n`, `\\,`, `\\;`, `\\:` and `\\\\` are what they stand for, any other backslash is itself."""
    return _ESCAPE.sub(lambda found: _MEANT.get(found[1], found[0]), text)


_MEANT = {"n": "\n", "N": "\n", ",": ",", ";": ";", ":": ":", "\\": "\\"}


def split_at(text: str, sign: str) -> list[str]:
    """Cut at a sign that has no backslash before it."""
    pieces, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == sign:
            pieces.append(text[start:at])
            start = at + 1
        at += 1
    return [*pieces, text[start:]]


def _parameters(
    raw: bytes, otherwise: Otherwise
) -> tuple[dict[str, str], tuple[str, ...], tuple[tuple[str, str], ...]]:
    """What decodes the value, the types (2.1 gives them bare), and everything else."""
    declared = {"CHARSET": "", "ENCODING": ""}
    types: list[str] = []
    more: list[tuple[str, str]] = []
    for found in _PARAMETER.finditer(raw):
        text, _ = _decoded(found[1], "", otherwise)
        name, sign, value = text.partition("=")
        name = name.strip().upper()
        if not sign:
            name, value = ("ENCODING" if name in _BARE_ENCODINGS else "VALUE" if name in _PLACES else "TYPE"), name
        if name in declared:
            declared[name] = value.strip().strip('"')
        elif name == "TYPE":
            types += [kind for pair in _VALUES.findall(value) if (kind := (pair[0] or pair[1]).strip().upper())]
        else:
            more.append((name, value.strip('"')))
    if any(name == "TYPE" for name in types):
        types.remove("TYPE")
    return declared, tuple(dict.fromkeys(part for kind in types for part in kind.split(",") if part)), tuple(more)


def _decoded(raw: bytes, charset: str, otherwise: Otherwise) -> tuple[str, bool]:
    """The text by its declared letters, else UTF-8, else those of the file; and whether they had to be guessed."""
    declared = _LETTERS.get(charset.upper(), charset) if _CHARSET.fullmatch(charset) else ""
    for name in (declared, "utf-8"):
        try:
            if name:
                return raw.decode(name), False
        except (LookupError, UnicodeError):
            continue
    return raw.decode(otherwise(), "replace"), True


def _unpacked(raw: bytes) -> bytes:
    try:
        return b64decode(b"".join(raw.split()), validate=False)
    except (binascii.Error, ValueError) as error:
        raise NoProperty("is packed as base64 and damaged") from error
