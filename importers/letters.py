"""Which letters a file is written in, where it does not say."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

# Longest first: UTF-32 begins like UTF-16.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_HEAD = 4096


def mark_of(head: bytes) -> str:
    """The encoding that the mark at the file's beginning names; empty without one."""
    return next((name for mark, name in MARKS.items() if head.startswith(mark)), "")


def wide_letters(head: bytes) -> str:
    """The encoding of a file whose letters take two or four bytes each, by its mark or by where its zeros are."""
    if (marked := mark_of(head)) and marked != "utf-8-sig":
        return marked
    sample = head[: min(_HEAD, len(head) // 4 * 4)]
    return next((name for name in WIDE if b"\0" in sample and _is_text(sample, name)), "")


def _is_text(sample: bytes, encoding: str) -> bool:
    """It is letters that way: European ones, or others among commas, line ends and blanks."""
    text = sample.decode(encoding, "replace")
    if "\0" in text or text.count("\ufffd") > 1:
        return False
    plain = sum(sign.isascii() for sign in text)
    european = sum(sign < "\u0530" or "\u2000" <= sign < "\u2300" for sign in text)
    return plain * 8 > len(text) or (plain > 0 and european * 10 > len(text) * 9)


# What each of the directory's and its neighbours' languages writes beside plain Latin letters.
_LANGUAGES = (
    "äöüß", "éèêëàâçîïôûùœæÿ", "àèéìòù", "áéíóúñü¿¡", "ãõáâàçéêíóôú", "ăâîşţșț", "čćđšž", "ëç", "áéíóöőúüű",
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "çğıöşüâîû", "åäöøæé", "éëïöèü",
    "абвгдежзийклмнопрстуфхцчшщъьюя", "абвгдђежзијклљмнњопрстћуфхцчџшѓѕќ", "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
    "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋ",
)  # fmt: skip
# The likelier one first, where two read the same.
_NARROW = (
    "cp1252", "cp1250", "cp1251", "iso8859_2", "cp1254", "cp1253", "iso8859_16", "mac_roman", "cp852", "cp850",
    "mac_latin2", "koi8_r", "iso8859_5", "cp866", "mac_cyrillic", "iso8859_7",
)  # fmt: skip
_AROUND = frozenset("–—‘’‚“”„«»§°€…·•№\u00a0")
_SAMPLE = 64 * 1024
_MOST_WORDS = 400
_EITHER = "utf_8_or_"
_ORDINALS = frozenset("ªº")
_IN_SET, _LETTER, _SIGN, _NO_SIGN, _MIXED = 2, -1, -4, -20, -3


def likely_letters(sample: bytes) -> str:
    """The encoding in which the sample reads most like words of a European language; never more than a guess."""
    said = dict.fromkeys(word for word in sample[:_SAMPLE].split() if not word.isascii())
    words = list(said)[:_MOST_WORDS]
    scores = {name: _score([word.decode(name, "replace") for word in words]) for name in _NARROW}
    return max(_NARROW, key=lambda name: scores[name])


def _score(words: Sequence[str]) -> int:
    """Lists of several countries read well word by word, lists of one country in one language too."""
    by_word = [[_fit(word, known) for known in _LANGUAGES] for word in words]
    one_language = max((sum(column) for column in zip(*by_word, strict=True)), default=0)
    return one_language + sum(map(max, by_word)) + 2 * sum(map(_look, words))


def _fit(word: str, known: str) -> int:
    letters = [sign for sign in word.lower() if not sign.isascii() and sign.isalpha() and sign not in _ORDINALS]
    return sum(_IN_SET if sign in known else _LETTER for sign in letters)


def _look(word: str) -> int:
    """What speaks against its being a word: signs within, capitals behind small letters, two scripts."""
    odd = [sign for sign in word if not sign.isascii()]
    inside = word.strip("".join(_AROUND | _ORDINALS) + ".,;:()\"'|/").replace("’", "")
    score = sum(_NO_SIGN if sign == "\ufffd" or ord(sign) < 0xA0 else 0 for sign in odd)
    is_sign = [sign for sign in odd if not sign.isalpha() or sign in _ORDINALS]
    score += sum(_SIGN for sign in is_sign if sign in inside or sign not in _AROUND | _ORDINALS)
    pairs = list(pairwise(word))
    score += sum(_MIXED for one, other in pairs if one.islower() and other.isupper())
    return score + sum(
        _MIXED for one, other in pairs if one.isalpha() and other.isalpha() and _script(one) != _script(other)
    )


def _script(sign: str) -> int:
    return 0 if sign < "\u0370" else 1 if sign < "\u0400" else 2


def either_of(narrow: str) -> str:
    """The name of letters that are UTF-8 where they can be, and that encoding elsewhere: files pasted from two."""
    return f"{_EITHER}{narrow}"


def _find(name: str) -> codecs.CodecInfo | None:
    """Python's `open` knows them by that name from now on."""
    plain = name.replace("-", "_")
    narrow = plain.removeprefix(_EITHER)
    if not plain.startswith(_EITHER) or narrow not in _NARROW:
        return None

    def instead(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        return error.object[error.start : error.end].decode(narrow, "replace"), error.end

    codecs.register_error(plain, instead)

    class Reader(codecs.BufferedIncrementalDecoder):
        def _buffer_decode(self, content: Buffer, _errors: str, final: bool) -> tuple[str, int]:
            return codecs.utf_8_decode(content, plain, final)

    return codecs.CodecInfo(
        encode=codecs.utf_8_encode,
        decode=lambda content, _errors="strict": codecs.utf_8_decode(content, plain, True),
        incrementaldecoder=Reader,
        name=plain,
    )


codecs.register(_find)
