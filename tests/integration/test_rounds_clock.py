"""Rounds stand on what the database says is due: clocks may jump, and several schedulers may run at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from directory import migrations
from directory.accounts.models import Account, PostOwner
from directory.accounts.vault import Vault
from directory.confirmations import letters, rounds, running
from directory.confirmations.models import Asked, ConfirmationLetter, ConfirmationRequest
from directory.confirmations.rounds import Day
from directory.confirmations.rules import Timeline
from directory.db import make_engine, new_id, transaction
from directory.mail.models import OutgoingMail
from directory.registry import operations as registry
from tests.factories import make_institution, make_post
from tests.postgres_server import fresh_database

KEYS = ("k" * 40,)
DESK = letters.Desk(Vault(KEYS), letters.code_key(KEYS), "https://directory.example.org", "Europe/Vienna")
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
OWNERS = 12


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def asked_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of its own with twelve owners, each due today."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'rounds.sqlite'}")
    else:
        engine = make_engine(fresh_database(request.getfixturevalue("postgres_url"), "rounds_test"))
    migrations.upgrade(engine)
    with Session(engine) as session:
        registry.ensure_countries(session, ["RO"])
        session.execute(
            text(
                "INSERT INTO role (key, label, role_group, is_retired) VALUES ('return_officer', 'Return officer', 'x', false)"
            )
        )
        agency = make_institution(session)
        for number in range(OWNERS):
            post = make_post(session, agency, title=f"Desk {number}", confirmed_days_ago=77)
            account = Account(email=f"owner{number}@agency{number}.example", name="Owner (demo)", created_at=NOON)
            session.add(account)
            session.flush()
            session.add(PostOwner(post_id=post.id, account_id=account.id))
        session.commit()
    yield engine
    engine.dispose()


def run_at(engine: Engine, now: datetime) -> dict[str, int]:
    with Session(engine) as session:
        return running.run(session, Day(now, now.date(), Timeline()), DESK, limit=1000)


def letters_of(engine: Engine) -> Counter[str]:
    with Session(engine) as session:
        return Counter(session.scalars(select(OutgoingMail.to).where(OutgoingMail.letter == "confirm")))


def test_three_schedulers_at_once_write_each_owner_one_letter(asked_engine: Engine) -> None:
    barrier = Barrier(3)

    def schedule(_number: int) -> None:
        barrier.wait()
        run_at(asked_engine, NOON)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(schedule, range(3)))
    assert letters_of(asked_engine) == Counter({f"owner{n}@agency{n}.example": 1 for n in range(OWNERS)})
    with Session(asked_engine) as session:
        assert len(session.scalars(select(ConfirmationRequest.id)).all()) == OWNERS


def test_control_a_round_opened_by_looking_first_doubles_requests(asked_engine: Engine) -> None:
    """Without the key that one owner has one open request, two that look at the same time both write."""
    barrier = Barrier(2, timeout=20)

    def careless(_number: int) -> None:
        with Session(asked_engine) as session:
            account = session.scalars(select(Account.id).order_by(Account.email)).first()
            known = session.scalars(select(Asked.id).where(Asked.account_id == account)).all()
            session.rollback()
            barrier.wait()
            if not known:
                with transaction(session):
                    rounds._ensure_round(session, Day(NOON, NOON.date(), Timeline()))
                    request = ConfirmationRequest(
                        quarter="2026-Q4", account_id=account, opened_on=NOON.date(), state="withdrawn", id=new_id()
                    )
                    session.add(request)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(careless, range(2)))
    with Session(asked_engine) as session:
        assert len(session.scalars(select(ConfirmationRequest.id)).all()) == 2


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1), timedelta(0)])
def test_a_clock_that_jumps_an_hour_skips_and_doubles_nothing(asked_engine: Engine, jump: timedelta) -> None:
    run_at(asked_engine, NOON)
    run_at(asked_engine, NOON + jump)
    run_at(asked_engine, NOON + timedelta(minutes=5))
    assert set(letters_of(asked_engine).values()) == {1}


def test_a_clock_a_month_ahead_takes_one_step_and_keeps_the_distances(asked_engine: Engine) -> None:
    run_at(asked_engine, NOON)
    late = NOON + timedelta(days=31)
    assert run_at(asked_engine, late)["letters"] == OWNERS
    assert run_at(asked_engine, late + timedelta(days=1))["letters"] == 0
    with Session(asked_engine) as session:
        requests = session.scalars(select(ConfirmationRequest)).all()
        assert {(r.next_step, r.next_on) for r in requests} == {("deputy", (late + timedelta(days=7)).date())}
    back = NOON + timedelta(days=2)  # and home again
    assert run_at(asked_engine, back)["letters"] == 0
    assert set(letters_of(asked_engine).values()) == {2}


@pytest.mark.parametrize(
    "start", [datetime(2027, 3, 22, 22, 30, tzinfo=UTC), datetime(2026, 10, 19, 23, 30, tzinfo=UTC)]
)
def test_the_nights_the_clocks_change_skip_and_double_nothing(asked_engine: Engine, start: datetime) -> None:
    """Every three hours over the week in which summer time begins or ends."""
    with Session(asked_engine) as session:
        session.execute(
            text("UPDATE post SET confirmed_at = :at"),
            {
                "at": (start - timedelta(days=77)).replace(tzinfo=None)
                if asked_engine.dialect.name == "sqlite"
                else start - timedelta(days=77)
            },
        )
        session.commit()
    for count in range(0, 6 * 72, 9):
        run_at(asked_engine, start + timedelta(minutes=20 * count))
    assert set(letters_of(asked_engine).values()) == {1}
    run_at(asked_engine, start + timedelta(days=8))
    assert set(letters_of(asked_engine).values()) == {2}
    with Session(asked_engine) as session:
        days = session.execute(select(ConfirmationLetter.account_id, ConfirmationLetter.written_at)).all()
        assert len({(account, at.date()) for account, at in days}) == len(days)
