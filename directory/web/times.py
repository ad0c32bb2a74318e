"""Opening hours in words: `Open now · day and night`, `Closed now, opens Wed 08:00 · Mon–Fri 08:00–16:00`."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_timezone_location

from directory.registry import hours
from directory.registry.holidays import is_holiday
from directory.web.translating import gettext as _

_DAY = re.compile("|".join(hours.DAYS))
LOOK_AHEAD_DAYS = 15


def hours_words(text: str, zone: str, locale: str) -> str:
    """The hours as people say them, with the zone they are meant in; empty where none are known."""
    if not text:
        return ""
    if hours.is_always_open(text):
        return _("day and night")
    spelled = _spelled(text, locale)
    if not zone or zone == "UTC":
        return f"{spelled}, UTC"
    return _("%(hours)s, %(city)s time", hours=spelled, city=_city(zone, locale))


def opening_words(is_open: bool | None, text: str, zone: str, now: datetime, country: str, locale: str) -> str:
    """`Open now`, or when it opens next; empty where no hours are known."""
    if is_open is None:
        return ""
    if is_open:
        return _("Open now")
    local = now.astimezone(ZoneInfo(zone or "UTC"))
    found = _next_opening(text, local, country)
    if found is None:
        return _("Closed now")
    day, start = found
    when = f"{start:%H:%M}" if day == local.date() else f"{_day_names(locale)[day.weekday()]} {start:%H:%M}"
    if is_holiday(country, local.date()):
        return _("Closed now, public holiday, opens %(when)s", when=when)
    return _("Closed now, opens %(when)s", when=when)


def _next_opening(text: str, local: datetime, country: str) -> tuple[date, time] | None:
    """The day and time of the next opening, past holidays, of hours that are closed now."""
    openings = hours.read_hours(text)
    for ahead in range(LOOK_AHEAD_DAYS):
        day = local.date() + timedelta(days=ahead)
        starts = [o.start for o in openings if o.day == day.weekday() and (ahead or o.start > local.time())]
        if starts and not is_holiday(country, day):
            return day, min(starts)
    return None


def _spelled(text: str, locale: str) -> str:
    names = _day_names(locale)
    spelled = _DAY.sub(lambda found: names[hours.DAYS.index(found[0])], text.replace("Mo-Su", _("every day")))
    return spelled.replace("-", "–").replace(",", ", ")


@lru_cache(maxsize=16)
def _day_names(locale: str) -> dict[int, str]:
    return dict(get_day_names("abbreviated", locale=locale))


@lru_cache(maxsize=512)
def _city(zone: str, locale: str) -> str:
    return str(get_timezone_location(ZoneInfo(zone), locale=locale, return_city=True))
