"""Country codes and their names: ISO 3166-1 alpha-2 plus XK, names from CLDR."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale, UnknownLocaleError

# CLDR's two-letter keys that are no country: unions, exceptional reservations, test regions.
NOT_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
KOSOVO = "XK"


@lru_cache
def codes() -> tuple[str, ...]:
    """Every country code the directory knows."""
    return tuple(
        sorted(
            code
            for code in map(str, Locale("en").territories)
            if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES  # three digits are regions
        )
    )


@lru_cache(maxsize=4096)
def country_name(code: str, locale: str = "en", kosovo: str = "Kosovo*") -> str:
    """The name in that language; `kosovo` stands for XK in every language, as the secretariat set it."""
    if code == KOSOVO:
        return kosovo
    try:
        territories = Locale.parse(locale, sep="-" if "-" in locale else "_").territories
    except (UnknownLocaleError, ValueError):
        territories = Locale("en").territories
    return str(territories.get(code) or Locale("en").territories.get(code) or code)
