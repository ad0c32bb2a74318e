"""Passwords: Argon2id, nothing cut, common and guessable ones refused without asking anybody outside.

Eight characters suffice because a password alone opens nothing here: every account has a second factor, and the
password alone does not even enrol one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST, MOST = 8, 256
# (passes, KiB, lanes): `strong` took 145 ms on the reference machine, `light` 21 ms, `test` next to nothing.
COSTS = {"strong": (3, 65536, 1), "light": (2, 19456, 1), "test": (1, 8, 1)}
SWAPS = str.maketrans("@$", "as")
Problem = Literal["short", "long", "common", "yours"]
OWN_WORDS = Path(__file__).with_name("data") / "own_words.txt"
COMMON = Path(__file__).with_name("data") / "common_passwords.txt"


@lru_cache(maxsize=4)
def hasher(cost: str) -> PasswordHasher:
    """The hasher of that cost: `strong`, `light` or `test`."""
    passes, memory, lanes = COSTS[cost]
    return PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=lanes)


def canonical(password: str) -> str:
    """One form for what looks the same, however the keyboard made it."""
    return unicodedata.normalize("NFKC", password)


def problem(password: str, about: Iterable[str] = ()) -> Problem | None:
    """Why this cannot be a password, if so. `about`: the person's own address and name."""
    text = canonical(password)
    if len(text) < LEAST:
        return "short"
    if len(text) > MOST:
        return "long"
    bare = _bare(text)
    if text.casefold() in common() or bare in common() or bare in own_words() or len(set(text.casefold())) < 4:
        return "common"
    theirs = {_bare(part) for word in about for part in (word, *word.split("@"), *re.split(r"[\s@.]+", word))}
    return "yours" if len(bare) > 3 and bare in theirs else None


def _bare(text: str) -> str:
    """The word inside `Word2026!`: lower case, without the digits and signs around it, common swaps undone."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text.casefold().translate(SWAPS))


@lru_cache(maxsize=1)
def common() -> frozenset[str]:
    """The most common passwords, folded."""
    return frozenset(_lines(COMMON))


@lru_cache(maxsize=1)
def own_words() -> frozenset[str]:
    """Words anybody would try here: countries, the product, the field."""
    return frozenset(_lines(OWN_WORDS))


def _lines(path: Path) -> Iterable[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.strip().casefold()


def make_hash(password: str, cost: str) -> str:
    """The hash to keep."""
    return hasher(cost).hash(canonical(password))


def matches(stored: str | None, password: str, cost: str) -> bool:
    """Whether the password is the one behind the hash. Without a hash the same work is done and the answer is no.

    Over-long input is refused before any work.
    """
    text = canonical(password[: MOST * 4])
    if len(password) > MOST * 4 or len(text) > MOST:
        return False
    try:
        return hasher(cost).verify(stored or _nobodys_hash(cost), text) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str, cost: str) -> bool:
    """The hash was made at another cost than today's."""
    return hasher(cost).check_needs_rehash(stored)


@lru_cache(maxsize=4)
def _nobodys_hash(cost: str) -> str:
    return hasher(cost).hash("nobody has this password")
