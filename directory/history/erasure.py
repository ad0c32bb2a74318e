"""Empty the lines of history that tell about a person; that something was stays, and the chain still holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import null, select, update
from sqlalchemy.orm import Session

from directory.history.models import Change

BATCH = 500


def lines_that_tell(session: Session, tells: Callable[[Any], bool]) -> list[int]:
    """The numbers of the lines whose content is about the person."""
    statement = select(Change.sequence, Change.before, Change.after, Change.reason).where(Change.erased_at.is_(None))
    rows = session.execute(statement.execution_options(yield_per=BATCH))
    return [row.sequence for row in rows if tells([row.before, row.after, row.reason])]


def empty_lines(session: Session, sequences: Sequence[int], *, now: datetime) -> None:
    """Content and salt go; the hash that is left tells nothing without the salt."""
    for start in range(0, len(sequences), BATCH):
        session.execute(
            update(Change)
            .where(Change.sequence.in_(sequences[start : start + BATCH]))
            .values(before=null(), after=null(), reason="", salt=null(), erased_at=now)
            .execution_options(synchronize_session=False)
        )
    session.expire_all()
