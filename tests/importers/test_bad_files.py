"""Files that are no lists: each one a sentence that names the place and what to do, and nothing written."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.registry.models import Post
from directory.sops.taxonomy import Taxonomy
from importers.building import Builder
from importers.files import inspect
from importers.reading import open_rows
from importers.records import FileRefused, Limits, Row
from importers.report import report_text
from importers.run import vocabulary_of
from tests.importers.conftest import Import, contacts, post_of, reasons, row, shipped, write_json, write_list

HEADER = b"id,country,name_en,type,title\n"
GOOD = b"1,Romania,Agency,ngo,Desk\n"


NOISE = {"list.csv": shipped("template"), "list.json": shipped("authorities")}


def refused(imported: Import, path: Path, kind: object = "template", **more: object) -> str:
    with pytest.raises(FileRefused) as caught:
        imported(path, kind, **more)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "list.csv is empty", id="empty"),
        pytest.param(b"  \n\n ", "list.csv is empty", id="blank"),
        pytest.param(HEADER, "list.csv has no rows", id="header-only"),
        pytest.param(b"PK\x03\x04rest", "is a damaged workbook or archive", id="xlsx"),
        pytest.param(b"\xd0\xcf\x11\xe0rest", "list.csv cannot be read as a workbook", id="xls"),
        pytest.param(b"%PDF-1.7", "is a PDF", id="pdf"),
        pytest.param(b"\x1f\x8b\x08", "is compressed", id="gzip"),
        pytest.param(
            HEADER + GOOD + "2,România,Poliţia de Frontieră,ngo,Desk\n".encode("cp1250"),
            "is not utf-8: byte 61 (row 3) is 0xe2. It looks like cp",
            id="cp1250",
        ),
        pytest.param(b"<html><table><tr><td>id</td></tr></table>", "is a web page, whatever it is called", id="html"),
        pytest.param(b'<?xml version="1.0"?><Workbook/>', "is XML, not a list", id="xml"),
        pytest.param(b"dn: cn=DEMO\nobjectclass: top\n", "is an address book as LDIF", id="ldif"),
        pytest.param(HEADER + GOOD + b"2,Rom\xc3", "ends in the middle of a letter, at byte 61", id="cut-off"),
        pytest.param(b"nonsense\n1\n", "one column was found where", id="one-column"),
        pytest.param(b"id,country,name_en,type,title,fone\n", "does not know the column “fone”", id="unknown-column"),
        pytest.param(b"country,name_en,type,title\nRomania,A,ngo,B\n", "no column “id”", id="no-key"),
        pytest.param(b"id,country,id,type,title\n1,2,3,4,5\n", "the column “id” stands there twice", id="twice"),
        pytest.param(b"a" * 1_100_000 + b",b\n", "the header is longer than", id="endless-header"),
        pytest.param(b",".join(b"c%d" % n for n in range(600)) + b"\n1\n", "600 columns; at most 200", id="wide"),
    ],
)
def test_a_file_that_is_no_list(imported: Import, tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    assert says in refused(imported, path)


def test_a_folder(imported: Import, tmp_path: Path) -> None:
    assert "is a folder: name one file in it" in refused(imported, tmp_path)


def test_a_file_that_is_not_there(imported: Import, tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refused(imported, tmp_path / "none.csv")


def test_a_file_that_may_not_be_read(imported: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_list(tmp_path / "list.csv", [row()])

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    mapping = shipped("template")
    monkeypatch.setattr(Path, "open", denied)
    assert "cannot be read: Permission denied" in refused(imported, path, mapping)


def test_a_wrong_byte_far_down_is_found_where_it_is(imported: Import, tmp_path: Path) -> None:
    """Behind letters of two bytes that lie across the borders of what is read at once."""
    lines = b"x" + "é".encode() * 400_000 + b"\n"
    path = tmp_path / "list.csv"
    path.write_bytes(HEADER + lines + b"1,\xff")
    assert f"byte {len(HEADER) + len(lines) + 2} (row 3) is 0xff" in refused(imported, path)


def test_a_huge_file_is_refused_before_it_is_read(imported: Import, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    assert "has 100 MB; at most 64 MB are read" in refused(imported, path)


def test_the_wrong_separator_is_recognised(imported: Import, tmp_path: Path) -> None:
    mapping = replace(shipped("template"), separator=",")
    path = write_list(tmp_path / "list.csv", [row()], separator=";")
    assert "it looks as if a semicolon parts them: set `separator:`" in refused(imported, path, mapping)


def test_the_template_takes_any_usual_separator(imported: Import, session: Session, tmp_path: Path) -> None:
    for number, sign in enumerate((",", ";", "\t")):
        report = imported(write_list(tmp_path / "list.csv", [row(id=str(number))], separator=sign))
        assert (report.new_count, report.refused_count) == (1, 0)


def test_a_byte_order_mark_and_windows_lines_are_fine(imported: Import, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + GOOD).replace(b"\n", b"\r\n"))
    assert imported(path).new_count == 1


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (b"2,Romania,Agency,ngo", "type", "the row has 4 cells, the header names 5"),
        (b"2,Romania,Agency,ngo,Desk,more", "the whole row", "the row has 6 cells, the header names 5"),
        (b"2,,Agency,ngo,Desk", "country", "is empty: no country"),
        (b"2,Utopia,Agency,ngo,Desk", "country", "no country by that name"),
        (b",Romania,Agency,ngo,Desk", "id", "is empty, and the row is known by it"),
        (b"2,Romania,Agency,castle,Desk", "type", "is no kind of institution of the taxonomy"),
        (b"2,Romania,Agency,ngo,", "title", "says nothing, and an entry cannot do without it"),
        (
            b"2,Romania,Ag\x00ency,ngo,Desk",
            "name_en",
            "holds a NUL byte or half a letter: the file was damaged or is no text",
        ),
        (b'2,Romania,"Agency"x,ngo,Desk', "the whole row", "cannot be read: ',' expected after '\"'"),
        (b"2,Romania," + b"x" * 3000 + b",ngo,Desk", "name_en", "is 3000 characters long; at most 2000 are kept"),
        (
            b"2,Romania," + b"x" * 200_000 + b",ngo,Desk",
            "the whole row",
            "has a cell of more than 131,072 characters",
        ),
        (b"2,Romania," + b"x" * 2_000_000 + b",ngo,Desk", "the whole row", "is longer than 1,048,576 characters"),
    ],
    ids=lambda value: value[:24].decode() if isinstance(value, bytes) else None,
)
def test_a_bad_row_is_named_and_its_neighbours_are_taken(
    imported: Import, session: Session, tmp_path: Path, line: bytes, column: str, reason: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(HEADER + GOOD + line + b"\n" + GOOD.replace(b"1,", b"3,"))
    report = imported(path)
    assert (report.read_count, report.new_count, report.refused_count) == (3, 2, 1)
    assert reasons(report) == [(3, column, reason)]
    assert all(remark.advice for remark in report.remarks), "a refusal says what to do"
    assert f"{column}: {reason}" in report_text(report)


def test_a_quotation_mark_that_is_not_closed_is_said_to_be_so(imported: Import, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(HEADER + GOOD + b'2,Romania,"Agency,ngo,Desk\n' + GOOD.replace(b"1,", b"3,"))
    report = imported(path)
    assert (report.new_count, report.refused_count) == (1, 1)
    assert "it runs over 2 lines: a quotation mark is not closed?" in report.remarks[0].reason


def test_a_line_break_inside_an_unquoted_row_refuses_both_halves(imported: Import, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(HEADER + b"1,Romania,Age\nncy,ngo,Desk\n" + GOOD.replace(b"1,", b"3,"))
    report = imported(path)
    assert (report.new_count, report.refused_count) == (1, 2)
    assert "line break" in report.remarks[0].advice


def test_a_line_break_inside_quotation_marks_is_kept(imported: Import, session: Session, tmp_path: Path) -> None:
    imported(write_list(tmp_path / "list.csv", [row(postal="Street 1\nBucharest\nRomania")]))
    assert contacts(post_of(session, "1"))["postal"] == "Street 1\nBucharest\nRomania"


def test_blank_rows_count_as_rows_of_the_sheet_but_not_as_refused(imported: Import, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(HEADER + GOOD + b"\n,,,,\n" + b"2,Utopia,Agency,ngo,Desk\n")
    report = imported(path)
    assert (report.read_count, report.refused_count) == (2, 1)
    assert report.remarks[0].row == 5


def test_a_row_without_country_takes_the_one_asked_for(imported: Import, session: Session, tmp_path: Path) -> None:
    report = imported(write_list(tmp_path / "list.csv", [row(country="", phone="021 305 0101")]), country="RO")
    assert report.new_count == 1
    post = post_of(session, "1")
    assert (post.institution.country_code, contacts(post)["phone"]) == ("RO", "+40213050101")


# JSON

ITEM = {"slug": "a", "relevant-countries": ["de"], "name": "Body", "sources": ["https://example.org/a"]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "list.json has no rows"),
        ("{", "item 1: Expecting property name"),
        ('"text"', "item 1: a list must begin with “[”"),
        ('[{"slug": "a"', "item 1: Expecting ',' delimiter"),
        ('[{"slug": "a"}', "item 1: the file ends too early"),
        ('[{"slug": "a"},]', "a comma stands before the end of the list"),
        ('[{"slug": "a", "fone": "1"}]', "item 1: the mapping does not know “fone”"),
        ("[" + "[" * 200_000, "item 1: it is nested too deeply"),
        ('[{"slug": ' + "9" * 5000 + "}]", "item 1: Exceeds the limit"),
        ('[{"slug": "' + "x" * 1_200_000, "it is longer than 1,048,576 characters, or not closed"),
    ],
    ids=lambda text: text[:16],
)
def test_json_that_is_no_list(imported: Import, tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(content, encoding="utf-8")
    assert says in refused(imported, path, "authorities")


def test_a_json_item_that_is_no_object_is_refused_by_name(imported: Import, tmp_path: Path) -> None:
    report = imported(write_json(tmp_path / "list.json", [ITEM, "text", 7, None]), "authorities")
    assert (report.new_count, report.refused_count) == (1, 3)
    assert [remark.row for remark in report.remarks] == [2, 3, 4]


def test_broken_characters_refuse_their_item(imported: Import, tmp_path: Path) -> None:
    items = [ITEM, {**ITEM, "slug": "b", "name": "Bo\ud800dy"}, {**ITEM, "slug": "c", "name": "Bo\0dy"}]
    path = tmp_path / "list.json"
    path.write_text(json.dumps(items), encoding="utf-8")
    report = imported(path, "authorities")
    assert (report.new_count, report.refused_count) == (1, 2)
    assert {(r.row, r.column) for r in report.remarks} == {(2, "name"), (3, "name")}


def test_an_id_as_long_as_a_page_is_refused(imported: Import, tmp_path: Path) -> None:
    report = imported(write_list(tmp_path / "list.csv", [row(id="x" * 5000)]))
    assert reasons(report) == [(2, "id", "is 5,000 characters long, which is no id")]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_at_all_are_refused_or_read(tmp_path: Path, taxonomy: Taxonomy, noise: bytes, behind: bool) -> None:
    """No exception of ours or of the readers' ever reaches the secretary."""
    for name, mapping in NOISE.items():
        path = tmp_path / name
        path.write_bytes(HEADER + noise if behind and name.endswith("csv") else noise)
        builder = Builder(mapping, vocabulary_of(taxonomy))
        with contextlib.suppress(FileRefused):
            facts = inspect(path, mapping.encoding, 1)
            rows = open_rows(facts, mapping, lambda _: None, Limits())
            for read in rows:
                if isinstance(read, Row):
                    builder.build(read)


def test_one_json_object_is_a_list_of_one(imported: Import, tmp_path: Path) -> None:
    assert imported(write_json(tmp_path / "list.json", ITEM), "authorities").new_count == 1


def test_a_list_inside_an_object_is_found_by_its_name(imported: Import, tmp_path: Path) -> None:
    mapping = replace(shipped("authorities"), records="items")
    path = write_json(tmp_path / "list.json", {"count": 1, "items": [ITEM]})
    assert imported(path, mapping).new_count == 1
    assert "there is no list “records”" in refused(imported, path, replace(mapping, records="records"))


def test_items_wider_than_the_window_are_read_whole(imported: Import, tmp_path: Path) -> None:
    items = [{**ITEM, "slug": f"a{n}", "comments": ["x" * 190] * 10} for n in range(700)]
    assert imported(write_json(tmp_path / "list.json", items), "authorities").new_count == 700


def test_a_failed_file_leaves_no_entry(imported: Import, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(HEADER + GOOD + b"2,Rom\xe2nia,Agency,ngo,Desk\n")
    refused(imported, path)
    assert session.scalar(select(func.count()).select_from(Post)) == 0
