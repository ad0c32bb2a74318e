"""Sheets for address books: the columns Google and Outlook know, one number in one place, nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from directory.entries.entry import Entry
from directory.exports import ExportContext
from directory.exports.google_rows import COLUMNS as GOOGLE_COLUMNS
from directory.exports.google_rows import google_row
from directory.exports.outlook_rows import COLUMNS as OUTLOOK_COLUMNS
from directory.exports.outlook_rows import outlook_row
from directory.exports.vcard import card_name
from directory.sops.taxonomy import Taxonomy
from tests.unit.exports.pictures import context_for, make_entry, make_line


@pytest.fixture(scope="module")
def context(taxonomy: Taxonomy) -> ExportContext:
    return context_for(taxonomy)


@pytest.fixture(scope="module")
def full() -> Entry:
    lines = (
        make_line("hotline", "116000", display="116 000", hours="24/7"),
        *(make_line(value=f"+4021316840{n}", display=f"+40 21 316 840{n}") for n in range(1, 7)),
        make_line("fax", "+40213168409", display="+40 21 316 8409"),
        *(make_line("email", f"desk{n}@return.example") for n in range(1, 5)),
        make_line("web", "https://return.example"),
        make_line("web", "https://more.example"),
        make_line("postal", "Strada Exemplu 1\n010101 București"),
    )
    return make_entry(contact_lines=lines, official="Ana Pop")


def test_google_gets_its_layout_of_2024(context: ExportContext, full: Entry) -> None:
    row = google_row(full, context)
    assert tuple(row) == GOOGLE_COLUMNS
    assert GOOGLE_COLUMNS[:4] == ("First Name", "Middle Name", "Last Name", "Phonetic First Name")
    assert row["First Name"] == card_name(full, context)
    assert row["Organization Name"] == "Return Agency"
    assert row["Labels"] == "* myContacts ::: Romania ::: SOP 4"
    assert (row["Phone 1 - Label"], row["Phone 1 - Value"]) == ("Hotline 24/7", "116 000")
    assert (row["Phone 2 - Label"], row["Phone 2 - Value"]) == ("Desk", "+40 21 316 8401")
    assert row["Website 1 - Value"] == f"https://directory.example.org/entries/{full.id}"
    assert row["Custom Field 1 - Value"] == full.id


def test_outlook_gets_its_english_columns(context: ExportContext, full: Entry) -> None:
    row = outlook_row(full, context)
    assert tuple(row) == OUTLOOK_COLUMNS
    assert len(OUTLOOK_COLUMNS) == len(set(OUTLOOK_COLUMNS)) == 92
    assert row["First Name"] == card_name(full, context)
    assert (row["Company"], row["Job Title"]) == ("Return Agency", "Return desk")
    assert row["Business Phone"] == "116 000"
    assert row["Business Fax"] == "+40 21 316 8409"
    assert (row["E-mail Address"], row["E-mail Type"]) == ("desk1@return.example", "SMTP")
    assert row["E-mail Display Name"] == card_name(full, context)
    assert row["Categories"] == "Romania;SOP 4"
    assert row["Business Street"] == "Strada Exemplu 1 / 010101 București"
    assert row["User 1"] == full.id
    assert (row["User 2"], row["User 3"]) == ("confirmed", "2026-11-12")


@pytest.mark.parametrize("make", [google_row, outlook_row])
def test_every_value_of_an_entry_is_somewhere_in_its_row(
    context: ExportContext, full: Entry, make: type[google_row]
) -> None:
    written = " ".join(make(full, context).values())
    for line in full.contact_lines:
        assert (line.display or line.value or "").split("\n")[0] in written


@pytest.mark.parametrize("make", [google_row, outlook_row])
def test_it_names_the_post_and_how_far_to_trust_it_but_no_person(
    context: ExportContext, full: Entry, make: type[google_row]
) -> None:
    row = make(replace(full, freshness="unconfirmed", demo=True), context)
    assert row["First Name"].startswith("DEMO Return desk, Romania (not confirmed) – ")
    assert row["Last Name"] == ""
    assert "Not confirmed since 12 November 2026: check before you rely on it." in row["Notes"]
    assert not any("Ana Pop" in cell for column, cell in row.items() if column != "Notes")


@pytest.mark.parametrize("make", [google_row, outlook_row])
def test_restricted_lines_never_travel(context: ExportContext, make: type[google_row]) -> None:
    hidden = (make_line("mobile", "+40722000001"), make_line("phone", "+40722000002", field_class="restricted"))
    assert "7220000" not in "".join(make(make_entry(contact_lines=hidden), context).values())
