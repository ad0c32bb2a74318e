"""Somebody's old list held against the directory as its reader sees it: current, changed, gone, unknown.

Only `Entry` values decide, made for whoever asks: what they may not see neither matches nor differs from a number that
never was. Nothing of the list is kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from directory.doubles.likeness.blocking import Pool
from directory.doubles.likeness.bodies import prepare
from directory.doubles.likeness.names import parse
from directory.doubles.likeness.records import Body, Reason
from directory.doubles.likeness.sides import compare
from directory.entries import answers
from directory.entries.answers import Desk
from directory.entries.entry import Entry
from directory.registry import rules
from directory.registry.models import Appointment, ContactPoint, Institution, InstitutionName, Post, Removal
from directory.registry.values import BadValue, clean_mail, clean_phone
from importers.columns import LINES, suggest
from importers.csv_reader import read_table
from importers.files import FileFacts
from importers.header import folded
from importers.places import Countries
from importers.reading import look_at
from importers.recognising import content_of
from importers.records import FileRefused, Limits, Row, RowItem
from importers.sandbox import read_apart

MOST_ROWS = 2000
MOST_OF_A_HOUSE = 40
MOST_VALUES = 400  # in one statement
Owners = tuple[str | None, str | None, str | None]
State = Literal["current", "changed", "gone", "unknown"]
STATES: tuple[State, ...] = ("changed", "gone", "unknown", "current")
LIMITS = Limits(megabytes=5, unpacked_megabytes=20, rows=MOST_ROWS, columns=200, memory_megabytes=256, seconds=10)
NUMBERS = frozenset(kind for kind in LINES if kind in rules.NUMBERS)
_MAIL = re.compile(r"[^\s@<>;,:|\"'()]+@[^\s@<>;,:|\"'()]+\.[^\s@<>;,:|\"'()]+")
_PHONE = re.compile(r"(?:\+|00)?[\d(][\d\s()./-]{4,}\d(?:\s*ext\.?\s*\d+)?")
_UID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OldRow:
    """One row of the old list: what it can be known by, and where each value stood."""

    number: int
    cells: Mapping[str, str]
    uid: str = ""
    name: str = ""
    title: str = ""
    country: str | None = None
    city: str = ""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by column

    @property
    def wanted(self) -> frozenset[str]:
        """Every number and address that can be compared."""
        return frozenset(value for values in self.values.values() for value in values)

    @property
    def label(self) -> str:
        """What a person knows the row by."""
        said = [part for part in (self.name, self.title) if part] or [c for c in self.cells.values() if c]
        return ", ".join(said[:2])[:120]


@dataclass(frozen=True, slots=True)
class OldList:
    """The list as read. `kind` is the family of file that is given back."""

    kind: Literal["csv", "xlsx", "vcard"]
    name: str
    columns: tuple[str, ...]
    meanings: Mapping[str, str]
    rows: tuple[OldRow, ...]
    separator: str = ","


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one row. `stale` are values that do not stand there, as far as the reader can see."""

    row: OldRow
    state: State
    entry: Entry | None = None
    stale: frozenset[str] = frozenset()


def read_old(path: Path, country: str | None) -> OldList:
    """The list. Raises FileRefused with a sentence."""
    content = content_of(path, LIMITS)
    if content == "json":
        raise FileRefused(f"{path.name} is JSON: bring a spreadsheet or cards")
    if content == "vcard":
        rows = tuple(_card_row(item, country) for item in _only_rows(read_apart("vcard", path, LIMITS, _ignore)))
        return OldList("vcard", path.name, (), {}, _some(rows, path))
    sample = look_at(path, LIMITS)
    meanings = suggest(sample.columns, sample.rows)
    rows = tuple(_table_row(item, meanings, country) for item in _only_rows(_items(sample.facts, sample.separator)))
    kind: Literal["csv", "xlsx"] = "xlsx" if content == "book" else "csv"
    return OldList(kind, path.name, sample.columns, meanings, _some(rows, path), sample.separator or ",")


def check(old: OldList, desk: Desk) -> list[Verdict]:
    """Each row, as far as the reader of this desk may know."""
    matches = _Matches(old.rows, desk)
    return [matches.verdict(row) for row in old.rows]


def _items(facts: FileFacts, separator: str) -> Iterator[RowItem]:
    if facts.content == "book":
        yield from read_apart("sheet", facts.path, LIMITS, _ignore, sheet="")
    else:
        yield from islice(read_table(facts, separator, "normal", _ignore, LIMITS), 1, None)


def _only_rows(items: Iterable[RowItem]) -> Iterator[Row]:
    for count, row in enumerate((item for item in items if isinstance(item, Row)), 1):
        if count > MOST_ROWS:
            raise FileRefused(f"The list has more than {MOST_ROWS:,} rows. Split it, and check the parts")
        yield row


def _some(rows: tuple[OldRow, ...], path: Path) -> tuple[OldRow, ...]:
    if not rows:
        raise FileRefused(f"{path.name} has no rows: its first row must name the columns")
    return rows


def _table_row(row: Row, meanings: Mapping[str, str], country: str | None) -> OldRow:
    cells = {name: str(cell).strip() for name, cell in row.cells.items()}

    def said(meaning: str) -> str:
        return next((cells[name] for name, one in meanings.items() if one == meaning and cells.get(name)), "")

    code = Countries().code(said("country")) or country
    values = {}
    for name, cell in cells.items():
        if found := _values(cell, meanings.get(name, ""), code):
            values[name] = found
    uid = next((match[0] for cell in cells.values() if (match := _UID.search(cell))), "")
    return OldRow(
        row.number, cells, uid.lower(), said("name"), said("title"), code, said("city"), values
    )  # fmt: skip


def _card_row(row: Row, country: str | None) -> OldRow:
    cells = {name: ", ".join(cell) if isinstance(cell, tuple) else cell for name, cell in row.cells.items()}
    code = Countries().code(cells.get("country", "")) or country
    values: dict[str, tuple[str, ...]] = {}
    for place, line in enumerate(row.lines):
        if line.kind in NUMBERS | rules.MAILS and (found := _values(line.value, line.kind, code)):
            values[f"{line.kind} {place}"] = found
    uid = next(
        (match[0] for cell in (cells.get("entry_id", ""), cells.get("key", "")) if (match := _UID.search(cell))), ""
    )
    return OldRow(
        row.number, cells, uid.lower(), cells.get("org", ""), cells.get("post", ""), code, cells.get("city", ""), values
    )


def _values(cell: str, meaning: str, country: str | None) -> tuple[str, ...]:
    """The mail addresses and dialable numbers in a cell; numbers only where the column holds numbers."""
    found = [mail for text in _MAIL.findall(cell) if (mail := _mail(text))]
    if meaning in NUMBERS or (not meaning and _PHONE.fullmatch(cell.lstrip("'"))):
        found += [phone for match in _PHONE.finditer(cell) if (phone := _phone(match[0], country))]
    return tuple(dict.fromkeys(found))


def _mail(text: str) -> str:
    try:
        return clean_mail(text).lower()
    except BadValue:
        return text.lower()


def _phone(text: str, country: str | None) -> str:
    """E.164; a number that cannot be read is left out of the comparison."""
    written = re.sub(r"^00", "+", text.strip())
    try:
        return clean_phone(written, region=country, allows_short=False).partition(";")[0]
    except BadValue:
        return ""


class _Matches:
    """Candidates for every row, looked up together; only what the reader sees of them counts."""

    def __init__(self, rows: Sequence[OldRow], desk: Desk) -> None:
        self._desk = desk
        self._gone = self._removed([row.uid for row in rows if row.uid])
        ids = {row.uid for row in rows if row.uid} | {goal for goal in self._gone.values() if goal}
        self._entries = {entry.id: entry for entry in answers.entries_with(sorted(ids), desk)}
        self._by_value = self._with_values({value for row in rows for value in row.wanted})
        unmatched = [row for row in rows if row.name and row.uid not in self._entries and not self._sharing(row)]
        self._by_name = self._with_names(unmatched)

    def verdict(self, row: OldRow) -> Verdict:
        """What became of this row."""
        if row.uid and row.uid not in self._entries and row.uid in self._gone:
            return Verdict(row, "gone", self._entries.get(self._gone[row.uid] or ""))
        found = self._entries.get(row.uid) or self._best(row, self._sharing(row) or self._by_name.get(row.number, ()))
        if found is None:
            return Verdict(row, "unknown")
        stale = row.wanted - _standing(found)
        return Verdict(row, "changed" if stale else "current", found, frozenset(stale))

    def _sharing(self, row: OldRow) -> list[Entry]:
        found = {entry.id: entry for value in sorted(row.wanted) for entry in self._by_value.get(value, ())}
        return list(found.values())

    def _best(self, row: OldRow, entries: Sequence[Entry]) -> Entry | None:
        """The entry that shares most with the row: values, then the title, then the name."""
        if not entries:
            return None
        title, name = parse(row.title), folded(row.name)

        def rank(entry: Entry) -> tuple[int, int, int, str]:
            alike = bool(row.title) and compare(title, parse(entry.title)).is_equal
            same_name = any(folded(one.name) == name for one in entry.institution.names)
            return -len(row.wanted & _standing(entry)), -int(alike), -int(same_name), entry.id

        return min(entries, key=rank)

    def _removed(self, uids: Iterable[str]) -> dict[str, str | None]:
        """Stubs of entries that are gone, with where they lead in the end."""
        found: dict[str, str | None] = {}
        wanted = {uid for uid in uids if _is_uid(uid)}
        while wanted:
            stubs = [
                stub
                for part in _parted(sorted(wanted))
                for stub in self._desk.session.scalars(select(Removal).where(Removal.entry_id.in_(part)))
            ]
            found |= {stub.entry_id: stub.redirect_id for stub in stubs}
            wanted = {stub.redirect_id for stub in stubs if stub.redirect_id} - set(found)
        for uid in found:
            seen, goal = {uid}, found[uid]
            while goal in found and goal not in seen:
                seen.add(goal)
                goal = found[goal]
            found[uid] = goal
        return found

    def _with_values(self, values: set[str]) -> dict[str, list[Entry]]:
        """Entries on which a value stands, for this reader."""
        ids: set[str] = set()
        for part in _parted(sorted(values)):
            ids |= set(self._posts_with(part))
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in answers.entries_with(sorted(ids), self._desk):
            for value in _standing(entry) & values:
                found[value].append(entry)
        return found

    def _posts_with(self, values: Sequence[str]) -> Iterator[str]:
        columns = (ContactPoint.post_id, ContactPoint.institution_id, ContactPoint.appointment_id)
        stands = func.lower(ContactPoint.value).in_(values)
        found: list[Owners] = [
            (post, house, held)
            for post, house, held in self._desk.session.execute(select(*columns).where(self._shown, stands))
        ]
        found += [self._extended[value] for value in values if value in self._extended]
        houses = {house for _post, house, _held in found if house}
        held = {appointment for _post, _house, appointment in found if appointment}
        yield from (post for post, _house, _held in found if post)
        for part in _parted(sorted(held)):
            yield from self._desk.session.scalars(select(Appointment.post_id).where(Appointment.id.in_(part)))
        yield from self._posts_of(houses)

    @cached_property
    def _shown(self) -> ColumnElement[bool]:
        """Restricted numbers are not even looked up: the answer, and its time, are those of any other number."""
        open_kinds = ContactPoint.kind.not_in(rules.RESTRICTED)
        if self._desk.viewer.layer != "public":
            return open_kinds
        return and_(open_kinds, or_(ContactPoint.is_published, ContactPoint.kind == "hotline"))

    @cached_property
    def _extended(self) -> dict[str, Owners]:
        """Numbers with an extension, by the number before it: they are few."""
        columns = (ContactPoint.value, ContactPoint.post_id, ContactPoint.institution_id, ContactPoint.appointment_id)
        rows = self._desk.session.execute(select(*columns).where(self._shown, ContactPoint.value.contains(";ext=")))
        return {value.partition(";")[0]: (post, house, held) for value, post, house, held in rows}

    def _posts_of(self, houses: Iterable[str]) -> Iterator[str]:
        for part in _parted(sorted(houses)):
            yield from self._desk.session.scalars(
                select(Post.id).where(Post.institution_id.in_(part)).order_by(Post.id)
            )

    def _with_names(self, rows: Sequence[OldRow]) -> dict[int, list[Entry]]:
        """Entries of institutions with that name, which everybody may read; never numbers."""
        houses: dict[int, list[str]] = {}
        by_country: dict[str, list[OldRow]] = defaultdict(list)
        for row in rows:
            if row.country:
                by_country[row.country].append(row)
        for country, some in sorted(by_country.items()):
            pool, ids = self._pool(country)
            for row in some:
                like = pool.like(prepare(Body((row.name,), country=country, city=row.city)))
                houses[row.number] = [
                    ids[place] for place, verdict in like if _is_sure(verdict.reasons, verdict.answer)
                ]
        wanted = {one for some in houses.values() for one in some[:1]}
        of_house: dict[str, list[Entry]] = defaultdict(list)
        for entry in answers.entries_with(list(self._posts_of(wanted)), self._desk):
            if len(of_house[entry.institution.id]) < MOST_OF_A_HOUSE:
                of_house[entry.institution.id].append(entry)
        return {number: of_house[found[0]] for number, found in houses.items() if found}

    def _pool(self, country: str) -> tuple[Pool, list[str]]:
        rows = self._desk.session.execute(
            select(Institution.id, Institution.city, Institution.type, InstitutionName.name)
            .join(InstitutionName, InstitutionName.institution_id == Institution.id)
            .where(Institution.country_code == country)
            .order_by(Institution.id, InstitutionName.position)
        ).all()
        names: dict[str, list[str]] = defaultdict(list)
        about: dict[str, tuple[str, str]] = {}
        for house, city, kind, name in rows:
            names[house].append(name)
            about[house] = (city, kind)
        ids = list(names)
        return Pool([Body(tuple(names[i]), country=country, city=about[i][0], type=about[i][1]) for i in ids]), ids


def _standing(entry: Entry) -> frozenset[str]:
    """What stands on the entry for its reader, as it is compared."""
    lines = (line for line in entry.contact_lines if line.value and line.kind in rules.NUMBERS | rules.MAILS)
    return frozenset(str(line.value).partition(";")[0].lower() for line in lines)


def _is_sure(reasons: Sequence[Reason], answer: str) -> bool:
    codes = {reason.code for reason in reasons}
    return answer == "same" or (answer == "ask" and bool(codes & {"same_name", "same_in_other_words"}))


def _is_uid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _parted(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), MOST_VALUES):
        yield values[start : start + MOST_VALUES]


def _ignore(_: int) -> None:
    """Nobody watches how far it has come."""
