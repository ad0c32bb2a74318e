"""Cards and sheets to take along: the same filters as the page, whole or refused."""

from __future__ import annotations

import csv
import io
import json

import pytest
import vobject
from flask import Flask
from flask.testing import FlaskClient

from directory import worker
from directory.app import database
from directory.exports.csv_file import COLUMNS, read_back
from tests.factories import make_institution, make_post
from tests.web.conftest import World

KINDS = ("vcf", "csv", "json")
CROWD = 30


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
    for address in (f"/entries/{world.boys_shelter}.vcf", *(f"/entries.{kind}?country=AL" for kind in KINDS)):
        text = client.get(address).text
        assert "intake@house.al.example" in text
        assert "79460104" not in text.replace(" ", "")


def test_kosovo_carries_its_footnote_in_every_file(client: FlaskClient, world: World) -> None:
    for kind in KINDS:
        text = client.get(f"/entries.{kind}?country=XK").text
        assert "UNSCR 1244/1999" in text.replace("\r\n ", "")


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


@pytest.mark.parametrize("kind", ["vcf", "csv"])
def test_an_empty_file_is_no_file(client: FlaskClient, kind: str) -> None:
    answer = client.get(f"/entries.{kind}?country=FR")
    assert answer.status_code == 404
    assert "nothing to put into a file" in answer.json["detail"]


def test_a_word_no_entry_has_finds_nothing(client: FlaskClient) -> None:
    assert json.loads(client.get("/entries.json?country=RO&words=qqxqqz").data)["entries"] == []


@pytest.mark.parametrize("address", ["/entries/00000000-0000-4000-8000-000000000000.vcf"])
def test_a_card_nobody_may_know_of_is_not_found(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
