"""Small cleaners of one cell, by the name a mapping gives them: pure functions from text to text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from babel import Locale
from phonenumbers import PhoneNumber, country_code_for_region, is_valid_number

from directory.registry.values import BadValue

Cleaner = Callable[[str], str]

# Tags that web pages have, and nothing else in angle brackets: `<after 17:00>` and `<https://…>` are somebody's words.
_TAGS = (
    "a|abbr|b|big|blockquote|body|br|center|code|div|em|font|h[1-6]|hr|html|i|img|input|label|li|o:p|ol|p|pre|q|s|"
    "small|span|strike|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|wbr"
)
_TAG = re.compile(rf"<!--.*?-->|</?(?:{_TAGS})(?:\s[^<>]*)?/?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]\w*);")
_BLANKS = re.compile(r"[ \t\u00a0\u2007\u202f\ufeff\u200b]+")
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_ROUNDED = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
_SHORT = re.compile(r"[1-9]\d{2,5}")
LONGEST_LANGUAGE = 12
_DANGEROUS = "=+-@\t\r"
YES = frozenset({"yes", "y", "true", "1", "x"})
NO = frozenset({"no", "n", "false", "0", ""})


def plain(text: str) -> str:
    """The text without HTML tags, character references and stray blanks; done to every cell. Lines are kept."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in lines).strip()


def mail_link(text: str) -> str:
    """`mailto:a@example.org?subject=x` and `Name <a@example.org>` become the address."""
    inner = re.search(r"<([^<>\s]+@[^<>\s]+)>", text)
    address = inner[1] if inner else text
    return re.sub(r"^mailto:", "", address.strip(), flags=re.IGNORECASE).split("?", 1)[0]


def phone_link(text: str) -> str:
    """`tel:+41319526010` becomes the number."""
    return re.sub(r"^tel:", "", text, flags=re.IGNORECASE)


def web_address(text: str) -> str:
    """Signs that end a sentence are taken off the end of an address."""
    return text.rstrip(".,;>")


def last_part(text: str) -> str:
    """What stands behind the last slash: an address's own id."""
    return text.rstrip("/").rsplit("/", 1)[-1]


def unguard(text: str) -> str:
    """Takes off the apostrophe that a spreadsheet export puts before `=`, `+`, `-` or `@`."""
    return text[1:] if text[:1] == "'" and text[1:2] and text[1] in _DANGEROUS + "'" else text


CLEANERS: dict[str, Cleaner] = {
    "mail_link": mail_link,
    "phone_link": phone_link,
    "web_address": web_address,
    "last_part": last_part,
    "unguard": unguard,
    "lower": str.lower,
    "upper": str.upper,
}


def read_date(text: str) -> date:
    """A day from `2026-11-24`, the same with a time behind it, or day first: `24.11.2026`, `24/11/2026`."""
    try:
        if match := _DAY_FIRST.fullmatch(text):
            return date(int(match[3]), int(match[2]), int(match[1]))
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise BadValue(f"“{text}” is no date: write 2026-11-24 or 24.11.2026") from error


def read_yes_no(text: str) -> bool:
    """Yes or no in English, true or false, 1 or 0; an empty cell is no."""
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise BadValue(f"“{text}” is neither yes nor no")


def refuse_damaged(text: str, region: str, *, is_number: bool = False, may_be_short: bool = False) -> str:
    """The text, unless a spreadsheet has damaged the phone: rounded it, or lost its plus or the zeros in front.

    Never guessed at: a number that lost its plus may be a number of this country too.
    """
    if _ROUNDED.fullmatch(text):
        raise BadValue(f"“{text}” was rounded by a spreadsheet: its last digits are lost")
    digits = re.sub(r"[\s\-./()]", "", text)
    if may_be_short and _SHORT.fullmatch(digits):
        return text
    if is_number:
        raise BadValue(
            f"“{text}” stands in the sheet as a number, which drops a plus sign and zeros in front: "
            "make the column text and write it as +country number"
        )
    code = str(country_code_for_region(region))
    if digits.isascii() and digits.isdecimal() and digits.startswith(code):
        rest = digits.removeprefix(code)
        whole = PhoneNumber(country_code=int(code), national_number=int(rest or "0"))
        bare = PhoneNumber(country_code=int(code), national_number=int(digits))
        if is_valid_number(whole) and not is_valid_number(bare):
            raise BadValue(f"“{text}” lacks the plus sign in front: write it as +{code} {rest}, if that is what it is")
    return text


@lru_cache
def _language_names() -> dict[str, str]:
    return {str(name).lower(): str(code) for code, name in Locale("en").languages.items()}


@lru_cache(maxsize=1024)
def read_language(text: str) -> str:
    """A language code such as `sq` from itself or from the English name."""
    code = text.strip().replace("_", "-")
    if code.split("-", maxsplit=1)[0].lower() in Locale("en").languages and len(code) <= LONGEST_LANGUAGE:
        first, _, rest = code.partition("-")
        return f"{first.lower()}-{rest}" if rest else first.lower()
    if found := _language_names().get(code.lower()):
        return found
    raise BadValue(f"“{text}” is no language: write a code such as sq, or its English name")
