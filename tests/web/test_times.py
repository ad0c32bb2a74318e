"""Opening hours in words: open now, or when next, past nights, weekends and public holidays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from directory.registry import hours
from directory.registry.holidays import is_holiday
from directory.web.times import hours_words, opening_words

TUESDAY_NIGHT = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)  # 23:30 in Bucharest


def said(text: str, at: datetime, zone: str = "Europe/Bucharest", country: str = "RO") -> str:
    is_open = hours.is_open(text, zone, at, is_holiday=lambda day: is_holiday(country, day))
    return opening_words(is_open, text, zone, at, country, "en")


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("24/7", TUESDAY_NIGHT, "Open now"),
        ("", TUESDAY_NIGHT, ""),
        ("Mo-Fr 08:00-16:00", TUESDAY_NIGHT, "Closed now, opens Wed 08:00"),
        ("Mo-Fr 08:00-16:00", datetime(2026, 11, 24, 4, 0, tzinfo=UTC), "Closed now, opens 08:00"),
        ("Mo-Fr 08:00-16:00", datetime(2026, 11, 24, 8, 0, tzinfo=UTC), "Open now"),
        ("Mo-Fr 08:00-12:00,13:00-16:00", datetime(2026, 11, 24, 10, 30, tzinfo=UTC), "Closed now, opens 13:00"),
        ("Mo-Fr 08:00-16:00", datetime(2026, 11, 27, 20, 0, tzinfo=UTC), "Closed now, opens Wed 08:00"),
        ("Mo-Fr 08:00-16:00", datetime(2026, 12, 1, 9, 0, tzinfo=UTC), "Closed now, public holiday, opens Wed 08:00"),
        ("Mo-Su 20:00-06:00", TUESDAY_NIGHT, "Open now"),
    ],
)
def test_opening_is_said_in_words(app: Flask, text: str, at: datetime, words: str) -> None:
    # 30 November 2026 is Saint Andrew, 1 December the national day: Romanian offices rest on both.
    with app.test_request_context():
        assert said(text, at) == words


def test_a_country_without_that_holiday_is_open(app: Flask) -> None:
    with app.test_request_context():
        assert said("Mo-Fr 08:00-16:00", datetime(2026, 12, 1, 9, 0, tzinfo=UTC), country="MD") == "Open now"


@pytest.mark.parametrize(
    ("text", "zone", "words"),
    [
        ("24/7", "Europe/Bucharest", "day and night"),
        ("Mo-Fr 08:00-16:00", "Europe/Bucharest", "Mon–Fri 08:00–16:00, Bucharest time"),
        ("Mo-Su 05:00-24:00", "Europe/Tirane", "every day 05:00–24:00, Tirane time"),
        ("Mo-Th 08:30-16:30; Fr 08:30-14:30", "", "Mon–Thu 08:30–16:30; Fri 08:30–14:30, UTC"),
        ("", "Europe/Bucharest", ""),
    ],
)
def test_hours_are_spelled_with_their_zone(app: Flask, text: str, zone: str, words: str) -> None:
    with app.test_request_context():
        assert hours_words(text, zone, "en") == words
