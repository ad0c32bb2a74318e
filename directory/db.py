"""The database: one Base, engine settings for SQLite and PostgreSQL, one transaction per operation."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, Dialect, Engine, MetaData, String, TypeDecorator, Uuid, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, registry

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, aware and in UTC on both databases; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To the database: refuse a naive instant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """From the database: SQLite forgets the zone, so it is put back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The one declarative base of the core and the importers."""

    registry = registry(metadata=MetaData(naming_convention=NAMING), type_annotation_map={datetime: UtcDateTime()})


def new_id() -> str:
    """A random id, stable for ever once given."""
    return str(uuid.uuid4())


UuidKey = Annotated[str, mapped_column(Uuid(as_uuid=False), primary_key=True, default=new_id)]
UuidRef = Annotated[str, mapped_column(Uuid(as_uuid=False), index=True)]
CountryCode = Annotated[str, mapped_column(String(2))]


def make_engine(url: str, **options: Any) -> Engine:
    """An engine with the project's settings for its kind of database."""
    engine = create_engine(url, **{"hide_parameters": True, **options})
    configure_engine(engine)
    return engine


def configure_engine(engine: Engine) -> None:
    """Give SQLite what it lacks by default: write-ahead log, full sync, foreign keys and an honest BEGIN."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes too late (at the first write); SQLAlchemy sends it instead, below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
            cursor.execute(f"PRAGMA {pragma}")  # nosemgrep: sql-from-strings
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A write that starts as a read fails at once when another writer was first: so writers say so.
        is_write = connection.get_execution_options().get("is_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def insert_into(session: Session, table: Any) -> postgresql.Insert | sqlite.Insert:
    """An INSERT in the dialect of this database: both know `on_conflict_do_…`, the common one does not."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


@contextmanager
def transaction(session: Session) -> Iterator[Session]:
    """One operation, all or nothing: commits at the end, rolls back on any error."""
    session.rollback()  # a read before us may hold an older picture of the data
    session.connection(execution_options={"is_write": True})
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
