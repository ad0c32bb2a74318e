"""Fills what the world left empty, and writes every token of the database into a book with its class and readers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Integer, LargeBinary, Table, Uuid, insert, select, update
from sqlalchemy.orm import Session

from directory.db import Base, UtcDateTime, new_id
from directory.registry import rules
from tests.conftest import NOW
from tests.security.classes import declared, filled_columns
from tests.security.subjects import Rows, subjects_of
from tests.security.tokens import LONG, Book, Token, plain_of, texts_in, word, words_in

# Rows that triggers keep from changing, and values that open doors: left as they are.
AS_THEY_ARE = {("change", name) for name in ("before", "after", "reason", "salt", "content_hash")}
KEPT = {"token_hash", "id"}
REPEATING = {"change", "proposal", "outgoing_mail"}  # what stands there may stand elsewhere, and is judged as there
BY_THEMSELVES = {"token_hash", "content_hash", "id"}  # unique already; elsewhere an id is only mentioned


def fill(session: Session) -> None:
    """A row in every table, a token in every column that is worth one."""
    for table in Base.metadata.sorted_tables:
        if session.execute(select(table).limit(1)).first() is None:
            session.execute(insert(table).values({c.name: _any(session, c) for c in table.columns}))
    for column in filled_columns(Base.metadata):
        if (column.table.name, column.name) not in AS_THEY_ARE and column.name not in KEPT:
            _fill(session, column)
    session.flush()


def _fill(session: Session, column: Column[Any]) -> None:
    table = column.table
    assert isinstance(table, Table)
    keys = list(table.primary_key.columns)
    for row in session.execute(select(*keys, column.label("the_value"))).mappings():
        if not _has_token(row["the_value"]):
            here = [key == row[key.name] for key in keys]
            session.execute(update(table).where(*here).values({column.name: _made(column)}))


def _has_token(value: Any) -> bool:
    return value is not None and any(True for _ in _made_up_in(_as_text(value)))


def _made_up_in(text: str) -> Iterator[str]:
    """What was planted here: the last digits of an id may look like a number by chance, and are none."""
    return words_in(LONG.sub(" ", plain_of(text)))


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _made(column: Column[Any]) -> Any:
    if column.name == "reply_to":
        return f"{word()}@office.example"
    if isinstance(column.type, LargeBinary):
        return word().encode()
    if isinstance(column.type, JSON):
        return {"title": word()}
    if "url" in column.name:
        return f"https://{word()}.example/"
    return f"{word()}@people.example" if column.name in {"email", "recipient"} else word()


def _any(session: Session, column: Column[Any]) -> Any:
    """Something that fits a column of a table nobody has filled yet."""
    for foreign in column.foreign_keys:
        return session.scalar(select(foreign.column).limit(1))
    if column.nullable and not isinstance(column.type, JSON):
        return None
    makers: list[tuple[type, Callable[[], Any]]] = [
        (Uuid, new_id), (Boolean, lambda: False), (Date, lambda: date(2026, 11, 24)), (UtcDateTime, lambda: NOW),
        (DateTime, lambda: datetime(2026, 11, 24, tzinfo=UTC)), (Integer, lambda: 1), (JSON, lambda: [word()]),
        (LargeBinary, lambda: word().encode()),
    ]  # fmt: skip
    return next((make() for kind, make in makers if isinstance(column.type, kind)), word())


def write_book(session: Session) -> Book:
    """Every token in the database. The tables of the registry speak first; lines that repeat them come after."""
    book, rows = Book(), Rows(session)
    order = sorted(filled_columns(Base.metadata), key=lambda c: c.table.name in REPEATING)
    for column in order:
        assert isinstance(column.table, Table)
        for row in session.execute(select(column.table)).mappings():
            for token in _tokens(column, dict(row), rows):
                book.add(token)
            value = row[column.name]
            if isinstance(value, bytes) or (value and not _has_token(value) and column.name not in BY_THEMSELVES):
                book.add_secret(
                    value if isinstance(value, bytes) else _as_text(value).encode(),
                    f"{column.table.name}.{column.name}",
                )
    return book


def _tokens(column: Column[Any], row: dict[str, Any], rows: Rows) -> Iterator[Token]:
    table = column.table.name  # type: ignore[attr-defined]
    value = row[column.name]
    if value is None or isinstance(value, bytes):
        return
    known = declared()[table, column.name]
    open_to = subjects_of(table, column.name, row, rows)
    readers = tuple((action, subject) for action, subject in open_to.of(known.actions))
    for text, field_class in _classed(table, column.name, value, row, rows, known.classes):
        yield Token(text, f"{table}.{column.name}", field_class, readers, open_to.selves)


def _classed(
    table: str, column: str, value: Any, row: dict[str, Any], rows: Rows, classes: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    if table in {"change", "proposal"} and not isinstance(value, str):
        restricted = set(_restricted_in(value)) if table == "change" or column == "before" else set()
        for text in _made_up_in(_as_text(value)):
            yield text, "restricted" if text in restricted else classes[0]
        return
    for text in (texts_in if column in BY_THEMSELVES else _made_up_in)(_as_text(value)):
        yield text, _class_of(table, column, row, rows, classes)


def _restricted_in(value: Any) -> Iterator[str]:
    """Numbers of restricted kinds, wherever they stand in what a line tells."""
    if isinstance(value, dict):
        if value.get("kind") in rules.RESTRICTED:
            yield from words_in(str(value.get("value", "")))
        for part in value.values():
            yield from _restricted_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _restricted_in(part)


def _class_of(table: str, column: str, row: dict[str, Any], rows: Rows, classes: tuple[str, ...]) -> str:
    if len(classes) == 1:
        return classes[0]
    if table == "official":
        return "registered" if rows.is_named(row["id"]) else "private"
    assert table == "contact_point", f"Say in ledger.py which class {table}.{column} has in which row"
    found = rules.field_class(row["kind"], is_published=row["is_published"])
    if row["appointment_id"] and not rows.is_named(rows.official_of(row["appointment_id"])):
        return "private" if found != "restricted" or column != "value" else "restricted"
    if found == "restricted" and column != "value":
        return "registered"  # what the button says
    return found
