"""The call list on pages: whose it is, what it shows and hides, what each button does; the sheet and the letter."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from directory.app import database
from directory.confirmations import calls
from directory.confirmations.models import CallTask, Check, Finding
from directory.history.models import AccessItem, AccessRecord
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.web.changing import MOBILE, OLD, form_of, new_entry, proposals_about
from tests.web.signed_in import Signed, sign_in

TODAY = NOW.date()
NOBODY = "00000000-0000-4000-8000-000000000000"
PLACE = "/coordination/calls"


def new_task(app: Flask, entry_id: str, reason: str = "silent", *, days_late: int = 0, note: str = "") -> str:
    with app.app_context():
        session = database.session()
        post = session.get_one(Post, entry_id)
        due_on = TODAY - timedelta(days=days_late)
        calls.open_task(
            session, post, reason, key=f"{reason}:{entry_id}", now=NOW, tell_on=TODAY, due_on=due_on, note=note
        )
        session.commit()
        return session.scalars(select(CallTask.id).where(CallTask.key == f"{reason}:{entry_id}")).one()


@pytest.fixture
def entry(app: Flask) -> tuple[str, str]:
    entry_id, body_id = new_entry(app, is_desk=False, asks_for="A date")
    with app.app_context():
        session = database.session()
        post = session.get_one(Post, entry_id)
        registry.appoint(
            session, post, "Holger Holder (demo)", by="test", now=NOW, from_on=date(2026, 1, 1),
            contact_points=(ContactValues("direct_phone", "+442079460777"),),
        )  # fmt: skip
        session.commit()
    return entry_id, body_id


@pytest.fixture
def task_id(app: Flask, entry: tuple[str, str]) -> str:
    return new_task(app, entry[0], days_late=3)


@pytest.fixture
def cora(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="RO", name="Cora Coordinator")


def task_form(who: Signed, task_id: str, outcome: str) -> dict[str, Any]:
    """The form of the page with that outcome, as a browser sends it untouched."""
    page = who.client.get(f"{PLACE}/{task_id}")
    assert page.status_code == 200, page.text
    (written,) = [
        form for form in re.findall(r"<form\b.*?</form>", page.text, re.DOTALL) if f'value="{outcome}"' in form
    ]
    return form_of(f"<!doctype html><title>x</title>{written}", f"{PLACE}/{task_id}")


def send(who: Signed, task_id: str, outcome: str, *, tick: bool = True, **changes: Any) -> Any:
    form = task_form(who, task_id, outcome)
    page = who.client.get(f"{PLACE}/{task_id}").text
    boxes = re.findall(r'<input type="checkbox" id="[^"]+" name="([^"]+)"', page) if tick and outcome == "right" else []
    return who.client.post(f"{PLACE}/{task_id}", data=form | dict.fromkeys(boxes, "1") | changes)


def task_of(app: Flask, task_id: str) -> CallTask:
    with app.app_context():
        session = database.session()
        task = session.get_one(CallTask, task_id)
        session.expunge(task)
        return task


def test_the_list_says_whom_to_ring_why_and_that_it_is_overdue(
    app: Flask, entry: tuple[str, str], task_id: str, cora: Signed
) -> None:
    page = cora.client.get(PLACE).text
    card = page[page.index(f"{PLACE}/{task_id}") - 300 :][:1600]
    for words in ("Overdue", "No answer to three letters", "Holger Holder (demo)", "Agency"):
        assert words in card, words
    assert "+44 20 7946 0777" not in page


@pytest.mark.parametrize(
    ("role", "country", "status"),
    [
        ("coordinator", "RO", 200),
        ("secretariat", None, 200),
        ("coordinator", "BG", 404),
        ("reader", "RO", 404),
        ("focal_point", None, 404),
        ("admin", None, 404),
        ("auditor", None, 404),
    ],
)
def test_a_call_is_made_by_who_looks_after_the_country(
    app: Flask, entry: tuple[str, str], task_id: str, role: str, country: str | None, status: int
) -> None:
    who = sign_in(app, role, country=country, institution_id=entry[1] if role == "focal_point" else None)
    unknown = who.client.get(f"{PLACE}/{NOBODY}")
    for path in (f"{PLACE}/{task_id}", f"{PLACE}/{task_id}/letter"):
        answer = who.client.get(path)
        assert answer.status_code == status
        assert status == 200 or answer.text == unknown.text
    for path in (f"{PLACE}/{task_id}", f"{PLACE}/{task_id}/numbers"):
        assert who.post(path, outcome="no_answer").status_code in ({200, 303} if status == 200 else {404})
    assert (task_of(app, task_id).tries == 1) is (status == 200)
    listed = who.client.get(PLACE)
    assert (listed.status_code == 200 and f"{PLACE}/{task_id}" in listed.text) is (status == 200)


def test_a_visitor_is_led_to_sign_in(app: Flask, task_id: str) -> None:
    for path in (PLACE, f"{PLACE}/sheet", f"{PLACE}/{task_id}", f"{PLACE}/{task_id}/letter"):
        assert app.test_client().get(path).status_code == 303


def test_restricted_numbers_are_shown_on_asking_and_each_is_kept(
    app: Flask, entry: tuple[str, str], task_id: str, cora: Signed
) -> None:
    page = cora.client.get(f"{PLACE}/{task_id}").text
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", page)
    assert "… 888" in text
    assert "0888" not in text
    assert "0777" not in text
    opened = cora.post(f"{PLACE}/{task_id}/numbers")
    assert "+44 20 7946 0888" in opened.text
    assert "tel:+442079460777" in opened.text
    assert opened.headers["Cache-Control"] == "no-store"
    with app.app_context():
        session = database.session()
        kept = (
            select(AccessItem.entry_id)
            .join(AccessRecord)
            .where(
                AccessRecord.account_id == cora.account_id, AccessRecord.kind == "reveal", AccessRecord.path == "call"
            )
        )
        assert session.scalars(kept).all() == [entry[0]] * 2
    for path in (PLACE, f"{PLACE}/sheet", f"{PLACE}/{task_id}/letter"):
        shown = cora.client.get(path).text
        assert MOBILE not in shown
        assert "0888" not in re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", shown)


def test_every_line_read_back_confirms_the_entry_by_call(
    app: Flask, entry: tuple[str, str], task_id: str, cora: Signed
) -> None:
    answer = send(cora, task_id, "right", function="desk")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PLACE}?noted=1")
    assert "Noted." in cora.client.get(answer.headers["Location"]).text
    with app.app_context():
        session = database.session()
        post = session.get_one(Post, entry[0])
        assert (post.confirmed_at, post.confirmation_method) == (NOW, "call")
        check = session.scalars(select(Check).where(Check.post_id == entry[0])).one()
        assert (check.note, check.by) == ("desk", cora.account_id)
    assert task_of(app, task_id).outcome == "confirmed"
    assert "This is settled." in cora.client.get(f"{PLACE}/{task_id}").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"function": ""}, "Choose who answered"),
        ({"function": "Holger"}, "Choose who answered"),
        ({"function": "desk", "method": "dream"}, "Choose how they were asked"),
        ({"function": "desk", "note": "x" * 501}, "at most 500 characters"),
    ],
)
def test_what_is_missing_is_asked_for_and_ticks_stay(
    app: Flask, task_id: str, cora: Signed, changes: dict[str, str], words: str
) -> None:
    answer = send(cora, task_id, "right", **changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert answer.text.count(" checked>") >= 4
    assert task_of(app, task_id).settled_at is None


def test_without_every_tick_nothing_is_confirmed_and_the_page_names_the_line(
    app: Flask, task_id: str, cora: Signed
) -> None:
    answer = send(cora, task_id, "right", tick=False, function="desk", **{"read-post": "1", "read-duties": "1"})
    assert answer.status_code == 422
    assert "lines were not read back: Who holds it, Phone" in answer.text
    assert task_of(app, task_id).settled_at is None


def test_an_entry_that_changed_meanwhile_is_looked_at_again(
    app: Flask, entry: tuple[str, str], task_id: str, cora: Signed
) -> None:
    answer = send(cora, task_id, "right", function="desk", digest="of another day")
    assert answer.status_code == 409
    assert "changed while you were at it" in answer.text
    assert task_of(app, task_id).settled_at is None


def test_ones_own_entry_is_confirmed_signed_in_not_by_calling(app: Flask, entry: tuple[str, str], task_id: str) -> None:
    owner = sign_in(app, "coordinator", country="RO", owns=entry[0])
    page = owner.client.get(f"{PLACE}/{task_id}").text
    assert "confirm it yourself, signed in" in page
    assert "All of it is right" not in page
    form = task_form(owner, task_id, "no_answer")
    answer = owner.client.post(f"{PLACE}/{task_id}", data={**form, "outcome": "right", "function": "desk"})
    assert answer.status_code in {409, 422}
    assert task_of(app, task_id).settled_at is None


def test_no_answer_comes_back_and_is_listed_as_tried(app: Flask, task_id: str, cora: Signed) -> None:
    assert send(cora, task_id, "no_answer").status_code == 303
    task = task_of(app, task_id)
    assert (task.tries, task.due_on > TODAY) == (1, True)
    page = cora.client.get(f"{PLACE}/{task_id}").text
    assert "Cora Coordinator: call, no answer" in page


def test_something_to_change_leads_to_the_form_and_keeps_what_was_said(
    app: Flask, entry: tuple[str, str], task_id: str, cora: Signed
) -> None:
    answer = send(cora, task_id, "change", function="desk", note="The number ends in 9")
    assert answer.headers["Location"] == f"/entries/{entry[0]}/edit"
    assert "The number ends in 9" in cora.client.get(f"{PLACE}/{task_id}").text
    assert task_of(app, task_id).settled_at is None


def test_a_wrong_number_is_proposed_to_go(app: Flask, entry: tuple[str, str], task_id: str, cora: Signed) -> None:
    page = cora.client.get(f"{PLACE}/{task_id}").text
    line_id = re.search(r'<option value="([0-9a-f-]{36})">Phone', page)[1]  # type: ignore[index]
    assert send(cora, task_id, "wrong_number", line="").status_code == 422
    assert send(cora, task_id, "wrong_number", line=line_id).status_code == 303
    (proposal,) = proposals_about(app, entry[0])
    assert OLD not in {line["value"] for line in proposal.after["contact_points"]}
    with app.app_context():
        assert database.session().scalars(select(Finding.kind).where(Finding.post_id == entry[0])).all() == ["wrong"]


def test_a_decision_keeps_fills_or_asks_to_close(app: Flask, entry: tuple[str, str], cora: Signed) -> None:
    task_id = new_task(app, entry[0], "decide")
    assert "Keep showing the holder" in cora.client.get(f"{PLACE}/{task_id}").text
    assert send(cora, task_id, "fill").headers["Location"] == "/coordination/people/invitation"
    for bad in ({"note": ""}, {"note": "gone", "redirect": "nowhere"}, {"note": "gone", "redirect": NOBODY}):
        assert send(cora, task_id, "close", **bad).status_code == 422, bad
    assert send(cora, task_id, "close", note="The office closed").headers["Location"] == "/coordination"
    (proposal,) = proposals_about(app, entry[0])
    assert proposal.kind == "close"
    assert send(cora, task_id, "keep").status_code == 303
    assert task_of(app, task_id).outcome == "decided"


def test_a_closed_entry_leaves_a_stub_once_a_second_person_agrees(
    app: Flask, entry: tuple[str, str], cora: Signed, world: Any
) -> None:
    task_id = new_task(app, entry[0], "decide")
    send(cora, task_id, "close", note="The office closed", redirect=f"http://localhost/entries/{world.return_desk}")
    (proposal,) = proposals_about(app, entry[0])
    other = sign_in(app, "coordinator", country="RO")
    page = other.client.get(f"/coordination/proposals/{proposal.id}").text
    for words in ("The whole entry", "its numbers are shown to nobody", "led to another entry", "The office closed"):
        assert words in page, words
    assert cora.post(f"/coordination/proposals/{proposal.id}", decision="accept").status_code == 409
    assert other.post(f"/coordination/proposals/{proposal.id}", decision="accept").status_code == 303
    with app.app_context():
        assert database.session().get(Post, entry[0]) is None
        assert database.session().get_one(Proposal, proposal.id).state == "accepted"
    assert cora.client.get(f"{PLACE}/{task_id}").status_code == 404


def test_left_waits_for_a_second_person(app: Flask, entry: tuple[str, str], task_id: str, cora: Signed) -> None:
    assert send(cora, task_id, "left", function="desk", last_day="soon").status_code == 422
    assert send(cora, task_id, "left", function="desk").status_code == 303
    (proposal,) = proposals_about(app, entry[0])
    assert proposal.after["holder"] == ""
    assert task_of(app, task_id).outcome == "left"


@pytest.mark.parametrize("outcome", ["", "RIGHT", "delete"])
def test_an_outcome_nobody_offers_changes_nothing(app: Flask, task_id: str, cora: Signed, outcome: str) -> None:
    assert cora.post(f"{PLACE}/{task_id}", outcome=outcome).status_code == 422
    assert task_of(app, task_id).tries == 0


def test_several_reasons_about_one_entry_are_one_call(
    app: Flask, entry: tuple[str, str], task_id: str, cora: Signed
) -> None:
    new_task(app, entry[0], "bounced", note="Mailbox unknown")
    page = cora.client.get(PLACE).text
    assert page.count(f"{PLACE}/{task_id}") == 1
    assert "Mail to them comes back" in page
    assert "Mailbox unknown" in cora.client.get(f"{PLACE}/{task_id}").text


def test_the_secretariat_chooses_a_country(app: Flask, task_id: str) -> None:
    entry_id, _ = new_entry(app, country="BG")
    abroad = new_task(app, entry_id)
    who = sign_in(app, "secretariat")
    assert f"{PLACE}?country=BG" in who.client.get(PLACE).text
    page = who.client.get(f"{PLACE}?country=BG").text
    assert f"{PLACE}/{abroad}" in page
    assert f"{PLACE}/{task_id}" not in page


def test_a_country_in_the_address_that_is_not_ones_own_shows_nothing(app: Flask, task_id: str) -> None:
    entry_id, _ = new_entry(app, country="BG")
    abroad = new_task(app, entry_id)
    cora = sign_in(app, "coordinator", country="RO")
    page = cora.client.get(f"{PLACE}?country=BG").text
    assert abroad not in page
    assert "Nobody has to be rung" in page


def test_the_sheet_has_boxes_and_the_letter_four_of_them(
    app: Flask, entry: tuple[str, str], task_id: str, cora: Signed
) -> None:
    sheet = cora.client.get(f"{PLACE}/sheet").text
    assert "Holger Holder (demo)" in sheet
    letter = cora.client.get(f"{PLACE}/{task_id}/letter").text
    assert letter.count("☐") == 4
    for words in ("Please confirm your contact details", "+44 20 7946 0101", "Signature and stamp", "Cora Coordinator"):
        assert words in letter, words


def test_coordination_counts_what_waits(app: Flask, task_id: str, cora: Signed) -> None:
    page = cora.client.get("/coordination").text
    assert re.search(r'href="/coordination/calls"><b>\d+</b> calls? or decisions?', page)
    for path in ("/coordination/rounds", "/coordination/letters"):
        assert f'href="{path}"' in page
