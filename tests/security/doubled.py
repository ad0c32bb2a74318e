"""Doubles in the world of the canaries: merges that wait and stand, of entries and of persons, and a pair kept apart."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.doubles.models import KeptApart, Merge
from directory.registry.models import Appointment
from tests.conftest import NOW
from tests.security.tokens import word


def plant_doubles(session: Session, posts: Mapping[str, str], by: str) -> None:
    """One of entries that waits, one that stands and can be taken back, one of persons, and a pair kept apart."""
    held = {
        name: session.scalars(select(Appointment.official_id).where(Appointment.post_id == posts[name])).one()
        for name in ("stale", "not_agreed")
    }
    for kind, keep, gone, state, journal in (
        ("post", posts["agreed"], posts["not_agreed"], "waiting", None),
        ("post", posts["stale"], posts["vacant"], "standing", [["nothing", {"text": word()}, None]]),
        ("official", held["stale"], held["not_agreed"], "waiting", None),
    ):
        session.add(
            Merge(
                kind=kind, keep_id=keep, gone_id=gone, country_code="RO", state=state, choices={}, reason=word(),
                by=by, at=NOW, journal=journal,
            )
        )  # fmt: skip
    first, second = sorted((posts["agreed"], posts["vacant"]))
    session.add(
        KeptApart(kind="post", first_id=first, second_id=second, country_code="RO", by=by, at=NOW, reason=word())
    )
