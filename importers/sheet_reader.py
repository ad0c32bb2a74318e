"""Read one sheet of a workbook (XLSX, XLS, ODS) row by row: text stays text, nothing is reckoned, nothing guessed.

Runs apart (`sandbox`): what a hostile workbook costs is bounded there.
"""

from __future__ import annotations

import itertools
import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import python_calamine as calamine

from importers.header import LOOKED_AT, filled, find_header, named, repeated_header, repeats, unnamed_cell
from importers.records import FileRefused, Limits, Notice, Remark, Row, RowItem
from importers.xlsx_marks import NO_MARKS, SheetMarks, ods_marks, xlsx_marks
from importers.zip_guard import open_zip

MOST_IN_A_CELL = 128 * 1024
LONGEST_NAME = 1000
MOST_ABOVE = 500
# A spreadsheet keeps fifteen digits; those behind are zeros it made up.
MOST_DIGITS = 10**15
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_VISIBLE = calamine.SheetVisibleEnum.Visible


def read_sheet(path: Path, limits: Limits, choices: dict[str, Any]) -> Iterator[RowItem]:
    """What was noticed, then the rows; `choices["sheet"]` names the sheet. Raises FileRefused."""
    kind, archive = _kind(path, limits)
    with _workbook(path) as book:
        sheet, notices = _choose(book, path.name, choices.get("sheet", ""))
        yield Notice(f"Read as {kind}, sheet “{sheet.name}”")
        yield from notices
        marks = _marks(kind, archive, sheet.name, path.name)
        yield from map(Notice, marks.told)
        if merged := sheet.merged_cell_ranges:
            yield Notice(f"{len(merged):,} merged cells: only the first cell of each holds the text")
        yield from _rows(sheet, marks, path.name, limits, choices)


def read_sheet_names(path: Path, limits: Limits, _choices: dict[str, Any]) -> Iterator[RowItem]:
    """The sheets one may choose from, each as a row with `name` and `hidden`."""
    _kind(path, limits)
    with _workbook(path) as book:
        for number, told in enumerate(book.sheets_metadata, 1):
            yield Row(number, {"name": told.name, "hidden": "" if told.visible == _VISIBLE else "yes"})


def _kind(path: Path, limits: Limits) -> tuple[str, zipfile.ZipFile | None]:
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return "an old Excel workbook (XLS)", None
    archive = open_zip(path, limits)
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return "an Excel workbook (XLSX)", archive
    if "mimetype" in names and archive.read("mimetype").strip().startswith(_ODS):
        return "an OpenDocument sheet (ODS)", archive
    if "xl/workbook.bin" in names:
        raise FileRefused(f"{path.name} is a binary workbook (XLSB): save it as XLSX, or as CSV UTF-8")
    raise FileRefused(f"{path.name} is a zip archive, not a workbook: unpack it first and import the list in it")


@contextmanager
def _workbook(path: Path) -> Iterator[calamine.CalamineWorkbook]:
    try:
        # By a path the reader would go by the file's name.
        with path.open("rb") as file, calamine.CalamineWorkbook.from_filelike(file) as book:
            yield book
    except calamine.PasswordError as error:
        raise FileRefused(f"{path.name} is locked with a password: save it without one") from error
    except (calamine.CalamineError, calamine.WorksheetNotFound, OSError, ValueError) as error:
        raise FileRefused(f"{path.name} cannot be read as a workbook ({error}): save the list as CSV UTF-8") from error
    except BaseException as error:
        # The reader's own panics are no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise FileRefused(f"{path.name} is damaged: save the list anew, or as CSV UTF-8") from error


def _choose(book: calamine.CalamineWorkbook, file: str, wanted: str) -> tuple[calamine.CalamineSheet, list[Notice]]:
    told = {sheet.name: sheet.visible == _VISIBLE for sheet in book.sheets_metadata}
    if wanted:
        if wanted not in told:
            names = ", ".join(f"“{name}”" for name in list(told)[:10])
            raise FileRefused(f"{file} has no sheet “{wanted}”; it has {names}")
        return book.get_sheet_by_name(wanted), []
    visible = [name for name, is_visible in told.items() if is_visible]
    hidden = [name for name, is_visible in told.items() if not is_visible]
    chosen, others = None, []
    for name in visible:
        sheet = book.get_sheet_by_name(name)
        if sheet.start is None:
            continue
        if chosen is None:
            chosen = sheet
        else:
            others.append(name)
    if chosen is None:
        raise FileRefused(f"{file} is empty: no sheet that can be seen holds anything")
    notices = [f"Not read: sheet “{name}”. To read it instead, name it as the sheet" for name in others]
    notices += [f"Not read: sheet “{name}”, which is hidden" for name in hidden]
    return chosen, [Notice(text) for text in notices]


def _marks(kind: str, archive: zipfile.ZipFile | None, sheet: str, file: str) -> SheetMarks:
    if archive is None:
        return NO_MARKS
    with archive:
        return (xlsx_marks if "XLSX" in kind else ods_marks)(archive, sheet, file)


def _rows(
    sheet: calamine.CalamineSheet, marks: SheetMarks, file: str, limits: Limits, choices: dict[str, Any]
) -> Iterator[RowItem]:
    if sheet.start is None or sheet.end is None:
        raise FileRefused(f"{file} has no rows: the sheet “{sheet.name}” is empty")
    (top, left), (bottom, right) = sheet.start, sheet.end
    if right - left + 1 > limits.columns:
        raise FileRefused(f"{file}, row {top + 1}: {right - left + 1:,} columns; at most {limits.columns} are read")
    if bottom - top > limits.rows:
        raise FileRefused(
            f"{file} has {bottom - top:,} rows; at most {limits.rows:,} are read. "
            "Split it, or raise DIRECTORY_IMPORT_MAX_ROWS"
        )
    rows = enumerate(itertools.islice(sheet.iter_rows(), top, None), top + 1)
    ahead = list(itertools.islice(rows, LOOKED_AT))
    place = find_header([_texts(values) for _, values in ahead], choices.get("known", ()))
    for number, values in ahead[:place]:
        if said := " · ".join(text for value in values if (text := _text(value).strip())):
            yield Notice(f"Row {number} stands above the header and is not read: {said[:MOST_ABOVE]}")
    number, _ = ahead[place]
    if number > 1:
        yield Notice(f"Row {number} names the columns")
    if long := [value for value in ahead[place][1] if isinstance(value, str) and len(value) > LONGEST_NAME]:
        told = f"a column's name has {len(long[0]):,} characters: the first row must name columns"
        raise FileRefused(f"{file}, row {number}: {told}")
    below = [_texts(values) for _, values in ahead[place + 1 :]]
    names = _joined(_texts(ahead[place][1]), below, _groups(sheet, number - 1, left))
    is_double = names is not None
    own = filled(_texts(ahead[place][1]), _texts(ahead[place - 1][1]) if place else [])
    header = named(names or own, below, left=left, names_all=choices.get("names_all", False))
    for number, values in itertools.chain(ahead[place + 1 + is_double :], rows):
        if any(value not in ("", None) for value in values):
            yield _row(number, header, values, marks, left)


def _texts(values: Sequence[Any]) -> list[str]:
    """As much of each cell as a name may have, and a little more."""
    return [_text(value[: LONGEST_NAME + 1] if isinstance(value, str) else value) for value in values]


def _groups(sheet: calamine.CalamineSheet, row: int, left: int) -> dict[int, int]:
    """Columns of this row that a merged cell covers, each with the first one of that cell."""
    found: dict[int, int] = {}
    for (top, first), (_, last) in sheet.merged_cell_ranges or ():
        if top == row and last > first:
            found |= {place - left: first - left for place in range(first, last + 1)}
    return found


def _joined(names: Sequence[str], below: Sequence[Sequence[str]], groups: dict[int, int]) -> list[str] | None:
    """The names of a header in two rows: `Phone` under a merged `Contact`. None where it has one row."""
    if not groups or not below:
        return None
    second = below[0]
    under = [second[place].strip() if place < len(second) else "" for place in range(len(names))]
    if not all(under[place] for place in groups) or any(
        under[p] and names[p] and p not in groups for p in range(len(names))
    ):
        return None
    return [
        f"{names[groups[place]]} {under[place]}" if under.count(under[place]) > 1 and place in groups
        else under[place] or names[place]
        for place in range(len(names))
    ]  # fmt: skip


def _row(number: int, header: list[str], values: Sequence[Any], marks: SheetMarks, left: int) -> Row | Remark:
    cells: dict[str, str] = {}
    numbers: set[str] = set()
    faults: dict[str, str] = {}
    if repeats(_texts(values), header):
        return repeated_header(number)
    for place, value in enumerate(values):
        name = header[place] if place < len(header) else ""
        fault = marks.faults.get((number, left + place + 1), "")
        text = _text(value)
        if not name:
            if text or fault:
                return unnamed_cell(number, left + place, text)
            continue
        cells[name] = text
        if len(text) > MOST_IN_A_CELL:
            cells[name], fault = "", f"has a cell of more than {MOST_IN_A_CELL:,} characters"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            numbers.add(name)
            if abs(value) >= MOST_DIGITS:
                fault = "was rounded by a spreadsheet: its last digits are lost"
        if fault:
            faults[name] = fault
    return Row(number, cells, frozenset(numbers), faults)


def _text(value: Any) -> str:
    """A cell as text: a day and a time by ISO 8601, a number with all its digits, yes or no."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        whole = math.isfinite(value) and value == int(value)
        return f"{value:.0f}" if whole else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes" if not value.second else "auto")
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"
    return "" if value is None else str(value)
