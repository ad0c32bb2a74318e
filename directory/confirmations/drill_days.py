"""On which day, and at what time of it, a duty line is tested: pure functions over dates and hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from directory.confirmations import rules
from directory.registry import hours

TIMES = ("office", "evening", "night")
AGAIN_DAYS = 3
IsHoliday = Callable[[date], bool]


def planned_on(key: str, opening: str, today: date, is_holiday: IsHoliday) -> date:
    """A day of what is left of the half-year, always the same for that line; a working day where it keeps office
    hours, any day of the week where it answers day and night."""
    first, last = first_of(rules.half_year_of(today)), last_of(rules.half_year_of(today))
    share = f"{first.isoformat()} {key}"
    planned = first + timedelta(days=rules.share(share, (last - first).days + 1))
    if planned < today:  # a line that came in late
        planned = today + timedelta(days=rules.share(share, (last - today).days + 1))
    if hours.is_always_open(opening):
        return planned
    return _working_day(planned, today, last, is_holiday)


def _working_day(planned: date, today: date, last: date, is_holiday: IsHoliday) -> date:
    """That day or the next working one; at the end of the half-year the one before."""
    later = rules.working_days_after(planned - timedelta(days=1), 1, is_holiday)
    if later <= last:
        return later
    day = planned
    while day > today and (day.weekday() > 4 or is_holiday(day)):
        day -= timedelta(days=1)
    return day


def again_on(opening: str, today: date, is_holiday: IsHoliday) -> date:
    """The day somebody tries once more, where nobody answered."""
    again = today + timedelta(days=AGAIN_DAYS)
    if hours.is_always_open(opening):
        return again
    return rules.working_days_after(again - timedelta(days=1), 1, is_holiday)


def time_of_day(key: str, opening: str, half: str) -> str:
    """`office`, `evening` or `night`: in turn from one half-year to the next for lines that answer day and night."""
    if not hours.is_always_open(opening):
        return "office"
    year, _, number = half.partition("-H")
    turn = 2 * int(year) + int(number) + rules.share(key, len(TIMES))
    return TIMES[turn % len(TIMES)]


def first_of(half: str) -> date:
    """The first day of a half-year such as `2026-H2`."""
    year, _, number = half.partition("-H")
    return date(int(year), 1 if number == "1" else 7, 1)


def last_of(half: str) -> date:
    """Its last day."""
    first = first_of(half)
    return date(first.year, 6, 30) if first.month == 1 else date(first.year, 12, 31)
