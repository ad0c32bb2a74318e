"""When who is asked: tables of examples."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.confirmations import codes, rules
from directory.confirmations.rules import STEPS, Timeline

LINE = Timeline()
DAY = date(2026, 11, 24)


def test_an_owner_is_asked_76_days_after_the_last_confirmation() -> None:
    assert rules.due_on(date(2026, 9, 9), date(2026, 1, 1), "anybody", LINE) == DAY


def test_owners_never_asked_before_are_spread_over_the_first_quarter() -> None:
    days = Counter(rules.due_on(None, DAY, f"owner {number}", LINE) for number in range(7600))
    assert len(days) == 76
    assert min(days) == DAY
    assert max(days) == DAY + timedelta(days=75)
    assert max(days.values()) < 160  # 100 on average
    assert rules.due_on(None, DAY, "owner 7", LINE) == rules.due_on(None, DAY, "owner 7", LINE)


def test_the_steps_of_a_request_opened_on_time_fall_on_the_days_of_the_timeline() -> None:
    opened = date(2026, 9, 9) + timedelta(days=76)
    days = [(rules.step_on(opened, step, LINE) - date(2026, 9, 9)).days for step in STEPS]
    assert days == [76, 83, 90, 97, 104, 120, 180]


@given(st.integers(0, 400), st.sampled_from(STEPS))
def test_however_late_a_request_opens_its_steps_keep_their_distances(late: int, step: str) -> None:
    opened = DAY + timedelta(days=late)
    following = rules.next_step(step)
    if following:
        gap = rules.step_on(opened, following, LINE) - rules.step_on(opened, step, LINE)
        assert gap == timedelta(days=getattr(LINE, following) - getattr(LINE, step))


@pytest.mark.parametrize(
    ("day", "quarter"),
    [("2026-01-01", "2026-Q1"), ("2026-03-31", "2026-Q1"), ("2026-04-01", "2026-Q2"), ("2026-12-31", "2026-Q4")],
)
def test_the_quarter_of_a_day(day: str, quarter: str) -> None:
    assert rules.quarter_of(date.fromisoformat(day)) == quarter


def test_working_days_leave_out_weekends_and_holidays() -> None:
    friday, holidays = date(2026, 11, 27), {date(2026, 12, 1)}
    assert rules.working_days_after(friday, 5, lambda day: day in holidays) == date(2026, 12, 7)
    assert rules.working_days_after(friday, 1, lambda _day: False) == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("reports", "opens"),
    [
        ([("gone", "a"), ("wrong_person", "b")], True),
        ([("gone", "a"), ("wrong_person", "a")], False),
        ([("gone", "a"), ("gone", None)], False),
        ([("no_answer", "a"), ("no_answer", "b")], False),
        ([("gone", None), ("gone", None), ("gone", None)], False),
    ],
)
def test_two_different_signed_in_readers_open_a_check(reports: list[tuple[str, str | None]], opens: bool) -> None:
    assert rules.opens_check(reports) is opens


@pytest.mark.parametrize(
    ("left", "sent", "due"),
    [
        (31, [], None),
        (30, [], 30),
        (20, [30], None),
        (14, [30], 14),
        (14, [], 14),
        (1, [30, 14], 2),
        (1, [], 2),
        (-1, [], None),
    ],
)
def test_a_known_end_is_announced_30_14_and_2_days_before(left: int, sent: list[int], due: int | None) -> None:
    assert rules.notice_due(DAY + timedelta(days=left), DAY, sent) == due


def test_a_code_has_no_look_alikes_and_is_read_leniently() -> None:
    key, made = b"k" * 32, {codes.new_code() for _ in range(2000)}
    assert len(made) > 1990
    assert not set("".join(made)) & set("ILO01")
    code = made.pop()
    kept = codes.code_hash(code, "letter", key)
    assert codes.is_code(f" {code[:3].lower()} {code[3:]}", kept, "letter", key)
    assert not codes.is_code(code, kept, "another letter", key)
    assert not codes.is_code(code, kept, "letter", b"x" * 32)
