"""The search index in plain dictionaries and sets: for tests, trials and small directories of one process.

It is also the yardstick of meaning: short enough to be seen to be right, and the other adapters must agree with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock

from . import ranking
from .port import FACETS, Document, Hits, IndexState, Layer, Query
from .terms import (
    LAYERS,
    Attempt,
    Term,
    attempts,
    backwards,
    has_words,
    key_of,
    numbers_of,
    read_terms,
    words_of,
)
from .vocabulary import Vocabulary, beginning, nearest

VERSION = 2


class _Words:
    """Which entries have which words, for one layer and one weight."""

    def __init__(self, key: Callable[[str], str] = key_of) -> None:
        self._key = key
        self.ids: dict[str, set[str]] = {}
        self.spellings: dict[str, Counter[str]] = {}
        self._vocabulary: Vocabulary | None = None

    def add(self, id_: str, words: Iterable[str]) -> None:
        for word in words:
            key = self._key(word)
            if key not in self.ids:
                self._vocabulary = None
            self.ids.setdefault(key, set()).add(id_)
            self.spellings.setdefault(key, Counter())[word] += 1

    def remove(self, id_: str, words: Iterable[str]) -> None:
        for word in words:
            key = self._key(word)
            self.ids[key].discard(id_)
            self.spellings[key] -= Counter([word])
            if not self.ids[key]:
                del self.ids[key], self.spellings[key]
                self._vocabulary = None

    @property
    def vocabulary(self) -> Vocabulary:
        if self._vocabulary is None:
            self._vocabulary = Vocabulary(self.ids)
        return self._vocabulary

    def whole(self, keys: Iterable[str]) -> set[str]:
        return set().union(*(self.ids.get(key, ()) for key in keys))

    def begun(self, prefix: str) -> set[str]:
        return self.whole(beginning(self.vocabulary.keys, prefix)) if prefix else set()


class MemoryIndex:
    """The adapter; empty and usable from the start, gone with the process."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._clear()

    def _clear(self) -> None:
        self._documents: dict[str, Document] = {}
        self._valued: dict[tuple[str, str], set[str]] = {}
        self._head: dict[Layer, _Words] = {"public": _Words(), "registered": _Words()}
        self._text: dict[Layer, _Words] = {"public": _Words(), "registered": _Words()}
        self._numbers = _Words(key=str)

    def update(self, documents: Sequence[Document], removed: Sequence[str] = ()) -> None:
        """Replace these documents and drop the removed ids."""
        with self._lock:
            for id_ in (*removed, *(document.id for document in documents)):
                self._remove(id_)
            for document in documents:
                self._remove(document.id)
                self._add(document)

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Replace everything. Returns the number written."""
        fresh = MemoryIndex()
        fresh.update(list(ranking.unique(documents)))
        with self._lock:
            self._documents, self._valued = fresh._documents, fresh._valued
            self._head, self._text, self._numbers = fresh._head, fresh._text, fresh._numbers
        return len(fresh._documents)

    def state(self) -> IndexState:
        """How the index stands; always usable."""
        return IndexState(is_usable=True, count=len(self._documents), version=VERSION)

    def search(self, query: Query) -> Hits:
        """Find entries by keywords and words."""
        with self._lock:
            return _Search(self, query).hits()

    def _add(self, document: Document) -> None:
        self._documents[document.id] = document
        for value in _values(document):
            self._valued.setdefault(value, set()).add(document.id)
        for layer in LAYERS:
            head, text = words_of(document, layer)
            self._head[layer].add(document.id, head)
            self._text[layer].add(document.id, text)
        self._numbers.add(document.id, numbers_of(document))

    def _remove(self, id_: str) -> None:
        document = self._documents.pop(id_, None)
        if document is None:
            return
        for value in _values(document):
            self._valued[value].discard(id_)
        for layer in LAYERS:
            head, text = words_of(document, layer)
            self._head[layer].remove(id_, head)
            self._text[layer].remove(id_, text)
        self._numbers.remove(id_, numbers_of(document))


class _Search:
    """One query on the way to its hits. The index is locked meanwhile."""

    def __init__(self, index: MemoryIndex, query: Query) -> None:
        self.index = index
        self.query = query
        layers = LAYERS[query.layer]
        self.heads = [index._head[layer] for layer in layers]
        self.texts = [index._text[layer] for layer in layers]

    def hits(self) -> Hits:
        found, attempt = self._filtered(), Attempt(())
        terms = read_terms(self.query.words)
        if has_words(self.query.words):
            found, attempt = self._with_words(found, terms)
        points = self._points(attempt.terms)
        documents = [self.index._documents[id_] for id_ in found]
        documents.sort(key=lambda document: ranking.sort_key(document, points[document.id], self.query))
        start = max(self.query.offset, 0)
        return Hits(
            ids=tuple(document.id for document in documents[start : start + max(self.query.limit, 0)]),
            total=len(documents),
            facets=_counts(documents),
            corrected=attempt.corrected,
            dropped=attempt.dropped,
        )

    def _filtered(self) -> set[str]:
        found = set(self.index._documents)
        for facet, values in ranking.filters_of(self.query).items():
            found &= set().union(*(self.index._valued.get((facet, value), ()) for value in values))
        return found

    def _with_words(self, filtered: set[str], terms: tuple[Term, ...]) -> tuple[set[str], Attempt]:
        for attempt in attempts(terms, self) if terms else ():
            found = filtered.intersection(*(self._having(term) for term in attempt.terms))
            if found:
                return found, attempt
        return set(), Attempt(())

    def count(self, term: Term) -> int:
        return len(self._having(term))

    def near(self, key: str, slips: int) -> Mapping[str, tuple[str, ...]]:
        return nearest(key, slips, self._within, self._spellings)

    def _within(self, key: str, distance: int) -> list[str]:
        return [word for words in self.heads for word in words.vocabulary.within(key, distance)]

    def _spellings(self, key: str) -> tuple[str, ...]:
        return tuple(sorted({word for words in self.heads for word in words.spellings.get(key, ())}))

    def _having(self, term: Term) -> set[str]:
        places = (*self.heads, *self.texts)
        found = self._whole(term).union(*(words.whole(term.whole) | words.begun(term.begins) for words in places))
        if term.parts:
            found |= set.intersection(*(set().union(*(w.whole([part]) for w in places)) for part in term.parts))
        return found

    def _whole(self, term: Term) -> set[str]:
        """Entries with the term whole in heading or name, or as a phone number."""
        numbers = self.index._numbers
        found = set().union(*(words.whole(term.whole) for words in self.heads))
        if term.number:
            found |= numbers.begun(term.number) | numbers.begun(backwards(term.number))
        return found

    def _points(self, terms: tuple[Term, ...]) -> Counter[str]:
        points: Counter[str] = Counter()
        for term in terms:
            whole = self._whole(term)
            begun = set().union(*(words.begun(term.begins) for words in self.heads)) - whole
            points.update(dict.fromkeys(whole, ranking.WHOLE) | dict.fromkeys(begun, ranking.BEGUN))
        return points


def _values(document: Document) -> set[tuple[str, str]]:
    return {(facet, value) for facet in FACETS for value in document.keywords.get(facet, ())}


def _counts(documents: list[Document]) -> dict[str, dict[str, int]]:
    counts = ranking.no_counts()
    for document in documents:
        for facet, value in _values(document):
            if facet not in counts:
                continue
            counts[facet][value] = counts[facet].get(value, 0) + 1
    return counts
