"""The words the reader understands, filed for look-up: taxonomy, our own additions, names of countries.

`build_lexicon` takes the taxonomy as a plain mapping, so that a country's own list can replace the shipped one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from directory.search.folding import fold, split_words
from directory.search.question.spelling import spellings
from directory.search.question.stems import SHORTEST_STEM, Stems

DATA = Path(__file__).parent / "data"
TAXONOMY = Path(__file__).parents[2] / "sops" / "data" / "taxonomy.yaml"
PART = "part"  # a word that means something only beside others
_SHORTEST_STEMS = {"country": 4, "language": 5}  # Peru must not be found in "per", nor Finnish in "finde"
_MOST_KEPT = 50_000
Keys = tuple[tuple[str, str], ...]
_CAPITALS_UP_TO = 3  # an acronym this short is an everyday word somewhere; it has to be typed in capitals


@dataclass(frozen=True, slots=True)
class Sense:
    """One thing a phrase may mean. `form` says how: for a country `name`, `adjective`, `city`, `code` or `body`."""

    kind: str
    value: str
    form: str = ""
    capitals: bool = False
    language: str = ""


class Senses(tuple[Sense, ...]):
    """What a phrase may mean, in order; what is asked of it for every question is worked out once."""

    @cached_property
    def kinds(self) -> dict[str, tuple[str, ...]]:
        """The ids by kind, in order, once each."""
        kinds: dict[str, dict[str, None]] = {}
        for sense in self:
            kinds.setdefault(sense.kind, {})[sense.value] = None
        return {kind: tuple(ids) for kind, ids in kinds.items()}

    @cached_property
    def tongues(self) -> frozenset[str]:
        """The languages the phrase is of; names of places and of languages are of none."""
        return frozenset(s.language for s in self if s.language and not s.form and s.kind != "language")


NOTHING = Senses()


class Node:
    """A place in the tree of phrases: what the phrase so far means (`plain`: whatever the case of its letters), and
    which words may follow."""

    __slots__ = ("following", "plain", "senses")

    def __init__(self) -> None:
        self.following: dict[str, Node] = {}
        self.senses = NOTHING
        self.plain = NOTHING


@dataclass(slots=True)
class Lexicon:
    """What the reader looks up. Built once, never changed while questions are read."""

    stems: Stems
    root: Node = field(default_factory=Node)
    words: dict[str, set[str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    pairs_with: dict[str, tuple[str, ...]] = field(default_factory=dict)
    implied_sops: dict[str, tuple[int, ...]] = field(default_factory=dict)
    implied_groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    group_implies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    regions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    spoken: dict[str, str] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    rules: Mapping[str, Any] = field(default_factory=dict)
    listed: list[tuple[str, str, str, str]] = field(default_factory=list)
    _keys: dict[str, Keys] = field(default_factory=dict)

    def describe(self) -> dict[str, dict[str, dict[str, list[str]]]]:
        """Which words are understood: kind (role, sop, country, …) -> id -> language -> words as listed."""
        pages: dict[str, dict[str, dict[str, list[str]]]] = {}
        for kind, value, language, word in self.listed:
            words = pages.setdefault(kind, {}).setdefault(value, {}).setdefault(language, [])
            if word not in words:
                words.append(word)
        return pages

    def add(self, phrase: str, sense: Sense, stem_as: str | None = None) -> None:
        """File a phrase in all its spellings. `stem_as` names the endings it takes, else its language does."""
        self.listed.append((sense.kind, sense.value, sense.language, phrase))
        for spelling in spellings(phrase, sense.language):
            self._file(split_words(spelling), sense, sense.language if stem_as is None else stem_as)

    def keys(self, word: str) -> Keys:
        """What a word may be filed under, with the ending cut off it; nothing for a word nobody listed."""
        found = self._keys.get(word)
        if found is None:
            if len(self._keys) > _MOST_KEPT:
                self._keys.clear()
            found = tuple(key for key in self.stems.keys(word) if key[0] in self.known)
            self._keys[word] = found
        return found

    def _file(self, words: list[str], sense: Sense, endings: str) -> None:
        if not words:
            return
        self._mean(words, sense)
        for word in words:
            meaning = f"{sense.kind}:{sense.value}" if len(words) == 1 else PART
            self.words.setdefault(word, set()).add(meaning)
        if not sense.capitals:
            shortest = _SHORTEST_STEMS.get(sense.kind, SHORTEST_STEM)
            keys = [self.stems.key(word, endings, shortest) for word in words]
            if keys != words:
                self._mean(keys, sense)

    def _mean(self, keys: list[str], sense: Sense) -> None:
        node = self.root
        for key in keys:
            self.known.add(key)
            node = node.following.setdefault(key, Node())
        if sense not in node.senses:
            node.senses = Senses((*node.senses, sense))
            if not sense.capitals:
                node.plain = Senses((*node.plain, sense))


def load_taxonomy(path: Path = TAXONOMY) -> dict[str, Any]:
    """The shipped taxonomy as a plain mapping."""
    with path.open(encoding="utf-8") as file:
        taxonomy: dict[str, Any] = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # nosec B506
    return taxonomy


def load_words(name: str) -> dict[str, Any]:
    """One of our own word lists; every value stays text, so that `no` and `on` are words."""
    with (DATA / name).open(encoding="utf-8") as file:
        words: dict[str, Any] = yaml.load(file, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506  # nosec B506
    return words


def build_lexicon(taxonomy: Mapping[str, Any]) -> Lexicon:
    """The lexicon of a taxonomy and our own lists; takes some tenths of a second."""
    rules = load_words("rules.yaml")
    people = load_words("people.yaml")
    rules["name_words"] = split_words(people["names"])
    rules["given_names"] = split_words(people["given"])
    rules["surnames_of_lands"] = split_words(people["surnames_of_lands"])
    lexicon = Lexicon(Stems(load_words("endings.yaml")), rules=rules)
    lower = frozenset(rules["lower_case_acronyms"])
    for listing in (_own_facets(load_words("words.yaml")), _taxonomy_facets(taxonomy)):
        for kind, value, language, phrase in listing:
            lexicon.add(phrase, Sense(kind, value, language=language, capitals=is_acronym(phrase, lower)))
    _add_relations(lexicon, taxonomy)
    _add_bodies(lexicon, taxonomy, lower)
    _add_countries(lexicon, taxonomy)
    _add_fillers(lexicon, taxonomy)
    return lexicon


@cache
def shipped_lexicon() -> Lexicon:
    """The lexicon of the shipped taxonomy, built once a process."""
    return build_lexicon(load_taxonomy())


def is_acronym(phrase: str, lower: frozenset[str]) -> bool:
    """Whether the phrase counts only in capitals (PM, ACT, CAS, but not NGO or DIICOT)."""
    return phrase.isupper() and phrase.isalpha() and len(phrase) <= _CAPITALS_UP_TO and fold(phrase) not in lower


def _taxonomy_facets(taxonomy: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    for sop in taxonomy["sops"]:
        value = str(sop["id"])
        yield "sop", value, "en", sop["name"]
        yield from (("sop", value, language, name) for language, name in sop["names"].items())
        yield from _flat("sop", value, sop["stage_words"])
    for kind, section in (("role", "roles"), ("type", "institution_types"), ("group", "target_groups"),
                          ("exploitation", "exploitation_forms"), ("channel", "channels")):  # fmt: skip
        for item in taxonomy[section]:
            yield from _flat(kind, item["id"], item["syn"])
    for term in ("trafficking_in_human_beings", "victim"):
        yield from _flat(term.split("_")[0], term, taxonomy["key_terms"][term])


def _own_facets(words: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    for kind, values in words.items():
        for value, by_language in values.items():
            yield from _flat(kind, value, by_language)


def _flat(kind: str, value: str, by_language: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    for language, phrases in by_language.items():
        yield from ((kind, value, str(language), str(phrase)) for phrase in phrases)


def _add_relations(lexicon: Lexicon, taxonomy: Mapping[str, Any]) -> None:
    for role in taxonomy["roles"]:
        lexicon.pairs_with[role["id"]] = tuple(role.get("pairs_with", ()))
        lexicon.implied_sops[role["id"]] = tuple(role.get("implied_sops", ()))
        lexicon.implied_groups[role["id"]] = tuple(role.get("implies_target_groups", ()))
    for group in taxonomy["target_groups"]:
        lexicon.group_implies[group["id"]] = tuple(group.get("implies", ()))
    for region in taxonomy["regions"]["items"]:
        lexicon.regions[region["id"]] = tuple(region["codes"])
        for word in region["words"]:
            lexicon.add(word, Sense("region", region["id"], capitals=word == "SEE", language="en"), "")


def _add_bodies(lexicon: Lexicon, taxonomy: Mapping[str, Any], lower: frozenset[str]) -> None:
    extra = load_words("bodies.yaml")["bodies"]
    for body in [*taxonomy["named_bodies"], *extra]:
        for alias in body["aliases"]:
            capitals = is_acronym(alias, lower)
            lexicon.add(alias, Sense("country", body["country"], "body", capitals), "")
            for kind, field_name in (("role", "roles"), ("type", "types")):
                for value in body.get(field_name, ()):
                    lexicon.add(alias, Sense(kind, value, "body", capitals), "")


def _add_countries(lexicon: Lexicon, taxonomy: Mapping[str, Any]) -> None:
    cldr = json.loads((DATA / "cldr.json").read_text("utf-8"))
    extra = load_words("countries.yaml")
    people = frozenset(split_words(" ".join(load_words("people.yaml")["not_countries"])))
    for language, names in cldr["countries"].items():
        for code, spelled in names.items():
            _add_names(lexicon, code, {language: spelled})
    for country in taxonomy["countries"]:
        _add_names(lexicon, country["code"], country["names"])
        _add_adjectives(lexicon, country["code"], country["adj"])
        _add_cities(lexicon, country["code"], country["cities"], people)
    for code, by_language in extra["names"].items():
        _add_names(lexicon, code, by_language)
    for code, by_language in extra["peoples"].items():
        _add_adjectives(lexicon, code, by_language)
    for code, cities in (*cldr["cities"].items(), *extra["cities"].items()):
        _add_cities(lexicon, code, cities, people)
    _add_languages(lexicon, cldr["languages"], extra["languages"])
    lexicon.codes = frozenset(extra["codes"])
    lexicon.spoken = dict(extra["spoken"])


def _add_names(lexicon: Lexicon, code: str, by_language: Mapping[str, Iterable[str]]) -> None:
    for language, names in by_language.items():
        for listed in names:
            name = listed.rstrip("*")
            capitals = len(name) <= 2 or name == "USA"
            lexicon.add(name, Sense("country", code, "name", capitals, language))


def _add_adjectives(lexicon: Lexicon, code: str, by_language: Mapping[str, Iterable[str]]) -> None:
    for language, stems in by_language.items():
        for stem in stems:
            lexicon.add(stem.strip(), Sense("country", code, "adjective", language=language), f"{language} people")


def _add_cities(lexicon: Lexicon, code: str, cities: Iterable[str], people: frozenset[str]) -> None:
    for city in cities:
        if fold(city) not in people:
            lexicon.add(city, Sense("country", code, "city"), "city")


def _add_languages(lexicon: Lexicon, *lists: Mapping[str, Any]) -> None:
    for names in lists:
        for language, spoken in names.items():
            for value, spelled in spoken.items():
                for name in spelled:
                    lexicon.add(name, Sense("language", value, language=language))


def _add_fillers(lexicon: Lexicon, taxonomy: Mapping[str, Any]) -> None:
    for language, words in taxonomy["key_terms"]["question_words"].items():
        for word in words:
            lexicon.add(word, Sense("filler", "question", language=language), "")
    for kind, by_language in load_words("fillers.yaml").items():
        for language, words in by_language.items():
            for word in words.split() if isinstance(words, str) else words:
                lexicon.add(word.replace("_", " "), Sense("filler", kind, language=language), "")
