"""Entries as an Excel workbook: every cell text, so that no number loses its plus; a second sheet says what it is.

The rows are those of the plain CSV. The same entries taken at the same instant give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from directory.entries.entry import Entry
from directory.exports import words
from directory.exports.context import ExportContext, TooLongForCell
from directory.exports.plain_rows import COLUMNS, plain_row

ENTRIES, ABOUT = "Entries", "About this file"
MOST_IN_CELL = 32_767
ACCENT = "FF0B5563"
WIDTHS = {"id": 12, "url": 14, "institution": 36, "title": 34, "freshness": 34, "responsibilities": 48, "asks_for": 36}
WIDE = frozenset({"hotline", "phone", "fax", "email", "secure_mail", "web", "postal", "institution_local_name"})
STATES = (
    ("confirmed", "its owner has confirmed it, and the next confirmation is not due yet"),
    ("due", "its owner has confirmed it; the next confirmation is due"),
    ("overdue", "its owner was asked and has not confirmed it since the day given: check before you rely on it"),
    ("unconfirmed", "not confirmed for so long, or never, that every card says so: check before you rely on it"),
    ("dormant", "nobody has answered for it for a year: look for another way"),
)
# Not allowed in XML; and `_x0041_`, which Excel would read as a letter.
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def workbook(entries: Sequence[Entry], context: ExportContext) -> bytes:
    """The whole workbook. Raises TooLongForCell."""
    rows = [[_clean(row[column]) for column in COLUMNS] for row in (plain_row(entry, context) for entry in entries)]
    book = Workbook(write_only=True)
    _write_entries(book.create_sheet(ENTRIES), rows)
    _write_about(book.create_sheet(ABOUT), rows, context)
    book.properties.title = "Directory entries"
    book.properties.creator = "TRM Directory"
    written = io.BytesIO()
    book.save(written)
    return _settled(written.getvalue(), context)


def digest(rows: Iterable[Sequence[str]]) -> str:
    """SHA-256 over header and rows: cells parted by U+001F, rows ended by U+001E, UTF-8."""
    text = "".join("\x1f".join(row) + "\x1e" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def _write_entries(sheet: Any, rows: Sequence[Sequence[str]]) -> None:
    last = get_column_letter(len(COLUMNS))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{last}{len(rows) + 1}"
    for number, column in enumerate(COLUMNS, start=1):
        width = WIDTHS.get(column, 24 if column in WIDE else max(11, len(column) + 4))
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_header_cell(sheet, column) for column in COLUMNS])
    for row in rows:
        sheet.append([_text_cell(sheet, text) for text in row])


def _write_about(sheet: Any, rows: Sequence[Sequence[str]], context: ExportContext) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 18, 100
    facts = [
        ("Made for", context.for_whom),
        ("Made at", _when(context)),
        ("Filter", context.filter_words),
        ("Rows", str(len(rows))),
        ("Digest", f"SHA-256 {digest([COLUMNS, *rows])}"),
        ("of", f"the sheet “{ENTRIES}”: header and rows, cells parted by U+001F, each row ended by U+001E, in UTF-8"),
        ("Newest version", context.page_url or context.base_url),
        ("", ""),
        ("State", "What it means"),
        *STATES,
        ("", ""),
        ("Numbers change", "Look again before you rely on this file, and delete it when it has served."),
    ]
    if any(row[COLUMNS.index("footnote")] for row in rows):
        facts.append(("Footnote", _clean(context.kosovo_footnote)))
    for name, text in facts:
        wrapped = _text_cell(sheet, _clean(text))
        wrapped.alignment = Alignment(wrap_text=True, vertical="top")
        label = _text_cell(sheet, name)
        label.font = Font(bold=True, color=ACCENT)
        label.alignment = Alignment(vertical="top")
        sheet.append([label, wrapped])


def _when(context: ExportContext) -> str:
    local = words.local_moment_words(context.now, context.timezone)
    return f"{words.moment_words(context.now)}{f' ({local})' if local else ''}"


def _text_cell(sheet: Any, text: str) -> Any:
    """A cell that stays text, also after somebody has edited it; `=1+1` in it is two signs and two digits."""
    cell = WriteOnlyCell(sheet, value=_ESCAPE.sub("_x005F_", text))
    cell.data_type, cell.number_format = "s", "@"  # else a text that begins with `=` becomes a formula
    return cell


def _header_cell(sheet: Any, text: str) -> Any:
    cell = _text_cell(sheet, text)
    cell.font = Font(bold=True, color="FFFFFFFF")
    cell.fill = PatternFill("solid", fgColor=ACCENT)
    return cell


def _clean(text: str) -> str:
    """The text without what XML does not allow. Raises TooLongForCell."""
    plain = _NO_XML.sub("", text)
    if len(plain) > MOST_IN_CELL:
        raise TooLongForCell(f"A text of {len(plain)} characters does not fit a cell of Excel; take the CSV instead")
    return plain


def _settled(content: bytes, context: ExportContext) -> bytes:
    """The same workbook with the instant of the context in it and none of the machine's clock."""
    instant = context.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    settled = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = _MODIFIED.sub(rb"\g<1>" + instant, part)
            new.writestr(zipfile.ZipInfo(name, _FIRST_DAY), part, zipfile.ZIP_DEFLATED)
    return settled.getvalue()
