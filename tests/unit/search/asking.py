"""One reader of the shipped words for all tests of reading; building it takes half a second."""

from __future__ import annotations

from functools import cache
from pathlib import Path

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


def table(kind: str) -> list[tuple[str, str]]:
    """The pairs of id and word of one kind in words.tsv."""
    rows = [line.split("\t") for line in Path(__file__).with_name("words.tsv").read_text("utf-8").splitlines()]
    return [(row[1], word) for row in rows if row[0] == kind for word in row[2].split(" | ")]
