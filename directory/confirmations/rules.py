"""When who is asked: pure functions over dates. Days are counted from the last confirmation (lifecycle, timeline)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

STEPS = ("ask", "remind", "deputy", "institution", "coordinator", "hide", "decide")
ANSWERS = ("still_right", "needs_change", "left", "not_mine")
END_NOTICE_DAYS = (30, 14, 2)
BAD_OUTCOMES = frozenset({"wrong_person", "gone"})


@dataclass(frozen=True, slots=True)
class Timeline:
    """Days since the last confirmation at which each step is taken; the order is fixed, the days are settings."""

    ask: int = 76
    remind: int = 83
    deputy: int = 90
    institution: int = 97
    coordinator: int = 104
    hide: int = 120
    decide: int = 180
    erase: int = 210
    spread: int = 76  # owners of entries never confirmed are asked within so many days, not all on one

    def after_asking(self, step: str) -> int:
        """Days between the first letter and that step."""
        return int(getattr(self, step)) - self.ask


def next_step(step: str) -> str | None:
    """The step after this one; None after the last."""
    place = STEPS.index(step) + 1
    return STEPS[place] if place < len(STEPS) else None


def step_on(opened_on: date, step: str, line: Timeline) -> date:
    """The day a step is due in a request opened that day. One opened late never bunches its letters up."""
    return opened_on + timedelta(days=line.after_asking(step))


def due_on(confirmed_on: date | None, added_on: date, owner: str, line: Timeline) -> date:
    """The day an owner is first asked about an entry.

    Never confirmed: some day of the first quarter, by the owner, so that letters and calls do not pile up.
    """
    if confirmed_on is not None:
        return confirmed_on + timedelta(days=line.ask)
    return added_on + timedelta(days=share(owner, line.spread))


def share(key: str, days: int) -> int:
    """A day from 0 to `days` - 1 that is always the same for that key, and spread evenly over many keys."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % max(days, 1)


def quarter_of(day: date) -> str:
    """Such as `2026-Q4`."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def half_year_of(day: date) -> str:
    """Such as `2026-H2`."""
    return f"{day.year}-H{1 if day.month <= 6 else 2}"


def working_days_after(day: date, count: int, is_holiday: Callable[[date], bool]) -> date:
    """The day that many working days later; Saturdays, Sundays and holidays do not count."""
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < 5 and not is_holiday(day):
            count -= 1
    return day


def opens_check(outcomes: Sequence[tuple[str, str | None]]) -> bool:
    """Whether reports of use (outcome, account) call for a check today: bad ones of two signed-in readers do."""
    return len({account for outcome, account in outcomes if account and outcome in BAD_OUTCOMES}) >= 2


def notice_due(until_on: date, today: date, sent: Sequence[int]) -> int | None:
    """Which notice of a known end is due: 30, 14 or 2 days before; late ones are not made up for by three at once."""
    left = (until_on - today).days
    if left < 0:
        return None
    reached = [days for days in END_NOTICE_DAYS if left <= days]
    return reached[-1] if reached and reached[-1] not in sent else None
