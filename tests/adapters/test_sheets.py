"""Sheets as a spreadsheet opens them: no formula, no number without its plus, every text as it was."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import replace

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from directory.entries.entry import Entry
from directory.exports import CannotExport, ExportContext, SheetStyle, write_export
from directory.exports.context import PROFILES
from directory.exports.csv_file import LAYOUTS, sheet
from directory.exports.plain_rows import COLUMNS, PHONES, plain_row
from directory.exports.xlsx_file import STATES, digest, workbook
from directory.registry.rules import FreshnessState
from directory.sops.taxonomy import Taxonomy
from tests.adapters.libreoffice import Opened, opened
from tests.unit.exports.pictures import context_for, formula_entries, hostile_entry, make_entry, make_line

SEPARATORS = {"comma": ",", "semicolon": ";"}
NUMBERS = ("+40 21 316 8400", "+49 30 123456", "+1 201-555-0123", "+383 38 200 200 ext. 12", "116000", "112")


@pytest.fixture(scope="module")
def context(taxonomy: Taxonomy) -> ExportContext:
    return context_for(taxonomy, timezone="Europe/Vienna", page_url="https://directory.example.org/entries?sop=4")


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    dice = random.Random(20261124)
    lines = [
        (make_line(value=number, display=number), make_line("hotline", number, display=number)) for number in NUMBERS
    ]
    plain = [
        make_entry(id=f"00000000-0000-4000-8000-00000000000{n}", contact_lines=pair) for n, pair in enumerate(lines)
    ]
    return [*plain, *formula_entries(), *(hostile_entry(dice) for _ in range(40))]


@pytest.fixture(scope="module")
def files(entries: list[Entry], context: ExportContext) -> dict[str, bytes]:
    return {
        f"{profile}-{name}.csv": sheet(entries, replace(context, style=SheetStyle(profile, separator)))
        for profile in PROFILES
        for name, separator in SEPARATORS.items()
    }


@pytest.fixture(scope="module")
def open_with(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> Callable[..., dict[str, Opened]]:
    kept: dict[tuple[str, str], dict[str, Opened]] = {}

    def run(written: str, separator: str) -> dict[str, Opened]:
        if (written, separator) not in kept:
            chosen = {name: content for name, content in files.items() if name.endswith(f"-{written}.csv")}
            kept[written, separator] = opened(tmp_path_factory.mktemp("office"), chosen, separator)
        return kept[written, separator]

    return run


@pytest.mark.parametrize("name", SEPARATORS)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_spreadsheet_finds_every_number_as_it_was_and_nothing_to_reckon(
    open_with: Callable[..., dict[str, Opened]], entries: list[Entry], context: ExportContext, profile: str, name: str
) -> None:
    found = open_with(name, SEPARATORS[name])[f"{profile}-{name}.csv"]
    layout = LAYOUTS[profile]
    (rows,) = found.sheets
    assert found.formulas == []
    assert rows[0] == list(layout.columns[: len(rows[0])])
    assert len(rows) == len(entries) + 1
    style, other = replace(context, style=SheetStyle(profile, SEPARATORS[name])), {",": ";", ";": ","}[SEPARATORS[name]]
    checked = 0
    for entry, row in zip(entries, rows[1:], strict=True):
        cells = dict(zip(layout.columns, [*row, *[""] * len(layout.columns)], strict=False))
        for column, text in layout.row(entry, style).items():
            if column in layout.phones:
                assert cells[column] == layout.guarded(column, text, other)
                checked += bool(text)
    assert checked > len(entries)


@pytest.mark.parametrize("name", SEPARATORS)
def test_opened_as_the_other_kind_a_sheet_still_holds_no_formula(
    open_with: Callable[..., dict[str, Opened]], name: str
) -> None:
    wrong = {",": ";", ";": ","}[SEPARATORS[name]]
    for found in open_with(name, wrong).values():
        assert found.formulas == []


def test_the_judge_notices_a_formula_and_a_lost_plus(tmp_path_factory: pytest.TempPathFactory) -> None:
    control = b'"title","phone"\r\n"=1+1","+40213168400"\r\n"a;=2+2","0116"\r\n'
    found = opened(tmp_path_factory.mktemp("control"), {"control.csv": control}, ",")["control.csv"]
    assert found.formulas == ["of:=1+1"]
    assert [row[1] for row in found.sheets[0][1:]] == ["40213168400", "116"]
    assert opened(tmp_path_factory.mktemp("wrong"), {"control.csv": control}, ";")["control.csv"].formulas


def test_a_workbook_keeps_every_cell_as_text(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], context: ExportContext
) -> None:
    found = opened(tmp_path_factory.mktemp("excel"), {"entries.xlsx": workbook(entries, context)})["entries.xlsx"]
    assert found.formulas == []
    first, about = found.sheets
    wanted = [list(plain_row(entry, context).values()) for entry in entries]
    assert [row + [""] * (len(COLUMNS) - len(row)) for row in first] == [list(COLUMNS), *wanted]
    assert ["Rows", str(len(entries))] in about


def test_another_reader_finds_the_same_and_the_digest_holds(entries: list[Entry], context: ExportContext) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook(entries, context)))
    rows = book.get_sheet_by_name("Entries").to_python()
    about = {row[0]: row[1] for row in book.get_sheet_by_name("About this file").to_python()}
    assert rows == [list(COLUMNS), *(list(plain_row(entry, context).values()) for entry in entries)]
    assert about["Digest"] == f"SHA-256 {digest(rows)}"
    rows[3][5] = "Confirmed yesterday"
    assert about["Digest"] != f"SHA-256 {digest(rows)}"


def test_a_workbook_is_one_to_work_with(context: ExportContext) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([make_entry(title="=1+1"), make_entry()], context)))
    first, about = book["Entries"], book["About this file"]
    assert first.freeze_panes == "A2"
    assert first.auto_filter.ref == f"A1:{first.cell(1, len(COLUMNS)).column_letter}3"
    assert {cell.number_format for row in first.iter_rows() for cell in row} == {"@"}
    assert {cell.data_type for row in first.iter_rows() for cell in row if cell.value} == {"s"}
    assert first.column_dimensions["O"].width > first.column_dimensions["G"].width
    told = {row[0].value: row[1].value for row in about.iter_rows()}
    assert told["Made for"] == "a visitor without sign-in"
    assert told["Made at"] == "24 November 2026, 21:30 UTC (24 November 2026, 22:30 in Vienna)"
    assert told["Filter"] == "Romania · SOP 4 Return and social inclusion"
    assert told["Newest version"] == "https://directory.example.org/entries?sop=4"
    assert set(FreshnessState.__args__) == {name for name, _ in STATES} <= set(told)
    assert "Footnote" not in told


def test_each_row_says_its_state_and_when_it_was_confirmed(context: ExportContext) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook([make_entry(country="XK")], context)))
    header, row = book.get_sheet_by_name("Entries").to_python()
    cells = dict(zip(header, row, strict=True))
    assert (cells["state"], cells["confirmed_on"]) == ("confirmed", "2026-11-12")
    assert cells["phone"] == "+40 21 316 8400"
    assert cells["footnote"].startswith("* This designation")
    assert any(row[0] == "Footnote" for row in book.get_sheet_by_name("About this file").to_python())


def test_the_same_entries_at_the_same_instant_are_the_same_bytes(context: ExportContext) -> None:
    assert workbook([make_entry()], context) == workbook([make_entry()], context)


def test_a_text_no_cell_holds_refuses_the_file_rather_than_cutting_it(context: ExportContext) -> None:
    with pytest.raises(CannotExport, match="does not fit a cell of Excel"):
        write_export("xlsx", [make_entry(asks_for="long " * 7000)], context=context)


def test_the_plain_columns_of_phones_are_known_here() -> None:
    assert set(PHONES) <= set(COLUMNS)
