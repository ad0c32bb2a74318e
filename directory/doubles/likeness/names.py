"""A name taken apart: what its words mean, which of them are short names, and in which ways it can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from directory.doubles.likeness.records import Body
from directory.doubles.likeness.words import (
    Meaning,
    begun_so,
    called_so,
    city_words,
    country_directions,
    country_stems,
    english_share,
    folded,
    is_ending,
    meanings,
    phrases_said,
    said_there,
    script_of,
    written_out,
)
from directory.search.folding import split_words

_APOSTROPHE = re.compile(r"(?<=\w)['’‘`´](?=s\b)")
_DOTTED = re.compile(r"\b(?:[^\W\d_]{1,2}\.){2,}(?!\w)")
_SLASH = re.compile(r"\s+/\s+")
_BRACKETED = re.compile(r"\(([^()]{2,})\)")
_AROUND_THE_CLOCK = re.compile(r"\b(?:24\s*/\s*7|24\s*-?\s*h|0+\s*-\s*24|24\s*-\s*hour)\b", re.IGNORECASE)
_ROMAN = re.compile(r"\b(?=[IVX])(X{0,2}(?:IX|IV|V?I{0,3}))\b")
_HYPHENED = re.compile(r"\w+(?:[-‐‑]\w+)+")
_WORD = re.compile(r"\b[^\W\d_]{2,8}\b")
_ROMANS = {"i": 1, "v": 5, "x": 10}
FORMERLY = frozenset({"formerly", "former", "ex", "previously", "until", "before", "bivsi", "bivse", "ranije", "fost",
                      "fosta", "ehemals", "ancien", "volt", "dawniej", "ish", "old"})  # fmt: skip
LANGUAGES_DIFFER = 0.4  # the share of English words
SHORTEST_ACRONYM, WRITTEN_IN_ONE = 3, 8
KNOWN_PREFIX = 4


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart.

    `initials` are its words' first letters, with and without the small words; `bracketed` its short names in brackets.
    A doubtful one was called so once, or is only one of two names that stand in one field.
    """

    text: str
    meanings: dict[str, Meaning]
    words: tuple[str, ...]
    initials: frozenset[str]
    acronyms: frozenset[str]
    english: float
    script: str
    plain: str
    proper: frozenset[str] = frozenset()
    has_town: bool = False
    bracketed: frozenset[str] = frozenset()
    is_doubtful: bool = False


def names_of(body: Body) -> tuple[Name, ...]:
    """Every name of an institution taken apart; what only says where it is falls away."""
    places = city_words(body.city)
    countries = tuple(code for code in (body.country, body.host_country) if code)
    found = [one for name in dict.fromkeys(body.names) for one in readings(name, places=places, countries=countries)]
    return tuple(found)


def readings(text: str, *, places: Iterable[str] = (), countries: Sequence[str] = ()) -> list[Name]:
    """The name, and what else it says: “in one language / in another”, “name (SHORT)”, “new (formerly old)”."""

    def read(part: str) -> Name:
        return parse(part, places=places, countries=countries)

    halves = [part for part in _SLASH.split(text) if part.strip()]
    if len(halves) == 2 and are_two_languages(*(pair := (read(halves[0]), read(halves[1])))):
        return [read(text), *pair]
    found = _BRACKETED.search(text)
    outside = " ".join(_BRACKETED.sub(" ", text).split())
    if found is None or not split_words(outside):
        return [read(text)]
    inside = found[1].strip()
    outer, inner = read(outside), read(inside)
    before = split_words(inside)
    if before and before[0] in FORMERLY:
        rest = " ".join(word for word in before[1:] if not word.isdigit())
        return [outer, replace(read(rest), is_doubtful=True)] if rest else [outer]
    if len(before) == 1 and inside.isupper():
        named = replace(outer, text=text, bracketed=frozenset(before))
        is_its_own = bool(inner.initials or stands_for(before[0], outer.words)) and len(outer.words) >= 2
        return [named, replace(inner, is_doubtful=not is_its_own)]
    if len(outer.meanings) >= 2 and len(inner.meanings) >= 2 and are_two_languages(outer, inner):
        is_one = len(outer.meanings.keys() & inner.meanings.keys()) * 2 >= min(len(outer.meanings), len(inner.meanings))
        return [read(text), replace(outer, is_doubtful=not is_one), replace(inner, is_doubtful=not is_one)]
    return [read(text)]


def are_two_languages(one: Name, other: Name) -> bool:
    """Whether the names are in two scripts, or one in English and one not."""
    return one.script != other.script or abs(one.english - other.english) > LANGUAGES_DIFFER


def parse(text: str, *, places: Iterable[str] = (), countries: Sequence[str] = ()) -> Name:
    """A name taken apart."""
    plain = _DOTTED.sub(lambda match: match[0].replace(".", ""), _APOSTROPHE.sub("", _AROUND_THE_CLOCK.sub(" ", text)))
    words = split_words(plain)
    capitals = _capitals(plain)
    towns = frozenset(places)
    kept = _without_places(_hyphens_closed(plain, words), towns, countries)
    has_town = any(is_place(word, town) for word in words for town in towns)
    kept = [said_there(word, countries) for word in kept]
    kept = phrases_said(_written_out(kept, capitals, countries))
    found: dict[str, Meaning] = {}
    for word in kept:
        for meaning in meanings(word):
            found.setdefault(meaning.key, meaning)
    for figure in _figures(plain):
        found.setdefault(figure, Meaning(figure, "number", figure))
    acronyms = frozenset(capital for capital in capitals if capital in kept)
    for acronym in acronyms:  # ANITP beside the name it stands for says nothing new
        if stands_for(acronym, [word for word in kept if word != acronym]):
            for meaning in meanings(acronym):
                found.pop(meaning.key, None)
    initials = frozenset(
        {"".join(word[0] for word in words), "".join(word[0] for word in words if not _is_small(word))}
    )
    english, script, joined = english_share(kept), script_of(text), " ".join(words)
    return Name(
        text, found, tuple(kept), initials, acronyms, english, script, joined, _proper(plain), has_town=has_town
    )


def _capitals(text: str) -> frozenset[str]:
    """Short names: words of capitals in a text that is not all capitals, or a single word of them."""
    found = [word for word in _WORD.findall(text) if word.isupper()]
    is_loud = text.isupper() and len(text.split()) > 2
    return frozenset() if is_loud else frozenset(folded(word) for word in found)


def _proper(text: str) -> frozenset[str]:
    """Words with a capital inside a name whose other words have none: a town, a founder, never translated."""
    words = [word for word in text.split()[1:] if len(word) > KNOWN_PREFIX - 1]
    if not any(word[0].islower() for word in words):
        return frozenset()
    return frozenset(part for word in words if word[0].isupper() for part in split_words(word))


def _written_out(words: Sequence[str], capitals: frozenset[str], countries: Sequence[str]) -> list[str]:
    """Short names that everybody knows as what they stand for."""
    written: list[str] = []
    for word in words:
        stands = written_out(word, countries) if word in capitals or _is_name(word) else ()
        for part in stands or (word,):
            written += (written_out(part, countries) if stands else ()) or (part,)
    return written


def _may_be_proper(word: str) -> bool:
    """A country's name and not a word of ours: `service` begins like Greek Σερβία."""
    return all(meaning.group in {"name", "place"} for meaning in meanings(word))


def _is_name(word: str) -> bool:
    found = meanings(word)
    return len(found) == 1 and found[0].group == "name"


def _is_small(word: str) -> bool:
    return (len(word) <= 3 and not meanings(word)) or len(word) == 1


def stands_for(acronym: str, words: Sequence[str]) -> tuple[str, ...]:
    """The words in a row whose beginnings are the acronym's letters; a long word may give two (Bundes-Amt)."""
    if len(acronym) < SHORTEST_ACRONYM:
        return ()
    for start in range(len(words)):
        end = _spelt(acronym, words, start)
        if end is not None and end - start >= 2:
            return tuple(words[start:end])
    return ()


def _spelt(letters: str, words: Sequence[str], place: int) -> int | None:
    """Where the run of words ends that begins here and spells these letters."""
    if not letters:
        return place
    if place >= len(words):
        return None
    word = words[place]
    if word[0] == letters[0]:
        if (end := _spelt(letters[1:], words, place + 1)) is not None:
            return end
        is_two = len(word) >= WRITTEN_IN_ONE and len(letters) > 1 and letters[1] in word[3:]
        if is_two and (end := _spelt(letters[2:], words, place + 1)) is not None:
            return end
    is_passed = not meanings(word) or len(word) <= 3
    return _spelt(letters, words, place + 1) if is_passed else None


def _hyphens_closed(text: str, words: list[str]) -> list[str]:
    """`Co-ordinator` as one word, where that is a word we know and its parts are none."""
    for match in _HYPHENED.findall(text):
        parts = split_words(match)
        joined = "".join(parts)
        found = meanings(joined)
        is_split = any(len(part) <= KNOWN_PREFIX and _is_name(part) for part in parts)
        if len(parts) > 1 and is_split and found and found[0].group not in {"name", "number"}:
            words = _replaced(words, parts, joined)
    return words


def _replaced(words: list[str], parts: list[str], joined: str) -> list[str]:
    for place in range(len(words) - len(parts) + 1):
        if words[place : place + len(parts)] == parts:
            return [*words[:place], joined, *words[place + len(parts) :]]
    return words


def _figures(text: str) -> list[str]:
    """Figures in Roman numerals, and `letter a` in “Shift leader A”."""
    found = [] if text.isupper() else [str(_value(match)) for match in _ROMAN.findall(text) if match]
    last = re.search(r"\s([A-ZА-Я])\W*$", text)
    return [*found, f"letter {folded(last[1])}"] if last else found


def _value(roman: str) -> int:
    values = [_ROMANS[letter] for letter in roman.lower()]
    return sum(-v if v < max(values[n:]) else v for n, v in enumerate(values))


def _without_places(words: list[str], places: frozenset[str], countries: Sequence[str]) -> list[str]:
    stems = tuple(stem for code in countries for stem in country_stems(code))
    called = frozenset(name for code in countries for name in called_so(code))
    begun = tuple(name for code in countries for name in begun_so(code))
    directions = {word for code in countries for word in country_directions(code)}
    kept: list[str] = []
    place = 0
    while place < len(words):
        word = words[place]
        if place + 1 < len(words) and word + words[place + 1] in places:
            place += 2
            continue
        place += 1
        if any(is_place(word, one) for one in places):
            continue
        if word in called or word.startswith(begun) or (word.startswith(stems) and _may_be_proper(word)):
            if kept and directions and any(m.key in directions for m in meanings(kept[-1])):
                kept.pop()
            continue
        kept.append(word)
    return kept


def is_place(word: str, place: str) -> bool:
    """The town's name with any ending: Niš, Nišu; Brno, Brně; Sarajevo, sarajevski."""
    if word == place:
        return True
    shared = len(place) - (len(place) > 3)
    return len(place) >= 3 and word[:shared] == place[:shared] and is_ending(word[shared:])
