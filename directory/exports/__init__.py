"""Entry to vCard, sheets, JSON, HSDS, a list to print. Takes entries projected for a viewer; never a model."""

from __future__ import annotations

from collections.abc import Sequence

from directory.entries.entry import Entry
from directory.exports.context import ExportContext, SheetStyle, TooLongForCell
from directory.exports.kinds import KINDS, FileKind
from directory.exports.pdf_file import CannotPrint


class CannotExport(ValueError):
    """No file is written; the message says why and what to do."""


def write_export(kind: str, entries: Sequence[Entry], *, context: ExportContext) -> bytes:
    """The whole file, with every entry in it. Raises CannotExport: a file is never silently short, nor empty."""
    found = KINDS.get(kind)
    if found is None:
        raise CannotExport(f"“{kind}” is no kind of file; choose one of {', '.join(KINDS)}")
    if not entries and not found.may_be_empty:
        raise CannotExport("No entry matches, so there is nothing to put into a file")
    if found.most is not None and len(entries) > found.most:
        raise CannotExport(f"These are {len(entries)} entries; this kind of file holds at most {found.most}")
    try:
        return found.write(entries, context)
    except (CannotPrint, TooLongForCell) as error:
        raise CannotExport(str(error)) from error


__all__ = ["KINDS", "CannotExport", "CannotPrint", "ExportContext", "FileKind", "SheetStyle", "write_export"]
