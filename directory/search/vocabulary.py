"""The known words in order: what begins like this, and what differs from it by a slip or two of the fingers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

LONGEST_FIXED_AT_ONE = 5
SHORTEST_CORRECTED = 3
MOST_CORRECTIONS = 5
_AFTER_EVERY_LETTER = "\x7f"


def beginning(words: list[str], prefix: str) -> list[str]:
    """Those of the sorted words that begin with the prefix."""
    return words[bisect_left(words, prefix) : bisect_left(words, prefix + _AFTER_EVERY_LETTER)]


class Vocabulary:
    """Keys (see `folding.skeleton`) in order. Immutable: make a new one when the words change."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = sorted(set(keys))

    @cached_property
    def _backwards(self) -> list[str]:
        return sorted(key[::-1] for key in self.keys)

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        grouped: dict[int, list[str]] = {}
        for key in self.keys:
            grouped.setdefault(len(key), []).append(key)
        return grouped

    def within(self, key: str, distance: int) -> list[str]:
        """The keys that differ by at most `distance` (1 or 2) slips: a letter missing, added, changed or swapped."""
        candidates = self._sharing_a_half(key) if distance == 1 else self._of_like_length(key, distance)
        found = process.extract(key, candidates, scorer=OSA.distance, score_cutoff=distance, limit=None)
        return [candidate for candidate, _, _ in found]

    def _sharing_a_half(self, key: str) -> list[str]:
        # One slip touches at most two neighbouring letters. With one letter between the two halves it cannot
        # damage both, so every key one slip away begins or ends as this one does.
        half = len(key) // 2
        tail = key[half + 1 :][::-1]
        alike = set(beginning(self.keys, key[:half]))
        alike.update(word[::-1] for word in beginning(self._backwards, tail))
        return [word for word in alike if abs(len(word) - len(key)) <= 1]

    def _of_like_length(self, key: str, distance: int) -> list[str]:
        lengths = range(len(key) - distance, len(key) + distance + 1)
        return [word for length in lengths for word in self._by_length.get(length, ())]


def slips_allowed(word: str) -> int:
    """How far a folded word may be from a known one and still be taken for it; 0 for none."""
    if len(word) < SHORTEST_CORRECTED or any(letter.isdigit() for letter in word):
        return 0
    return 1 if len(word) <= LONGEST_FIXED_AT_ONE else 2


def nearest(
    key: str, allowed: int, within: Callable[[str, int], Iterable[str]], spellings: Callable[[str], tuple[str, ...]]
) -> Mapping[str, tuple[str, ...]]:
    """The nearest other keys and how the directory spells them: one slip away if any are, else two.

    `spellings` gives nothing for a key that no entry of the viewer's layer carries any more; it is then no word.
    """
    if len(key) < SHORTEST_CORRECTED:
        return {}
    for distance in range(1, allowed + 1):
        others = sorted(set(within(key, distance)) - {key}, key=lambda other: (other[0] != key[0], other))
        found = {other: spelled for other in others if (spelled := spellings(other))}
        if found:
            return dict(list(found.items())[:MOST_CORRECTIONS])
    return {}
