"""Longest phrases first: the words of a question laid over the lexicon's tree of phrases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from directory.search.question.lexicon import Keys, Lexicon, Node, Sense
from directory.search.question.stems import STEM_MARK
from directory.search.question.tokens import Token

LONGEST_PHRASE = 9
Correct = Callable[[Token], str | None]


@dataclass(slots=True)
class Span:
    """Words `start` up to `end` (excluded), what they may mean, and the ending cut off the last of them."""

    start: int
    end: int
    senses: tuple[Sense, ...]
    ending: str = ""
    corrected: bool = False

    def has(self, kind: str) -> bool:
        """Whether any sense is of that kind."""
        return any(sense.kind == kind for sense in self.senses)

    def values(self, kind: str) -> tuple[str, ...]:
        """The ids of one kind, in order, once each."""
        return tuple(dict.fromkeys(sense.value for sense in self.senses if sense.kind == kind))


def find_spans(tokens: list[Token], lexicon: Lexicon, correct: Correct) -> list[Span]:
    """The question as spans from left to right; a word that means nothing known is a span without senses."""
    keys = [lexicon.keys(token.word) for token in tokens]
    corrected = _correct_unknown(tokens, keys, lexicon, correct)
    spans = []
    position = 0
    while position < len(tokens):
        span = _longest(tokens, keys, position, lexicon.root)
        span.corrected = bool(corrected) and any(place in corrected for place in range(position, span.end))
        spans.append(span)
        position = span.end
    return spans


def _correct_unknown(tokens: list[Token], keys: list[Keys], lexicon: Lexicon, correct: Correct) -> set[int]:
    """Put the keys of the word that was meant in place of a slip; nothing in what looks like a name."""
    if not any(keys) and 1 < len(tokens) < 5 and all(token.is_title for token in tokens):
        return set()
    corrected = set()
    for position, token in enumerate(tokens):
        if not keys[position] and (better := correct(token)):
            keys[position] = lexicon.keys(better)
            corrected.add(position)
    return corrected


def _longest(tokens: list[Token], keys: list[Keys], start: int, root: Node) -> Span:
    best = Span(start, start + 1, ())
    reached: list[tuple[Node, bool, str]] = [(root, True, "")]
    for position in range(start, min(len(tokens), start + LONGEST_PHRASE)):
        reached = [
            (following, exact and key[-1] != STEM_MARK, ending)
            for node, exact, _ in reached
            for key, ending in keys[position]
            if (following := node.following.get(key))
        ]
        if not reached:
            break
        senses, ending = _senses(reached, tokens, start, position + 1)
        if senses:
            best = Span(start, position + 1, senses, ending)
    return best


def _senses(
    reached: list[tuple[Node, bool, str]], tokens: list[Token], start: int, end: int
) -> tuple[tuple[Sense, ...], str]:
    """What the phrase means here. A phrase met as listed silences phrases met by their stem alone."""
    as_listed: list[Sense] = []
    by_stem: list[Sense] = []
    shortest = tokens[end - 1].word
    capitals = all(token.is_capitals for token in tokens[start:end])
    for node, exact, ending in reached:
        wanted = node.senses if capitals else [sense for sense in node.senses if not sense.capitals]
        if wanted and exact:
            as_listed.extend(wanted)
        elif wanted:
            by_stem.extend(wanted)
            shortest = min(shortest, ending, key=len)
    found = as_listed or by_stem
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found), "" if as_listed else shortest
