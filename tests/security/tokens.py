"""Unique tokens: made, found again in whatever an answer is written in, and who may be shown each."""

from __future__ import annotations

import base64
import html
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from directory.accounts.people import rights
from directory.accounts.policy import ANYBODY, Person, Subject

LETTERS = "bcdfghjklmnprstvwx"
WORD = re.compile(rf"zq[{LETTERS}]{{8}}")
PHONE = re.compile(r"44\d{10}")
LONG = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32,}\b")
BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s().\u00a0\u2011\u202f-]+(?=\d)")
FOLDED = re.compile(r"\r\n[ \t]")
# Numbers kept for fiction: ten digits each, in so many places that no two begin alike but for the last two digits.
AREAS = ("2079460", "1134960", "1144960", "1154960", "1164960", "1174960", "1184960", "1214960", "1314960", "1414960",
         "1514960", "1614960", "1914980", "2896496", "2920180", "1632960", "7700900", "8081570", "3069990")  # fmt: skip
FOR_NONSENSE = 3  # of the areas: nothing of the world stands there


def _words() -> Iterator[str]:
    """Words no two of which differ in fewer than four letters: no misspelling of one is another."""
    given, chance = [], random.Random(4)
    while True:
        made = "".join(chance.choices(LETTERS, k=8))
        if all(sum(a != b for a, b in zip(made, other, strict=True)) > 3 for other in given):
            given.append(made)
            yield f"zq{made}"


def _numbers(areas: Sequence[str]) -> Iterator[str]:
    for place, area in enumerate(areas):
        for digit in range(10):
            yield f"+44{area}{digit}{(place * 5 + digit * 3) % 100:02d}"


_new_words, _new_numbers = _words(), _numbers(AREAS[FOR_NONSENSE:])
NONSENSE_NUMBERS = tuple(_numbers(AREAS[:FOR_NONSENSE]))


def word() -> str:
    """A word nobody has."""
    return next(_new_words)


def phone() -> str:
    """A number nobody has."""
    return next(_new_numbers)


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
