"""The search index as the rest of the directory sees it: documents in, ids and counts out.

The index is derived: it can be thrown away and rebuilt, and it never decides what a viewer may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Layer = Literal["public", "registered"]
FACETS = ("country", "host", "sop", "measure", "role", "type", "group", "cover", "exploitation", "language")
COUNTED = tuple(facet for facet in FACETS if facet != "cover")  # `cover` only filters: nobody chooses from its values


@dataclass(frozen=True, slots=True)
class Document:
    """One entry as the index keeps it. Restricted and private values are never in it.

    `keywords` maps a name of FACETS to its values. `heading` is the entry's title, institution names in every
    language and place; `name` the official's name where a viewer of that layer may see it; `text` the rest;
    each is given per layer, and a registered viewer searches both. `leads` are the SOP numbers (as text) for
    which the post leads. `confirmed_on` is a proleptic ordinal day, 0 for never. `is_duty` says that a number is
    answered day and night. `phones` are digit strings of published numbers.
    """

    id: str
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leads: tuple[str, ...] = ()
    heading: Mapping[Layer, str] = field(default_factory=dict)
    name: Mapping[Layer, str] = field(default_factory=dict)
    text: Mapping[Layer, str] = field(default_factory=dict)
    phones: tuple[str, ...] = ()
    confirmed_on: int = 0
    is_duty: bool = False
    is_vacant: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. Values of one facet are alternatives, facets narrow one another, every word counts.

    `prefer_sops` and `urgent` order, they do not filter. `today` is an ordinal day. `stale_after` is the number of
    days after which an entry ranks below confirmed ones.
    """

    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    layer: Layer = "public"
    urgent: bool = False
    prefer_sops: tuple[str, ...] = ()
    today: int = 0
    stale_after: int = 104
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Hits:
    """The best `limit` ids in order, how many there are, and how they fall over the facets.

    `facets` maps a facet to value → count over all hits. `corrected` maps a typed word to the words of the
    directory it was taken for. `dropped` are the typed words left out because nothing has them all.
    """

    ids: tuple[str, ...] = ()
    total: int = 0
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    corrected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexState:
    """How the index stands: usable or why not, how many documents, which schema version."""

    is_usable: bool
    count: int
    version: int
    problem: str = ""


class IndexUnusable(Exception):
    """The index is missing, torn or of another version: answer from the database and rebuild it."""


class IndexBusy(Exception):
    """Another writer held the index for too long: nothing was written; try again later."""


class SearchIndex(Protocol):
    """A place that finds entries by their keywords and words."""

    def search(self, query: Query) -> Hits:
        """Find entries. Never raises for odd words: they find nothing. Raises IndexUnusable."""

    def update(self, documents: Sequence[Document], removed: Sequence[str] = ()) -> None:
        """Replace these documents and drop the removed ids, in one commit visible to later searches.

        Raises IndexUnusable and IndexBusy; then nothing was written.
        """

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Replace everything; searching goes on meanwhile on what was there. Returns the number written."""

    def state(self) -> IndexState:
        """How the index stands, cheaply."""
