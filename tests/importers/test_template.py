"""The directory's own template: every column arrives; what cannot stand is left out by name."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from importers.mapping import SHIPPED
from importers.report import write_report
from tests.importers.conftest import Import, contacts, post_of, reasons, row, shipped, write_list


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


def test_the_shipped_file_has_every_column_and_imports(imported: Import, session: Session) -> None:
    file = SHIPPED / "template.csv"
    with file.open(encoding="utf-8", newline="") as opened:
        assert set(next(csv.reader(opened))) == shipped("template").known
    report = imported(file)
    assert (report.new_count, report.refused_count, report.remarks) == (1, 0, [])


def test_every_column_finds_its_field(imported: Import, session: Session) -> None:
    imported(SHIPPED / "template.csv")
    post = post_of(session, "RO-001")
    institution = post.institution
    assert [(n.name, n.language, n.kind) for n in institution.names] == [
        ("Demo Return Agency", "en", "official"),
        ("Agenția Demo de Întoarcere", "ro", "official"),
        ("DRA", "", "short"),
    ]
    assert (institution.country_code, institution.type, institution.city) == ("RO", "migration_authority", "Bucharest")
    assert institution.note == "Invented: delete this row"
    assert (post.title, post.role_key, post.asks_for) == (
        "Return desk",
        "return_officer",
        "Country of return and planned date",
    )
    assert {(r.sop, r.measure, r.level, tuple(r.target_groups)) for r in post.responsibilities} == {
        (4, "4.3", "leads", ("adults", "children")),
        (4, "4.4", "leads", ("adults", "children")),
    }
    lines = {point.kind: point for point in post.contact_points}
    assert (lines["phone"].hours, lines["phone"].timezone) == ("Mo-Fr 08:00-16:00", "Europe/Bucharest")
    assert (lines["duty_phone"].value, lines["duty_phone"].hours) == ("+441632960102", "24/7")
    assert lines["phone"].languages == ["ro", "en"]
    assert all(point.is_published for point in post.contact_points)
    assert post.source is not None
    assert str(post.source.dated_on) == "2026-11-24"


def test_contacts_are_public_only_where_the_row_says_so(imported: Import, session: Session, path: Path) -> None:
    report = imported(
        write_list(path, [row(id="1", public=""), row(id="2", public="perhaps"), row(id="3", public="Yes")])
    )
    shown = [{p.is_published for p in post_of(session, key).contact_points} for key in ("1", "2", "3")]
    assert shown == [{False}, {False}, {True}]
    assert reasons(report, "left out") == [(3, "public", "“perhaps” is neither yes nor no")]


@pytest.mark.parametrize(
    ("cells", "column", "part"),
    [
        ({"phone": "12"}, "phone", "cannot be dialled"),
        ({"phone": "ask reception"}, "phone", "is no phone number"),
        ({"phone": "3.3142E+10"}, "phone", "was rounded by a spreadsheet"),
        ({"email": "desk(at)example"}, "email", "is no mail address"),
        ({"web": "not a page"}, "web", "is no web address"),
        ({"hours": "mornings"}, "hours", "“mornings” is not like"),
        ({"timezone": "Mars/North"}, "timezone", "is no time zone"),
        ({"languages": "ro;Klingonish"}, "languages", "is no language"),
        ({"name_local": "Agenția", "name_local_language": "Elvish"}, "name_local_language", "is no language"),
        ({"checked_on": "11/24/2026"}, "checked_on", "is no date"),
        ({"serves": "Moldova;Bavaria"}, "serves", "is no country"),
    ],
)
def test_a_value_that_cannot_stand_is_left_out_and_named(
    imported: Import, session: Session, path: Path, cells: dict[str, str], column: str, part: str
) -> None:
    report = imported(write_list(path, [row(**cells)]))
    assert (report.new_count, report.refused_count) == (1, 0)
    (remark,) = report.remarks
    assert (remark.verdict, remark.row, remark.column) == ("left out", 2, column)
    assert part in remark.reason
    assert post_of(session, "1").title == "Return desk"


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"role": "wizard"}, "role"),
        ({"sop": "7"}, "sop"),
        ({"measure": "4.99"}, "measure"),
        ({"level": "helps"}, "level"),
        ({"target_groups": "grown-ups"}, "target_groups"),
        ({"exploitation": "unknown"}, "exploitation"),
        ({"name_en": ""}, "name_en, name_local, name_other, name_short"),
        ({"host_country": "Utopia"}, "host_country"),
    ],
)
def test_a_word_the_taxonomy_does_not_know_refuses_the_row(
    imported: Import, path: Path, cells: dict[str, str], column: str
) -> None:
    report = imported(write_list(path, [row(**cells)]))
    assert report.refused_count == 1
    assert [r.column for r in report.remarks] == [column]


def test_all_that_is_wrong_with_a_row_is_told_at_once(imported: Import, path: Path) -> None:
    report = imported(write_list(path, [row(type="castle", role="wizard", sop="9", phone="12")]))
    assert report.refused_count == 1
    assert {r.column for r in report.remarks} == {"type", "role", "sop"}


def test_a_shelter_s_address_is_never_kept_nor_repeated(imported: Import, session: Session, path: Path) -> None:
    report = imported(write_list(path, [row(type="shelter", postal="Hidden Street 7\nBucharest")]))
    assert report.new_count == 1
    assert "postal" not in contacts(post_of(session, "1"))
    assert reasons(report, "left out") == [(2, "postal", "a shelter's address is never kept")]
    out = io.StringIO()
    write_report(report, out)
    assert "Hidden Street" not in out.getvalue()


def test_html_blanks_and_links_are_cleaned(imported: Import, session: Session, path: Path) -> None:
    imported(
        write_list(
            path,
            [
                row(
                    name_en="\u00a0<b>Return</b>\u00a0 Agency &amp; Co ",
                    title="  Return   desk<br>",
                    email="mailto:desk@return.example.org?subject=hello",
                    web="www.return.example.org/a?b=1&copy=2.",
                )
            ],
        )
    )
    post = post_of(session, "1")
    assert (post.institution.name, post.title) == ("Return Agency & Co", "Return desk")
    assert contacts(post)["email"] == "desk@return.example.org"
    assert contacts(post)["web"] == "https://www.return.example.org/a?b=1&copy=2"


def test_what_looks_like_a_formula_is_text(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row(title="=1+1", name_en="'=HYPERLINK(1)", area="-north", note="@home")]))
    post = post_of(session, "1")
    assert (post.title, post.institution.name, post.area, post.institution.note) == (
        "=1+1",
        "=HYPERLINK(1)",
        "-north",
        "@home",
    )


def test_several_numbers_in_one_cell_and_twice_the_same(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row(phone="+44 1632 960101; 0044 1632 960102 ;+441632960101", country="GB")]))
    phones = [p.value for p in post_of(session, "1").contact_points if p.kind == "phone"]
    assert phones == ["+441632960101", "+441632960102"]


def test_countries_in_many_languages(imported: Import, session: Session, path: Path) -> None:
    names = {
        "a": "Shqipëri",
        "b": "Србија",
        "c": "Kosovo",
        "d": "Северна Македонија",
        "e": "uk",
        "f": "EL",
        "g": "Magyarország",
    }
    imported(write_list(path, [row(id=key, country=name) for key, name in names.items()]))
    codes = [post_of(session, key).institution.country_code for key in names]
    assert codes == ["AL", "RS", "XK", "MK", "GB", "GR", "HU"]


def test_the_report_file_is_safe_to_open_in_a_spreadsheet(imported: Import, path: Path) -> None:
    report = imported(write_list(path, [row(phone="+12")]))
    out = io.StringIO()
    write_report(report, out)
    rows = list(csv.reader(io.StringIO(out.getvalue())))
    assert rows[0][:2] == ["verdict", "row"]
    assert rows[1][:2] == ["left out", "2"]
    assert rows[1][5] == "'+12"
