"""The spellings in which one listed word is typed: with dj for đ, ae for ä, and Cyrillic in three Latin fashions."""

from __future__ import annotations

import re

from directory.search.folding import fold

_CYRILLIC = re.compile("[\u0400-\u04ff]")
# How Bulgarians, Macedonians and Ukrainians write without a Cyrillic keyboard: as in passports, and as in chats.
_PASSPORT = str.maketrans({"ж": "zh", "ч": "ch", "ш": "sh", "щ": "sht", "ц": "ts", "ъ": "a", "й": "y", "ю": "yu",
                           "я": "ya", "х": "h", "џ": "dzh", "ѓ": "gj", "ќ": "kj", "ь": "y"})  # fmt: skip
_CHAT = str.maketrans({"ж": "j", "ч": "4", "ш": "6", "щ": "6t", "ц": "c", "ъ": "u", "й": "i", "ю": "iu",
                       "я": "q", "х": "h", "џ": "dj", "ѓ": "g", "ќ": "k", "ь": ""})  # fmt: skip
_BARE = str.maketrans({"ж": "zh", "ч": "ch", "ш": "sh", "щ": "sht", "ц": "c", "ъ": "a", "й": "j", "ю": "ju",
                       "я": "ja", "х": "h", "џ": "dz", "ѓ": "g", "ќ": "k", "ь": ""})  # fmt: skip
_SIGNED = str.maketrans({"đ": "dj", "Đ": "dj"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "ae", "Ö": "oe", "Ü": "ue"})


def spellings(text: str, language: str) -> set[str]:
    """Folded spellings of a listed word or phrase, the plain one among them."""
    typed = {fold(text)}
    if text.isascii():
        return typed
    if _CYRILLIC.search(text):
        lowered = text.lower()
        return typed | {fold(lowered.translate(fashion)) for fashion in (_PASSPORT, _CHAT, _BARE)}
    typed.add(fold(text.translate(_SIGNED)))
    if language == "de":
        typed.add(fold(text.translate(_UMLAUTS)))
    return typed
