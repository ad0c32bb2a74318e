"""Every row a merge changes, before and after: so that taking it back restores ids, owners, redirects and all.

Tables of other rooms are found by their foreign keys, so one that is added later is kept too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Table, and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from directory.db import Base

ROOTS = ("institution", "post", "official")
# References that are no foreign keys: what they point to may be gone one day.
SOFT = {
    "removal": ("entry_id", "redirect_id"),
    "proposal": ("subject_id",),
    "kept_apart": ("first_id", "second_id"),
}
# Of these only the reference moves; what else stands in them is nothing to keep a second time.
ONLY_REFERENCES = {
    "proposal": ("subject_id", "state"),
    "invitation": ("institution_id",),
    "account_grant": ("institution_id",),
    "account": ("official_id",),
}
# Whatever hangs on these is none of a merge's affair.
LEAVES = frozenset({"account"})
# What hangs on these moves on to other rows of their kind, so they must be there again before those move back.
BEFORE_OTHERS = frozenset({"appointment"})
# A person's own word since the merge speaks against nothing.
OWN_WORD = {"official": frozenset({"agreed_at"})}
LEFT_ALONE = frozenset(
    {"change", "change_seal", "index_change", "access_record", "access_item", "merge", "open_erasure"}
)
# Counters and marks that go on by themselves.
VOLATILE = frozenset({"revision", "changed_at", "is_being_checked"})
Row = dict[str, Any]
Picture = dict[str, dict[str, Row]]


class ChangedSince(Exception):
    """What the merge made was changed since; the message names what."""


def picture(session: Session, ids: Mapping[str, Iterable[str]]) -> Picture:
    """Every row about these posts, institutions and officials, by table and key."""
    session.flush()
    wanted = {name: list(found) for name, found in ids.items()}
    everybody = [one for found in wanted.values() for one in found]
    seen: Picture = {}
    for table in Base.metadata.sorted_tables:
        if table.name in LEFT_ALONE:
            continue
        conditions = [table.c[column].in_(everybody) for column in SOFT.get(table.name, ())]
        if table.name in wanted:
            conditions.append(table.c.id.in_(wanted[table.name]))
        conditions += _by_reference(table, wanted, seen)
        if conditions:
            found = session.execute(select(*_columns(table)).where(or_(*conditions))).mappings()
            seen[table.name] = {_key(table, row): {name: _plain(row[name]) for name in row} for row in found}
    return seen


def _by_reference(table: Table, wanted: Mapping[str, Sequence[str]], seen: Picture) -> list[Any]:
    conditions = []
    for foreign in table.foreign_keys:
        parent = foreign.column.table
        if parent.name in wanted:
            conditions.append(foreign.parent.in_(wanted[parent.name]))
        elif parent.name in seen.keys() - LEAVES and _is_whole_key(foreign.column, parent):
            keys = [row[foreign.column.name] for row in seen[parent.name].values()]
            if keys:
                conditions.append(foreign.parent.in_([_value(key) for key in keys]))
    return conditions


def _is_whole_key(column: Column[Any], table: Table) -> bool:
    return column.primary_key and len(table.primary_key.columns) == 1


def _columns(table: Table) -> list[Column[Any]]:
    only = ONLY_REFERENCES.get(table.name)
    keys = list(table.primary_key.columns)
    return [*keys, *(table.c[name] for name in only)] if only else list(table.columns)


def _key(table: Table, row: Mapping[Any, Any]) -> str:
    return "|".join(str(row[column.name]) for column in table.primary_key.columns)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


def _value(plain: Any) -> Any:
    if isinstance(plain, dict) and len(plain) == 1:
        if "instant" in plain:
            return datetime.fromisoformat(plain["instant"])
        if "day" in plain:
            return date.fromisoformat(plain["day"])
        if "bytes" in plain:
            return bytes.fromhex(plain["bytes"])
    return plain


def changes(before: Picture, after: Picture, *, always: Collection[str] = ()) -> list[list[Any]]:
    """Table, row before and row after, for each row that differs, and for rows with these keys."""
    found = []
    for name in before.keys() | after.keys():
        was, became = before.get(name, {}), after.get(name, {})
        found += [
            [name, was.get(key), became.get(key)]
            for key in sorted(was.keys() | became.keys())
            if key in always or _steady(was.get(key)) != _steady(became.get(key))
        ]
    return found


def _steady(row: Row | None) -> Row | None:
    return {name: value for name, value in row.items() if name not in VOLATILE} if row is not None else None


def _told(table: Table, row: Row | None) -> Row | None:
    """The row as it must still be for a merge to be taken back."""
    steady, own = _steady(row), OWN_WORD.get(table.name, frozenset())
    return {name: value for name, value in steady.items() if name not in own} if steady is not None else None


def restore(session: Session, journal: Sequence[Sequence[Any]], *, now: datetime) -> None:
    """Put every row back as it was. Raises ChangedSince where one is no longer what the merge made of it."""
    session.flush()
    tables = Base.metadata.tables
    lines = [(tables[name], was, became) for name, was, became in journal if name in tables]
    for table, was, became in lines:
        if _told(table, _now(session, table, became or was)) != _told(table, became):
            raise ChangedSince(table.name)
    order = {table.name: place for place, table in enumerate(Base.metadata.sorted_tables)}
    lines.sort(key=lambda line: order[line[0].name])
    roots = [(table, was) for table, was, became in lines if became is None and table.name in ROOTS]
    for table, was in roots:
        session.execute(insert(table), [_first(table, was, now)])
    _insert_parts(session, [line for line in lines if line[0].name in BEFORE_OTHERS])
    for table, was, became in lines:
        if was is not None and became is not None and (differing := _differing(was, became)):
            session.execute(update(table).where(_same(table, was)).values(differing))
    for table, was in roots:
        if references := _references(table, was):
            session.execute(update(table).where(_same(table, was)).values(references))
    for table, became in reversed([(table, became) for table, was, became in lines if was is None]):
        session.execute(delete(table).where(_same(table, became)))
    _insert_parts(session, [line for line in lines if line[0].name not in BEFORE_OTHERS])
    session.expire_all()


def _insert_parts(session: Session, lines: Sequence[tuple[Table, Any, Any]]) -> None:
    """What hung on the posts and institutions, once these are there again."""
    for table, was, became in lines:
        if became is None and table.name not in ROOTS:
            session.execute(insert(table), [{name: _value(value) for name, value in was.items()}])


def _now(session: Session, table: Table, row: Row) -> Row | None:
    found = session.execute(select(*_columns(table)).where(_same(table, row))).mappings().first()
    return {name: _plain(found[name]) for name in found} if found is not None else None


def _same(table: Table, row: Row) -> Any:
    return and_(*(column == _value(row[column.name]) for column in table.primary_key.columns))


def _differing(was: Row, became: Row) -> Row:
    changed = [name for name in was if name not in VOLATILE and was[name] != became.get(name)]
    return {name: _value(was[name]) for name in changed}


def _first(table: Table, row: Row, now: datetime) -> Row:
    """The row without references to its own kind, and newer than any copy somebody keeps."""
    values = {name: _value(value) for name, value in row.items()}
    values |= dict.fromkeys(_own_references(table))
    if "revision" not in row:
        return values
    return values | {"revision": int(row["revision"]) + 1, "changed_at": now}


def _references(table: Table, row: Row) -> Row:
    return {name: row[name] for name in _own_references(table)}


def _own_references(table: Table) -> list[str]:
    return [foreign.parent.name for foreign in table.foreign_keys if foreign.column.table is table]
