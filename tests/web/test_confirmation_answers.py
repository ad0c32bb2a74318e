"""What comes of each answer: a correction waits, who has left is gone, what is not theirs goes on the call list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from directory.confirmations.models import CallTask, Finding, Succession
from directory.proposals.models import Proposal
from directory.registry.models import Appointment, ContactPoint, Post
from tests.conftest import NOW
from tests.web.asking import (
    DIRECT,
    PUBLIC,
    Asking,
    asker,
    dump,
    fresh,
    rows,
)


@pytest.fixture(autouse=True)
def clean(app: Flask) -> Iterator[None]:
    fresh(app)
    yield
    fresh(app)


@pytest.fixture
def asked(app: Flask) -> Asking:
    return asker(app)


# Something needs a change


def test_a_corrected_number_waits_and_the_old_one_stands(app: Flask, asked: Asking) -> None:
    owner = asked()
    response = owner.confirm(e0__choice="needs_change", e0__line0="+44 20 7946 0699")
    assert response.status_code == 303
    assert "until a second person agrees" in owner.client.get(response.location).text
    (proposal,) = rows(app, Proposal, subject_id=owner.post_ids[0])
    assert (proposal.state, proposal.path, proposal.by) == ("waiting", "letter", owner.account_id)
    assert "+442079460699" in str(proposal.after)
    (post,) = rows(app, Post, id=owner.post_ids[0])
    assert post.is_being_checked
    assert post.confirmed_at != NOW
    numbers = [p.value for p in rows(app, ContactPoint, post_id=owner.post_ids[0])]
    assert PUBLIC in numbers
    assert [f.value for f in rows(app, Finding, post_id=owner.post_ids[0])] == [proposal.id]


def test_a_restricted_line_is_replaced_blind_and_a_right_guess_is_not_told(app: Flask, asked: Asking) -> None:
    owner = asked()
    assert owner.confirm(e0__choice="needs_change", e0__line1=DIRECT).status_code == 303
    assert len(rows(app, Proposal, subject_id=owner.post_ids[0])) == 1


def test_a_line_goes_and_another_comes(app: Flask, asked: Asking) -> None:
    owner = asked()
    owner.confirm(e0__choice="needs_change", e0__gone1="1", e0__kind="email", e0__new="desk@agency.example")
    (proposal,) = rows(app, Proposal, subject_id=owner.post_ids[0])
    assert DIRECT not in str(proposal.after)
    assert "desk@agency.example" in str(proposal.after)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Write what is different in “Return desk”."),
        ({"e0__line0": "12"}, "Number or address “12”"),
        ({"e0__new": PUBLIC, "e0__kind": "phone"}, "This number or address stands there already."),
        ({"e0__new": "x", "e0__kind": "carrier pigeon"}, "Choose what kind of number or address it is."),
        ({"e0__note": "passport AB1234567 of the girl"}, "Something else seems to hold the number of a case"),
        ({"e0__title": "x" * 300}, "Title is 300 characters long"),
        ({"e0__note": "x" * 600}, "Something else is 600 characters long"),
    ],
)
def test_what_cannot_be_taken_is_named(app: Flask, asked: Asking, fields: dict[str, str], sentence: str) -> None:
    owner = asked()
    before = dump(app, but=("limit_count",))
    response = owner.confirm(e0__choice="needs_change", **fields)
    assert response.status_code == 422
    assert sentence in response.text
    assert dump(app, but=("limit_count",)) == before


def test_the_holders_own_line_and_a_note_go_to_the_call_list(app: Flask, asked: Asking) -> None:
    owner = asked()
    page = owner.page().text
    assert page.index("… 611") < page.index("… 622")
    owner.confirm(e0__choice="needs_change", e0__line2="+44 20 7946 0677", e0__note="The office has moved")
    assert rows(app, Proposal, subject_id=owner.post_ids[0]) == []
    (task,) = rows(app, CallTask, post_id=owner.post_ids[0])
    assert task.reason == "note"
    assert "Mobile: +44 20 7946 0677" in task.note
    assert "The office has moved" in task.note
    assert rows(app, Finding, post_id=owner.post_ids[0]) == [], "no decision on a proposal may settle it"


def test_another_holder_and_vacancy_are_proposed(app: Flask, asked: Asking) -> None:
    for fields, holder in (({"e0__holder": "Nora New (demo)"}, "Nora New (demo)"), ({"e0__vacant": "1"}, "")):
        owner = asked()
        owner.confirm(e0__choice="needs_change", **fields)
        (proposal,) = rows(app, Proposal, subject_id=owner.post_ids[0])
        assert proposal.after["holder"] == holder


def test_an_owner_without_any_role_is_heard_by_call(app: Flask, asked: Asking) -> None:
    owner = asked(role=None)
    response = owner.confirm(e0__choice="needs_change", e0__line0="+44 20 7946 0699", e0__note="new exchange")
    assert response.status_code == 303
    assert rows(app, Proposal, subject_id=owner.post_ids[0]) == []
    (task,) = rows(app, CallTask, post_id=owner.post_ids[0])
    assert "new exchange" in task.note
    assert "+44 20 7946 0699" in task.note


# Left


def test_who_has_left_is_gone_and_the_post_stays(app: Flask, asked: Asking) -> None:
    owner = asked(holds=True)
    assert "I have left" in owner.page().text
    response = owner.confirm(
        e0__choice="left", e0__successor="Sven Successor (demo)", e0__successor_mail="sven@agency.example",
        e0__handover="The key is with the desk",
    )  # fmt: skip
    assert response.status_code == 303
    assert "Somebody has left 1 post" in owner.client.get(response.location).text
    (appointment,) = rows(app, Appointment, post_id=owner.post_ids[0])
    assert appointment.until_on == NOW.date() - timedelta(days=1) or appointment.until_on < NOW.date() + timedelta(
        days=1
    )
    (named,) = rows(app, Succession, post_id=owner.post_ids[0])
    assert (named.name, named.email, named.state) == ("Sven Successor (demo)", "sven@agency.example", "offered")
    assert [f.kind for f in rows(app, Finding, post_id=owner.post_ids[0])] == ["left"]
    assert [t.note for t in rows(app, CallTask, post_id=owner.post_ids[0])] == ["The key is with the desk"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"e0__last_day": "tomorrow"}, "Write the last day as year-month-day"),
        ({"e0__last_day": "1999-01-01"}, "Write the last day as year-month-day"),
        ({"e0__successor": "Sven (demo)"}, "Write their work address, too"),
        ({"e0__successor_mail": "sven@agency.example"}, "Write the name of who follows you, too."),
        ({"e0__successor": "Sven", "e0__successor_mail": "nowhere"}, "Their work address"),
    ],
)
def test_what_is_missing_about_leaving_is_named(asked: Asking, fields: dict[str, str], sentence: str) -> None:
    response = asked().confirm(e0__choice="left", **fields)
    assert response.status_code == 422 or pytest.fail(response.text)
    response = asked().confirm(e0__choice="left", **fields)
    assert sentence in response.text


def test_not_mine_changes_nothing_but_the_call_list(app: Flask, asked: Asking) -> None:
    owner = asked()
    response = owner.confirm(e0__choice="not_mine", e0__who="The arrival desk, I think")
    assert "1 entry is not yours" in owner.client.get(response.location).text
    (task,) = rows(app, CallTask, post_id=owner.post_ids[0])
    assert (task.reason, task.note) == ("not_mine", "The arrival desk, I think")
    assert rows(app, Post, id=owner.post_ids[0])[0].confirmed_at != NOW
