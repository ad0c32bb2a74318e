"""Phone books on pages: made with a fresh factor, shown once, one's own, in words; and the entry kept from its page."""

from __future__ import annotations

import base64
import plistlib
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from directory.accounts import governing
from directory.accounts.letters import Post as Letters
from directory.accounts.models import Account
from directory.accounts.people import person_of
from directory.app import database
from directory.db import transaction
from directory.history.models import Change
from directory.phonebooks.models import Subscription
from tests.conftest import NOW
from tests.web.conftest import World
from tests.web.signed_in import Signed, sign_in

PAGE = "/account/phone-books"


@pytest.fixture
def reader(app: Flask) -> Signed:
    return sign_in(app, "reader", country="RO")


def made(who: Signed, **fields: Any) -> tuple[str, str]:
    """Id and token of a new book."""
    page = who.post(PAGE, **{"name": "Duty phone", "country": ["RO"], **fields})
    assert page.status_code == 200, page.text
    book_id, token = re.findall(r"<dd><code>([^<]+)</code>", page.text)[1:3]
    return book_id, token


def basic(book_id: str, token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{book_id}:{token}".encode()).decode()}


def test_the_token_is_shown_once_and_kept_as_a_hash(app: Flask, reader: Signed) -> None:
    book_id, token = made(reader)
    assert re.fullmatch(r"([a-z2-9]{7}-){3}[a-z2-9]{7}", token)
    for page in (PAGE, f"{PAGE}/{book_id}"):
        assert token not in reader.client.get(page).text
    with app.app_context():
        row = database.session().get_one(Subscription, book_id)
        assert token.replace("-", "") not in repr(row.__dict__)
        actions = database.session().scalars(select(Change.action).where(Change.by == reader.account_id)).all()
        assert "make_phone_book" in actions


def test_the_page_with_the_token_is_kept_by_nobody_and_has_a_code_to_scan(reader: Signed) -> None:
    answer = reader.post(PAGE, name="n", country=["RO"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<svg" in answer.text
    assert " style=" not in answer.text


def test_making_one_takes_a_fresh_second_factor(app: Flask) -> None:
    who = sign_in(app, "reader", country="RO", at=NOW - timedelta(minutes=16))
    answer = who.post(PAGE, name="n", country=["RO"])
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/step-up")
    with app.app_context():
        assert (
            not database.session().scalars(select(Subscription).where(Subscription.account_id == who.account_id)).all()
        )


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_roles_that_export_nothing_keep_no_phone_book(app: Flask, role: str) -> None:
    who = sign_in(app, role)
    assert who.post(PAGE, name="n", country=["RO"]).status_code == 404
    assert "Your role keeps no phone book" in who.client.get(PAGE).text


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "country": ["RO"]},
        {"name": "x" * 61, "country": ["RO"]},
        {"name": "n"},
        {"name": "n", "country": ["QQ"]},
        {"name": "n", "answer": ["words=anything"]},
        {"name": "n", "answer": ["role=nobody_knows"]},
        {"name": "n", "answer": ["urgent=0"]},
        {"name": "n", "answer": ["country=RO&" + "role=hotline&" * 60]},
        {"name": "n", "entry": ["not-an-id"]},
    ],
)
def test_a_book_that_cannot_be_made_says_why(reader: Signed, form: dict[str, Any]) -> None:
    answer = reader.post(PAGE, **form)
    assert answer.status_code == 422
    assert "Not kept." in answer.text


def test_the_list_says_in_words_what_each_holds(reader: Signed, world: World) -> None:
    made(reader, name="Duty", answer=["country=AL&sop=2"], entry=[world.kosovo])
    page = reader.client.get(PAGE).text
    for words in ("Duty", "Romania", "Albania · SOP 2", "Return office", "no sync yet"):
        assert words in page


def test_contents_are_changed_without_another_token(app: Flask, reader: Signed, world: World) -> None:
    book_id, token = made(reader)
    assert reader.post(f"{PAGE}/{book_id}", name="Other", country=["AL", "XK"]).status_code == 303
    page = reader.client.get(PAGE).text
    assert "Other" in page
    assert "Albania" in page
    assert "Romania" not in page
    answer = app.test_client().get(f"/carddav/{book_id}/books/entries/", headers=basic(book_id, token))
    assert answer.text.count("BEGIN:VCARD") == 2


def test_the_answer_page_leads_to_a_book_of_its_filters(reader: Signed, client: FlaskClient) -> None:
    page = reader.client.get("/entries?country=RO&role=hotline").text
    href = re.search(r'href="(/account/phone-books/new\?[^"]+)"', page)
    assert href
    form = reader.client.get(href[1].replace("&amp;", "&")).text
    assert 'value="country=RO&amp;role=hotline" checked' in form
    assert "phone-books" not in client.get("/entries?country=RO&role=hotline").text, "the control: not for visitors"


def test_an_answer_with_words_is_not_offered(reader: Signed) -> None:
    assert "phone-books" not in reader.client.get("/entries?country=RO&words=desk").text
    assert "cannot be kept" in reader.client.get(f"{PAGE}/new?country=RO&words=desk").text


def test_an_entry_is_kept_from_its_page_and_let_go_on_the_books_page(app: Flask, reader: Signed, world: World) -> None:
    entry = f"/entries/{world.kosovo}"
    assert f'action="{entry}/keep"' in reader.client.get(entry).text
    first = reader.post(f"{entry}/keep")
    assert first.headers["Location"] == f"{PAGE}/new?entry={world.kosovo}", "none yet: one is offered"
    book_id, _ = made(reader)
    assert reader.post(f"{entry}/keep").headers["Location"] == PAGE
    with app.app_context():
        assert database.session().get_one(Subscription, book_id).contents["favourites"] == [world.kosovo]
    reader.post(f"{PAGE}/{book_id}", name="Duty phone", country=["RO"])
    with app.app_context():
        assert database.session().get_one(Subscription, book_id).contents["favourites"] == []


def test_visitors_see_no_button_and_nobody_keeps_what_is_not_there(
    client: FlaskClient, reader: Signed, world: World
) -> None:
    assert "/keep" not in client.get(f"/entries/{world.kosovo}").text
    made(reader)
    assert reader.post("/entries/00000000-0000-4000-8000-000000000000/keep").status_code == 404


def test_somebody_elses_book_is_not_there_and_goes_on_working(app: Flask, reader: Signed) -> None:
    book_id, token = made(reader)
    other, address = sign_in(app, "reader", country="RO"), f"{PAGE}/{book_id}"
    assert other.client.get(address).status_code == 404
    assert other.client.get(f"{address}/phone.mobileconfig").status_code == 404
    assert other.post(address, name="x", country=["AL"]).status_code == 404
    assert other.post(f"{address}/end").status_code == 404
    device, place = app.test_client(), f"/carddav/{book_id}/books/entries/"
    assert device.get(place, headers=basic(book_id, token)).status_code == 200
    assert reader.post(f"{address}/end").status_code == 303
    assert device.get(place, headers=basic(book_id, token)).status_code == 401


def test_the_apple_profile_says_everything_but_the_token(reader: Signed) -> None:
    book_id, token = made(reader)
    answer = reader.client.get(f"{PAGE}/{book_id}/phone.mobileconfig")
    assert answer.mimetype == "application/x-apple-aspen-config"
    account = plistlib.loads(answer.data)["PayloadContent"][0]
    assert account["PayloadType"] == "com.apple.carddav.account"
    assert account["CardDAVUsername"] == book_id
    assert account["CardDAVPrincipalURL"] == f"/carddav/{book_id}/"
    assert not [name for name in account if "Password" in name]
    assert token not in answer.text


def test_a_frozen_account_loses_its_books_for_good(app: Flask, reader: Signed) -> None:
    book_id, token = made(reader)
    place = f"/carddav/{book_id}/books/entries/"
    assert app.test_client().get(place, headers=basic(book_id, token)).status_code == 200
    chief = sign_in(app, "secretariat")
    sign_in(app, "secretariat")
    with app.app_context():
        session = database.session()
        with transaction(session):
            account, by = session.get_one(Account, reader.account_id), session.get_one(Account, chief.account_id)
            post, person = Letters("http://localhost", NOW), person_of(session, by)
            governing.freeze(session, account, by=by, person=person, reason="test", post=post)
        with transaction(session):
            account, by = session.get_one(Account, reader.account_id), session.get_one(Account, chief.account_id)
            governing.thaw(session, account, by=by, person=person, reason="test", post=post)
    assert app.test_client().get(place, headers=basic(book_id, token)).status_code == 401


def test_my_data_tells_of_the_books_without_the_token(reader: Signed) -> None:
    book_id, token = made(reader)
    told = reader.post("/account/my-data").get_json()["phone_books"]
    assert [(book["id"], book["name"]) for book in told] == [(book_id, "Duty phone")]
    assert "token_hash" not in told[0]
    assert token not in str(told)


def test_nobody_makes_books_without_end(reader: Signed) -> None:
    for number in range(10):
        made(reader, name=f"Device {number}")
    answer = reader.post(PAGE, name="One more", country=["RO"])
    assert answer.status_code == 422
    assert "10 phone books already" in answer.text
