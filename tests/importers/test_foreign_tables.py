"""Tables as offices keep them: titles above the header, two rows of header, any letters, and every cell accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment

from importers.cleaners import plain
from importers.columns import Choices, mapping_of, suggest
from importers.files import inspect
from importers.letters import likely_letters
from importers.reading import look_at, open_rows
from importers.records import Limits, Notice, Remark, Row, RowItem
from importers.sheet_reader import read_sheet
from tests.importers.conftest import write_list

HEADER = ("Institution", "Contact person", "Phone", "Country")
BODY = ("DEMO Agency", "DEMO Person", "+44 20 7946 0101", "Romania")


def table(path: Path, *rows: Sequence[Any]) -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    for cells in rows:
        made.active.append(list(cells))
    made.save(path)
    return made


def read(path: Path) -> list[RowItem]:
    """As the page reads it: a look, the columns as they are suggested, then every row."""
    sample = look_at(path, Limits())
    choices = Choices("own", "Own", title="Desk", encoding=sample.facts.encoding, separator=sample.separator or "auto")
    mapping = mapping_of(suggest(sample.columns, sample.rows), choices)
    return list(open_rows(inspect(path, mapping.encoding, 1), mapping, lambda _: None, Limits()))


def told(items: list[RowItem]) -> list[str]:
    return [item.text for item in items if isinstance(item, Notice)]


def cells(items: list[RowItem]) -> list[dict[str, Any]]:
    return [dict(item.cells) for item in items if isinstance(item, Row)]


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_what_stands_above_the_header_is_told_and_not_taken_for_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"list.{suffix}"
    title = ("List of authorities, November 2026",)
    if suffix == "xlsx":
        table(path, title, (), HEADER, BODY)
    else:
        path.write_text("\n".join([f'"{title[0]}",,,', ",,,", ",".join(HEADER), ",".join(BODY)]))
    items = read(path)
    assert cells(items) == [dict(zip(HEADER, BODY, strict=True))]
    assert "Row 1 stands above the header and is not read: List of authorities, November 2026" in told(items)


def test_a_header_in_two_rows_is_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    made = table(path, ("Institution", "Contact", None, "Country"), (None, "Person", "Phone", None), BODY)
    made.active.merge_cells("B1:C1")
    made.save(path)
    assert list(cells(read(path))[0]) == ["Institution", "Person", "Phone", "Country"]


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_the_header_once_more_is_no_contact(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"list.{suffix}"
    if suffix == "xlsx":
        table(path, HEADER, BODY, HEADER, BODY)
    else:
        path.write_text("\n".join(",".join(row) for row in (HEADER, BODY, HEADER, BODY)))
    remarks = [(item.row, item.reason) for item in read(path) if isinstance(item, Remark)]
    assert remarks == [(3, "is the header once more")]


def test_columns_of_one_name_and_of_none_keep_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Institution,Phone,Phone,,Country\nDEMO,1,2,stray,Romania\n")
    items = read(path)
    assert cells(items) == [
        {"Institution": "DEMO", "Phone": "1", "Phone (2)": "2", "column D": "stray", "Country": "Romania"}
    ]
    assert told(items) == ["Columns that nobody chose, not used: column D"]


def test_comments_links_and_hidden_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    made = table(path, HEADER, BODY)
    made.active["A2"].comment = Comment("mornings only", "demo")
    made.active["B2"].hyperlink = "mailto:desk@agency.example"
    made.active["B2"].value = "write to us"
    made.active.column_dimensions["C"].hidden = True
    made.save(path)
    said = told(list(read_sheet(path, Limits(), {})))
    assert "1 cell has a comment, which is not read" in said
    assert "1 hidden columns: they were read like the others" in said
    assert "1 link leads where no cell says, and are not read: mailto:desk@agency.example" in said


@pytest.mark.parametrize("letters", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "cp1251", "utf-8-sig"])
def test_any_letters(tmp_path: Path, letters: str) -> None:
    path = tmp_path / "list.csv"
    text = "Институция;Държава\nМинистерство на вътрешните работи;България\n"
    path.write_bytes(text.encode(letters))
    assert cells(read(path)) == [{"Институция": "Министерство на вътрешните работи", "Държава": "България"}]


@pytest.mark.parametrize(
    ("letters", "text"),
    [
        ("cp1252", "Behörde für Rückkehr, Straße"), ("cp1252", "Direção-Geral, São Paulo, Comissão"),
        ("cp1250", "Agenţia Naţională, Bucureşti, Brăila"), ("cp1250", "Služba za azil, Niš, Đorđe"),
        ("cp1251", "Национална комисия, София"), ("koi8_r", "Национална комисия, София"), ("cp852", "Služba za azil, Niš"),
        ("mac_roman", "Behörde für Rückkehr, Straße"), ("cp1253", "Υπουργείο Προστασίας του Πολίτη"),
    ],
)  # fmt: skip
def test_letters_are_guessed_by_how_well_they_read(letters: str, text: str) -> None:
    assert text.encode(letters).decode(likely_letters(text.encode(letters))) == text


def test_a_file_of_two_kinds_of_letters_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    lines = [b"Institution,Country", "Behörde A,Österreich".encode(), "Behörde B,Österreich".encode("cp1252")]
    path.write_bytes(b"\n".join(lines))
    assert [row["Institution"] for row in cells(read(path))] == ["Behörde A", "Behörde B"]


def test_a_mark_goes_before_what_a_mapping_says(tmp_path: Path) -> None:
    path = write_list(tmp_path / "list.csv", [{"id": "1", "name_en": "DEMO"}])
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    assert inspect(path, "utf-8", 1).encoding == "utf-16"


def test_excel_s_line_about_the_separator_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("sep=;\nInstitution;Country\nDEMO, Ltd;Romania\n")
    assert cells(read(path)) == [{"Institution": "DEMO, Ltd", "Country": "Romania"}]


def test_commas_in_addresses_are_no_separators(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Institution;Address\n" + "".join(f"DEMO {n};Street {n}, Town, 12\n" for n in range(5)))
    assert look_at(path, Limits()).separator == ";"


def test_a_row_that_cannot_be_read_is_told_in_its_own_words(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text('Institution,Country\n"DEMO "one" two",Romania\nDEMO,Romania\n')
    [remark] = [item for item in read(path) if isinstance(item, Remark)]
    assert remark.value == '"DEMO "one" two",Romania'


def test_angle_brackets_that_are_no_tags_are_somebody_s_words() -> None:
    assert plain("see <https://agency.example> <after 17:00>") == "see <https://agency.example> <after 17:00>"
    assert plain("<p>one<br/>two</p>").split() == ["one", "two"]
