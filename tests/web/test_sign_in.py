"""Signing in: two steps, one answer for everything that is wrong, and sessions that end when they should."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from directory.app import database
from tests.people import Member, make_account, sign_in


@pytest.fixture(scope="module")
def reader(app: Flask) -> Member:
    with app.app_context():
        member = make_account(database.session(), "Rea", vault=app.extensions["vault"])
        database.session.commit()
    return member


def test_password_then_code_signs_in(app: Flask, client: FlaskClient, reader: Member) -> None:
    sign_in(client, app, reader)
    page = client.get("/account")
    assert page.status_code == 200
    assert "Rea Tester" in page.text
    assert page.headers["Cache-Control"] == "no-store"
