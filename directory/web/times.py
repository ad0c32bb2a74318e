"""Opening hours in words: `Open now · day and night`, `Closed now, opens Wed 08:00 · Mon–Fri 08:00–16:00, Tirana time`."""

from __future__ import annotations

import re
from datetime import datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_timezone_location
from flask_babel import gettext as _

from directory.registry import hours

_DAY = re.compile("|".join(hours.DAYS))


def hours_words(text: str, zone: str, locale: str) -> str:
    """The hours as people say them, with the zone they are meant in; empty where none are known."""
    if not text:
        return ""
    if hours.is_always_open(text):
        return _("day and night")
    return _("%(hours)s, %(city)s time", hours=_spelled(text, locale), city=_city(zone, locale))


def opening_words(text: str, zone: str, now: datetime, locale: str) -> str:
    """`Open now`, or when it opens next; empty where no hours are known."""
    is_open = hours.is_open(text, zone, now)
    if is_open is None:
        return ""
    if is_open:
        return _("Open now")
    day, start = _next_opening(text, zone, now)
    clock = f"{start:%H:%M}"
    if day is None:
        return _("Closed now, opens at %(time)s", time=clock)
    return _("Closed now, opens %(day)s %(time)s", day=_day_names(locale)[day], time=clock)


def _next_opening(text: str, zone: str, now: datetime) -> tuple[int | None, time]:
    """The weekday (None for today) and time of the next opening of hours that are closed now."""
    local = now.astimezone(ZoneInfo(zone or "UTC"))
    today, clock = local.weekday(), local.time()

    def wait(opening: hours.Opening) -> tuple[int, time]:
        days = (opening.day - today) % 7
        return (7, opening.start) if days == 0 and opening.start <= clock else (days, opening.start)

    days, start = min(map(wait, hours.read_hours(text)))
    return (None if days == 0 else (today + days) % 7), start


@lru_cache(maxsize=2048)
def _spelled(text: str, locale: str) -> str:
    names = _day_names(locale)
    text = text.replace("Mo-Su", _("every day"))
    spelled = _DAY.sub(lambda found: names[hours.DAYS.index(found[0])], text)
    return spelled.replace("-", "–").replace(",", ", ")


@lru_cache(maxsize=16)
def _day_names(locale: str) -> dict[int, str]:
    return dict(get_day_names("abbreviated", locale=locale))


@lru_cache(maxsize=512)
def _city(zone: str, locale: str) -> str:
    if not zone or zone == "UTC":
        return "UTC"
    return str(get_timezone_location(ZoneInfo(zone), locale=locale, return_city=True))
