"""Opening hours as people write them, `Mo-Fr 08:00-16:00; Sa 09:00-12:00` or `24/7`: pure functions.

The form is a small part of OpenStreetMap's opening_hours: days, ranges of times, `;` between rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from directory.registry.faults import N_, Fault

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
ALWAYS = "24/7"
_RULE = re.compile(r"(?:([A-Z][a-z](?:[-,][A-Z][a-z])*) )?(\d{2}:\d{2}-\d{2}:\d{2}(?:,\d{2}:\d{2}-\d{2}:\d{2})*)")


class BadHours(Fault):
    """Opening hours that cannot be read."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One stretch in the week: day 0 is Monday; an end at or before the start runs into the next day."""

    day: int
    start: time
    end: time


@lru_cache(maxsize=4096)
def read_hours(text: str) -> tuple[Opening, ...]:
    """The stretches of a week. Empty for no hours; raises BadHours with what is expected."""
    text = " ".join(text.split())
    if not text:
        return ()
    if text == ALWAYS:
        return tuple(Opening(day, time(0), time(0)) for day in range(7))
    openings: list[Opening] = []
    for rule in text.split(";"):
        match = _RULE.fullmatch(rule.strip())
        if match is None:
            raise BadHours(N_("“%(text)s” is not like “Mo-Fr 08:00-16:00” or “24/7”"), text=rule.strip())
        openings.extend(Opening(day, *_times(stretch)) for day in _days(match[1]) for stretch in match[2].split(","))
    return tuple(openings)


def _days(text: str | None) -> list[int]:
    if text is None:
        return list(range(7))
    days: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise BadHours(N_("“%(text)s” is not a day or a range of days (Mo Tu We Th Fr Sa Su)"), text=part)
        start, end = DAYS.index(first), DAYS.index(last or first)
        days.extend((start + step) % 7 for step in range((end - start) % 7 + 1))
    return days


def _times(text: str) -> tuple[time, time]:
    start, end = text.split("-")
    try:
        return time.fromisoformat(start), time.fromisoformat("00:00" if end == "24:00" else end)
    except ValueError as error:
        raise BadHours(N_("“%(text)s” is not a range of times such as 08:00-16:00"), text=text) from error


def is_open(
    text: str, zone: str, at: datetime, *, is_holiday: Callable[[date], bool] = lambda _day: False
) -> bool | None:
    """Whether somebody answers at that instant; None where no hours are known.

    On a public holiday only what is open day and night answers.
    """
    try:
        openings = read_hours(text)
    except BadHours:
        return None
    if not openings:
        return None
    if is_always_open(text):
        return True
    local = at.astimezone(ZoneInfo(zone or "UTC"))
    return not is_holiday(local.date()) and any(_covers(opening, local) for opening in openings)


def _covers(opening: Opening, local: datetime) -> bool:
    now, today = local.time(), local.weekday()
    if opening.start < opening.end:
        return today == opening.day and opening.start <= now < opening.end
    if today == opening.day and now >= opening.start:
        return True
    yesterday = (local - timedelta(days=1)).weekday()
    return yesterday == opening.day and now < opening.end


def is_always_open(text: str) -> bool:
    """Day and night, all week."""
    return text.strip() == ALWAYS
