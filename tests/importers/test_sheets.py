"""Workbooks in: text stays text, a damaged phone is refused, a formula is never reckoned, hidden things are named."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy.orm import Session

from importers.files import inspect
from importers.reading import look_at, open_rows
from importers.records import FileRefused, Limits, Notice, Row
from importers.sheet_reader import read_sheet
from tests.importers.conftest import Import, contacts, post_of, reasons, row, shipped, write_list

SHEETS = Path(__file__).parent / "sheets"
HEADER = ("id", "country", "name_en", "type", "title", "phone", "hotline", "note")


def book(path: Path, rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER) -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append(list(header))
    for cells in rows:
        sheet.append(list(cells))
    made.save(path)
    return path


def good(number: str = "1", **cells: Any) -> list[Any]:
    said = {"id": number, "country": "Romania", "name_en": "Agency", "type": "ngo", "title": "Desk", **cells}
    return [said.get(name) for name in HEADER]


def items(path: Path, sheet: str = "") -> list[Any]:
    return list(read_sheet(path, Limits(), {"sheet": sheet}))


def cells(path: Path) -> list[Row]:
    return [item for item in items(path) if isinstance(item, Row)]


def told(path: Path) -> list[str]:
    return [item.text for item in items(path) if isinstance(item, Notice)]


def with_results(path: Path, results: dict[str, str]) -> Path:
    """The workbook as Excel leaves it: each formula with its last result."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            content = source.read(part).decode() if part.filename.endswith(".xml") else source.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                for place, result in results.items():
                    found = re.compile(rf'<c r="{place}"([^>]*)><f>(.*?)</f><v ?/?>(?:</v>)?</c>')
                    content, count = found.subn(rf'<c r="{place}" t="str"><f>\2</f><v>{result}</v></c>', str(content))
                    assert count == 1
            target.writestr(part.filename, content)
    path.write_bytes(made.getvalue())
    return path


def test_a_workbook_becomes_entries(imported: Import, session: Session, tmp_path: Path) -> None:
    path = book(tmp_path / "list.xlsx", [good(phone="+44 1632 960101", note="two\nlines")])
    report = imported(path)
    assert (report.new_count, report.refused_count) == (1, 0)
    assert contacts(post_of(session, "1")) == {"phone": "+441632960101"}
    assert post_of(session, "1").institution.note == "two\nlines"
    assert report.notices == ["Read as an Excel workbook (XLSX), sheet “Sheet”"]


@pytest.mark.parametrize("name", ["demo.xls", "demo.ods"])
def test_old_and_open_workbooks_say_the_same(imported: Import, session: Session, name: str) -> None:
    """Both were made of one workbook by LibreOffice."""
    report = imported(SHEETS / name)
    assert (report.new_count, report.refused_count) == (2, 0)
    first, second = post_of(session, "1"), post_of(session, "2")
    assert contacts(first) == {"hotline": "116000", "phone": "+442079460101"}
    assert (first.institution.note, first.source.dated_on) == ("two\nlines", date(2026, 11, 1))
    assert contacts(second) == {}
    assert second.institution.note == "=1+1"
    assert "stands in the sheet as a number" in reasons(report, "left out")[0][2]
    assert any("“Old”" in notice for notice in report.notices)


def test_what_a_file_is_goes_by_its_bytes(imported: Import, tmp_path: Path) -> None:
    path = book(tmp_path / "list.csv", [good()])
    assert imported(path).new_count == 1
    text = write_list(tmp_path / "list.xlsx", [row(id="2")])
    assert imported(text).new_count == 1
    (tmp_path / "sheet.xlsx").write_bytes((SHEETS / "demo.ods").read_bytes())
    assert "OpenDocument" in told(tmp_path / "sheet.xlsx")[0]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (33142000000, "stands in the sheet as a number, which drops a plus sign and zeros in front"),
        (213050101, "stands in the sheet as a number, which drops a plus sign and zeros in front"),
        (3.3142e10, "stands in the sheet as a number"),
        ("3.3142E+10", "was rounded by a spreadsheet: its last digits are lost"),
        ("40213050101", "lacks the plus sign in front: write it as +40 213050101"),
        ("ask at the desk", "is no phone number"),
    ],
)
def test_a_damaged_phone_is_left_out_and_never_guessed(
    imported: Import, session: Session, tmp_path: Path, value: Any, reason: str
) -> None:
    report = imported(book(tmp_path / "list.xlsx", [good(phone=value)]))
    assert report.new_count == 1
    assert not contacts(post_of(session, "1"))
    assert [reason in text for _, column, text in reasons(report, "left out") if column == "phone"] == [True]


def test_the_same_damage_in_a_text_file(imported: Import, session: Session, tmp_path: Path) -> None:
    rows = [row(id="1", phone="40213050101"), row(id="2", phone="3,3142E+10"), row(id="3", phone="0213050101")]
    imported(write_list(tmp_path / "list.csv", rows))
    assert [contacts(post_of(session, key)).get("phone") for key in "123"] == [None, None, "+40213050101"]


def test_a_short_hotline_may_be_a_number(imported: Import, session: Session, tmp_path: Path) -> None:
    imported(book(tmp_path / "list.xlsx", [good(hotline=116000)]))
    assert contacts(post_of(session, "1")) == {"hotline": "116000"}


def test_cells_as_text(tmp_path: Path) -> None:
    values = {
        "text": "  kept ", "lines": "a\nb", "zeros": "00123", "at": "@x", "day": date(2026, 1, 5),
        "moment": datetime(2026, 1, 5, 8, 30),  # noqa: DTZ001 - a sheet knows no zones
        "time": time(8, 0), "hours": timedelta(hours=30), "yes": True,
        "whole": 44123, "part": 1.5, "large": 33142000000, "tiny": 0.1 + 0.2, "none": None,
    }  # fmt: skip
    path = book(tmp_path / "list.xlsx", [list(values.values())], list(values))
    [read] = cells(path)
    assert dict(read.cells) == {
        "text": "  kept ", "lines": "a\nb", "zeros": "00123", "at": "@x", "day": "2026-01-05",
        "moment": "2026-01-05 08:30:00", "time": "08:00", "hours": "30:00", "yes": "yes",
        "whole": "44123", "part": "1.5", "large": "33142000000", "tiny": "0.3", "none": "",
    }  # fmt: skip
    assert read.numbers == {"whole", "part", "large", "tiny"}


def test_a_formula_is_read_as_its_last_result_and_never_reckoned(tmp_path: Path) -> None:
    path = book(tmp_path / "list.xlsx", [good(note="=CONCATENATE(A2,B2)"), good("2")])
    with_results(path, {"H2": "1Romania"})
    assert cells(path)[0].cells["note"] == "1Romania"
    assert "1 cell holds a formula: its last result was read, nothing was reckoned" in told(path)


def test_a_formula_without_a_result_refuses_its_row(imported: Import, tmp_path: Path) -> None:
    report = imported(book(tmp_path / "list.xlsx", [good(note="=1+1"), good("2")]))
    assert (report.new_count, report.refused_count) == (1, 1)
    assert reasons(report) == [(2, "note", "holds a formula without its result: formulas are never reckoned here")]


def test_a_formula_in_a_column_nobody_reads_costs_nothing(imported: Import, tmp_path: Path) -> None:
    mapping = replace(shipped("template"), ignore=frozenset({"sum"}))
    path = book(tmp_path / "list.xlsx", [[*good(), "=1+1"]], [*HEADER, "sum"])
    assert imported(path, mapping).new_count == 1


def test_an_error_of_the_spreadsheet_refuses_its_row(imported: Import, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.append(list(HEADER))
    made.active.append(good(note="#N/A"))
    made.active["H2"].data_type = "e"
    made.save(tmp_path / "list.xlsx")
    report = imported(tmp_path / "list.xlsx")
    assert reasons(report) == [(2, "note", "holds the spreadsheet's error #N/A")]


def test_merged_hidden_and_further_sheets_are_named(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.append(["id", "name"])
    made.active.append(["1", "A"])
    made.active.append(["2", None])
    made.active.merge_cells("B2:B3")
    made.active.row_dimensions[3].hidden = True
    made.create_sheet("More").append(["id"])
    made.create_sheet("Empty")
    hidden = made.create_sheet("Hidden")
    hidden.append(["id"])
    hidden.sheet_state = "veryHidden"
    made.save(tmp_path / "list.xlsx")
    assert told(tmp_path / "list.xlsx") == [
        "Read as an Excel workbook (XLSX), sheet “Sheet”",
        "Not read: sheet “More”. To read it instead, name it as the sheet",
        "Not read: sheet “Hidden”, which is hidden",
        "1 hidden rows: they were read like the others",
        "1 merged cells: only the first cell of each holds the text",
    ]
    assert [dict(found.cells) for found in cells(tmp_path / "list.xlsx")] == [
        {"id": "1", "name": "A"},
        {"id": "2", "name": ""},
    ]


def test_another_sheet_may_be_named(imported: Import, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.append(["nothing", "here"])
    made.active.append(["1", "2"])
    other = made.create_sheet("Contacts")
    other.append(list(HEADER))
    other.append(good())
    made.save(tmp_path / "list.xlsx")
    assert imported(tmp_path / "list.xlsx", replace(shipped("template"), sheet="Contacts")).new_count == 1
    with pytest.raises(FileRefused, match="has no sheet “None”; it has “Sheet”, “Contacts”"):
        imported(tmp_path / "list.xlsx", replace(shipped("template"), sheet="None"))


def test_rows_are_counted_as_the_spreadsheet_counts_them(imported: Import, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active["B3"] = "id"
    for place, name in enumerate(HEADER):
        made.active.cell(3, 2 + place, name)
    for place, value in enumerate(good(country="Utopia")):
        made.active.cell(6, 2 + place, value)
    made.save(tmp_path / "list.xlsx")
    report = imported(tmp_path / "list.xlsx")
    assert [number for number, _, _ in reasons(report)] == [6]
    assert "Row 3 names the columns" in report.notices


@pytest.mark.parametrize(
    ("header", "rows", "says"),
    [
        (("id", "id"), [["1", "2"]], "the column “id” stands there twice"),
        (("id", "country", "name_en", "type", "title", "fone"), [["1"] * 6], "does not know the column “fone”"),
        (("country", "name_en"), [["1", "2"]], "there is no column"),
        (HEADER, [], "has no rows"),
        ((), [], "is empty"),
    ],
)
def test_a_sheet_that_does_not_fit(imported: Import, tmp_path: Path, header: Any, rows: Any, says: str) -> None:
    path = tmp_path / "list.xlsx"
    book(path, rows, header)
    with pytest.raises(FileRefused, match=says):
        imported(path)


def test_a_cell_without_a_name_above_it(imported: Import, tmp_path: Path) -> None:
    report = imported(book(tmp_path / "list.xlsx", [[*good(), None, "stray"], good("2")]))
    assert reasons(report) == [(2, "the whole row", "a cell in column J has no name above it")]
    assert report.new_count == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04 and nothing", "is a damaged workbook or archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "cannot be read as a workbook"),
        ((SHEETS / "demo.xls").read_bytes()[:3000], "cannot be read as a workbook|is damaged"),
    ],
    ids=["zip", "ole", "cut"],
)
def test_a_damaged_workbook(imported: Import, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "list.xlsx").write_bytes(content)
    with pytest.raises(FileRefused, match=says):
        imported(tmp_path / "list.xlsx")


def test_a_locked_workbook(tmp_path: Path) -> None:
    path = book(tmp_path / "list.xlsx", [good()])
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 4)
    path.write_bytes(bytes(content))
    with pytest.raises(FileRefused, match="is locked with a password"):
        items(path)


# A look before anybody has said what the columns mean


def test_a_look_at_a_workbook() -> None:
    sample = look_at(SHEETS / "demo.ods", Limits())
    assert sample.columns[:3] == ("id", "country", "name_en")
    assert (len(sample.rows), sample.sheets) == (2, ("Contacts", "Old"))
    assert sample.rows[1].numbers >= {"phone"}


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("letters", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_look_finds_separator_and_encoding(tmp_path: Path, sign: str, letters: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(f'name{sign}"a, b; c|d"\nPoliţia{sign}"x{sign}y"\n'.encode(letters))
    sample = look_at(path, Limits())
    assert (sample.separator, sample.columns) == (sign, ("name", "a, b; c|d"))
    assert dict(sample.rows[0].cells) == {"name": "Poliţia", "a, b; c|d": f"x{sign}y"}
    assert not sample.told


def test_a_guessed_encoding_is_said_to_be_a_guess_and_may_be_chosen(imported: Import, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    text = "id;country;name_en;type;title\n" + "".join(
        f"{n};România;Poliţia de Frontieră și Agenţia pentru întoarcere;ngo;Birou\n" for n in range(30)
    )
    path.write_bytes(text.replace("ș", "ş").encode("cp1250"))
    sample = look_at(path, Limits())
    assert sample.facts.guessed
    assert "which is a guess: look at the names" in sample.told[0]
    chosen = look_at(path, Limits(), encoding="cp1250")
    assert "Frontieră" in str(chosen.rows[0].cells["name_en"])
    report = imported(path, replace(shipped("template"), encoding="cp1250"))
    assert (report.new_count, report.notices) == (30, [])
    guessing = imported(path, replace(shipped("template"), encoding="auto"))
    assert "which is a guess" in guessing.notices[0]


def test_rows_through_the_door_are_those_of_the_reader() -> None:
    """The pipe between the two processes loses nothing."""
    path = SHEETS / "demo.xls"
    through = list(open_rows(inspect(path, "utf-8", 1), shipped("template"), lambda _: None, Limits()))
    assert through == items(path)
