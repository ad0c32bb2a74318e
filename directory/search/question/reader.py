"""Reads a question: text in, Reading out. No database, no network, the same answer for the same words.

>>> from directory.search.question.lexicon import shipped_lexicon
>>> Reader(shipped_lexicon()).read("who handles return in Romania").countries
('RO',)
"""

from __future__ import annotations

import re
from collections.abc import Container

from directory.search.question.facets import FacetRules, Facets
from directory.search.question.geography import Geography
from directory.search.question.guard import without_personal_data
from directory.search.question.journey import settle
from directory.search.question.lexicon import Lexicon, Sense, Senses
from directory.search.question.matching import Matcher, Span
from directory.search.question.names import PersonNames
from directory.search.question.numbers import Numbers, read_numbers
from directory.search.question.places import Countries
from directory.search.question.tokens import Token, tokenize
from directory.search.question.tongues import settle_tongues
from directory.search.question.typos import Typos
from directory.search.reading import Reading

_FACETS = frozenset({"role", "type", "group", "exploitation", "people", "sop"})
_MEANS = _FACETS | {"language", "region"}
_READ = Senses((Sense("filler", "number"),))
_NEGATED = Senses((Sense("filler", "negated"),))
_PHONE = re.compile(r"[+(]{0,2}\d[\d\s()./-]{5,24}")
_NO_DIGIT = re.compile(r"\D")


class Reader:
    """Reads questions with one lexicon. `names` are the folded name words of the directory: a word in it that
    nothing else supports is somebody's name, not a country."""

    def __init__(self, lexicon: Lexicon, names: Container[str] = frozenset()) -> None:
        self.lexicon = lexicon
        self._typos = Typos(lexicon)
        self._matcher = Matcher(lexicon, self._correct)
        self._facets = FacetRules(lexicon)
        self._person_names = PersonNames(lexicon, names)
        self._geography = Geography(lexicon, self._person_names)
        self._sop_words = frozenset(lexicon.rules["sop_words"])
        self._measure_words = frozenset(lexicon.rules["measure_words"])

    def read(self, text: str) -> Reading:
        """What the question asks for. Any text will do: nothing understood gives an empty Reading."""
        if _PHONE.fullmatch(text.strip()):
            return Reading(words=(_NO_DIGIT.sub("", text),))
        text, warnings = without_personal_data(text, self._person_names.are_a_name)
        tokens = tokenize(text)
        if not tokens:
            return Reading(warnings=warnings)
        numbers = read_numbers(tokens, self._sop_words, self._measure_words)
        spans = self._matcher.find_spans(tokens)
        if numbers.used:
            for span in spans:
                if not numbers.used.isdisjoint(range(span.start, span.end)):
                    span.senses = _READ
        if self._person_names.are_the_question(spans, tokens):
            return Reading(words=tuple(dict.fromkeys(token.text.lower() for token in tokens)), warnings=warnings)
        settle_tongues(spans, tokens)
        _drop_negated(spans)
        return self._assemble(tokens, spans, numbers, warnings)

    def _correct(self, token: Token) -> str | None:
        return None if self._person_names.is_known(token.word) else self._typos.correct(token)

    def _assemble(self, tokens: list[Token], spans: list[Span], numbers: Numbers, warnings: tuple[str, ...]) -> Reading:
        countries = Countries()
        places = self._geography.find_places(spans, tokens)
        places = self._geography.take_languages(spans, places, countries)
        facets = self._facets.collect(spans, tokens, numbers.sops)
        settle(spans, places, facets, countries)
        words, ignored = _left_over(tokens, spans, {place.index for place in places})
        return Reading(
            countries=tuple(countries.wanted),
            host_countries=tuple(countries.hosts),
            sops=tuple(sorted(_sops(facets, numbers))),
            measures=tuple(numbers.measures),
            roles=tuple(facets.roles),
            institution_types=tuple(facets.types),
            target_groups=tuple(facets.groups),
            exploitation=tuple(facets.exploitation),
            languages=tuple(countries.languages),
            urgent=facets.urgent,
            words=words,
            ignored=ignored,
            warnings=warnings,
            mentions=tuple(countries.mentions),
        )


def _sops(facets: Facets, numbers: Numbers) -> set[int]:
    return set(facets.sops) or {int(measure[0]) for measure in numbers.measures}


def _drop_negated(spans: list[Span]) -> None:
    """What stands behind a "not" is not asked for: "not police, an NGO"."""
    for index, span in enumerate(spans):
        if "not" not in span.values("filler"):
            continue
        for following in spans[index + 1 : index + 4]:
            if not _FACETS.isdisjoint(following.senses.kinds):
                following.senses = _NEGATED
                break
            if not following.has("filler"):
                break


def _left_over(tokens: list[Token], spans: list[Span], places: set[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words to look for and words that carry nothing, as typed in small letters.

    A city is both a country and a word: an entry of that very city is better than one of its country.
    """
    words: dict[str, None] = {}
    ignored: dict[str, None] = {}
    for index, span in enumerate(spans):
        typed = [token.text.lower() for token in tokens[span.start : span.end]]
        is_city = index in places and any(sense.form == "city" for sense in span.senses)
        is_country = span.has("country")
        means = not _MEANS.isdisjoint(span.senses.kinds)
        if is_city or (is_country and index not in places and not means and not span.has("filler")):
            words.update(dict.fromkeys(typed))
        elif span.senses:
            if not means and index not in places:
                ignored.update(dict.fromkeys(typed))
        elif len(typed[0]) > 2 or (len(typed[0]) > 1 and not typed[0].isdigit() and not typed[0].isascii()):
            words.update(dict.fromkeys(typed))
        else:
            ignored.update(dict.fromkeys(typed))
    return tuple(words), tuple(ignored)
