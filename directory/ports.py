"""The three ports, search index, mailer and clock: a word in the settings chooses the adapter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Engine

from directory.config import Settings
from directory.search.port import SearchIndex


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still; for tests and for `--now`."""

    instant: datetime

    def now(self) -> datetime:
        """The instant it was given."""
        return self.instant


@dataclass(frozen=True, slots=True)
class Ports:
    """The adapters in use."""

    index: SearchIndex
    clock: Clock


def build_ports(settings: Settings, engine: Engine, clock: Clock | None = None) -> Ports:
    """The adapters the settings ask for."""
    return Ports(index=_index(settings, engine), clock=clock or SystemClock())


def _index(settings: Settings, engine: Engine) -> SearchIndex:
    if settings.search == "postgres":
        from directory.search.postgres_index import PostgresIndex  # noqa: PLC0415 - only where it is used

        return PostgresIndex(engine)
    if settings.search == "memory":
        from directory.search.memory_index import MemoryIndex  # noqa: PLC0415 - only where it is used

        return MemoryIndex()
    from directory.search.whoosh_index import WhooshIndex  # noqa: PLC0415 - only where it is used

    return WhooshIndex(settings.data_dir / "index")
