"""What must not be typed here: numbers of documents and of cases, dates of birth. Found, named, kept out.

Every pattern is read once from left to right (no nested repetition), so that a hostile text costs no time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from directory.search.question.lexicon import load_words

LONGEST_GUARDED = 4_000
IsName = Callable[[str, str], bool]

_MORE_LETTERS = re.compile(r"\\([*+])(\d)")
_APOSTROPHE = r"['’ ]{1,2}"


def _any_of(lists: dict[str, Iterable[str]]) -> str:
    """One pattern for all words of a list of guard.yaml."""
    words = dict.fromkeys(word for spelled in lists.values() for word in spelled)
    patterns = (re.escape(word).replace("'", _APOSTROPHE).replace(r"\ ", " ") for word in words)
    return "|".join(_MORE_LETTERS.sub(_letters, pattern) for pattern in patterns)


def _letters(match: re.Match[str]) -> str:
    return rf"\w{{{0 if match[1] == '*' else 1},{match[2]}}}"


_LISTS = load_words("guard.yaml")
_SIGNS = r"[\s:№#.,/=-]{0,4}"
_BETWEEN = rf"{_SIGNS}(?:(?:(?:{_any_of(_LISTS['number'])})\b|№|[nN][º°])[\s:№#.º°=-]{{0,3}}){{0,3}}{_SIGNS}"
_DOCUMENT = re.compile(
    rf"\b(?:{_any_of(_LISTS['document'])})\b{_BETWEEN}(?P<number>(?=[^\W_]{{0,12}}\d)[^\W_]{{5,17}}\b)",
    re.IGNORECASE,
)
_BARE_DOCUMENT = re.compile(
    r"(?<![\w+/-])(?P<number>[A-Z]{1,2} ?\d{6,9}|[A-Z]{2}\d{5,7}[A-Z]{0,2}|\d{13}|\d{6}/\d{3,4})(?![\w/-])"
)
# 1234/95/2023, KT-123/22, 123/P/2024, 12 Js 345/23, 5 T 12/2023, 123/23.4JAPRT; neither 24/7 nor a measure (4.3).
_CASE_NUMBER = (
    r"(?!24/7|[1-5]\.[0-9c]\b)(?:[^\W\d_]{1,5}[-./ ]{0,2})?\d{1,7}(?:[-./ ]{1,2}[^\W\d_]{1,4})?"
    r"(?:[-./ ]\d{1,7})?(?:[-./]\d{1,6}){1,4}[^\W\d_]{0,8}"
)
_CASE = re.compile(
    rf"\b(?:{_any_of(_LISTS['case'])})\b{_BETWEEN}"
    rf"(?P<number>(?=[\w./ -]{{0,14}}\d)(?:{_CASE_NUMBER}|\b[A-Z]{{1,5}}[-./ ]?\d{{3,9}}\b|\d{{4,10}}\b))",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:19|20)\d\d|(?:19|20)\d\d[./-]\s?\d{1,2}[./-]\s?\d{1,2}|"
    r"\d{1,2}\.?(?:st|nd|rd|th|er|º)? (?:de |of )?[^\W\d_]{3,12}\.? (?:de )?(?:19|20)\d\d)(?!\d)"
)
_BIRTH = re.compile(rf"\b(?:{_any_of(_LISTS['birth'])})\b", re.IGNORECASE)
_NAME_WORD = re.compile(r"[^\W\d_]['’-]?[^\W\d_]+(?:['’-][^\W\d_]+)?")
_DIGIT = re.compile(r"\d")
_NEAR = 60


def find_personal_data(text: str) -> tuple[str, ...]:
    """Keys of what was found: `passport_number`, `birth_date_with_name`, `case_number`."""
    return tuple(dict.fromkeys(key for key, _, _ in _findings(text[:LONGEST_GUARDED], _always)))


def without_personal_data(text: str, is_name: IsName) -> tuple[str, tuple[str, ...]]:
    """The text with every guarded piece blanked, and the keys of what was found.

    `is_name` tells whether two words in title case may be somebody's name ("Ana Popescu", not "North Macedonia").
    """
    text = text[:LONGEST_GUARDED]
    found = list(_findings(text, is_name))
    kept = list(text)
    for _, start, end in found:
        kept[start:end] = " " * (end - start)
    return ("".join(kept) if found else text), tuple(dict.fromkeys(key for key, _, _ in found))


def _always(first: str, second: str) -> bool:
    return bool(first and second)


def _findings(text: str, is_name: IsName) -> Iterator[tuple[str, int, int]]:
    if not _DIGIT.search(text):
        return
    for match in _DOCUMENT.finditer(text):
        yield "passport_number", match.start(), match.end()  # with its word: nobody asks for a passport here
    for pattern, key in ((_BARE_DOCUMENT, "passport_number"), (_CASE, "case_number")):
        for match in pattern.finditer(text):
            yield key, match.start("number"), match.end("number")
    yield from _births(text, is_name)


def _births(text: str, is_name: IsName) -> Iterator[tuple[str, int, int]]:
    for match in _DATE.finditer(text):
        start = max(0, match.start() - _NEAR)
        around = text[start : match.end() + _NEAR]
        birth = _BIRTH.search(around)
        pieces = ([birth.span()] if birth else []) + _name(around, is_name)
        if pieces:
            yield "birth_date_with_name", match.start(), match.end()
            yield from (("birth_date_with_name", start + first, start + last) for first, last in pieces)


def _name(text: str, is_name: IsName) -> list[tuple[int, int]]:
    """Where the first name and surname stand, if any do: two words in title case side by side."""
    before: re.Match[str] | None = None
    for word in _NAME_WORD.finditer(text):
        if not word[0].istitle():
            before = None
        elif before and text[before.end() : word.start()] == " " and is_name(before[0], word[0]):
            return [(before.start(), word.end())]
        else:
            before = word
    return []
