"""From a Reading to an answer: the cell that was asked for, or the next best with the reason in words.

Order of what is tried when nobody is listed: the same without the left-over words, without the language, without
the group, without the role (who leads the SOP there), then the country's coordinator and hotlines. Where somebody is
listed but cannot be reached: the deputy, the desk beside, the rest of the house, then the coordinator and hotlines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.entries import coverage, queries
from directory.entries.entry import ContactLine, Entry
from directory.entries.viewer import Viewer
from directory.entries.visibility import visible
from directory.registry import hours, rules
from directory.registry.holidays import is_holiday
from directory.registry.models import Institution, Post
from directory.search.port import Hits, Query, SearchIndex
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy

URGENT_KINDS = frozenset({"hotline", "duty_phone", "intake_phone"})
LAST_RESORT_ROLES = ("national_coordinator", "trm_focal_point", "hotline", "child_hotline")
REORDER = 40  # so many of the best are put in order by who can be reached now; later pages keep the index order
FALLBACK_LIMIT = 6
FACET_OF = {
    "countries": "country",
    "host_countries": "host",
    "measures": "measure",
    "roles": "role",
    "exploitation": "exploitation",
    "languages": "language",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the fallback differs from the question: a key for the page's words, and what was left out."""

    key: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fallback:
    """Entries that do not answer the question as read, and why they are shown."""

    reason: Reason
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets. `entries` answer it as read; `fallback` stands in where there are none."""

    reading: Reading
    entries: tuple[Entry, ...]
    total: int
    fallback: Fallback | None = None
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    corrected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering needs besides the question: the open book, who looks, and when."""

    session: Session
    index: SearchIndex
    viewer: Viewer
    now: datetime
    today: date
    days: rules.FreshnessDays
    cache: queries.EntryCache
    taxonomy: Taxonomy
    tongues: tuple[str, ...] = ()  # languages the asker has said they read, best first


def answer(reading: Reading, desk: Desk, *, limit: int = 20, offset: int = 0) -> Answer:
    """Answer a reading: the page of entries from `offset`, the total, and a fallback where nobody is listed."""
    if offset + limit <= REORDER:
        hits = _search(reading, desk, limit=REORDER)
        entries = _ordered(_entries(hits.ids, desk), reading, desk)[offset : offset + limit]
    else:
        hits = _search(reading, desk, limit=limit, offset=offset)
        entries = _ordered(_entries(hits.ids, desk), reading, desk)
    if not hits.total:
        return Answer(reading, (), 0, _fallback(reading, desk), hits.facets, hits.corrected)
    stands_in = _stand_ins(entries, reading, desk) if offset == 0 else None
    return Answer(reading, tuple(entries), hits.total, stands_in, hits.facets, hits.corrected)


def all_entries(reading: Reading, desk: Desk, *, limit: int) -> tuple[Entry, ...]:
    """The first `limit` entries of an answer, for a file; what stands in for an empty cell is not part of it."""
    return answer(reading, desk, limit=limit).entries


def one_entry(entry_id: str, desk: Desk) -> Entry | None:
    """The entry with that id as the viewer sees it."""
    found = _entries([entry_id], desk)
    return found[0] if found else None


def entries_with(ids: Sequence[str], desk: Desk) -> list[Entry]:
    """These entries in that order, as the viewer sees them."""
    return _entries(ids, desk)


def _search(reading: Reading, desk: Desk, *, limit: int, offset: int = 0) -> Hits:
    return desk.index.search(to_query(reading, desk, limit=limit, offset=offset))


def to_query(reading: Reading, desk: Desk, *, limit: int, offset: int = 0) -> Query:
    """The reading as filters for the index."""
    filters = {facet: values for name, facet in FACET_OF.items() if (values := getattr(reading, name))}
    if reading.institution_types and not reading.roles:
        filters["type"] = reading.institution_types
    if cover := coverage.wanted(reading.target_groups, reading.sops):
        filters["cover"] = cover
    if reading.sops:
        filters["sop"] = tuple(str(sop) for sop in reading.sops)
    return Query(
        filters=filters,
        words=reading.words,
        layer=desk.viewer.layer,
        urgent=reading.urgent,
        prefer_sops=tuple(str(sop) for sop in reading.sops),
        today=desk.today.toordinal(),
        stale_after=desk.days.unconfirmed,
        limit=limit,
        offset=offset,
    )


def _entries(ids: Sequence[str], desk: Desk) -> list[Entry]:
    stored = queries.load(desk.session, ids, today=desk.today, cache=desk.cache)
    return [visible(entry, desk.viewer, today=desk.today, days=desk.days) for entry in stored]


def _ordered(entries: list[Entry], reading: Reading, desk: Desk) -> list[Entry]:
    """Among equals, who can be reached now and shares a language comes first; the index has settled the rest."""
    ranked = [
        (_rank(entry, reading), not is_reachable(entry, desk.now), not _shares_language(entry, desk), place)
        for place, entry in enumerate(entries)
    ]
    ordered = [entries[place] for *_, place in sorted(ranked)]
    return [entry.with_lines_first(URGENT_KINDS) for entry in ordered] if reading.urgent else ordered


def _shares_language(entry: Entry, desk: Desk) -> bool:
    return any(tongue in line.languages for line in entry.contact_lines for tongue in desk.tongues)


def _rank(entry: Entry, reading: Reading) -> tuple[int, ...]:
    leads = any(r.level == "leads" and r.sop in reading.sops for r in entry.responsibilities)
    wanted = reading.countries.index(entry.country) if entry.country in reading.countries else 0
    return (
        wanted,
        int(entry.is_vacant),
        int(bool(reading.sops) and not leads),
        {"confirmed": 0, "due": 0, "overdue": 1, "unconfirmed": 2, "dormant": 3}[entry.freshness],
        int(not has_route(entry)),
        -(entry.institution.type in reading.institution_types)
        - coverage.named_count(entry.responsibilities, reading.target_groups, reading.exploitation),
    )


def has_route(entry: Entry) -> bool:
    """There is a number or a mail address to use right away."""
    return any(
        line.value and line.kind in rules.NUMBERS | rules.MAILS and line.kind != "fax" for line in entry.contact_lines
    )


def is_reachable(entry: Entry, now: datetime) -> bool:
    """Somebody answers one of the numbers at this hour; weekends and public holidays count."""
    return any(
        line_is_open(line, entry, now)
        for line in entry.contact_lines
        if line.value and line.kind in rules.NUMBERS and line.kind != "fax"
    )


def line_is_open(line: ContactLine, entry: Entry, now: datetime) -> bool | None:
    """Somebody answers this line at this hour; None where no hours are known."""
    return hours.is_open(line.hours, line.timezone, now, is_holiday=lambda day: is_holiday(entry.place, day))


def _stand_ins(entries: Sequence[Entry], reading: Reading, desk: Desk) -> Fallback | None:
    """Where nobody found can be reached (vacant, or no line the viewer may use): deputy, desk, house, coordinator."""
    if any(has_route(entry) and not entry.is_vacant for entry in entries):
        return None
    deputies = [entry.deputy.id for entry in entries if entry.deputy]
    houses = {entry.institution.id for entry in entries}
    beside = desk.session.scalars(
        select(Post.id)
        .join(Institution)
        .where(Institution.id.in_(houses) | Institution.parent_id.in_(houses))
        .order_by(Post.is_desk.desc(), Post.confirmed_at.desc().nulls_last(), Post.id)
        .limit(REORDER)
    )
    countries = reading.countries or tuple({entry.country for entry in entries})
    last = _search(Reading(countries=countries, roles=LAST_RESORT_ROLES, urgent=reading.urgent), desk, limit=REORDER)
    shown = {entry.id for entry in entries}
    found = _entries(list(dict.fromkeys([*deputies, *beside, *last.ids])), desk)
    usable = [e for e in found if e.id not in shown and has_route(e) and not e.is_vacant]
    reason = Reason("vacant" if all(entry.is_vacant for entry in entries) else "no_line")
    return Fallback(reason, tuple(usable[:FALLBACK_LIMIT])) if usable else None


def _fallback(reading: Reading, desk: Desk) -> Fallback | None:
    for reason, wider in _wider(reading):
        entries = _entries(_search(wider, desk, limit=FALLBACK_LIMIT).ids, desk)
        if entries:
            return Fallback(reason, tuple(_ordered(entries, wider, desk)))
    return None


def _wider(reading: Reading) -> Iterator[tuple[Reason, Reading]]:
    """The reading with one thing after another left out, each with the reason."""
    steps: list[tuple[str, str, Callable[[Reading], tuple[str, ...]]]] = [
        ("words", "words", lambda r: r.words),
        ("languages", "languages", lambda r: r.languages),
        ("exploitation", "exploitation", lambda r: r.exploitation),
        ("target_groups", "target_groups", lambda r: r.target_groups),
        ("institution_types", "institution_types", lambda r: r.institution_types),
        ("measures", "measures", lambda r: r.measures),
        ("host_countries", "host_countries", lambda r: r.host_countries),
    ]
    left_out: list[str] = []
    current = reading
    has_filters = bool(replace(reading, words=(), urgent=False, ignored=(), warnings=()) != Reading())
    for key, name, values in steps:
        dropped = values(current)
        if not dropped or not has_filters:
            continue
        left_out.append(key)
        current = replace(current, **{name: ()})  # type: ignore[arg-type]  # every name above is a tuple field
        if not replace(current, urgent=False, ignored=(), warnings=()).is_empty:
            yield Reason("without", tuple(left_out)), current
    if current.roles and current.sops and current.countries:
        yield Reason("other_roles"), replace(current, roles=())
    if reading.countries:
        yield (
            Reason("last_resort"),
            Reading(countries=reading.countries, roles=LAST_RESORT_ROLES, urgent=reading.urgent),
        )
        yield Reason("country_only"), Reading(countries=reading.countries)
