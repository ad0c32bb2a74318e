"""Words with and without their endings: Bulgariei is Bulgaria, tužilaštvu is tužilaštvo, Romániában is România.

A word list holds dictionary forms. Each is kept as a stem, and a word of a question meets it when what stands
after the stem is an ending its language allows. Nothing is stemmed blindly: a cut counts only where it leaves
a stem that is in the list, in that language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SHORTEST_STEM = 3
LONGEST_ENDING = 9
STEM_MARK = "~"


class Stems:
    """The stems of a word list and the endings that may follow them."""

    def __init__(self, endings: Mapping[str, Mapping[str, Any]]) -> None:
        self._bits: dict[str, int] = {}
        self._strip: dict[str, tuple[str, ...]] = {}
        self._endings: dict[str, int] = {"": 0}
        self._stems: dict[str, int] = {}
        for language, rules in endings.items():
            self._add_language(language, rules)

    def _add_language(self, language: str, rules: Mapping[str, Any]) -> None:
        bit = self._bits[language] = 1 << len(self._bits)
        strip = rules.get("strip", ())
        self._strip[language] = tuple(sorted(strip, key=len, reverse=True))
        middles: Iterable[str] = rules.get("middles", ("",))
        for ending in {"", *strip, *(middle + take for middle in middles for take in rules["take"])}:
            self._endings[ending] = self._endings.get(ending, 0) | bit

    def key(self, word: str, language: str, shortest: int = SHORTEST_STEM) -> str:
        """The key under which a dictionary form is filed; short words are filed as they are."""
        bit = self._bits.get(language)
        if bit is None or len(word) <= SHORTEST_STEM or not word.isalpha():
            return word
        stem = self._stem(word, language, shortest)
        self._stems[stem] = self._stems.get(stem, 0) | bit
        return stem + STEM_MARK

    def _stem(self, word: str, language: str, shortest: int) -> str:
        for ending in self._strip[language]:
            if word.endswith(ending) and len(word) - len(ending) >= shortest:
                return word[: -len(ending)]
        return word

    def keys(self, word: str) -> list[tuple[str, str]]:
        """Every key the word may be filed under, with the ending that was cut; the whole word comes first."""
        found = [(word, "")]
        shortest = max(SHORTEST_STEM, len(word) - LONGEST_ENDING)
        for cut in range(len(word), shortest - 1, -1):
            languages = self._stems.get(word[:cut])
            if languages and languages & self._endings.get(word[cut:], 0):
                found.append((word[:cut] + STEM_MARK, word[cut:]))
        return found
