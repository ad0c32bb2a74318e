"""Words for dates, countries, languages and terms, in the reader's language."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from flask import g

from directory.languages import day_in, locale_of
from directory.registry.countries import KOSOVO, country_name
from directory.web import current
from directory.web.translating import locale_name


def web_address(value: str) -> str:
    """The address if it leads to a page of the web; empty for every other scheme, which might run something."""
    return value if value.startswith(("https://", "http://")) else ""


def country_word(code: str) -> str:
    """The country's name; remembers that Kosovo was named, so that the page carries its footnote."""
    if code == KOSOVO:
        g.kosovo_named = True
    return country_name(code, locale_of(locale_name()), current.site().settings.kosovo_name)


def day_words(value: date | datetime | None) -> str:
    """`2 October 2026`."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(current.site().settings.timezone)).date()
    return day_in(locale_name(), value)


def moment_words(value: datetime | None) -> str:
    """`2 October 2026, 14:30 CEST`, on the secretariat's clock."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(current.site().settings.timezone))
    return f"{day_in(locale_name(), local.date())}, {local:%H:%M %Z}"


def days_ago(value: datetime | None) -> int:
    """Whole days since, on the secretariat's calendar."""
    if value is None:
        return 0
    zone = ZoneInfo(current.site().settings.timezone)
    return (current.site().today() - value.astimezone(zone).date()).days


def language_word(code: str) -> str:
    """The language's name."""
    return str(Locale.parse(locale_of(locale_name())).languages.get(code, code))


def role_word(key: str | None) -> str:
    """The role's label."""
    term = current.taxonomy().roles.get(key or "")
    return term.label if term else ""


def type_word(key: str) -> str:
    """The institution type's label."""
    term = current.taxonomy().institution_types.get(key)
    return term.label if term else key
