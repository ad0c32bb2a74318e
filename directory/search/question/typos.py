"""Slips of the finger in words met nowhere else: Albaina, Sebria, unacompanied; never one country for another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz.distance import OSA

from directory.search.question.lexicon import PART, Lexicon
from directory.search.question.tokens import Token

SHORTEST = 5
SHORTEST_LANGUAGE = 7  # "since" is not Chinese in Italian
SHORT = 6  # a country is not guessed from so short a word that begins otherwise: a truck is not Greek
LONG = 9


class Typos:
    """Listed words near to a typed one, found by leaving letters out; an exact word never comes here."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._meanings = {
            word: frozenset(meanings - {"filler:noise"})
            for word, meanings in lexicon.words.items()
            if len(word) >= (SHORTEST_LANGUAGE if all(m.startswith("language") for m in meanings) else SHORTEST)
            and word.isalpha()
            and not all(m.startswith("filler") for m in meanings)
        }
        self._shortened: dict[str, list[str]] = defaultdict(list)
        for word in self._meanings:
            for part in _one_left_out(word):
                self._shortened[part].append(word)
        self._seen: dict[str, str | None] = {}

    def correct(self, token: Token) -> str | None:
        """The listed word meant, or None when nothing is near or two things are equally near."""
        word = token.word
        if len(word) < SHORTEST or not word.isalpha():
            return None
        if word not in self._seen:
            if len(self._seen) > 20_000:
                self._seen.clear()
            self._seen[word] = self._nearest(word)
        return self._seen[word]

    def _nearest(self, word: str) -> str | None:
        near = {listed for part in _one_left_out(word) for listed in self._shortened.get(part, ())}
        by_distance: dict[int, list[str]] = defaultdict(list)
        allowed = 2 if len(word) >= LONG else 1
        for listed in near:
            distance = OSA.distance(word, listed, score_cutoff=allowed)
            may_begin_otherwise = distance == 1 and (len(word) > SHORT or not _is_country(self._meanings[listed]))
            if distance <= allowed and (listed[0] == word[0] or may_begin_otherwise):
                by_distance[distance].append(listed)
        if not by_distance:
            return None
        nearest = by_distance[min(by_distance)]
        everything = [listed for group in by_distance.values() for listed in group]
        countries = {m for listed in everything for m in self._meanings[listed] if m.startswith("country:")}
        if len(countries) > 1:
            return None
        meanings = {self._meanings[listed] - {PART} for listed in nearest}
        named = [listed for listed in nearest if self._meanings[listed] & countries]
        if countries and len(named) == len(nearest):
            return min(nearest, key=lambda listed: (-len(listed), listed))
        return min(nearest) if len(meanings) == 1 or not countries else None


def _is_country(meanings: Iterable[str]) -> bool:
    return any(meaning.startswith("country:") for meaning in meanings)


def _one_left_out(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}
