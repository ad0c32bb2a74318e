"""Entries as one CSV: a header, one row per entry, every cell quoted, nothing a spreadsheet would reckon with.

Three layouts: `plain` loses nothing, `google` and `outlook` are what those address books take in. UTF-8, CRLF (RFC
4180), comma or semicolon. A byte-order mark stands only where a Microsoft program would else misread letters: in the
Outlook layout, and where a semicolon parts the cells, which only Excel asks for. `read_back` gives the cells as they
were before the guard against formulas.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from directory.entries.entry import Entry
from directory.exports.context import SEPARATORS, ExportContext
from directory.exports.google_rows import GOOGLE
from directory.exports.layout import Layout
from directory.exports.outlook_rows import OUTLOOK
from directory.exports.plain_rows import PLAIN

LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in (PLAIN, GOOGLE, OUTLOOK)}
MARK = "\ufeff"


class UnreadableSheet(ValueError):
    """A sheet that was not written here, or was damaged since."""


def sheet(entries: Sequence[Entry], context: ExportContext) -> bytes:
    """The whole sheet, in the style the context names."""
    layout, separator = LAYOUTS[context.style.profile], context.style.separator
    target = io.StringIO()
    writer = csv.writer(target, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(layout.columns)
    for entry in entries:
        cells = layout.row(entry, context)
        writer.writerow([layout.guarded(column, cells[column], _other(separator)) for column in layout.columns])
    mark = MARK if layout.is_marked or separator == ";" else ""
    return (mark + target.getvalue()).encode()


def read_back(content: bytes, profile: str = "plain") -> list[dict[str, str]]:
    """The rows as they were before they were guarded. Raises UnreadableSheet with what is wrong."""
    layout = LAYOUTS[profile]
    separator, rows = _rows(content, layout)
    for number, cells in enumerate(rows, start=2):
        if len(cells) != len(layout.columns):
            raise UnreadableSheet(f"Row {number} has {len(cells)} cells instead of {len(layout.columns)}")
    return [
        {
            column: layout.unguarded(column, cell, _other(separator))
            for column, cell in zip(layout.columns, cells, strict=True)
        }
        for cells in rows
    ]


def _rows(content: bytes, layout: Layout) -> tuple[str, list[list[str]]]:
    """The separator that gives this layout's header, and the rows below it."""
    try:
        text = content.decode("utf-8-sig")
        first = text.partition("\r\n")[0]
        for separator in SEPARATORS.values():
            if tuple(next(csv.reader([first], delimiter=separator), ())) == layout.columns:
                return separator, list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))[1:]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableSheet(f"This is no sheet of the directory: {error}") from error
    raise UnreadableSheet("The first row does not hold the column names of the directory's sheet")


def _other(separator: str) -> str:
    """What a program would split at that takes the sheet for the other kind."""
    return "," if separator == ";" else ";"
