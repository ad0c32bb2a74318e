"""Which new rows of a list may stand in the directory already: one, none, or ask. Never decided here.

A row is compared with what came from elsewhere; rows of one list are told apart by their own ids. What may be the
same stays out of the import until somebody has said: `new`, or the id of the entry it is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.doubles import operations as doubles
from directory.doubles import queries
from directory.doubles.likeness.blocking import Pool
from directory.doubles.likeness.bodies import prepare
from directory.doubles.likeness.desks import judge_desks
from directory.doubles.likeness.records import Body, Desk, Verdict
from directory.registry import rules
from directory.registry.models import Institution, Post
from directory.registry.values import ContactValues
from importers.models import ImportedRecord
from importers.records import FileRefused, ImportRecord

NEW = "new"
COLUMNS = ("key", "decision")
MOST_CANDIDATES = 3
ORDER = {"same": 0, "ask": 1, "different": 2}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that a row may be."""

    post_id: str
    name: str
    verdict: Verdict

    @property
    def text(self) -> str:
        """Name, id and reasons in one line."""
        sure = "probably" if self.verdict.answer == "same" else "perhaps"
        return f"{sure} {self.name} ({self.post_id}): {self.verdict.text}"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A new row and the entries it may be."""

    record: ImportRecord
    candidates: tuple[Candidate, ...]


@dataclass(slots=True)
class Sorted:
    """New rows by what was said of them."""

    new: list[ImportRecord] = field(default_factory=list)
    told_new: list[Doubt] = field(default_factory=list)
    tied: list[tuple[ImportRecord, str]] = field(default_factory=list)
    doubtful: list[Doubt] = field(default_factory=list)


class Matcher:
    """Looks new rows up among what the directory holds from elsewhere, a country at a time."""

    def __init__(self, session: Session, kind: str, decisions: Mapping[str, str], *, takes_as_new: bool) -> None:
        self._session, self._kind = session, kind
        self._decisions, self._takes_as_new = decisions, takes_as_new
        self._pools: dict[str, tuple[Pool, list[str]]] = {}

    def sort(self, records: Sequence[ImportRecord]) -> Sorted:
        """One, none, or ask."""
        found = Sorted()
        for record in records:
            said = self._decisions.get(record.key) or self._own(record)
            if said and said != NEW:
                found.tied.append((record, said))
                continue
            candidates = self._candidates(record)
            if not candidates:
                found.new.append(record)
            elif said == NEW or self._takes_as_new:
                found.told_new.append(Doubt(record, candidates))
            else:
                found.doubtful.append(Doubt(record, candidates))
        return found

    def _own(self, record: ImportRecord) -> str:
        """The entry whose id the row carries, from a file of ours; empty where it stands here no more."""
        if not record.entry_id:
            return ""
        stands = self._session.get(Post, record.entry_id) is not None
        return record.entry_id if stands else ""

    def _candidates(self, record: ImportRecord) -> tuple[Candidate, ...]:
        pool, ids = self._pool(record.institution.country)
        alike = pool.like(prepare(_body(record)))
        found: list[tuple[int, Candidate]] = []
        for place, verdict in alike[:MOST_CANDIDATES]:
            found += self._posts(record, ids[place], verdict)
        found.sort(key=lambda pair: (ORDER[pair[1].verdict.answer], pair[0]))
        return tuple(candidate for _, candidate in found[:MOST_CANDIDATES])

    def _posts(self, record: ImportRecord, institution_id: str, house: Verdict) -> Iterable[tuple[int, Candidate]]:
        """The institution's entries, those with the same post first; the double may be the institution alone."""
        posts = self._session.scalars(select(Post).where(Post.institution_id == institution_id).order_by(Post.id))
        for post in list(posts)[: queries.MOST_POSTS]:
            desk = judge_desks(_desk(record), queries.desk_of(post), houses=house)
            rank = ORDER[desk.answer]
            yield rank, Candidate(post.id, f"{post.institution.name}, {post.title}", house if rank == 2 else desk)

    def _pool(self, country: str) -> tuple[Pool, list[str]]:
        if country not in self._pools:
            own = select(ImportedRecord.institution_id).where(
                ImportedRecord.kind == self._kind, ImportedRecord.institution_id.is_not(None)
            )
            bodies = select(Institution).where(Institution.country_code == country, Institution.id.not_in(own))
            rows = self._session.scalars(bodies.where(~Institution.is_demo).order_by(Institution.id)).all()
            self._pools[country] = (Pool([queries.body_of(row) for row in rows]), [row.id for row in rows])
        return self._pools[country]


def keep_told_apart(session: Session, post: Post, doubt: Doubt, *, by: str, now: datetime) -> None:
    """Somebody said that the row is none of these: the pages never suggest it again."""
    for candidate in doubt.candidates:
        other = session.get(Post, candidate.post_id)
        if other is not None:
            doubles.keep_apart(session, post, other, by=by, reason="said at an import", now=now)
            if other.institution_id != post.institution_id:
                doubles.keep_apart(
                    session, post.institution, other.institution, by=by, reason="said at an import", now=now
                )


def read_decisions(path: Path) -> dict[str, str]:
    """A CSV with `key` and `decision`: `new`, or the id of the entry that the row is. Raises FileRefused."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileRefused(f"{path.name}, which says what is the same, cannot be read: {error}") from error
    decisions = {}
    for number, row in enumerate(rows, start=2):
        key, said = ((row.get(column) or "").strip() for column in COLUMNS)
        if not key or not said:
            raise FileRefused(f"{path.name}, row {number}: needs the columns key and decision, both filled in")
        decisions[key] = NEW if said.lower() == NEW else _id_of(said, f"{path.name}, row {number}")
    return decisions


def _id_of(said: str, where: str) -> str:
    try:
        return str(UUID(said))
    except ValueError as error:
        raise FileRefused(f"{where}: “{said}” is neither “new” nor the id of an entry") from error


def _body(record: ImportRecord) -> Body:
    values = record.institution
    lines = (*values.contact_points, *record.post.contact_points)
    return Body(
        names=tuple(name.name for name in values.names),
        country=values.country,
        host_country=values.host_country or "",
        type=values.type,
        city=values.city,
        phones=_values(lines, rules.NUMBERS),
        mails=_values(lines, rules.MAILS),
        webs=_values(lines, ("web",)),
    )


def _desk(record: ImportRecord) -> Desk:
    post = record.post
    phones, mails = _values(post.contact_points, rules.NUMBERS), _values(post.contact_points, rules.MAILS)
    return Desk(post.title, _body(record), post.role or "", post.area, phones, mails)


def _values(lines: Iterable[ContactValues], kinds: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(kinds)
    return frozenset(line.value.lower() for line in lines if line.kind in wanted)
