"""One segment of the index in memory: who is where in the order, who has which value, who has which word.

A segment never changes; deletions are kept beside it (`Leaf`). Places run from the most recently confirmed entry
to the never confirmed one, then by id, so that the lowest bits of any set are its best entries (see `ranking`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import itemgetter
from threading import Lock
from typing import Any

from . import bitsets, whoosh_store
from .port import COUNTED, FACETS, IndexUnusable, Layer
from .terms import LAYERS, Term, backwards
from .vocabulary import Vocabulary, beginning
from .whoosh_store import JOINT, SCHEMA

Counts = dict[str, Counter[str]]
_MOST_REMEMBERED = 20_000
_SHARE_KEPT_AS_BITS = 64
# What counting costs, roughly and relative to one another; a wrong guess costs time, never a wrong count.
_NANOSECONDS_LEAST = 60
_NANOSECONDS_VALUE = 60
_NANOSECONDS_BIT = 0.07
_NANOSECONDS_SET = 150


@dataclass(frozen=True, slots=True)
class Match:
    """Where a term is: whole in heading, name or number; a word begun in heading or name; anywhere at all."""

    whole: int
    begun: int
    anywhere: int


class Segment:
    """A segment read into memory; its words are read from disk when first asked for, and remembered."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._postings = whoosh_store.terms_of(storage, segment)
        self._lock = Lock()
        self._remembered: dict[tuple[str, str], tuple[int, ...] | int] = {}
        self._alongside: dict[tuple[str, str], Counts] = {}
        self.size: int = segment.doc_count_all()
        self._place(whoosh_store.pictures_of(storage, segment))
        self._read_lexicon()

    def _place(self, pictures: Iterable[list[Any]]) -> None:
        rows = list(enumerate(pictures))
        rows.sort(key=lambda row: (-row[1][1], row[1][0]))
        self.place_of = [0] * self.size
        for place, (number, _) in enumerate(rows):
            self.place_of[number] = place
        self.ids = [row[0] for _, row in rows]
        self.days = [row[1] for _, row in rows]
        self.vacant = self._set(place for place, (_, row) in enumerate(rows) if row[2])
        self.duty = self._set(place for place, (_, row) in enumerate(rows) if row[3])
        _, self.leading = self._by_value([row[4] for _, row in rows])
        self._values: dict[str, list[list[str]]] = {}
        self.having: dict[str, dict[str, int]] = {}
        for column, facet in enumerate(FACETS, 5):
            self._values[facet], self.having[facet] = self._by_value([row[column] for _, row in rows])
        self._values_each = {f: sum(map(len, each)) / max(self.size, 1) for f, each in self._values.items()}

    def _by_value(self, joined: Sequence[str]) -> tuple[list[list[str]], dict[str, int]]:
        """The values at each place, and the set of places of each value."""
        places: dict[str, list[int]] = {}
        for place, values in enumerate(joined):
            places.setdefault(values, []).append(place)
        parted = {values: values.split(JOINT) if values else [] for values in places}
        having: dict[str, int] = {}
        for values, where in places.items():
            bits = bitsets.from_places(where, self.size) if values else 0
            for value in parted[values]:
                having[value] = having.get(value, 0) | bits
        return [parted[values] for values in joined], having

    def _set(self, places: Iterable[int]) -> int:
        return bitsets.from_places(list(places), self.size)

    def _read_lexicon(self) -> None:
        self._lexicon: dict[str, list[str]] = {name: [] for name in SCHEMA.names()}
        for field, term in self._postings.terms():
            self._lexicon[field].append(term.decode())
        self._lexicon["id"].clear()
        for field, terms in self._lexicon.items():
            # A field with nearly as many words as entries, such as mail addresses, has no common ones.
            if len(terms) < self.size // 4:
                self._read_common(field, terms)

    def _read_common(self, field: str, terms: list[str]) -> None:
        """Read long lists now, so that nobody's question waits for them."""
        for term in terms:
            if self._postings.doc_frequency(field, term.encode()) * _SHARE_KEPT_AS_BITS > self.size:
                self._read(field, term)

    def numbers_of(self, ids: Iterable[str]) -> list[int]:
        """Whoosh's numbers of the entries of these ids."""
        with self._lock:
            return whoosh_store.numbers_of_ids(self._postings, ids)

    # Words

    def match(self, term: Term, layer: Layer) -> Match:
        """Where the term is for a viewer of the layer, deleted entries included."""
        heads, texts = self._fields("head", layer), self._fields("text", layer)
        whole = self._any((head, self._spelled(head, key)) for head in heads for key in term.whole)
        if term.number:
            ways = (term.number, backwards(term.number))
            whole |= self._any(("phone", self._beginning("phone", way)) for way in ways)
        begun = self._any((head, self._beginning(head, term.begins)) for head in heads)
        text = self._any((name, self._beginning(name, term.begins)) for name in texts)
        text |= self._any((name, term.whole) for name in texts)
        if term.parts:
            text |= self._all_parts(term.parts, layer)
        return Match(whole, begun, whole | begun | text)

    def _all_parts(self, parts: Sequence[str], layer: Layer) -> int:
        bits = (1 << self.size) - 1
        for part in parts:
            bits &= self.match(Term(part, whole=(part,)), layer).anywhere
        return bits

    def within(self, key: str, distance: int, layer: Layer) -> list[str]:
        """Keys of heading and name words so many slips away."""
        return [word for head in self._fields("head", layer) for word in self._vocabularies[head].within(key, distance)]

    def spellings(self, key: str, layer: Layer, live: int) -> set[str]:
        """How the live entries' headings and names spell the key."""
        return {
            term.partition(" ")[2]
            for head in self._fields("head", layer)
            for term in self._spelled(head, key)
            if self._any([(head, [term])]) & live
        }

    @cached_property
    def _vocabularies(self) -> dict[str, Vocabulary]:
        heads = (f"head_{layer}" for layer in LAYERS)
        return {head: Vocabulary(term.partition(" ")[0] for term in self._lexicon[head]) for head in heads}

    def _fields(self, part: str, layer: Layer) -> list[str]:
        return [f"{part}_{one}" for one in LAYERS[layer]]

    def _spelled(self, head: str, key: str) -> list[str]:
        return beginning(self._lexicon[head], key + " ")

    def _beginning(self, field: str, prefix: str) -> list[str]:
        return beginning(self._lexicon[field], prefix) if prefix else []

    def _any(self, wanted: Iterable[tuple[str, Iterable[str]]]) -> int:
        """Entries that have any of the terms of the fields."""
        bits = 0
        places: list[int] = []
        for field, terms in wanted:
            for term in terms:
                found = self._read(field, term)
                if isinstance(found, int):
                    bits |= found
                else:
                    places += found
        return bits | bitsets.from_places(places, self.size)

    def _read(self, field: str, term: str) -> tuple[int, ...] | int:
        found = self._remembered.get((field, term))
        if found is None:
            found = self._read_from_disk(field, term.encode())
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[field, term] = found
        return found

    def _read_from_disk(self, field: str, term: bytes) -> tuple[int, ...] | int:
        # One at a time: the open file has one reading position.
        with self._lock:
            try:
                if (field, term) not in self._postings:
                    return ()
                numbers = _all_numbers(self._postings.matcher(field, term, SCHEMA[field].format))
            except Exception as problem:
                raise IndexUnusable(f"The search index is torn ({type(problem).__name__})") from problem
        places = tuple(map(self.place_of.__getitem__, numbers))
        is_rare = len(places) * _SHARE_KEPT_AS_BITS < self.size
        return places if is_rare else bitsets.from_places(places, self.size)

    # Counting

    def counts(self, hits: int) -> Counts:
        """How many of the hits have each value of each facet, each facet counted in the cheaper of two ways."""
        count = hits.bit_count()
        where = bitsets.places(hits) if count * _NANOSECONDS_LEAST < self.size else []
        pick = itemgetter(*where) if len(where) > 1 else None
        counts: Counts = {}
        for facet in COUNTED:
            having = self.having[facet]
            one_by_one = count * (_NANOSECONDS_LEAST + _NANOSECONDS_VALUE * self._values_each[facet])
            if pick and one_by_one < len(having) * (self.size * _NANOSECONDS_BIT + _NANOSECONDS_SET):
                counts[facet] = Counter(chain.from_iterable(pick(self._values[facet])))
            else:
                sizes = ((value, (bits & hits).bit_count()) for value, bits in having.items())
                counts[facet] = Counter({value: size for value, size in sizes if size})
        return counts

    def counts_alongside(self, facet: str, value: str) -> Counts:
        """The counts of all the segment's entries of one value; everything for no facet. Kept."""
        known = self._alongside.get((facet, value))
        if known is None:
            known = self.counts(self.having[facet].get(value, 0) if facet else (1 << self.size) - 1)
            self._alongside[facet, value] = known
        return known


def _all_numbers(matcher: Any) -> list[int]:
    """Document numbers of a posting list, a block at a time where the list is long.

    `all_ids()` says the same one call per number, eight times as slow.
    """
    if not hasattr(matcher, "_next_block"):
        return list(matcher.all_ids())
    numbers: list[int] = []
    while matcher.is_active():
        matcher.id()
        numbers += matcher._ids
        matcher._next_block()
    return numbers
