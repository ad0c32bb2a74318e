"""The real list of data protection authorities: clean data that must arrive whole."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.registry.models import Institution, Post, Source
from directory.registry.values import clean_phone
from tests.importers.conftest import AUTHORITIES, Import, needs_real_lists, post_of

pytestmark = needs_real_lists


@pytest.fixture
def items() -> list[dict[str, object]]:
    return json.loads(AUTHORITIES.read_text(encoding="utf-8"))


def test_all_fifty_seven_arrive(session: Session, imported: Import) -> None:
    report = imported(AUTHORITIES, "authorities")
    assert (report.read_count, report.new_count, report.refused_count) == (57, 57, 0)
    assert report.remarks == []
    german = select(func.count()).where(Institution.country_code == "DE")
    assert session.scalar(german) == 26


def test_nothing_of_a_record_is_lost(session: Session, imported: Import, items: list[dict[str, object]]) -> None:
    imported(AUTHORITIES, "authorities")
    for item in items:
        post = post_of(session, str(item["slug"]), "authorities")
        institution = post.institution
        points = {(p.kind, p.value): p for p in post.contact_points}
        assert [n.name for n in institution.names] == [item["name"]]
        assert ("postal", item["address"]) in points, "every line of the address is kept"
        assert ("phone", clean_phone(str(item["phone"]))) in points
        if "fax" in item:
            assert ("fax", clean_phone(str(item["fax"]))) in points
        if "email" in item:
            label = f"PGP {item['pgp-fingerprint']}".replace("  ", " ") if "pgp-fingerprint" in item else ""
            assert points["email", str(item["email"])].label == label
        for name in ("web", "webform", "pgp-url"):
            assert name not in item or ("web", item[name]) in points
        sources = item["sources"]
        assert isinstance(sources, list)
        assert institution.source_url == sources[0]
        assert all(url in institution.note for url in sources)
        for comment in item.get("comments", []):  # type: ignore[attr-defined]
            assert comment in post.asks_for
        if "suggested-transport-medium" in item:
            assert f"Preferred way in: {item['suggested-transport-medium']}" in post.asks_for
        assert all(p.is_published for p in post.contact_points)


def test_names_carry_the_language_of_complaints(session: Session, imported: Import) -> None:
    imported(AUTHORITIES, "authorities")
    post = post_of(session, "atdsb", "authorities")
    assert [(n.name, n.language) for n in post.institution.names] == [("Österreichische Datenschutzbehörde", "de")]
    assert (post.role_key, post.is_desk, post.confirmed_at) == ("data_protection_officer", True, None)


def test_the_file_beside_the_list_dates_each_record(session: Session, imported: Import) -> None:
    imported(AUTHORITIES, "authorities")
    with AUTHORITIES.with_name("authorities-last-changed.csv").open(encoding="utf-8") as file:
        dates = {line["slug"]: line["last_content_change"][:10] for line in csv.DictReader(file)}
    for slug, day in dates.items():
        source = post_of(session, slug, "authorities").source
        assert source is not None
        assert str(source.dated_on) == day


def test_without_that_file_the_list_s_own_date_counts(session: Session, imported: Import, tmp_path: Path) -> None:
    alone = Path(shutil.copy(AUTHORITIES, tmp_path / "list.json"))
    imported(alone, "authorities")
    days = session.scalars(select(Source.dated_on).join(Post, Post.source_id == Source.id)).all()
    assert {str(day) for day in days} == {"2026-07-21"}


def test_a_second_import_changes_nothing(imported: Import) -> None:
    imported(AUTHORITIES, "authorities")
    again = imported(AUTHORITIES, "authorities")
    assert (again.new_count, again.changed_count, again.unchanged_count) == (0, 0, 57)
    assert again.batch_id == ""


def test_one_country_only(session: Session, imported: Import) -> None:
    report = imported(AUTHORITIES, "authorities", country="DE")
    assert (report.new_count, report.elsewhere_count, report.refused_count) == (26, 31, 0)
