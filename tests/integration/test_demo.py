"""The demo directory: invented throughout, complete enough to answer, and as fresh as the day it is loaded."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from directory.entries import queries
from directory.entries.entry import ContactLine, Entry, StoredEntry
from directory.entries.viewer import PUBLIC
from directory.entries.visibility import visible
from directory.registry import rules
from directory.registry.demo import BadDemoData, DemoAlreadyLoaded, DemoReport, load_demo
from directory.registry.demo.loader import demo_id
from directory.registry.demo.numbers import BLOCK, ORDER, numbers_for
from directory.registry.demo.reading import FOLDER, DemoCountry, read_country
from directory.registry.hours import read_hours
from directory.registry.models import Appointment, Country, Network, Official, Post
from directory.registry.values import ContactValues
from directory.sops.taxonomy import Taxonomy
from tests.conftest import NOW

DAYS = rules.FreshnessDays()
WITHOUT_BOYS = {"MK", "ME"}


@dataclass(frozen=True)
class Loaded:
    """The demo as it was loaded once, taken out as values."""

    report: DemoReport
    stored: list[StoredEntry]
    seen: list[Entry]  # by a visitor without sign-in
    official_flags: set[bool]
    footings: dict[str, list[tuple[str, bool]]]
    networks: dict[str, set[str]]

    @property
    def lines(self) -> list[ContactLine]:
        """Every contact line once; those of a body show in each of its entries."""
        return list({line.id: line for entry in self.stored for line in entry.contact_lines}.values())


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def loaded(request: pytest.FixtureRequest, taxonomy: Taxonomy) -> Loaded:
    """Loaded once for all who only look, and rolled back at once."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    with engine.connect() as connection, Session(connection) as session:
        loaded = _take_out(session, load_demo(session, taxonomy, now=NOW))
        session.rollback()
    return loaded


def _take_out(session: Session, report: DemoReport) -> Loaded:
    session.flush()
    session.expire_all()
    today = NOW.date()
    stored = queries.load(session, list(session.scalars(select(Post.id).where(Post.is_demo))), today=today)
    return Loaded(
        report=report,
        stored=stored,
        seen=[visible(entry, PUBLIC, today=today, days=DAYS) for entry in stored],
        official_flags=set(session.scalars(select(Official.is_demo))),
        footings={
            country.code: [(footing.title, footing.is_demo) for footing in country.legal_footings]
            for country in session.scalars(select(Country).where(Country.code.in_(ORDER)))
        },
        networks={
            network.key: {member.country_code for member in network.members}
            for network in session.scalars(select(Network))
        },
    )


@pytest.fixture
def report(loaded: Loaded) -> DemoReport:
    return loaded.report


@pytest.fixture
def stored(loaded: Loaded) -> list[StoredEntry]:
    return loaded.stored


@pytest.fixture
def seen(loaded: Loaded) -> list[Entry]:
    return loaded.seen


def test_all_programme_countries_are_there_with_their_counts(
    stored: list[StoredEntry], report: DemoReport, taxonomy: Taxonomy
) -> None:
    assert set(report.by_country) == set(taxonomy.participating)
    assert report.total == len(stored)
    assert Counter(entry.country for entry in stored) == report.entries
    for country, count in report.by_country.items():
        assert count.entries >= 22, country
        assert count.institutions >= 12, country
        assert count.officials >= 5, country


def test_every_number_is_kept_for_fiction_and_given_once(loaded: Loaded) -> None:
    numbers = [line.value or "" for line in loaded.lines if line.kind in rules.NUMBERS]
    odd = [n for n in numbers if not (n.startswith(("+442079460", "+441632960")) and len(n) == 13)]
    assert not odd
    assert len(numbers) == len(set(numbers))
    assert len(numbers) > 450
    assert sum(count.contact_points for count in loaded.report.by_country.values()) == len(loaded.lines)


def test_the_blocks_of_numbers_do_not_overlap() -> None:
    blocks = [list(numbers_for(country)) for country in ORDER]
    assert all(len(block) == BLOCK for block in blocks)
    assert len({number for block in blocks for number in block}) == BLOCK * len(ORDER)


def _contact_points(country: DemoCountry) -> dict[str, tuple[ContactValues, ...]]:
    return {post.key: post.values.contact_points for body in country.institutions for post in body.posts}


def test_an_entry_appended_at_the_end_moves_no_number(tmp_path: Path, taxonomy: Taxonomy) -> None:
    before = _contact_points(read_country("RO", taxonomy))
    shutil.copytree(FOLDER, tmp_path / "data")
    with (tmp_path / "data" / "RO.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "      new:\n        {title: New, role: judge, leads: [5], lines: [phone: ''], confirmed_days_ago: 1}\n"
        )
    after = _contact_points(read_country("RO", taxonomy, tmp_path / "data"))
    assert {key: after[key] for key in before} == before
    assert set(after) - set(before) == {"new"}


def test_every_mail_and_web_address_lies_under_example(loaded: Loaded) -> None:
    mails = [line.value or "" for line in loaded.lines if line.kind in rules.MAILS]
    pages = [line.value or "" for line in loaded.lines if line.kind == "web"]
    assert all(mail.endswith(".example") for mail in mails)
    assert all(page.startswith("https://") and page.split("/")[2].endswith(".example") for page in pages)
    assert len(mails) > 300


@pytest.mark.parametrize("sop", [1, 2, 3, 4, 5])
def test_every_country_has_somebody_who_leads_each_procedure(seen: list[Entry], sop: int) -> None:
    leading = {
        entry.country for entry in seen if any(r.sop == sop and r.level == "leads" for r in entry.responsibilities)
    }
    assert leading == set(ORDER)


@pytest.mark.parametrize("sop", [1, 2, 3, 4, 5])
def test_every_procedure_can_be_reached_by_a_visitor(seen: list[Entry], sop: int) -> None:
    reachable = {
        entry.country
        for entry in seen
        if any(r.sop == sop and r.level == "leads" for r in entry.responsibilities)
        and entry.freshness == "confirmed"
        and any(line.value and line.kind in rules.NUMBERS for line in entry.contact_lines)
    }
    assert reachable == set(ORDER)


@pytest.mark.parametrize(
    "role",
    ["national_coordinator", "trm_focal_point", "hotline", "police_thb_investigator", "border_police_contact",
     "labour_inspector", "guardian", "shelter_intake", "case_manager", "return_officer", "arrival_reception",
     "prosecutor_thb", "legal_aid_lawyer"],
)  # fmt: skip
def test_every_country_has_the_common_roles(seen: list[Entry], role: str) -> None:
    assert {entry.country for entry in seen if entry.role == role} == set(ORDER)


def test_all_ids_are_known_to_the_taxonomy(stored: list[StoredEntry], taxonomy: Taxonomy) -> None:
    for entry in stored:
        assert entry.role in taxonomy.roles
        assert entry.institution.type in taxonomy.institution_types
        for row in entry.responsibilities:
            assert row.measure is None or taxonomy.measure(row.measure) is not None
            assert set(row.target_groups) <= set(taxonomy.target_groups)
            assert set(row.exploitation) <= set(taxonomy.exploitation_forms)


def test_no_name_of_a_real_body_is_used(stored: list[StoredEntry], taxonomy: Taxonomy) -> None:
    real = {alias.casefold() for body in taxonomy.document["named_bodies"] for alias in body["aliases"]}
    names = {name.name.casefold() for entry in stored for name in entry.institution.names}
    assert not names & real


def test_no_shelter_says_where_it_stands(stored: list[StoredEntry]) -> None:
    shelters = [entry for entry in stored if entry.institution.type == "shelter"]
    assert {entry.country for entry in shelters} == set(ORDER)
    for entry in shelters:
        assert not entry.institution.city, entry.title
        assert any(line.kind == "intake_phone" for line in entry.contact_lines), entry.title
    assert not [line for entry in stored for line in entry.contact_lines if line.kind == "postal"]


def test_a_visitor_sees_no_intake_line_and_no_holder(seen: list[Entry]) -> None:
    assert all(entry.official is None for entry in seen)
    assert not [line for entry in seen for line in entry.contact_lines if line.kind in rules.RESTRICTED]


def test_boys_have_a_shelter_but_in_the_countries_with_the_gap(stored: list[StoredEntry]) -> None:
    boys = {"children", "male"}
    covered = {
        entry.country
        for entry in stored
        if entry.role == "shelter_intake" and any(boys <= set(r.target_groups) for r in entry.responsibilities)
    }
    assert covered == set(ORDER) - WITHOUT_BOYS


def test_most_entries_are_fresh_and_every_state_is_there(stored: list[StoredEntry]) -> None:
    states = Counter(_state(entry, NOW.date()) for entry in stored)
    fresh = (states["confirmed"] + states["due"]) / len(stored)
    assert 0.8 <= fresh <= 0.9
    assert all(states[state] >= 4 for state in ("due", "overdue", "unconfirmed", "dormant", "never")), states


def _state(entry: StoredEntry, today: date) -> str:
    if entry.confirmed_at is None:
        return "never"
    return rules.freshness(entry.confirmed_at.date(), today, DAYS)


def test_a_method_stands_with_every_confirmation_and_with_none_else(loaded: Loaded) -> None:
    for proof in (*loaded.stored, *loaded.lines):
        assert (proof.confirmed_at is None) == (proof.method is None)
    assert {entry.method for entry in loaded.stored} == {None, "signed_in", "letter", "call"}


@pytest.mark.parametrize("years", [-3, 5])
def test_everything_counts_back_from_the_day_of_loading(
    session: Session, taxonomy: Taxonomy, now: datetime, years: int
) -> None:
    day = now + timedelta(days=365 * years)
    load_demo(session, taxonomy, now=day)
    desk = session.get_one(Post, demo_id("RO", "post", "return-desk"))
    assert desk.confirmed_at == day - timedelta(days=12)
    appointments = session.scalars(select(Appointment).join(Post).where(Post.is_demo)).all()
    assert all(appointment.covers(day.date()) for appointment in appointments)
    ends = [appointment.until_on for appointment in appointments if appointment.until_on]
    assert len(ends) >= 6
    assert all(until > day.date() for until in ends)


def test_holders_are_agreed_or_not_posts_vacant_acting_and_deputised(stored: list[StoredEntry]) -> None:
    holders = [entry.holder for entry in stored if entry.holder]
    assert any(holder.agreed_at for holder in holders)
    assert any(holder.agreed_at is None for holder in holders)
    assert any(holder.is_acting for holder in holders)
    assert {entry.country for entry in stored if entry.is_vacant} == set(ORDER)
    assert {entry.country for entry in stored if entry.deputy} == set(ORDER)
    names = [holder.name for holder in holders]
    assert len(names) == len(set(names))


def test_everything_is_marked_as_a_demo(loaded: Loaded) -> None:
    assert all(entry.demo for entry in loaded.stored)
    assert loaded.official_flags == {True}
    assert {entry.sources[0].name for entry in loaded.stored} == {"Demo directory, fictional"}


def test_every_country_has_a_footing_and_networks(loaded: Loaded) -> None:
    assert set(loaded.footings) == set(ORDER)
    for [(title, is_demo)] in loaded.footings.values():
        assert is_demo
        assert title.startswith("Demo: ")
    assert loaded.networks["demo_trm"] == set(ORDER)
    assert {key: len(members) for key, members in loaded.networks.items()} == {
        "demo_trm": 14,
        "demo_see": 10,
        "demo_eu": 7,
        "demo_adriatic": 4,
    }


def test_hours_stand_with_a_zone_and_names_in_the_countrys_script(stored: list[StoredEntry]) -> None:
    for entry in stored:
        for line in entry.contact_lines:
            read_hours(line.hours)
            assert bool(line.timezone) == (line.kind in rules.NUMBERS)
            assert line.kind == "web" or line.languages
    cyrillic = {
        entry.country for entry in stored if any("а" <= letter <= "я" for letter in entry.institution.local_name)
    }
    assert cyrillic == {"BG", "MK", "RS"}
    assert not [entry.title for entry in stored if not entry.institution.local_name]


def test_embassies_sit_elsewhere_and_serve_where_they_sit(stored: list[StoredEntry]) -> None:
    embassies = [entry for entry in stored if entry.host_country]
    assert len({entry.country for entry in embassies}) >= 12
    for entry in embassies:
        assert entry.host_country != entry.country
        assert entry.host_country in entry.serves


def test_who_handles_return_in_romania_can_be_called_now(seen: list[Entry]) -> None:
    desks = [entry for entry in seen if entry.country == "RO" and entry.role == "return_officer"]
    assert [desk.title for desk in desks] == ["Return desk"]
    assert desks[0].freshness == "confirmed"
    phone = desks[0].lines("phone")[0]
    assert (phone.hours, phone.languages) == ("24/7", ("ro", "en"))
    assert {r.level for r in desks[0].responsibilities if r.sop == 4 and r.measure is None} == {"leads"}
    assert "whether a child travels" in desks[0].asks_for


def test_a_second_loading_is_refused_and_writes_nothing(session: Session, taxonomy: Taxonomy) -> None:
    report = load_demo(session, taxonomy, now=NOW)
    with pytest.raises(DemoAlreadyLoaded, match="empty database"):
        load_demo(session, taxonomy, now=NOW)
    assert session.scalar(select(func.count()).select_from(Post).where(Post.is_demo)) == report.total


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("role: return_officer", "role: returner", r"RO\.yaml: entry return-desk: unknown role returner"),
        ("leads: [4, 4.1, 4.4]", "leads: [4.9]", r"entry return-desk: “4\.9” is no SOP or measure"),
        ("for: [adults, children, families]", "for: [kids]", "entry return-desk: unknown group kids"),
        ("title: Return desk", "titel: Return desk", "entry return-desk: unknown key titel"),
        ("{phone: Desk, hours: 24/7}", "{phone: Desk, hours: always}", "entry return-desk: “always” is not like"),
        ("email: returns,", "mail: returns,", "entry return-desk: “mail” is no kind of contact point"),
        ("deputy: arrivals", "deputy: nobody", "entry return-desk: unknown deputy nobody"),
        ("[intake_phone: Intake, email: intake]", "[postal: Street 1]", "entry intake-women: A shelter's address is"),
        ("      arrivals:\n", "      return-desk:\n", r"RO\.yaml: “return-desk” is given twice"),
        ("        title: Return desk\n", "", "entry return-desk: “title” is missing"),
        ("parent: zorile", "parent: nobody", "institution shelter-zorile: its parent nobody"),
        ("country: RO", "country: [", r"RO\.yaml: "),
        ("en: Office for Assisted Return", "en: Office, Return", "institution return: “Return: None” is no name"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_is_named(taxonomy: Taxonomy, tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = (FOLDER / "RO.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "RO.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadDemoData, match=problem):
        read_country("RO", taxonomy, tmp_path)


def test_a_country_without_its_file_stops_the_loading_before_it_begins(
    session: Session, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    shutil.copytree(FOLDER, tmp_path / "data")
    (tmp_path / "data" / "PT.yaml").unlink()
    with pytest.raises(BadDemoData, match=r"^PT\.yaml: "):
        load_demo(session, taxonomy, now=NOW, folder=tmp_path / "data")
    assert session.scalar(select(func.count()).select_from(Post).where(Post.is_demo)) == 0
