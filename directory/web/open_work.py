"""What waits on the other pages of coordination, counted for the page they are reached from."""

from __future__ import annotations

from dataclasses import dataclass

from directory.confirmations import calls, correspondence, held_reports
from directory.web import current


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Counts beside the links."""

    calls: int
    overdue: int
    letters: int
    replies: int
    held: int


def open_work() -> OpenWork | None:
    """The counts; None for somebody who makes no calls."""
    session, place = current.session(), calls.ground_of(current.person())
    if place.is_empty:
        return None
    total, overdue = calls.counts(session, place, today=current.site().today())
    letters, replies = correspondence.letters(session, place), correspondence.replies(session, place)
    return OpenWork(total, overdue, len(letters), len(replies), held_reports.count(session, place))
