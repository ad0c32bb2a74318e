"""Longest phrases first: the words of a question laid over the lexicon's tree of phrases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from directory.search.question.lexicon import NOTHING, Keys, Lexicon, Node, Senses
from directory.search.question.stems import STEM_MARK
from directory.search.question.tokens import Token

LONGEST_PHRASE = 9
Correct = Callable[[Token], str | None]


@dataclass(slots=True)
class Span:
    """Words `start` up to `end` (excluded), what they may mean, and the ending cut off the last of them."""

    start: int
    end: int
    senses: Senses
    ending: str = ""
    corrected: bool = False

    def has(self, kind: str) -> bool:
        """Whether any sense is of that kind."""
        return kind in self.senses.kinds

    def values(self, kind: str) -> tuple[str, ...]:
        """The ids of one kind, in order, once each."""
        return self.senses.kinds.get(kind, ())


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
    best = Span(start, start + 1, NOTHING)
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


def _senses(reached: list[tuple[Node, bool, str]], tokens: list[Token], start: int, end: int) -> tuple[Senses, str]:
    """What the phrase means here. A phrase met as listed silences phrases met by their stem alone.

    A language does not: `bulgară` is the language and, with its ending cut off, a Bulgarian woman.
    """
    as_listed: list[Senses] = []
    by_stem: list[Senses] = []
    shortest = tokens[end - 1].word
    capitals = tokens[start].is_capitals and all(token.is_capitals for token in tokens[start:end])
    for node, exact, ending in reached:
        wanted = node.senses if capitals else node.plain
        if wanted and exact:
            as_listed.append(wanted)
        elif wanted:
            by_stem.append(wanted)
            shortest = min(shortest, ending, key=len)
    if not as_listed:
        return _together(by_stem), shortest
    found = _together(as_listed)
    if by_stem and found.kinds.keys() == {"language"}:
        people = Senses(sense for senses in by_stem for sense in senses if sense.form == "adjective")
        return _together([found, people]), shortest if people else ""
    return found, ""


def _together(found: list[Senses]) -> Senses:
    if len(found) < 2:
        return found[0] if found else NOTHING
    return Senses(dict.fromkeys(sense for senses in found for sense in senses))
