"""What may be used once is used once, however many try at the same moment; on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from directory import migrations
from directory.accounts import factors, limits, links
from directory.accounts.links import DeadLink
from directory.accounts.models import LimitCount
from directory.db import Base, make_engine, transaction
from directory.registry import operations as registry
from tests.conftest import NOW
from tests.people import VAULT, code_at, make_account

TRIES = 20


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def open_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database in which things are really committed."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'parallel.sqlite'}", pool_size=TRIES)
    else:
        engine = make_engine(request.getfixturevalue("postgres_url"), pool_size=TRIES)
    migrations.upgrade(engine)
    with Session(engine) as session:
        registry.ensure_countries(session, ["RO"])
        session.commit()
    yield engine
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in {"change", "change_seal", "country", "role", "taxonomy_version"}:
                connection.execute(delete(table))
    engine.dispose()


def at_once(engine: Engine, act: Callable[[Session], Any]) -> list[Any]:
    """So many sessions do the same at the same moment."""
    start = Barrier(TRIES)

    def one(_number: int) -> Any:
        start.wait()
        with Session(engine) as session, transaction(session):
            return act(session)

    with ThreadPoolExecutor(TRIES) as pool:
        return list(pool.map(one, range(TRIES)))


@pytest.fixture
def member(open_engine: Engine) -> Any:
    with Session(open_engine) as session:
        made = make_account(session, name=f"Par{TRIES}")
        session.commit()
        return made


def test_one_code_of_the_app_signs_in_once(open_engine: Engine, member: Any) -> None:
    code = code_at(NOW)
    spelled = iter(
        [code, f"{code[:3]} {code[3:]}", code.translate({ord("0") + i: ord("０") + i for i in range(10)})] * TRIES
    )
    found = at_once(open_engine, lambda s: factors.accept_totp(s, member.id, next(spelled), VAULT, now=NOW))
    assert sorted(found)[-2:] == [False, True]


def test_one_recovery_code_is_used_once(open_engine: Engine, member: Any) -> None:
    with Session(open_engine) as session:
        (code, *_rest) = factors.new_recovery_codes(session, member.id)
        session.commit()
    found = at_once(open_engine, lambda s: factors.accept_recovery_code(s, member.id, code, now=NOW))
    assert sorted(found)[-2:] == [False, True]


def test_one_mailed_link_is_used_once(open_engine: Engine) -> None:
    with Session(open_engine) as session:
        token = links.issue(session, "recover", "somebody@people.example", by="test", now=NOW)
        session.commit()

    def use(session: Session) -> bool:
        try:
            return bool(links.use(session, token, "recover", now=NOW))
        except DeadLink:
            return False

    assert sorted(at_once(open_engine, use))[-2:] == [False, True]


def test_a_limit_is_one_sum_over_all(open_engine: Engine) -> None:
    def take(session: Session) -> bool:
        try:
            limits.take(session, limits.FACTOR_ACCOUNT, "somebody", now=NOW)
        except limits.TooMany:
            return False
        return True

    with Session(open_engine) as session:
        session.execute(delete(LimitCount))
        session.commit()
    assert sum(at_once(open_engine, take)) == limits.FACTOR_ACCOUNT[0].count
