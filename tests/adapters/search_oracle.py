"""What a search must answer, worked out the slow way: every entry looked at, every word compared with every word.

It shares only the folding and the port with the adapters, so that a mistake in how they read words shows.
"""

from __future__ import annotations

from collections import Counter

from rapidfuzz.distance import OSA

from directory.search.folding import skeleton, split_words
from directory.search.port import COUNTED, Document, Hits, Query


def key(word: str) -> str:
    return word if any(c.isdigit() for c in word) else skeleton(word)


def head_words(document: Document, layer: str) -> set[str]:
    layers = ["public"] if layer == "public" else ["public", "registered"]
    texts = [m.get(one, "") for m in (document.heading, document.name) for one in layers]
    return {word for text in texts for word in split_words(text)}


def text_words(document: Document, layer: str) -> set[str]:
    layers = ["public"] if layer == "public" else ["public", "registered"]
    return {word for one in layers for word in split_words(document.text.get(one, ""))}


class Wanted:
    """One word or number of a question, and the keys it may stand for."""

    def __init__(self, typed: list[str], *, is_last: bool) -> None:
        self.typed = " ".join(typed)
        self.digits = "".join(typed).lstrip("0") if typed[0].isdigit() else ""
        self.parts = [key(word) for word in typed]
        self.keys = [self.parts[0]] if len(typed) == 1 else []
        self.prefix = self.keys[0] if is_last and not typed[0].isdigit() and len(self.keys[0]) >= 3 else ""

    def points(self, document: Document, layer: str) -> int | None:
        heads = {key(word) for word in head_words(document, layer)}
        words = heads | {key(word) for word in text_words(document, layer)}
        if set(self.keys) & heads:
            return 2
        if len(self.digits) >= 5 and any(p.startswith(self.digits) or p.endswith(self.digits) for p in document.phones):
            return 2
        if self.prefix and any(word.startswith(self.prefix) for word in heads):
            return 1
        if set(self.keys) & words or (self.prefix and any(word.startswith(self.prefix) for word in words)):
            return 0
        return 0 if not self.keys and set(self.parts) <= words else None


def wanted_of(words: tuple[str, ...]) -> list[Wanted]:
    typed = [word for text in words for word in split_words(text)]
    runs: list[list[str]] = []
    for word in typed:
        if word.isdigit() and runs and runs[-1][-1].isdigit():
            runs[-1].append(word)
        else:
            runs.append([word])
    parted: list[list[str]] = []
    for run in runs:
        is_number = len("".join(run).lstrip("0")) >= 5
        parted.extend([run] if len(run) == 1 or is_number else [[word] for word in run])
    return [Wanted(run, is_last=i == len(parted) - 1) for i, run in enumerate(parted)]


class Oracle:
    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents

    def search(self, query: Query) -> Hits:
        allowed = [d for d in self.documents if self._passes(d, query)]
        if not any(word.strip() for word in query.words):
            return self._answer(allowed, [], query)
        for wanted, corrected, dropped in self._attempts(wanted_of(query.words), query.layer):
            found = [d for d in allowed if all(w.points(d, query.layer) is not None for w in wanted)]
            if found:
                return self._answer(found, wanted, query, corrected, dropped)
        return Hits(facets={facet: {} for facet in COUNTED})

    def _passes(self, document: Document, query: Query) -> bool:
        return all(set(v) & set(document.keywords.get(f, ())) for f, v in query.filters.items() if v)

    def _count(self, wanted: Wanted, layer: str) -> int:
        return sum(w is not None for w in (wanted.points(d, layer) for d in self.documents))

    def _near(self, wanted: Wanted, layer: str) -> dict[str, tuple[str, ...]]:
        typed = wanted.typed
        if len(wanted.keys) != 1 or len(typed) < 3 or len(wanted.keys[0]) < 3 or any(c.isdigit() for c in typed):
            return {}
        mine = wanted.keys[0]
        spelled: dict[str, set[str]] = {}
        for document in self.documents:
            for word in head_words(document, layer):
                spelled.setdefault(key(word), set()).add(word)
        distances = {other: OSA.distance(mine, other) for other in spelled if other != mine}
        nearest = min(distances.values(), default=9)
        if nearest > (1 if len(typed) < 6 else 2):
            return {}
        others = [other for other, distance in distances.items() if distance == nearest]
        others.sort(key=lambda other: (other[0] != mine[0], other))
        return {other: tuple(sorted(spelled[other])) for other in others[:5]}

    def _attempts(self, wanted: list[Wanted], layer: str):
        if not wanted:
            return
        yield wanted, {}, ()
        near = [self._near(w, layer) for w in wanted]
        known = [self._count(w, layer) > 0 for w in wanted]
        told = [tuple(s for spellings in n.values() for s in spellings) for n in near]
        mended = [w if k else self._with(w, [], n) for w, k, n in zip(wanted, known, near, strict=True)]
        corrected = {w.typed: t for w, k, t in zip(wanted, known, told, strict=True) if not k and t}
        helpless = [i for i, k in enumerate(known) if not k and not near[i]]
        if not helpless:
            if corrected:
                yield mended, corrected, ()
            if any(near):
                wide = [self._with(w, w.keys, n, w.prefix) for w, n in zip(wanted, near, strict=True)]
                yield wide, {w.typed: t for w, t in zip(wanted, told, strict=True) if t}, ()
        left = [i for i in range(len(wanted)) if i not in helpless]
        if helpless and left:
            yield self._kept(wanted, mended, left, corrected)
        while len(left) > 1:
            left.remove(max(left, key=lambda i: (self._count(mended[i], layer), i)))
            yield self._kept(wanted, mended, left, corrected)

    def _kept(self, wanted, mended, left, corrected):
        kept = {wanted[i].typed: corrected[wanted[i].typed] for i in left if wanted[i].typed in corrected}
        return [mended[i] for i in left], kept, tuple(w.typed for i, w in enumerate(wanted) if i not in left)

    def _with(self, wanted: Wanted, keys, near, prefix: str = "") -> Wanted:
        other = Wanted(wanted.typed.split(), is_last=False)
        other.keys = [*keys, *near]
        other.prefix = prefix
        return other

    def _answer(self, found, wanted, query: Query, corrected=(), dropped=()) -> Hits:
        ordered = sorted(found, key=lambda d: self._order(d, wanted, query))
        counts = {facet: Counter(v for d in found for v in set(d.keywords.get(facet, ()))) for facet in COUNTED}
        return Hits(
            ids=tuple(d.id for d in ordered)[query.offset : query.offset + query.limit],
            total=len(found),
            facets={facet: dict(counted) for facet, counted in counts.items()},
            corrected=dict(corrected),
            dropped=tuple(dropped),
        )

    def _order(self, document: Document, wanted: list[Wanted], query: Query):
        leading = query.prefer_sops or query.filters.get("sop", ())
        return (
            -sum(w.points(document, query.layer) or 0 for w in wanted),
            document.is_vacant,
            not document.is_duty if query.urgent else 0,
            not set(leading) & set(document.leads) if leading else 0,
            self._state(document, query),
            -document.confirmed_on,
            document.id,
        )

    def _state(self, document: Document, query: Query) -> int:
        days = query.today - document.confirmed_on
        if document.confirmed_on == 0:
            return 2
        if days <= min(90, query.stale_after):
            return 0
        return 1 if days <= query.stale_after else 2
