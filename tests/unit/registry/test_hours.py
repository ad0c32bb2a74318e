from __future__ import annotations

from datetime import UTC, datetime

import pytest

from directory.registry import hours

TUESDAY_NIGHT = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)  # 22:30 in Bucharest is 23:30
TUESDAY_NOON = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("24/7", TUESDAY_NIGHT, True),
        ("Mo-Fr 08:00-16:00", TUESDAY_NOON, True),
        ("Mo-Fr 08:00-16:00", TUESDAY_NIGHT, False),
        ("Sa,Su 08:00-16:00", TUESDAY_NOON, False),
        ("Mo-Fr 08:00-11:00,12:00-16:00", TUESDAY_NOON, True),
        ("Mo-Fr 08:00-16:00; Tu 20:00-24:00", TUESDAY_NIGHT, True),
        ("Fr-Mo 08:00-16:00", TUESDAY_NOON, False),
        ("20:00-06:00", TUESDAY_NIGHT, True),
        ("Mo 20:00-06:00", datetime(2026, 11, 24, 2, 0, tzinfo=UTC), True),
        ("Tu 20:00-06:00", datetime(2026, 11, 24, 2, 0, tzinfo=UTC), False),
        ("", TUESDAY_NOON, None),
        ("by appointment", TUESDAY_NOON, None),
    ],
)
def test_open_or_not_at_an_hour_in_bucharest(text: str, at: datetime, expected: bool | None) -> None:
    assert hours.is_open(text, "Europe/Bucharest", at) is expected


def test_summer_time_counts() -> None:
    at = datetime(2026, 7, 7, 13, 30, tzinfo=UTC)  # 16:30 in Bucharest, 15:30 in Rome
    assert hours.is_open("Mo-Fr 08:00-16:00", "Europe/Rome", at)
    assert not hours.is_open("Mo-Fr 08:00-16:00", "Europe/Bucharest", at)


@pytest.mark.parametrize("text", ["mon-fri", "Mo-Fr", "Mo-Fr 8-16", "Mo-Xx 08:00-16:00", "Mo 25:00-26:00", "24/8"])
def test_odd_hours_are_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(hours.BadHours, match=r"Mo|day|range"):
        hours.read_hours(text)
