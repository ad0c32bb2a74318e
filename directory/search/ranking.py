"""The one order of hits, the same in every adapter.

1. More of the words found in heading or name: a whole word counts `WHOLE`, one only begun there `BEGUN`, a word
   found elsewhere in the entry nothing.
2. Filled posts before vacant ones.
3. In an urgent question, numbers answered day and night first.
4. Posts that lead one of the wanted SOPs before those that do not.
5. The more recently confirmed first; never confirmed last. This also puts fresh entries before ageing and ageing
   before stale ones: that state depends on nothing but the day of confirmation, so it needs no step of its own,
   and neither `today` nor `stale_after` can change the order.
6. By id.
"""

from __future__ import annotations

from collections.abc import Iterable

from .port import COUNTED, Document, Query

WHOLE = 2
BEGUN = 1


def wanted_sops(query: Query) -> tuple[str, ...]:
    """The SOPs whose leading posts come first: those preferred, else those filtered by."""
    return query.prefer_sops or query.filters.get("sop", ())


def sort_key(document: Document, points: int, query: Query) -> tuple[int, bool, bool, bool, int, str]:
    """Sorts hits best first."""
    wanted = wanted_sops(query)
    return (
        -points,
        document.is_vacant,
        query.urgent and not document.is_duty,
        bool(wanted) and not set(wanted) & set(document.leads),
        -document.confirmed_on,
        document.id,
    )


def filters_of(query: Query) -> dict[str, tuple[str, ...]]:
    """The filters that narrow: a facet without values leaves everything."""
    return {facet: values for facet, values in query.filters.items() if values}


def unique(documents: Iterable[Document]) -> Iterable[Document]:
    """The documents without those whose id came before."""
    seen: set[str] = set()
    for document in documents:
        if document.id not in seen:
            seen.add(document.id)
            yield document


def no_counts() -> dict[str, dict[str, int]]:
    """Facet counts of nothing."""
    return {facet: {} for facet in COUNTED}
