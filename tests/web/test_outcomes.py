"""Did it work? Four buttons on every entry, for everybody; two signed-in readers start a check, visitors leave a note."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from directory.app import database
from directory.confirmations import outcomes
from directory.confirmations.models import Finding, OutcomeReport
from directory.db import new_id, transaction
from directory.registry.models import Post
from tests.conftest import NOW
from tests.people import submit
from tests.web.changing import new_entry
from tests.web.signed_in import sign_in
from tests.web.test_calls import new_task

ANSWERS = {"reached": "Reached", "no_answer": "No answer", "wrong_person": "Wrong person", "gone": "No longer exists"}


@pytest.fixture
def entry_id(app: Flask) -> str:
    return new_entry(app)[0]


def visitor(app: Flask, network: int) -> FlaskClient:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = f"198.51.{network}.7"
    return client


def tap(client: FlaskClient, entry_id: str, said: str) -> Any:
    return submit(client, f"/entries/{entry_id}/outcome", on=f"/entries/{entry_id}", said=said)


def reports(app: Flask, entry_id: str) -> list[tuple[str, bool]]:
    with app.app_context():
        found = outcomes.of_entry(database.session(), entry_id)
        return [(one.outcome, one.account_id is not None) for one in found]


def test_every_entry_asks_with_four_buttons_and_no_room_for_a_case(app: Flask, entry_id: str) -> None:
    page = visitor(app, 1).get(f"/entries/{entry_id}").text
    form = re.search(rf'<form action="/entries/{entry_id}/outcome".*?</form>', page, re.DOTALL)
    assert form
    assert re.findall(r'name="said" value="(\w+)">([^<]+)<', form[0]) == list(ANSWERS.items())
    assert "<textarea" not in form[0]
    assert 'type="text"' not in form[0]


@pytest.mark.parametrize("said", ANSWERS)
def test_one_tap_is_thanked_for_and_says_what_happens_now(app: Flask, entry_id: str, said: str) -> None:
    client = visitor(app, 2)
    answer = tap(client, entry_id, said)
    assert answer.status_code == 303
    assert answer.location == f"/entries/{entry_id}/outcome/{said}"
    page = client.get(answer.location)
    assert page.headers["Cache-Control"] == "no-store"
    assert ANSWERS[said] in page.text
    assert ("Whom to try now" in page.text) is (said != "reached")
    assert f"/entries/{entry_id}#did-it-work" in page.text
    assert reports(app, entry_id) == [(said, False)]


def test_the_thanks_write_nothing(app: Flask, entry_id: str) -> None:
    client = visitor(app, 3)
    for said in ANSWERS:
        assert client.get(f"/entries/{entry_id}/outcome/{said}").status_code == 200
    assert client.get(f"/entries/{entry_id}/outcome").status_code == 405
    assert client.get(f"/entries/{entry_id}/outcome/dead").status_code == 404
    assert reports(app, entry_id) == []


def test_two_readers_start_a_check_that_every_reader_sees(app: Flask, entry_id: str) -> None:
    for _ in range(2):
        reader = sign_in(app, "reader", country="RO")
        page = reader.client.get(tap(reader.client, entry_id, "wrong_person").location).text
        assert "the coordinator rings the same day" in page
    assert "Readers could not reach it on 24 November 2026" in visitor(app, 4).get(f"/entries/{entry_id}").text
    with app.app_context():
        finding = select(Finding.kind).where(Finding.post_id == entry_id)
        assert database.session().scalars(finding).all() == ["reported"]


def test_twenty_visitors_start_none(app: Flask, entry_id: str) -> None:
    for number in range(20):
        assert tap(visitor(app, 20 + number), entry_id, "gone").status_code == 303
    page = visitor(app, 5).get(f"/entries/{entry_id}").text
    assert "could not reach" not in page
    assert len(reports(app, entry_id)) == 20


def test_a_visitors_network_is_slowed_down_and_another_is_not(app: Flask, entry_id: str) -> None:
    client = visitor(app, 6)
    statuses = [tap(client, entry_id, "gone").status_code for _ in range(11)]
    assert statuses == [303] * 10 + [429]
    assert len(reports(app, entry_id)) == 10
    assert tap(visitor(app, 7), entry_id, "gone").status_code == 303


def test_a_reader_is_told_how_many_got_through_and_a_visitor_is_not(app: Flask, entry_id: str) -> None:
    reader = sign_in(app, "reader", country="RO")
    tap(reader.client, entry_id, "reached")
    words = "1 signed-in reader got through in the last 90 days. Last on 24 November 2026."
    assert words in reader.client.get(f"/entries/{entry_id}").text
    assert "got through in the last" not in visitor(app, 8).get(f"/entries/{entry_id}").text


@pytest.mark.parametrize("said", ["", "dead", "reached ", "<script>"])
def test_anything_else_is_refused(app: Flask, entry_id: str, said: str) -> None:
    assert tap(visitor(app, 9), entry_id, said).status_code == 400
    assert reports(app, entry_id) == []


def test_without_the_forms_token_nothing_is_noted(app: Flask, entry_id: str) -> None:
    answer = visitor(app, 10).post(f"/entries/{entry_id}/outcome", data={"said": "gone"})
    assert answer.status_code == 400
    assert reports(app, entry_id) == []


def test_an_entry_that_is_not_there_takes_nothing(app: Flask, entry_id: str) -> None:
    answer = submit(visitor(app, 11), f"/entries/{new_id()}/outcome", on=f"/entries/{entry_id}", said="gone")
    assert answer.status_code == 404
    with app.app_context():
        session = database.session()
        lost = select(func.count()).select_from(OutcomeReport).where(OutcomeReport.post_id.not_in(select(Post.id)))
        assert session.scalar(lost) == 0


def test_words_of_an_entry_are_written_as_words_on_the_thanks(app: Flask) -> None:
    entry_id = new_entry(app, title="<img src=x onerror=alert(1)>")[0]
    page = visitor(app, 12).get(f"/entries/{entry_id}/outcome/gone").text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


# What those who ring are told


def test_those_who_ring_see_what_others_met_and_never_who_it_was(app: Flask, entry_id: str) -> None:
    rea = sign_in(app, "reader", country="RO", name="Rea Reader")
    tap(rea.client, entry_id, "wrong_person")
    tap(sign_in(app, "reader", country="RO").client, entry_id, "reached")
    tap(visitor(app, 8), entry_id, "gone")
    cora = sign_in(app, "coordinator", country="RO")
    for path in (f"/entries/{entry_id}", f"/coordination/calls/{new_task(app, entry_id)}"):
        page = cora.client.get(path).text
        for words in (
            "Signed-in readers: Reached 1, Wrong person 1.",
            "Visitors: No longer exists 1.",
            "A visitor’s report starts no check by itself.",
            "24 November 2026 · Wrong person",
        ):
            assert words in page, words
        assert page.count("a signed-in reader</span>") == 2
        assert page.count("a visitor</span>") == 1
        assert "Rea Reader" not in page
        assert rea.account_id not in page


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
def test_to_everybody_else_there_is_no_such_thing(
    app: Flask, entry_id: str, role: str, country: str | None, *, sees: bool
) -> None:
    tap(visitor(app, 9), entry_id, "gone")
    page = sign_in(app, role, country=country).client.get(f"/entries/{entry_id}").text
    assert ("What others met" in page) is sees
    assert ("a visitor</span>" in page) is sees
    assert "What others met" not in visitor(app, 9).get(f"/entries/{entry_id}").text


def test_an_entry_nobody_has_used_says_so(app: Flask, entry_id: str) -> None:
    cora = sign_in(app, "coordinator", country="RO")
    assert "Nobody has said yet whether it worked." in cora.client.get(f"/entries/{entry_id}").text


def test_the_newest_ten_stand_one_by_one_and_all_are_counted(app: Flask, entry_id: str) -> None:
    with app.app_context(), transaction(database.session()) as session:
        for number in range(12):
            at = NOW - timedelta(days=number)
            session.add(OutcomeReport(post_id=entry_id, account_id=None, outcome="no_answer", at=at))
    page = sign_in(app, "coordinator", country="RO").client.get(f"/entries/{entry_id}").text
    assert page.count("a visitor</span>") == 10
    assert "Visitors: No answer 12." in page
    assert "15 November 2026" in page
    assert "14 November 2026" not in page
