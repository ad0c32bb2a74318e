"""Country names in many languages to codes, with a list's own odd names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import countrynames
from babel import Locale

from directory.registry.countries import codes

# The European institutions' own two letters.
_EUROPEAN = {"EL": "GR", "UK": "GB"}
_INITIALS = re.compile(r"(?:[^\W\d_]\.\s?){2,5}")  # U.S.A.
# Whose names for countries are looked up besides the library's: the directory's languages and their neighbours'.
_LANGUAGES = (
    *("en", "ro", "bg", "bs", "hr", "sr", "sr_Latn", "sq", "mk", "hu", "it", "pt", "cs", "de", "fr"),
    *("el", "es", "nl", "pl", "ru", "sk", "sl", "tr", "uk"),
)


class Countries:
    """Finds the code for what a list calls a country; names it only where the state is beyond doubt."""

    def __init__(self, aliases: Mapping[str, str] | None = None, not_countries: frozenset[str] = frozenset()) -> None:
        self._known: dict[str, str | None] = {_fold(name): None for name in not_countries}
        self._known |= {_fold(name): code for name, code in (aliases or {}).items()}
        self._own = frozenset(self._known)

    def code(self, name: str) -> str | None:
        """The code for a name or code, or None. Never a state for one of its regions' own codes."""
        folded = _fold(name)
        if folded not in self._known:
            self._known[folded] = _look_up(name.strip())
        return self._known[folded]

    def is_known(self, name: str) -> bool:
        """The mapping speaks of this name: as an alias, or as one that is no country."""
        return _fold(name) in self._own


def _look_up(name: str) -> str | None:
    short = _EUROPEAN.get(name.upper(), name.upper())
    if short in codes():
        return short
    found = countrynames.to_code(name)
    if found is None and _INITIALS.fullmatch(name):
        return _look_up(re.sub(r"[.\s]", "", name))
    if found is None:
        return _names().get(_fold(name))
    return found if found in codes() else None  # the library also knows regions (GB-SCT) and unions


@lru_cache
def _names() -> Mapping[str, str]:
    """CLDR's names; one that means two countries in two languages means none here."""
    meanings: dict[str, set[str]] = {}
    for language in _LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if code in codes():
                meanings.setdefault(_fold(str(name)), set()).add(str(code))
    return {name: found.pop() for name, found in meanings.items() if len(found) == 1}


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
