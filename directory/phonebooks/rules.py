"""Rules of a phone book over plain values: what it may hold, its token, when a card counts as another one."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from directory.registry import rules

CARD_FORMAT = 1  # raise it where the words of every card change
MOST_BOOKS = 10
MOST_COUNTRIES = 60
MOST_ANSWERS = 10
MOST_FAVOURITES = 500
LONGEST_NAME = 60
LONGEST_ANSWER = 500
LIFE = timedelta(days=365)
USED_EVERY = timedelta(minutes=1)
HOTLINE_ROLES = ("hotline", "child_hotline")  # never wait for the next day
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else on a small screen
_TOKEN_LENGTH, _GROUP = 28, 7
_SYNC = "urn:x-phone-book:"


class BadContents(Exception):
    """What a phone book cannot hold; the message says why."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a book holds: the union of these. `answers` are filters as they stand in an address of `/entries`."""

    countries: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    favourites: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing was chosen."""
        return not (self.countries or self.answers or self.favourites)

    def to_json(self) -> dict[str, list[str]]:
        """As it is stored."""
        return {
            "countries": list(self.countries),
            "answers": list(self.answers),
            "favourites": list(self.favourites),
        }


def contents_of(stored: Mapping[str, Any]) -> Contents:
    """The contents as stored; a part that is no list of texts is none."""

    def texts(name: str) -> tuple[str, ...]:
        found = stored.get(name, ())
        return tuple(part for part in found if isinstance(part, str)) if isinstance(found, list) else ()

    return Contents(texts("countries"), texts("answers"), texts("favourites"))


def checked(contents: Contents) -> Contents:
    """The contents without doubles. Raises BadContents."""
    countries = tuple(sorted(set(contents.countries)))
    answers = tuple(dict.fromkeys(contents.answers))
    favourites = tuple(dict.fromkeys(contents.favourites))
    if len(countries) > MOST_COUNTRIES:
        raise BadContents(f"A phone book holds at most {MOST_COUNTRIES} countries.")
    if len(answers) > MOST_ANSWERS or any(len(answer) > LONGEST_ANSWER for answer in answers):
        raise BadContents(f"A phone book holds at most {MOST_ANSWERS} answers; take one out first.")
    if len(favourites) > MOST_FAVOURITES:
        raise BadContents(f"A phone book holds at most {MOST_FAVOURITES} single entries; take some out first.")
    return Contents(countries, answers, favourites)


def new_token() -> str:
    """138 random bits in groups that can be typed on a phone."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_TOKEN_LENGTH))
    return "-".join(text[start : start + _GROUP] for start in range(0, _TOKEN_LENGTH, _GROUP))


def plain_token(typed: str) -> str:
    """The token as it is hashed: capitals, blanks and hyphens of whoever typed it do not count."""
    return re.sub(r"[\s\-\u2010-\u2015]", "", typed).lower()


def sync_token(newest: int, since: int | None = None) -> str:
    """Where a device stands, as the protocol wants it: a URI. `since`: it has to be told from further back."""
    return f"{_SYNC}{newest}" if since is None or since >= newest else f"{_SYNC}{newest}-{since}"


def sequence_of(token: str, newest: int) -> int | None:
    """The place a token names; None for one that was never given out, so that everything is told again."""
    found = re.fullmatch(re.escape(_SYNC) + r"(\d{1,12})(?:-(\d{1,12}))?", token.strip())
    if not found or int(found[1]) > newest:
        return None
    return min(int(found[1]), int(found[2] or found[1]))


@dataclass(frozen=True, slots=True)
class Mark:
    """What a card's words depend on besides the frame all cards of a device share."""

    entry_id: str
    revision: int
    confirmed_at: datetime | None
    method: str | None
    others: tuple[str, ...]  # further columns of the post that a card tells of
    holders: tuple[str, ...]  # the appointments that cover the day: an appointment may begin or end without an edit


def etag_of(mark: Mark, frame: str, today: date, days: rules.FreshnessDays) -> str:
    """The card's ETag. It changes with the freshness *state*, never by the day alone, and never with the hour."""
    confirmed_on = mark.confirmed_at.date() if mark.confirmed_at else None
    told = (
        frame,
        mark.entry_id,
        mark.revision,
        mark.confirmed_at.isoformat() if mark.confirmed_at else "",
        mark.method or "",
        *mark.others,
        rules.freshness(confirmed_on, today, days),
        rules.hides_holder(confirmed_on, today, days),
        *mark.holders,
    )
    return digest(told)


def shown_etag(etag: str, again: int) -> str:
    """The ETag a device is shown: another one each time its own copy has to be put right."""
    return f"{etag}-{again}" if again else etag


def digest(parts: Sequence[object]) -> str:
    """A short sum over these."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=12).hexdigest()


def allowed_now(new: Sequence[str], *, free: frozenset[str], first: frozenset[str], room: int) -> list[str]:
    """Which new entries are given today: hotlines always, favourites before the rest, `room` in all that count."""
    counted = sorted((one for one in new if one not in free), key=lambda one: (one not in first, one))
    return [one for one in new if one in free] + counted[: max(0, room)]
