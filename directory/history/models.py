"""Lines of history and their seal, who looked at what, alarms, and the queue the search index follows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from directory.db import Base, UuidKey, UuidRef

Sequence = BigInteger().with_variant(Integer, "sqlite")


class Change(Base):
    """Who changed what, when, why and on which path. Rows are added, never edited; triggers see to it.

    `content_hash` covers `before`, `after` and `reason` with a random `salt`. Erasing a person empties these four of
    the content and the salt, so that nothing can be guessed from the hash, and sets `erased_at`: the chain still holds.
    """

    __tablename__ = "change"

    sequence: Mapped[int] = mapped_column(Sequence, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(40))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UuidRef]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text, default="")
    path: Mapped[str] = mapped_column(String(12), default="process")
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    content_hash: Mapped[str] = mapped_column(String(64))
    erased_at: Mapped[datetime | None]


class ChangeSeal(Base):
    """One link of the chain over `change`. Its order is its own: a number taken early may be committed late."""

    __tablename__ = "change_seal"

    position: Mapped[int] = mapped_column(Sequence, primary_key=True, autoincrement=False)
    change_sequence: Mapped[int] = mapped_column(Sequence, unique=True)
    sealed_at: Mapped[datetime]
    digest: Mapped[str] = mapped_column(String(64))


class AccessRecord(Base):
    """Who was given which entries: `kind` is view, reveal, export or sync. Never a value, never words of a question.

    A visitor is known by a keyed mark of the network only. `filters` holds ids of the taxonomy, no typed text.
    """

    __tablename__ = "access_record"

    id: Mapped[UuidKey]
    at: Mapped[datetime]
    account_id: Mapped[UuidRef | None]
    api_key_id: Mapped[UuidRef | None]
    network: Mapped[str] = mapped_column(String(32), default="")
    kind: Mapped[str] = mapped_column(String(10))
    path: Mapped[str] = mapped_column(String(12))
    filters: Mapped[str] = mapped_column(Text, default="")
    entry_count: Mapped[int]
    items: Mapped[list[AccessItem]] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    __table_args__ = (Index("ix_access_record_at", "at"),)


class AccessItem(Base):
    """One entry of an access; for a reveal also which line."""

    __tablename__ = "access_item"

    record_id: Mapped[UuidRef] = mapped_column(ForeignKey("access_record.id", ondelete="CASCADE"), primary_key=True)
    entry_id: Mapped[UuidRef] = mapped_column(primary_key=True)
    contact_point_id: Mapped[UuidRef | None]


class UsedToday(Base):
    """What somebody was already given on a day, so that looking twice counts once. `who`: an account or a network."""

    __tablename__ = "used_today"

    who: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    on: Mapped[date] = mapped_column("on_day", primary_key=True)
    thing: Mapped[str] = mapped_column(String(40), primary_key=True)


class Alarm(Base):
    """Something the coordinator or the secretariat should look at. The same by the same within the hour is one."""

    __tablename__ = "alarm"

    id: Mapped[UuidKey]
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(index=True)
    last_at: Mapped[datetime]
    count: Mapped[int] = mapped_column(default=1)
    who: Mapped[str] = mapped_column(String(40), index=True)
    account_id: Mapped[UuidRef | None]
    country_code: Mapped[str | None] = mapped_column(String(2), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None] = mapped_column(Text)


class OpenErasure(Base):
    """An erasure whose files (index, mail folder) are still to be gone through; the words go with the row."""

    __tablename__ = "open_erasure"

    id: Mapped[UuidKey]
    at: Mapped[datetime]
    words: Mapped[list[str]] = mapped_column(JSON)


class IndexChange(Base):
    """An entry the search index has yet to look at again; written with the edit, deleted once indexed.

    A row is a queue item, not a position: a number taken early and committed late is not missed.
    """

    __tablename__ = "index_change"

    sequence: Mapped[int] = mapped_column(Sequence, primary_key=True, autoincrement=True)
    entry_id: Mapped[UuidRef]
