"""What an address book that reads CSV takes of an entry: its name, numbers, addresses, and a note in words."""

from __future__ import annotations

from dataclasses import dataclass

from directory.entries.entry import ContactLine, Entry
from directory.exports import words
from directory.exports.context import ExportContext
from directory.exports.layout import PHONE_KINDS, shown
from directory.exports.vcard import card_name, note, number_label

MAIL_KINDS = frozenset({"email", "secure_mail"})


@dataclass(frozen=True, slots=True)
class BookLine:
    """One number or address and what it is."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class BookCard:
    """An entry for an address book. Like a vCard it names the post, never the person."""

    name: str
    body: str
    part_of: str
    title: str
    country: str
    phones: tuple[BookLine, ...]
    faxes: tuple[BookLine, ...]
    mails: tuple[BookLine, ...]
    pages: tuple[BookLine, ...]
    postal: str
    groups: tuple[str, ...]
    note: str


def book_card(entry: Entry, context: ExportContext) -> BookCard:
    """The entry, ready for columns."""
    lines = words.travelling_lines(entry)
    return BookCard(
        name=card_name(entry, context),
        body=entry.institution.name,
        part_of=entry.institution.parent_name,
        title=entry.title,
        country=context.country(entry.place),
        phones=tuple(_line(line) for line in lines if line.kind in PHONE_KINDS - {"fax"}),
        faxes=tuple(_line(line) for line in lines if line.kind == "fax"),
        mails=tuple(_line(line) for line in lines if line.kind in MAIL_KINDS),
        pages=tuple(_line(line) for line in lines if line.kind == "web"),
        postal="; ".join(line.value or "" for line in lines if line.kind == "postal"),
        groups=tuple(
            dict.fromkeys([context.country(entry.country), *(f"SOP {p.sop}" for p in entry.responsibilities)])
        ),
        note=note(entry, context),
    )


def left_over(*kinds: tuple[BookLine, ...]) -> str:
    """Lines for which a layout has no column left, for the note: none is lost."""
    return "".join(f"\n{line.label}: {line.value}" for lines in kinds for line in lines)


def _line(line: ContactLine) -> BookLine:
    label = number_label(line) if line.kind in PHONE_KINDS else words.KIND_LABELS[line.kind]
    return BookLine(label, shown(line))
