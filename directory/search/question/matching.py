"""Longest phrases first: the words of a question laid over the lexicon's tree of phrases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from directory.search.question.lexicon import NOTHING, Keys, Lexicon, Node, Senses
from directory.search.question.stems import STEM_MARK
from directory.search.question.tokens import Token

LONGEST_PHRASE = 9
_MOST_KEPT = 50_000
Correct = Callable[[Token], str | None]
Reached = list[tuple[Node, bool, str]]


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


class Matcher:
    """Lays questions over one lexicon; `correct` finds the word that was meant by a slip."""

    def __init__(self, lexicon: Lexicon, correct: Correct) -> None:
        self._lexicon = lexicon
        self._correct = correct
        self._starts: dict[tuple[Keys, bool], tuple[Reached, Senses, str]] = {}

    def find_spans(self, tokens: list[Token]) -> list[Span]:
        """The question as spans from left to right; a word that means nothing known is a span without senses."""
        keys = [self._lexicon.keys(token.word) for token in tokens]
        corrected = self._correct_unknown(tokens, keys)
        spans = []
        position = 0
        while position < len(tokens):
            span = self._longest(tokens, keys, position)
            span.corrected = bool(corrected) and not corrected.isdisjoint(range(position, span.end))
            spans.append(span)
            position = span.end
        return spans

    def _correct_unknown(self, tokens: list[Token], keys: list[Keys]) -> set[int]:
        """Put the keys of the word that was meant in place of a slip; nothing in what looks like a name."""
        corrected: set[int] = set()
        if not any(keys) and 1 < len(tokens) < 5 and all(token.is_title for token in tokens):
            return corrected
        for position, token in enumerate(tokens):
            if not keys[position] and (better := self._correct(token)):
                keys[position] = self._lexicon.keys(better)
                corrected.add(position)
        return corrected

    def _longest(self, tokens: list[Token], keys: list[Keys], start: int) -> Span:
        capitals = tokens[start].is_capitals
        reached, senses, ending = self._start(keys[start], capitals)
        best = Span(start, start + 1, senses, ending)
        for position in range(start + 1, min(len(tokens), start + LONGEST_PHRASE)):
            reached = _follow(reached, keys[position])
            if not reached:
                break
            capitals = capitals and tokens[position].is_capitals
            senses, ending = _senses(reached, capitals=capitals)
            if senses:
                best = Span(start, position + 1, senses, ending)
        return best

    def _start(self, keys: Keys, capitals: bool) -> tuple[Reached, Senses, str]:
        """Where one word leads and what it means alone; kept, because most words of questions come again."""
        start = self._starts.get((keys, capitals))
        if start is None:
            if len(self._starts) > _MOST_KEPT:
                self._starts.clear()
            reached = _follow([(self._lexicon.root, True, "")], keys)
            start = self._starts[keys, capitals] = (reached, *_senses(reached, capitals=capitals))
        return start


def _follow(reached: Reached, keys: Keys) -> Reached:
    return [
        (following, exact and key[-1] != STEM_MARK, ending)
        for node, exact, _ in reached
        for key, ending in keys
        if (following := node.following.get(key))
    ]


def _senses(reached: Reached, *, capitals: bool) -> tuple[Senses, str]:
    """What the phrase means here. A phrase met as listed silences phrases met by their stem alone.

    A language does not: `bulgară` is the language and, with its ending cut off, a Bulgarian woman.
    """
    as_listed: list[Senses] = []
    by_stem: list[Senses] = []
    endings: list[str] = []
    for node, exact, ending in reached:
        wanted = node.senses if capitals else node.plain
        if wanted and exact:
            as_listed.append(wanted)
        elif wanted:
            by_stem.append(wanted)
            endings.append(ending)
    shortest = min(endings, key=len, default="")
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
