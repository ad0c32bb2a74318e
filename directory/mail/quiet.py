"""When a letter that can wait may arrive: on working days, in the daytime, where its reader is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5


def never_closed(day: date) -> bool:  # noqa: ARG001 - the calendar of a place without holidays
    """No day is a holiday."""
    return False


def next_allowed(
    now: datetime,
    zone: ZoneInfo,
    *,
    from_hour: int = 8,
    until_hour: int = 18,
    is_holiday: Callable[[date], bool] = never_closed,
) -> datetime:
    """The first instant from now on that lies between the two hours of a working day there, in UTC.

    From 0 to 24 means that no hour and no day is quiet.
    """
    if (from_hour, until_hour) == (0, 24):
        return now.astimezone(UTC)
    local = now.astimezone(zone)
    day = local.date()
    if _is_open(day, is_holiday) and from_hour <= local.hour < until_hour:
        return now.astimezone(UTC)
    if local.hour >= from_hour:
        day += timedelta(days=1)
    while not _is_open(day, is_holiday):
        day += timedelta(days=1)
    return datetime.combine(day, time(from_hour), tzinfo=zone).astimezone(UTC)


def _is_open(day: date, is_holiday: Callable[[date], bool]) -> bool:
    return day.weekday() < SATURDAY and not is_holiday(day)
