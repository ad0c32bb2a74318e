"""Entries as Google Contacts takes them in (its layout since 2024): several values of a cell parted by ` ::: `."""

from __future__ import annotations

from collections.abc import Iterable

from directory.entries.entry import Entry
from directory.exports.book_card import BookLine, book_card, left_over
from directory.exports.context import ExportContext
from directory.exports.layout import Layout, one_line

PARTED_BY = " ::: "
PHONES, MAILS, PAGES = 6, 3, 2
COLUMNS = (
    "First Name", "Middle Name", "Last Name",
    "Phonetic First Name", "Phonetic Middle Name", "Phonetic Last Name",
    "Name Prefix", "Name Suffix", "Nickname", "File As",
    "Organization Name", "Organization Title", "Organization Department",
    "Birthday", "Notes", "Photo", "Labels",
    *(f"E-mail {n} - {part}" for n in range(1, MAILS + 1) for part in ("Label", "Value")),
    *(f"Phone {n} - {part}" for n in range(1, PHONES + 1) for part in ("Label", "Value")),
    "Address 1 - Label", "Address 1 - Formatted", "Address 1 - Street", "Address 1 - City", "Address 1 - PO Box",
    "Address 1 - Region", "Address 1 - Postal Code", "Address 1 - Country", "Address 1 - Extended Address",
    *(f"Website {n} - {part}" for n in range(1, PAGES + 1) for part in ("Label", "Value")),
    "Custom Field 1 - Label", "Custom Field 1 - Value",
)  # fmt: skip


def google_row(entry: Entry, context: ExportContext) -> dict[str, str]:
    """One entry. Its page is the first website, its id a field of its own, so that it is found again."""
    card = book_card(entry, context)
    numbers = (*card.phones, *card.faxes)
    pages = (BookLine("Directory", context.page_of(entry.id)), *card.pages)
    more = left_over(numbers[PHONES:], card.mails[MAILS:], pages[PAGES:])
    cells = {
        "First Name": card.name,
        "Organization Name": card.body,
        "Organization Title": card.title,
        "Organization Department": card.part_of,
        "Notes": card.note + more,
        "Labels": PARTED_BY.join(["* myContacts", *(_plain(group) for group in card.groups)]),
        "Address 1 - Label": "Work" if card.postal else "",
        "Address 1 - Street": card.postal,
        "Address 1 - Country": card.country if card.postal else "",
        "Custom Field 1 - Label": "Directory id",
        "Custom Field 1 - Value": entry.id,
        **_numbered("E-mail", card.mails[:MAILS]),
        **_numbered("Phone", numbers[:PHONES]),
        **_numbered("Website", pages[:PAGES]),
    }
    return {column: one_line(cells.get(column, "")) for column in COLUMNS}


def _numbered(name: str, lines: Iterable[BookLine]) -> dict[str, str]:
    cells = {}
    for number, line in enumerate(lines, start=1):
        cells[f"{name} {number} - Label"], cells[f"{name} {number} - Value"] = line.label, _plain(line.value)
    return cells


def _plain(value: str) -> str:
    """A value that Google does not take for several."""
    return value.replace(":::", ":")


GOOGLE = Layout("google", COLUMNS, frozenset(f"Phone {n} - Value" for n in range(1, PHONES + 1)), PARTED_BY, google_row)
