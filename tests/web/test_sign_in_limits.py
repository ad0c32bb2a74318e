"""Tries at signing in are counted where every process sees it, by account and by network, and the owner still gets in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from directory.accounts import limits, passwords
from directory.accounts.models import LimitCount
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.db import transaction
from directory.ports import FixedClock
from tests.conftest import NOW
from tests.people import Member, forget_steps, make_account, set_clock, sign_in, submit, token_in


@pytest.fixture(scope="module")
def people(app: Flask) -> dict[str, Member]:
    with app.app_context():
        found = {"reader": make_account(database.session(), "Rea", vault=app.extensions["vault"])}
        database.session.commit()
    return found


@pytest.fixture(autouse=True)
def clean(app: Flask) -> Iterator[None]:
    set_clock(app, NOW)
    forget_steps(app)
    with app.app_context():
        database.session.execute(delete(LimitCount))
        database.session.commit()
    yield
    set_clock(app, NOW)


def test_the_owner_gets_in_while_a_stranger_hammers(app: Flask, people: dict[str, Member]) -> None:
    reader, owner = people["reader"], app.test_client()
    sign_in(owner, app, reader)
    owner.delete_cookie("session")
    stranger, refused = app.test_client(), 0
    page = stranger.get("/sign-in").text
    for n in range(60):
        sent = {"csrf_token": token_in(page), "email": reader.email, "password": f"guess number {n}"}
        answer = stranger.post("/sign-in", data=sent, environ_base={"REMOTE_ADDR": f"198.51.{n}.1"})
        refused += answer.status_code == 429
    assert refused == 60 - 10 + 1, "the owner's first sign-in from this new browser was one of the ten"
    assert answer.headers["Retry-After"].isdigit()
    assert int(answer.headers["Retry-After"]) <= 15 * 60
    sign_in(owner, app, reader)  # the owner's own browser has tries of its own


def test_control_a_browser_the_owner_never_used_waits_with_the_stranger(app: Flask, people: dict[str, Member]) -> None:
    reader = people["reader"]
    with app.app_context(), transaction(database.session()) as session:
        for _ in range(10):
            limits.take(session, limits.SIGN_IN_ACCOUNT, reader.email, now=NOW)
    answer = submit(app.test_client(), "/sign-in", email=reader.email, password=reader.password)
    assert answer.status_code == 429
    set_clock(app, NOW + timedelta(minutes=15))
    answer = submit(app.test_client(), "/sign-in", email=reader.email, password=reader.password)
    assert answer.status_code == 303


def test_a_forged_forwarding_header_changes_no_key(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/sign-in").text
    statuses = []
    for n in range(40):
        sent = {"csrf_token": token_in(page), "email": f"nobody{n}@ministry.example", "password": "wrong password"}
        headers = {"X-Forwarded-For": f"203.0.{n}.9", "Forwarded": f"for=203.0.{n}.9", "X-Real-IP": f"203.0.{n}.9"}
        statuses.append(client.post("/sign-in", data=sent, headers=headers).status_code)
    assert statuses.count(422) == 30
    assert statuses.count(429) == 10


def test_factor_tries_are_limited(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    reader = people["reader"]
    submit(client, "/sign-in", email=reader.email, password=reader.password)
    statuses = [submit(client, "/sign-in/code", code=f"{n:06}").status_code for n in range(8)]
    assert statuses == [422] * 5 + [429] * 3


def test_over_long_input_is_refused_without_work(client: FlaskClient, people: dict[str, Member]) -> None:
    with patch.object(type(passwords.hasher("test")), "verify") as verify:
        answer = submit(client, "/sign-in", email=people["reader"].email, password="x" * 5000)
    assert answer.status_code == 422
    assert not verify.called


def elsewhere(folder: Path, **more: str) -> Flask:
    """Another directory with other settings."""
    given = {"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "light", **more}
    app = create_app(read_settings(given)[0], clock=FixedClock(NOW))
    with app.app_context():
        prepare(app)
    return app


def test_with_one_trusted_proxy_only_what_it_added_counts(tmp_path: Path) -> None:
    app = elsewhere(tmp_path, DIRECTORY_TRUSTED_PROXIES="1")
    client, statuses = app.test_client(), []
    page = client.get("/recover").text
    for n in range(25):
        sent = {"csrf_token": token_in(page), "email": f"nobody{n}@ministry.example"}
        forged = {"X-Forwarded-For": f"203.0.{n}.9, 198.51.100.7"}  # the caller wrote the first, our proxy the last
        statuses.append(client.post("/recover", data=sent, headers=forged).status_code)
    assert statuses == [200] * 20 + [429] * 5
    honest = client.post("/recover", data=sent, headers={"X-Forwarded-For": "198.51.99.7"})
    assert honest.status_code == 200, "the control: another network through the proxy has its own count"
    with app.app_context():
        database.engine.dispose()


def test_on_https_every_cookie_is_a_host_cookie(tmp_path: Path) -> None:
    app = elsewhere(tmp_path, DIRECTORY_BASE_URL="https://directory.example.org")
    with app.app_context():
        member = make_account(database.session(), vault=app.extensions["vault"])
        database.session.commit()
    client = app.test_client()
    options = {"base_url": "https://directory.example.org"}
    page = client.get("/sign-in", **options)
    sent = {"csrf_token": token_in(page.text), "email": member.email, "password": member.password}
    answer = client.post("/sign-in", data=sent, **options)
    assert answer.status_code == 303
    lines = page.headers.getlist("Set-Cookie") + answer.headers.getlist("Set-Cookie")
    assert {line.split("=", 1)[0] for line in lines} == {"__Host-form", "__Host-session"}
    for line in lines:
        assert "Path=/" in line
        assert "Domain" not in line
        assert "Secure" in line
        assert "SameSite=Lax" in line
        assert "HttpOnly" in line
    with app.app_context():
        database.engine.dispose()
