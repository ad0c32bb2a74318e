"""What the words of a name mean in twenty languages: `ministerul` and `ministry` are one, `regional` matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale

from directory.search.folding import fold, skeleton, split_words

FILE = Path(__file__).with_name("words.yaml")
LANGUAGES = (
    "en",
    "ro",
    "bg",
    "hr",
    "sr",
    "sq",
    "mk",
    "hu",
    "it",
    "de",
    "fr",
    "el",
    "es",
    "pl",
    "cs",
    "sk",
    "sl",
    "uk",
    "tr",
)
CLASSES = ("kinds", "ranks", "levels", "subjects")
SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class Meaning:
    """One meaning of one word: its key is the same in every language. `word` is how it stood, `group` its class."""

    key: str
    group: str
    word: str
    is_english: bool = False


class _Dictionary:
    def __init__(self, content: Mapping[str, Any]) -> None:
        self.skipped, self._skipped_stems = _parted((content["skipped"] + " " + content["legal"]).split())
        self._exact: dict[str, tuple[tuple[str, str, bool], ...]] = {}
        self._stems: dict[str, tuple[tuple[str, str, bool], ...]] = {}
        for group in CLASSES:
            for key, words in content[group].items():
                for place, word in enumerate(words):
                    self._add(str(word), (key, group, place == 0))
        for word, keys in content["compounds"].items():
            self._exact[word] = tuple((key, self._group_of(content, key), False) for key in keys)
        for word, figure in content["numbers"].items():
            self._exact.setdefault(word, ((figure, "number", False),))
        self.cities = {_joined(name): _joined(names[0]) for names in content["cities"] for name in names}

    def _add(self, word: str, meaning: tuple[str, str, bool]) -> None:
        where = self._stems if word.endswith("*") else self._exact
        where.setdefault(word.rstrip("*"), (meaning,))

    def _group_of(self, content: Mapping[str, Any], key: str) -> str:
        return next((group for group in CLASSES if key in content[group]), "subjects")

    def find(self, word: str) -> tuple[tuple[str, str, bool], ...] | None:
        """Its meanings, by the longest stem that fits; an empty tuple for a word that says nothing."""
        if word in self._exact:
            return self._exact[word]
        if word in self.skipped:
            return ()
        for length in range(len(word), 1, -1):
            stem = word[:length]
            if stem in self._stems:
                return self._stems[stem]
            if stem in self._skipped_stems:
                return ()
        return None


def _parted(words: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    return (
        frozenset(word for word in words if not word.endswith("*")),
        frozenset(word[:-1] for word in words if word.endswith("*")),
    )


def _joined(text: str) -> str:
    return "".join(split_words(text))


@lru_cache(maxsize=1)
def _dictionary() -> _Dictionary:
    return _Dictionary(yaml.safe_load(FILE.read_text(encoding="utf-8")))


@lru_cache(maxsize=65_536)
def meanings(word: str) -> tuple[Meaning, ...]:
    """What a folded word means; a word nobody knows stands for itself, in one spelling for every script."""
    found = _dictionary().find(word)
    if found is not None:
        return tuple(Meaning(key, group, word, is_english) for key, group, is_english in found)
    if word.isdigit():
        return (Meaning(word.lstrip("0") or "0", "number", word),)
    city = _dictionary().cities.get(word)
    return (Meaning(f"city {city}", "place", word),) if city else (Meaning(skeleton(word), "name", word),)


@lru_cache(maxsize=8192)
def city_key(city: str) -> str:
    """One key for a city in every language it is known in."""
    joined = _joined(city)
    return _dictionary().cities.get(joined) or skeleton(joined)


def city_words(city: str) -> tuple[str, ...]:
    """The ways a city may stand in a name, as folded words joined."""
    joined = _joined(city)
    canonical = _dictionary().cities.get(joined)
    if canonical is None:
        return (joined,) if joined else ()
    return tuple(name for name, first in _dictionary().cities.items() if first == canonical)


@lru_cache(maxsize=512)
def country_stems(code: str) -> frozenset[str]:
    """Beginnings of the words that name a country: `roman`, `rumun`; with them `Romanian` and `României` fall away."""
    return frozenset(_stems_of(code)) if code else frozenset()


def _stems_of(code: str) -> Iterator[str]:
    for locale in _locales():
        name = str(locale.territories.get(code, ""))
        for word in split_words(name):
            known = _dictionary().find(word)
            if len(word) >= SHORTEST_STEM and known is None:
                yield word[: max(SHORTEST_STEM, len(word) - 2)]


@lru_cache(maxsize=512)
def country_directions(code: str) -> frozenset[str]:
    """`north` for North Macedonia: there the word is part of the country's name."""
    found = _dictionary().find
    words = {word for word in split_words(str(_locales()[0].territories.get(code, ""))) if found(word)}
    return frozenset(word for word in words if word in {"north", "south", "east", "west", "central"})


@lru_cache(maxsize=1)
def _locales() -> tuple[Locale, ...]:
    return tuple(Locale.parse(language) for language in LANGUAGES)


def script_of(text: str) -> str:
    """`latin`, `greek` or `cyrillic`, by the first letter that is not plain ASCII; other scripts are `other`."""
    for letter in text:
        if letter.isascii() or not letter.isalpha():
            continue
        point = ord(letter)
        if 0x370 <= point <= 0x3FF or 0x1F00 <= point <= 0x1FFF:
            return "greek"
        if 0x400 <= point <= 0x52F:
            return "cyrillic"
        if point > 0x52F and not 0x1E00 <= point <= 0x1EFF:
            return "other"
    return "latin"


def folded(text: str) -> str:
    """The text in plain letters."""
    return fold(text)
