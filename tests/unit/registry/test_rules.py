from __future__ import annotations

from datetime import date, timedelta

import pytest

from directory.registry import rules

TODAY = date(2026, 11, 24)
DAYS = rules.FreshnessDays()


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (0, "confirmed"),
        (75, "confirmed"),
        (76, "due"),
        (89, "due"),
        (90, "overdue"),
        (103, "overdue"),
        (104, "unconfirmed"),
        (179, "unconfirmed"),
        (180, "dormant"),
        (-1, "confirmed"),
    ],
)
def test_freshness_follows_the_days_since_a_human_confirmed(age: int, state: str) -> None:
    assert rules.freshness(TODAY - timedelta(days=age), TODAY, DAYS) == state


def test_never_confirmed_is_unconfirmed() -> None:
    assert rules.freshness(None, TODAY, DAYS) == "unconfirmed"


@pytest.mark.parametrize(("age", "hidden"), [(0, False), (119, False), (120, True)])
def test_after_long_silence_the_holder_is_hidden(age: int, hidden: bool) -> None:
    assert rules.hides_holder(TODAY - timedelta(days=age), TODAY, DAYS) is hidden


def test_a_holder_never_confirmed_is_hidden() -> None:
    assert rules.hides_holder(None, TODAY, DAYS)


@pytest.mark.parametrize("kind", ["duty_phone", "direct_phone", "mobile", "intake_phone"])
@pytest.mark.parametrize("is_published", [True, False])
def test_lines_to_one_person_are_restricted_whatever_the_entry_says(kind: str, is_published: bool) -> None:
    assert rules.field_class(kind, is_published=is_published) == "restricted"


def test_a_hotline_is_public_and_a_desk_only_where_it_is_published() -> None:
    assert rules.field_class("hotline", is_published=False) == "public"
    assert rules.field_class("phone", is_published=True) == "public"
    assert rules.field_class("phone", is_published=False) == "registered"


def test_a_shelter_has_no_address_and_others_may() -> None:
    assert not rules.may_have("shelter", "postal")
    assert rules.may_have("shelter", "intake_phone")
    assert rules.may_have("ngo", "postal")


def test_every_contact_kind_of_the_contract_is_known() -> None:
    contract = "hotline, phone, duty_phone, direct_phone, mobile, intake_phone, fax, email, secure_mail, web, postal"
    assert list(rules.CONTACT_KINDS) == contract.split(", ")
