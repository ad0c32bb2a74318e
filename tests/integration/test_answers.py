"""From a reading to an answer: the cell, or the next best with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from directory.entries import answers, indexing
from directory.entries.answers import Desk
from directory.entries.queries import EntryCache
from directory.entries.viewer import PUBLIC
from directory.registry.rules import FreshnessDays
from directory.registry.values import ContactValues, ResponsibilityValues
from directory.search.memory_index import MemoryIndex
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy, build, read_file
from tests.conftest import NOW
from tests.factories import make_institution, make_post

DAYS = FreshnessDays()


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session, MemoryIndex(), PUBLIC, NOW, NOW.date(), DAYS, EntryCache(), build(read_file()))


def ask(desk: Desk, taxonomy: Taxonomy, reading: Reading, **more: int) -> answers.Answer:
    desk.session.flush()
    indexing.rebuild(desk.session, desk.index, taxonomy, today=desk.today, days=DAYS)
    return answers.answer(reading, desk, **more)


def test_the_cell_is_answered_and_others_are_not(desk: Desk, taxonomy: Taxonomy, session: Session) -> None:
    wanted = make_post(session)
    make_post(session, make_institution(session, country="AL"))
    make_post(session, role="hotline", sops=(1,))
    session.commit()
    found = ask(desk, taxonomy, Reading(countries=("RO",), sops=(4,), roles=("return_officer",)))
    assert [entry.id for entry in found.entries] == [wanted.id]
    assert found.fallback is None


def test_confirmed_before_stale_and_leading_before_supporting(desk: Desk, taxonomy: Taxonomy, session: Session) -> None:
    stale = make_post(session, title="Stale", confirmed_days_ago=150)
    supports = make_post(session, title="Supports", responsibilities=(ResponsibilityValues(4, level="supports"),))
    fresh = make_post(session, title="Fresh", confirmed_days_ago=3)
    session.commit()
    found = ask(desk, taxonomy, Reading(countries=("RO",), sops=(4,)))
    assert [entry.id for entry in found.entries] == [fresh.id, stale.id, supports.id]


def test_among_equals_who_answers_now_comes_first(desk: Desk, taxonomy: Taxonomy, session: Session) -> None:
    def hours(text: str) -> tuple[ContactValues, ...]:
        return (ContactValues("phone", "+442079460110", hours=text, timezone="Europe/Bucharest", is_published=True),)

    day = make_post(session, title="Day desk", contact_points=hours("Mo-Fr 08:00-16:00"), confirmed_days_ago=1)
    night = make_post(session, title="Night desk", contact_points=hours("20:00-06:00"), confirmed_days_ago=9)
    session.commit()
    reading = Reading(countries=("RO",), sops=(4,))
    at_night = ask(desk, taxonomy, reading)  # 23:30 in Bucharest
    assert [entry.id for entry in at_night.entries] == [night.id, day.id]
    at_noon = ask(replace(desk, now=NOW.replace(hour=9)), taxonomy, reading)
    assert [entry.id for entry in at_noon.entries] == [day.id, night.id]


def test_an_office_does_not_answer_on_a_public_holiday(session: Session) -> None:
    hours = ContactValues(
        "phone", "+442079460110", hours="Mo-Fr 08:00-16:00", timezone="Europe/Bucharest", is_published=True
    )
    post = make_post(session, contact_points=(hours,))
    session.commit()
    desk = Desk(session, MemoryIndex(), PUBLIC, NOW, NOW.date(), DAYS, EntryCache(), build(read_file()))
    entry = answers.one_entry(post.id, desk)
    assert entry is not None
    national_day = NOW.replace(month=12, day=1, hour=9)  # a Tuesday, Romania's national day
    assert not answers.is_reachable(entry, national_day)
    assert answers.is_reachable(entry, national_day + timedelta(days=1))


def test_a_group_nobody_covers_gets_the_same_in_general_with_the_reason(
    desk: Desk, taxonomy: Taxonomy, session: Session
) -> None:
    shelter = make_post(
        session, role="shelter_intake", responsibilities=(ResponsibilityValues(2, target_groups=("adults", "female")),)
    )
    session.commit()
    reading = Reading(countries=("RO",), sops=(2,), roles=("shelter_intake",), target_groups=("children", "male"))
    found = ask(desk, taxonomy, reading)
    assert (found.entries, found.total) == ((), 0)
    assert found.fallback is not None
    assert found.fallback.reason == answers.Reason("without", ("target_groups",))
    assert [entry.id for entry in found.fallback.entries] == [shelter.id]


def test_a_role_nobody_holds_gets_who_answers_for_the_same_procedure(
    desk: Desk, taxonomy: Taxonomy, session: Session
) -> None:
    other = make_post(session, role="arrival_reception", sops=(4,))
    session.commit()
    found = ask(desk, taxonomy, Reading(countries=("RO",), sops=(4,), roles=("transport_escort",)))
    assert found.fallback is not None
    assert found.fallback.reason.key == "other_roles"
    assert [entry.id for entry in found.fallback.entries] == [other.id]


def test_an_empty_cell_gets_the_coordinator_and_the_hotline(desk: Desk, taxonomy: Taxonomy, session: Session) -> None:
    coordinator = make_post(session, role="national_coordinator", sops=(1,))
    hotline = make_post(session, role="hotline", sops=(1,))
    session.commit()
    found = ask(desk, taxonomy, Reading(countries=("RO",), sops=(5,), roles=("judge",)))
    assert found.fallback is not None
    assert found.fallback.reason.key == "last_resort"
    assert {entry.id for entry in found.fallback.entries} == {coordinator.id, hotline.id}


def test_nobody_at_all_says_so_and_invents_nobody(desk: Desk, taxonomy: Taxonomy) -> None:
    found = ask(desk, taxonomy, Reading(countries=("PT",), sops=(5,)))
    assert (found.entries, found.fallback) == ((), None)


def test_a_vacant_post_is_shown_with_its_deputy_beside_it(desk: Desk, taxonomy: Taxonomy, session: Session) -> None:
    deputy = make_post(session, title="Deputy", role="arrival_reception")
    vacant = make_post(session, is_desk=False, phone=None, confirmed_days_ago=None)
    vacant.deputy_id = deputy.id
    session.commit()
    found = ask(desk, taxonomy, Reading(countries=("RO",), roles=("return_officer",)))
    assert [entry.id for entry in found.entries] == [vacant.id]
    assert found.fallback is not None
    assert found.fallback.reason.key == "vacant"
    assert found.fallback.entries[0].id == deputy.id


def test_a_line_the_visitor_may_not_see_brings_the_next_route(desk: Desk, taxonomy: Taxonomy, session: Session) -> None:
    make_post(session, contact_points=(ContactValues("duty_phone", "+442079460111", hours="24/7"),))
    hotline = make_post(session, role="hotline", sops=(1,))
    session.commit()
    found = ask(desk, taxonomy, Reading(countries=("RO",), roles=("return_officer",)))
    assert found.fallback is not None
    assert found.fallback.reason.key == "no_line"
    assert [entry.id for entry in found.fallback.entries] == [hotline.id]


def test_pages_do_not_repeat_or_skip(desk: Desk, taxonomy: Taxonomy, session: Session) -> None:
    agency = make_institution(session)
    made = {make_post(session, agency, title=f"Desk {n}").id for n in range(47)}
    session.commit()
    reading = Reading(countries=("RO",), sops=(4,))
    pages = [ask(desk, taxonomy, reading, limit=20, offset=offset) for offset in (0, 20, 40)]
    seen = [entry.id for page in pages for entry in page.entries]
    assert len(seen) == len(set(seen)) == 47
    assert set(seen) == made


def test_the_index_follows_edits_and_removals(desk: Desk, taxonomy: Taxonomy, session: Session) -> None:
    post = make_post(session)
    session.commit()
    follow = {"today": desk.today, "days": DAYS}
    indexing.follow(session, desk.index, taxonomy, **follow)
    assert answers.answer(Reading(countries=("RO",)), desk).total == 1
    assert indexing.pending_count(session) == 0
    session.delete(post)
    from directory.history import operations as history

    history.queue_for_index(session, [post.id])
    session.commit()
    indexing.follow(session, desk.index, taxonomy, **follow)
    assert answers.answer(Reading(countries=("RO",)), desk).total == 0


def test_a_shelter_for_girls_is_no_answer_for_boys_and_one_for_all_children_is(
    desk: Desk, taxonomy: Taxonomy, session: Session
) -> None:
    def shelter(*groups: str) -> str:
        part = ResponsibilityValues(2, target_groups=groups)
        return make_post(session, role="shelter_intake", responsibilities=(part,)).id

    shelter("children", "female")
    anybody, children, boys = shelter(), shelter("children"), shelter("children", "male")
    session.commit()
    reading = Reading(countries=("RO",), sops=(2,), roles=("shelter_intake",), target_groups=("children", "male"))
    found = [entry.id for entry in ask(desk, taxonomy, reading).entries]
    assert found == [boys, children, anybody], "who names the group comes first"


def test_a_kind_of_house_beside_a_role_comes_first_and_does_not_narrow(
    desk: Desk, taxonomy: Taxonomy, session: Session
) -> None:
    by_state = make_post(session, make_institution(session, kind="shelter"), role="shelter_intake", sops=(2,)).id
    in_ngo = make_post(session, make_institution(session, kind="ngo"), role="shelter_intake", sops=(2,)).id
    session.commit()
    reading = Reading(countries=("RO",), roles=("shelter_intake",), institution_types=("ngo",))
    assert [entry.id for entry in ask(desk, taxonomy, reading).entries] == [in_ngo, by_state]
    without_role = Reading(countries=("RO",), institution_types=("ngo",))
    assert [entry.id for entry in ask(desk, taxonomy, without_role).entries] == [in_ngo]
