"""gettext for pages: the reader's catalogue is found once a request, so that a word costs next to nothing."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_babel import get_locale, get_translations, refresh

from directory.languages import served
from directory.registry.faults import Fault


def locale_name() -> str:
    """The reader's language, as a tag."""
    name: str | None = g.get("locale_name")
    if name is None:
        name = g.locale_name = str(get_locale() or "en")
    return name


def speak(code: str) -> None:
    """Show this page in the language of the letter that led to it; ours that serves `code`."""
    g.language = served(code)
    g.pop("locale_name", None)
    g.pop("catalogue", None)
    refresh()


def gettext(message: str, **variables: Any) -> str:
    """The message in the reader's language, with its variables filled in."""
    text: str = _catalogue().ugettext(message)
    return text % variables if variables else text


def sentence(fault: Fault) -> str:
    """What is wrong with a value, in the reader's language."""
    return gettext(fault.message, **fault.said)


def about(field: str, fault: Fault | str) -> str:
    """What is wrong, after the name of the field it is about; a whole sentence stands by itself."""
    said = fault if isinstance(fault, str) else sentence(fault)
    return said if said[:1].isupper() else f"{field} {said}"


def ngettext(singular: str, plural: str, num: int, **variables: Any) -> str:
    """The message in the form that fits the number; `%(num)d` stands for it."""
    text: str = _catalogue().ungettext(singular, plural, num)
    return text % {"num": num, **variables}


def plural(singular: str, plural_form: str, num: int) -> str:
    """The form that fits the number, with nothing filled in: Jinja does that itself."""
    text: str = _catalogue().ungettext(singular, plural_form, num)
    return text


def _catalogue() -> Any:
    catalogue = g.get("catalogue")
    if catalogue is None:
        catalogue = g.catalogue = get_translations()
    return catalogue
