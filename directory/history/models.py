"""One line of history, and the queue the search index follows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from directory.db import Base, UuidRef

Sequence = BigInteger().with_variant(Integer, "sqlite")


class Change(Base):
    """Who changed what, when and why. Rows are added, never edited."""

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


class IndexChange(Base):
    """An entry the search index has yet to look at again; written with the edit, deleted once indexed.

    A row is a queue item, not a position: a number taken early and committed late is not missed.
    """

    __tablename__ = "index_change"

    sequence: Mapped[int] = mapped_column(Sequence, primary_key=True, autoincrement=True)
    entry_id: Mapped[UuidRef]
