"""The small directory of the page tests, for what other programs ask of it; and a device with a phone book."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from directory.app import database
from directory.registry.models import Institution
from directory.registry.values import ContactValues
from tests.adapters.carddav_device import MOBILE, OFFICE, Device, subscribe
from tests.conftest import NOW
from tests.factories import make_post
from tests.people import set_clock
from tests.web.conftest import World, app, world

__all__ = ["app", "world"]


@pytest.fixture
def device(app: Flask) -> Device:
    return subscribe(app)


@pytest.fixture
def clock(app: Flask) -> Iterator[None]:
    yield
    set_clock(app, NOW)


@pytest.fixture(scope="module")
def office(app: Flask, world: World) -> str:
    """An entry with a registered mail address and a restricted number."""
    with app.app_context():
        session = database.session()
        lines = (ContactValues("email", OFFICE), ContactValues("mobile", MOBILE))
        post = make_post(session, session.get(Institution, world.institution), title="Office", contact_points=lines)
        session.commit()
        return post.id


@pytest.fixture
def apart(app: Flask) -> Iterator[Session]:
    """A session of its own: the app has others."""
    with app.app_context():
        engine = database.engine
    with Session(engine) as own:
        yield own
