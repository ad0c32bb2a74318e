"""Fixtures everybody shares: a database of each kind, a session that is rolled back, a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

import directory.confirmations.models
import directory.doubles.models
import directory.feeds.models
import directory.proposals.models  # noqa: F401
import importers.models  # noqa: F401
from directory import migrations
from directory.db import make_engine
from directory.registry import operations as registry
from directory.sops import operations as sops
from directory.sops.taxonomy import Taxonomy, build, read_file

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return build(read_file())


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory, taxonomy: Taxonomy) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('db') / 'test.sqlite'}")
    yield _prepared(engine, taxonomy)
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A throw-away PostgreSQL server on loopback."""
    from tests.postgres_server import postgres_server

    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_engine(postgres_url: str, taxonomy: Taxonomy) -> Iterator[Engine]:
    engine = make_engine(postgres_url)
    yield _prepared(engine, taxonomy)
    engine.dispose()


def _prepared(engine: Engine, taxonomy: Taxonomy) -> Engine:
    migrations.upgrade(engine)
    with Session(engine) as session:
        registry.ensure_countries(session, taxonomy.participating)
        sops.put_in_force(session, taxonomy, by="test", now=NOW)
        session.commit()
    return engine


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each kind of database in turn."""
    return request.getfixturevalue(f"{request.param}_engine")


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose commits are savepoints: all of it is rolled back at the end of the test."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()


@pytest.fixture
def now() -> datetime:
    return NOW
