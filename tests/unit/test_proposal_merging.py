"""Texts that tell a number wait like a number; a proposal is brought forward line by line, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from directory.proposals import rules
from directory.registry.plain import plain_value
from directory.registry.values import ContactValues, NameValues, PostValues, ResponsibilityValues

DESK = ContactValues("phone", "+442079460101", label="Desk")
MAIL = ContactValues("email", "desk@agency.ro.example")
POST = PostValues("Return desk", contact_points=(DESK, MAIL), responsibilities=(ResponsibilityValues(4),))
NEW = replace(DESK, value="+442079460999")


@pytest.mark.parametrize(
    "text",
    ["+4", "call 116 000", "020 7946 0999", "(020) 7946-0999", "x@y.example", "٠٢٠٧٩٤٦", "1.1.6.0.0.6"],
)
def test_a_text_that_tells_where_to_call_is_noticed(text: str) -> None:
    assert rules.tells_a_way(text)


@pytest.mark.parametrize("text", ["", "Return desk 2", "Room 12, floor 3", "Act 678", "Mo-Fr 08:00-16:00"])
def test_other_words_stand(text: str) -> None:
    assert not rules.tells_a_way(text)


@pytest.mark.parametrize(
    "wanted",
    [
        replace(POST, title="Desk +44 20 7946 0999"),
        replace(POST, responsibilities=(ResponsibilityValues(4, area="call 0207946099"),)),
        replace(POST, contact_points=(replace(DESK, label="now 020 7946 0999"), MAIL)),
        replace(POST, contact_points=(DESK, MAIL, ContactValues("postal", "Street 1, call +44 20 7946 0999"))),
        replace(POST, contact_points=(DESK, MAIL, ContactValues("web", "https://x.example", label="0207946099"))),
    ],
)
def test_such_a_text_waits_and_is_guarded(wanted: PostValues) -> None:
    at_once, waiting = rules.split(POST, wanted)
    assert at_once == POST
    was = {name: plain_value(getattr(POST, name)) for name in waiting}
    assert rules.touches_guarded(was, {name: plain_value(value) for name, value in waiting.items()})


def test_a_name_that_tells_a_number_waits_too() -> None:
    assert rules._adds_a_way((NameValues("Agency"),), (NameValues("Agency 0207946099"),))


def test_an_order_the_database_does_not_keep_is_no_change() -> None:
    two = (ResponsibilityValues(4), ResponsibilityValues(5))
    assert rules.split(replace(POST, responsibilities=two), replace(POST, responsibilities=two[::-1]))[1] == {}


def plain(*lines: ContactValues) -> dict[str, Any]:
    return {"contact_points": plain_value(lines)}


HOURS = replace(MAIL, hours="24/7")
ADDED = ContactValues("web", "https://agency.ro.example")


@pytest.mark.parametrize(
    ("stands", "becomes"),
    [
        pytest.param((DESK, MAIL), (NEW, MAIL), id="nothing changed meanwhile"),
        pytest.param((DESK, HOURS), (NEW, HOURS), id="hours of another line"),
        pytest.param((DESK, MAIL, ADDED), (NEW, MAIL, ADDED), id="a line was added"),
        pytest.param((DESK,), (NEW,), id="another line went"),
        pytest.param((replace(DESK, hours="24/7"), MAIL), None, id="the line itself changed"),
        pytest.param((MAIL,), None, id="the line itself went"),
        pytest.param((NEW, MAIL), None, id="somebody did the same"),
        pytest.param((DESK, DESK, MAIL), None, id="the line stands twice"),
    ],
)
def test_a_proposal_is_brought_forward_line_by_line(
    stands: tuple[ContactValues, ...], becomes: tuple[ContactValues, ...] | None
) -> None:
    found = rules.brought_forward(plain(DESK, MAIL), plain(NEW, MAIL), plain(*stands))
    assert found == (None if becomes is None else plain(*becomes))


def test_lines_are_paired_by_kind() -> None:
    was, wants = plain(DESK, MAIL)["contact_points"], plain(NEW, HOURS, ADDED)["contact_points"]
    pairs = rules.line_changes(was, wants)
    assert [((o or {}).get("value"), (n or {}).get("value")) for o, n in pairs] == [
        (DESK.value, NEW.value),
        (MAIL.value, MAIL.value),
        (None, ADDED.value),
    ]
