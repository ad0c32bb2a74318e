"""The names of columns that are known in several languages, and what each means."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from importers.header import folded, without_number

NAMES = Path(__file__).with_name("column_names.yaml")


UNUSED, UNUSED_WORDS, FILLERS, STEMS = "unused", "unused_words", "filler_words", "stems"
_SHORTEST = 4  # a stem shorter than this is a whole word


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(NAMES.read_text(encoding="utf-8"))
    return document


@lru_cache(maxsize=1)
def meanings() -> dict[str, str]:
    """What each name means, by the name as `folded` gives it; nothing for one that never is a contact of an office."""
    found: dict[str, str] = {}
    for meaning, names in _document().items():
        if meaning in {UNUSED_WORDS, FILLERS, STEMS}:
            continue
        for name in (*(() if meaning == UNUSED else (meaning,)), *names):
            found.setdefault(folded(str(name)), "" if meaning == UNUSED else meaning)
    return found


@lru_cache(maxsize=2)
def _words(group: str) -> frozenset[str]:
    return frozenset(folded(str(word)) for word in _document()[group])


@lru_cache(maxsize=1)
def _stems() -> dict[str, tuple[str, ...]]:
    return {meaning: tuple(folded(str(word)) for word in words) for meaning, words in _document()[STEMS].items()}


def meaning_of(name: str) -> str | None:
    """What a column of that name means; empty for one that is never used, None where nothing is known."""
    plain = folded(name)
    if not plain:
        return "key" if name.strip() == "#" else None
    known = meanings()
    for form in (plain, without_number(plain)):
        if form in known:
            return known[form]
    words = plain.split()
    # About somebody's home, family or car; or a code, type or label of what it names first.
    if _words(UNUSED_WORDS) & set(words) or any(known.get(" ".join(words[-count:])) == "" for count in (1, 2)):
        return ""
    return known.get(" ".join(word for word in words if word not in _words(FILLERS) and not word.isdecimal()))


def stem_of(name: str) -> str:
    """What one of the words of a longer name tells; the least sure of all ways to know."""
    words = folded(name).split()
    for meaning, stems in _stems().items():
        if any(word == stem or (len(stem) >= _SHORTEST and word.startswith(stem)) for word in words for stem in stems):
            return meaning
    return ""


def header_names() -> frozenset[str]:
    """All of the names."""
    return frozenset(meanings())
