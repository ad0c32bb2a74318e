"""Write history: one line per change, and the queue for the index, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from directory.history.models import Change, IndexChange


def record(
    session: Session,
    action: str,
    *,
    subject_type: str,
    subject_id: str,
    by: str,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Add one line of history. `before` and `after` hold only the fields that changed."""
    session.add(
        Change(
            at=now,
            by=by,
            action=action,
            subject_type=subject_type,
            subject_id=subject_id,
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
            reason=reason,
        )
    )


def record_many(
    session: Session,
    action: str,
    *,
    subject_type: str,
    subjects: Iterable[tuple[str, Mapping[str, Any] | None]],
    by: str,
    now: datetime,
    reason: str = "",
) -> None:
    """Add the same line for many subjects, each with its id and what it says now, in one statement."""
    shared = {"at": now, "by": by, "action": action, "subject_type": subject_type, "before": None, "reason": reason}
    rows = [{**shared, "subject_id": subject_id, "after": after} for subject_id, after in subjects]
    if rows:
        session.execute(insert(Change), rows)


def queue_for_index(session: Session, entry_ids: Iterable[str]) -> None:
    """The index looks at these entries again after the commit."""
    rows = [{"entry_id": entry_id} for entry_id in entry_ids]
    if rows:
        session.execute(insert(IndexChange), rows)
