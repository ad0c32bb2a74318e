"""The short form of `tests/proof/two_years.py`: four months, the product's own letters, links, codes and answers."""

from __future__ import annotations

import pytest

from tests.proof.two_years import play, told

OWNERS, DAYS = 150, 120


@pytest.mark.slow
def test_in_four_months_few_wrong_holders_are_shown_and_nobody_is_written_to_twice_a_day() -> None:
    figures = play(OWNERS, DAYS, seed=3)
    shares = figures.wrong_shares
    assert sum(shares) / len(shares) <= 0.03, told(figures, OWNERS)
    assert max(shares) <= 0.06, told(figures, OWNERS)
    assert figures.twice_a_day == 0
    assert figures.findings["left"] > 0, "the control: people did leave"
    control = play(OWNERS, DAYS, seed=3, is_asked=False)
    assert control.stale_shares[-1] > 1.5 * figures.stale_shares[-1], "the control: unasked, the list goes stale"
    assert control.hidden_shares[-1] > 0.9, "the control: and silence hides everybody in it"
