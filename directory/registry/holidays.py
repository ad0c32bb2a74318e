"""Public holidays by country, from the `holidays` library; a country it does not know has none."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=512)
def _days(country: str, year: int) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()


def is_holiday(country: str, day: date) -> bool:
    """Offices of that country are closed that day."""
    return day in _days(country, day.year)
