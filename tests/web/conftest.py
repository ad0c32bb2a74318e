"""A small directory behind a real app: a few posts, a real index, a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from directory import worker
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.ports import FixedClock
from directory.registry import operations
from directory.registry.values import ContactValues, InstitutionValues, NameValues, ResponsibilityValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.web.checking_client import CheckingClient, QueriesWhileRendering


@dataclass(frozen=True)
class World:
    """Ids of what the small directory holds."""

    institution: str
    return_desk: str
    boys_shelter: str
    coordinator: str
    hotline: str
    kosovo: str
    stale: str
    vacant: str


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("site")
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "test"})
    app = create_app(settings, clock=FixedClock(NOW))
    app.testing = True
    app.test_client_class = CheckingClient
    with app.app_context():
        prepare(app)
        app.extensions["world"] = make_world(database.session())
        database.session().commit()
    worker.run_due(app)
    watch = app.extensions["watch"] = QueriesWhileRendering(app)
    yield app
    assert not watch.statements, f"A template caused a query: {watch.statements[0]}"
    with app.app_context():
        database.engine.dispose()


@pytest.fixture(scope="module")
def world(app: Flask) -> World:
    found: World = app.extensions["world"]
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def make_world(session: Session) -> World:
    agency = make_institution(
        session,
        "Return Agency",
        names=(NameValues("Return Agency", "en"), NameValues("Agenția pentru Întoarcere", "ro")),
        city="București",
        kind="migration_authority",
    )
    desk = make_post(session, agency, title="Return desk", asks_for="Country of return and planned date")
    coordinator = make_post(
        session, title="National coordinator", role="national_coordinator", sops=(1, 2, 3, 4, 5), phone="+442079460102"
    )
    hotline = make_post(
        session,
        title="Helpline",
        role="hotline",
        sops=(1,),
        contact_points=(ContactValues("hotline", "+442079460103", hours="24/7", languages=("ro", "en")),),
    )
    shelter = make_institution(session, "House for Boys", country="AL", kind="shelter")
    boys = make_post(
        session,
        shelter,
        title="Intake line for boys",
        role="shelter_intake",
        responsibilities=(ResponsibilityValues(2, target_groups=("children", "male")),),
        contact_points=(
            ContactValues("intake_phone", "+442079460104", hours="24/7"),
            ContactValues("email", "intake@house.al.example", is_published=True),
        ),
    )
    kosovo = make_post(
        session, make_institution(session, "Return Office", country="XK"), title="Return office", phone="+442079460105"
    )
    stale = make_post(session, agency, title="Arrival reception", role="arrival_reception", confirmed_days_ago=110)
    vacant = make_post(
        session, agency, title="Return officer, west", is_desk=False, phone=None, confirmed_days_ago=None
    )
    embassy = operations.add_institution(
        session,
        InstitutionValues(
            country="MD",
            host_country="IT",
            type="embassy_consulate",
            city="Rome",
            names=(NameValues("Embassy of Moldova in Rome", "en"),),
            serves=("IT", "MT"),
        ),
        by="test",
        now=NOW,
    )
    make_post(session, embassy, title="Consular section", role="consular_officer", phone="+442079460106")
    return World(agency.id, desk.id, boys.id, coordinator.id, hotline.id, kosovo.id, stale.id, vacant.id)
