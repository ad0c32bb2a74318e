"""Alembic migrations, numbered; `upgrade` brings a database to the newest."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from directory.db import Base


def alembic_config(engine: Engine) -> Config:
    """Alembic's settings for this engine."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to a revision."""
    command.upgrade(alembic_config(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database down to a revision."""
    command.downgrade(alembic_config(engine), revision)


__all__ = ["Base", "alembic_config", "downgrade", "upgrade"]
