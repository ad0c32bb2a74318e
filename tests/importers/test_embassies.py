"""The real list of embassies, whole: nothing shifted, nothing lost, nothing merged."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory import migrations
from directory.db import make_engine, transaction
from directory.history.models import IndexChange
from directory.registry import operations as registry
from directory.registry.models import ContactPoint, Institution, Post, Removal
from directory.sops import operations as sops
from directory.sops.taxonomy import Taxonomy
from importers.models import ImportBatch, ImportedRecord, ImportLine
from importers.report import Report, report_text
from importers.undo import undo_batch
from tests.conftest import NOW
from tests.importers.conftest import EMBASSIES, contacts, import_into, needs_real_lists

pytestmark = [needs_real_lists, pytest.mark.slow]
REFUSED = 55


@dataclass
class World:
    session: Session
    trial: Report
    report: Report
    again: Report


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, taxonomy: Taxonomy) -> Iterator[World]:
    """The list as a trial, imported, and imported once more."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('embassies') / 'own.sqlite'}")
    migrations.upgrade(engine)
    with Session(engine) as session:
        registry.ensure_countries(session, taxonomy.participating)
        sops.put_in_force(session, taxonomy, by="test", now=NOW)
        session.commit()
        trial = import_into(session, taxonomy, EMBASSIES, "embassies", commit=False)
        assert session.scalar(select(func.count()).select_from(Post)) == 0, "a trial must write nothing"
        with transaction(session):
            report = import_into(session, taxonomy, EMBASSIES, "embassies")
        with transaction(session):
            again = import_into(session, taxonomy, EMBASSIES, "embassies")
        yield World(session, trial, report, again)
    engine.dispose()


def embassy(session: Session, qid: str) -> Post:
    url = f"http://www.wikidata.org/entity/{qid}"
    return session.scalars(select(Post).join(Institution).where(Institution.source_url == url)).one()


def refused_rows(report: Report) -> set[int]:
    return {remark.row for remark in report.remarks if remark.verdict == "refused"}


def test_every_row_is_taken_or_named(world: World) -> None:
    for report in (world.trial, world.report):
        assert report.read_count == 9852
        assert report.new_count + report.refused_count == 9852
        assert report.refused_count == REFUSED == len(refused_rows(report))
    assert world.session.scalar(select(func.count()).select_from(Post)) == 9852 - REFUSED


def test_only_what_is_no_country_is_refused(world: World) -> None:
    assert Counter((r.column, r.value) for r in world.report.remarks if r.verdict == "refused") == {
        ("operator", "Sovereign Military Order of Malta"): 33,
        ("operator", "Turkish Republic of Northern Cyprus"): 6,
        ("operator", "Central Tibetan Administration"): 3,
        ("operator", "European Parliament"): 1,
        ("operator", "Government of New Mexico"): 1,
        ("operator", "Indigenous Australians"): 1,
        ("operator", "Ministry of Foreign Affairs"): 1,
        ("operator", "Abkhazia"): 1,
        ("operator", "Saxony"): 1,
        ("operator", "Somaliland"): 1,
        ("operator", "South Ossetia"): 1,
        ("country", "Abkhazia"): 1,
        ("country", "South Ossetia"): 1,
        ("country", "Turkish Republic of Northern Cyprus"): 1,
        ("country", "Portuguese colonization of the Americas"): 1,
        ("country", "Nordic countries"): 1,
    }


def test_every_row_stands_where_the_file_says(world: World) -> None:
    """Operator, host, city and page of each row, against the file read without any of our code."""
    with EMBASSIES.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, delimiter=";", quoting=csv.QUOTE_NONE))
    header = lines[0]
    rows = {n: dict(zip(header, cells, strict=False)) for n, cells in enumerate(lines[1:], 2)}
    found = {
        key: (city, source_url)
        for key, city, source_url in world.session.execute(
            select(ImportedRecord.key, Institution.city, Institution.source_url).join(
                Institution, Institution.id == ImportedRecord.institution_id
            )
        )
    }
    expected = {
        f"{cells['QID']} | {cells['operator']}": (cells["city"], cells["QID"])
        for number, cells in rows.items()
        if number not in refused_rows(world.report)
    }
    assert found == expected


def test_the_albanian_embassy_in_muri_bei_bern(world: World) -> None:
    found = select(Post).join(ContactPoint).where(ContactPoint.value == "embassy.bern@mfa.gov.al")
    post = world.session.scalars(found).one()
    institution = post.institution
    assert institution.name == "Embassy of Albania in Muri bei Bern"
    assert (institution.country_code, institution.host_country_code, institution.city) == ("AL", "CH", "Muri bei Bern")
    assert (institution.type, post.role_key, post.title) == ("embassy_consulate", "consular_officer", "Embassy")
    assert contacts(post)["phone"] == "+41319526010"
    assert all(point.is_published for point in post.contact_points)
    assert post.is_desk
    assert post.confirmed_at is None
    assert not post.is_demo
    assert post.source is not None
    assert (str(post.source.dated_on), post.source.licence) == ("2022-11-16", "CC0 1.0")


def test_guinea_does_not_bring_in_its_namesakes(world: World) -> None:
    hosted = dict(
        world.session.execute(
            select(Institution.host_country_code, func.count()).group_by(Institution.host_country_code)
        ).all()
    )
    refused = len(_refused_in(world, "Guinea"))
    assert hosted["GN"] == 40 - refused
    assert (hosted["GW"], hosted["GQ"], hosted["PG"]) == (10, 13, 9)
    assert (hosted["NE"], hosted["NG"]) == (25, 57)


def _refused_in(world: World, country: str) -> set[int]:
    with EMBASSIES.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter=";", quoting=csv.QUOTE_NONE)
        return {n for n, cells in enumerate(lines, 1) if cells[4] == country and n in refused_rows(world.report)}


def test_nunciatures_are_the_holy_see_s_and_have_no_consular_section(world: World) -> None:
    titled = select(Post).where(Post.title.like("Apostolic nunciature%"))
    posts = world.session.scalars(titled).all()
    nordic = [r.row for r in world.report.remarks if r.verdict == "refused" and r.value == "Nordic countries"]
    assert len(posts) + len(nordic) == 187, "one sits in the “Nordic countries”, which are no country: refused by name"
    assert {post.role_key for post in posts} == {None}
    assert {post.institution.country_code for post in posts} == {"VA"}


def test_offices_of_trade_and_permanent_missions_are_no_consulates(world: World) -> None:
    with_role = world.session.scalars(select(Post.title).where(Post.role_key == "consular_officer").distinct()).all()
    heads = {title.split(" to ")[0] for title in with_role}
    assert heads == {
        *("Embassy", "De facto embassy", "High Commission", "Assistant High Commission", "Consulate General"),
        *("Consulate", "Honorary consulate", "De facto consulate", "Consular office", "Consular agency"),
        *("Interests section", "Diplomatic mission"),
    }


def test_one_qid_on_two_rows_gives_two_entries(world: World) -> None:
    url = "http://www.wikidata.org/entity/Q106686567"
    operators = world.session.scalars(select(Institution.country_code).where(Institution.source_url == url)).all()
    assert sorted(operators) == ["IQ", "NP"]


def test_two_embassies_in_rome_are_told_apart(world: World) -> None:
    rome = select(Post).join(Institution).where(
        Institution.country_code == "AL", Institution.city == "Rome", Post.title.like("Embassy%")
    )  # fmt: skip
    posts = {post.title: post for post in world.session.scalars(rome)}
    assert set(posts) == {"Embassy", "Embassy to the Holy See"}
    serves = [s.country_code for s in posts["Embassy to the Holy See"].institution.serves]
    assert "VA" in serves
    assert "IT" not in serves


def test_canada_in_la_goulette_is_two_embassies(world: World) -> None:
    libya, tunisia = embassy(world.session, "Q79859151"), embassy(world.session, "Q104387385")
    assert (libya.title, tunisia.title) == ("Embassy to Libya", "Embassy")
    assert libya.institution.host_country_code == tunisia.institution.host_country_code == "TN"
    assert [s.country_code for s in libya.institution.serves] == ["LY"]


def test_honorary_consulates_without_a_city_are_told_apart_by_their_ids(world: World) -> None:
    italy = select(Post).join(Institution).where(
        Institution.country_code == "NL", Institution.host_country_code == "IT", Institution.city == "",
        Post.title == "Honorary consulate",
    )  # fmt: skip
    posts = world.session.scalars(italy).all()
    assert len(posts) == 12
    assert len({post.area for post in posts}) == 12
    assert {post.institution.name for post in posts} == {"Honorary consulate of the Netherlands in Italy"}


def test_regions_are_no_countries_but_are_not_lost(world: World) -> None:
    """Salvador in Brazil is not El Salvador, Texas is not the United States."""
    left_out = Counter(r.value for r in world.report.remarks if r.verdict == "left out" and r.column == "jurisdictions")
    assert (left_out["Bavaria"], left_out["Salvador"], left_out["Texas"]) == (2, 1, 1)
    bavaria = world.session.scalars(select(Post).where(Post.area.like("%Bavaria%"))).all()
    assert len(bavaria) == 2
    salvador = world.session.scalars(select(Post).where(Post.area.like("%Salvador%"))).one()
    assert [s.country_code for s in salvador.institution.serves] == []


def test_a_number_that_cannot_be_dialled_is_named_and_its_row_taken(world: World) -> None:
    bad = [r for r in world.report.remarks if r.verdict == "left out" and r.column == "phone"]
    assert len(bad) == 34
    assert "+27-2543" in {r.value for r in bad}
    assert not {r.row for r in bad} & refused_rows(world.report)
    values = dict(world.session.execute(select(ContactPoint.kind, func.count()).group_by(ContactPoint.kind)).all())
    with EMBASSIES.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, delimiter=";", quoting=csv.QUOTE_NONE))[1:]
    refused = sum(bool(cells[11]) for n, cells in enumerate(lines, 2) if n in refused_rows(world.report))
    assert values["phone"] + 34 + refused == 885
    assert not world.session.scalars(select(ContactPoint).where(ContactPoint.value.contains("mailto:"))).all()


def test_all_mails_and_pages_arrive(world: World) -> None:
    with EMBASSIES.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, delimiter=";", quoting=csv.QUOTE_NONE))
    taken = [cells for n, cells in enumerate(lines[1:], 2) if n not in refused_rows(world.report)]
    mails = {cells[12].removeprefix("mailto:").lower() for cells in taken if cells[12]}
    found = set(world.session.scalars(select(ContactPoint.value).where(ContactPoint.kind == "email")))
    assert {value.lower() for value in found} == mails
    pages = world.session.scalar(select(func.count()).where(ContactPoint.kind == "web"))
    assert pages == sum(bool(cells[13]) for cells in taken)


def test_aliases_name_a_state_only_beyond_doubt(world: World) -> None:
    quebec = world.session.scalars(select(Post).where(Post.title == "Government office")).all()
    assert {post.institution.country_code for post in quebec} == {"CA"}
    assert len(quebec) == 16
    keys = select(ImportedRecord.key, Institution.country_code).join(
        Institution, Institution.id == ImportedRecord.institution_id
    )
    by_operator = {key.split(" | ")[1]: code for key, code in world.session.execute(keys)}
    assert by_operator["Government of Sweden"] == "SE"
    assert by_operator["Ministry of Foreign Affairs of the Russian Federation"] == "RU"
    assert "Ministry of Foreign Affairs" not in by_operator


def test_denmark_and_its_kingdom_are_one_host(world: World) -> None:
    count = world.session.scalar(select(func.count()).where(Institution.host_country_code == "DK"))
    assert count == 79 - len(_refused_in(world, "Kingdom of Denmark"))


def test_every_entry_waits_for_the_index(world: World) -> None:
    waiting = set(world.session.scalars(select(IndexChange.entry_id)))
    assert set(world.session.scalars(select(Post.id))) <= waiting


def test_the_second_import_changes_nothing(world: World) -> None:
    again = world.again
    assert (again.new_count, again.changed_count, again.unchanged_count) == (0, 0, 9852 - REFUSED)
    assert again.batch_id == ""
    assert again.imported_before_at == NOW
    assert again.missing == []
    assert world.session.scalar(select(func.count()).select_from(ImportBatch)) == 1


def test_the_report_tells_the_many_together(world: World) -> None:
    text = report_text(world.trial)
    assert "rows read      9,852" in text
    assert "33 rows (7645, 7646, 7647 …): Sovereign Military Order of Malta" in text
    assert text.count("\n") < 90
    assert "Add --commit" in text
    assert f"flask import-undo {world.report.batch_id}" in report_text(world.report)


def test_look_alikes_are_pointed_out(world: World) -> None:
    assert world.report.alike["Embassy of India in Brazzaville, Embassy"] == 2
    assert not [name for name in world.report.alike if "Canada in La Goulette" in name or "in Rome" in name]


def test_one_country_only(world: World, taxonomy: Taxonomy) -> None:
    report = import_into(world.session, taxonomy, EMBASSIES, "embassies", commit=False, country="AL")
    assert report.read_count == 9852
    assert report.unchanged_count + report.elsewhere_count == 9852
    assert report.refused_count == 0, "what is known to be no country is not Albania"
    assert 40 < report.unchanged_count < 100
    assert report.missing == []


def test_the_batch_can_be_taken_back_whole(world: World, taxonomy: Taxonomy) -> None:
    """Undone inside a transaction that is rolled back, so that the other tests keep their world."""
    session = world.session
    session.rollback()
    undone = undo_batch(session, world.report.batch_id, "test", NOW + timedelta(hours=1))
    session.expire_all()
    assert (undone.removed_count, undone.refused) == (9852 - REFUSED, [])
    for model in (Post, Institution, ContactPoint, ImportedRecord):
        assert session.scalar(select(func.count()).select_from(model)) == 0
    assert session.scalar(select(func.count()).select_from(Removal)) == 9852 - REFUSED
    assert session.scalar(select(func.count()).select_from(ImportLine)) == 9852 - REFUSED
    session.rollback()
