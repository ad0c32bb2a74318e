"""Entries as one sheet: a header, one row per entry, every cell quoted, nothing a spreadsheet would reckon with.

UTF-8 without a mark, commas, CRLF (RFC 4180). Several values stand in one cell, parted by ` | `. `read_back` gives
the cells as they were before the guard against formulas.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from directory.entries.entry import ContactLine, Entry
from directory.exports import words
from directory.exports.context import ExportContext, instant
from directory.exports.guard import guard_phone, guard_text, unguard_phone, unguard_text

SEPARATOR = " | "
# Kinds that may leave in a file; restricted ones have no column at all.
KINDS = ("hotline", "phone", "fax", "email", "secure_mail", "web", "postal")
PHONES = frozenset({"hotline", "phone", "fax"})
BEFORE = (
    "id",
    "url",
    "demo",
    "state",
    "confirmed_on",
    "freshness",
    "country",
    "country_name",
    "host_country",
    "host_country_name",
    "serves",
    "institution",
    "institution_local_name",
    "institution_type",
    "title",
    "role",
    "role_name",
    "area",
    "vacant",
    "official",
    "responsibilities",
)
AFTER = (
    "asks_for",
    "deputy",
    "deputy_id",
    "source",
    "source_date",
    "source_url",
    "revision",
    "changed_at",
    "footnote",
    "file_made_for",
    "file_made_at",
    "file_filter",
)
COLUMNS = (*BEFORE, *(column for kind in KINDS for column in (kind, f"{kind}_about")), *AFTER)


class UnreadableSheet(ValueError):
    """A sheet that was not written here, or was damaged since."""


def sheet(entries: Sequence[Entry], context: ExportContext) -> bytes:
    """The whole sheet."""
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        cells = row(entry, context)
        writer.writerow([_guarded(column, cells[column]) for column in COLUMNS])
    return target.getvalue().encode()


def read_back(content: bytes) -> list[dict[str, str]]:
    """The rows as they were before they were guarded. Raises UnreadableSheet with what is wrong."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableSheet(f"This is no sheet of the directory: {error}") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise UnreadableSheet("The first row does not hold the column names of the directory's sheet")
    for number, cells in enumerate(rows[1:], start=2):
        if len(cells) != len(COLUMNS):
            raise UnreadableSheet(f"Row {number} has {len(cells)} cells instead of {len(COLUMNS)}")
    return [
        {column: _unguarded(column, cell) for column, cell in zip(COLUMNS, cells, strict=True)} for cells in rows[1:]
    ]


def row(entry: Entry, context: ExportContext) -> dict[str, str]:
    """One entry as plain cells, before the guard."""
    cells = {**_post_cells(entry, context), **_contact_cells(entry), **_origin_cells(entry, context)}
    cells["file_made_for"] = context.for_whom
    cells["file_made_at"] = instant(context.now) or ""
    cells["file_filter"] = context.filter_words
    return {column: _one_line(cells[column]) for column in COLUMNS}


def _post_cells(entry: Entry, context: ExportContext) -> dict[str, str]:
    return {
        "id": entry.id,
        "url": context.page_of(entry.id),
        "demo": _yes(is_so=entry.demo),
        "state": entry.freshness,
        "confirmed_on": (instant(entry.confirmed_at) or "")[:10],
        "freshness": words.freshness_words(entry),
        "country": entry.country,
        "country_name": context.country(entry.country),
        "host_country": entry.host_country or "",
        "host_country_name": context.country(entry.host_country),
        "serves": _joined(entry.serves),
        "institution": entry.institution.name,
        "institution_local_name": entry.institution.local_name,
        "institution_type": entry.institution.type,
        "title": entry.title,
        "role": entry.role or "",
        "role_name": context.role(entry.role),
        "area": entry.area,
        "vacant": _yes(is_so=entry.is_vacant),
        "official": entry.official or "",
        "responsibilities": _joined(
            words.responsibility_words(part, context.taxonomy) for part in entry.responsibilities
        ),
    }


def _contact_cells(entry: Entry) -> dict[str, str]:
    """For each kind the values, and in the same order what to know of them."""
    lines = words.travelling_lines(entry)
    cells = {}
    for kind in KINDS:
        of_kind = [line for line in lines if line.kind == kind]
        cells[kind] = _joined(_shown(line) for line in of_kind)
        about = [words.line_words(line) for line in of_kind]
        cells[f"{kind}_about"] = _joined(about) if any(about) else ""
    return cells


def _origin_cells(entry: Entry, context: ExportContext) -> dict[str, str]:
    source = entry.sources[0] if entry.sources else None
    return {
        "asks_for": entry.asks_for,
        "deputy": f"{entry.deputy.title}, {entry.deputy.institution}" if entry.deputy else "",
        "deputy_id": entry.deputy.id if entry.deputy else "",
        "source": _joined(source.name for source in entry.sources),
        "source_date": source.dated_on.isoformat() if source and source.dated_on else "",
        "source_url": _joined(source.url for source in entry.sources if source.url),
        "revision": str(entry.revision),
        "changed_at": instant(entry.changed_at) or "",
        "footnote": context.footnote_of(entry),
    }


def _shown(line: ContactLine) -> str:
    """A phone as it is read aloud, with the blanks that keep it text; anything else as it is."""
    value = line.value or ""
    return (line.display or value) if line.kind in PHONES else value


def _guarded(column: str, text: str) -> str:
    if column in PHONES:
        return SEPARATOR.join(guard_phone(part) for part in text.split(SEPARATOR))
    return guard_text(text)


def _unguarded(column: str, cell: str) -> str:
    if column in PHONES:
        return SEPARATOR.join(unguard_phone(part) for part in cell.split(SEPARATOR))
    return unguard_text(cell)


def _joined(values: Iterable[str]) -> str:
    return SEPARATOR.join(value.replace(SEPARATOR, " / ") for value in values)


def _one_line(text: str) -> str:
    """Line breaks become ` / `: in a cell opened with the wrong separator they would begin a new one."""
    lines = (words.plain_line(line) for line in text.splitlines())
    return " / ".join(line for line in lines if line)


def _yes(*, is_so: bool) -> str:
    return "yes" if is_so else "no"
