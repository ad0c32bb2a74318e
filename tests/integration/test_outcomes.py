"""What readers met: two who found a wrong person open a check, three who got no answer a note, visitors nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, PostOwner
from directory.confirmations import answering, outcomes, running
from directory.confirmations.answering import Answerer, Given
from directory.confirmations.models import CallTask, ConfirmationRequest, Finding
from directory.confirmations.snapshots import digest, load_posts, snapshot
from directory.db import new_id
from directory.entries import queries
from directory.registry.models import Post
from tests.conftest import NOW
from tests.factories import make_post
from tests.integration.test_confirmations import DESK, WORKING_MORNING, day_of
from tests.integration.test_replies import World


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def tell(world: World, outcome: str, account: str | None, *, at: datetime = WORKING_MORNING) -> None:
    post = world.session.get_one(Post, world.post.id)
    outcomes.report(world.session, post, outcome, account_id=account, day=day_of(at))
    world.session.commit()


def found(world: World) -> list[Finding]:
    return list(world.session.scalars(select(Finding).where(Finding.kind == "reported", Finding.settled_at.is_(None))))


def notes(world: World) -> list[str]:
    return [task.note for task in world.tasks("note")]


def test_two_readers_open_a_check_the_same_day(session: Session, world: World) -> None:
    tell(world, "wrong_person", new_id())
    assert found(world) == [], "the control: one is not enough"
    tell(world, "gone", new_id(), at=WORKING_MORNING + timedelta(hours=1))
    assert len(found(world)) == 1
    assert world.reachability(world.post) == "reported:2026-11-24"
    entry = queries.load(session, [world.post.id], today=NOW.date())[0]
    assert entry.reachability == "Readers could not reach it on 24 November 2026; it is being checked."
    (task,) = world.tasks("reported")
    assert (task.tell_on, task.due_on) == (NOW.date(), NOW.date())
    request = session.scalars(select(ConfirmationRequest)).one()
    assert (request.account_id, request.next_step, request.next_on) == (world.owner.id, "ask", NOW.date())
    assert entry.contact_lines, "nothing is hidden"


def test_the_owner_gets_the_letter_of_the_day(session: Session, world: World) -> None:
    for _ in range(2):
        tell(world, "gone", new_id())
    assert running.run(session, day_of(WORKING_MORNING), DESK, limit=1000)["letters"] == 1


def test_one_reader_counts_once_however_often(session: Session, world: World) -> None:
    reader = new_id()
    for number in range(5):
        tell(world, "gone", reader, at=WORKING_MORNING + timedelta(days=number))
    assert found(world) == []
    assert len(outcomes.of_entry(session, world.post.id)) == 5


def test_a_second_tap_of_the_day_replaces_the_first(session: Session, world: World) -> None:
    reader = new_id()
    tell(world, "gone", reader)
    tell(world, "reached", reader, at=WORKING_MORNING + timedelta(minutes=1))
    assert [one.outcome for one in outcomes.of_entry(session, world.post.id)] == ["reached"]


def test_whoever_got_through_in_the_end_no_longer_counts_against(session: Session, world: World) -> None:
    first, second = new_id(), new_id()
    tell(world, "gone", first)
    tell(world, "reached", first, at=WORKING_MORNING + timedelta(days=1))
    tell(world, "gone", second, at=WORKING_MORNING + timedelta(days=2))
    assert found(world) == []


def test_visitors_are_a_note_for_the_coordinator_and_nothing_more(session: Session, world: World) -> None:
    for number in range(50):
        tell(world, ("gone", "wrong_person", "no_answer")[number % 3], None)
    assert found(world) == []
    assert session.scalars(select(CallTask)).all() == []
    readers, visitors = outcomes.counted(outcomes.of_entry(session, world.post.id))
    assert (sum(readers.values()), visitors["gone"]) == (0, 17)
    tell(world, "gone", new_id())
    assert found(world) == [], "a visitor does not make up a second reader"


def test_old_reports_and_those_before_a_confirmation_do_not_count(session: Session, world: World) -> None:
    tell(world, "gone", new_id(), at=WORKING_MORNING - timedelta(days=31))
    tell(world, "gone", new_id())
    assert found(world) == []
    post = load_posts(session, [world.post.id])[world.post.id]
    given = Given(post.id, "still_right", digest(snapshot(post, NOW.date())))
    later = WORKING_MORNING + timedelta(hours=1)
    answering.answer(session, Answerer(world.owner, "signed_in"), [given], now=later, today=later.date())
    tell(world, "gone", new_id(), at=later + timedelta(hours=1))
    assert found(world) == []


def test_a_settled_check_opens_again_only_by_two_more(session: Session, world: World) -> None:
    for _ in range(2):
        tell(world, "gone", new_id())
    (finding,) = found(world)
    finding.settled_at, finding.settled_by = WORKING_MORNING + timedelta(hours=1), "test"
    tell(world, "gone", new_id(), at=WORKING_MORNING + timedelta(hours=2))
    assert found(world) == []
    tell(world, "gone", new_id(), at=WORKING_MORNING + timedelta(hours=3))
    assert len(found(world)) == 1


def test_a_third_report_adds_no_second_check(session: Session, world: World) -> None:
    for _ in range(4):
        tell(world, "gone", new_id())
    assert len(found(world)) == 1
    assert len(world.tasks("reported")) == 1


def test_three_without_an_answer_are_a_note(session: Session, world: World) -> None:
    for number in range(3):
        assert notes(world) == []
        tell(world, "no_answer", new_id(), at=WORKING_MORNING + timedelta(days=4 * number))
    assert notes(world) == ["Three readers got no answer within fourteen days."]
    assert world.reachability(world.post) == ""
    tell(world, "no_answer", new_id(), at=WORKING_MORNING + timedelta(days=9))
    assert len(notes(world)) == 1


def test_three_over_a_month_are_none(session: Session, world: World) -> None:
    for number in range(3):
        tell(world, "no_answer", new_id(), at=WORKING_MORNING + timedelta(days=10 * number))
    assert notes(world) == []


def test_an_entry_without_an_owner_is_checked_too(session: Session, world: World) -> None:
    post = make_post(session, title="Nobody's desk")
    for _ in range(2):
        outcomes.report(session, post, "gone", account_id=new_id(), day=day_of(WORKING_MORNING))
    assert len(world.tasks("reported")) == 1
    assert session.scalars(select(ConfirmationRequest)).all() == []


def test_readers_who_reached_it_are_counted_and_visitors_are_not(session: Session, world: World) -> None:
    one = new_id()
    tell(world, "reached", one, at=WORKING_MORNING - timedelta(days=91))
    assert outcomes.reached(session, world.post.id, now=NOW) == outcomes.Reached(0, None)
    for at in (WORKING_MORNING, WORKING_MORNING - timedelta(days=3)):
        tell(world, "reached", one, at=at)
    tell(world, "reached", None)
    tell(world, "gone", new_id())
    assert outcomes.reached(session, world.post.id, now=NOW) == outcomes.Reached(1, WORKING_MORNING)


def test_what_is_no_outcome_is_refused(session: Session, world: World) -> None:
    with pytest.raises(ValueError, match="dead"):
        tell(world, "dead", None)


def test_the_owner_is_one_reader_like_any_other(session: Session, world: World) -> None:
    account = Account(email="second@agency.example", name="Second (demo)", created_at=NOW)
    session.add(account)
    session.flush()
    session.add(PostOwner(post_id=world.post.id, account_id=account.id))
    tell(world, "gone", world.owner.id)
    tell(world, "gone", world.owner.id, at=WORKING_MORNING + timedelta(days=1))
    assert found(world) == []
