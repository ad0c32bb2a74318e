"""What a mapping's values say for one row; nothing about the registry's fields yet."""

from __future__ import annotations

import re
from collections.abc import Callable

from importers.cleaners import plain
from importers.mapping import ImportMapping, Table, Value
from importers.places import Countries
from importers.records import Row

_BROKEN = re.compile("[\0\ud800-\udfff]")
_IN_A_SHEET = "Correct the cell in the sheet, or fill in the value as text"
_IN_A_CARD = "Fill it in on the card, and import it again"
Remarker = Callable[[str, str, str, str], None]


class Cells:
    """One row's cells and named values, cleaned when first asked for."""

    def __init__(self, mapping: ImportMapping, countries: Countries, row: Row, refuse: Remarker) -> None:
        self._mapping, self._countries, self._row, self._refuse = mapping, countries, row, refuse
        self._known: dict[str, tuple[str, ...]] = {}

    def several(self, name: str) -> tuple[str, ...]:
        """All parts of a column or a named value, empty ones left out."""
        if name not in self._known:
            named = self._mapping.values.get(name)
            self._known[name] = self.all(named) if named else self._read(name)
        return self._known[name]

    def text(self, name: str) -> str:
        """A column or a named value as one text."""
        return _in_a_row(self.several(name))

    def all(self, value: Value) -> tuple[str, ...]:
        """The parts of a value, in order."""
        if value.unless and self.several(value.unless):
            return ()
        parts = self._parts(value)
        if value.split:
            parts = tuple(piece for part in parts for piece in part.split(value.split))
        parts = tuple(cleaned for part in parts if (cleaned := _clean(part, value.clean)))
        if value.take:
            parts = parts[:1] if value.take == "first" else parts[1:]
        if value.unless_includes and self._includes(parts, value.unless_includes):
            return ()
        if value.only:
            wanted = value.only == "countries"
            parts = tuple(part for part in parts if (self._countries.code(part) is not None) == wanted)
        if value.table:
            table = self._mapping.tables[value.table]
            parts = tuple(found for part in parts if (found := self._looked_up(table, part, value)))
        return (_in_a_row(parts, value.at_most),) if value.at_most and parts else parts

    def one(self, value: Value) -> str:
        """A value as one text."""
        parts = self.all(value)
        return parts[0] if len(parts) == 1 else value.join.join(parts) if value.parts else _in_a_row(parts)

    def _parts(self, value: Value) -> tuple[str, ...]:
        if value.column:
            return self.several(value.column)
        if value.pattern:
            return (value.pattern.fill(self.text),)
        if value.parts:
            filled = [text for pattern in value.parts if (text := pattern.fill(self.text))]
            return (value.join.join(filled),) if filled else ()
        return (value.constant,) if value.constant else ()

    def _read(self, column: str) -> tuple[str, ...]:
        if fault := self._row.faults.get(column, ""):
            advice = _IN_A_CARD if self._mapping.format == "vcard" else _IN_A_SHEET
            self._refuse(column, "", fault, advice)
            return ()
        cell = self._row.cells.get(column, "")
        if not cell:
            return ()
        cleaners = (*self._mapping.clean.get("*", ()), *self._mapping.clean.get(column, ()))
        parts = (cell,) if isinstance(cell, str) else cell
        if any(_BROKEN.search(part) for part in parts):
            problem = "holds a NUL byte or half a letter: the file was damaged or is no text"
            self._refuse(column, "", problem, "Save the list anew as CSV UTF-8")
            return ()
        return tuple(cleaned for part in parts if (cleaned := plain(_clean(part, cleaners))))

    def _includes(self, parts: tuple[str, ...], column: str) -> bool:
        own = self._countries.code(self.text(column))
        return own is not None and any(self._countries.code(part) == own for part in parts)

    def _looked_up(self, table: Table, part: str, value: Value) -> str:
        pattern = table.words.get(" ".join(part.split()).casefold())
        if pattern is not None:
            return pattern.fill(self.text)
        if table.otherwise == "refuse":
            advice = f"Correct the cell, or add the word to tables.{value.table} in the mapping"
            self._refuse(value.told, part, f"is not among the words of the table {value.table}", advice)
        return part if table.otherwise == "keep" else ""


def _clean(text: str, cleaners: tuple[Callable[[str], str], ...]) -> str:
    for cleaner in cleaners:
        text = cleaner(text)
    return text.strip()


def _in_a_row(parts: tuple[str, ...], at_most: int = 0) -> str:
    """`Kenya, Ethiopia and Uganda`; after so many, `and 3 others`."""
    if len(parts) <= 1:
        return parts[0] if parts else ""
    if not at_most:
        return ", ".join(parts)
    if len(parts) > at_most + 1:
        parts = (*parts[:at_most], f"{len(parts) - at_most} others")
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
