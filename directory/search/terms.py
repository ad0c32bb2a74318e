"""Typed words as terms to look for, and what to try in turn when nothing has them all.

Every adapter asks through these, so that all give the same answer. No adapter ever hands a typed word to a
query parser.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Protocol

from .folding import skeleton, split_words
from .port import Document, Layer
from .vocabulary import slips_allowed

LAYERS: Mapping[Layer, tuple[Layer, ...]] = {"public": ("public",), "registered": ("public", "registered")}
MOST_TERMS = 12
LONGEST_WORD = 64
_MOST_TYPED = 40
_LONGEST_TYPED = 200
SHORTEST_PREFIX = 3
SHORTEST_NUMBER = 5


@dataclass(frozen=True, slots=True)
class Term:
    """One thing an entry must have to be found.

    Any of: a word with a key of `whole`; a word whose key begins with `begins`; a phone number that begins or
    ends with `number`; all the words of `parts` (digit groups that may be an address rather than a number).
    """

    typed: str
    whole: tuple[str, ...] = ()
    begins: str = ""
    number: str = ""
    parts: tuple[str, ...] = ()
    slips: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """Terms to look for, and what the reader must be told if they are the ones that find something."""

    terms: tuple[Term, ...]
    corrected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


class Lexicon(Protocol):
    """What an adapter knows of the words of one layer."""

    def count(self, term: Term) -> int:
        """How many entries have the term."""

    def near(self, key: str, slips: int) -> Mapping[str, tuple[str, ...]]:
        """Keys of heading and name words nearest to this one, with their spellings (see `vocabulary.nearest`)."""


def key_of(word: str) -> str:
    """What a folded word is looked up by. One with digits stays as it is: 112 is not 12, nor E11 E1."""
    return skeleton(word) if word.isalpha() else word


def words_of(document: Document, layer: Layer) -> tuple[set[str], set[str]]:
    """Folded words of heading and name, and of the rest, that this layer adds to the entry."""
    head = {*_words(document.heading.get(layer, "")), *_words(document.name.get(layer, ""))}
    return head, set(_words(document.text.get(layer, "")))


def _words(text: str) -> list[str]:
    return [word[:LONGEST_WORD] for word in split_words(text)]


def read_terms(words: Sequence[str]) -> tuple[Term, ...]:
    """The terms of a query in order, at most `MOST_TERMS`; the last word may be unfinished.

    Digit groups side by side are one number.
    """
    typed = [word for text in words[:_MOST_TYPED] for word in _words(text[:_LONGEST_TYPED])]
    terms: list[Term] = []
    for is_number, group in groupby(typed, str.isdigit):
        run = list(group)
        terms += _numbers(run) if is_number else map(_word, run)
    if terms and not typed[-1].isdigit() and len(terms[-1].whole[0]) >= SHORTEST_PREFIX:
        terms[-1] = replace(terms[-1], begins=terms[-1].whole[0])
    return tuple(terms[:MOST_TERMS])


def has_words(words: Sequence[str]) -> bool:
    """Something was typed, even if only signs that no entry has."""
    return any(word.strip() for word in words)


def _word(word: str) -> Term:
    return Term(typed=word, whole=(key_of(word),), slips=slips_allowed(word))


def _numbers(run: list[str]) -> Iterable[Term]:
    number = _significant("".join(run))
    if len(run) == 1 or not number:
        return [Term(typed=word, whole=(word,), number=_significant(word)) for word in run]
    return [Term(typed=" ".join(run), number=number, parts=tuple(run))]


def _significant(digits: str) -> str:
    """The digits that a stored number would share: without the 0 or 00 dialled in front; none if too few."""
    digits = digits.lstrip("0")
    return digits if len(digits) >= SHORTEST_NUMBER else ""


def numbers_of(document: Document) -> set[str]:
    """Phone numbers to be found by how they begin, and backwards behind a sign, by how they end."""
    return {way for number in document.phones for way in (number, backwards(number))}


def backwards(number: str) -> str:
    """The beginning of a number's entry in `numbers_of` that ends with these digits."""
    return "<" + number[::-1]


def attempts(terms: tuple[Term, ...], lexicon: Lexicon) -> Iterator[Attempt]:
    """What to look for, one attempt after the other until one finds something.

    All words as typed; unknown words as the words they were meant to be; known words, too, as their neighbours;
    then fewer words, the unknown and after them the commonest left out first. Words nobody knows are never left
    out until nothing remains: then nothing is found.
    """
    yield Attempt(terms)
    known = [lexicon.count(term) > 0 for term in terms]
    near = [lexicon.near(term.whole[0], term.slips) if term.slips else {} for term in terms]
    mended = [
        term if is_known else replace(term, whole=tuple(others), begins="")
        for term, is_known, others in zip(terms, known, near, strict=True)
    ]
    helpless = {i for i, is_known in enumerate(known) if not is_known and not near[i]}
    told = {t.typed: _spelled(near[i]) for i, t in enumerate(terms) if not known[i] and near[i]}
    if not helpless:
        if told:
            yield Attempt(tuple(mended), told)
        yield from _widened(terms, near)
    left = [(i, term) for i, term in enumerate(mended) if i not in helpless]
    yield from _fewer(terms, left, told, lexicon)


def _widened(terms: tuple[Term, ...], near: list[Mapping[str, tuple[str, ...]]]) -> Iterator[Attempt]:
    wide = tuple(replace(t, whole=(*t.whole, *others)) for t, others in zip(terms, near, strict=True))
    if wide != terms:
        yield Attempt(wide, {t.typed: _spelled(others) for t, others in zip(terms, near, strict=True) if others})


def _fewer(
    terms: tuple[Term, ...], left: list[tuple[int, Term]], told: Mapping[str, tuple[str, ...]], lexicon: Lexicon
) -> Iterator[Attempt]:
    # Rarest last in the list to go: the commonest word says least about what was meant.
    common_first = sorted(left, key=lambda pair: (-lexicon.count(pair[1]), -pair[0]))
    first = 0 if len(left) < len(terms) else 1
    for gone in range(first, len(common_first)):
        kept = dict(sorted(common_first[gone:]))
        yield Attempt(
            terms=tuple(kept.values()),
            corrected={term.typed: told[term.typed] for term in kept.values() if term.typed in told},
            dropped=tuple(term.typed for i, term in enumerate(terms) if i not in kept),
        )


def _spelled(near: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(word for spellings in near.values() for word in spellings)
