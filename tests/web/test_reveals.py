"""A restricted number: shown once, to those entitled, logged without it; to all others as if it were not there."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from directory.app import database
from directory.db import new_id
from directory.history.models import AccessItem, AccessRecord, Change
from directory.registry.models import ContactPoint, Post
from tests.web.conftest import World
from tests.web.signed_in import Signed, sign_in

INTAKE = "+442079460104"  # the intake line of the shelter in Albania


@pytest.fixture(scope="module")
def line(app: Flask, world: World) -> str:
    with app.app_context():
        found = select(ContactPoint.id).where(ContactPoint.value == INTAKE)
        return str(database.session().scalar(found))


def reveal(who: Signed, entry_id: str, contact_id: str, **headers: str) -> Any:
    return who.client.post(
        f"/entries/{entry_id}/reveal/{contact_id}", data={"csrf_token": who.token()}, headers=headers
    )


def reveal_count(app: Flask, account_id: str) -> int:
    with app.app_context():
        rows = database.session().scalars(
            select(AccessRecord).where(AccessRecord.kind == "reveal", AccessRecord.account_id == account_id)
        )
        return len(list(rows))


@pytest.mark.parametrize(
    ("role", "country"),
    [("reader", "RO"), ("coordinator", "RO"), ("coordinator", "AL"), ("secretariat", None)],
)
def test_those_entitled_see_the_number_once_and_it_is_logged_without_it(
    app: Flask, world: World, line: str, role: str, country: str | None
) -> None:
    who = sign_in(app, role, country=country)
    assert INTAKE not in who.client.get(f"/entries/{world.boys_shelter}").text
    answer = reveal(who, world.boys_shelter, line)
    assert answer.status_code == 200
    assert f"tel:{INTAKE}" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert reveal_count(app, who.account_id) == 1
    with app.app_context():
        session = database.session()
        record = session.scalars(select(AccessRecord).where(AccessRecord.account_id == who.account_id)).all()[-1]
        item = session.scalars(select(AccessItem).where(AccessItem.record_id == record.id)).one()
        assert (item.entry_id, item.contact_point_id) == (world.boys_shelter, line)
        told = session.scalars(select(Change).where(Change.subject_id == record.id)).one()
        assert (told.action, told.by) == ("reveal", who.account_id)
        assert INTAKE not in repr([record.__dict__, item.__dict__, told.after, told.before])


def test_the_holder_of_the_institution_sees_their_own(app: Flask, world: World, line: str) -> None:
    with app.app_context():
        post = database.session().get(Post, world.boys_shelter)
        assert post is not None
        institution_id = post.institution_id
    who = sign_in(app, "focal_point", institution_id=institution_id)
    assert reveal(who, world.boys_shelter, line).status_code == 200


def test_as_json_for_a_page_that_asks_so(app: Flask, world: World, line: str) -> None:
    answer = reveal(sign_in(app, "secretariat"), world.boys_shelter, line, Accept="application/json")
    assert answer.json == {"kind": "intake_phone", "value": INTAKE, "display": "+44 20 7946 0104"}


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_those_not_entitled_get_the_same_answer_as_for_a_line_that_is_not_there(
    app: Flask, world: World, line: str, role: str
) -> None:
    who = sign_in(app, role)
    answers = [
        reveal(who, world.boys_shelter, line),
        reveal(who, world.boys_shelter, new_id()),
        reveal(who, new_id(), line),
        reveal(who, world.return_desk, line),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert reveal_count(app, who.account_id) == 0


def test_a_public_number_and_another_entrys_line_are_not_revealed(app: Flask, world: World, line: str) -> None:
    who = sign_in(app, "secretariat")
    with app.app_context():
        public = database.session().scalar(select(ContactPoint.id).where(ContactPoint.post_id == world.return_desk))
    assert reveal(who, world.return_desk, str(public)).status_code == 404
    assert reveal(who, world.return_desk, line).status_code == 404


def test_a_visitor_is_sent_to_sign_in_whatever_the_id(client: FlaskClient, world: World, line: str, app: Flask) -> None:
    other = sign_in(app, "reader", country="RO")
    for contact in (line, new_id()):
        answer = app.test_client().post(f"/entries/{world.boys_shelter}/reveal/{contact}")
        assert answer.status_code in {302, 303, 400}
        assert INTAKE not in answer.text
    assert reveal_count(app, other.account_id) == 0


def test_without_the_second_factor_nothing_is_revealed(app: Flask, world: World, line: str) -> None:
    who = sign_in(app, "secretariat", factor=False)
    full = sign_in(app, "secretariat")
    answer = who.client.post(f"/entries/{world.boys_shelter}/reveal/{line}", data={"csrf_token": full.token()})
    assert answer.status_code in {303, 400}
    assert INTAKE not in answer.text
    assert reveal_count(app, who.account_id) == 0


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_looking_never_reveals(app: Flask, world: World, line: str, method: str) -> None:
    who = sign_in(app, "secretariat")
    answer = getattr(who.client, method)(f"/entries/{world.boys_shelter}/reveal/{line}")
    assert INTAKE not in answer.text
    assert reveal_count(app, who.account_id) == 0


def test_without_the_form_token_nothing_is_revealed(app: Flask, world: World, line: str) -> None:
    who = sign_in(app, "secretariat")
    assert who.client.post(f"/entries/{world.boys_shelter}/reveal/{line}").status_code == 400
    assert reveal_count(app, who.account_id) == 0


def test_the_entry_page_offers_the_number_to_those_entitled_and_to_no_visitor(
    app: Flask, world: World, line: str
) -> None:
    button = f'action="/entries/{world.boys_shelter}/reveal/{line}"'
    page = sign_in(app, "reader").client.get(f"/entries/{world.boys_shelter}").text
    assert button in page
    assert "79460104" not in page
    assert button not in app.test_client().get(f"/entries/{world.boys_shelter}").text
