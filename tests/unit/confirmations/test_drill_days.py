"""On which day a duty line is tested."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from directory.confirmations import drill_days

FIRST, LAST = date(2026, 7, 1), date(2026, 12, 31)


def never(_day: date) -> bool:
    return False


def test_days_are_spread_over_the_half_year_and_stay_the_same() -> None:
    days = [drill_days.planned_on(f"line {number}", "24/7", FIRST, never) for number in range(1000)]
    assert days == [drill_days.planned_on(f"line {number}", "24/7", FIRST, never) for number in range(1000)]
    assert min(days) >= FIRST
    assert max(days) <= LAST
    by_month = Counter(day.month for day in days)
    assert sorted(by_month) == [7, 8, 9, 10, 11, 12]
    assert min(by_month.values()) > 100


def test_a_day_and_night_line_may_be_tested_on_a_sunday_and_one_with_office_hours_not() -> None:
    always = {drill_days.planned_on(f"line {n}", "24/7", FIRST, never).weekday() for n in range(200)}
    office = {drill_days.planned_on(f"line {n}", "Mo-Fr 08:00-16:00", FIRST, never).weekday() for n in range(200)}
    unknown = {drill_days.planned_on(f"line {n}", "", FIRST, never).weekday() for n in range(200)}
    assert always == set(range(7))
    assert office == unknown == set(range(5))


def test_no_office_line_is_tested_on_a_holiday_or_outside_the_half_year() -> None:
    def is_holiday(day: date) -> bool:
        return day.month == 12 and day.day >= 20

    days = [drill_days.planned_on(f"line {n}", "Mo-Fr 08:00-16:00", FIRST, is_holiday) for n in range(500)]
    assert not [day for day in days if is_holiday(day) or day.weekday() > 4 or not FIRST <= day <= LAST]


def test_a_line_that_came_in_late_is_tested_in_what_is_left() -> None:
    today = date(2026, 12, 21)
    days = [drill_days.planned_on(f"line {n}", "24/7", today, never) for n in range(200)]
    assert min(days) >= today
    assert max(days) <= LAST
    assert len(set(days)) == 11


def test_on_the_last_day_it_is_tested_that_day_whatever_day_it_is() -> None:
    assert drill_days.planned_on("x", "Mo-Fr 08:00-16:00", date(2023, 12, 31), never) == date(2023, 12, 31)


def test_evening_night_and_office_come_in_turn() -> None:
    halves = ("2026-H1", "2026-H2", "2027-H1", "2027-H2")
    for key in ("a", "b", "c"):
        times = [drill_days.time_of_day(key, "24/7", half) for half in halves]
        assert set(times) == set(drill_days.TIMES)
        assert times[0] == times[3]
    assert drill_days.time_of_day("a", "Mo-Fr 08:00-16:00", "2026-H2") == "office"


@pytest.mark.parametrize(
    ("opening", "today", "again"),
    [
        ("24/7", date(2026, 11, 26), date(2026, 11, 29)),  # a Sunday
        ("Mo-Fr 08:00-16:00", date(2026, 11, 26), date(2026, 11, 30)),
        ("Mo-Fr 08:00-16:00", date(2026, 11, 24), date(2026, 11, 27)),
    ],
)
def test_who_did_not_answer_is_tried_again_some_days_later(opening: str, today: date, again: date) -> None:
    assert drill_days.again_on(opening, today, never) == again


@pytest.mark.parametrize(
    ("half", "first", "last"),
    [("2026-H1", date(2026, 1, 1), date(2026, 6, 30)), ("2026-H2", date(2026, 7, 1), date(2026, 12, 31))],
)
def test_a_half_year_has_its_days(half: str, first: date, last: date) -> None:
    assert (drill_days.first_of(half), drill_days.last_of(half)) == (first, last)
