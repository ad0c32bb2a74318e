"""Finds English that was left in a text of another language: words of our own messages that the language never uses."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from babel.dates import get_month_names
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from directory.config import ROOT
from directory.languages import LANGUAGES, locale_of
from directory.sops.taxonomy import Taxonomy, build, read_file

FOLDER = ROOT / "directory" / "translations"
CODES = sorted(set(LANGUAGES) - {"en"})
# What no message of ours says, and the libraries beneath us might.
OTHERS = "the and of must should email invalid token missing session validation failed request bad found"
_WORD = re.compile(r"[^\W\d_]{2,}")
_LINK = re.compile(r"https?://\S+")
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL)
_SAID = re.compile(r'\b(?:aria-label|alt|title|placeholder)="([^"]*)"')


@lru_cache
def wanted() -> dict[str, tuple[str, ...]]:
    """Every message of letters and their pages, with its forms."""
    with (FOLDER / "letters.cfg").open(encoding="utf-8") as file:
        method_map, options = parse_mapping_cfg(file)
    found = {}
    for _file, _line, message, _comments, _context in extract_from_dir(ROOT, method_map, options):
        forms = message if isinstance(message, tuple) else (message,)
        found[forms[0]] = forms
    return found


@lru_cache
def catalogue(code: str) -> Catalog:
    with (FOLDER / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=code)


@lru_cache
def _taxonomy() -> Taxonomy:
    return build(read_file())


@lru_cache
def english_only(code: str) -> frozenset[str]:
    """Words of our English that stand nowhere in that language's messages, months and procedures."""
    taxonomy = _taxonomy()
    months = get_month_names(locale=locale_of(code)).values()
    known = [str(message.string) for message in catalogue(code) if message.id]
    names = [sop.name_in(code) for sop in taxonomy.sops]
    english = [form for forms in wanted().values() for form in forms]
    english += [OTHERS, *get_month_names(locale="en").values(), *(sop.name for sop in taxonomy.sops)]
    return words(" ".join(english)) - words(" ".join([*known, *months, *names]))


def words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(_PLACEHOLDER.sub(" ", text)))


def english_in(text: str, code: str) -> list[str]:
    """The English words left in a plain text."""
    return sorted(words(_LINK.sub(" ", text)) & english_only(code))


def seen(page: str) -> str:
    """What somebody reads or hears of a page."""
    return unescape(" ".join([_TAG.sub(" ", page), *_SAID.findall(page)]))
