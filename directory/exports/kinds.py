"""The kinds of files there are: what each is called, how it is written, how much it may hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from directory.entries.entry import Entry
from directory.exports.context import ExportContext
from directory.exports.csv_file import sheet
from directory.exports.hsds import hsds_file
from directory.exports.json_entry import entries_file
from directory.exports.pdf_file import MOST_PRINTED, printed_list
from directory.exports.vcard import cards_file

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind. `is_public_only`: whoever asks gets what everybody gets."""

    name: str
    suffix: str
    media_type: str
    write: Callable[[Sequence[Entry], ExportContext], bytes]
    may_be_empty: bool = False
    is_public_only: bool = False
    most: int | None = None


def _workbook(entries: Sequence[Entry], context: ExportContext) -> bytes:
    from directory.exports.xlsx_file import workbook  # noqa: PLC0415 - dear to load, and most starts write none

    return workbook(entries, context)


KINDS: dict[str, FileKind] = {
    kind.name: kind
    for kind in (
        FileKind("vcard", "vcf", "text/vcard; charset=utf-8", cards_file),
        FileKind("csv", "csv", "text/csv; charset=utf-8; header=present", sheet),
        FileKind("xlsx", "xlsx", _EXCEL, _workbook),
        FileKind("json", "json", "application/json", entries_file, may_be_empty=True),
        FileKind("hsds", "json", "application/json", hsds_file, may_be_empty=True, is_public_only=True),
        FileKind("pdf", "pdf", "application/pdf", printed_list, most=MOST_PRINTED),
    )
}
