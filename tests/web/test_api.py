"""The JSON API: the shapes of the contract, refusals that name what to correct, a walk that misses nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import TestResponse

from directory import worker
from directory.app import database
from directory.entries import changes
from directory.registry import operations
from directory.registry.models import Post, Removal
from directory.registry.rules import CONTACT_KINDS
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.web.conftest import World

READING_KEYS = {
    *("countries", "host_countries", "sops", "measures", "roles", "institution_types", "target_groups"),
    *("exploitation", "languages", "urgent", "words", "ignored", "warnings"),
}
OLD = NOW - timedelta(days=300)


@pytest.fixture(scope="module")
def crowd(app: Flask) -> list[str]:
    """55 entries in Portugal, changed at eleven instants; their ids in the order of change."""
    with app.app_context():
        session = database.session()
        office = make_institution(session, "Crowded Office", country="PT")
        posts = [
            make_post(session, office, title=f"Desk {n}", role="reintegration_officer", sops=(3,), confirmed_days_ago=n)
            for n in range(55)
        ]
        for number, post in enumerate(posts):
            post.changed_at = OLD + timedelta(minutes=number // 5)
        session.commit()
        ids = [post.id for post in sorted(posts, key=lambda post: (post.changed_at, post.id))]
    worker.run_due(app)
    return ids


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/api/v1/openapi.json").json
    return found


def assert_described(answer: TestResponse, document: dict[str, Any], path: str, method: str = "get") -> None:
    """The answer is one that the document announces, and has the shape it says."""
    described = document["paths"][path][method]["responses"][str(answer.status_code)]
    media_type = answer.content_type.partition(";")[0]
    schema = described["content"][media_type]["schema"]
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator({**schema, "components": document["components"]}, format_checker=checker).validate(answer.json)


def assert_refused(answer: TestResponse, status: int, parameter: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    shape = answer.json
    assert shape["status"] == status
    assert shape["detail"].endswith(".")
    assert shape.get("parameter") == parameter


def ask(client: FlaskClient, question: str, **more: Any) -> TestResponse:
    return client.post("/api/v1/ask", json={"question": question, **more})


# The document


def test_the_document_is_openapi_and_names_every_route(app: Flask, document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    routes = {
        (str(rule).removeprefix("/api/v1").replace("<uuid:entry_id>", "{entry_id}"), method.lower())
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method) for path, item in document["paths"].items() for method in item}


def test_the_document_knows_every_kind_of_contact_point(document: dict[str, Any]) -> None:
    assert document["components"]["schemas"]["ContactPoint"]["properties"]["kind"]["enum"] == list(CONTACT_KINDS)


# Asking


def test_a_question_gets_reading_entries_and_total(client: FlaskClient, world: World, document: dict[str, Any]) -> None:
    answer = ask(client, "who handles return in Romania")
    assert_described(answer, document, "/ask", "post")
    assert answer.json["reading"]["countries"] == ["RO"]
    assert answer.json["reading"]["sops"] == [4]
    assert set(answer.json["reading"]) >= READING_KEYS
    assert answer.json["entries"][0]["id"] == world.return_desk
    assert answer.json["total"] >= 1
    assert answer.json["fallback"] is None
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_limit_bounds_the_entries_not_the_total(client: FlaskClient, crowd: list[str]) -> None:
    answer = ask(client, "reintegration in Portugal", limit=2)
    assert len(answer.json["entries"]) == 2
    assert answer.json["total"] == 55


def test_where_nobody_is_listed_the_next_best_comes_with_the_reason(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    answer = ask(client, "shelter for women in Albania")
    assert_described(answer, document, "/ask", "post")
    assert answer.json["entries"] == []
    assert answer.json["fallback"]["reason"].startswith("Nobody is listed")
    assert answer.json["fallback"]["entries"]


def test_personal_data_is_not_searched_and_not_sent_back(client: FlaskClient, document: dict[str, Any]) -> None:
    answer = ask(client, "return of Ana Pop, passport AB1234567, to Romania")
    assert_described(answer, document, "/ask", "post")
    assert answer.json["reading"]["warnings"]
    assert (answer.json["entries"], answer.json["total"], answer.json["fallback"]) == ([], 0, None)
    assert "AB1234567" not in answer.text
    assert "Pop" not in answer.text


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "question"),
        ({"question": ""}, "question"),
        ({"question": "  "}, "question"),
        ({"question": 4}, "question"),
        ({"question": None}, "question"),
        ({"question": "x" * 2001}, "question"),
        ({"question": "x", "limit": 0}, "limit"),
        ({"question": "x", "limit": 101}, "limit"),
        ({"question": "x", "limit": "5"}, "limit"),
        ({"question": "x", "limit": True}, "limit"),
        ({"question": "x", "limit": 5.5}, "limit"),
        ({"question": "x", "limit": 1e400}, "limit"),
        ({"question": "x", "viewer": "me"}, "viewer"),
        ([], "question"),
    ],
)
def test_an_odd_question_is_refused_by_name(client: FlaskClient, body: Any, parameter: str) -> None:
    assert_refused(client.post("/api/v1/ask", json=body), 400, parameter)


def test_a_body_that_is_no_json_is_refused(client: FlaskClient) -> None:
    assert_refused(client.post("/api/v1/ask", data="{", content_type="application/json"), 400)
    assert_refused(client.post("/api/v1/ask", data=b"\xff\xfe", content_type="application/json"), 400)
    assert_refused(client.post("/api/v1/ask", data={"question": "x"}), 415)
    assert_refused(client.post("/api/v1/ask", json={"question": "x" * 20000}), 413)


# One entry


def test_one_entry_is_kept_until_it_changes(client: FlaskClient, world: World, document: dict[str, Any]) -> None:
    answer = client.get(f"/api/v1/entries/{world.return_desk}")
    assert_described(answer, document, "/entries/{entry_id}")
    assert answer.json["url"] == f"http://127.0.0.1:8000/entries/{world.return_desk}"
    again = client.get(f"/api/v1/entries/{world.return_desk}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_what_a_visitor_may_not_see_is_absent(client: FlaskClient, world: World) -> None:
    answer = client.get(f"/api/v1/entries/{world.boys_shelter}")
    assert [point["kind"] for point in answer.json["contact_points"]] == ["email"]
    assert "79460104" not in answer.text


def test_an_entry_nobody_may_know_of_is_not_found(client: FlaskClient) -> None:
    assert_refused(client.get("/api/v1/entries/00000000-0000-4000-8000-000000000000"), 404)
    assert_refused(client.get("/api/v1/entries/1"), 404)


# Entries by filters


def walk(client: FlaskClient, query: str) -> list[list[str]]:
    pages, cursor = [], ""
    while True:
        answer = client.get(f"/api/v1/entries?{query}{f'&cursor={cursor}' if cursor else ''}")
        assert answer.status_code == 200, answer.text
        pages.append([entry["id"] for entry in answer.json["entries"]])
        cursor = answer.json["next_cursor"]
        if cursor is None:
            return pages


@pytest.mark.parametrize("limit", [1, 7, 30, 40, 55, 100])
def test_pages_of_an_answer_join_without_gap_or_overlap(client: FlaskClient, crowd: list[str], limit: int) -> None:
    pages = walk(client, f"country=PT&limit={limit}")
    joined = [entry_id for page in pages for entry_id in page]
    assert sorted(joined) == sorted(crowd)
    assert len(pages) == -(-55 // limit)


def test_filters_narrow_one_another(client: FlaskClient, world: World, document: dict[str, Any]) -> None:
    answer = client.get("/api/v1/entries?country=RO&country=XK&sop=4&role=return_officer")
    assert_described(answer, document, "/entries")
    ids = {entry["id"] for entry in answer.json["entries"]}
    assert ids == {world.return_desk, world.vacant, world.kosovo}
    assert answer.json["removed"] == []
    kosovo = next(entry for entry in answer.json["entries"] if entry["id"] == world.kosovo)
    assert "UNSCR 1244/1999" in kosovo["footnote"]


def test_an_embassy_is_found_by_the_country_it_sits_in(client: FlaskClient) -> None:
    (entry,) = client.get("/api/v1/entries?host=IT").json["entries"]
    assert (entry["country"], entry["host_country"], entry["serves"]) == ("MD", "IT", ["IT", "MT"])


def test_words_narrow_and_a_word_no_entry_has_finds_nothing(client: FlaskClient, crowd: list[str]) -> None:
    assert client.get("/api/v1/entries?words=Crowded&limit=1").json["entries"][0]["id"] in crowd
    assert client.get("/api/v1/entries?country=PT&words=qqxqqz").json["entries"] == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("country=ZZ", "country"),
        ("sop=9", "sop"),
        ("role=nobody", "role"),
        ("urgent=yes", "urgent"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=5&limit=6", "limit"),
        ("colour=red", "colour"),
        ("changed_since=yesterday", "changed_since"),
        ("changed_since=2026-11-24T21:30:00", "changed_since"),
        ("changed_since=0001-01-01T00:00:00%2B23:00", "changed_since"),
        ("changed_since=2026-11-24&words=Cluj", "words"),
        ("cursor=x", "cursor"),
        ("cursor=WyJhbnN3ZXIiXQ", "cursor"),
        ("cursor=%00", "cursor"),
    ],
)
def test_an_odd_parameter_is_refused_by_name(client: FlaskClient, query: str, parameter: str) -> None:
    assert_refused(client.get(f"/api/v1/entries?{query}"), 400, parameter)


def test_a_cursor_fits_only_the_question_it_came_from(client: FlaskClient, crowd: list[str]) -> None:
    cursor = client.get("/api/v1/entries?country=PT").json["next_cursor"]
    assert client.get(f"/api/v1/entries?country=PT&limit=3&cursor={cursor}").status_code == 200
    assert_refused(client.get(f"/api/v1/entries?country=RO&cursor={cursor}"), 400, "cursor")
    assert_refused(client.get(f"/api/v1/entries?country=PT&changed_since=2020-01-01&cursor={cursor}"), 400, "cursor")


# What changed


@pytest.mark.parametrize("limit", [1, 7, 55, 100])
def test_a_walk_by_change_is_in_order_and_misses_nothing(client: FlaskClient, crowd: list[str], limit: int) -> None:
    pages = walk(client, f"country=PT&changed_since=2020-01-01&limit={limit}")
    assert [entry_id for page in pages for entry_id in page] == crowd
    assert all(len(page) == limit for page in pages[: 55 // limit])


def test_only_what_changed_since_comes(client: FlaskClient, crowd: list[str]) -> None:
    since = (OLD + timedelta(minutes=9)).isoformat().replace("+00:00", "Z")
    pages = walk(client, f"country=PT&changed_since={since}&limit=100")
    assert pages == [crowd[45:]]
    everything = walk(client, "changed_since=1970-01-01&limit=100")
    assert len([entry_id for page in everything for entry_id in page]) > len(crowd)


def test_a_rare_filter_gets_short_pages_but_everything(
    client: FlaskClient, crowd: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "BATCH", 4)
    monkeypatch.setattr(changes, "MOST_LOOKED_AT", 8)
    pages = walk(client, "country=XK&changed_since=1970-01-01")
    assert len(pages) > 1
    assert len([entry_id for page in pages for entry_id in page]) == 1


def test_a_change_moves_an_entry_to_the_end_of_the_walk(app: Flask, client: FlaskClient, crowd: list[str]) -> None:
    with app.app_context():
        session = database.session()
        operations.touch(session, [crowd[0]], now=NOW + timedelta(hours=1))
        session.commit()
        moment = (NOW + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
        assert walk(client, f"changed_since={moment}") == [[crowd[0]]]
        post = session.get(Post, crowd[0])
        assert post is not None
        post.changed_at = OLD
        session.commit()


def test_what_was_removed_is_named_once_with_where_it_went(
    app: Flask, client: FlaskClient, world: World, document: dict[str, Any]
) -> None:
    with app.app_context():
        session = database.session()
        post = make_post(session, title="Soon gone")
        session.commit()
        gone_id = post.id
        operations.remove_post(session, post, reason="merged", by="test", now=NOW)
        session.flush()
        removal = session.get(Removal, gone_id)
        assert removal is not None
        removal.redirect_id = world.return_desk
        session.commit()
    answer = client.get("/api/v1/entries?changed_since=2026-11-24&limit=1")
    assert_described(answer, document, "/entries")
    assert answer.json["removed"] == [{"id": gone_id, "at": "2026-11-24T21:30:00Z", "redirect": world.return_desk}]
    cursor = answer.json["next_cursor"]
    later = client.get(f"/api/v1/entries?changed_since=2026-11-24&limit=1&cursor={cursor}")
    assert later.json["removed"] == []
    assert client.get("/api/v1/entries?changed_since=2026-11-25").json["removed"] == []
    refused = client.get(f"/api/v1/entries/{gone_id}")
    assert_refused(refused, 410)
    assert world.return_desk in refused.json["detail"]


def test_the_walk_is_exact_to_the_instant(client: FlaskClient, crowd: list[str]) -> None:
    newest = client.get(f"/api/v1/entries/{crowd[-1]}").json["changed_at"]
    assert datetime.fromisoformat(newest) == OLD + timedelta(minutes=10)
    assert walk(client, f"country=PT&changed_since={newest}") == [crowd[50:]]


# Countries and procedures


def test_countries_name_who_takes_part(client: FlaskClient, document: dict[str, Any]) -> None:
    answer = client.get("/api/v1/countries")
    assert_described(answer, document, "/countries")
    countries = {country["code"]: country for country in answer.json["countries"]}
    assert countries["RO"]["name"] == "Romania"
    assert countries["RO"]["participating"] is True
    assert countries["RO"]["entry_count"] >= 5
    assert countries["XK"]["name"] == "Kosovo*"
    assert "UNSCR 1244/1999" in countries["XK"]["footnote"]


def test_sops_say_what_is_public_and_what_is_rebuilt(client: FlaskClient, document: dict[str, Any]) -> None:
    answer = client.get("/api/v1/sops")
    assert_described(answer, document, "/sops")
    assert [sop["id"] for sop in answer.json["sops"]] == [1, 2, 3, 4, 5]
    sources = {m["source"] for sop in answer.json["sops"] for m in sop["measures"]}
    assert sources == {"public", "reconstructed"}
    assert {"return_officer"} <= {role["id"] for role in answer.json["roles"]}


# Addresses and methods


@pytest.mark.parametrize("address", ["/api/v1/coverage", "/api/v1/", "/api/v1/nothing", "/api/v2/entries"])
def test_an_address_that_is_not_there_is_a_problem(client: FlaskClient, address: str) -> None:
    assert_refused(client.get(address), 404)


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("GET", "/api/v1/ask", {"POST", "OPTIONS"}),
        ("POST", "/api/v1/entries", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/api/v1/countries", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", "/api/v1/openapi.json", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_method_that_is_not_taken_names_those_that_are(
    client: FlaskClient, method: str, address: str, allowed: set[str]
) -> None:
    answer = client.open(address, method=method)
    assert_refused(answer, 405)
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == allowed


@pytest.mark.parametrize("address", ["/api/v1/sops?x=1", "/api/v1/countries?limit=1", "/api/v1/openapi.json?x=1"])
def test_a_parameter_nobody_reads_is_refused(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert answer.json["parameter"] in {"x", "limit"}


@pytest.mark.parametrize("address", ["/api/v1/entries", "/api/v1/sops", "/api/v1/countries", "/api/v1/openapi.json"])
def test_head_works_and_no_other_site_is_let_in(client: FlaskClient, address: str) -> None:
    answer = client.head(address, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 200
    assert answer.data == b""
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert "Set-Cookie" not in answer.headers
