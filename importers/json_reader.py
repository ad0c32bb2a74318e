"""Read a JSON list item by item, never the whole of it; inner objects become dotted names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from importers.files import CHUNK, FileFacts
from importers.mapping import ImportMapping
from importers.records import Cell, FileRefused, Limits, Remark, Row

MOST_IN_AN_ITEM = 1024 * 1024
MOST_IN_A_CELL = 128 * 1024
MOST_DEPTH = 8
_DECODER = json.JSONDecoder()
Advance = Callable[[int], None]


def read_json(facts: FileFacts, mapping: ImportMapping, advance: Advance) -> Iterator[Row | Remark]:
    """The items as rows, the first being 1. Raises FileRefused where the text is no list, or ends too early."""
    for item in json_rows(facts.path, facts.encoding, mapping.records, advance):
        if isinstance(item, Row):
            check_names(facts.path.name, item, mapping)
        yield item


def read_json_apart(path: Path, _limits: Limits, choices: dict[str, Any]) -> Iterator[Row | Remark]:
    """The same in a process of its own, for a file that is one object and so is read whole."""
    yield from json_rows(path, choices["encoding"], choices["records"], lambda _: None)


def json_rows(path: Path, encoding: str, records: str, advance: Advance) -> Iterator[Row | Remark]:
    """The items, whatever their names are."""
    with path.open(encoding=encoding) as file:
        stream = _Stream(file, path.name, advance)
        for number, item in enumerate(stream.items(records), 1):
            if not isinstance(item, dict):
                advice = "Each item must be an object with the mapping's names"
                yield Remark(number, "refused", "the whole row", str(item)[:80], "is no object", advice)
                continue
            try:
                yield Row(number, flatten(item))
            except ValueError as error:
                yield Remark(number, "refused", "the whole row", "", str(error), "Look at the item in a text editor")


def flatten(item: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Cell]:
    """`{"address": {"city": "Bern"}}` as `address.city`; a list of objects gives one list per inner name."""
    if depth > MOST_DEPTH:
        raise ValueError(f"objects lie more than {MOST_DEPTH} deep in one another")
    cells: dict[str, Cell] = {}
    for name, value in item.items():
        if isinstance(value, dict):
            cells |= flatten(value, f"{prefix}{name}.", depth + 1)
        elif isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value):
            for part in value:
                inner = flatten(part, f"{prefix}{name}.", depth + 1) if isinstance(part, dict) else {}
                for key, more in inner.items():
                    cells[key] = (*_several(cells.get(key, ())), *_several(more))
        else:
            cells[prefix + name] = tuple(map(_text, value)) if isinstance(value, list) else _text(value)
    return cells


def _several(cell: Cell) -> tuple[str, ...]:
    return (cell,) if isinstance(cell, str) else cell


def _text(value: Any) -> str:
    text = "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)
    if len(text) > MOST_IN_A_CELL:
        raise ValueError(f"has a value of more than {MOST_IN_A_CELL:,} characters")
    return text


def check_names(file: str, row: Row, mapping: ImportMapping) -> None:
    """Raise FileRefused where the item has a name that the mapping does not know."""
    unknown = [name for name in row.cells if name not in mapping.known]
    if unknown:
        raise FileRefused(
            f"{file}, item {row.number}: the mapping does not know “{unknown[0]}”: map it, or list it under `ignore:`"
        )


class _Stream:
    """Items out of a growing window of text."""

    def __init__(self, file: TextIO, name: str, advance: Advance) -> None:
        self._file, self._name, self._advance = file, name, advance
        self._text, self._at, self._done, self._count = "", 0, False, 0

    def items(self, records: str) -> Iterator[Any]:
        """The items of the list; of the list under `records`, where the file is one object; or that object."""
        if self._next_sign() == "{":
            yield from self._of_object(records)
            return
        self._expect("[", "a list must begin with “[”")
        if self._next_sign() == "]":
            return
        while True:
            self._count += 1
            yield self._item()
            sign = self._next_sign()
            if sign == "]":
                return
            self._expect(",", "“,” or “]” must follow")
            if self._next_sign() == "]":
                self._refuse("a comma stands before the end of the list")

    def _of_object(self, records: str) -> Iterator[Any]:
        while not self._done:
            self._more()  # one object is read whole; the size of the file is bounded
        whole = self._item(most=len(self._text) + 1)
        if not records:
            yield whole
            return
        inner = whole.get(records)
        if not isinstance(inner, list):
            self._refuse(f"there is no list “{records}” in it, which the mapping asks for")
        yield from inner

    def _item(self, most: int = MOST_IN_AN_ITEM) -> Any:
        self._next_sign()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._done:
                    self._refuse(f"{error.msg} (character {error.pos - self._at} of the item)")
            except RecursionError:
                self._refuse("it is nested too deeply")
            except ValueError as error:  # a number of thousands of digits
                self._refuse(str(error))
            else:
                if end < len(self._text) or self._done:  # a number at the very end may go on
                    self._at = end
                    return value
            if len(self._text) - self._at > most:
                self._refuse(f"it is longer than {most:,} characters, or not closed")
            self._more(double=True)

    def _next_sign(self) -> str:
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._done:
                self._refuse("the file ends too early: the list is not closed")
            self._more()

    def _expect(self, sign: str, problem: str) -> None:
        if self._next_sign() != sign:
            self._refuse(problem)
        self._at += 1

    def _more(self, *, double: bool = False) -> None:
        size = max(CHUNK, len(self._text) - self._at) if double else CHUNK
        chunk = self._file.read(size)
        self._done = not chunk
        self._advance(len(chunk))
        self._text, self._at = self._text[self._at :] + chunk, 0

    def _refuse(self, problem: str) -> None:
        raise FileRefused(f"{self._name}, item {self._count or 1}: {problem}")
