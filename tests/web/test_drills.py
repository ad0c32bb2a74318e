"""Test calls: who sees which, the number by revealing only, the watch, and what readers are told afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from jsonschema import Draft202012Validator, ValidationError
from sqlalchemy import select, update

from directory import worker
from directory.app import database
from directory.confirmations.models import Check, Drill
from directory.registry.models import ContactPoint
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.people import set_clock
from tests.web.checking_client import CheckingClient
from tests.web.signed_in import Signed, sign_in

SHOWN = {"duty_phone": "+44 20 7946 0104", "hotline": "+44 20 7946 0103"}


@pytest.fixture
def made(app: Flask) -> tuple[str, dict[str, str]]:
    """An entry with a hotline and a duty phone, both to be tested this week: its id, and the tests by kind of line."""
    lines = (
        ContactValues("hotline", "+442079460103", hours="24/7"),
        ContactValues("duty_phone", "+442079460104", hours="24/7"),
    )
    with app.app_context():
        session = database.session()
        post = make_post(session, make_institution(session, "Night Agency"), title="Night desk", contact_points=lines)
        session.commit()
        post_id = post.id
        worker.plan_drills(session, app.extensions["site"])
        session.execute(update(Drill).where(Drill.post_id == post_id).values(planned_on=NOW.date()))
        session.commit()
        rows = session.execute(
            select(ContactPoint.kind, Drill.id)
            .join(Drill, Drill.contact_point_id == ContactPoint.id)
            .where(Drill.post_id == post_id)
        )
        return post_id, {kind: drill_id for kind, drill_id in rows.all()}  # noqa: C416 - rows are no pairs to mypy


@pytest.fixture
def coordinator(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="RO", name="Cora Coordinator")


def check_of(app: Flask, drill_id: str) -> tuple[str, str, int | None, str]:
    with app.app_context():
        session = database.session()
        drill = session.get_one(Drill, drill_id)
        check = session.scalars(select(Check).where(Check.contact_point_id == drill.contact_point_id)).one()
        return check.method, check.outcome, check.seconds, check.by


def checks(app: Flask, post_id: str) -> int:
    with app.app_context():
        return len(database.session().scalars(select(Check).where(Check.post_id == post_id)).all())


def test_the_week_lists_the_tests_with_their_time_of_day(
    app: Flask, made: tuple[str, dict[str, str]], coordinator: Signed
) -> None:
    page = coordinator.client.get("/coordination/drills").text
    for drill_id in made[1].values():
        at = page.index(f"/coordination/drills/{drill_id}")
        assert re.search(r"24 November 2026, (in office hours|in the evening|at night)", page[at : at + 500])
    assert re.search(r"\d+ of \d+ duty lines answered a test in the last 183 days", page)


@pytest.mark.parametrize(
    ("role", "country", "sees"),
    [
        ("coordinator", "RO", True),
        ("secretariat", None, True),
        ("coordinator", "BG", False),
        ("reader", "RO", False),
        ("admin", None, False),
        ("auditor", None, False),
    ],
)
def test_only_those_who_coordinate_test(
    app: Flask, made: tuple[str, dict[str, str]], role: str, country: str | None, *, sees: bool
) -> None:
    who, path = sign_in(app, role, country=country), f"/coordination/drills/{made[1]['hotline']}"
    listed = who.client.get("/coordination/drills")
    assert listed.status_code == (200 if role in {"coordinator", "secretariat"} else 404)
    assert (path in listed.text) is sees
    assert who.client.get(path).status_code == (200 if sees else 404)
    assert who.post(f"{path}/start").status_code == (200 if sees else 404)
    assert who.post(path, how="answered", seconds="20").status_code == (303 if sees else 404)
    assert checks(app, made[0]) == int(sees)


def test_a_visitor_is_led_to_sign_in(app: Flask, made: tuple[str, dict[str, str]]) -> None:
    for path in ("/coordination/drills", f"/coordination/drills/{made[1]['hotline']}"):
        answer = app.test_client().get(path)
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in")


def test_a_restricted_number_is_shown_by_revealing_only(
    app: Flask, made: tuple[str, dict[str, str]], coordinator: Signed
) -> None:
    page = coordinator.client.get(f"/coordination/drills/{made[1]['duty_phone']}").text
    assert "7946 0104" not in page
    assert "+442079460104" not in page
    reveal = re.search(r'action="(/entries/[^"]+/reveal/[^"]+)"', page)
    assert reveal
    assert SHOWN["duty_phone"] in coordinator.post(reveal[1]).text
    assert SHOWN["hotline"] in coordinator.client.get(f"/coordination/drills/{made[1]['hotline']}").text


def test_the_page_says_what_to_say(made: tuple[str, dict[str, str]], coordinator: Signed) -> None:
    page = coordinator.client.get(f"/coordination/drills/{made[1]['hotline']}").text
    assert "This is a test call of the contact directory. There is no case" in page
    assert "My name is Cora Coordinator" in page


def test_the_watch_counts_and_stores_nothing_when_it_starts(
    app: Flask, made: tuple[str, dict[str, str]], coordinator: Signed
) -> None:
    path = f"/coordination/drills/{made[1]['hotline']}"
    page = coordinator.post(f"{path}/start").text
    started = re.search(r'name="started" value="([^"]+)"', page)
    assert started
    assert checks(app, made[0]) == 0
    set_clock(app, NOW + timedelta(seconds=20))
    try:
        answer = coordinator.post(path, how="answered", started=started[1], method="call")
    finally:
        set_clock(app, NOW)
    assert (answer.status_code, answer.location) == (303, "/coordination/drills")
    assert check_of(app, made[1]["hotline"]) == ("drill_call", "answered", 20, coordinator.account_id)
    page = app.test_client().get(f"/entries/{made[0]}").text
    assert "The hotline was answered in a test call on 24 November 2026, after 20 seconds." in page
    assert "duty phone was answered" not in page
    assert "Confirmed 12 days ago" in page, "the entry's own confirmation stays"
    assert "Answered" in coordinator.client.get("/coordination/drills").text


def test_the_watch_of_another_test_or_a_forged_one_counts_nothing(
    app: Flask, made: tuple[str, dict[str, str]], coordinator: Signed
) -> None:
    other = coordinator.post(f"/coordination/drills/{made[1]['duty_phone']}/start").text
    started = re.search(r'name="started" value="([^"]+)"', other)
    assert started
    path = f"/coordination/drills/{made[1]['hotline']}"
    assert coordinator.post(path, how="answered", started=started[1]).status_code == 303
    assert check_of(app, made[1]["hotline"])[2] is None
    path = f"/coordination/drills/{made[1]['duty_phone']}"
    assert coordinator.post(path, how="answered", started=f"{started[1]}x", seconds="7").status_code == 303
    assert check_of(app, made[1]["duty_phone"])[2] == 7


def test_what_is_typed_wrongly_is_said_and_nothing_noted(
    app: Flask, made: tuple[str, dict[str, str]], coordinator: Signed
) -> None:
    path = f"/coordination/drills/{made[1]['hotline']}"
    for fields, words in (
        ({"how": "answered", "seconds": "soon"}, "Seconds are a whole number"),
        ({"how": "answered", "seconds": "-3"}, "Seconds are a whole number"),
        ({"how": "maybe"}, "Say how it went."),
        ({"how": "answered", "method": "drum"}, "Say how it went."),
    ):
        answer = coordinator.post(path, **fields)
        assert answer.status_code == 422
        assert words in answer.text
    assert checks(app, made[0]) == 0


def test_it_is_noted_once(app: Flask, made: tuple[str, dict[str, str]], coordinator: Signed) -> None:
    path = f"/coordination/drills/{made[1]['hotline']}"
    assert coordinator.post(path, how="answered", seconds="5").status_code == 303
    assert coordinator.post(path, how="wrong").status_code == 409
    assert checks(app, made[0]) == 1
    assert "Noted on 24 November 2026" in coordinator.client.get(path).text


def test_nobody_answering_is_tried_again(app: Flask, made: tuple[str, dict[str, str]], coordinator: Signed) -> None:
    path = f"/coordination/drills/{made[1]['hotline']}"
    assert coordinator.post(path, how="no_answer").status_code == 303
    page = coordinator.client.get(path).text
    assert "27 November 2026" in page
    assert "Nobody answered the first time." in page
    assert "second try" in coordinator.client.get("/coordination/drills").text
    assert "was answered" not in app.test_client().get(f"/entries/{made[0]}").text


def test_a_message_is_told_as_a_message(app: Flask, made: tuple[str, dict[str, str]], coordinator: Signed) -> None:
    path = f"/coordination/drills/{made[1]['duty_phone']}"
    assert coordinator.post(path, how="answered", method="message", seconds="1").status_code == 303
    words = "The duty phone answered a test message on 24 November 2026, after 1 second."
    assert words in sign_in(app, "reader", country="RO").client.get(f"/entries/{made[0]}").text
    assert "test message" not in app.test_client().get(f"/entries/{made[0]}").text, "a visitor does not see the line"


def test_no_page_of_this_is_kept_in_a_cache(made: tuple[str, dict[str, str]], coordinator: Signed) -> None:
    assert isinstance(coordinator.client, CheckingClient)
    for path in ("/coordination/drills", f"/coordination/drills/{made[1]['hotline']}"):
        assert coordinator.client.get(path).headers["Cache-Control"] == "no-store"


def test_the_page_says_for_each_country_how_many_answered_and_when_the_next_is(
    app: Flask, made: tuple[str, dict[str, str]], coordinator: Signed
) -> None:
    path = "/coordination/drills"
    of_all = sign_in(app, "secretariat")
    words, never = of_all.client.get(path).text, re.compile(r"(\d+) ha(?:s|ve) never answered one\.")
    assert "Romania" in words
    assert "Albania" in words
    own = coordinator.client.get(path).text
    assert "Albania" not in own
    assert own.count("answered a test in the last 183 days") == 1, "one country: its row says all of it"
    assert "Next test on 24 November 2026." in own
    before = never.search(own)
    assert before
    assert coordinator.post(f"{path}/{made[1]['hotline']}", how="answered", seconds="9").status_code == 303
    after = never.search(coordinator.client.get(path).text)
    assert after
    assert int(after[1]) == int(before[1]) - 1
    set_clock(app, NOW + timedelta(days=1))
    try:
        later = sign_in(app, "coordinator", country="RO", at=NOW + timedelta(days=1))
        assert "The next test is late since 24 November 2026." in later.client.get(path).text
    finally:
        set_clock(app, NOW)


def test_programs_are_told_of_the_test_as_the_contract_says(
    app: Flask, made: tuple[str, dict[str, str]], coordinator: Signed
) -> None:
    document = app.test_client().get("/api/v1/openapi.json").json
    schema = {"$ref": "#/components/schemas/Entry", "components": document["components"]}
    path, told = f"/api/v1/entries/{made[0]}", {"answered_at": "2026-11-24T21:30:00Z", "seconds": 9}
    before = app.test_client().get(path).json
    assert [("drill" in point) for point in before["contact_points"]] == [False]
    coordinator.post(f"/coordination/drills/{made[1]['hotline']}", how="answered", seconds="9")
    coordinator.post(f"/coordination/drills/{made[1]['duty_phone']}", how="answered", seconds="3")
    after = app.test_client().get(path).json
    assert [point.get("drill") for point in after["contact_points"]] == [told], "a visitor is told of no other line"
    Draft202012Validator(schema).validate(after)
    after["contact_points"][0]["drill"] = {"seconds": 9}
    with pytest.raises(ValidationError):
        Draft202012Validator(schema).validate(after)
