"""Which countries a question names, and the part each plays: whose contact is wanted, whose person it is.

The order of the rules is the order of how plainly something was said: an embassy belongs to the state it is of;
"contact in Albania" names the wanted side; "from X to Y" names both ends of a journey; a nationality beside a
person is only the person's, unless no other country is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field

from directory.search.question.facets import Facets
from directory.search.question.lexicon import Lexicon, Sense
from directory.search.question.matching import Span
from directory.search.question.tokens import Token
from directory.search.reading import Mention, Part

_FORMS = ("name", "adjective", "city", "code", "body")
_LINKS = ("in", "to", "from", "of")
_RECEIVING_ROLES = frozenset(
    {"family_tracing", "risk_assessment_origin", "travel_documents", "arrival_reception", "reintegration_officer"}
)
_SAID = ("role", "type", "sop", "people", "victim", "urgent", "exploitation", "group", "region", "channel")
_SENT_ABROAD = ("consular_officer", "police_liaison")


@dataclass(slots=True)
class Place:
    """One country word in the question. `index` is its span's place among the spans."""

    index: int
    codes: tuple[str, ...]
    form: str
    link: str
    text: str
    is_nationality: bool = False
    part: Part = "place"

    @property
    def code(self) -> str:
        """The first of the countries it stands for (a region stands for several)."""
        return self.codes[0]


@dataclass(slots=True)
class Countries:
    """What came out: whose contact is wanted, where embassies sit, the languages, and every mention."""

    wanted: dict[str, None] = field(default_factory=dict)
    hosts: dict[str, None] = field(default_factory=dict)
    languages: dict[str, None] = field(default_factory=dict)
    mentions: list[Mention] = field(default_factory=list)


class Geography:
    """The rules about countries, with the words they need at hand."""

    def __init__(self, lexicon: Lexicon, names: Container[str]) -> None:
        self._lexicon = lexicon
        self._directory_names = names
        rules = lexicon.rules
        self._name_words = frozenset(rules["name_words"])
        self._given_names = frozenset(rules["given_names"])
        self._needs_capital = frozenset(rules["needs_capital"])
        self._roma_people = frozenset(rules["roma_people"])
        self._needs_country: dict[str, str] = dict(rules["needs_country"])
        self._hungarian = {ending: link for link, endings in rules["case_endings"].items() for ending in endings}

    # -- finding the country words ------------------------------------------------------------------------

    def find_places(self, spans: list[Span], tokens: list[Token]) -> list[Place]:
        """The country words that are meant as countries, in order."""
        places: list[Place] = []
        if self._is_a_name(spans, tokens):
            return places
        for index, span in enumerate(spans):
            senses = [sense for sense in span.senses if sense.kind in {"country", "region"}]
            if not senses:
                code = self._code(spans, index, tokens)
                if code:
                    span.senses = (Sense("country", code, "code"),)
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
        harmless = token.word in self._lexicon.rules["codes_in_small_letters"]
        only_after_in = token.word in self._lexicon.rules["codes_after_in"] and tokens[span.start - 1].word == "in"
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
        is_name_word = token.word in self._name_words or token.word in self._directory_names or span.corrected
        if not is_name_word or self._link(spans, index) in {"in", "from", "to"}:
            return True
        return not self._reads_as_name(spans, index, tokens, senses)

    def _reads_as_name(self, spans: list[Span], index: int, tokens: list[Token], senses: list[Sense]) -> bool:
        """Whether a word that is also a name stands where a name would: beside a word nobody knows, or alone.

        Names are written alike: "Sofia Rossi" or "sofia rossi", but "Romania cross-border" is none.
        """
        span = spans[index]
        others = [other for i, other in enumerate(spans) if i != index and other.senses]
        is_title = tokens[span.start].is_title
        for other in (index - 1, index + 1):
            if 0 <= other < len(spans) and self._may_be_name(spans[other], tokens):
                boundary = max(span.start, spans[other].start)
                neighbour = tokens[spans[other].start]
                if tokens[boundary].new_clause or neighbour.is_title != is_title:
                    continue
                if self._is_unknown(spans[other], tokens) and (is_title or not others):
                    return True
                if len(others) <= 1:  # two words that are both names and nothing else: "Sofia Rossi"
                    return True
        if all(sense.form == "adjective" for sense in senses) and len(spans) == 2:
            return all(other.has("country") and not other.has("filler") for other in others)
        return not others and tokens[span.start].word in self._directory_names

    def _is_a_name(self, spans: list[Span], tokens: list[Token]) -> bool:
        """The whole question is somebody's name: "Stefan Holanda", "Milan Franke", but not "Vienna Austria"."""
        if not 2 <= len(tokens) <= 3 or len(spans) < 2 or len({token.is_title for token in tokens}) > 1:
            return False
        if any(token.is_capitals for token in tokens) or any(span.has(kind) for span in spans for kind in _SAID):
            return False
        codes = [{s.value for s in span.senses if s.kind == "country"} for span in spans]
        if all(codes) and set.intersection(*codes):
            return False
        if any(token.word in self._given_names for token in tokens):
            return True
        unknown = any(self._is_unknown(span, tokens) for span in spans)
        plain = any(s.form in {"name", "code", "body"} for span in spans for s in span.senses)
        return unknown and tokens[0].is_title and not plain and not any(span.has("filler") for span in spans)

    def _may_be_name(self, span: Span, tokens: list[Token]) -> bool:
        word = tokens[span.start].word
        is_name = word in self._name_words or word in self._directory_names or word in self._given_names
        is_name = is_name and span.end - span.start == 1
        return self._is_unknown(span, tokens) or (is_name and not span.has("filler"))

    def _is_unknown(self, span: Span, tokens: list[Token]) -> bool:
        word = tokens[span.start].word
        is_part = any(key in self._lexicon.known for key, _ in self._lexicon.keys(word))
        return not span.senses and len(word) > 1 and word.isalpha() and not is_part

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
            if 0 <= other < len(spans) and _is_person(spans[other]):
                return True
            if other == index + 1 and other < len(spans) and _is_office(spans[other]):
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
                if "speak" in fillers or "speak_in" in fillers or "interpreter" in spans[other].values("role"):
                    return not _is_person(spans[index + 1] if index + 1 < len(spans) else Span(0, 0, ()))
        return False

    # -- whose contact is wanted ---------------------------------------------------------------------------

    def settle(self, spans: list[Span], places: list[Place], facets: Facets, countries: Countries) -> None:
        """Fill in the wanted countries, the hosts and the mentions."""
        if any(role in facets.roles for role in _SENT_ABROAD) and places:
            places = self._sending_state(spans, places, facets, countries)
        wanted = self._wanted(spans, places, facets) if places else []
        for place in wanted:
            countries.wanted.update(dict.fromkeys(place.codes))
        either = len(countries.wanted) > 1 and all(len(place.codes) == 1 for place in wanted)
        for place in places:
            part: Part = place.part
            if place in wanted:
                part = "either" if either else "wanted"
            countries.mentions.extend(Mention(code, part, place.text) for code in place.codes)

    def _sending_state(
        self, spans: list[Span], places: list[Place], facets: Facets, countries: Countries
    ) -> list[Place]:
        """An embassy or liaison officer is of one state and sits in another: the host is set, the state is left."""
        office = next(i for i, span in enumerate(spans) if any(role in _SENT_ABROAD for role in span.values("role")))
        state = _state_of_office(places, office)
        hosts = [
            place
            for place in places
            if place is not state and place.code != (state.code if state else "")
            and (place.form == "city" or place.link in {"in", "to"} or (state and not place.is_nationality))
        ]  # fmt: skip
        if "consular_officer" not in facets.roles and state is None:
            return places
        for host in hosts:
            countries.hosts.update(dict.fromkeys(host.codes))
            countries.mentions.extend(Mention(code, "host", host.text) for code in host.codes)
        return [place for place in places if place not in hosts]

    def _wanted(self, spans: list[Span], places: list[Place], facets: Facets) -> list[Place]:
        self._give_parts(spans, places, facets)
        if len({place.codes for place in places}) == 1:
            return places[:1]
        marked = [place for place in places if self._is_marked(spans, places, place)]
        if marked:
            return marked
        bodies = [place for place in places if place.form == "body"]
        if bodies:
            others = [place for place in places if place.form != "body"]
            asks_other_side = any("counterpart" in span.values("filler") for span in spans)
            return others if asks_other_side or any(p.link == "in" for p in others) else bodies
        return _by_journey(places, facets) or _by_person(places, facets)

    @staticmethod
    def _give_parts(spans: list[Span], places: list[Place], facets: Facets) -> None:
        for place in places:
            from_person = place.link == "from" and place.index >= 2 and _is_person(spans[place.index - 2])
            goes_on = [p for p in places if p.link == "to" or (p.link == "in" and p.index == place.index + 2)]
            travels = facets.is_return and bool(goes_on)
            if place.is_nationality or (from_person and not travels):
                place.part = "nationality"
            elif place.link == "from":
                place.part = "sending"
            elif place.link == "to" and facets.is_return:
                place.part = "receiving"

    @staticmethod
    def _is_marked(spans: list[Span], places: list[Place], place: Place) -> bool:
        """Whether the words around a country say that its contact is wanted."""
        if place.part == "nationality" or place.link == "from":
            return False
        after = spans[place.index + 1] if place.index + 1 < len(spans) else None
        if place.form in {"adjective", "name"} and after and "wanted" in after.values("filler"):
            return True
        is_last = all(other.index <= place.index for other in places)
        if place.link == "in" and is_last and after and "asks" in after.values("filler"):
            return True
        if place.form == "adjective" and after and _is_office(after):
            return True
        if place.link != "in":
            return False
        others = [other.index for other in places if other.index < place.index]
        start = max(others, default=-1) + 1
        between = spans[start : place.index]
        return any(_is_office(span) or {"wanted", "asks"} & set(span.values("filler")) for span in between)


def _state_of_office(places: list[Place], office: int) -> Place | None:
    """The state an embassy belongs to, by how plainly it is said."""
    beside = [p for p in places if p.form == "adjective" and abs(p.index - office) == 1 and not p.is_nationality]
    of_state = [p for p in places if p.form != "city" and p.index > office and p.link == "of"]
    next_to = [p for p in places if p.form == "name" and p.index == office + 1]
    person = [p for p in places if p.is_nationality]
    plain = [p for p in places if p.form != "city" and p.link not in {"in", "to"}]
    for found in (beside, of_state, next_to, person, plain):
        if found:
            return found[0]
    return None


def _by_journey(places: list[Place], facets: Facets) -> list[Place]:
    """From X to Y: the receiving side first, the sending side second unless only the former can be meant."""
    sending = [place for place in places if place.part == "sending"]
    receiving = [place for place in places if place.part == "receiving" or (place.link == "to" and sending)]
    if not sending and not receiving:
        return []
    if not receiving:
        receiving = [p for p in places if p not in sending and (facets.is_return or not p.is_nationality)]
        if any(not p.is_nationality for p in receiving):
            return [p for p in receiving if not p.is_nationality]
    takes_over = "trm_focal_point" in facets.roles or any(role in _RECEIVING_ROLES for role in facets.roles)
    if receiving and takes_over:
        return receiving
    if not sending:
        sending = [place for place in places if place not in receiving and not place.is_nationality]
    return receiving + sending


def _by_person(places: list[Place], facets: Facets) -> list[Place]:
    """A nationality and a place: the place has the contact, unless it is about going home or nothing is asked."""
    nationality = [place for place in places if place.part == "nationality"]
    elsewhere = [place for place in places if place.part != "nationality"]
    if not nationality or not elsewhere:
        return places
    if any(role in _RECEIVING_ROLES for role in facets.roles):
        return nationality
    if facets.is_return or not facets.has_office:
        return nationality + elsewhere
    return elsewhere


def _is_person(span: Span) -> bool:
    return "person" in span.values("filler") or span.has("people") or span.has("group") or span.has("victim")


def _is_office(span: Span) -> bool:
    return span.has("role") or span.has("type")
