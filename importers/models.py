"""What was imported when, from which file, and what each row became: so that an import can be repeated and undone.

An import from the pages is an `ImportRun` from the upload on; its file lies in the data directory until it ends.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, Uuid
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


class ImportRun(Base):
    """One file somebody uploaded, and how far it has come.

    `state`: uploaded (its columns have no meaning yet), mapped (waits to be read), reading, previewed, waiting_second,
    committing, done, undoing, undone, failed, discarded. `choices` is what was said of the file, `decisions` what was
    said of doubtful rows, `counts` what the last reading found.
    """

    __tablename__ = "import_run"

    id: Mapped[UuidKey]
    state: Mapped[str] = mapped_column(String(16), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Text)
    country_code: Mapped[str | None] = mapped_column(String(2), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    file_name: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    choices: Mapped[dict[str, Any]] = mapped_column(JSON)
    decisions: Mapped[dict[str, str]] = mapped_column(JSON)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    problem: Mapped[str] = mapped_column(Text)
    tries: Mapped[int]
    batch_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    second_by: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime]


class ImportColumns(Base):
    """What somebody said the columns of a list are, by its header: said once, offered again."""

    __tablename__ = "import_columns"

    signature: Mapped[str] = mapped_column(String(64), primary_key=True)
    meanings: Mapped[dict[str, Any]] = mapped_column(JSON)
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
