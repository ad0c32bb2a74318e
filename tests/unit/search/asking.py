"""One reader of the shipped words for all tests of reading; building it takes half a second."""

from __future__ import annotations

from functools import cache

from directory.search.question import Reader, shipped_lexicon
from directory.search.reading import Reading


@cache
def reader() -> Reader:
    return Reader(shipped_lexicon())


def read(question: str) -> Reading:
    return reader().read(question)


def countries(question: str) -> str:
    """The wanted countries as they are written in the tables of the tests: "AL RO"."""
    return " ".join(read(question).countries)
