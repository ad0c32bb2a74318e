"""The page for a holder who is asked whether readers may see their name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from directory.app import database
from directory.confirmations import agreeing
from directory.db import transaction
from directory.history.models import Change
from directory.mail.models import OutgoingMail
from directory.registry import operations as registry
from directory.registry.models import Official
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.people import token_in
from tests.web.asking import CODE, LINK, AskedOwner, at, day_of, desk_of, dump, fresh, rows
from tests.web.signed_in import sign_in

NAME = "Hana Holder (demo)"


@pytest.fixture(autouse=True)
def clean(app: Flask) -> Iterator[None]:
    fresh(app)
    yield
    at(app, NOW)


def ask_holder(app: Flask) -> AskedOwner:
    """A holder was entered and got their letter."""
    with app.app_context(), transaction(database.session()) as session:
        post = make_post(session, make_institution(session, "Agency for Return"), title="Return officer")
        lines = (ContactValues("email", "hana@agency.example"), ContactValues("mobile", "+442079460622"))
        appointment = registry.appoint(session, post, NAME, by="test", now=NOW, contact_points=lines)
        agreeing.write_letters(session, day_of(app), desk_of(app))
        mail = session.scalars(select(OutgoingMail).where(OutgoingMail.key == f"agree:{appointment.id}")).one()
        code, link = CODE.search(mail.text)[1], LINK.search(mail.text)[1]  # type: ignore[index]
        return AskedOwner(app, appointment.official_id, [post.id], link, code)


@pytest.fixture
def holder(app: Flask) -> AskedOwner:
    return ask_holder(app)


def send(holder: AskedOwner, **fields: str) -> TestResponse:
    return holder.client.post(holder.path, data={"csrf_token": token_in(holder.page().text), **fields})


def is_named(app: Flask, holder: AskedOwner) -> bool:
    (official,) = rows(app, Official, id=holder.account_id)
    return official.agreed_at is not None


def test_looking_changes_nothing_and_nothing_is_chosen(app: Flask, holder: AskedOwner) -> None:
    before, plain = dump(app), FlaskClient(app, app.response_class)
    page = holder.page()
    for _ in range(3):
        assert plain.head(holder.path).status_code == 200
        assert holder.client.get(f"{holder.path}?choice=yes&code={holder.code}").status_code == 200
    assert plain.options(holder.path).status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "May we show your name?" in page.text
    assert NAME in page.text
    assert "946 0622" not in page.text
    assert not re.search(r"<input[^>]* checked", page.text)
    assert send(holder, choice="yes").status_code == 422
    assert send(holder).status_code == 422
    assert dump(app) == before
    send(holder, choice="no", code=holder.code)
    assert dump(app) != before, "the control"


def test_a_yes_with_the_code_shows_the_name_and_a_no_hides_it_again(app: Flask, holder: AskedOwner) -> None:
    reader = sign_in(app, "reader").client
    entry = f"/entries/{holder.post_ids[0]}"
    assert NAME not in reader.get(entry).text
    assert send(holder, choice="yes", code=holder.code.lower()).status_code == 303
    assert "readers may see your name" in holder.page().text
    assert NAME in reader.get(entry).text
    assert NAME not in app.test_client().get(entry).text
    assert send(holder, choice="no", code=holder.code).status_code == 303
    assert "your name stays hidden" in holder.page().text
    assert NAME not in reader.get(entry).text
    actions = [line.action for line in rows(app, Change, subject_id=holder.post_ids[0], path="letter")]
    assert actions == ["agree", "decline"]
    history = sign_in(app, "coordinator", country="RO").client.get(f"{entry}/history").text
    assert "The holder agreed that readers see their name" in history
    assert "The holder said that nobody is to see their name" in history


@pytest.mark.parametrize("wrong", ["AAAAAA", "another letter's"])
def test_without_the_right_code_nothing_is_shown(app: Flask, holder: AskedOwner, wrong: str) -> None:
    code = ask_holder(app).code if wrong != "AAAAAA" else wrong
    response = send(holder, choice="yes", code=code)
    assert response.status_code == 422
    assert "This is not the code of the letter." in response.text
    assert not is_named(app, holder)
    assert send(holder, choice="maybe", code=holder.code).status_code == 422
    assert not is_named(app, holder)


def test_wrong_codes_are_few(app: Flask, holder: AskedOwner) -> None:
    codes = [send(holder, choice="yes", code="AAAAAA").status_code for _ in range(5)]
    assert [*codes, send(holder, choice="yes", code=holder.code).status_code] == [422] * 5 + [429]
    assert not is_named(app, holder)


def test_a_session_does_not_stand_in_for_the_code_and_an_old_one_is_no_hindrance(
    app: Flask, holder: AskedOwner
) -> None:
    holder.client = sign_in(app, "secretariat").client
    assert send(holder, choice="yes").status_code == 422
    assert not is_named(app, holder)
    holder.client = app.test_client()
    holder.client.set_cookie("session", "of long ago")
    assert send(holder, choice="yes", code=holder.code).status_code == 303
    assert is_named(app, holder)


def test_an_old_or_foreign_link_opens_nothing(app: Flask, holder: AskedOwner) -> None:
    token = holder.path.rsplit("/", 1)[1]
    vault = app.extensions["vault"]
    value = vault.unsign(token, "agree", seconds=10**9)
    for purpose in ("succeed", "device", "confirm shown", "confirm"):
        assert holder.client.get(f"/agree/{vault.sign(value, purpose)}").status_code == 404
    for path in (f"/confirm/{token}", f"/succeed/{token}", f"/recover/{token}", "/agree/unknown"):
        assert holder.client.get(path).status_code == 404, path
    page = holder.page().text
    at(app, NOW + timedelta(days=61))
    late = holder.page()
    assert late.status_code == 410
    assert "sixty days" in late.text
    answer = {"csrf_token": token_in(page), "choice": "yes", "code": holder.code}
    assert holder.client.post(holder.path, data=answer).status_code in {400, 410}
    assert not is_named(app, holder)
