"""Read a CSV file row by row; a row that cannot be read is a remark, and the next one is read as usual."""

from __future__ import annotations

import csv
import difflib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Protocol, TextIO

from importers.files import FileFacts
from importers.mapping import ImportMapping
from importers.records import STANDARD, FileRefused, Limits, Remark, Row

LONGEST_HEADER = 64 * 1024
MOST_IN_A_LINE = 1024 * 1024
SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
Advance = Callable[[int], None]


class _Reader(Protocol):
    """What `csv.reader` gives."""

    @property
    def line_num(self) -> int:
        """Lines read so far."""

    def __next__(self) -> list[str]:
        """The next row."""


class LineTooLong(Exception):
    """A line longer than any row of a list."""


class _Lines:
    """The file's lines; a far too long one is skipped and reported, so that a hostile cell costs no memory."""

    def __init__(self, file: TextIO, advance: Advance) -> None:
        self._file, self._advance = file, advance

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._file.readline(MOST_IN_A_LINE)
        if not line:
            raise StopIteration
        self._advance(len(line))
        if len(line) == MOST_IN_A_LINE and not line.endswith(("\n", "\r")):
            while (rest := self._file.readline(MOST_IN_A_LINE)) and not rest.endswith(("\n", "\r")):
                self._advance(len(rest))
            raise LineTooLong
        return line


def read_csv(
    facts: FileFacts, mapping: ImportMapping, advance: Advance, limits: Limits = STANDARD
) -> Iterator[Row | Remark]:
    """The rows, and a remark for each that cannot be read. Raises FileRefused for a header that does not fit."""
    with facts.path.open(encoding=facts.encoding, newline="") as file:
        lines = _Lines(file, advance)
        first = _first_line(lines, facts.path.name)
        separator = _separator(first, mapping)
        header = _header(itertools.chain([first], lines), facts.path.name, separator, mapping.quoting)
        check_header(facts.path.name, header, mapping, first=first, most=limits.columns)
        # A chain ends for good when its source raises; the lines themselves go on.
        yield from _rows(_reader(lines, separator, mapping.quoting), header)


def read_table(
    facts: FileFacts, separator: str, quoting: str, advance: Advance, limits: Limits = STANDARD
) -> Iterator[Row | Remark]:
    """The same without a mapping, for a look at what columns there are; `auto` finds the separator by the first row."""
    with facts.path.open(encoding=facts.encoding, newline="") as file:
        lines = _Lines(file, advance)
        first = _first_line(lines, facts.path.name)
        sign = likely_separator(first) if separator == "auto" else separator
        header = _header(itertools.chain([first], lines), facts.path.name, sign, quoting)
        _refuse_width(facts.path.name, header, limits.columns)
        if twice := [name for name, count in Counter(header).items() if count > 1]:
            raise FileRefused(f"{facts.path.name}, row 1: the column “{twice[0]}” stands there twice: rename one")
        yield Row(1, {name: name for name in header})
        yield from _rows(_reader(lines, sign, quoting), header)


def first_separator(facts: FileFacts) -> str:
    """What parts the cells of the file, by its first row."""
    with facts.path.open(encoding=facts.encoding, newline="") as file:
        return likely_separator(file.readline(LONGEST_HEADER))


def likely_separator(first: str) -> str:
    """The sign that parts most cells of the first row, outside quotation marks."""
    outside = "".join(first.split('"')[::2])
    return max(SEPARATORS, key=outside.count)


def _first_line(lines: _Lines, file: str) -> str:
    try:
        return next(lines)
    except (StopIteration, LineTooLong) as error:
        raise FileRefused(f"{file} has no header: its first row must name the columns") from error


def _header(lines: Iterator[str], file: str, separator: str, quoting: str) -> list[str]:
    try:
        header = [" ".join(name.replace("\u00a0", " ").split()) for name in next(_reader(lines, separator, quoting))]
    except (csv.Error, LineTooLong, StopIteration) as error:
        raise FileRefused(f"{file}, row 1: {error}") from error
    while header and not header[-1]:
        header.pop()
    return header


def _reader(lines: Iterator[str], separator: str, quoting: str) -> _Reader:
    if quoting == "none":
        return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE, quotechar=None)
    return csv.reader(lines, delimiter=separator, strict=True)


def _rows(reader: _Reader, header: list[str]) -> Iterator[Row | Remark]:
    for number in itertools.count(2):
        before = reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, LineTooLong) as error:
            yield _unreadable(number, error, reader.line_num - before)
            continue
        if not any(cell.strip() for cell in cells):
            continue
        while len(cells) > len(header) and not cells[-1].strip():
            cells.pop()
        if len(cells) == len(header):
            yield Row(number, dict(zip(header, cells, strict=True)))
        else:
            yield _uneven(number, cells, header, reader.line_num - before)


def _unreadable(number: int, error: Exception, lines: int) -> Remark:
    span = f" (it runs over {lines} lines: a quotation mark is not closed?)" if lines > 1 else ""
    if isinstance(error, LineTooLong):
        reason = f"is longer than {MOST_IN_A_LINE:,} characters"
    elif "field limit" in str(error):
        reason = f"has a cell of more than {csv.field_size_limit():,} characters"
    else:
        reason = f"cannot be read: {error}"
    return Remark(number, "refused", "the whole row", "", reason + span, "Look at the row in a text editor")


def _uneven(number: int, cells: list[str], header: list[str], lines: int) -> Remark:
    if len(cells) < len(header):
        last = header[len(cells) - 1]
        advice = "Is there a line break inside a cell that is not in quotation marks?"
        column, text = last, cells[-1]
    else:
        column, text = "the whole row", " · ".join(cell for cell in cells[len(header) :] if cell)
        advice = "Is there a separator inside a cell that is not in quotation marks?"
    if lines > 1:
        advice = f"It runs over {lines} lines: is a quotation mark not closed?"
    reason = f"the row has {len(cells)} cells, the header names {len(header)}"
    return Remark(number, "refused", column, text[:80], reason, advice)


def _separator(first: str, mapping: ImportMapping) -> str:
    if mapping.separator != "auto":
        return mapping.separator
    return max(SEPARATORS, key=lambda sign: sum(name.strip(' "\r\n') in mapping.known for name in first.split(sign)))


def check_header(file: str, header: list[str], mapping: ImportMapping, *, first: str = "", most: int = 200) -> None:
    """Raise FileRefused where the mapping and the columns do not fit, naming the column and what to do."""
    known = mapping.known
    if len(header) <= 1 and len(known) > 1:
        likely = max(SEPARATORS, key=first.count)
        hint = f"; it looks as if {SEPARATORS[likely]} parts them" if likely in first else ""
        raise FileRefused(f"{file}, row 1: one column was found where {len(known)} are expected{hint}: "
                          "set `separator:` in the mapping")  # fmt: skip
    _refuse_width(file, header, most)
    if twice := [name for name, count in Counter(header).items() if count > 1]:
        raise FileRefused(f"{file}, row 1: the column “{twice[0]}” stands there twice: rename or remove one")
    missing = sorted(known - set(header) - mapping.optional - ({*known} if "*" in mapping.optional else set()))
    own = {*header, *mapping.values, *missing}  # a key may be a named value, made of columns that are there
    missing += [name for name in mapping.key if name not in own]
    unknown = [name for name in header if name not in known]
    problems = []
    if missing:
        near = difflib.get_close_matches(missing[0], unknown, 1)
        hint = f" (is it “{near[0]}”?)" if near else ""
        problems.append(f"there is no column {_quoted(missing)}{hint}: rename the column, or change the mapping")
    if unknown:
        problems.append(f"the mapping does not know the column {_quoted(unknown)}: map it, or list it under `ignore:`")
    if problems:
        raise FileRefused(f"{file}, row 1: " + "; ".join(problems))


def _refuse_width(file: str, header: list[str], most: int) -> None:
    if len(header) > most:
        raise FileRefused(f"{file}, row 1: {len(header):,} columns; at most {most} are read")


def _quoted(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names[:10]) + (" …" if len(names) > 10 else "")
