"""A third client: Evolution, without its window, finds the book, fetches it, follows it, and may not write."""

from __future__ import annotations

from tests.proof.phone_books import evolution
from tests.proof.phone_books.scenario import FORGOTTEN, play
from tests.proof.phone_books.served import serving
from tests.unit.exports import readers

ENTRIES = 30


def test_evolution_follows_a_book_shows_it_whole_may_not_write_and_a_server_that_forgets_who_left_is_told_apart() -> None:  # fmt: skip
    if reason := evolution.missing():
        readers.missing(reason)
    with serving(ENTRIES) as served:
        played = play(evolution.program, served)
        assert played.faults == []
        assert set(played.refused) == {"new card", "edit", "removal"}
        with served.altered("forgets"):
            assert FORGOTTEN in play(evolution.program, served, patience=2).faults
