"""An entry in words, ready to print: made in the view, so that a template only writes what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from directory.entries import answers
from directory.entries.answers import Desk
from directory.entries.entry import ContactLine, Entry
from directory.registry import rules
from directory.web import responsibilities
from directory.web.times import hours_words, opening_words
from directory.web.translating import gettext as _
from directory.web.translating import locale_name, ngettext
from directory.web.words import country_word, days_ago, language_word

SHAPES = {"confirmed": "●", "due": "◐", "overdue": "○", "unconfirmed": "▲", "dormant": "■"}


@dataclass(frozen=True, slots=True)
class Line:
    """A contact line in words. `href` is empty for what cannot be tapped; `display` for what needs signing in."""

    id: str
    kind: str
    label: str
    href: str
    display: str
    is_open: bool | None
    opening: str
    hours: str
    languages: str
    owner: str
    is_restricted: bool
    confirmed_at: datetime | None
    method: str | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the last confirmation is: a word with a shape, never colour alone."""

    state: str
    shape: str
    words: str


@dataclass(frozen=True, slots=True)
class Card:
    """An entry as a list shows it."""

    id: str
    title: str
    country: str
    place: str
    institution_id: str
    institution: str
    local_name: str
    local_language: str
    freshness: Freshness
    answers_for: tuple[responsibilities.Words, ...]
    audience: str
    call: Line | None
    second: Line | None
    mail: Line | None
    deputy_id: str
    deputy: str
    is_demo: bool
    is_vacant: bool


def card(entry: Entry, now: datetime, locale: str) -> Card:
    """One entry in words."""
    numbers = _to_call(entry, now)
    mail = next((line for line in entry.contact_lines if line.kind in rules.MAILS and line.value), None)
    institution = entry.institution
    return Card(
        id=entry.id,
        title=entry.title,
        country=entry.country,
        place=place_words(entry),
        institution_id=institution.id,
        institution=institution.name,
        local_name=institution.local_name,
        local_language=local_language(entry),
        freshness=freshness_words(entry),
        answers_for=responsibilities.short(entry),
        audience=responsibilities.audience(entry),
        call=line_words(numbers[0], entry, now, locale) if numbers else None,
        second=line_words(numbers[1], entry, now, locale) if len(numbers) > 1 else None,
        mail=line_words(mail, entry, now, locale) if mail else None,
        deputy_id=entry.deputy.id if entry.deputy else "",
        deputy=entry.deputy.title if entry.deputy else "",
        is_demo=entry.demo,
        is_vacant=entry.is_vacant,
    )


def _to_call(entry: Entry, now: datetime) -> Sequence[ContactLine]:
    """The numbers to dial: who answers now first, else in the entry's order."""
    lines = [line for line in entry.contact_lines if line.value and line.kind in rules.NUMBERS and line.kind != "fax"]
    if len(lines) > 1:
        lines.sort(key=lambda line: not answers.line_is_open(line, entry, now))
    return lines


def lines_of(entry: Entry, desk: Desk) -> list[Line]:
    """Every contact line of an entry in words."""
    locale = locale_name()
    return [line_words(line, entry, desk.now, locale) for line in entry.contact_lines]


def line_words(line: ContactLine, entry: Entry, now: datetime, locale: str) -> Line:
    """One contact line in words."""
    is_open = answers.line_is_open(line, entry, now)
    return Line(
        id=line.id,
        kind=line.kind,
        label=line.label or kind_word(line.kind),
        href=_href(line),
        display=line.display,
        is_open=is_open,
        opening=opening_words(is_open, line.hours, line.timezone, now, entry.place, locale),
        hours=hours_words(line.hours, line.timezone, locale),
        languages=", ".join(language_word(code) for code in line.languages),
        owner=line.owner,
        is_restricted=line.is_restricted,
        confirmed_at=line.confirmed_at,
        method=line.method,
    )


def _href(line: ContactLine) -> str:
    if not line.value or line.kind in {"fax", "postal"}:
        return ""
    if line.kind in rules.NUMBERS:
        return f"tel:{line.value}"
    if line.kind in rules.MAILS:
        return f"mailto:{quote(line.value, safe='@+')}"
    return line.value if line.value.startswith(("https://", "http://")) else ""


def kind_word(kind: str) -> str:
    """What kind of line it is."""
    words = {
        "hotline": _("Hotline"),
        "phone": _("Phone"),
        "duty_phone": _("Duty phone"),
        "direct_phone": _("Direct line"),
        "mobile": _("Mobile"),
        "intake_phone": _("Intake line"),
        "fax": _("Fax"),
        "email": _("Mail"),
        "secure_mail": _("Secure mail"),
        "web": _("Web"),
        "postal": _("Postal address"),
    }
    return words.get(kind, kind)


def place_words(entry: Entry) -> str:
    """The country it answers for, and where it sits when that is another."""
    country = country_word(entry.country)
    if entry.host_country and entry.host_country != entry.country:
        return _("%(country)s, in %(host)s", country=country, host=country_word(entry.host_country))
    return country


def local_language(entry: Entry) -> str:
    """The language tag of the local name."""
    names = entry.institution.names
    return next((n.language for n in names if n.name == entry.institution.local_name), "")


def freshness_words(entry: Entry) -> Freshness:
    """How fresh the entry is, in words: `Confirmed 12 days ago`."""
    state = entry.freshness
    return Freshness(state, SHAPES[state], _age(state, entry.confirmed_at))


def _age(state: str, confirmed_at: datetime | None) -> str:
    if confirmed_at is None:
        return _("Never confirmed")
    days = days_ago(confirmed_at)
    if state == "confirmed":
        ages = {0: _("Confirmed today"), 1: _("Confirmed yesterday")}
        return ages.get(days) or ngettext("Confirmed %(num)d day ago", "Confirmed %(num)d days ago", days)
    if state == "due":
        return ngettext("Confirmed %(num)d day ago, due again", "Confirmed %(num)d days ago, due again", days)
    if state == "overdue":
        return ngettext("Overdue: confirmed %(num)d day ago", "Overdue: confirmed %(num)d days ago", days)
    return ngettext("Not confirmed for %(num)d day", "Not confirmed for %(num)d days", days)
