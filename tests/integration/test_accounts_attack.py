"""The short form of `tests/proof/sign_in_attack.py`: four processes guess, the limits hold; without, they do not."""

from __future__ import annotations

import pytest

from tests.proof.sign_in_attack import Attack, run, show


@pytest.mark.slow
def test_four_processes_of_guesses_stay_within_the_limits() -> None:
    figures = run(Attack(guesses=900, accounts=12, addresses=300, bursts=6))
    assert figures.holds, show(figures)
    assert figures.taken > 300, "the control: it is not simply shut"
    assert figures.worst_five_minutes == 10, "the control: the attack goes up to the limit"
    assert figures.owner_tries > 20


@pytest.mark.slow
def test_control_without_limits_the_same_attack_gets_through() -> None:
    figures = run(Attack(guesses=300, accounts=3, addresses=50, bursts=6, is_limited=False))
    assert not figures.holds, show(figures)
