"""Cards and sheets to take along: the same filters as the page, whole or refused."""

from __future__ import annotations

import csv
import io
import json
import sys
from itertools import count
from pathlib import Path

import pytest
import vobject
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from directory import worker
from directory.app import database
from directory.exports import KINDS as EXPORT_KINDS
from directory.exports.csv_file import read_back
from directory.exports.plain_rows import COLUMNS
from directory.history.models import AccessItem, AccessRecord
from tests.adapters.qr_pictures import by_zxing, picture_of_svg
from tests.factories import make_institution, make_post
from tests.security.opening import opened
from tests.web.conftest import World
from tests.web.signed_in import sign_in

KINDS = ("vcf", "csv", "json", "xlsx", "pdf")
TEXTS = ("vcf", "csv", "json")
CROWD = 30


_networks = count(1)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor of a network of their own: a day has only so many files."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = f"10.77.{next(_networks)}.1"
    return client


@pytest.fixture(scope="module")
def crowd(app: Flask) -> None:
    """More entries in Portugal than one file holds."""
    with app.app_context():
        session = database.session()
        office = make_institution(session, "Crowded Office", country="PT")
        for number in range(CROWD):
            make_post(session, office, title=f"Desk {number}", role="reintegration_officer", sops=(3,))
        session.commit()
    worker.run_due(app)


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_one_entry_comes_as_one_card(client: FlaskClient, world: World) -> None:
    answer = client.get(f"/entries/{world.return_desk}.vcf")
    assert answer.status_code == 200
    assert answer.content_type == "text/vcard; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=entry.vcf"
    (card,) = vobject.readComponents(answer.text)
    assert card.uid.value == f"urn:uuid:{world.return_desk}"
    assert card.tel.value == "+442079460101"
    assert card.fn.value.startswith("Return desk, Romania")


@pytest.mark.parametrize("kind", KINDS)
def test_downloads_are_neither_rendered_nor_kept(client: FlaskClient, kind: str) -> None:
    answer = client.get(f"/entries.{kind}?country=RO")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=entries.{kind}"
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'; sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("kind", KINDS)
def test_head_answers_as_get_without_a_body(client: FlaskClient, kind: str) -> None:
    address = f"/entries.{kind}?country=RO"
    answer = client.head(address)
    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.content_length == client.get(address).content_length


def test_three_files_hold_the_entries_of_the_page(client: FlaskClient, world: World) -> None:
    filters = "country=RO&sop=4&role=return_officer"
    cards = list(vobject.readComponents(client.get(f"/entries.vcf?{filters}").text))
    sheet = rows(client.get(f"/entries.csv?{filters}").data)
    shape = client.get(f"/entries.json?{filters}").json
    ids = {entry["id"] for entry in shape["entries"]}
    assert ids == {world.return_desk, world.vacant}
    assert {card.uid.value.removeprefix("urn:uuid:") for card in cards} == ids
    assert {row["id"] for row in sheet} == ids
    assert {row["file_filter"] for row in sheet} == {
        "Romania · SOP 4 Return and social inclusion · Voluntary return contact"
    }
    assert shape["file"]["entry_count"] == 2


def test_a_sheet_of_the_site_reads_back(client: FlaskClient) -> None:
    lines = read_back(client.get("/entries.csv?country=RO").data)
    assert lines
    assert set(lines[0]) == set(COLUMNS)


def test_restricted_lines_never_travel(client: FlaskClient, world: World) -> None:
    shelter = (f"/entries/{world.boys_shelter}.vcf", f"/entries/{world.boys_shelter}/qr.svg")
    profiles = ("csv?profile=google&", "csv?profile=outlook&", "json?profile=hsds&", *(f"{kind}?" for kind in KINDS))
    for address in (*shelter, *(f"/entries.{profile}country=AL" for profile in profiles)):
        answer = client.get(address)
        text = opened(answer.mimetype, answer.data).decode("utf-8", "replace")
        assert "intake@house.al.example" in text
        assert "79460104" not in text.replace(" ", "")


def test_kosovo_carries_its_footnote_in_every_file(client: FlaskClient, world: World) -> None:
    for kind in (*KINDS, "json?profile=hsds", "csv?profile=google", "csv?profile=outlook"):
        answer = client.get(f"/entries.{kind}{'&' if '?' in kind else '?'}country=XK")
        text = opened(answer.mimetype, answer.data).decode("utf-8", "replace")
        assert "UNSCR 1244/1999" in " ".join(text.replace("\r\n ", "").split())


def test_a_stale_card_says_so_in_its_name(client: FlaskClient, world: World) -> None:
    text = client.get(f"/entries/{world.stale}.vcf").text
    assert "Arrival reception\\, Romania (not confirmed)" in text


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_too_large_is_refused_and_says_how_to_narrow_it(client: FlaskClient, crowd: None, kind: str) -> None:
    answer = client.get(f"/entries.{kind}?country=PT")
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["detail"] == (
        f"This answer has {CROWD} entries; a file holds at most 25. Narrow it by country, procedure or role."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_filter_nobody_knows_is_refused_by_name(client: FlaskClient, kind: str) -> None:
    """Left out, as the page does, it would widen the file unseen."""
    answer = client.get(f"/entries.{kind}?country=RO&sop=9")
    assert answer.status_code == 400
    assert answer.json["parameter"] == "sop"


def test_the_page_number_of_an_address_does_no_harm(client: FlaskClient) -> None:
    assert client.get("/entries.vcf?country=RO&page=2").status_code == 200


@pytest.mark.parametrize("kind", ["vcf", "csv", "xlsx", "pdf"])
def test_an_empty_file_is_no_file(client: FlaskClient, kind: str) -> None:
    answer = client.get(f"/entries.{kind}?country=FR")
    assert answer.status_code == 404
    assert "nothing to put into a file" in answer.json["detail"]


def test_a_word_no_entry_has_finds_nothing(client: FlaskClient) -> None:
    assert json.loads(client.get("/entries.json?country=RO&words=qqxqqz").data)["entries"] == []


@pytest.mark.parametrize("suffix", [".vcf", "/qr.svg"])
def test_a_card_nobody_may_know_of_is_not_found(client: FlaskClient, suffix: str) -> None:
    answer = client.get(f"/entries/00000000-0000-4000-8000-000000000000{suffix}")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_every_file_is_made_whole_before_it_is_sent(client: FlaskClient) -> None:
    for kind in KINDS:
        answer = client.get(f"/entries.{kind}?country=RO")
        assert answer.content_length == len(answer.data) > 0


def test_a_workbook_holds_what_the_csv_holds(client: FlaskClient) -> None:
    sheet = read_back(client.get("/entries.csv?country=RO").data)
    answer = client.get("/entries.xlsx?country=RO")
    assert answer.content_type == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert book.get_sheet_by_name("Entries").to_python() == [list(COLUMNS), *(list(row.values()) for row in sheet)]
    about = {row[0]: row[1] for row in book.get_sheet_by_name("About this file").to_python()}
    assert about["Rows"] == str(len(sheet))
    assert about["Filter"] == "Romania"
    assert about["Newest version"] == "http://127.0.0.1:8000/entries?country=RO"


@pytest.mark.parametrize("profile", ["google", "outlook"])
def test_an_address_book_gets_its_own_columns(client: FlaskClient, world: World, profile: str) -> None:
    answer = client.get(f"/entries.csv?country=RO&profile={profile}")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=entries-{profile}.csv"
    names = [row["First Name"] for row in read_back(answer.data, profile)]
    assert any(name.startswith("Return desk, Romania") for name in names)


def test_a_semicolon_is_what_some_spreadsheets_want(client: FlaskClient) -> None:
    comma, semicolon = (client.get(f"/entries.csv?country=RO&separator={name}").data for name in ("comma", "semicolon"))
    assert semicolon.startswith(b'\xef\xbb\xbf"id";"url"')
    assert read_back(semicolon) == read_back(comma)


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("/entries.csv?country=RO&profile=hsds", "profile"),
        ("/entries.json?country=RO&profile=google", "profile"),
        ("/entries.xlsx?country=RO&profile=google", "profile"),
        ("/entries.csv?country=RO&separator=tab", "separator"),
        ("/entries.pdf?country=RO&separator=semicolon", "separator"),
    ],
)
def test_a_form_a_file_does_not_come_in_is_refused_by_name(client: FlaskClient, address: str, parameter: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert answer.json["parameter"] == parameter


def test_other_registries_get_what_everybody_gets_whoever_asks(app: Flask, client: FlaskClient) -> None:
    address = "/entries.json?country=AL&profile=hsds"
    coordinator = sign_in(app, "coordinator", country="AL", name="Corina Coordinator")
    seen, plain = coordinator.client.get(address), client.get(address)
    assert seen.headers["Content-Disposition"] == "attachment; filename=entries-hsds.json"
    assert seen.data == plain.data
    assert plain.json["contents"]
    mine, everybodys = (who.get("/entries.json?country=AL").json["entries"] for who in (coordinator.client, client))
    assert mine != everybodys, "The control: this person sees more"


def test_a_file_says_who_took_it(app: Flask, client: FlaskClient) -> None:
    reader = sign_in(app, "reader", country="BG", name="Boyan Reader")
    assert reader.client.get("/entries.json?country=RO").json["file"]["made_for"] == "Boyan Reader"
    assert client.get("/entries.json?country=RO").json["file"]["made_for"] == "a visitor without sign-in"


def test_a_list_to_print_leads_back_to_the_same_answer(client: FlaskClient) -> None:
    answer = client.get("/entries.pdf?country=RO&sop=4")
    assert answer.content_type == "application/pdf"
    text = opened(answer.mimetype, answer.data).decode()
    assert "Romania · SOP 4 Return and social inclusion" in text
    assert "Return desk" in text
    assert "+44 20 7946 0101" in text


def test_a_machine_that_cannot_print_says_so_and_counts_nothing(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with app.app_context():
        before = len(list(database.session().scalars(select(AccessRecord.id))))
    answer = client.get("/entries.pdf?country=RO")
    assert answer.status_code == 501
    assert "Pango" in answer.json["detail"]
    with app.app_context():
        assert len(list(database.session().scalars(select(AccessRecord.id)))) == before


def test_a_code_is_the_entry_for_a_camera(client: FlaskClient, world: World) -> None:
    answer = client.get(f"/entries/{world.stale}/qr.svg")
    assert answer.content_type == "image/svg+xml"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert answer.headers["Cache-Control"] == "no-store"
    (text,) = by_zxing([picture_of_svg(answer.text)])
    card = vobject.readOne(text)
    assert card.fn.value == "Arrival reception, Romania (not confirmed)"
    page = client.get(f"/entries/{world.stale}").text
    assert f'src="/entries/{world.stale}/qr.svg"' in page
    assert 'loading="lazy"' in page


@pytest.mark.parametrize(
    ("address", "path"), [("/entries.xlsx", "xlsx"), ("/entries.pdf", "pdf"), ("/entries/{}/qr.svg", "qr")]
)
def test_what_is_taken_is_written_down(app: Flask, client: FlaskClient, world: World, address: str, path: str) -> None:
    client.get(address.format(world.return_desk), query_string={"country": "RO", "role": "return_officer"})
    with app.app_context():
        taken = select(AccessItem.entry_id).join(AccessRecord).where(AccessRecord.path == path)
        assert world.return_desk in set(database.session().scalars(taken))


@pytest.mark.parametrize("kind", [*EXPORT_KINDS])
def test_the_console_writes_every_kind(app: Flask, world: World, tmp_path: Path, kind: str) -> None:
    target = tmp_path / f"entries.{kind}"
    done = app.test_cli_runner().invoke(args=["export", str(target), "--as", kind, "--country", "RO"])
    assert done.exit_code == 0, done.output
    assert f"entries written to {target}" in done.output
    text = opened(EXPORT_KINDS[kind].media_type, target.read_bytes()).decode("utf-8", "replace")
    assert "Return desk" in text


def test_the_console_knows_the_profiles(app: Flask, world: World, tmp_path: Path) -> None:
    target = tmp_path / "book.csv"
    more = ["--profile", "outlook", "--separator", "semicolon", "--country", "RO"]
    done = app.test_cli_runner().invoke(args=["export", str(target), "--as", "csv", *more])
    assert done.exit_code == 0, done.output
    assert read_back(target.read_bytes(), "outlook")
