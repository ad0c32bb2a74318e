"""The languages of letters and of the pages they lead to: a code, its own name, and the catalogue that serves it."""

from __future__ import annotations

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


def served(code: str) -> str:
    """The language we write in for somebody who speaks `code`: `hr` and `sr-Latn` are served by `bs`; else English."""
    plain = code.replace("_", "-").lower()
    for name in (plain, plain.partition("-")[0]):
        if name in _SERVED_BY or name in LANGUAGES:
            return _SERVED_BY.get(name, name)
    return "en"


def day_in(language: str, day: date) -> str:
    """`24 November 2026`, as the language writes it."""
    return str(format_date(day, "d MMMM y" if language == "en" else "long", locale=language))
