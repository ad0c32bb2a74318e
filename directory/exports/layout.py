"""How entries become a sheet: which columns, which of them hold phones, what parts several values in one cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from directory.entries.entry import ContactLine, Entry
from directory.exports import words
from directory.exports.context import ExportContext
from directory.exports.guard import guard_phone, guard_text, unguard_phone, unguard_text

PHONE_KINDS = frozenset({"hotline", "phone", "fax"})


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of sheet. `row` gives plain cells; `guarded` and `unguarded` are each other's way back."""

    name: str
    columns: tuple[str, ...]
    phones: frozenset[str]
    parted_by: str
    row: Callable[[Entry, ExportContext], Mapping[str, str]]
    is_marked: bool = False  # begins with a byte-order mark, whatever parts its cells

    def guarded(self, column: str, text: str, splits_at: str) -> str:
        """The cell as it stands in the file."""
        if column in self.phones:
            return self.parted_by.join(guard_phone(part, splits_at) for part in text.split(self.parted_by))
        return guard_text(text, splits_at)

    def unguarded(self, column: str, cell: str, splits_at: str) -> str:
        """The plain cell again."""
        if column in self.phones:
            return self.parted_by.join(unguard_phone(part, splits_at) for part in cell.split(self.parted_by))
        return unguard_text(cell, splits_at)


def shown(line: ContactLine) -> str:
    """A phone as it is read aloud, with the blanks that keep it text; anything else as it is."""
    value = line.value or ""
    return (line.display or value) if line.kind in PHONE_KINDS else value


def one_line(text: str) -> str:
    """Line breaks become ` / `: in a cell opened with the wrong separator they would begin a new one."""
    lines = (words.plain_line(line) for line in text.splitlines())
    return " / ".join(line for line in lines if line)
