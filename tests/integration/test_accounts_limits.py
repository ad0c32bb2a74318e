"""Limits hold across sessions, threads and processes, never longer than one period, and forget nothing in between."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from directory.accounts import limits
from directory.accounts.limits import Limit, TooMany
from directory.accounts.models import LimitCount
from directory.db import transaction
from tests.conftest import NOW

TEN = (Limit("test", 10, timedelta(minutes=5)),)
SECOND = timedelta(seconds=1)


def tries(session: Session, count: int, *, key: str = "ana", at: datetime = NOW, some=TEN) -> int:  # type: ignore[no-untyped-def]
    """How many of so many tries are taken."""
    taken = 0
    for _ in range(count):
        try:
            limits.take(session, some, key, now=at)
            taken += 1
        except TooMany:
            pass
    return taken


def test_ten_are_taken_and_no_more(session: Session) -> None:
    assert tries(session, 25) == 10
    assert tries(session, 5, key="ion") == 5, "another key has its own"


def test_in_any_five_minutes_never_more_than_ten(session: Session) -> None:
    """Hammered every two seconds for an hour: every window of five minutes, wherever it begins, holds at most ten."""
    taken = [at for n in range(1800) if tries(session, 1, at=(at := NOW + n * 2 * SECOND))]
    worst = max(sum(start <= at < start + timedelta(minutes=5) for at in taken) for start in taken)
    assert worst <= 10
    assert len(taken) >= 80, "the control: it does not simply refuse"


def test_hammering_keeps_nobody_out_for_longer_than_the_period(session: Session) -> None:
    tries(session, 10)
    for n in range(360):
        tries(session, 1, at=NOW + n * SECOND)
    with pytest.raises(TooMany) as refused:
        limits.take(session, TEN, "ana", now=NOW + timedelta(minutes=4))
    assert refused.value.wait <= timedelta(minutes=6)
    assert tries(session, 1, at=NOW + timedelta(minutes=7)) == 1


def test_the_wait_it_names_is_long_enough(session: Session) -> None:
    tries(session, 10)
    with pytest.raises(TooMany) as refused:
        limits.take(session, TEN, "ana", now=NOW + 30 * SECOND)
    assert tries(session, 1, at=NOW + 30 * SECOND + refused.value.wait) == 1


def test_the_days_limit_holds_beside_the_minutes(session: Session) -> None:
    taken = sum(tries(session, 3, at=NOW + n * timedelta(minutes=7), some=limits.SIGN_IN_ACCOUNT) for n in range(200))
    assert taken == 50


def test_one_refusal_rolls_all_counts_of_the_try_back(session: Session) -> None:
    session.commit()
    two = (Limit("wide", 100, timedelta(minutes=5)), TEN[0])
    for _ in range(15):
        try:
            with transaction(session):
                limits.take(session, two, "ana", now=NOW)
        except TooMany:
            pass
    counted = session.scalar(select(func.sum(LimitCount.count)).where(LimitCount.key.startswith("wide:")))
    assert counted == 10


def test_keys_are_kept_as_hashes_and_forgotten(session: Session) -> None:
    tries(session, 1, key="ana@ministry.example")
    assert "ana" not in session.scalars(select(LimitCount.key)).one()
    limits.forget(session, now=NOW + timedelta(days=3))
    assert session.scalar(select(func.count()).select_from(LimitCount)) == 0


PROCESS = """
import sys
from datetime import datetime, timedelta
from sqlalchemy.orm import Session
from directory.accounts import limits
from directory.accounts.limits import Limit, TooMany
from directory.db import make_engine, transaction
import directory.registry.models
engine = make_engine(sys.argv[1])
now, taken = datetime.fromisoformat(sys.argv[2]), 0
for n in range(int(sys.argv[3])):
    try:
        with Session(engine) as session, transaction(session):
            limits.take(session, (Limit("processes", 10, timedelta(minutes=5)),), "ana", now=now)
        taken += 1
    except TooMany:
        pass
print(taken)
"""


@pytest.fixture
def cleaned(engine: Engine) -> Iterator[Engine]:
    yield engine
    with Session(engine) as session, transaction(session):
        session.execute(delete(LimitCount))


def test_four_processes_together_get_ten(cleaned: Engine) -> None:
    url = cleaned.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", PROCESS, url, NOW.isoformat(), "12"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    taken = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(taken) == 10, taken


def test_control_counting_in_each_process_would_give_forty() -> None:
    counts = [{"ana": 0} for _ in range(4)]
    taken = 0
    for mine in counts:
        for _ in range(12):
            if mine["ana"] < 10:
                mine["ana"] += 1
                taken += 1
    assert taken == 40
