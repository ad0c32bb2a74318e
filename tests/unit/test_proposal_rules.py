from __future__ import annotations

from dataclasses import replace

import pytest

from directory.proposals import rules
from directory.registry.values import ContactValues, PostValues, ResponsibilityValues

DESK = ContactValues("phone", "+442079460101", label="Desk", hours="Mo-Fr 08:00-16:00", is_published=True)
MAIL = ContactValues("email", "desk@agency.ro.example")
WEB = ContactValues("web", "https://agency.ro.example")
POST = PostValues("Return desk", role="return_officer", contact_points=(DESK, MAIL, WEB))


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(replace(POST, title="Returns desk"), id="title"),
        pytest.param(replace(POST, area="West"), id="area"),
        pytest.param(replace(POST, asks_for="The planned date"), id="asks for"),
        pytest.param(replace(POST, responsibilities=(ResponsibilityValues(4),)), id="responsibilities"),
        pytest.param(replace(POST, contact_points=(replace(DESK, hours="24/7"), MAIL, WEB)), id="hours"),
        pytest.param(replace(POST, contact_points=(DESK, MAIL, replace(WEB, value="https://x.example"))), id="web"),
        pytest.param(replace(POST, contact_points=(MAIL, DESK, WEB)), id="order"),
        pytest.param(replace(POST, contact_points=(replace(DESK, is_published=False), MAIL, WEB)), id="fewer see it"),
    ],
)
def test_plain_parts_stand_at_once(wanted: PostValues) -> None:
    assert rules.split(POST, wanted) == (wanted, {})


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(replace(POST, contact_points=(replace(DESK, value="+442079460999"), MAIL, WEB)), id="number"),
        pytest.param(replace(POST, contact_points=(DESK, WEB)), id="mail taken away"),
        pytest.param(replace(POST, contact_points=()), id="everything taken away"),
        pytest.param(
            replace(POST, contact_points=(*POST.contact_points, replace(DESK, value="+442079460999"))), id="added"
        ),
        pytest.param(replace(POST, contact_points=(replace(DESK, kind="hotline"), MAIL, WEB)), id="kind"),
        pytest.param(replace(POST, contact_points=(DESK, replace(MAIL, is_published=True), WEB)), id="published"),
        pytest.param(replace(POST, role="hotline"), id="role"),
    ],
)
def test_guarded_values_wait_and_what_stood_stays(wanted: PostValues) -> None:
    at_once, waiting = rules.split(POST, wanted)
    assert {(c.kind, c.value, c.is_published) for c in at_once.contact_points if c.kind != "web"} == {
        ("phone", DESK.value, True),
        ("email", MAIL.value, False),
    }
    assert at_once.role == "return_officer"
    assert waiting


def test_a_mixed_change_stands_in_part() -> None:
    wanted = replace(
        POST,
        title="New title",
        contact_points=(replace(DESK, value="+442079460999"), replace(MAIL, label="Functional"), WEB),
    )
    at_once, waiting = rules.split(POST, wanted)
    assert at_once.title == "New title"
    assert {c.label for c in at_once.contact_points if c.kind == "email"} == {"Functional"}
    assert DESK in at_once.contact_points
    assert set(waiting) == {"contact_points"}
