"""Two names side by side: what they share, and which words stand in one of them only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from directory.doubles.likeness.records import Body
from directory.doubles.likeness.words import (
    Meaning,
    city_words,
    country_directions,
    country_stems,
    folded,
    meanings,
    script_of,
)
from directory.search.folding import split_words

# Words that a name may have or lack without being another's.
WEAK = frozenset(
    {"affairs", "persons", "human", "organization", "institution", "work", "combating", "administration_word",
     "against_trafficking", "line", "point"}
)  # fmt: skip
_APOSTROPHE = re.compile(r"(?<=\w)['’‘`´](?=s\b)")
_ALTERNATIVES = re.compile(r"\s+/\s+")
_HYPHENED = re.compile(r"\w+(?:[-‐‑]\w+)+")
_ACRONYM = re.compile(r"\b[A-ZĂÂÎȘȚŠŽČĆĐА-Я]{3,8}\b")
LONG, LONGER = 6, 10
BEGINNING = 3
LANGUAGES_DIFFER = 0.4  # the share of English words


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart. `initials` are its words' first letters, with and without the small words."""

    text: str
    meanings: dict[str, Meaning]
    initials: frozenset[str]
    acronyms: frozenset[str]
    english: float
    script: str
    plain: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two names share, what only one has, and how sure that is."""

    left: Name
    right: Name
    common: tuple[Meaning, ...]
    only_left: tuple[Meaning, ...]
    only_right: tuple[Meaning, ...]
    typos: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    is_short_name: bool = False
    is_cross_language: bool = field(default=False)

    @property
    def is_equal(self) -> bool:
        """Nothing that counts stands in one of them only."""
        return not (self.only_left or self.only_right) and bool(self.common)

    @property
    def weight(self) -> tuple[int, int, int]:
        """The smaller, the closer."""
        both = bool(self.only_left) and bool(self.only_right)
        return (len(self.only_left) + len(self.only_right) + 2 * both, len(self.typos), -len(self.common))


def names_of(body: Body) -> tuple[Name, ...]:
    """Every name of an institution taken apart; what only says where it is falls away."""
    places = city_words(body.city)
    countries = [code for code in (body.country, body.host_country) if code]
    texts = [part for name in body.names for part in (name, *_alternatives(name))]
    return tuple(parse(text, places=places, countries=countries) for text in dict.fromkeys(texts))


def _alternatives(name: str) -> list[str]:
    parts = _ALTERNATIVES.split(name)
    return parts if len(parts) > 1 else []


def parse(text: str, *, places: Iterable[str] = (), countries: Sequence[str] = ()) -> Name:
    """A name taken apart."""
    plain = _APOSTROPHE.sub("", text)
    words = split_words(plain)
    kept = _without_places(_hyphens_closed(plain, words), frozenset(places), countries)
    found: dict[str, Meaning] = {}
    for word in kept:
        for meaning in meanings(word):
            found.setdefault(meaning.key, meaning)
    if (last := _last_letter(text)) is not None:
        found.setdefault(f"letter {last}", Meaning(f"letter {last}", "number", last))
    acronyms = frozenset(folded(match) for match in _ACRONYM.findall(text))
    whole = "".join(word[0] for word in words)
    short = "".join(word[0] for word in words if meanings(word) or len(word) > 3)
    for acronym in acronyms:  # (ANITP) behind the name it stands for says nothing new
        rest = [word for word in words if word != acronym]
        if len(rest) >= 3 and acronym in _initials(rest):
            for meaning in meanings(acronym):
                found.pop(meaning.key, None)
    known = [m for m in found.values() if m.group not in {"name", "number", "place"}]
    english = sum(m.is_english for m in known) / len(known) if known else 0.5
    return Name(text, found, frozenset({whole, short}), acronyms, english, script_of(text), " ".join(words))


def _hyphens_closed(text: str, words: list[str]) -> list[str]:
    """`Co-ordinator` and `Anti-Trafficking` as one word, where that is a word we know."""
    for match in _HYPHENED.findall(text):
        parts = split_words(match)
        joined = "".join(parts)
        found = meanings(joined)
        if len(parts) > 1 and found and found[0].group not in {"name", "number"}:
            words = _replaced(words, parts, joined)
    return words


def _replaced(words: list[str], parts: list[str], joined: str) -> list[str]:
    for place in range(len(words) - len(parts) + 1):
        if words[place : place + len(parts)] == parts:
            return [*words[:place], joined, *words[place + len(parts) :]]
    return words


def _initials(words: Sequence[str]) -> set[str]:
    return {"".join(w[0] for w in words), "".join(w[0] for w in words if meanings(w) or len(w) > 3)}


def _last_letter(text: str) -> str | None:
    """`A` in “Shift leader A”."""
    match = re.search(r"\s([A-ZА-Я])\W*$", text)
    return folded(match[1]) if match else None


def _without_places(words: list[str], places: frozenset[str], countries: Sequence[str]) -> list[str]:
    stems = [stem for code in countries for stem in country_stems(code)]
    directions = {word for code in countries for word in country_directions(code)}
    kept: list[str] = []
    place = 0
    while place < len(words):
        word = words[place]
        if place + 1 < len(words) and word + words[place + 1] in places:
            place += 2
            continue
        place += 1
        if word in places:
            continue
        if any(word.startswith(stem) for stem in stems):
            if kept and directions and any(m.key in directions for m in meanings(kept[-1])):
                kept.pop()
            continue
        kept.append(word)
    return kept


def compare(left: Name, right: Name) -> Comparison:
    """Two names side by side."""
    if _is_short_for(left, right) or _is_short_for(right, left):
        return Comparison(left, right, tuple(left.meanings.values()), (), (), is_short_name=True)
    common = [meaning for key, meaning in left.meanings.items() if key in right.meanings]
    ones = [m for key, m in left.meanings.items() if key not in right.meanings]
    others = [m for key, m in right.meanings.items() if key not in left.meanings]
    typos: list[str] = []
    for one in list(ones):
        twin = next((other for other in others if _is_misspelt(one, other)), None)
        if twin is not None:
            ones.remove(one)
            others.remove(twin)
            common.append(twin if one.group == "name" else one)
            typos.append(f"{one.word} – {twin.word}")
    is_cross = left.script != right.script or abs(left.english - right.english) > LANGUAGES_DIFFER
    return Comparison(
        left,
        right,
        tuple(common),
        tuple(m for m in ones if m.key not in WEAK),
        tuple(m for m in others if m.key not in WEAK),
        tuple(typos),
        () if is_cross else _loosely_alike(left, right),
        is_cross_language=is_cross,
    )


def _loosely_alike(left: Name, right: Name) -> tuple[str, ...]:
    """Words of one language that only mean much the same: a chief and a head may be two."""
    pairs = [(m.word, right.meanings[key].word) for key, m in left.meanings.items() if key in right.meanings]
    return tuple(f"{one} – {other}" for one, other in pairs if one[:BEGINNING] != other[:BEGINNING])


def _is_short_for(short: Name, full: Name) -> bool:
    """One is nothing but capitals that begin the other's words."""
    return len(short.meanings) == 1 and len(full.plain.split()) >= 3 and bool(short.acronyms & full.initials)


def _is_misspelt(one: Meaning, other: Meaning) -> bool:
    if {one.group, other.group} & {"number", "place"} or "name" not in {one.group, other.group}:
        return False
    first, second = (one.key, other.key) if one.group == other.group == "name" else (one.word, other.word)
    shorter = min(len(first), len(second))
    if shorter < LONG or first[0] != second[0]:
        return False
    allowed = 2 if shorter >= LONGER else 1
    return OSA.distance(first, second, score_cutoff=allowed) <= allowed
