"""One question put to the segments of one moment: narrow by sets, order by sets, look at the winners only."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from . import bitsets, ranking
from .port import Hits, Query
from .terms import Attempt, Term, attempts, has_words, read_terms
from .vocabulary import nearest
from .whoosh_segment import Counts, Match, Segment

_MANY_DEAD = 1_000
_MOST_CELLS = 4_096
Rank = tuple[int, bool, bool, bool]
# The facet counts of every set of filters asked for so far.
Cube = dict[tuple[tuple[str, tuple[str, ...]], ...], Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True)
class Leaf:
    """A segment and which of its entries are still true."""

    segment: Segment
    live: int

    @cached_property
    def dead(self) -> int:
        """Entries deleted or replaced since the segment was written."""
        return ((1 << self.segment.size) - 1) ^ self.live


class Search:
    """One query on the way to its hits."""

    def __init__(self, leaves: Iterable[Leaf], query: Query, cube: Cube | None = None) -> None:
        self._leaves = list(leaves)
        self._cube: Cube = {} if cube is None else cube
        self._query = query
        self._filters = ranking.filters_of(query)
        self._matches: dict[tuple[int, Term], Match] = {}

    def hits(self) -> Hits:
        """The page asked for, the total, and the facet counts over all hits."""
        found, attempt = self._found()
        total = sum(bits.bit_count() for bits in found)
        return Hits(
            ids=tuple(self._page(found, attempt.terms)) if total else (),
            total=total,
            facets=self._facets(found, is_plain=not attempt.terms) if total else ranking.no_counts(),
            corrected=attempt.corrected,
            dropped=attempt.dropped,
        )

    # Narrowing

    def _found(self) -> tuple[list[int], Attempt]:
        filtered = [self._filtered(leaf) for leaf in self._leaves]
        if not has_words(self._query.words):
            return filtered, Attempt(())
        terms = read_terms(self._query.words)
        for attempt in attempts(terms, self) if terms and any(filtered) else ():
            found = [self._narrowed(leaf, bits, attempt.terms) for leaf, bits in enumerate(filtered)]
            if any(found):
                return found, attempt
        return [0] * len(filtered), Attempt(())

    def _filtered(self, leaf: Leaf) -> int:
        bits = leaf.live
        for facet, values in self._filters.items():
            having = leaf.segment.having.get(facet, {})
            bits &= bitsets.union(having.get(value, 0) for value in values)
        return bits

    def _narrowed(self, leaf: int, bits: int, terms: tuple[Term, ...]) -> int:
        for term in terms:
            if not bits:
                return 0
            bits &= self._match(leaf, term).anywhere
        return bits

    def _match(self, leaf: int, term: Term) -> Match:
        known = self._matches.get((leaf, term))
        if known is None:
            known = self._leaves[leaf].segment.match(term, self._query.layer)
            self._matches[leaf, term] = known
        return known

    def count(self, term: Term) -> int:
        """How many live entries have the term, whatever the filters."""
        return sum((self._match(i, term).anywhere & leaf.live).bit_count() for i, leaf in enumerate(self._leaves))

    def near(self, key: str, slips: int) -> Mapping[str, tuple[str, ...]]:
        """Nearest heading and name words of live entries."""
        return nearest(key, slips, self._within, self._spellings)

    def _within(self, key: str, distance: int) -> list[str]:
        layer = self._query.layer
        return [word for leaf in self._leaves for word in leaf.segment.within(key, distance, layer)]

    def _spellings(self, key: str) -> tuple[str, ...]:
        layer = self._query.layer
        found = (leaf.segment.spellings(key, layer, leaf.live) for leaf in self._leaves)
        return tuple(sorted(set().union(*found)))

    # Ordering

    def _page(self, found: list[int], terms: tuple[Term, ...]) -> Iterator[str]:
        """Ids of the page: ranks before the page are counted, not looked at."""
        skip, wanted = max(self._query.offset, 0), max(self._query.limit, 0)
        ranked = [self._ranked(leaf, bits, terms) for leaf, bits in enumerate(found)]
        for rank in sorted(set().union(*ranked)):
            sets = [parts.get(rank, 0) for parts in ranked]
            size = sum(bits.bit_count() for bits in sets)
            if skip < size and wanted:
                page = self._merged(sets, skip + wanted)[skip : skip + wanted]
                yield from page
                wanted -= len(page)
            skip = max(skip - size, 0)

    def _merged(self, sets: list[int], count: int) -> list[str]:
        best: list[Iterable[tuple[int, str]]] = []
        for leaf, bits in zip(self._leaves, sets, strict=True):
            days, ids = leaf.segment.days, leaf.segment.ids
            best.append([(-days[place], ids[place]) for place in bitsets.lowest(bits, count)])
        return [id_ for _, id_ in heapq.merge(*best)][:count]

    def _ranked(self, leaf: int, bits: int, terms: tuple[Term, ...]) -> dict[Rank, int]:
        """The hits of a leaf by rank: points, vacancy, duty, lead; see `ranking`. Within a rank, by place."""
        segment = self._leaves[leaf].segment
        wanted = ranking.wanted_sops(self._query)
        leading = bitsets.union(segment.leading.get(sop, 0) for sop in wanted) if wanted else None
        ranked: dict[Rank, int] = {}
        for points, scored in self._scored(leaf, bits, terms).items():
            for is_vacant, holding in _halves(scored, segment.vacant, is_first=False):
                for is_late, answering in _halves(holding, segment.duty if self._query.urgent else None):
                    for is_aside, hits in _halves(answering, leading):
                        ranked[-points, is_vacant, is_late, is_aside] = hits
        return ranked

    def _scored(self, leaf: int, bits: int, terms: tuple[Term, ...]) -> dict[int, int]:
        scored = {0: bits}
        for term in terms:
            match = self._match(leaf, term)
            steps = ((ranking.WHOLE, match.whole), (ranking.BEGUN, match.begun & ~match.whole))
            risen: dict[int, int] = {}
            for points, hits in scored.items():
                rest = hits
                for step, where in steps:
                    risen[points + step] = risen.get(points + step, 0) | (hits & where)
                    rest &= ~where
                risen[points] = risen.get(points, 0) | rest
            scored = {points: hits for points, hits in risen.items() if hits}
        return scored

    # Counting

    def _facets(self, found: list[int], *, is_plain: bool) -> Mapping[str, Mapping[str, int]]:
        """The counts; those of filters alone are kept as long as the index stays as it is."""
        if not is_plain:
            return self._counted(found, is_plain=False)
        cell = tuple(sorted((facet, tuple(sorted(values))) for facet, values in self._filters.items()))
        counted = self._cube.get(cell)
        if counted is None:
            counted = self._counted(found, is_plain=True)
            if len(self._cube) < _MOST_CELLS:
                self._cube[cell] = counted
        return counted

    def _counted(self, found: list[int], *, is_plain: bool) -> dict[str, dict[str, int]]:
        facets: dict[str, Counter[str]] = {facet: Counter() for facet in ranking.no_counts()}
        for leaf, bits in zip(self._leaves, found, strict=True):
            for counts, sign in self._counts(leaf, bits, is_plain):
                for facet, counted in counts.items():
                    (facets[facet].update if sign > 0 else facets[facet].subtract)(counted)
        return {facet: {value: n for value, n in counted.items() if n} for facet, counted in facets.items()}

    def _counts(self, leaf: Leaf, bits: int, is_plain: bool) -> Iterator[tuple[Counts, int]]:
        """Counts to add and to take away: those kept for a whole value, less the deleted, or those of the hits."""
        if not bits:
            return
        chosen = self._whole_values(leaf, bits) if is_plain else None
        if chosen is None:
            yield leaf.segment.counts(bits), 1
            return
        for facet, value in chosen:
            yield leaf.segment.counts_alongside(facet, value), 1
            gone = leaf.dead & (leaf.segment.having[facet].get(value, 0) if facet else leaf.dead)
            if gone:
                yield leaf.segment.counts(gone), -1

    def _whole_values(self, leaf: Leaf, bits: int) -> list[tuple[str, str]] | None:
        """The values whose kept counts add up to those of the hits; none if there is no such set."""
        if len(self._filters) > 1 or leaf.dead.bit_count() > _MANY_DEAD:
            return None
        for facet, values in self._filters.items():
            having = leaf.segment.having.get(facet, {})
            distinct = list(dict.fromkeys(values))
            each = sum((having.get(value, 0) & leaf.live).bit_count() for value in distinct)
            return [(facet, value) for value in distinct] if each == bits.bit_count() else None
        return [("", "")]


def _halves(bits: int, chosen: int | None, *, is_first: bool = True) -> Iterator[tuple[bool, int]]:
    """The set in two, empty parts left out: False for what comes first, the chosen unless `is_first` is False.

    None does not part.
    """
    if chosen is None:
        yield False, bits
        return
    inside, outside = bits & chosen, bits & ~chosen
    before, after = (inside, outside) if is_first else (outside, inside)
    if before:
        yield False, before
    if after:
        yield True, after
