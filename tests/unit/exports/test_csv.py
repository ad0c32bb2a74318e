"""Sheets: no cell a spreadsheet would reckon with, every value back as it was, whole or not at all."""

from __future__ import annotations

import csv
import io
import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.config import KOSOVO_FOOTNOTE
from directory.exports import ExportContext, SheetStyle
from directory.exports.context import PROFILES
from directory.exports.csv_file import LAYOUTS, UnreadableSheet, read_back, sheet
from directory.exports.guard import guard_phone, guard_text, unguard_phone, unguard_text
from directory.exports.plain_rows import COLUMNS
from directory.sops.taxonomy import Taxonomy
from tests.unit.exports.pictures import NASTY, context_for, formula_entries, hostile_entry, make_entry, make_line

FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x.example","y")',
    " =1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "a;=1+1",
    "a; =1+1",
    "a;;@x",
)


@pytest.fixture(scope="module")
def context(taxonomy: Taxonomy) -> ExportContext:
    return context_for(taxonomy)


def cells(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_begins_like_a_formula_is_guarded_and_read_back(formula: str) -> None:
    guarded = guard_text(formula)
    assert guarded != formula
    for piece in guarded.split(";"):
        assert not re.match(r"[\s\u200b]*[=+\-@＝＋－＠]", piece)
    assert unguard_text(guarded) == formula


@pytest.mark.parametrize("text", ["", "Return desk", "O'Brien", "'quoted'", "a = b", "a+b@c", "1-2", "+", "'=1"])
def test_plain_text_is_untouched_but_for_what_needs_the_guard(text: str) -> None:
    assert unguard_text(guard_text(text)) == text
    if not text.startswith(("+", "'=")):
        assert guard_text(text) == text


@pytest.mark.parametrize("phone", ["+40 21 316 8400", "+1 201-555-0123", "+383 38 200 200 ext. 12", "116000", "112"])
def test_a_phone_as_it_is_read_aloud_needs_no_guard(phone: str) -> None:
    assert guard_phone(phone) == phone


@pytest.mark.parametrize("odd", ["+40213168400", "0116", "=1+1", "+1+1", "'0116", "-1"])
def test_anything_else_in_a_phone_column_is_guarded(odd: str) -> None:
    """Also a number a spreadsheet would shorten: `+40213168400` loses its plus, `0116` its zero."""
    assert guard_phone(odd) == f"'{odd}"
    assert unguard_phone(guard_phone(odd)) == odd


def test_a_phone_that_would_be_split_is_guarded_at_both_ends() -> None:
    assert guard_phone("112;=1") == "'112;'=1"
    assert guard_phone("112,=1", ",") == "'112,'=1"
    assert unguard_phone("'112;'=1") == "112;=1"


@settings(max_examples=300, deadline=None)
@given(st.text(st.one_of(st.sampled_from("'=+-@;,| \t\n"), st.characters()), max_size=20))
def test_reading_strips_exactly_what_writing_added(text: str) -> None:
    for splits_at in ";,":
        assert unguard_text(guard_text(text, splits_at), splits_at) == text
        assert unguard_phone(guard_phone(text, splits_at), splits_at) == text


def styled(context: ExportContext, profile: str, separator: str = ",") -> ExportContext:
    return replace(context, style=SheetStyle(profile, separator))


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_sheet_of_hostile_entries_comes_back_as_it_was(context: ExportContext, profile: str, separator: str) -> None:
    dice = random.Random(7)
    layout, style = LAYOUTS[profile], styled(context, profile, separator)
    entries = [hostile_entry(dice) for _ in range(150)] + formula_entries()
    content = sheet(entries, style)
    assert read_back(content, profile) == [layout.row(entry, style) for entry in entries]
    other = "," if separator == ";" else ";"
    for line in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator):
        for column, cell in line.items():
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", cell)
            start = other if column in layout.phones else f"^|{other}"
            assert not re.search(rf"({start})\s*[=+\-@＝＋－＠]", cell), (column, cell)


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(st.text(max_size=60), min_size=6, max_size=6),
    style=st.builds(SheetStyle, st.sampled_from(PROFILES), st.sampled_from(",;")),
)
def test_what_is_read_is_what_was_written_whatever_it_was(
    taxonomy: Taxonomy, texts: list[str], style: SheetStyle
) -> None:
    context = replace(context_for(taxonomy), style=style)
    title, asks_for, label, postal, phone, mail = texts
    lines = (make_line(value=phone, label=label), make_line("email", mail), make_line("postal", postal))
    entry = make_entry(title=title, asks_for=asks_for, contact_lines=lines)
    assert read_back(sheet([entry], context), style.profile) == [LAYOUTS[style.profile].row(entry, context)]


def test_a_mark_stands_only_where_a_program_of_microsoft_needs_it(context: ExportContext) -> None:
    marked = {
        (profile, separator)
        for profile in PROFILES
        for separator in ",;"
        if sheet([make_entry()], styled(context, profile, separator)).startswith(b"\xef\xbb\xbf")
    }
    assert marked == {("outlook", ","), ("outlook", ";"), ("plain", ";"), ("google", ";")}


def test_every_cell_is_quoted_and_lines_end_as_the_standard_says(context: ExportContext) -> None:
    content = sheet([make_entry()], context).decode()
    assert not content.startswith("\ufeff")
    lines = content.split("\r\n")
    assert len(lines) == 3
    assert lines[2] == ""
    for line in lines[:2]:
        assert line.startswith('"')
        assert line.count('","') == len(COLUMNS) - 1


def test_a_row_says_its_state_and_the_file_for_whom_when_and_which_filter(context: ExportContext) -> None:
    (line,) = cells(sheet([make_entry()], context))
    assert line["state"] == "confirmed"
    assert line["confirmed_on"] == "2026-11-12"
    assert line["freshness"] == "Confirmed by the owner on 12 November 2026"
    assert line["phone"] == "+40 21 316 8400"
    assert line["file_made_for"] == "a visitor without sign-in"
    assert line["file_made_at"] == "2026-11-24T21:30:00Z"
    assert line["file_filter"] == "Romania · SOP 4 Return and social inclusion"
    assert line["footnote"] == ""


def test_kosovo_carries_its_footnote(context: ExportContext) -> None:
    (line,) = cells(sheet([make_entry(country="XK")], context))
    assert line["country_name"] == "Kosovo*"
    assert line["footnote"] == KOSOVO_FOOTNOTE


def test_several_values_of_a_kind_share_a_cell_in_the_order_of_what_is_said_of_them(context: ExportContext) -> None:
    lines = (
        make_line(display="+40 21 316 8400", hours="24/7"),
        make_line(value="+40213168401", display="+40 21 316 8401"),
        make_line(value="+40213168402", display="+40 21 316 8402", label="for minors"),
    )
    (line,) = cells(sheet([make_entry(contact_lines=lines)], context))
    assert line["phone"] == "+40 21 316 8400 | +40 21 316 8401 | +40 21 316 8402"
    assert line["phone_about"] == "day and night |  | for minors"


def test_an_address_of_several_lines_stays_in_one(context: ExportContext) -> None:
    (line,) = cells(sheet([make_entry(asks_for="Name\r\n=1+1\nDate")], context))
    assert line["asks_for"] == "Name / =1+1 / Date"


def test_a_damaged_sheet_is_refused_by_row(context: ExportContext) -> None:
    content = sheet([make_entry()], context)
    for damaged, sentence in (
        (b"\xff\xfe", "no sheet"),
        (b"", "first row"),
        (content.replace(b'"id"', b'"no"', 1), "first row"),
        (content + b'"short"\r\n', "Row 3 has 1 cells"),
        (content[:-4], "no sheet"),
    ):
        with pytest.raises(UnreadableSheet, match=sentence):
            read_back(damaged)


def test_hostile_texts_cover_what_the_design_names() -> None:
    assert set(',;\\":\r\n\t\x00\x85\u2028é漢😀ع') <= set(NASTY)
