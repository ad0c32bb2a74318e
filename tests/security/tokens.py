"""Unique tokens: made, found again in whatever an answer is written in, and who may be shown each."""

from __future__ import annotations

import base64
import html
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from directory.accounts.people import rights
from directory.accounts.policy import ANYBODY, Person, Subject

LETTERS = "bcdfghjklmnprstvwx"
WORD = re.compile(rf"zq[{LETTERS}]{{6}}")
PHONE = re.compile(r"442079460\d{3}")
LONG = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32,}\b")
BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s().\u00a0\u2011\u202f-]+(?=\d)")
FOLDED = re.compile(r"\r\n[ \t]")

_words = (
    "zq" + "".join(letters) for letters in itertools.product(LETTERS[::-1], LETTERS, LETTERS, "bdg", LETTERS, "nrt")
)
_numbers = iter(range(200, 1000))


def word() -> str:
    """A word nobody has."""
    return next(_words)


def phone() -> str:
    """A number that was never given out."""
    return f"+442079460{next(_numbers):03d}"


@dataclass(frozen=True)
class Token:
    """A value of one column: its class, whom an action opens it to, and the accounts it is about."""

    text: str
    column: str
    field_class: str
    readers: tuple[tuple[str, Subject], ...] = ()
    selves: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Eyes:
    """What somebody may be shown: the layer, the person as the policy knows them, the account that is their own."""

    name: str
    layer: str = "public"
    person: Person = ANYBODY
    account_id: str | None = None

    def may_see(self, token: Token) -> bool:
        if token.field_class == "public":
            return True
        if token.field_class == "registered" and self.layer == "registered":
            return True
        if token.field_class in {"registered", "private"}:
            return self.account_id in token.selves or any(
                rights().may(self.person, action, subject) != "no" for action, subject in token.readers
            )
        return False


@dataclass
class Book:
    """Every token by its text."""

    tokens: dict[str, Token] = field(default_factory=dict)
    literals: dict[bytes, Token] = field(default_factory=dict)  # bytes and secrets that have no pattern of their own

    def add(self, token: Token) -> None:
        """The first to speak of a text is right: the row that owns it comes before lines that repeat it."""
        self.tokens.setdefault(token.text, token)

    def add_secret(self, raw: bytes, column: str) -> None:
        token = Token(raw.hex(), column, "never")
        for shape in (
            raw,
            raw.hex().encode(),
            base64.b64encode(raw).rstrip(b"="),
            base64.urlsafe_b64encode(raw).rstrip(b"="),
        ):
            self.literals.setdefault(shape, token)

    def found_in(self, content: bytes) -> Iterator[Token]:
        """The tokens that stand in these bytes, however they are written."""
        texts = set(texts_in(content.decode("utf-8", "replace")))
        yield from (self.tokens[text] for text in texts if text in self.tokens)
        yield from {token for literal, token in self.literals.items() if literal in content}

    def above(self, content: bytes, eyes: Eyes, *, but: Iterable[str] = ()) -> list[Token]:
        """The tokens in these bytes that these eyes may not see."""
        excepted = set(but)
        return [t for t in self.found_in(content) if t.text not in excepted and not eyes.may_see(t)]


def plain_of(text: str) -> str:
    """Unfolded, unescaped, small letters."""
    return unquote(html.unescape(FOLDED.sub("", text))).replace("\\/", "/").lower()


def words_in(text: str) -> Iterator[str]:
    """The made-up words and numbers in a text, also where digits stand apart."""
    plain = plain_of(text)
    yield from WORD.findall(plain)
    yield from (f"+{number}" for number in PHONE.findall(BETWEEN_DIGITS.sub("", plain)))


def texts_in(text: str) -> Iterator[str]:
    """Everything in a text that may be a token: also ids and hashes."""
    yield from words_in(text)
    yield from LONG.findall(plain_of(text))
