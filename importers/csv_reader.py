"""Read a CSV file row by row; a row that cannot be read is a remark, and the next one is read as usual."""

from __future__ import annotations

import csv
import difflib
import itertools
import re
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TextIO

from importers.files import FileFacts
from importers.header import (
    LOOKED_AT,
    UNNAMED,
    filled,
    find_header,
    folded,
    named,
    repeated_header,
    repeats,
    twice,
    unnamed_cell,
)
from importers.header_names import header_names
from importers.mapping import ImportMapping
from importers.records import STANDARD, FileRefused, Limits, Notice, Remark, Row, RowItem

LONGEST_HEADER = 64 * 1024
MOST_IN_A_LINE = 1024 * 1024
SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_SEP_LINE = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
MOST_ABOVE = 500
MOST_SAID, MOST_LINES_SAID = 200, 5
_MANY = 10  # cells: more do not speak more for a sign
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
        self._ahead: deque[str | LineTooLong] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else self._read()
        if isinstance(line, LineTooLong):
            raise line
        if not line:
            raise StopIteration
        if len(self.taken) < MOST_LINES_SAID:
            self.taken.append(line[:MOST_SAID])
        return line

    def peek(self, count: int) -> list[str]:
        """The next lines that are no longer than a line may be; they come again."""
        while len(self._ahead) < count and (not self._ahead or self._ahead[-1]):
            self._ahead.append(self._read())
        return [line for line in self._ahead if isinstance(line, str) and line]

    def _read(self) -> str | LineTooLong:
        line = self._file.readline(MOST_IN_A_LINE)
        self._advance(len(line))
        if len(line) == MOST_IN_A_LINE and not line.endswith(("\n", "\r")):
            while (rest := self._file.readline(MOST_IN_A_LINE)) and not rest.endswith(("\n", "\r")):
                self._advance(len(rest))
            return LineTooLong()
        return line


@dataclass(frozen=True, slots=True)
class Asked:
    """What a table is read for: names by which its header is known, and whether columns without one get one."""

    known: Collection[str]
    names_all: bool = True


def asked_of(mapping: ImportMapping) -> Asked:
    """What a mapping asks a table for."""
    names = frozenset(map(folded, mapping.known))
    return Asked(names, any(UNNAMED.fullmatch(name) for name in mapping.known))


def read_csv(
    facts: FileFacts, mapping: ImportMapping, advance: Advance, limits: Limits = STANDARD
) -> Iterator[RowItem]:
    """The rows, and a remark for each that cannot be read. Raises FileRefused for a header that does not fit."""
    with facts.path.open(encoding=facts.encoding, newline="") as file:
        lines = _Lines(file, advance)
        separator = _told_separator(lines) or _separator(lines.peek(LOOKED_AT), mapping)
        table = _Table(lines, facts.path.name, separator, mapping.quoting, asked_of(mapping))
        first = next(iter(lines.peek(1)), "")
        header = table.header()
        check_header(facts.path.name, header, mapping, first=first, most=limits.columns, row=table.header_row)
        yield from table.rows()


def read_table(
    facts: FileFacts,
    separator: str,
    quoting: str,
    advance: Advance,
    limits: Limits = STANDARD,
    known: Collection[str] | None = None,
) -> Iterator[RowItem]:
    """The same without a mapping, after a row that is the header itself; `auto` finds the separator."""
    with facts.path.open(encoding=facts.encoding, newline="") as file:
        lines = _Lines(file, advance)
        told = _told_separator(lines)
        sign = separator if separator != "auto" else told or likely_separator(lines.peek(LOOKED_AT))
        table = _Table(lines, facts.path.name, sign, quoting, Asked(header_names() if known is None else known))
        header = table.header()
        _refuse_width(facts.path.name, header, limits.columns, table.header_row)
        yield Row(1, {name: name for name in header if name})
        yield from table.rows()


def first_separator(facts: FileFacts) -> str:
    """What parts the cells of the file, by its first rows."""
    with facts.path.open(encoding=facts.encoding, newline="") as file:
        lines = _Lines(file, lambda _: None)
        return _told_separator(lines) or likely_separator(lines.peek(LOOKED_AT))


def likely_separator(lines: Sequence[str]) -> str:
    """The sign that cuts most rows into the same number of cells, more than one."""
    return max(SEPARATORS, key=lambda sign: _evenness(lines, sign))


def _evenness(lines: Sequence[str], sign: str) -> float:
    try:
        widths = [len(cells) for cells in csv.reader((line[:LONGEST_HEADER] for line in lines), delimiter=sign)]
    except csv.Error:
        return 0
    widths = [width for width in widths if width]
    width, count = max(Counter(widths).items(), key=lambda found: (found[1], found[0]), default=(1, 0))
    if width == 1:
        # A title above, a note below: a few rows may say nothing of it.
        width, count = max(Counter(w for w in widths if w > 1).items(), key=lambda found: found[1], default=(1, 0))
    share = count / len(widths) if widths and width > 1 else 0
    return share**3 * (1 + min(width, _MANY) / _MANY)


def _told_separator(lines: _Lines) -> str:
    """What Excel's own first line says: `sep=;`. It is no row."""
    found = _SEP_LINE.fullmatch(next(iter(lines.peek(1)), ""))
    if not found:
        return ""
    next(lines)
    return found[1]


class _Table:
    """The rows of the file, of which the first few are looked at to find the header among them."""

    def __init__(self, lines: _Lines, file: str, separator: str, quoting: str, asked: Asked) -> None:
        self._file, self._asked = file, asked
        self._items = _numbered(lines, _reader(lines, separator, quoting))
        self._ahead: list[_Numbered] = []
        self._header: list[str] = []
        self.header_row = 1

    def header(self) -> list[str]:
        """What the columns are called; an empty name is a column without one. Raises FileRefused."""
        self._ahead = list(itertools.islice(self._items, LOOKED_AT))
        if not self._ahead:
            raise FileRefused(f"{self._file} has no header: its first row must name the columns")
        rows = [[] if isinstance(one.cells, Remark) else one.cells for one in self._ahead]
        place = find_header(rows, self._asked.known)
        if isinstance(problem := self._ahead[place].cells, Remark):
            raise FileRefused(f"{self._file}, row {self._ahead[place].number}: the header {problem.reason}")
        self.header_row = self._ahead[place].number
        names = filled(rows[place], rows[place - 1] if place else [])
        self._header = named(names, rows[place + 1 :], names_all=self._asked.names_all)
        self._above, self._ahead = self._ahead[:place], self._ahead[place + 1 :]
        return self._header

    def rows(self) -> Iterator[RowItem]:
        """What stands above the header is told, then the rows below it."""
        yield from _above([(one.number, one.cells) for one in self._above if not isinstance(one.cells, Remark)])
        yield from (one.cells for one in self._above if isinstance(one.cells, Remark))
        for one in itertools.chain(self._ahead, self._items):
            if isinstance(one.cells, Remark):
                yield one.cells
            elif any(cell.strip() for cell in one.cells):
                yield self._row(one.number, list(one.cells), one.lines)

    def _row(self, number: int, cells: list[str], lines: int) -> Row | Remark:
        header = self._header
        if repeats(cells, header):
            return repeated_header(number)
        while len(cells) > len(header) and not cells[-1].strip():
            cells.pop()
        while len(cells) < len(header) and not header[len(cells)].strip():
            cells.append("")
        if len(cells) != len(header):
            return _uneven(number, cells, header, lines)
        if stray := next((place for place, name in enumerate(header) if not name and cells[place].strip()), None):
            return unnamed_cell(number, stray, cells[stray])
        return Row(number, {name: cell for name, cell in zip(header, cells, strict=True) if name})


def _above(rows: Sequence[tuple[int, Sequence[str]]]) -> Iterator[Notice]:
    for number, cells in rows:
        if said := " · ".join(text for cell in cells if (text := cell.strip())):
            yield Notice(f"Row {number} stands above the header and is not read: {said[:MOST_ABOVE]}")


@dataclass(frozen=True, slots=True)
class _Numbered:
    number: int
    cells: list[str] | Remark
    lines: int


def _reader(lines: Iterator[str], separator: str, quoting: str) -> _Reader:
    if quoting == "none":
        return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE, quotechar=None)
    return csv.reader(lines, delimiter=separator, strict=True)


def _numbered(lines: _Lines, reader: _Reader) -> Iterator[_Numbered]:
    for number in itertools.count(1):
        before = reader.line_num
        lines.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, LineTooLong) as error:
            remark = _unreadable(number, error, reader.line_num - before, lines.taken)
            yield _Numbered(number, remark, reader.line_num - before)
            continue
        yield _Numbered(number, cells, reader.line_num - before)


def _unreadable(number: int, error: Exception, lines: int, taken: Sequence[str]) -> Remark:
    span = f" (it runs over {lines} lines: a quotation mark is not closed?)" if lines > 1 else ""
    if isinstance(error, LineTooLong):
        reason = f"is longer than {MOST_IN_A_LINE:,} characters"
    elif "field limit" in str(error):
        reason = f"has a cell of more than {csv.field_size_limit():,} characters"
    else:
        reason = f"cannot be read: {error}"
    said = " · ".join(line.strip() for line in taken)[:MOST_ABOVE]
    return Remark(number, "refused", "the whole row", said, reason + span, "Look at the row in a text editor")


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


def _separator(lines: Sequence[str], mapping: ImportMapping) -> str:
    if mapping.separator != "auto":
        return mapping.separator
    hits = {sign: max((_names(line, sign, mapping) for line in lines), default=0) for sign in SEPARATORS}
    best = max(SEPARATORS, key=lambda sign: hits[sign])
    return best if hits[best] else likely_separator(lines)


def _names(line: str, sign: str, mapping: ImportMapping) -> int:
    return sum(name.strip(' "\r\n') in mapping.known for name in line.split(sign))


def check_header(
    file: str, header: list[str], mapping: ImportMapping, *, first: str = "", most: int = 200, row: int = 1
) -> None:
    """Raise FileRefused where the mapping and the columns do not fit, naming the column and what to do."""
    known, place = mapping.known, f"{file}, row {row}"
    header = [name for name in header if name]
    if len(header) <= 1 and len(known) > 1:
        likely = max(SEPARATORS, key=first.count)
        hint = f"; it looks as if {SEPARATORS[likely]} parts them" if likely in first else ""
        raise FileRefused(f"{place}: one column was found where {len(known)} are expected{hint}: "
                          "set `separator:` in the mapping")  # fmt: skip
    _refuse_width(file, header, most, row)
    if name := twice(header, known):
        raise FileRefused(f"{place}: the column “{name}” stands there twice: rename or remove one")
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
        raise FileRefused(f"{place}: " + "; ".join(problems))


def _refuse_width(file: str, header: list[str], most: int, row: int) -> None:
    if len(header) > most:
        raise FileRefused(f"{file}, row {row}: {len(header):,} columns; at most {most} are read")


def _quoted(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names[:10]) + (" …" if len(names) > 10 else "")
