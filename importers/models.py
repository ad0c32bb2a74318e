"""What was imported when, from which file, and what each row became: so that an import can be repeated and undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from directory.db import Base, UuidKey, UuidRef


class ImportBatch(Base):
    """One committed import of one file."""

    __tablename__ = "import_batch"

    id: Mapped[UuidKey]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str] = mapped_column(Text)
    file_hash: Mapped[str] = mapped_column(String(64))
    source_id: Mapped[UuidRef] = mapped_column(ForeignKey("source.id"))
    undone_at: Mapped[datetime | None]
    lines: Mapped[list[ImportLine]] = relationship(cascade="all, delete-orphan", passive_deletes=True)


class ImportLine(Base):
    """One row that was `new` or `changed` in a batch.

    `before` holds what taking a change back needs: the row's content at the import before, and the institution, the
    post and the source as they stood, with what they became under `after`.
    """

    __tablename__ = "import_line"

    id: Mapped[UuidKey]
    batch_id: Mapped[UuidRef] = mapped_column(ForeignKey("import_batch.id", ondelete="CASCADE"))
    record_id: Mapped[UuidRef]
    row: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(12))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class ImportedRecord(Base):
    """A row of a foreign list as last imported, tied to what it became here. `key` is the list's own id for it."""

    __tablename__ = "imported_record"

    id: Mapped[UuidKey]
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    institution_id: Mapped[UuidRef | None]
    post_id: Mapped[UuidRef | None]

    __table_args__ = (UniqueConstraint("kind", "key", name="uq_imported_record_kind_key"),)
