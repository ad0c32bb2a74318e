"""Cells that no spreadsheet takes for a formula, and back: reading strips exactly what writing added.

A guard is one `'` before a text that begins like a formula, also after a `;` inside (Excel splits there in many
countries). A text that itself has `'` there gets one more. Phone numbers are never guarded: spaced as they are
read aloud they stay text in every spreadsheet, and a `'` would break them for every other reader.
"""

from __future__ import annotations

import re

_STARTS = r"[=+\-@＝＋－＠﹢﹣﹦﹫]"
_BEFORE = r"[\s\u200b-\u200f\u2060']*"  # blanks, unseen marks and guards
_OPEN = re.compile(rf"(^|;)({_BEFORE}{_STARTS})")
_GUARDED = re.compile(rf"(^|;)'({_BEFORE}{_STARTS})")
# With a blank after the country code no spreadsheet reads it as a number; a short code has no zero to lose in front.
_PHONE = re.compile(r"\+[0-9]{1,3} [0-9][0-9 ()\-]*( ext\. [0-9]+)?|[1-9][0-9]{2,5}")


def guard_text(text: str) -> str:
    """A free text for a cell."""
    return _OPEN.sub(r"\1'\2", text)


def unguard_text(cell: str) -> str:
    """The text that `guard_text` was given."""
    return _GUARDED.sub(r"\1\2", cell)


def guard_phone(phone: str) -> str:
    """A phone, spaced; what is not like one gets the guard."""
    return phone if not phone or _PHONE.fullmatch(phone) else f"'{phone}"


def unguard_phone(cell: str) -> str:
    """The phone that `guard_phone` was given."""
    return cell.removeprefix("'")
