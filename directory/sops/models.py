"""Which version of the taxonomy is in force; every version once in force is kept whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from directory.db import Base, UuidKey


class TaxonomyVersion(Base):
    """A document as it was loaded. The newest `in_force_at` is the one in use."""

    __tablename__ = "taxonomy_version"

    id: Mapped[UuidKey]
    version: Mapped[int]
    status: Mapped[str] = mapped_column(Text, default="")
    in_force_at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
