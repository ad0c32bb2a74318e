"""What pages about a country, a procedure or an institution need: entries already projected, counts, gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from directory.entries.answers import LAST_RESORT_ROLES, Desk, entries_with
from directory.entries.entry import Entry
from directory.registry.countries import country_name
from directory.registry.models import Country, Institution, LegalFooting, NetworkMember, Post, Responsibility
from directory.sops.taxonomy import Measure, Taxonomy

MOST_ENTRIES = 400


@dataclass(frozen=True, slots=True)
class FreshnessShare:
    """How much of the list a human confirmed in the last quarter."""

    confirmed_count: int
    entry_count: int

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: never flattering."""
        return self.confirmed_count * 100 // self.entry_count if self.entry_count else 0


@dataclass(frozen=True, slots=True)
class CountryLine:
    """A country in the list."""

    code: str
    is_participating: bool
    entry_count: int


@dataclass(frozen=True, slots=True)
class CountryPage:
    """One country: legal footing, networks, whom to call first, entries by procedure and role, gaps."""

    code: str
    is_participating: bool
    footings: tuple[LegalFooting, ...]
    networks: tuple[str, ...]
    first: tuple[Entry, ...]
    by_sop: Mapping[int, Mapping[str, tuple[Entry, ...]]]
    gaps: Mapping[int, tuple[str, ...]]
    abroad_count: int
    entry_count: int


def participating_countries(session: Session) -> list[str]:
    """Codes of the countries that take part, in the order of their names."""
    codes = session.scalars(select(Country.code).where(Country.is_participating))
    return sorted(codes, key=country_name)


def countries(desk: Desk) -> list[CountryLine]:
    """Those that take part, and every other country that has entries."""
    counts = dict(
        desk.session.execute(
            select(Institution.country_code, func.count(Post.id))
            .join(Post, Post.institution_id == Institution.id)
            .group_by(Institution.country_code)
        ).all()
    )
    members = set(participating_countries(desk.session))
    codes = sorted(members | set(counts), key=country_name)
    return [CountryLine(code, code in members, counts.get(code, 0)) for code in codes]


def freshness_share(desk: Desk) -> FreshnessShare:
    """The share confirmed before an entry would become overdue."""
    since = datetime.combine(desk.today - timedelta(days=desk.days.overdue), time(), UTC)
    total = desk.session.scalar(select(func.count()).select_from(Post)) or 0
    confirmed = desk.session.scalar(select(func.count()).select_from(Post).where(Post.confirmed_at >= since)) or 0
    return FreshnessShare(confirmed, total)


def country(code: str, desk: Desk, taxonomy: Taxonomy) -> CountryPage | None:
    """Everything the page of a country shows; None for a code nobody knows."""
    row = desk.session.scalars(
        select(Country)
        .where(Country.code == code)
        .options(
            selectinload(Country.legal_footings),
            selectinload(Country.memberships).joinedload(NetworkMember.network),
        )
    ).first()
    if row is None:
        return None
    entries = _entries_of_country(code, desk)
    by_sop = {sop.id: _by_role(sop.id, entries, taxonomy) for sop in taxonomy.sops}
    return CountryPage(
        code=code,
        is_participating=row.is_participating,
        footings=tuple(row.legal_footings),
        networks=tuple(sorted(member.network.name for member in row.memberships)),
        first=_first(entries),
        by_sop=by_sop,
        gaps={sop.id: _gaps(sop.id, by_sop[sop.id], taxonomy) for sop in taxonomy.sops},
        abroad_count=_abroad_count(code, desk),
        entry_count=len(entries),
    )


def _entries_of_country(code: str, desk: Desk) -> list[Entry]:
    ids = desk.session.scalars(
        select(Post.id)
        .join(Institution)
        .where(Institution.country_code == code, Institution.host_country_code.is_(None))
        .order_by(Post.confirmed_at.desc().nulls_last(), Post.id)
        .limit(MOST_ENTRIES)
    ).all()
    return entries_with(ids, desk)


def _abroad_count(code: str, desk: Desk) -> int:
    statement = (
        select(func.count(Post.id))
        .join(Institution)
        .where(Institution.country_code == code, Institution.host_country_code.is_not(None))
    )
    return desk.session.scalar(statement) or 0


def _first(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The coordinator, the focal point and the hotlines, in that order, one of each."""
    found = (next((e for e in entries if e.role == role and not e.is_vacant), None) for role in LAST_RESORT_ROLES)
    return tuple(entry for entry in found if entry)


def _by_role(sop: int, entries: Sequence[Entry], taxonomy: Taxonomy) -> dict[str, tuple[Entry, ...]]:
    rows: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.role and any(r.sop == sop for r in entry.responsibilities):
            rows.setdefault(entry.role, []).append(entry)
    order = list(taxonomy.roles)
    for found in rows.values():
        found.sort(key=lambda e: min(_level(e, sop), 2))
    return {role: tuple(rows[role]) for role in sorted(rows, key=order.index)}


def _level(entry: Entry, sop: int) -> int:
    levels = {"leads": 0, "supports": 1, "informed": 2}
    return min(levels.get(r.level, 2) for r in entry.responsibilities if r.sop == sop)


def _gaps(sop: int, rows: Mapping[str, tuple[Entry, ...]], taxonomy: Taxonomy) -> tuple[str, ...]:
    """Roles that belong to this procedure alone, and that nobody holds here."""
    raw = taxonomy.document["roles"]
    expected = [role["id"] for role in raw if role.get("implied_sops") == [sop]]
    return tuple(role for role in expected if all(entry.is_vacant for entry in rows.get(role, ())))


def countries_for_sop(sop: int, desk: Desk) -> list[tuple[str, tuple[Entry, ...]]]:
    """For each country that takes part, who leads this procedure there; the freshest first, three at most."""
    rows = desk.session.execute(
        select(Institution.country_code, Post.id)
        .join(Post, Post.institution_id == Institution.id)
        .join(Responsibility, Responsibility.post_id == Post.id)
        .where(Responsibility.sop == sop, Responsibility.level == "leads", Institution.host_country_code.is_(None))
        .order_by(Post.confirmed_at.desc().nulls_last(), Post.id)
    ).all()
    ids: dict[str, dict[str, None]] = {}
    for code, post_id in rows:
        ids.setdefault(code, {})[post_id] = None
    first = [post_id for found in ids.values() for post_id in list(found)[:3]]
    by_country: dict[str, list[Entry]] = {}
    for entry in entries_with(first, desk):
        by_country.setdefault(entry.country, []).append(entry)
    return [(code, tuple(by_country.get(code, ()))) for code in participating_countries(desk.session)]


def entries_for_measure(measure: Measure, code: str, desk: Desk) -> list[Entry]:
    """Who answers for a measure in a country: named for it first, then its roles within its procedure."""
    entries = _entries_of_country(code, desk)
    named = [e for e in entries if any(r.measure == measure.id for r in e.responsibilities)]
    by_role = [e for e in entries if e.role in measure.roles and any(r.sop == measure.sop for r in e.responsibilities)]
    return list({entry.id: entry for entry in [*named, *by_role]}.values())


def entries_of_institution(institution_id: str, desk: Desk) -> list[Entry]:
    """The posts of an institution and of the bodies that belong to it."""
    ids = desk.session.scalars(
        select(Post.id)
        .join(Institution)
        .where((Institution.id == institution_id) | (Institution.parent_id == institution_id))
        .order_by((Institution.id == institution_id).desc(), Post.title, Post.id)
        .limit(MOST_ENTRIES)
    ).all()
    return entries_with(ids, desk)
