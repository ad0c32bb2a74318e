"""One plain Latin spelling for every script, and one key for a name in every spelling.

`fold` is what both sides of a comparison go through: the question and the word list, the name typed and the
name stored. It writes Cyrillic letter by letter as Serbian Latin would be typed without its signs (ж and ž are
both z), because that is how most questions come in. `skeleton` goes further and forgets which orthography wrote
the sh and the y; it is a key for names, never shown.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

_CACHED_TEXTS = 65_536
_LONGEST_CACHED = 80

# Letters whose plain form is not simply "the sign taken off".
_LETTERS = {
    "đ": "d", "ð": "d", "ł": "l", "ß": "ss", "ẞ": "ss", "ə": "e", "ı": "i", "ø": "o", "æ": "ae", "œ": "oe", "þ": "th",
    "ħ": "h", "ŋ": "n", "ŧ": "t", "ĸ": "k",
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "ѓ": "gj", "д": "d", "ђ": "d", "е": "e", "ё": "e", "є": "ye",
    "ж": "z", "з": "z", "ѕ": "dz", "и": "i", "і": "i", "ї": "i", "й": "i", "ј": "j", "к": "k", "ќ": "kj", "л": "l",
    "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "ћ": "c", "у": "u",
    "ў": "u", "ф": "f", "х": "h", "ц": "c", "ч": "c", "џ": "dz", "ш": "s", "щ": "st", "ъ": "a", "ы": "y", "ь": "",
    "э": "e", "ю": "yu", "я": "ya", "ѐ": "e", "ѝ": "i", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ү": "u", "ұ": "u",
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
    "\u00ad": "", "ʼ": "'", "’": "'", "‘": "'", "‛": "'", "`": "'", "´": "'", "′": "'",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-",
}  # fmt: skip


class _Letters(dict[int, str]):
    """Plain spelling of a character, worked out when first met; `str.translate` asks it once a letter."""

    def __missing__(self, point: int) -> str:
        plain = _plain(chr(point))
        self[point] = plain
        return plain


def _plain(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in {"Mn", "Me", "Mc", "Cf", "Cs", "Co", "Cn"}:
        return ""  # accents, joiners, direction marks, lone surrogates
    if category[0] in "ZC":
        return " "
    parts = unicodedata.normalize("NFKD", letter).lower()
    base = "".join(_LETTERS.get(c, c) for c in parts if not unicodedata.combining(c))
    return base if base.isascii() else anyascii(base).lower()


_TABLE = _Letters({point: chr(point).lower() for point in range(128)})
_TABLE.update({ord(letter): plain for letter, plain in _LETTERS.items()})
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_GREEK_PAIRS = (
    (re.compile(r"\bμπ"), "b"),
    (re.compile(r"\bντ"), "d"),
    (re.compile(r"\bγκ"), "g"),
    (re.compile("ο[υύ]"), "ou"),
    (re.compile("([αεη])[υύ](?=[θκξπσςτφχψ]|\\b)"), r"\1f"),
    (re.compile("([αεη])[υύ]"), r"\1v"),
    (re.compile("γ(?=[γξχ])"), "n"),
)
_WORD = re.compile(r"[a-z0-9]+")


def fold(text: str) -> str:
    """The text in plain lower-case ASCII letters; spaces and signs stay where they are.

    >>> fold("Đorđević, Шумен, Größe")
    'dordevic, sumen, grosse'
    """
    if text.isascii():
        return text.lower()
    if len(text) <= _LONGEST_CACHED:
        return _fold_cached(text)
    return _fold(text)


def _fold(text: str) -> str:
    lowered = text.lower()
    if _GREEK.search(lowered):
        lowered = unicodedata.normalize("NFC", lowered)
        for pair, plain in _GREEK_PAIRS:
            lowered = pair.sub(plain, lowered)
    return lowered.translate(_TABLE)


_fold_cached = lru_cache(_CACHED_TEXTS)(_fold)


def split_words(text: str) -> list[str]:
    """The folded words in order; apostrophes and hyphens part words (l'aéroport, Jean-Luc, e-mail)."""
    return _WORD.findall(fold(text))


# What different orthographies write for one sound, longest first; applied to the folded word.
_SOUNDS = (
    ("shch", "st"), ("tsch", "c"), ("dzsh", "dz"), ("tch", "c"), ("sch", "s"), ("dzh", "dz"), ("dzs", "dz"),
    ("sh", "s"), ("zh", "z"), ("ch", "c"), ("kh", "h"), ("th", "t"), ("dh", "d"), ("gh", "g"), ("ph", "f"),
    ("ts", "c"), ("tz", "c"), ("cs", "c"), ("cz", "c"), ("sz", "s"), ("zs", "z"), ("xh", "dz"), ("ck", "c"),
    ("kj", "c"), ("dj", "d"), ("gj", "d"),
)  # fmt: skip
_SOUND = re.compile("|".join(spelling for spelling, _ in _SOUNDS))
_SOUND_KEYS = dict(_SOUNDS)
_HUNGARIAN_GY = re.compile(r"gy(?=[aeou])|(?<=[aeiou])gy$")
_LONE = str.maketrans({"q": "c", "k": "c", "y": "i", "j": "i", "w": "v", "x": "cs"})
_GLIDE = re.compile(r"(?<=[aeou])i+(?=e)")
_UMLAUT = re.compile(r"(?<=[aou])e")
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(_CACHED_TEXTS)
def skeleton(word: str) -> str:
    """One key for a name in any of our scripts and spellings: a key to look up by, not a spelling to show.

    Ђорђевић, Đorđević, Djordjevic, Dordevic, Ѓорѓевиќ and Gjorgjevikj meet; so do Юлия, Julija, Iulia and Yuliya,
    Müller and Mueller, Hoxha and Hodža. c and k share a letter, because Romanian and Italian write k as c.
    """
    key = _HUNGARIAN_GY.sub("d", "".join(_WORD.findall(fold(word))))
    key = _SOUND.sub(_sound, key).translate(_LONE)
    key = _UMLAUT.sub("", _GLIDE.sub("", key))
    return _DOUBLED.sub(r"\1", key)


def _sound(match: re.Match[str]) -> str:
    return _SOUND_KEYS[match[0]]
