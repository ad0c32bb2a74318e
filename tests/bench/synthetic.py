"""Invented directories of any size, the same on every run: names in the countries' own scripts, places, notes.

Nobody here exists. Surnames are put together from roots and endings, so that a hundred thousand entries have
tens of thousands of different ones, as a real directory of many countries would.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from directory.search.folding import split_words
from directory.search.port import Document, Query

TODAY = 739_950
SOPS = ("1", "2", "3", "4", "5", "6")
MEASURES = tuple(f"{sop}.{step}" for sop in SOPS for step in range(1, 8))
ROLES = (
    "focal_point", "coordinator", "prosecutor_thb", "police_thb", "labour_inspector", "shelter_intake", "hotline",
    "guardian", "return_officer", "reintegration", "consul", "border_guard", "asylum_officer", "judge_liaison",
    "victim_lawyer", "psychologist", "interpreter", "doctor", "compensation", "case_manager", "risk_assessor",
    "social_worker", "child_protection", "statistics", "rapporteur",
)  # fmt: skip
TYPES = (
    "ministry", "police", "prosecution_office", "court", "ngo", "shelter", "embassy", "consulate", "hotline_operator",
    "labour_inspectorate", "border_agency", "asylum_agency", "child_protection", "health", "international",
)  # fmt: skip
GROUPS = ("women", "men", "children", "unaccompanied_children", "families", "asylum_seekers", "disabled", "male")
EXPLOITATION = ("sexual", "labour", "begging", "criminality", "servitude", "organs", "marriage", "army")
LANGUAGES = ("en", "fr", "de", "ru", "es", "it", "ar", "tr", "ro", "sr", "sq", "uk", "el", "bg", "hu", "pl")


@dataclass(frozen=True, slots=True)
class Country:
    """What is needed to invent an entry: code, dialling code, and words in its own script."""

    code: str
    dial: str
    given: tuple[str, ...]
    roots: tuple[str, ...]
    endings: tuple[str, ...]
    cities: tuple[str, ...]


def _country(line: str) -> Country:
    code, dial, *lists = (part.strip() for part in line.split("|"))
    given, roots, endings, cities = (tuple(words.split()) for words in lists)
    return Country(code, dial, given, roots, endings, cities)


_LINES = (Path(__file__).parent / "synthetic_countries.txt").read_text(encoding="utf-8").splitlines()
COUNTRIES = tuple(_country(line) for line in _LINES if not line.startswith("#"))
_KINDS = (
    "Ministry of Interior", "Police Directorate", "Public Prosecutor", "Regional Court", "Centre for Women",
    "Safe House", "Embassy", "Consulate General", "National Hotline", "Labour Inspectorate", "Border Guard",
    "Asylum Office", "Child Protection Service", "Hospital", "Migration Agency", "Anti-Trafficking Unit",
    "National Commission", "Social Welfare Centre", "Legal Aid Office", "Reintegration Programme",
)  # fmt: skip
_SYLLABLES = [consonant + vowel for consonant in "bdfghklmnprstvz" for vowel in "aeo"]
_COMMON = [
    "office", "police", "shelter", "victims", "support", "service", "case", "handling", "assistance", "legal",
    "medical", "return", "reintegration", "identification", "referral", "unit", "floor", "building", "entrance",
    "available", "weekdays", "appointment", "interpreter", "languages", "children", "women", "labour",
    "exploitation", "protection", "cooperation", "national", "regional", "municipal", "urgent", "telephone",
    "mail",
]  # fmt: skip


class _Maker:
    """Draws one entry after another from one seeded stream."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        # The second half of a rarer surname, and the words of notes beyond the common ones.
        self.rare = [a + b for a in _SYLLABLES for b in _SYLLABLES]
        self.notes = _COMMON + [a + b + c for a in _SYLLABLES[:20] for b in _SYLLABLES[:20] for c in ("n", "r", "st")]
        self.weights = [1 / (rank + 3) for rank in range(len(self.notes))]

    def surname(self, country: Country) -> str:
        """A surname in the country's script; in one of three a syllable makes it rarer."""
        root, ending = self.random.choice(country.roots), self.random.choice(country.endings)
        if country.roots[0].isascii() or self.random.random() < 0.6:
            return root + self.random.choice(country.roots).lower()[:3] + ending
        return root + ending

    def name(self, country: Country) -> str:
        """Given name and surname."""
        return f"{self.random.choice(country.given)} {self.surname(country)}"

    def some(self, values: tuple[str, ...], most: int) -> tuple[str, ...]:
        """One to `most` of the values, in their order."""
        chosen = set(self.random.sample(values, self.random.randint(1, most)))
        return tuple(v for v in values if v in chosen)

    def confirmed_on(self) -> int:
        """A day: mostly this quarter, some older, some never."""
        if self.random.random() < 0.04:
            return 0
        return TODAY - min(int(self.random.expovariate(1 / 55)), 900)

    def keywords(self, country: Country) -> dict[str, tuple[str, ...]]:
        """All nine facets."""
        sops = self.some(SOPS, 3)
        kind = self.random.choice(TYPES)
        is_abroad = kind in {"embassy", "consulate"}
        return {
            "country": (country.code,),
            "host": (self.random.choice(COUNTRIES).code,) if is_abroad else (),
            "sop": sops,
            "measure": self.some(tuple(m for m in MEASURES if m[0] in sops), 4),
            "role": self.some(ROLES, 2),
            "type": (kind,),
            "group": self.some(GROUPS, 3),
            "exploitation": self.some(EXPLOITATION, 3),
            "language": self.some(LANGUAGES, 4),
        }

    def document(self, number: int) -> Document:
        """The entry of that number."""
        draw, country = self.random, self.random.choice(COUNTRIES)
        city, name = draw.choice(country.cities), self.name(country)
        keywords = self.keywords(country)
        is_shown = draw.random() < 0.6
        notes = draw.choices(self.notes, self.weights, k=20)
        mail = f"{''.join(split_words(name)[-1:])}{number % 97}@{city.lower()}.example"
        return Document(
            id=f"{draw.getrandbits(48):012x}",
            keywords=keywords,
            leads=self.some(keywords["sop"], 1) if draw.random() < 0.5 else (),
            heading={"public": f"{draw.choice(_KINDS)} {city}, {draw.choice(_KINDS)}"},
            name={"public": name} if is_shown else {"registered": name},
            text={"public": " ".join(notes), "registered": mail},
            phones=(country.dial + "".join(draw.choices("0123456789", k=9)),),
            confirmed_on=self.confirmed_on(),
            is_duty=draw.random() < 0.1,
            is_vacant=draw.random() < 0.05,
        )


def documents(n: int, seed: int = 7) -> Iterator[Document]:
    """`n` entries; the first thousand of ten thousand are the same as of one thousand."""
    maker = _Maker(seed)
    return (maker.document(number) for number in range(n))


def mistyped(word: str, draw: random.Random) -> str:
    """The word with one letter left out, doubled wrongly, swapped or replaced; the first letter stays."""
    at = draw.randrange(1, len(word) - 1)
    letter = draw.choice("aeiourstnlkm")
    return draw.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + letter + word[at + 1 :],
        )
    )


def _filters(document: Document, draw: random.Random) -> dict[str, tuple[str, ...]]:
    """What a question about such an entry would be read as: a country, mostly with an SOP or a role."""
    wanted = draw.choice((("country",), ("country", "sop"), ("country", "role"), ("country", "sop", "role"), ("sop",),
                          ("role", "exploitation"), ("host", "country"), ("country", "sop", "group")))  # fmt: skip
    found = {facet: document.keywords[facet][:1] for facet in wanted if document.keywords[facet]}
    if "country" in found and draw.random() < 0.15:
        found["country"] = (*found["country"], draw.choice(COUNTRIES).code)
    return found


def _words(document: Document, kind: str, draw: random.Random) -> tuple[str, ...]:
    """Words of one kind that the entry should be found by."""
    public = document.name.get("public") or document.heading["public"]
    folded = [w for w in split_words(public) if len(w) > 3] or split_words(public)
    match kind:
        case "name":
            return (public.split()[-1],)
        case "typo":
            return (mistyped(max(folded, key=len), draw),)
        case "phone":
            digits = document.phones[0]
            return (digits[-7:],) if draw.random() < 0.5 else ("+" + digits[:3], digits[3:6], digits[6:])
        case "prefix":
            return (max(folded, key=len)[: draw.randint(3, 6)],)
        case _:
            return (document.text["public"].split()[0], split_words(document.heading["public"])[-1])


_KINDS_OF_QUESTION = ("filters",) * 12 + ("words", "words", "name", "name", "typo", "phone", "prefix", "broad")


def queries(documents: list[Document], n: int = 200, seed: int = 11) -> list[Query]:
    """`n` mixed questions about these entries: three of five leave no words, the rest as people ask."""
    draw = random.Random(seed)
    found = []
    for number in range(n):
        kind = _KINDS_OF_QUESTION[number % len(_KINDS_OF_QUESTION)]
        document = draw.choice(documents)
        is_plain = kind in {"filters", "words"}
        filters = _filters(document, draw) if is_plain or draw.random() < 0.3 else {}
        found.append(
            Query(
                filters=filters,
                words=() if kind == "filters" else _words(document, kind, draw),
                layer="registered" if draw.random() < 0.3 else "public",
                urgent=draw.random() < 0.2,
                today=TODAY,
            )
        )
    return found
