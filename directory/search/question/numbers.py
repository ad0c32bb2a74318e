"""SOP and measure numbers in a question: "SOP 4", "sop2 and 3", "СОП IV", "measure 4.3"."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from directory.search.question.tokens import Token

_JOINED = re.compile(r"(?:sops?|pos|spo)([1-5])$")
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}
_MEASURE = re.compile(r"[1-5]\.[0-9c]$")
_BETWEEN = frozenset(
    {"no", "nr", "num", "number", "numero", "broj", "br", "n",
     "si", "und", "et", "e", "i", "and", "to", "a", "ili", "or", "oder", "ou", "sau", "y", "do", "the"}
)  # fmt: skip


@dataclass(slots=True)
class Numbers:
    """The numbers found, and the positions of the words that spelled them."""

    sops: list[int] = field(default_factory=list)
    measures: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


def read_numbers(tokens: list[Token], sop_words: Collection[str], measure_words: Collection[str]) -> Numbers:
    """Numbers beside a word for SOP or measure; a number alone means nothing."""
    found = Numbers()
    for position, token in enumerate(tokens):
        if token.word[-1] in "12345" and (joined := _JOINED.match(token.word)):
            found.sops.append(int(joined[1]))
            found.used.add(position)
            _follow(tokens, position + 1, found)
        elif token.word in sop_words or token.word in measure_words:
            before = len(found.sops) + len(found.measures)
            _follow(tokens, position + 1, found)
            if len(found.sops) + len(found.measures) > before or token.word.startswith("sop"):
                found.used.add(position)
    found.sops = list(dict.fromkeys(found.sops))
    found.measures = list(dict.fromkeys(found.measures))
    return found


def _follow(tokens: list[Token], position: int, found: Numbers) -> None:
    """Take the numbers that follow, with the small words between them."""
    waiting: list[int] = []
    while position < len(tokens) and position not in found.used and len(waiting) <= 2:
        word = tokens[position].word
        if _MEASURE.match(word):
            found.measures.append(word.upper())
        elif (number := _number(tokens[position])) is not None:
            found.sops.append(number)
        elif word in _BETWEEN or word in {"sop", "sops", "measure"}:
            waiting.append(position)
            position += 1
            continue
        else:
            return
        found.used.update((*waiting, position))
        waiting.clear()
        position += 1


def _number(token: Token) -> int | None:
    if token.word in {"1", "2", "3", "4", "5"}:
        return int(token.word)
    return _ROMAN.get(token.word) if token.text.isupper() else None
