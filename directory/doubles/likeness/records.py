"""What is compared, as plain values, and what comes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Answer = Literal["same", "ask", "different"]
NOTHING_SHARED: frozenset[str] = frozenset()
_NUMBER = re.compile(r"\s*\+?[\d\s()./-]{5,}")


def plain_line(written: str) -> str:
    """A number in its digits, however it is written (0044 20 …, +44 (0)20 …); anything else in small letters."""
    if not _NUMBER.fullmatch(written):
        return written.strip().lower()
    digits = re.sub(r"[^\d+]", "", written.replace("(0)", ""))
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _plain(lines: frozenset[str]) -> frozenset[str]:
    return frozenset(map(plain_line, lines))


@dataclass(frozen=True, slots=True)
class Body:
    """An institution as far as comparing needs it; `names` in every language and script it has."""

    names: tuple[str, ...]
    country: str = ""
    host_country: str = ""
    type: str = ""
    city: str = ""
    phones: frozenset[str] = NOTHING_SHARED
    mails: frozenset[str] = NOTHING_SHARED
    webs: frozenset[str] = NOTHING_SHARED

    def __post_init__(self) -> None:
        object.__setattr__(self, "phones", _plain(self.phones))
        object.__setattr__(self, "mails", _plain(self.mails))


@dataclass(frozen=True, slots=True)
class Desk:
    """A post with the institution it stands in."""

    title: str
    house: Body
    role: str = ""
    area: str = ""
    phones: frozenset[str] = NOTHING_SHARED
    mails: frozenset[str] = NOTHING_SHARED

    def __post_init__(self) -> None:
        object.__setattr__(self, "phones", _plain(self.phones))
        object.__setattr__(self, "mails", _plain(self.mails))


@dataclass(frozen=True, slots=True)
class Person:
    """An official with the institution they work in, where that is known."""

    name: str
    house: Body | None = None
    phones: frozenset[str] = NOTHING_SHARED
    mails: frozenset[str] = NOTHING_SHARED

    def __post_init__(self) -> None:
        object.__setattr__(self, "phones", _plain(self.phones))
        object.__setattr__(self, "mails", _plain(self.mails))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, as a word from a closed list and what it is about; `text` says it in English."""

    code: str
    detail: str = ""

    @property
    def text(self) -> str:
        """The reason in words."""
        return TEXTS[self.code].format(self.detail)


TEXTS = {
    "same_name": "same name",
    "same_in_other_words": "same name in another language, order or short form: “{}”",
    "spelling": "the name is spelt differently: “{}”",
    "short_name": "“{}” is the short name of the other",
    "word_that_matters": "the name differs by a word that matters: “{}”",
    "more_words": "one name says more: “{}”",
    "other_words": "the names differ: “{}”",
    "common_name": "the name is one that many have",
    "other_name": "the names have nothing in common",
    "country": "another country",
    "host": "sits in another country",
    "city": "another city: {}",
    "same_city": "same city",
    "phone": "same phone",
    "mail": "same mail address",
    "web": "same web address",
    "mail_domain": "same mail domain",
    "shared_line": "the same number or address stands at many entries, so it says nothing",
    "role": "another role",
    "same_role": "same role",
    "house": "another institution",
    "maybe_house": "perhaps the same institution",
    "same_house": "same institution",
    "area": "another area: “{}”",
    "other_lines": "other numbers and addresses",
    "initial": "an initial stands for a name: “{}”",
    "further_name": "a further name: “{}”",
    "first_name": "another name: “{}”",
    "surname": "another surname, as after a marriage: “{}”",
    "namesake": "the same name in another institution may be another person",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`same` is a suggestion with strong reasons, never a decision; `ask` somebody who knows; else `different`."""

    answer: Answer
    reasons: tuple[Reason, ...] = ()

    @property
    def text(self) -> str:
        """Its reasons in one line."""
        return "; ".join(reason.text for reason in self.reasons)
