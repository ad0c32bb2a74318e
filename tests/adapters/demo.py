"""The demo directory as a visitor sees it, for tests of files that go to other programs."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.entries import queries
from directory.entries.entry import Entry
from directory.entries.viewer import PUBLIC
from directory.entries.visibility import visible
from directory.registry.demo.loader import load_demo
from directory.registry.models import Post
from directory.registry.rules import FreshnessDays
from directory.sops.taxonomy import Taxonomy
from tests.conftest import NOW


def public_demo(engine: Engine, taxonomy: Taxonomy) -> list[Entry]:
    """Every demo entry in the public layer; the database is as before."""
    today = NOW.date()
    with engine.connect() as connection, Session(connection) as session:
        load_demo(session, taxonomy, now=NOW)
        session.flush()
        session.expire_all()
        ids = list(session.scalars(select(Post.id).where(Post.is_demo).order_by(Post.id)))
        stored = queries.load(session, ids, today=today)
        session.rollback()
    seen = (visible(entry, PUBLIC, today=today, days=FreshnessDays()) for entry in stored)
    return [entry for entry in seen if entry is not None]
