"""Entries as the classic Outlook takes them in: its own columns, in English, whatever language it speaks.

Classic Outlook reads only the first card of a file of vCards, so for more than one this is the way.
"""

from __future__ import annotations

from collections.abc import Iterator

from directory.entries.entry import Entry
from directory.exports.book_card import BookCard, book_card, left_over
from directory.exports.context import ExportContext, instant
from directory.exports.layout import Layout, one_line

NUMBERS = ("Business Phone", "Business Phone 2", "Company Main Phone", "Primary Phone", "Other Phone")
FAXES = ("Business Fax", "Other Fax")
MAILS = ("E-mail", "E-mail 2", "E-mail 3")
_PLACES = tuple(
    f"{whose} {part}"
    for whose in ("Business", "Home", "Other")
    for part in ("Street", "Street 2", "Street 3", "City", "State", "Postal Code", "Country/Region")
)
COLUMNS = (
    "Title", "First Name", "Middle Name", "Last Name", "Suffix", "Company", "Department", "Job Title", *_PLACES,
    "Assistant's Phone", "Business Fax", "Business Phone", "Business Phone 2", "Callback", "Car Phone",
    "Company Main Phone", "Home Fax", "Home Phone", "Home Phone 2", "ISDN", "Mobile Phone", "Other Fax", "Other Phone",
    "Pager", "Primary Phone", "Radio Phone", "TTY/TDD Phone", "Telex", "Account", "Anniversary", "Assistant's Name",
    "Billing Information", "Birthday", "Business Address PO Box", "Categories", "Children", "Directory Server",
    *(f"{mail} {part}" for mail in MAILS for part in ("Address", "Type", "Display Name")),
    "Gender", "Government ID Number", "Hobby", "Home Address PO Box", "Initials", "Internet Free Busy", "Keywords",
    "Language", "Location", "Manager's Name", "Mileage", "Notes", "Office Location", "Organizational ID Number",
    "Other Address PO Box", "Priority", "Private", "Profession", "Referred By", "Sensitivity", "Spouse",
    "User 1", "User 2", "User 3", "User 4", "Web Page",
)  # fmt: skip


def outlook_row(entry: Entry, context: ExportContext) -> dict[str, str]:
    """One entry. `User 1` to `User 4` hold its id, its state, when it was confirmed, and its page."""
    card = book_card(entry, context)
    numbers, faxes, mails = len(NUMBERS), len(FAXES), len(MAILS)
    more = left_over(card.phones[numbers:], card.faxes[faxes:], card.mails[mails:], card.pages[1:])
    cells = {
        "First Name": card.name,
        "Company": card.body,
        "Department": card.part_of,
        "Job Title": card.title,
        "Business Street": card.postal,
        "Business Country/Region": card.country,
        "Categories": ";".join(group.replace(";", ",") for group in card.groups),
        "Notes": card.note + more,
        "User 1": entry.id,
        "User 2": entry.freshness,
        "User 3": (instant(entry.confirmed_at) or "")[:10],
        "User 4": context.page_of(entry.id),
        "Web Page": card.pages[0].value if card.pages else context.page_of(entry.id),
        **{column: line.value for column, line in zip(NUMBERS, card.phones, strict=False)},
        **{column: line.value for column, line in zip(FAXES, card.faxes, strict=False)},
        **dict(_mails(card)),
    }
    return {column: one_line(cells.get(column, "")) for column in COLUMNS}


def _mails(card: BookCard) -> Iterator[tuple[str, str]]:
    for name, line in zip(MAILS, card.mails, strict=False):
        column = f"{name} Address"
        yield column, line.value
        yield f"{name} Type", "SMTP"
        yield f"{name} Display Name", card.name


OUTLOOK = Layout("outlook", COLUMNS, frozenset({*NUMBERS, *FAXES}), " | ", outlook_row, is_marked=True)
