"""Which row of a table names its columns, and what a column is called that has no name or shares one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from importers.records import Remark

LOOKED_AT = 30  # rows: whatever stands above a header is a title, a date, a logo's text
_ENOUGH = 2
_LONGEST = 200  # signs of a name that anybody knows
UNNAMED = re.compile(r"column [A-Z]{1,3}")
_NUMBERED = re.compile(r"(.+) \(\d+\)")


def find_header(rows: Sequence[Sequence[str]], known: Collection[str]) -> int:
    """The place of the row that names the columns: the one with most known names, else the first that is broad enough.

    `known` are names as `folded` gives them. Titles above a header fill a cell or two; the header names every column.
    """
    counts = [sum(bool(cell.strip()) for cell in row) for row in rows[:LOOKED_AT]]
    if not any(counts):
        return 0
    hits = [sum(_is_known(cell, known) for cell in row) for row in rows[:LOOKED_AT]]
    if max(hits) >= _ENOUGH:
        return hits.index(max(hits))
    broad = max(2, max(counts) * 0.6)
    first = next(place for place, count in enumerate(counts) if count)
    return next((place for place, count in enumerate(counts) if count >= broad), first)


def _is_known(cell: str, known: Collection[str]) -> bool:
    plain = folded(cell) if len(cell) <= _LONGEST else ""
    return bool(plain) and (plain in known or without_number(plain) in known)


def folded(name: str) -> str:
    """A header without case, accents and signs."""
    bare = unicodedata.normalize("NFKD", name.translate(_FLAT))
    letters = "".join(sign if sign.isalnum() else " " for sign in bare if not unicodedata.combining(sign))
    return " ".join(letters.casefold().split())


_FLAT = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ø": "o", "Ø": "O", "æ": "ae", "ı": "i"})


def without_number(plain: str) -> str:
    """`e mail address` for `e mail 2 address`."""
    return re.sub(r" ?\d+ ?", " ", plain).strip()


def tidy(cells: Sequence[str]) -> list[str]:
    """Names in one line each, those at the end that are none left out."""
    names = [" ".join(cell.replace("\u00a0", " ").split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def filled(names: Sequence[str], above: Sequence[str]) -> list[str]:
    """A header in two rows: columns that the lower row leaves open have their name in the upper one."""
    if sum(bool(cell.strip()) for cell in above) < _ENOUGH:
        return list(names)
    width = max(len(names), len(above))
    both = ((row[place] if place < len(row) else "" for row in (names, above)) for place in range(width))
    return [lower if lower.strip() else upper for lower, upper in both]


def named(cells: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 0, names_all: bool = True) -> list[str]:
    """Every column with a name of its own: `Phone (2)` for a second one, `column F` for one that says something.

    A column without a name is empty here where it says nothing in these rows, or where nobody asked for such.
    """
    found: list[str] = []
    names = tidy(cells)
    for place in range(len(cells)):
        plain = names[place] if place < len(names) else ""
        has_text = names_all and any(place < len(row) and row[place].strip() for row in rows)
        base = plain or (f"column {letters(left + place)}" if has_text else "")
        name, number = base, 2
        while name and name in found:
            name, number = f"{base} ({number})", number + 1
        found.append(name)
    while found and not found[-1]:
        found.pop()
    return found


def twice(header: Sequence[str], known: Collection[str]) -> str:
    """A name that stands there twice where the mapping knows one of that name; else empty."""
    bases = ((name, match[1]) for name in header if name not in known and (match := _NUMBERED.fullmatch(name)))
    return next((base for _, base in bases if base in header), "")


def repeats(cells: Sequence[str], header: Sequence[str]) -> bool:
    """The row is the header once more, as on a list's every printed page."""
    names = list(header)
    if not names or not cells or " ".join(cells[0][:_LONGEST].split()) != names[0]:
        return False  # nearly every row ends here: the rest takes its time
    said = tidy(cells)
    return len(said) > 1 and [folded(cell) for cell in said] == [folded(name) for name in names]


def repeated_header(number: int) -> Remark:
    """A row that says the header once more."""
    return Remark(number, "refused", "the whole row", "", "is the header once more", "Nothing, if it is no contact")


def unnamed_cell(number: int, place: int, text: str) -> Remark:
    """A cell that no name stands above."""
    reason = f"a cell in column {letters(place)} has no name above it"
    return Remark(number, "refused", "the whole row", text[:80], reason, "Name the column in the header")


def letters(index: int) -> str:
    """`A` for 0, `AB` for 27."""
    found = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
