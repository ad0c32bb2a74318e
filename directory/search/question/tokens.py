"""A question cut into words: each as typed, as folded, and with what its letters' case tells."""

from __future__ import annotations

import re
from dataclasses import dataclass

from directory.search.folding import fold

LONGEST_QUESTION = 500
MOST_TOKENS = 60
# Invisible marks (direction, joiners, soft hyphen) vanish, so that they cannot part a word.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u0000-\u0008]")
_WORD = re.compile(r"\d+\.[\dCc]\b|[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
_PARTED = re.compile(r"[,;:.?!()\n|]")


@dataclass(slots=True)
class Token:
    """One word. `new_clause` says that a comma or the like stands before it."""

    text: str
    word: str
    is_capitals: bool
    is_title: bool
    new_clause: bool


def tokenize(text: str) -> list[Token]:
    """The words of a question, at most `MOST_TOKENS` of its first `LONGEST_QUESTION` characters."""
    text = _INVISIBLE.sub("", text[: 4 * LONGEST_QUESTION])[:LONGEST_QUESTION]
    shouts = text.isupper()
    tokens: list[Token] = []
    end = 0
    for match in _WORD.finditer(text):
        typed = match[0]
        if word := fold(typed).strip():
            gap = text[end : match.start()]
            is_capitals = not shouts and typed.isupper() and len(typed) > 1
            parted = gap not in {"", " "} and bool(_PARTED.search(gap))
            tokens.append(Token(typed, word, is_capitals, typed[0].isupper() and not shouts, parted))
        end = match.end()
        if len(tokens) == MOST_TOKENS:
            break
    return tokens
