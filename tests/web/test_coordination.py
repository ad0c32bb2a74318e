"""The second person: what waits where, both numbers side by side, decided once, by somebody else, and taken back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from directory.accounts.models import AccountGrant
from directory.app import database
from directory.db import new_id
from directory.history.models import AccessItem, AccessRecord, Change
from directory.registry import operations as registry
from directory.registry.models import Institution, Post
from tests.conftest import NOW
from tests.web.changing import (
    MOBILE,
    NEW,
    OLD,
    edit_form,
    new_entry,
    proposals_about,
    propose_number,
    send,
    values_of,
)
from tests.web.signed_in import Signed, sign_in

SHOWN_OLD, SHOWN_NEW = "+44 20 7946 0101", "+44 20 7946 0999"


@pytest.fixture
def entry(app: Flask) -> tuple[str, str]:
    return new_entry(app)


@pytest.fixture
def owner(app: Flask, entry: tuple[str, str]) -> Signed:
    return sign_in(app, "focal_point", institution_id=entry[1], name="Fabian Owner")


@pytest.fixture
def proposal_id(app: Flask, entry: tuple[str, str], owner: Signed) -> str:
    return propose_number(app, owner, entry[0])


@pytest.fixture
def coordinator(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="RO", name="Cora Coordinator")


def decide(who: Signed, proposal_id: str, decision: str = "accept", note: str = "") -> Any:
    return who.post(f"/coordination/proposals/{proposal_id}", decision=decision, note=note)


def test_what_waits_is_listed_with_both_numbers_who_and_since_when(
    app: Flask, entry: tuple[str, str], proposal_id: str, coordinator: Signed
) -> None:
    page = coordinator.client.get("/coordination").text
    card = page[page.index(f"/coordination/proposals/{proposal_id}") :]
    for words in (SHOWN_OLD, SHOWN_NEW, "Fabian Owner", "on a page", "since today"):
        assert words in card
    assert "Nobody is listed for" in page


@pytest.mark.parametrize(
    ("role", "country", "sees"),
    [
        ("coordinator", "RO", True),
        ("secretariat", None, True),
        ("coordinator", "BG", False),
    ],
)
def test_it_waits_only_where_it_belongs(
    app: Flask, entry: tuple[str, str], proposal_id: str, role: str, country: str | None, *, sees: bool
) -> None:
    who = sign_in(app, role, country=country)
    path = f"/coordination/proposals/{proposal_id}"
    assert (path in who.client.get("/coordination").text) is sees
    assert who.client.get(path).status_code == (200 if sees else 404)
    assert decide(who, proposal_id).status_code == (303 if sees else 404)
    assert values_of(app, entry[0])[0] == (NEW if sees else OLD)


@pytest.mark.parametrize("role", ["reader", "focal_point", "deputy", "admin", "auditor"])
def test_to_the_others_neither_page_is_there(app: Flask, entry: tuple[str, str], proposal_id: str, role: str) -> None:
    institution_id = entry[1] if role in {"focal_point", "deputy"} else None
    who = sign_in(app, role, country="RO" if role == "reader" else None, institution_id=institution_id)
    path = f"/coordination/proposals/{proposal_id}"
    unknown = who.client.get(f"/coordination/proposals/{new_id()}")
    assert who.client.get("/coordination").status_code == 404
    assert (who.client.get(path).status_code, who.client.get(path).text) == (404, unknown.text)
    for end in ("", "/numbers", "/return"):
        assert who.post(path + end, decision="accept").status_code == 404
    assert values_of(app, entry[0])[0] == OLD


def test_a_visitor_is_led_to_sign_in(app: Flask, proposal_id: str) -> None:
    for path in ("/coordination", f"/coordination/proposals/{proposal_id}", "/account/proposals"):
        assert app.test_client().get(path).status_code == 303


def test_a_post_that_moved_country_takes_its_proposals_along(
    app: Flask, entry: tuple[str, str], proposal_id: str, coordinator: Signed
) -> None:
    with app.app_context():
        session = database.session()
        session.get_one(Institution, entry[1]).country_code = "BG"
        session.commit()
    path = f"/coordination/proposals/{proposal_id}"
    assert path not in coordinator.client.get("/coordination").text
    assert decide(coordinator, proposal_id).status_code == 404
    assert path in sign_in(app, "coordinator", country="BG").client.get("/coordination").text


def test_a_role_that_ended_decides_no_more(app: Flask, entry: tuple[str, str], proposal_id: str) -> None:
    who = sign_in(app, "coordinator", country="RO")
    with app.app_context():
        session = database.session()
        grant = session.scalars(select(AccountGrant).where(AccountGrant.account_id == who.account_id)).one()
        grant.ended_at = NOW
        session.commit()
    assert decide(who, proposal_id).status_code == 404
    assert values_of(app, entry[0])[0] == OLD


def test_deciding_takes_a_fresh_second_factor_and_leads_back(
    app: Flask, entry: tuple[str, str], proposal_id: str
) -> None:
    stale = sign_in(app, "coordinator", country="RO", at=NOW - timedelta(minutes=16))
    path = f"/coordination/proposals/{proposal_id}"
    for answer in (stale.client.get(path), decide(stale, proposal_id)):
        assert answer.status_code == 303
        assert "/step-up?next=%2Fcoordination%2Fproposals%2F" in answer.headers["Location"]
    assert values_of(app, entry[0])[0] == OLD


def test_accepted_the_new_number_stands_and_history_names_both(
    app: Flask, entry: tuple[str, str], owner: Signed, proposal_id: str, coordinator: Signed
) -> None:
    assert decide(coordinator, proposal_id, note="Called them").status_code == 303
    page = app.test_client().get(f"/entries/{entry[0]}").text
    assert f"tel:{NEW}" in page
    assert "being checked" not in page
    with app.app_context():
        lines = database.session().scalars(select(Change).where(Change.subject_id == entry[0])).all()
    by = {line.action: (line.by, line.path, line.reason) for line in lines}
    assert by["accept"] == (coordinator.account_id, "form", "Called them")
    assert by["change"][0] == f"{owner.account_id} with {coordinator.account_id}"
    assert decide(coordinator, proposal_id).status_code == 409
    page = coordinator.client.get(f"/coordination/proposals/{proposal_id}").text
    assert "accepted, by Cora Coordinator" in page


def test_refused_the_old_number_stands(
    app: Flask, entry: tuple[str, str], proposal_id: str, coordinator: Signed
) -> None:
    assert decide(coordinator, proposal_id, "refuse", "Nobody there knows it").status_code == 303
    assert values_of(app, entry[0])[0] == OLD
    assert "being checked" not in app.test_client().get(f"/entries/{entry[0]}").text


def test_nobody_decides_on_their_own_and_the_page_says_who_can(
    app: Flask, entry: tuple[str, str], coordinator: Signed
) -> None:
    sign_in(app, "coordinator", country="RO", name="Cezar Coordinator")
    proposal_id = propose_number(app, coordinator, entry[0])
    page = coordinator.client.get(f"/coordination/proposals/{proposal_id}").text
    assert "You asked for this yourself" in page
    assert "Cezar Coordinator" in page
    assert "Accept</button>" not in page
    assert decide(coordinator, proposal_id).status_code == 409
    assert values_of(app, entry[0])[0] == OLD


@pytest.mark.parametrize("decision", ["", "both", "ACCEPT"])
def test_without_a_choice_nothing_is_decided(
    app: Flask, entry: tuple[str, str], proposal_id: str, coordinator: Signed, decision: str
) -> None:
    answer = decide(coordinator, proposal_id, decision, "a note kept")
    assert answer.status_code == 422
    assert "a note kept" in answer.text
    assert proposals_about(app, entry[0])[0].state == "waiting"


def test_what_changed_meanwhile_is_not_written_over(
    app: Flask, entry: tuple[str, str], proposal_id: str, coordinator: Signed
) -> None:
    with app.app_context():
        from dataclasses import replace

        from directory.registry.pictures import post_values

        session = database.session()
        post = session.get_one(Post, entry[0])
        first, *rest = post_values(post).contact_points
        wanted = replace(post_values(post), contact_points=(replace(first, value="+442079460555"), *rest))
        registry.set_post(session, post, wanted, by="test", now=NOW)
        session.commit()
    answer = decide(coordinator, proposal_id)
    assert answer.status_code == 409
    assert "has changed since this was proposed" in answer.text
    assert values_of(app, entry[0])[0] == "+442079460555"
    assert proposals_about(app, entry[0])[0].state == "outdated"


def test_hours_changed_meanwhile_on_another_line_do_not_stop_it_and_stay(
    app: Flask, entry: tuple[str, str], owner: Signed, proposal_id: str, coordinator: Signed
) -> None:
    path = f"/entries/{entry[0]}/edit"
    send(owner, path, edit_form(owner, path), **{"c-1-hours": "24/7"})
    assert decide(coordinator, proposal_id).status_code == 303
    with app.app_context():
        points = {p.kind: (p.value, p.hours) for p in database.session().get_one(Post, entry[0]).contact_points}
    assert points["phone"][0] == NEW
    assert points["email"][1] == "24/7"


def test_one_click_takes_it_back_within_thirty_days(
    app: Flask, entry: tuple[str, str], proposal_id: str, coordinator: Signed
) -> None:
    decide(coordinator, proposal_id)
    assert "can go back with one click" in coordinator.client.get("/coordination").text
    assert coordinator.post(f"/coordination/proposals/{proposal_id}/return").status_code == 303
    assert values_of(app, entry[0])[0] == OLD
    assert coordinator.post(f"/coordination/proposals/{proposal_id}/return").status_code == 409


def test_restricted_numbers_are_shown_on_asking_and_that_is_kept(
    app: Flask, entry: tuple[str, str], owner: Signed, coordinator: Signed
) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    hidden = next(n for n, kind in form.items() if n.endswith("-kind") and kind == "mobile")[: -len("-kind")]
    send(owner, path, form, **{f"{hidden}-value": NEW})
    (proposal,) = proposals_about(app, entry[0])
    for page in ("/coordination", f"/coordination/proposals/{proposal.id}"):
        text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", coordinator.client.get(page).text)
        assert "+44 20 7946 0888" not in text
        assert "… 888" in text
    answer = coordinator.post(f"/coordination/proposals/{proposal.id}/numbers")
    assert "+44 20 7946 0888" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    with app.app_context():
        session = database.session()
        record = session.scalars(select(AccessRecord).where(AccessRecord.account_id == coordinator.account_id)).all()[
            -1
        ]
        item = session.scalars(select(AccessItem).where(AccessItem.record_id == record.id)).one()
        assert (record.kind, record.path, item.entry_id) == ("reveal", "proposal", entry[0])
        assert MOBILE not in repr(record.__dict__)


# See it as …


@pytest.mark.parametrize(
    ("who", "sees_mail", "offers_mobile"), [("visitor", False, False), ("reader", True, True), ("owner", True, True)]
)
def test_owner_and_coordinator_see_the_page_with_other_eyes(
    app: Flask, entry: tuple[str, str], owner: Signed, coordinator: Signed, who: str, *, sees_mail: bool,
    offers_mobile: bool,
) -> None:  # fmt: skip
    for person in (owner, coordinator):
        page = person.client.get(f"/entries/{entry[0]}/as/{who}").text
        assert "sees it." in page
        assert ("desk@agency.ro.example" in page) is sees_mail
        assert ("Mobile" in page) is offers_mobile
        assert MOBILE not in page


@pytest.mark.parametrize(("role", "country"), [("reader", "RO"), ("coordinator", "BG"), ("admin", None)])
def test_with_other_eyes_is_for_those_who_look_after_it(
    app: Flask, entry: tuple[str, str], role: str, country: str | None
) -> None:
    person = sign_in(app, role, country=country)
    for who in ("visitor", "reader", "owner"):
        assert person.client.get(f"/entries/{entry[0]}/as/{who}").status_code == 404
    assert "/as/visitor" not in person.client.get(f"/entries/{entry[0]}").text


def test_nobody_sees_more_with_other_eyes_than_with_their_own() -> None:
    from directory.entries.viewer import PUBLIC, Viewer
    from directory.web.previews import VIEWERS, narrowed

    for own in (PUBLIC, Viewer("registered"), Viewer("registered", may_reveal=True)):
        for wanted in VIEWERS.values():
            both = narrowed(wanted, own)
            assert both.layer == "public" or own.layer == "registered"
            assert own.may_reveal or not both.may_reveal
