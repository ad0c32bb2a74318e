"""Which entries a book holds, as one condition over posts and their institutions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, func, or_, select, true

from directory.entries import queries
from directory.entries.answers import Desk, to_query
from directory.entries.indexing import document
from directory.registry.models import Institution, Post, Responsibility
from directory.search.reading import Reading

# Looked up in the entry itself: they follow from lists within it.
WITHIN = frozenset({"cover", "exploitation", "language"})
CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Countries, single entries and answers already read from their addresses."""

    countries: tuple[str, ...] = ()
    favourites: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()


def condition(selection: Selection, desk: Desk) -> ColumnElement[bool]:
    """True for the entries of the union; the statement it stands in joins Post and Institution."""
    parts: list[ColumnElement[bool]] = []
    if selection.countries:
        parts.append(Institution.country_code.in_(selection.countries))
    if selection.favourites:
        parts.append(Post.id.in_(selection.favourites))
    parts += [_answer(reading, desk) for reading in selection.readings]
    return or_(false(), *parts)


def _answer(reading: Reading, desk: Desk) -> ColumnElement[bool]:
    """The entries an answer with these filters lists. An answer without filters holds nothing, not everything."""
    filters = to_query(reading, desk, limit=0).filters
    if not filters:
        return false()
    outside = {facet: values for facet, values in filters.items() if facet not in WITHIN}
    here: ColumnElement[bool] = true()
    for facet, values in outside.items():
        here = here & _facet(facet, values)
    within = {facet: set(values) for facet, values in filters.items() if facet in WITHIN}
    return _looked_at(here, within, desk) if within else here


def _facet(facet: str, values: tuple[str, ...]) -> ColumnElement[bool]:
    if facet == "country":
        return Institution.country_code.in_(values)
    if facet == "host":
        return func.coalesce(Institution.host_country_code, Institution.country_code).in_(values)
    if facet == "type":
        return Institution.type.in_(values)
    if facet == "role":
        return func.coalesce(Post.role_key, "").in_(values)
    if facet not in {"sop", "measure"}:
        raise ValueError(f"No condition for the facet {facet}")
    wanted = (
        Responsibility.sop.in_([int(value) for value in values])
        if facet == "sop"
        else Responsibility.measure.in_(values)
    )
    own = select(Responsibility.post_id).where(wanted, Responsibility.post_id.is_not(None))
    of_house = select(Responsibility.institution_id).where(wanted, Responsibility.institution_id.is_not(None))
    return Post.id.in_(own) | Post.institution_id.in_(of_house)


def _looked_at(outside: ColumnElement[bool], within: Mapping[str, set[str]], desk: Desk) -> ColumnElement[bool]:
    """The same filters as the index has them, entry by entry, where lists within an entry decide."""
    ids = list(desk.session.scalars(select(Post.id).join(Institution).where(outside)))
    fitting = [
        stored.id
        for stored in queries.load(desk.session, ids, today=desk.today, cache=desk.cache)
        if _fits(document(stored, desk.taxonomy, today=desk.today, days=desk.days).keywords, within)
    ]
    chunks = [fitting[start : start + CHUNK] for start in range(0, len(fitting), CHUNK)]
    return or_(false(), *(Post.id.in_(chunk) for chunk in chunks))


def _fits(keywords: Mapping[str, tuple[str, ...]], wanted: Mapping[str, set[str]]) -> bool:
    return all(values & set(keywords.get(facet, ())) for facet, values in wanted.items())
