"""A whole synthetic directory in a database of any size, written in bulk; nobody in it exists."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from directory import worker
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.db import Base, new_id
from directory.history.models import IndexChange
from directory.registry.models import ContactPoint, Institution, InstitutionName, Post, Responsibility
from directory.sops.taxonomy import Taxonomy
from tests.bench.synthetic import COUNTRIES, Country
from tests.bench.synthetic import _Maker as Maker

NOW = datetime.now(UTC)
BATCH = 5000


def build_app(folder: Path, count: int) -> Flask:
    """An app over a fresh SQLite directory of `count` entries, its index built."""
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(folder)})
    app = create_app(settings)
    with app.app_context():
        prepare(app)
        session = database.session()
        _fill(session, app.extensions["site"].taxonomy(session), count)
        worker.keep_index(session, app.extensions["site"])
    return app


def _fill(session: Session, taxonomy: Taxonomy, count: int) -> None:
    maker = Maker(5)
    rows: dict[type[Base], list[dict[str, object]]] = {
        table: [] for table in (Institution, InstitutionName, Post, ContactPoint, Responsibility)
    }
    for number in range(count):
        if number % 3 == 0:
            country = maker.random.choice(COUNTRIES)
            institution = _institution(maker, country, taxonomy, rows)
        _post(maker, institution, taxonomy, number, rows)
        if len(rows[Post]) >= BATCH:
            _write(session, rows)
    _write(session, rows)
    session.execute(delete(IndexChange))
    session.commit()


def _write(session: Session, rows: dict[type[Base], list[dict[str, object]]]) -> None:
    for table, waiting in rows.items():
        if waiting:
            session.execute(insert(table), waiting)
            waiting.clear()
    session.commit()


def _institution(
    maker: Maker, country: Country, taxonomy: Taxonomy, rows: dict[type[Base], list[dict[str, object]]]
) -> str:
    institution_id = new_id()
    city = maker.random.choice(country.cities)
    rows[Institution].append(
        {
            "id": institution_id,
            "country_code": country.code,
            "type": maker.random.choice(list(taxonomy.institution_types)),
            "city": city,
            "note": "",
            "is_demo": True,
            "source_url": "",
            "changed_at": NOW,
            "revision": 1,
        }
    )
    rows[InstitutionName].append(
        {
            "id": new_id(),
            "institution_id": institution_id,
            "language": "en",
            "kind": "official",
            "name": f"Office {maker.surname(country)}, {city}",
            "position": 0,
        }
    )
    return institution_id


def _post(
    maker: Maker, institution: str, taxonomy: Taxonomy, number: int, rows: dict[type[Base], list[dict[str, object]]]
) -> None:
    draw: random.Random = maker.random
    post_id, role = new_id(), draw.choice(list(taxonomy.roles))
    age = int(draw.expovariate(1 / 55))
    rows[Post].append(
        {
            "id": post_id,
            "institution_id": institution,
            "role_key": role,
            "title": taxonomy.roles[role].label,
            "area": "",
            "is_desk": draw.random() < 0.9,
            "asks_for": "",
            "is_demo": True,
            "confirmed_at": NOW - timedelta(days=age),
            "confirmation_method": "letter",
            "added_at": NOW - timedelta(days=age),
            "changed_at": NOW - timedelta(days=age),
            "revision": 1,
        }
    )
    for place, (kind, value) in enumerate(
        (("phone", f"+4420794{60000 + number % 1000}"), ("email", f"desk{number}@office.example"))
    ):
        rows[ContactPoint].append(_contact(post_id, kind, value, place))
    for sop in draw.sample(range(1, 6), draw.choice((1, 1, 2))):
        rows[Responsibility].append(
            {
                "id": new_id(),
                "post_id": post_id,
                "sop": sop,
                "level": draw.choice(("leads", "leads", "supports")),
                "area": "",
                "target_groups": draw.choice(([], ["adults", "female"], ["children"], ["children", "male"])),
                "exploitation": draw.choice(([], [], ["labour"], ["sexual"])),
            }
        )


def _contact(post_id: str, kind: str, value: str, place: int) -> dict[str, object]:
    return {
        "id": new_id(),
        "post_id": post_id,
        "kind": kind,
        "value": value,
        "label": "",
        "hours": "Mo-Fr 08:00-16:00",
        "timezone": "Europe/Bucharest",
        "languages": ["en"],
        "is_published": True,
        "position": place,
    }
