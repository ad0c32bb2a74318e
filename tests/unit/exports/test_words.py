"""Plain phrases: freshness, hours, filters, reasons."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from directory.entries.entry import Answerability
from directory.exports import words
from directory.registry import rules
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy
from tests.unit.exports.pictures import make_entry, make_line

CONFIRMED_AT = datetime(2026, 8, 9, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize("state", get_args(rules.FreshnessState))
def test_freshness_says_what_is_so_and_what_to_do(state: rules.FreshnessState) -> None:
    text = words.freshness_words(make_entry(freshness=state, confirmed_at=CONFIRMED_AT, method=None))
    if state in {"confirmed", "due"}:
        assert text == "Confirmed on 9 August 2026"
    else:
        assert text == "Not confirmed since 9 August 2026: check before you rely on it"


@pytest.mark.parametrize(
    ("method", "text"), [("signed_in", "by the owner"), ("call", "in a call with read-back"), ("odd", "Confirmed on")]
)
def test_a_confirmation_says_how_it_came_in(method: str, text: str) -> None:
    assert text in words.freshness_words(make_entry(method=method))


def test_never_confirmed_is_said_plainly() -> None:
    assert words.freshness_words(make_entry(confirmed_at=None, freshness="unconfirmed")).startswith("Never confirmed")


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        ("24/7", "day and night"),
        ("", ""),
        ("Mo-Fr 08:00-16:00", "Mon–Fri 08:00–16:00"),
        ("Mo,We 09:00-12:00,13:00-15:00; Sa 09:00-12:00", "Mon,Wed 09:00–12:00,13:00–15:00, Sat 09:00–12:00"),
        ("by appointment", "by appointment"),
    ],
)
def test_hours_in_words(hours: str, text: str) -> None:
    assert words.hours_words(hours) == text


def test_a_line_says_label_hours_zone_and_languages() -> None:
    line = make_line(label="for minors", hours="Mo-Fr 08:00-16:00", timezone="Europe/Tirane", languages=("sq", "xx"))
    assert words.line_words(line) == "for minors · Mon–Fri 08:00–16:00 (Tirane time) · Albanian, xx"


def test_a_responsibility_in_words(taxonomy: Taxonomy) -> None:
    part = Answerability(4, "4.3", "supports", "Cluj", ("children",), ("labour",))
    measure = taxonomy.measure("4.3")
    assert measure is not None
    assert words.responsibility_words(part, taxonomy) == (
        f"Supports SOP 4 Return and social inclusion, measure 4.3 {measure.name}: "
        "Children (under 18), Labour exploitation (Cluj)"
    )


def test_a_filter_in_words(taxonomy: Taxonomy) -> None:
    reading = Reading(
        countries=("RO", "XK"),
        host_countries=("IT",),
        sops=(4,),
        roles=("return_officer",),
        urgent=True,
        words=("Cluj",),
    )
    assert words.filter_words(reading, taxonomy) == (
        "Romania · Kosovo* · in Italy · SOP 4 Return and social inclusion · Voluntary return contact · urgent · “Cluj”"
    )
    assert words.filter_words(Reading(), taxonomy) == "everything"


def test_every_kind_of_line_has_a_label() -> None:
    assert set(words.KIND_LABELS) == set(rules.CONTACT_KINDS)


def test_a_fallback_says_what_was_left_out() -> None:
    text = words.fallback_words("without", ("words", "target_groups"))
    assert (
        text
        == "Nobody is listed for exactly this. These are listed without the remaining words and the group of people."
    )
    for key in ("other_roles", "last_resort", "country_only", "new_reason"):
        assert words.fallback_words(key).startswith("Nobody is listed")
