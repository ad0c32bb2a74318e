"""What may be written into the registry, as plain values: cleaned and checked before any row exists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from directory.registry import rules
from directory.registry.faults import N_, Fault
from directory.registry.hours import read_hours

MAX_TEXT = 2000
TOO_LONG = N_("is %(count)s characters long; at most %(most)s are kept")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u0085\u2028\u2029]")
_SHORT_CODE = re.compile(r"\+?\d{3,6}")


class BadValue(Fault):
    """A value that cannot stand; the message says what is wrong and what is expected."""


@dataclass(frozen=True, slots=True)
class ContactValues:
    """One contact point to be written. `value` is canonical: E.164, a lower-case mail domain, a full address."""

    kind: str
    value: str
    label: str = ""
    hours: str = ""
    timezone: str = ""
    languages: tuple[str, ...] = ()
    is_published: bool = False


@dataclass(frozen=True, slots=True)
class ResponsibilityValues:
    """One responsibility to be written."""

    sop: int
    measure: str | None = None
    level: str = "leads"
    area: str = ""
    target_groups: tuple[str, ...] = ()
    exploitation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameValues:
    """One name of an institution."""

    name: str
    language: str = ""
    kind: str = "official"


@dataclass(frozen=True, slots=True)
class InstitutionValues:
    """One institution to be written. The first name, or the English one, is its main name."""

    country: str
    type: str
    names: tuple[NameValues, ...]
    host_country: str | None = None
    city: str = ""
    serves: tuple[str, ...] = ()
    note: str = ""
    contact_points: tuple[ContactValues, ...] = ()
    responsibilities: tuple[ResponsibilityValues, ...] = ()
    source_url: str = ""


@dataclass(frozen=True, slots=True)
class PostValues:
    """One post to be written."""

    title: str
    role: str | None = None
    area: str = ""
    is_desk: bool = False
    asks_for: str = ""
    contact_points: tuple[ContactValues, ...] = ()
    responsibilities: tuple[ResponsibilityValues, ...] = ()


def clean_text(text: str) -> str:
    """Control characters out, ends trimmed. Raises BadValue when it is too long."""
    plain = _CONTROL.sub("", text).strip()
    if len(plain) > MAX_TEXT:
        raise BadValue(TOO_LONG, count=len(plain), most=MAX_TEXT)
    return plain


def clean_contact(kind: str, value: str, *, region: str | None = None) -> str:
    """The canonical value for a contact point. Raises BadValue with what is wrong."""
    if kind not in rules.CONTACT_KINDS:
        sentence = N_("“%(kind)s” is no kind of contact point; known are %(in_english)s")
        raise BadValue(sentence, kind=kind, in_english=", ".join(rules.CONTACT_KINDS))
    text = clean_text(value)
    if not text:
        raise BadValue(N_("is empty"))
    if kind in rules.NUMBERS:
        return clean_phone(text, region=region, allows_short=kind == "hotline")
    if kind in rules.MAILS:
        return clean_mail(text)
    return clean_url(text) if kind == "web" else text


def clean_phone(text: str, *, region: str | None = None, allows_short: bool = False) -> str:
    """E.164, with `;ext=` where there is an extension; a hotline may be a short code such as 116000."""
    digits = re.sub(r"[\s\-./()]", "", text.removeprefix("tel:"))
    if allows_short and _SHORT_CODE.fullmatch(digits):
        return digits.removeprefix("+")
    try:
        number = phonenumbers.parse(text.removeprefix("tel:"), region)
    except phonenumbers.NumberParseException as error:
        raise BadValue(N_("“%(text)s” is no phone number: write it as +country number"), text=text) from error
    if not (phonenumbers.is_valid_number(number) or _is_for_fiction(number)):
        sentence = N_("“%(text)s” cannot be dialled: no such number in that country's plan")
        raise BadValue(sentence, text=text)
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


def _is_for_fiction(number: phonenumbers.PhoneNumber) -> bool:
    """Ofcom keeps 01632 960000 to 960999 for drama; the phone plan does not know them."""
    return number.country_code == 44 and 1632960000 <= (number.national_number or 0) <= 1632960999


def clean_mail(text: str) -> str:
    """The normalised address; `mailto:` is taken off."""
    try:
        return validate_email(
            text.removeprefix("mailto:"), check_deliverability=False, test_environment=text.endswith(".test")
        ).normalized
    except EmailNotValidError as error:
        # Demo addresses live under domains kept for examples; the checker calls those undeliverable.
        if re.fullmatch(r"[\w.+-]+@(?:[\w-]+\.)*example(?:\.(?:org|com|net))?", text):
            return text.lower()
        sentence = N_("“%(text)s” is no mail address: %(in_english)s")
        raise BadValue(sentence, text=text, in_english=str(error)) from error


def clean_url(text: str) -> str:
    """A full http or https address; a bare host gets https."""
    url = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise BadValue(N_("“%(text)s” is no web address"), text=text) from error
    if parts.scheme not in {"http", "https"} or not host or "." not in host or re.search(r"[\s<>\"]", url):
        raise BadValue(N_("“%(text)s” is no web address: it must begin with https:// or http://"), text=text)
    return url


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """Looking them up walks the disk."""
    return frozenset(available_timezones())


def check_contact(contact: ContactValues, institution_type: str) -> None:
    """Raise BadValue where the contact point may not stand with a body of that type, or its hours are odd."""
    if not rules.may_have(institution_type, contact.kind):
        raise BadValue(N_("A shelter's address is never kept: give its intake line instead"))
    read_hours(contact.hours)
    if contact.timezone and contact.timezone not in _zones():
        raise BadValue(N_("“%(zone)s” is no time zone name such as Europe/Tirane"), zone=contact.timezone)
