"""Put a letter into the outbox, in the transaction of the change that calls for it. Sending happens elsewhere."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations
from email_validator import EmailNotValidError, validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.db import insert_into, new_id
from directory.languages import day_in, served
from directory.mail.models import OutgoingMail

ROOT = Path(__file__).resolve().parent.parent.parent
LETTERS = ROOT / "templates" / "mail"
TRANSLATIONS = ROOT / "directory" / "translations"
# Their text opens something: it is forgotten once they are sent.
SECRET_LETTERS = frozenset({"invitation", "recovery", "finish", "confirm", "new_code", "successor", "agree"})
# About somebody's own access: they go first, at any hour, and no pace holds them up.
URGENT_LETTERS = frozenset({"recovery", "finish", "new_sign_in", "password_changed", "factor_changed", "roles_changed"})


class BadLetter(Exception):
    """The letter cannot be written: a line break or control character in a header, or no address."""


def queue(  # noqa: PLR0913 - a letter is all of this, by name
    session: Session,
    letter: str,
    *,
    to: str,
    key: str,
    now: datetime,
    language: str = "en",
    account_id: str | None = None,
    not_before: datetime | None = None,
    reply_to: str = "",
    from_name: str = "",
    unsubscribe: str = "",
    **words: Any,
) -> OutgoingMail:
    """One letter to one address, written now and sent later. The same key again changes nothing. Raises BadLetter.

    `not_before` keeps it back (quiet hours: `mail.quiet`), but never a letter about somebody's own access.
    `reply_to` and `from_name` name who asks, where that is not the directory itself. `unsubscribe` is the address that
    stops letters of this kind with one click (RFC 8058): never on a letter somebody has to answer.
    """
    language = served(language)
    subject, text, html = render(letter, language, words)
    if has_control(from_name) or has_control(unsubscribe):
        raise BadLetter("A control character in the sender's name, or in the address that stops letters")
    to, is_urgent = checked_address(to), letter in URGENT_LETTERS
    due_at = now if is_urgent or not_before is None else max(now, not_before)
    values = {
        "id": new_id(),
        "key": key,
        "letter": letter,
        "recipient": to,
        "domain": domain_of(to),
        "reply_to": checked_address(reply_to) if reply_to else "",
        "from_name": from_name,
        "unsubscribe": unsubscribe,
        "subject": subject,
        "text": text,
        "html": html,
        "language": language,
        "account_id": account_id,
        "queued_at": now,
        "is_urgent": is_urgent,
        "due_at": due_at,
        "state": "queued",
        "attempt": 0,
        "transmission_count": 0,
        "problem": "",
    }
    session.execute(
        insert_into(session, OutgoingMail.__table__).values(values).on_conflict_do_nothing(index_elements=["key"])
    )
    return session.scalars(select(OutgoingMail).where(OutgoingMail.key == key)).one()


def render(letter: str, language: str, words: dict[str, Any]) -> tuple[str, str, str]:
    """Subject, plain text and HTML of a letter. Raises BadLetter for a subject that is no single line."""
    environment, words = _environment(language), {"language": language, **words}
    subject = environment.get_template(f"{letter}/subject.txt").render(words).strip()
    if not subject or has_control(subject):
        raise BadLetter(f"The subject of {letter} is not one plain line")
    text = environment.get_template(f"{letter}/body.txt").render(words).strip() + "\n"
    html = environment.get_template(f"{letter}/body.html").render(words).strip() + "\n"
    return subject, text, html


def checked_address(address: str) -> str:
    """The address in its canonical form. Raises BadLetter."""
    if has_control(address):
        raise BadLetter("A control character in an address")
    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise BadLetter(f"Not an address: {error}") from error


def domain_of(address: str) -> str:
    """What stands after the last @, in small letters."""
    return address.rpartition("@")[2].lower()[:255]


def has_control(text: str) -> bool:
    """Line breaks of any kind, NUL and their like: nothing a header may hold."""
    return any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)


def _moment(at: datetime, *, locale: str) -> str:
    """`24 November 2026, 21:30 UTC`, the day as the language writes it."""
    return f"{day_in(locale, at.date())}, {at:%H:%M} UTC"


@lru_cache(maxsize=64)
def _environment(language: str) -> Environment:
    """Letters have an environment of their own: they are written where no page is."""
    environment = Environment(
        loader=FileSystemLoader(LETTERS),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = Translations.load(TRANSLATIONS, [language]) if TRANSLATIONS.is_dir() else NullTranslations()
    environment.filters["moment"] = partial(_moment, locale=language)
    environment.filters["day"] = partial(day_in, language)
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]  # from the extension
    return environment
