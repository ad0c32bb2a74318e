"""Doubles on pages: suggested with reasons, merged by two people, taken back, kept apart; never to those who may not."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from directory.app import database
from directory.db import new_id
from directory.doubles.models import KeptApart, Merge
from directory.registry.models import Post, Removal
from directory.registry.values import ContactValues, NameValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.web.merging import BELOW, decide
from tests.web.signed_in import Signed, sign_in

SHARED = ContactValues("phone", "+442079460141", is_published=True)
MORE = ContactValues("email", "night@demo-border.example", is_published=True)


@pytest.fixture
def doubles(app: Flask) -> tuple[str, str]:
    """Two entries of one institution that look alike."""
    with app.app_context():
        session = database.session()
        house = make_institution(session, f"Demo Border Unit {new_id()[:4]}", country="BG")
        ones = make_post(session, house, title="Duty officer", contact_points=(SHARED,))
        others = make_post(session, house, title="Officer on duty", contact_points=(SHARED, MORE))
        session.commit()
        return ones.id, others.id


@pytest.fixture
def coordinator(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="BG", name="Cora Coordinator")


@pytest.fixture
def colleague(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="BG", name="Carl Coordinator")


def path_of(doubles: tuple[str, str]) -> str:
    return f"{BELOW}/entries/{doubles[0]}/{doubles[1]}"


def ask(who: Signed, doubles: tuple[str, str], **more: Any) -> str:
    answer = who.post(path_of(doubles), **({"decision": "merge", "reason": "One desk, two lists"} | more))
    assert answer.status_code == 303, answer.text
    with who.client.application.app_context():
        return (
            database.session().scalars(select(Merge.id).where(Merge.keep_id == doubles[0]).order_by(Merge.at)).all()[-1]
        )


def test_doubles_are_suggested_with_reasons_side_by_side(doubles: tuple[str, str], coordinator: Signed) -> None:
    page = coordinator.client.get(BELOW).text
    assert f'href="{BELOW}/entries/' in page
    assert "same phone" in page
    assert "same name in another language, order or short form" in page
    page = coordinator.client.get(path_of(doubles)).text
    assert "Probably the same" in page
    assert "a second person agrees" in page
    assert page.count("+44 20 7946 0141") >= 2


def test_two_people_merge_and_one_click_takes_it_back(
    app: Flask, doubles: tuple[str, str], coordinator: Signed, colleague: Signed
) -> None:
    keep, gone = doubles
    merge_id = ask(coordinator, doubles, title="gone")
    assert coordinator.client.get(f"/entries/{gone}").status_code == 200, "until then both stay"
    assert decide(coordinator, merge_id, "agree").status_code == 409, "one's own"
    page = colleague.client.get(BELOW).text
    assert "Cora Coordinator" in page
    assert decide(colleague, merge_id, "agree").status_code == 303
    answer = colleague.client.get(f"/entries/{gone}")
    assert (answer.status_code, answer.location) == (301, f"/entries/{keep}")
    page = colleague.client.get(f"/entries/{keep}").text
    assert "Officer on duty" in page
    assert "night@demo-border.example" in page
    listed = app.test_client().get(f"/api/v1/entries?changed_since={NOW:%Y-%m-%d}").get_json()["removed"]
    assert [one["redirect"] for one in listed if one["id"] == gone]
    assert "when two entries became one" in coordinator.client.get(f"/entries/{keep}/history").text
    assert coordinator.post(f"{BELOW}/merges/{merge_id}/undo").status_code == 303
    assert colleague.client.get(f"/entries/{gone}").status_code == 200
    assert "Duty officer" in colleague.client.get(f"/entries/{keep}").text
    with app.app_context():
        assert database.session().get(Removal, gone) is None


def test_what_was_changed_since_it_was_looked_at_is_looked_at_again(
    app: Flask, doubles: tuple[str, str], coordinator: Signed, colleague: Signed
) -> None:
    merge_id = ask(coordinator, doubles)
    answer = colleague.post(f"{BELOW}/merges/{merge_id}", decision="agree", keep_revision="99", gone_revision="1")
    assert answer.status_code == 409
    with app.app_context():
        assert database.session().get_one(Merge, merge_id).state == "waiting"


def test_kept_apart_is_never_suggested_again_until_lifted(
    app: Flask, doubles: tuple[str, str], coordinator: Signed
) -> None:
    keep, gone = doubles
    assert coordinator.post(path_of(doubles), decision="apart", reason="Two shifts").status_code == 303
    page = coordinator.client.get(BELOW).text
    assert "Two shifts" in page
    assert f"{keep}/{gone}" not in page
    assert f"{gone}/{keep}" not in page
    assert coordinator.post(path_of(doubles), decision="merge").status_code == 409
    with app.app_context():
        kept_id = database.session().scalars(select(KeptApart.id).where(KeptApart.reason == "Two shifts")).all()[-1]
    assert coordinator.post(f"{BELOW}/apart/{kept_id}/lift").status_code == 303
    page = coordinator.client.get(BELOW).text
    assert f"{keep}/{gone}" in page or f"{gone}/{keep}" in page


def test_an_odd_form_asks_again(doubles: tuple[str, str], coordinator: Signed) -> None:
    assert coordinator.post(path_of(doubles), decision="perhaps").status_code == 422
    assert coordinator.post(path_of(doubles), decision="merge", reason="x" * 501).status_code == 422
    merge_id = ask(coordinator, doubles)
    assert coordinator.post(f"{BELOW}/merges/{merge_id}", decision="x").status_code == 422
    assert coordinator.post(f"{BELOW}/merges/{merge_id}", decision="withdraw").status_code == 303
    assert "Withdrawn" in coordinator.client.get(f"{BELOW}/merges/{merge_id}").text


def test_institutions_are_compared_and_merged(app: Flask, coordinator: Signed, colleague: Signed) -> None:
    with app.app_context():
        session = database.session()
        names = (NameValues("Държавна агенция за демо", "bg"),)
        keep = make_institution(session, "State Agency for Demo", country="BG", contact_points=(SHARED,))
        gone = make_institution(session, names=names, country="BG", contact_points=(SHARED,))
        post_id = make_post(session, gone, title="Demo desk", phone=None).id
        session.commit()
        keep_id, gone_id = keep.id, gone.id
    page = coordinator.client.get(f"{BELOW}/institutions/{keep_id}/{gone_id}").text
    assert "Demo desk" in page
    assert coordinator.post(f"{BELOW}/institutions/{keep_id}/{gone_id}", decision="merge").status_code == 303
    with app.app_context():
        assert database.session().get_one(Post, post_id).institution_id == keep_id
    assert "can be taken back" in coordinator.client.get(BELOW).text


@pytest.mark.parametrize(
    ("role", "country"),
    [("reader", None), ("focal_point", None), ("coordinator", "AL"), ("admin", None), ("auditor", None)],
)
def test_to_others_the_pages_are_not_there(
    app: Flask, doubles: tuple[str, str], coordinator: Signed, role: str, country: str | None
) -> None:
    who = sign_in(app, role, country=country)
    merge_id = ask(coordinator, doubles)
    for path in (path_of(doubles), f"{BELOW}/merges/{merge_id}"):
        assert who.client.get(path).status_code == 404
        assert who.post(path, decision="merge").status_code == 404
    if role != "coordinator":
        assert who.client.get(BELOW).status_code == 404
    else:
        assert "Demo Border Unit" not in who.client.get(f"{BELOW}?country=BG").text


def test_a_coordinator_merges_nothing_into_another_country(app: Flask, doubles: tuple[str, str], world: Any) -> None:
    who = sign_in(app, "coordinator", country="BG")
    assert who.client.get(f"{BELOW}/entries/{doubles[0]}/{world.boys_shelter}").status_code == 404
    secretariat = sign_in(app, "secretariat")
    path = f"{BELOW}/entries/{doubles[0]}/{world.boys_shelter}"
    assert secretariat.client.get(path).status_code == 200
    assert secretariat.post(path, decision="merge").status_code == 409


def test_looking_writes_nothing(app: Flask, doubles: tuple[str, str], coordinator: Signed) -> None:
    def counts() -> list[int]:
        with app.app_context():
            session = database.session()
            return [len(session.scalars(select(table.id)).all()) for table in (Merge, KeptApart, Post)]

    before = counts()
    coordinator.client.get(BELOW)
    coordinator.client.get(path_of(doubles))
    assert counts() == before
