"""What changed since an instant, for software that keeps a copy: in order of change, nothing missed, nothing twice.

Filters are looked at entry by entry and not through the index, which may be a moment behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from directory.entries import queries
from directory.entries.answers import Desk, to_query
from directory.entries.entry import Entry
from directory.entries.indexing import document
from directory.entries.visibility import visible
from directory.registry.models import Post, Removal
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy

BATCH = 200
MOST_REMOVED = 1000  # in one page; a list that was taken back may have more
MOST_LOOKED_AT = 2000  # per call; a rare filter then gets a short page and a place to go on from


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk stands: behind this entry, in the order of change and id."""

    changed_at: datetime
    entry_id: str


@dataclass(frozen=True, slots=True)
class RemovalPlace:
    """Where a walk through what is gone stands: behind this entry, in the order of removal and id."""

    at: datetime
    entry_id: str


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Some changed entries; `after` is where to go on, None at the end."""

    entries: tuple[Entry, ...]
    after: Place | None


@dataclass(frozen=True, slots=True)
class Removed:
    """An entry that is gone, and where it went."""

    id: str
    at: datetime
    redirect: str | None


@dataclass(frozen=True, slots=True)
class RemovedPage:
    """Some entries that are gone; `after` is where to go on, None at the end."""

    removed: tuple[Removed, ...] = ()
    after: RemovalPlace | None = None


def changed_entries(
    reading: Reading, desk: Desk, taxonomy: Taxonomy, *, since: datetime, after: Place | None, limit: int
) -> ChangePage:
    """At most `limit` entries changed at or after `since`, from behind `after`. Words and urgency play no part."""
    filters = to_query(reading, desk, limit=0).filters
    found: list[Entry] = []
    for _ in range(0, MOST_LOOKED_AT, BATCH):
        places = _places(desk.session, since, after, BATCH)
        ids = [place.entry_id for place in places]
        entries = {entry.id: entry for entry in _matching(ids, filters, desk, taxonomy)}
        for place in places:
            after = place
            if place.entry_id in entries:
                found.append(entries[place.entry_id])
            if len(found) == limit:
                return ChangePage(tuple(found), after if _places(desk.session, since, after, 1) else None)
        if len(places) < BATCH:
            return ChangePage(tuple(found), None)
    return ChangePage(tuple(found), after)


def removed_since(
    session: Session, since: datetime, *, after: RemovalPlace | None = None, limit: int = MOST_REMOVED
) -> RemovedPage:
    """Entries taken out at or after `since`, from behind `after`.

    Their country and procedure are forgotten, so no filter applies.
    """
    statement = select(Removal).where(Removal.at >= since)
    if after is not None:
        same_instant = and_(Removal.at == after.at, Removal.entry_id > after.entry_id)
        statement = statement.where(or_(Removal.at > after.at, same_instant))
    rows = session.scalars(statement.order_by(Removal.at, Removal.entry_id).limit(limit + 1)).all()
    removed = tuple(Removed(row.entry_id, row.at, row.redirect_id) for row in rows[:limit])
    return RemovedPage(removed, RemovalPlace(removed[-1].at, removed[-1].id) if len(rows) > limit else None)


def matching_entries(ids: Sequence[str], reading: Reading, desk: Desk, taxonomy: Taxonomy) -> list[Entry]:
    """Those of these entries that fit the filters, as the viewer sees them."""
    return _matching(ids, to_query(reading, desk, limit=0).filters, desk, taxonomy)


def _places(session: Session, since: datetime, after: Place | None, limit: int) -> list[Place]:
    statement = select(Post.changed_at, Post.id).where(Post.changed_at >= since)
    if after is not None:
        same_instant = and_(Post.changed_at == after.changed_at, Post.id > after.entry_id)
        statement = statement.where(or_(Post.changed_at > after.changed_at, same_instant))
    rows = session.execute(statement.order_by(Post.changed_at, Post.id).limit(limit))
    return [Place(changed_at, entry_id) for changed_at, entry_id in rows]


def _matching(
    ids: Sequence[str], filters: Mapping[str, tuple[str, ...]], desk: Desk, taxonomy: Taxonomy
) -> list[Entry]:
    stored = queries.load(desk.session, ids, today=desk.today, cache=desk.cache)
    if filters:
        stored = [
            entry
            for entry in stored
            if _matches(document(entry, taxonomy, today=desk.today, days=desk.days).keywords, filters)
        ]
    return [visible(entry, desk.viewer, today=desk.today, days=desk.days) for entry in stored]


def _matches(keywords: Mapping[str, tuple[str, ...]], filters: Mapping[str, tuple[str, ...]]) -> bool:
    """For every facet one of the values wanted."""
    return all(set(keywords.get(facet, ())) & set(wanted) for facet, wanted in filters.items())
