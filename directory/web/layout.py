"""What every page shares: words for dates, countries and terms, the Kosovo footnote, and the headers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from flask import Flask, g, request
from flask_babel import get_locale
from werkzeug.wrappers import Response

from directory.entries import answers
from directory.entries.entry import ContactLine
from directory.registry import hours
from directory.registry.countries import KOSOVO, country_name
from directory.web import current

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def attach(app: Flask) -> None:
    """Filters, globals and headers."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        country=country_word, day=day_words, moment=moment_words, language=language_word, days_ago=days_ago
    )
    app.jinja_env.globals.update(
        open_now=open_now,
        reachable=answers.is_reachable,
        role_word=role_word,
        type_word=type_word,
        group_word=group_word,
        form_word=form_word,
        sop_of=sop_of,
        measure_of=measure_of,
    )
    app.context_processor(_shared)
    app.after_request(_headers)


def _shared() -> dict[str, Any]:
    settings = current.site().settings
    return {
        "settings": settings,
        "kosovo_named": lambda: g.get("kosovo_named", False),
        "locale": str(get_locale() or "en"),
    }


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-cache")
    return response


def country_word(code: str) -> str:
    """The country's name; remembers that Kosovo was named, so that the page carries its footnote."""
    if code == KOSOVO:
        g.kosovo_named = True
    return country_name(code, str(get_locale() or "en"), current.site().settings.kosovo_name)


def day_words(value: date | datetime | None) -> str:
    """`2 October 2026`."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(current.site().settings.timezone)).date()
    return format_date(value, "d MMMM y", locale=get_locale() or "en")


def moment_words(value: datetime | None) -> str:
    """`2 October 2026, 14:30 CEST`."""
    if value is None:
        return ""
    zone = ZoneInfo(current.site().settings.timezone)
    return format_datetime(value.astimezone(zone), "d MMMM y, HH:mm z", locale=get_locale() or "en")


def days_ago(value: datetime | None) -> int:
    """Whole days since, on the secretariat's calendar."""
    if value is None:
        return 0
    zone = ZoneInfo(current.site().settings.timezone)
    return (current.site().today() - value.astimezone(zone).date()).days


def language_word(code: str) -> str:
    """The language's name."""
    return str((get_locale() or Locale("en")).languages.get(code, code))


def open_now(line: ContactLine, now: datetime) -> bool | None:
    """Somebody answers this line at this hour; None where no hours are known."""
    return hours.is_open(line.hours, line.timezone, now)


def role_word(key: str | None) -> str:
    """The role's label."""
    term = current.taxonomy().roles.get(key or "")
    return term.label if term else ""


def type_word(key: str) -> str:
    """The institution type's label."""
    term = current.taxonomy().institution_types.get(key)
    return term.label if term else key


def group_word(key: str) -> str:
    """The target group's label."""
    term = current.taxonomy().target_groups.get(key)
    return term.label if term else key


def form_word(key: str) -> str:
    """The form of exploitation's label."""
    term = current.taxonomy().exploitation_forms.get(key)
    return term.label if term else key


def sop_of(number: int) -> Any:
    """The SOP with that number."""
    return current.taxonomy().sop(number)


def measure_of(measure_id: str) -> Any:
    """The measure with that id."""
    return current.taxonomy().measure(measure_id)
