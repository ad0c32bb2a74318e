"""One door to every kind of file: by what its bytes are and what the mapping asks for, rows come out.

What can be hostile in more ways than a line of text (workbooks, cards, nested JSON) is read apart, in `sandbox`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from importers.csv_reader import asked_of, check_header, first_separator, read_csv, read_table
from importers.files import FileFacts, inspect
from importers.header_names import header_names
from importers.json_reader import check_names, read_json
from importers.mapping import ImportMapping
from importers.records import FileRefused, Limits, Notice, Row, RowItem
from importers.sandbox import read_apart

Advance = Callable[[int], None]
SAMPLE_ROWS = 20
MOST_TOLD = 500
# Formats of mappings that have a reader of their own, apart.
_APART = {"vcard": "vcard", "hsds": "hsds", "directory": "directory"}
_WORDS = {"text": "a text file", "json": "JSON", "vcard": "vCards", "book": "a workbook"}
_WANTED = {"csv": "a table", "json": "a JSON list", "vcard": "vCards", "hsds": "HSDS as JSON", "directory": "own files"}
_TAKES = {
    "csv": frozenset({"text", "book"}),
    "json": frozenset({"json", "text"}),
    "vcard": frozenset({"vcard", "text"}),
    "hsds": frozenset({"json"}),
    "directory": frozenset({"json", "text", "book"}),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A file as it looks before anybody has said what its columns mean."""

    facts: FileFacts
    separator: str
    sheets: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    told: tuple[str, ...]


def open_rows(facts: FileFacts, mapping: ImportMapping, advance: Advance, limits: Limits) -> Iterator[RowItem]:
    """What is noticed, the rows, and a remark for each that cannot be read. Raises FileRefused with a sentence."""
    if facts.content not in _TAKES[mapping.format]:
        raise FileRefused(
            f"{facts.path.name} is {_WORDS[facts.content]} by its content, and {_WANTED[mapping.format]} is expected: "
            "choose the kind that fits"
        )
    yield from _bounded(_opened(facts, mapping, advance, limits), facts.path, limits)


def look_at(path: Path, limits: Limits, *, encoding: str = "auto", separator: str = "auto", sheet: str = "") -> Sample:
    """The columns and first rows of a table, with what was noticed, for a page where somebody matches columns."""
    facts = inspect(path, encoding, limits.megabytes)
    if facts.content not in _TAKES["csv"]:
        raise FileRefused(f"{path.name} is {_WORDS[facts.content]} by its content: it has no columns to choose")
    sign = ""
    sheets: tuple[str, ...] = ()
    if facts.content == "book":
        items = read_apart("sheet", path, limits, _ignore, sheet=sheet, known=sorted(header_names()), names_all=True)
        sheets = tuple(_sheet_names(path, limits))
    else:
        sign = first_separator(facts) if separator == "auto" else separator
        items = read_table(facts, sign, "normal", _ignore, limits)
    told = [f"Read as {facts.encoding}, which is a guess: look at the names"] if facts.guessed else []
    rows: list[Row] = []
    for item in items:
        if isinstance(item, Notice):
            told.append(item.text)
        elif isinstance(item, Row):
            rows.append(item)
        if len(rows) > SAMPLE_ROWS:
            break
    # A table's first row is its header itself.
    columns = tuple(rows[0].cells) if rows else ()
    rows = rows[1:] if facts.content != "book" else rows
    return Sample(facts, sign, sheets, columns, tuple(rows[:SAMPLE_ROWS]), tuple(told))


def _opened(facts: FileFacts, mapping: ImportMapping, advance: Advance, limits: Limits) -> Iterator[RowItem]:
    if facts.guessed:
        yield Notice(f"Read as {facts.encoding}, which is a guess: look at the names")
    if mapping.ignore and "*" in mapping.optional:
        yield Notice(f"Columns that nobody chose, not used: {', '.join(sorted(mapping.ignore))[:MOST_TOLD]}")
    if reader := _APART.get(mapping.format):
        choices = {"encoding": facts.encoding, "content": facts.content, "sheet": mapping.sheet}
        yield from read_apart(reader, facts.path, limits, advance, **choices)
    elif facts.content == "book":
        yield from _book(facts, mapping, advance, limits)
    elif mapping.format == "json" and facts.is_one_object:
        for item in read_apart("json", facts.path, limits, advance, encoding=facts.encoding, records=mapping.records):
            if isinstance(item, Row):
                check_names(facts.path.name, item, mapping)
            yield item
    elif mapping.format == "json":
        yield from read_json(facts, mapping, advance)
    else:
        yield from read_csv(facts, mapping, advance, limits)


def _book(facts: FileFacts, mapping: ImportMapping, advance: Advance, limits: Limits) -> Iterator[RowItem]:
    is_checked = False
    asked = asked_of(mapping)
    choices = {"sheet": mapping.sheet, "known": sorted(asked.known), "names_all": asked.names_all}
    for item in read_apart("sheet", facts.path, limits, advance, **choices):
        if isinstance(item, Row) and not is_checked:
            check_header(facts.path.name, list(item.cells), mapping, most=limits.columns)
            is_checked = True
        yield item


def _bounded(items: Iterator[RowItem], path: Path, limits: Limits) -> Iterator[RowItem]:
    count = 0
    for item in items:
        count += not isinstance(item, Notice)
        if count > limits.rows:
            raise FileRefused(
                f"{path.name} has more than {limits.rows:,} rows: nothing was taken. "
                "Split it, or raise DIRECTORY_IMPORT_MAX_ROWS"
            )
        yield item


def _sheet_names(path: Path, limits: Limits) -> Iterator[str]:
    for item in read_apart("sheet_names", path, limits, _ignore):
        if isinstance(item, Row):
            yield str(item.cells["name"])


def _ignore(_: int) -> None:
    """Nobody watches how far a look has come."""
