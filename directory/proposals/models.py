"""A suggested change and what was decided about it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from directory.db import Base, UuidKey, UuidRef


class Proposal(Base):
    """A change of one post or institution that waits for a second person, or for its day.

    `before` and `after` hold only the fields that would change, as plain values. `by` is the account's id or the
    name of a process; `path` the way it came: form, api, import, merge, console, letter.
    `state`: `waiting`, `scheduled` (agreed, stands from `applies_on`), `accepted`, `refused`, `withdrawn`, `outdated`
    or `returned`. `kind`: `change`, or `close` for an entry that is to go.
    """

    __tablename__ = "proposal"

    id: Mapped[UuidKey]
    subject_type: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[UuidRef]
    country_code: Mapped[str] = mapped_column(String(2), index=True)
    kind: Mapped[str] = mapped_column(String(20), default="change")
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_guarded: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(12), default="waiting", index=True)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(Text, default="")
    applies_on: Mapped[date | None] = mapped_column(index=True)
