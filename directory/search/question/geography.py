"""Which words of a question are meant as countries (names, codes, cities, bodies), and which as languages."""

from __future__ import annotations

from collections import Counter

from directory.search.question.lexicon import NOTHING, Lexicon, Sense, Senses
from directory.search.question.matching import Span
from directory.search.question.names import PersonNames
from directory.search.question.places import Countries, Place, is_office, is_person
from directory.search.question.tokens import Token

_FORMS = ("name", "adjective", "city", "code", "body")
_INTERPRETS = frozenset({"interpreter", "cultural_mediator"})
_LINKS = ("in", "to", "from", "of")


class Geography:
    """The rules about countries, with the words they need at hand."""

    def __init__(self, lexicon: Lexicon, names: PersonNames) -> None:
        self._lexicon = lexicon
        self._names = names
        rules = lexicon.rules
        self._needs_capital = frozenset(rules["needs_capital"])
        self._roma_people = frozenset(rules["roma_people"])
        self._small_codes = frozenset(rules["codes_in_small_letters"])
        self._codes_after_in = frozenset(rules["codes_after_in"])
        self._needs_country: dict[str, str] = dict(rules["needs_country"])
        endings: dict[str, list[str]] = rules["case_endings"]
        self._hungarian = {ending: link for link, listed in endings.items() for ending in listed}

    # -- finding the country words ------------------------------------------------------------------------

    def find_places(self, spans: list[Span], tokens: list[Token]) -> list[Place]:
        """The country words that are meant as countries, in order."""
        places: list[Place] = []
        for index, span in enumerate(spans):
            senses = [sense for sense in span.senses if sense.kind in {"country", "region"}]
            if not senses:
                code = self._code(spans, index, tokens)
                if code:
                    span.senses = Senses((Sense("country", code, "code"),))
                    senses = list(span.senses)
            if senses and self._is_meant(spans, index, tokens, senses):
                place = self._place(spans, index, tokens, senses)
                if place:
                    places.append(place)
        return self._agreeing(places)

    def _code(self, spans: list[Span], index: int, tokens: list[Token]) -> str:
        """A two-letter code: in capitals anywhere, in small letters only after a preposition and if harmless."""
        span = spans[index]
        token = tokens[span.start]
        if span.end - span.start != 1 or len(token.text) != 2 or not token.text.isascii():
            return ""
        code = {"UK": "GB", "EL": "GR"}.get(token.text.upper(), token.text.upper())
        if code not in self._lexicon.codes:
            return ""
        if token.is_capitals:
            return code
        before = spans[index - 1] if index else None
        after_link = before is not None and bool({"in", "from", "to"} & set(before.values("filler")))
        harmless = token.word in self._small_codes
        only_after_in = token.word in self._codes_after_in and tokens[span.start - 1].word == "in"
        return code if (after_link and harmless) or (index and only_after_in) else ""

    def _is_meant(self, spans: list[Span], index: int, tokens: list[Token], senses: list[Sense]) -> bool:
        """Not a person's name, not an everyday word that happens to be spelled like a city."""
        span = spans[index]
        token = tokens[span.start]
        if span.end - span.start > 1:
            return True
        following = tokens[span.end].word if span.end < len(tokens) else ""
        if token.word == "roma" and following in self._roma_people:
            return False
        if token.word in self._needs_capital and not token.is_title and not span.has("region"):
            return False
        if token.word in self._needs_country:
            code = self._needs_country[token.word]
            return any(s.value == code for i, other in enumerate(spans) if i != index for s in other.senses)
        is_name_word = span.corrected or self._names.is_listed(token.word)
        if not is_name_word or self._link(spans, index) in {"in", "from", "to"}:
            return True
        return not self._names.reads_as_one(spans, index, tokens, senses)

    def _place(self, spans: list[Span], index: int, tokens: list[Token], senses: list[Sense]) -> Place | None:
        span = spans[index]
        text = " ".join(token.text for token in tokens[span.start : span.end])
        region = next((sense for sense in senses if sense.kind == "region"), None)
        if region:
            codes = () if region.value == "trm_countries" else self._lexicon.regions[region.value]
            return Place(index, codes, "region", self._link(spans, index), text) if codes else None
        form = min((sense.form for sense in senses), key=_FORMS.index)
        codes = tuple(dict.fromkeys(s.value for s in senses if s.form == form))
        if len(codes) > 1 and form != "body":
            codes = self._in_language(spans, [s for s in senses if s.form == form])
        if len(codes) != 1 and form != "body":
            return None
        place = Place(index, codes, form, self._link(spans, index), text)
        place.is_nationality = self._is_nationality(spans, index, form)
        return place

    @staticmethod
    def _in_language(spans: list[Span], senses: list[Sense]) -> tuple[str, ...]:
        """Where languages disagree (slovenská, slovenska), what it means in the language of the question."""
        votes = Counter(language for s in spans for language in {x.language for x in s.senses} if language)
        best = max(senses, key=lambda sense: votes[sense.language])
        ties = {s.value for s in senses if votes[s.language] == votes[best.language]}
        return (best.value,) if len(ties) == 1 else tuple(ties)

    @staticmethod
    def _agreeing(places: list[Place]) -> list[Place]:
        """A body known in several countries stands for the one named beside it, else for none."""
        plain = {place.code for place in places if place.form != "body"}
        kept = []
        for place in places:
            if place.form == "body" and len(place.codes) > 1:
                codes = tuple(code for code in place.codes if code in plain)
                if len(codes) != 1:
                    continue
                place.codes = codes
            kept.append(place)
        return kept

    def _link(self, spans: list[Span], index: int) -> str:
        """How the country hangs in the sentence: in, to, from, of, or nothing."""
        ending_link = self._hungarian.get(spans[index].ending, "")
        if ending_link and any(s.language == "hu" for s in spans[index].senses):
            return ending_link
        for back in (1, 2):
            if index < back:
                return ""
            before = spans[index - back]
            links = [value for value in before.values("filler") if value in _LINKS]
            if links:
                return links[0]
            if not (before.has("filler") and "the" in before.values("filler")):
                return ""
        return ""

    @staticmethod
    def _is_nationality(spans: list[Span], index: int, form: str) -> bool:
        if form != "adjective":
            return False
        for other in (index + 1, index - 1, index + 2):
            if 0 <= other < len(spans) and is_person(spans[other]):
                return True
            if other == index + 1 and other < len(spans) and is_office(spans[other]):
                return False
        return False

    # -- languages -----------------------------------------------------------------------------------------

    def take_languages(self, spans: list[Span], places: list[Place], countries: Countries) -> list[Place]:
        """The places that are left when nationality words that mean a language are taken out."""
        kept = []
        taken = set()
        for place in places:
            spoken = self._lexicon.spoken.get(place.code, "")
            if place.form == "adjective" and spoken and self._is_spoken(spans, place.index):
                countries.languages[spoken] = None
                taken.add(place.index)
            else:
                kept.append(place)
        country_words = {place.index for place in kept}
        for index, span in enumerate(spans):
            if span.has("language") and index not in country_words and index not in taken:
                self._take_language(spans, index, countries)
        return kept

    def _take_language(self, spans: list[Span], index: int, countries: Countries) -> None:
        if (
            spans[index].end - spans[index].start == 1
            and not self._is_spoken(spans, index)
            and self._stands_alone(spans, index)
        ):
            return
        values = spans[index].values("language")
        if len(values) > 1:
            values = self._in_language(spans, [s for s in spans[index].senses if s.kind == "language"])
        if len(values) == 1:
            countries.languages[values[0]] = None

    @staticmethod
    def _stands_alone(spans: list[Span], index: int) -> bool:
        """No word around the language's name is known: more likely somebody's name ("Roman Kováč")."""
        return not any(span.senses for i, span in enumerate(spans) if i != index)

    @staticmethod
    def _is_spoken(spans: list[Span], index: int) -> bool:
        for other in (index - 1, index + 1):
            if 0 <= other < len(spans):
                fillers = spans[other].values("filler")
                if {"speak", "speak_in"} & {*fillers} or _INTERPRETS & {*spans[other].values("role")}:
                    return not is_person(spans[index + 1] if index + 1 < len(spans) else Span(0, 0, NOTHING))
        return False
