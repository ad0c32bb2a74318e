"""A country word in a question, and what came of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from directory.search.question.matching import Span
from directory.search.reading import Mention, Part


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


def is_person(span: Span) -> bool:
    """Whether the words are about a person: a woman, a citizen, a victim."""
    return "person" in span.values("filler") or span.has("people") or span.has("group") or span.has("victim")


def is_office(span: Span) -> bool:
    """Whether the words name a role or an institution."""
    return span.has("role") or span.has("type")
