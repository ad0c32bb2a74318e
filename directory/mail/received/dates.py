"""The day somebody says they are back, in the languages of the directory. Never one that is past."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache

from babel.dates import get_day_names, get_month_names

from directory.mail.received.parts import folded

FURTHEST = timedelta(days=400)
LOCALES = (
    "en", "ro", "bg", "bs", "hr", "sr_Latn", "sr_Cyrl", "sq", "mk", "hu", "it", "pt", "cs", "de", "fr",
)  # fmt: skip
# Words that stand before the last day away or the first day back, folded.
_BEFORE = (
    "until", "till", "through", "back on", "back in the office", "back", "return on", "returning", "return",
    "resume on", "pana la", "pana pe", "pana in", "revin", "ma intorc", "do", "zakljucno sa", "vracam se",
    "vratam se", "povratak", "deri me", "deri", "kthehem me", "kthehem", "fino al", "fino a", "sino al", "rientro",
    "rientrero", "ritorno", "ate", "ate ao dia", "regresso", "regressarei", "retorno", "volto", "zpet", "vratim se",
    "opet", "bis", "bis zum", "bis einschliesslich", "zuruck", "wieder", "ab dem", "ab", "to", "al", "au",
    "jusqu'au", "jusqu'a", "jusque", "retour", "de retour", "reviendrai", "vrushtam se", "vrushtane", "vrkjam",
    "nazad", "zpatky", "povrat", "vissza",
)  # fmt: skip
# What may stand between such a word and the date, besides the name of a weekday.
_BETWEEN = {
    "the", "on", "and", "including", "incl.", "end", "of", "zum", "dem", "den", "und", "mit", "inkl.",
    "einschliesslich", "data", "de", "di", "il", "le", "la", "lo", "o", "a", "ao", "dia", "dana", "dne", "dnya",
    "vklyuchitelno", "me", "date", "du", "in", "pe", "ziua", "date:", "u", "v", "na", "s", "od", "office", "work",
    "pune", "bureau", "datoren",
}  # fmt: skip
_NUMERIC = re.compile(r"(?<![\d.])(\d{1,4})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{2,4})?(?!\d)")
_WORDY = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er)?\.?\s(?:de\s|of\s)?([a-z]{3,14})\.?(?:\s(?:de\s)?(\d{4}))?")
_MONTH_FIRST = re.compile(
    r"(?:(\d{4})\.?\s)?(?<![a-z])([a-z]{3,14})\.?\s(\d{1,2})(?:st|nd|rd|th)?(?!\d)(?:,?\s(\d{4}))?"
)
_SPAN = re.compile(r"[-–—]\s*$")


def return_date(text: str, *, today: date) -> date | None:
    """The day named as the end of an absence, if it is still to come."""
    text = folded(text[:6000])
    named = sorted(set(_dates(text, today)))
    coming = [(start, day) for start, _, day in named if today <= day <= today + FURTHEST]
    until = [day for start, day in coming if _is_until(text, start)]
    suffixed = [day for _, end, day in named if text[end : end + 4].lstrip().startswith("-ig") and day >= today]
    spans = [day for start, day in coming if _SPAN.search(text[max(0, start - 4) : start])]
    return next((max(days) for days in (until, suffixed, spans) if days), None)


def _is_until(text: str, start: int) -> bool:
    """A word such as "until" stands before the date, with nothing but an article and a weekday between them."""
    before = [word.strip(",:;(") for word in text[max(0, start - 60) : start].split()]
    for _ in range(4):
        if any(" ".join(before[-size:]) in _BEFORE for size in (1, 2, 3) if len(before) >= size):
            return True
        if not before or (before[-1] not in _BETWEEN and before[-1][:3] not in _weekdays()):
            return False
        before.pop()
    return False


def _dates(text: str, today: date) -> list[tuple[int, int, date]]:
    found = []
    for match in _NUMERIC.finditer(text):
        first, second, third = match.groups()
        if len(first) == 4 and third:
            found.append((match, _day(int(first), int(second), int(third), today)))
        elif len(first) <= 2 and (third is None or len(third) in {2, 4}):
            day, month = int(first), int(second)
            if month > 12:
                day, month = month, day
            found.append((match, _day(_year(third), month, day, today)))
    for match in _WORDY.finditer(text):
        day_words, month_word, year = match.groups()
        found.append((match, _day(_year(year), _month(month_word), int(day_words), today)))
    for match in _MONTH_FIRST.finditer(text):
        year, month_word, day_words, later = match.groups()
        found.append((match, _day(_year(year or later), _month(month_word), int(day_words), today)))
    return [(match.start(), match.end(), day) for match, day in found if day is not None]


def _year(words: str | None) -> int | None:
    if not words:
        return None
    return int(words) + (2000 if len(words) == 2 else 0)


def _day(year: int | None, month: int | None, day: int, today: date) -> date | None:
    """A date; without a year the next one of that name."""
    if month is None:
        return None
    try:
        if year is not None:
            return date(year, month, day)
        this = date(today.year, month, day)
        return this if this >= today - timedelta(days=60) else date(today.year + 1, month, day)
    except ValueError:
        return None


def _month(word: str) -> int | None:
    names = _months()
    if word in names:
        return names[word]
    # An ending of the language: januara, ledna's kin.
    return next((names[word[:-cut]] for cut in (1, 2) if len(word) - cut >= 4 and word[:-cut] in names), None)


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Names of months, folded, in every language of the directory; one that means two months is left out."""
    found: dict[str, set[int]] = {}
    for locale in LOCALES:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in get_month_names(width, context, locale).items():
                    found.setdefault(folded(name).strip("."), set()).add(number)
    return {name: min(numbers) for name, numbers in found.items() if len(numbers) == 1 and name.isalpha()}


@lru_cache(maxsize=1)
def _weekdays() -> frozenset[str]:
    """How the names of weekdays begin: what follows changes with the case, ponedjeljak and ponedjeljka."""
    names = [name for locale in LOCALES for name in get_day_names("wide", "format", locale).values()]
    return frozenset(folded(name)[:3] for name in names)
