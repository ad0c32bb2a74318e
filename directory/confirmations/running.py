"""One run of the rounds, in short transactions: open, step, write, tell. Safe to repeat at any time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy.orm import Session

from directory.confirmations import agreeing, calls, leaving, letters, replies, rounds, routes, settling, succeeding
from directory.confirmations.letters import Desk
from directory.confirmations.rounds import Day
from directory.db import transaction
from directory.mail.breaker import Limits

CHUNK = 100  # so many in one transaction: others write in between


def run(session: Session, day: Day, desk: Desk, *, limit: int, breaker: Limits | None = None) -> dict[str, int]:
    """Everything that is due on that day, at most `limit` of each kind. Returns how many of what."""
    steps: dict[str, Callable[..., int]] = {
        "replies": partial(replies.settle, session, day, limits=breaker),
        "reachable": partial(replies.settle_changed, session, day),
        "settled": partial(settling.settle_corrections, session, day),
        "opened": partial(rounds.open_requests, session, day),
        "stepped": partial(rounds.take_steps, session, day),
        "unowned": partial(rounds.ask_for_the_unowned, session, day),
        "letters": partial(letters.write_letters, session, day, desk),
        "names": partial(agreeing.write_letters, session, day, desk),
    }
    done = {name: _repeat(session, step, limit) for name, step in steps.items()}
    whole: dict[str, Callable[[], int]] = {
        "moved": partial(calls.follow_moves, session),
        "kept": partial(routes.keep_due, session, now=day.now, today=day.today, hide=day.line.hide),
        "told": partial(settling.tell_coordinators, session, day, desk),
        "ends": partial(settling.announce_ends, session, day, desk),
        "named": partial(succeeding.settle, session, day),
        "left": partial(leaving.write_letters, session, day, desk),
    }
    for name, take in whole.items():
        with transaction(session):
            done[name] = take()
    return done


def _repeat(session: Session, step: Callable[..., int], limit: int) -> int:
    """Chunk after chunk until nothing is left or the cap of this run is reached."""
    total = 0
    while total < limit:
        with transaction(session):
            chunk = min(CHUNK, limit - total)
            count = step(limit=chunk)
        total += count
        if count < chunk:
            break
    return total
