"""A key opens what its account sees, never more than its scope; it dies with the account's rights; it is one's own."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from directory.accounts.models import Account, AccountGrant, ApiKey
from directory.app import database
from directory.history.models import AccessRecord, Change
from directory.ports import FixedClock
from directory.registry import operations as registry
from directory.registry.models import Institution, Post
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_post
from tests.web.conftest import World
from tests.web.signed_in import Signed, sign_in

OFFICE = "registered-only@office.ro.example"
MOBILE = "+442079460888"


@pytest.fixture(scope="module")
def entry_id(app: Flask, world: World) -> str:
    """An entry with a registered mail address and a restricted number."""
    with app.app_context():
        session = database.session()
        lines = (ContactValues("email", OFFICE), ContactValues("mobile", MOBILE))
        post = make_post(session, session.get(Institution, world.institution), title="Office", contact_points=lines)
        session.commit()
        return post.id


def make_key(who: Signed, *scopes: str, days: int = 30) -> str:
    page = who.post("/account/api-keys", name="A program", scope=list(scopes or ("read:registered",)), days=days)
    assert page.status_code == 200, page.text
    found = re.search(r"<code>(trm_[^<]+)</code>", page.text)
    assert found
    return found[1]


def ask(app: Flask, key: str, path: str) -> Any:
    return app.test_client().get(path, headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def reader(app: Flask) -> Signed:
    return sign_in(app, "reader", country="RO")


def test_a_key_is_shown_once_and_kept_as_a_hash(app: Flask, reader: Signed) -> None:
    key = make_key(reader)
    assert key not in reader.client.get("/account/api-keys").text
    with app.app_context():
        row = database.session().scalars(select(ApiKey).where(ApiKey.account_id == reader.account_id)).one()
        assert key not in repr(row.__dict__)
        actions = database.session().scalars(select(Change.action).where(Change.by == reader.account_id)).all()
        assert "make_api_key" in actions


def test_the_page_with_the_key_is_kept_by_nobody(reader: Signed) -> None:
    answer = reader.post("/account/api-keys", name="p", scope=["read:public"], days=30)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_key_opens_what_the_account_sees_and_restricted_numbers_never(
    app: Flask, reader: Signed, entry_id: str, client: FlaskClient
) -> None:
    answer = ask(app, make_key(reader), f"/api/v1/entries/{entry_id}")
    assert OFFICE in answer.text
    assert MOBILE not in answer.text
    assert OFFICE not in client.get(f"/api/v1/entries/{entry_id}").text, "the control: a visitor does not see it"


def test_never_more_than_the_scope(app: Flask, reader: Signed, entry_id: str) -> None:
    answer = ask(app, make_key(reader, "read:public"), f"/api/v1/entries/{entry_id}")
    assert answer.status_code == 200
    assert OFFICE not in answer.text
    walk = "/api/v1/entries?changed_since=1970-01-01"
    assert ask(app, make_key(reader, "read:registered"), walk).status_code == 403
    assert ask(app, make_key(reader, "read:registered", "export"), walk).status_code == 200


def test_a_copy_is_logged_with_the_key(app: Flask, reader: Signed, entry_id: str) -> None:
    ask(app, make_key(reader, "read:registered", "export"), "/api/v1/entries?changed_since=1970-01-01")
    with app.app_context():
        rows = (
            database.session().scalars(select(AccessRecord).where(AccessRecord.account_id == reader.account_id)).all()
        )
        assert [(row.kind, bool(row.api_key_id), row.network) for row in rows] == [("sync", True, "")]


def test_a_key_gives_never_more_than_the_role(app: Flask, entry_id: str) -> None:
    who = sign_in(app, "admin")
    assert who.post("/account/api-keys", name="n", scope=["read:public"], days=30).status_code == 404


@pytest.mark.parametrize("text", ["", "trm_", "trm_wrong", "wrong"])
def test_a_wrong_key_is_refused_rather_than_taken_for_a_visitor(app: Flask, text: str) -> None:
    answer = ask(app, text, "/api/v1/countries")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_is_no_use_on_pages(app: Flask, reader: Signed, entry_id: str) -> None:
    assert OFFICE not in ask(app, make_key(reader), f"/entries/{entry_id}").text
    assert ask(app, make_key(reader), "/account/my-data").status_code == 303


def test_somebody_elses_key_is_not_there_and_goes_on_working(app: Flask, reader: Signed) -> None:
    key, other = make_key(reader), sign_in(app, "reader", country="RO")
    with app.app_context():
        key_id = database.session().scalars(select(ApiKey.id).where(ApiKey.account_id == reader.account_id)).one()
    assert other.post(f"/account/api-keys/{key_id}/end").status_code == 404
    assert ask(app, key, "/api/v1/countries").status_code == 200
    assert reader.post(f"/account/api-keys/{key_id}/end").status_code == 303
    assert ask(app, key, "/api/v1/countries").status_code == 401


def change(app: Flask, statement: Any) -> None:
    with app.app_context():
        database.session().execute(statement)
        database.session().commit()


def test_a_frozen_account_has_no_keys(app: Flask, reader: Signed) -> None:
    key = make_key(reader)
    assert ask(app, key, "/api/v1/countries").status_code == 200
    change(app, update(Account).where(Account.id == reader.account_id).values(state="frozen"))
    assert ask(app, key, "/api/v1/countries").status_code == 401


def test_a_lost_role_ends_the_key_at_once(app: Flask, reader: Signed) -> None:
    key = make_key(reader)
    change(app, update(AccountGrant).where(AccountGrant.account_id == reader.account_id).values(ended_at=NOW))
    assert ask(app, key, "/api/v1/countries").status_code == 401


def test_a_key_ends_by_itself_and_lives_no_longer_than_a_year(app: Flask, reader: Signed) -> None:
    for days in (0, 366):
        answer = reader.post("/account/api-keys", name="n", scope=["read:public"], days=days)
        assert answer.status_code == 422
    key, site = make_key(reader, days=30), app.extensions["site"]
    before = site.ports
    try:
        site.ports = type(before)(before.index, FixedClock(NOW + timedelta(days=30, seconds=-1)))
        assert ask(app, key, "/api/v1/countries").status_code == 200
        site.ports = type(before)(before.index, FixedClock(NOW + timedelta(days=30)))
        assert ask(app, key, "/api/v1/countries").status_code == 401
    finally:
        site.ports = before


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "scope": ["read:public"], "days": 30},
        {"name": "n", "scope": [], "days": 30},
        {"name": "n", "scope": ["everything"], "days": 30},
        {"name": "n", "scope": ["read:public"], "days": "x"},
    ],
)
def test_a_key_that_cannot_be_made_says_why(reader: Signed, form: dict[str, Any]) -> None:
    answer = reader.post("/account/api-keys", **form)
    assert answer.status_code == 422
    assert "Not made." in answer.text


def test_a_key_takes_a_fresh_second_factor(app: Flask) -> None:
    who = sign_in(app, "reader", country="RO", at=NOW - timedelta(minutes=16))
    answer = who.post("/account/api-keys", name="n", scope=["read:public"], days=30)
    assert answer.status_code == 303
    with app.app_context():
        assert not database.session().scalars(select(ApiKey).where(ApiKey.account_id == who.account_id)).all()


def test_last_used_is_told(app: Flask, reader: Signed) -> None:
    key = make_key(reader)
    assert "never used" in reader.client.get("/account/api-keys").text
    ask(app, key, "/api/v1/countries")
    assert "last used" in reader.client.get("/account/api-keys").text


def test_what_changed_is_not_lost(app: Flask, entry_id: str) -> None:
    with app.app_context():
        session = database.session()
        post = session.get(Post, entry_id)
        assert post is not None
        registry.remove_post(session, post, reason="test", by="test", now=NOW)
        told = session.scalars(select(Change).where(Change.subject_id == entry_id, Change.action == "remove")).one()
        assert told.before == {"title": "Office", "role": "return_officer", "institution": post.institution_id}
        session.rollback()
