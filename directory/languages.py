"""The languages of letters and of the pages they lead to: a code, its own name, and the catalogue that serves it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from babel.dates import format_date

# Each by its own name. Bosnian, Croatian, Montenegrin and Serbian in Latin letters share one catalogue.
LANGUAGES = {
    "en": "English",
    "bg": "Български",
    "bs": "Bosanski / Crnogorski / Hrvatski / Srpski",
    "cs": "Čeština",
    "de": "Deutsch",
    "fr": "Français",
    "hu": "Magyar",
    "it": "Italiano",
    "mk": "Македонски",
    "pt": "Português",
    "ro": "Română",
    "sq": "Shqip",
    "sr": "Српски",
}
_SERVED_BY = {"hr": "bs", "cnr": "bs", "me": "bs", "sh": "bs", "sr-latn": "bs", "sr-me": "bs", "mo": "ro"}

# Serbian has one alphabet in two scripts; in Latin three letters take two signs each.
_PAIRS = {"lj": "љ", "nj": "њ", "dž": "џ"}
_CYRILLIC = dict(zip("abcčćdđefghijklmnoprsštuvzž", "абцчћдђефгхијклмнопрсштувзж", strict=True)) | _PAIRS
_LATIN_LETTER = re.compile("lj|nj|dž|[a-zčćđšž]", re.IGNORECASE)


def served(code: str) -> str:
    """The language we write in for somebody who speaks `code`: `hr` and `sr-Latn` are served by `bs`; else English."""
    plain = code.replace("_", "-").lower()
    parts = plain.split("-")[:3]  # language, script, country
    for name in ("-".join(parts[:length]) for length in range(len(parts), 0, -1)):
        if name in _SERVED_BY or name in LANGUAGES:
            return _SERVED_BY.get(name, name)
    return "en"


def wished(codes: Iterable[str]) -> str:
    """Of the languages somebody reads, best first, the first that we write in; else English."""
    return next((served(code) for code in codes if served(code) != "en" or code.lower()[:2] == "en"), "en")


def cyrillic(text: str) -> str:
    """Serbian in Cyrillic, from the same in Latin letters."""
    return _LATIN_LETTER.sub(lambda found: _in_cyrillic(found[0]), text)


def _in_cyrillic(letter: str) -> str:
    plain = _CYRILLIC.get(letter.lower(), letter)
    return plain if letter.islower() else plain.upper()


def locale_of(language: str) -> str:
    """Where the names of countries, languages and months come from: our Portuguese is that of Portugal."""
    return {"pt": "pt_PT"}.get(language, language)


def day_in(language: str, day: date) -> str:
    """`24 November 2026`, as the language writes it."""
    return str(format_date(day, "d MMMM y" if language == "en" else "long", locale=locale_of(language)))
