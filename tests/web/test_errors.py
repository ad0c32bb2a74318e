"""Errors: a sentence and a way on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from directory.search.port import IndexUnusable
from directory.web import home


@pytest.fixture
def broken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A client for the app as it runs in earnest, where an unexpected error becomes a page."""
    monkeypatch.setattr(app, "testing", False)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    return app.test_client()


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(home.overview, "freshness_share", fail)


def test_a_page_that_is_not_there_offers_a_way_on(client: FlaskClient) -> None:
    response = client.get("/nothing")
    assert response.status_code == 404
    assert response.mimetype == "text/html"
    assert 'action="/search"' in response.text
    assert 'href="/countries"' in response.text


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    response = client.get("/search")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_too_much_at_once_is_refused_with_a_sentence(client: FlaskClient) -> None:
    response = client.post("/search", data={"q": "x" * 100_000})
    assert response.status_code == 413
    assert "That is more than can be taken in at once." in response.text


def test_an_unexpected_error_says_nothing_of_the_inside(broken: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, RuntimeError("secret detail"))
    response = broken.get("/")
    assert response.status_code == 500
    assert "Something went wrong here. Nothing was lost." in response.text
    assert "secret detail" not in response.text


def test_a_database_that_rests_is_said(broken: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, OperationalError("select secret", {}, Exception("locked")))
    response = broken.get("/")
    assert response.status_code == 503
    assert "cannot be reached just now" in response.text
    assert "secret" not in response.text


def test_an_index_that_rests_is_said(broken: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, IndexUnusable("gone"))
    response = broken.get("/")
    assert response.status_code == 503
    assert "Searching is being prepared" in response.text


def test_headers_keep_pages_to_themselves(client: FlaskClient) -> None:
    for address in ("/", "/nothing"):
        headers = client.get(address).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
