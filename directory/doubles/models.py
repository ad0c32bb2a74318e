"""Pairs that are kept apart, and merges: asked for, standing, taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from directory.db import Base, UuidKey, UuidRef


class KeptApart(Base):
    """Two that somebody said are not the same: never suggested again, never merged, until it is lifted.

    `first_id` is the smaller of the two ids: a pair stands here once. `kind`: `post`, `institution` or `official`.
    """

    __tablename__ = "kept_apart"

    id: Mapped[UuidKey]
    kind: Mapped[str] = mapped_column(String(12))
    first_id: Mapped[UuidRef]
    second_id: Mapped[UuidRef]
    country_code: Mapped[str] = mapped_column(String(2), index=True)
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    lifted_by: Mapped[str | None] = mapped_column(Text)
    lifted_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("first_id", "second_id", name="uq_kept_apart_first_id_second_id"),)


class Merge(Base):
    """Two that are the same become one.

    `state`: `waiting` for a second person, `standing`, `refused`, `withdrawn`, or `undone`. `choices` says which of two
    values stays, field by field. `journal` holds every row the merge changed, before and after, so that it can be
    taken back; it is emptied when that time is over.
    """

    __tablename__ = "merge"

    id: Mapped[UuidKey]
    kind: Mapped[str] = mapped_column(String(12))
    keep_id: Mapped[UuidRef]
    gone_id: Mapped[UuidRef]
    country_code: Mapped[str] = mapped_column(String(2), index=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    choices: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    journal: Mapped[list[Any] | None] = mapped_column(JSON)
    undone_by: Mapped[str | None] = mapped_column(Text)
    undone_at: Mapped[datetime | None]
