"""Longest phrases first: the words of a question laid over the lexicon's tree of phrases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from directory.search.question.lexicon import Lexicon, Node, Sense
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
    keys = [lexicon.stems.keys(token.word) for token in tokens]
    spans = []
    position = 0
    while position < len(tokens):
        span = _longest(tokens, keys, position, lexicon.root)
        if not span.senses and (better := correct(tokens[position])):
            keys[position] = lexicon.stems.keys(better)
            span = _longest(tokens, keys, position, lexicon.root)
            span.corrected = True
        spans.append(span)
        position = span.end
    return spans


def _longest(tokens: list[Token], keys: list[list[tuple[str, str]]], start: int, root: Node) -> Span:
    best = Span(start, start + 1, ())
    reached: list[tuple[Node, bool, str]] = [(root, True, "")]
    for position in range(start, min(len(tokens), start + LONGEST_PHRASE)):
        reached = [
            (following, exact and not ending, ending)
            for node, exact, _ in reached
            for key, ending in keys[position]
            if (following := node.following.get(key))
        ]
        if not reached:
            break
        senses, ending = _senses(reached, tokens[start : position + 1])
        if senses:
            best = Span(start, position + 1, senses, ending)
    return best


def _senses(reached: list[tuple[Node, bool, str]], tokens: list[Token]) -> tuple[tuple[Sense, ...], str]:
    """What the phrase means here. A phrase met as listed silences phrases met by their stem alone."""
    as_listed: list[Sense] = []
    by_stem: list[Sense] = []
    shortest = tokens[-1].word
    for node, exact, ending in reached:
        wanted = [s for s in node.senses if not s.capitals or all(t.is_capitals for t in tokens)]
        if wanted and exact:
            as_listed.extend(wanted)
        elif wanted:
            by_stem.extend(wanted)
            shortest = min(shortest, ending, key=len)
    return tuple(dict.fromkeys(as_listed or by_stem)), "" if as_listed else shortest
