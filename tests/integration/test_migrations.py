"""Every migration goes up and down on both databases, and the models ask for nothing the migrations lack."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from directory import migrations
from directory.db import Base, make_engine
from tests.postgres_server import fresh_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    if request.param == "sqlite":
        return make_engine(f"sqlite:///{tmp_path_factory.mktemp('m') / 'm.sqlite'}")
    return make_engine(fresh_database(request.getfixturevalue("postgres_url"), "migrations_test"))


def test_up_then_down_then_up_again(empty_engine: Engine) -> None:
    migrations.upgrade(empty_engine)
    assert "post" in inspect(empty_engine).get_table_names()
    migrations.downgrade(empty_engine, "base")
    assert set(inspect(empty_engine).get_table_names()) <= {"alembic_version"}
    migrations.upgrade(empty_engine)
    with empty_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    empty_engine.dispose()
