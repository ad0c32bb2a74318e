"""What the words of a name mean in twenty languages: `ministerul` and `ministry` are one, `regional` matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale

from directory.search.folding import fold, skeleton, split_words

FILES = tuple(Path(__file__).with_name(name) for name in ("words.yaml", "names.yaml"))
LANGUAGES = (
    "en",
    "pt",
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
LONGEST_ENDING = 3
BEGINNING = 2  # letters under which a phrase is looked up


@dataclass(frozen=True, slots=True)
class Meaning:
    """One meaning of one word: its key is the same in every language. `word` is how it stood, `group` its class."""

    key: str
    group: str
    word: str


class _Dictionary:
    def __init__(self, content: Mapping[str, Any]) -> None:
        self.skipped, self._skipped_stems = _parted((content["skipped"] + " " + content["legal"]).split())
        self._exact: dict[str, tuple[tuple[str, str], ...]] = {}
        self._stems: dict[str, tuple[tuple[str, str], ...]] = {}
        for group in CLASSES:
            for key, words in content[group].items():
                for word in words:
                    self._add(str(word), (key, group))
        self._groups = {key: group for group in CLASSES for key in content[group]}
        for word, keys in content["compounds"].items():
            self._exact[word] = tuple((key, self._groups.get(key, "subjects")) for key in keys)
        self._parts: Mapping[str, str] = content["parts"]
        for word, figure in content["numbers"].items():
            self._exact.setdefault(word, ((figure, "number"),))
        self.cities = {_joined(name): _joined(names[0]) for names in content["cities"] for name in names}
        self.short_names = {
            state: {short: tuple(split_words(str(full))) for short, full in known.items()}
            for state, known in content["short_names"].items()
        }
        self.english = frozenset(content["english"].split())
        self.endings = frozenset(content["endings"].split())
        self.phrases: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
        for words, said in content["phrases"].items():
            self.phrases.setdefault(words[:BEGINNING], []).append((tuple(words.split()), tuple(said.split())))
        self.demonyms = {state: tuple(stems.split()) for state, stems in content["demonyms"].items()}
        self.own_words: Mapping[str, Mapping[str, str]] = content["own_words"]
        self.kin = tuple(frozenset(keys) for keys in content["kin"])

    def _add(self, word: str, meaning: tuple[str, str]) -> None:
        where = self._stems if word.endswith("*") else self._exact
        where.setdefault(word.rstrip("*"), (meaning,))

    def find(self, word: str) -> tuple[tuple[str, str], ...] | None:
        """Its meanings, by the longest stem that fits; an empty tuple for a word that says nothing."""
        if word in self._exact:
            return self._exact[word]
        if word in self.skipped:
            return ()
        if (keys := self._taken_apart(word)) is not None:
            return tuple((key, self._groups.get(key, "subjects")) for key in keys)
        for length in range(len(word), 1, -1):
            stem = word[:length]
            if stem in self._stems:
                return self._stems[stem]
            if stem in self._skipped_stems:
                return ()
        return None

    def _taken_apart(self, word: str) -> tuple[str, ...] | None:
        """The meanings of a word written in one, Polizei-direktion, osztály-vezető; None where no parts cover it."""
        for length in range(len(word) - SHORTEST_STEM, 1, -1):
            if (first := self._parts.get(word[:length])) is None:
                continue
            rest = self._rest(word[length:])
            if rest is not None:
                return tuple(key for key in (first, *rest) if key != "-")
        return None

    def _rest(self, word: str) -> tuple[str, ...] | None:
        for joint in ("", "s"):
            tail = word[len(joint) :] if word.startswith(joint) else ""
            for ending in range(LONGEST_ENDING + 1):
                if len(tail) - ending >= SHORTEST_STEM and (last := self._parts.get(tail[: len(tail) - ending])):
                    return (last,)
            if tail in self._exact and len(tail) >= SHORTEST_STEM:
                return tuple(key for key, _ in self._exact[tail])
            if (more := self._taken_apart(tail)) is not None:
                return more
            stem = next((tail[:n] for n in range(len(tail), SHORTEST_STEM, -1) if tail[:n] in self._stems), None)
            if stem is not None and len(tail) - len(stem) <= LONGEST_ENDING:
                return tuple(key for key, _ in self._stems[stem])
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
    return _Dictionary(_content())


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    return {key: value for file in FILES for key, value in yaml.safe_load(file.read_text(encoding="utf-8")).items()}


@dataclass(frozen=True, slots=True)
class AroundPersons:
    """What stands around a person's name, and first names that are written in two ways."""

    titles: frozenset[str]
    elder: frozenset[str]
    younger: frozenset[str]
    first_names: tuple[frozenset[str], ...]


@lru_cache(maxsize=1)
def around_persons() -> AroundPersons:
    """Titles, father and son, first names."""
    content = _content()
    titles, elder, younger = (frozenset(content[key].split()) for key in ("titles", "elder", "younger"))
    return AroundPersons(titles, elder, younger, tuple(frozenset(names) for names in content["first_names"]))


@lru_cache(maxsize=65_536)
def meanings(word: str) -> tuple[Meaning, ...]:
    """What a folded word means; a word nobody knows stands for itself, in one spelling for every script."""
    city = _dictionary().cities.get(word)
    found = None if city else _dictionary().find(word)
    if found is None and not city:
        city = _city_with_ending(word)
    if found is not None:
        return tuple(Meaning(key, group, word) for key, group in found)
    if word.isdigit():
        return (Meaning(word.lstrip("0") or "0", "number", word),)
    return (Meaning(f"city {city}", "place", word),) if city else (Meaning(skeleton(word), "name", word),)


def said_there(word: str, countries: Sequence[str]) -> str:
    """The word, or what it means in one of these states only: French `sud` is the south, Slavic a court."""
    own = _dictionary().own_words
    return next((own[state][word] for state in countries if word in own.get(state, {})), word)


def written_out(word: str, countries: Sequence[str]) -> tuple[str, ...]:
    """What a short name stands for in one of these states, as folded words; nothing where nobody knows."""
    known = _dictionary().short_names
    return next((known[state][word] for state in (*countries, "*") if word in known.get(state, {})), ())


def english_share(words: Sequence[str]) -> float:
    """How much of a name is English, of the words whose language one can tell; a half where one cannot."""
    find = _dictionary().find
    english = [
        word in _dictionary().english for word in words if word in _dictionary().english or find(word) is not None
    ]
    return sum(english) / len(english) if english else 0.5


def is_ending(text: str) -> bool:
    """Whether a proper name may end so in one case or another."""
    return text in _dictionary().endings


def phrases_said(words: Sequence[str]) -> list[str]:
    """The words with those that say something together put into English: `asistent social` is a social worker."""
    known = _dictionary().phrases
    begun = {phrase for word in words for phrase in known.get(word[:BEGINNING], ())}
    said = list(words)
    for phrase, english in sorted(begun, key=lambda pair: (-len(pair[0]), pair)):
        for place in range(len(said) - len(phrase) + 1):
            if all(map(_fits, said[place:], phrase)):
                said[place : place + len(phrase)] = english
                break
    return said


def _fits(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


@lru_cache(maxsize=4096)
def are_kin(one: str, other: str) -> bool:
    """Whether two translators may have meant one thing by these meanings."""
    return any(one in keys and other in keys for keys in _dictionary().kin)


def _city_with_ending(word: str) -> str | None:
    """The city that a word names in another case: Zagrebu, Rijeci, Sofiiski."""
    cities = _dictionary().cities
    for length in range(len(word) - 1, max(SHORTEST_STEM, len(word) - LONGEST_ENDING) - 1, -1):
        stem = word[:length]
        if not is_ending(word[length:]):
            continue
        hard = stem[:-1] + "k" if stem.endswith("c") else stem
        for name in (stem, *(one + vowel for one in (stem, hard) for vowel in "aeo")):
            if name in cities:
                return cities[name]
    return None


@lru_cache(maxsize=8192)
def city_key(city: str) -> str:
    """One key for a city in every language it is known in."""
    joined = _joined(city)
    return _dictionary().cities.get(joined) or skeleton(joined)


def is_known_city(city: str) -> bool:
    """Whether its names in other languages are known."""
    return _joined(city) in _dictionary().cities


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


@lru_cache(maxsize=512)
def called_so(code: str) -> frozenset[str]:
    """Short words for a state that stand for themselves: `crna`, `gora`, `uk`."""
    return frozenset(name for name in _dictionary().demonyms.get(code, ()) if len(name) <= SHORTEST_STEM)


@lru_cache(maxsize=512)
def begun_so(code: str) -> tuple[str, ...]:
    """Beginnings of what else a state and its people are called: `swiss`, `hellen`."""
    return tuple(name for name in _dictionary().demonyms.get(code, ()) if len(name) > SHORTEST_STEM)


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
