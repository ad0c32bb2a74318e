"""Cells that no spreadsheet takes for a formula, and back: reading strips exactly what writing added.

A guard is one `'` before a text that begins like a formula, also after a `;` inside (Excel splits there in many
countries; in a sheet that is itself parted by `;`, after a `,`). A text that itself has `'` there gets one more. Phone
numbers are never guarded: spaced as they are read aloud they stay text in every spreadsheet, and a `'` would break
them for every other reader.
"""

from __future__ import annotations

import re
from functools import lru_cache

_STARTS = r"[=+\-@＝＋－＠﹢﹣﹦﹫]"
_BEFORE = r"[\s\u200b-\u200f\u2060']*"  # blanks, unseen marks and guards
# With a blank after the country code no spreadsheet reads it as a number; a short code has no zero to lose in front.
_PHONE = re.compile(r"\+[0-9]{1,3} [0-9][0-9 ()\-]*( ext\. [0-9]+)?|[1-9][0-9]{2,5}")


def guard_text(text: str, splits_at: str = ";") -> str:
    """A free text for a cell; `splits_at` is where a program with other habits would begin a new one."""
    return _patterns(splits_at)[0].sub(r"\1'\2", text)


def unguard_text(cell: str, splits_at: str = ";") -> str:
    """The text that `guard_text` was given."""
    return _patterns(splits_at)[1].sub(r"\1\2", cell)


def guard_phone(phone: str, splits_at: str = ";") -> str:
    """A phone, spaced; what is not like one gets the guard, at its beginning and inside."""
    if not phone or _PHONE.fullmatch(phone):
        return phone
    return "'" + _patterns(splits_at, is_inside=True)[0].sub(r"\1'\2", phone)


def unguard_phone(cell: str, splits_at: str = ";") -> str:
    """The phone that `guard_phone` was given."""
    return _patterns(splits_at, is_inside=True)[1].sub(r"\1\2", cell.removeprefix("'"))


@lru_cache(maxsize=8)
def _patterns(splits_at: str, *, is_inside: bool = False) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What needs a guard, and what has one."""
    begins = rf"({re.escape(splits_at)})" if is_inside else rf"(^|{re.escape(splits_at)})"
    return re.compile(rf"{begins}({_BEFORE}{_STARTS})"), re.compile(rf"{begins}'({_BEFORE}{_STARTS})")
