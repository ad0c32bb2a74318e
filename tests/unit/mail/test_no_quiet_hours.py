"""From 0 to 24 there are no quiet hours, as in the demo."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from directory.mail.quiet import next_allowed


def test_from_0_to_24_no_hour_and_no_day_is_quiet() -> None:
    sunday_night = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
    assert next_allowed(sunday_night, ZoneInfo("Europe/Vienna"), from_hour=0, until_hour=24) == sunday_night
    assert next_allowed(sunday_night, ZoneInfo("Europe/Vienna")) > sunday_night, "the control"
