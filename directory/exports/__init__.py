"""Entry to vCard, CSV and JSON. Takes entries already projected for a viewer; never a model, never a session."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from directory.entries.entry import Entry
from directory.exports.context import ExportContext
from directory.exports.csv_file import sheet
from directory.exports.json_entry import entries_file
from directory.exports.vcard import cards_file

_WRITERS: dict[str, Callable[[Sequence[Entry], ExportContext], bytes]] = {
    "vcard": cards_file,
    "csv": sheet,
    "json": entries_file,
}
KINDS = tuple(_WRITERS)
LATER = ("xlsx", "hsds")


class CannotExport(ValueError):
    """No file is written; the message says why and what to do."""


def write_export(kind: str, entries: Sequence[Entry], *, context: ExportContext) -> bytes:
    """The whole file, with every entry in it. Raises CannotExport: a file is never silently short, nor empty."""
    writer = _WRITERS.get(kind)
    if writer is None:
        known = ", ".join(KINDS)
        if kind in LATER:
            raise CannotExport(f"“{kind}” is not offered yet; choose one of {known}")
        raise CannotExport(f"“{kind}” is no kind of file; choose one of {known}")
    if not entries and kind != "json":
        raise CannotExport("No entry matches, so there is nothing to put into a file")
    return writer(entries, context)


__all__ = ["KINDS", "LATER", "CannotExport", "ExportContext", "write_export"]
