"""Guess passwords in four processes: `python -m tests.proof.sign_in_attack [guesses]`, run by `make proof`.

Threat 9: 100,000 guesses over 1,000 accounts from 5,000 addresses in one (simulated) day, half of them on twenty
accounts. Counted is what the server took up: per account at most 10 in any five minutes and 50 a day. The owner of the
most attacked account tries from their own browser every 15 minutes. The control run lifts the limits and must fail.
"""

from __future__ import annotations

import multiprocessing as many
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from sqlalchemy.orm import Session

import directory.accounts.limits as limits_module
from directory.accounts.limits import Limit
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.ports import FixedClock
from tests.conftest import NOW
from tests.people import PASSWORD, make_account, set_clock, token_in

PROCESSES, HOT = 4, 20
DAY, FIVE_MINUTES = timedelta(days=1), timedelta(minutes=5)


@dataclass(frozen=True)
class Attack:
    """How much, on whom, from where, in how many bursts over the day."""

    guesses: int = 100_000
    accounts: int = 1_000
    addresses: int = 5_000
    bursts: int = 24
    is_limited: bool = True


@dataclass(frozen=True)
class Figures:
    """What the server took up."""

    guesses: int
    taken: int
    worst_five_minutes: int
    worst_day: int
    owner_tries: int
    owner_refused: int
    seconds: float

    @property
    def holds(self) -> bool:
        return self.worst_five_minutes <= 10 and self.worst_day <= 50 and self.owner_refused == 0


def run(attack: Attack) -> Figures:
    """Attack a fresh directory."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        _prepare(folder, attack)
        counters = many.Value("i", 0), many.Value("i", 0)
        with many.Pool(PROCESSES, initializer=_share, initargs=counters) as pool:
            parts = pool.starmap(_guess_on, [(folder, attack)] * PROCESSES)
    taken = [one for part, _, _ in parts for one in part]
    worst_five, worst_day = _worst(taken)
    tries, refused = sum(tried for _, tried, _ in parts), sum(no for _, _, no in parts)
    return Figures(attack.guesses, len(taken), worst_five, worst_day, tries, refused, time.monotonic() - started)


def _prepare(folder: str, attack: Attack) -> None:
    app = _app(folder)
    with app.app_context():
        prepare(app)
        with Session(database.engine) as session:
            for n in range(attack.accounts):
                make_account(session, f"victim{n}", None, vault=app.extensions["vault"])
            session.commit()
        database.engine.dispose()


def _app(folder: str):  # type: ignore[no-untyped-def]
    given = {"DIRECTORY_DATA_DIR": str(Path(folder)), "DIRECTORY_PASSWORD_COST": "test"}
    return create_app(read_settings(given)[0], clock=FixedClock(NOW))


_counter: Synchronized[int]
_finished: Synchronized[int]


def _share(counter: Synchronized[int], finished: Synchronized[int]) -> None:
    global _counter, _finished
    _counter, _finished = counter, finished


def _guess_on(folder: str, attack: Attack) -> tuple[list[tuple[int, datetime]], int, int]:
    """One process: takes the next guess until none is left. Returns what was taken up, and how the owner fared."""
    if not attack.is_limited:
        for name in ("SIGN_IN_ACCOUNT", "SIGN_IN_NETWORK", "SIGN_IN_ALL"):
            setattr(limits_module, name, (Limit("none", 10**9, FIVE_MINUTES),))
    app = _app(folder)
    client, owner = app.test_client(), app.test_client()
    token = token_in(client.get("/sign-in").text)
    owner_id = _know_owners_browser(app, owner)
    taken: list[tuple[int, datetime]] = []
    tried = refused = 0
    while (n := _next()) < attack.guesses:
        rng = random.Random(n)
        victim = rng.randrange(min(HOT, attack.accounts)) if n % 2 else rng.randrange(attack.accounts)
        burst = n * attack.bursts // attack.guesses
        _wait_for_all_before(-(-burst * attack.guesses // attack.bursts))
        at = NOW + DAY * (burst / attack.bursts)
        set_clock(app, at)
        sent = {"csrf_token": token, "email": f"victim{victim}@ministry.example", "password": f"guess {n}"}
        host = rng.randrange(attack.addresses)
        answer = client.post("/sign-in", data=sent, environ_base={"REMOTE_ADDR": f"10.{host >> 8}.{host & 255}.1"})
        if answer.status_code != 429:
            taken.append((victim, at))
        if owner_id and n % max(1, attack.guesses // 48) == 0:
            tried += 1
            owner.delete_cookie("session")
            owners_token = token_in(owner.get("/sign-in").text)
            mine = {"csrf_token": owners_token, "email": "victim0@ministry.example", "password": PASSWORD}
            answer = owner.post("/sign-in", data=mine, environ_base={"REMOTE_ADDR": "192.0.2.1"})
            refused += answer.status_code != 303
        with _finished.get_lock():
            _finished.value += 1
    return taken, tried, refused


def _know_owners_browser(app, owner) -> str:  # type: ignore[no-untyped-def]
    """The owner completed a sign-in on this browser before."""
    from directory.accounts.recovery import account_by_email

    with app.app_context():
        account = account_by_email(database.session(), "victim0@ministry.example")
        assert account is not None
        owner.set_cookie("device", app.extensions["vault"].sign(f"{account.id}:browser", "device"), domain="localhost")
        return str(account.id)


def _wait_for_all_before(first: int) -> None:
    """Nobody is hours ahead of another: whoever still guesses in the burst before would meet counts of the next."""
    while _finished.value < first:
        time.sleep(0.001)


def _next() -> int:
    with _counter.get_lock():
        _counter.value += 1
        return _counter.value - 1


def _worst(taken: list[tuple[int, datetime]]) -> tuple[int, int]:
    """The most that one account had to bear in any five minutes, and in the day."""
    by_account: dict[int, list[datetime]] = defaultdict(list)
    for victim, at in taken:
        by_account[victim].append(at)
    worst = 0
    for times in by_account.values():
        times.sort()
        first = 0
        for last, at in enumerate(times):
            while at - times[first] >= FIVE_MINUTES:
                first += 1
            worst = max(worst, last - first + 1)
    return worst, max(Counter(victim for victim, _ in taken).values(), default=0)


def show(figures: Figures) -> str:
    return (
        f"{figures.guesses} guesses, {figures.taken} taken up; per account at most {figures.worst_five_minutes} in "
        f"five minutes and {figures.worst_day} a day; the owner refused {figures.owner_refused} of {figures.owner_tries} "
        f"times; {figures.seconds:.0f} s"
    )


def main() -> None:
    guesses = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    figures = run(Attack(guesses))
    print("Passwords guessed in four processes:", show(figures))
    control = run(Attack(guesses=2_000, accounts=30, addresses=50, is_limited=False))
    print("Control without limits:             ", show(control))
    if not figures.holds or control.holds:
        raise SystemExit("The limits do not hold, or the control does not fail.")


if __name__ == "__main__":
    main()
