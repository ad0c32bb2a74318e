"""Writes `data/cldr.json`: names of countries, languages and big cities in many languages, from CLDR (Babel).

Run `python -m directory.search.question.build` after an upgrade of Babel. The file is committed, so that a
start of the application neither parses CLDR nor depends on which version is installed.
"""

from __future__ import annotations

import json
from pathlib import Path

from babel import Locale
from babel.core import get_global

LOCALES = {
    "en": ["en"], "ro": ["ro"], "bg": ["bg"], "bcms": ["sr_Latn", "hr", "bs", "sr"], "sq": ["sq"], "mk": ["mk"],
    "hu": ["hu"], "it": ["it"], "pt": ["pt_PT", "pt"], "cs": ["cs"], "de": ["de"], "fr": ["fr"], "el": ["el"],
    "tr": ["tr"], "uk": ["uk"], "ru": ["ru"], "pl": ["pl"], "es": ["es"], "sl": ["sl"], "sk": ["sk"],
    "nl": ["nl"],
}  # fmt: skip
TARGET = Path(__file__).parent / "data" / "cldr.json"
# Islands and lands without people of their own only make false friends.
WITHOUT_PEOPLE = frozenset(
    {"AC", "AQ", "BL", "BV", "CP", "CQ", "DG", "EA", "EU", "EZ", "GS", "HM", "IC", "IO", "MF", "QO", "SX", "TA", "TF",
     "UM", "UN", "XA", "XB", "ZZ"}
)  # fmt: skip
SPOKEN = (
    "en", "ro", "bg", "bs", "hr", "sr", "sq", "mk", "hu", "it", "pt", "cs", "de", "fr", "el", "tr", "uk", "ru", "pl",
    "es", "sl", "sk", "nl", "ar", "fa", "ps", "ur", "hi", "bn", "pa", "vi", "zh", "th", "tl", "id", "ku", "so", "ti",
    "am", "rom", "ka", "hy", "az", "sv", "da", "fi", "no", "he", "sw", "yo", "ig", "ha", "wo", "ta", "ne", "si", "my",
    "km", "lt", "lv", "et", "be", "mn", "kk", "uz", "prs",
)  # fmt: skip
_RUSSIAN_CITIES = {"Moscow", "Kaliningrad", "Yekaterinburg", "Novosibirsk", "Vladivostok"}
_NOT_CITIES = {"Central", "Eastern", "Center", "Easter", "Troll", "Vostok", "Johnston", "Midway", "Wake"}


def main() -> None:
    """Write the file and say how big it came out."""
    collected = {"countries": _countries(), "languages": _languages(), "cities": _cities()}
    TARGET.write_text(json.dumps(collected, ensure_ascii=False, indent=0, sort_keys=True) + "\n", "utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size // 1024} kB")


def _countries() -> dict[str, dict[str, list[str]]]:
    names: dict[str, dict[str, list[str]]] = {}
    for language, locale in _locales():
        for code, name in locale.territories.items():
            if len(code) == 2 and code.isalpha() and code not in WITHOUT_PEOPLE:
                _add(names.setdefault(language, {}).setdefault(code, []), name)
    return names


def _languages() -> dict[str, dict[str, list[str]]]:
    names: dict[str, dict[str, list[str]]] = {}
    for language, locale in _locales():
        for code in SPOKEN:
            if name := locale.languages.get(code):
                _add(names.setdefault(language, {}).setdefault(code, []), name)
    return names


def _cities() -> dict[str, list[str]]:
    """City spellings by country: the cities after which CLDR names the time zones."""
    cities: dict[str, list[str]] = {}
    for code, zones in sorted(_zones_by_territory().items()):
        for zone in zones:
            english = zone.rsplit("/", 1)[-1].replace("_", " ")
            if english in _NOT_CITIES or (code == "RU" and english not in _RUSSIAN_CITIES):
                continue
            _add(cities.setdefault(code, []), english)
            for _, locale in _locales():
                if city := locale.time_zones.get(zone, {}).get("city"):
                    _add(cities[code], city)
    return cities


def _zones_by_territory() -> dict[str, list[str]]:
    zones: dict[str, list[str]] = {}
    for zone, code in get_global("zone_territories").items():
        if zone.startswith(("Europe/", "Africa/", "Asia/")) and len(code) == 2:
            zones.setdefault(code, []).append(zone)
    return zones


def _locales() -> list[tuple[str, Locale]]:
    return [(language, Locale.parse(name)) for language, names in LOCALES.items() for name in names]


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


if __name__ == "__main__":
    main()
