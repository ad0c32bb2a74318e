"""Faults a second look found in the rounds: who is forgotten, who is asked in a loop, what never goes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.confirmations import answering, calls, owners, rounds, routes, settling
from directory.confirmations.answering import Answerer, Given
from directory.confirmations.models import (
    CallTask,
    ConfirmationRequest,
    EndNotice,
    Finding,
)
from directory.confirmations.snapshots import digest, load_posts, snapshot
from directory.db import new_id
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.values import ContactValues, ResponsibilityValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.integration.test_confirmations import WORKING_MORNING, day_of, letters_to, run_on
from tests.integration.test_replies import ADDRESS, World
from tests.integration.test_rounds_clock import NOON, OWNERS, asked_engine  # noqa: F401

A_DAY = timedelta(days=1)


def an_account(
    session: Session, name: str, *, role: str = "reader", country: str = "RO", house: str | None = None
) -> Account:
    account = Account(id=new_id(), email=f"{name}@agency.example", name=f"{name.title()} (demo)", created_at=NOW)
    account.grants = [
        AccountGrant(
            role=role, country_code=None if house else country, institution_id=house, granted_at=NOW, granted_by="test"
        )
    ]
    session.add(account)
    session.flush()
    return account


def an_owner(session: Session, *posts: Post, name: str = "owner") -> Account:
    account = an_account(session, name)
    session.add_all(PostOwner(post_id=post.id, account_id=account.id) for post in posts)
    session.flush()
    return account


def say(session: Session, account: Account, post: Post, choice: str, now: datetime, **more: object) -> None:
    seen = digest(snapshot(load_posts(session, [post.id])[post.id], now.date()))
    given = Given(post.id, choice, seen, **more)  # type: ignore[arg-type]
    answering.answer(session, Answerer(account, "signed_in"), [given], now=now, today=now.date())
    session.commit()


def requests_of(session: Session, account: Account) -> Sequence[ConfirmationRequest]:
    mine = select(ConfirmationRequest).where(ConfirmationRequest.account_id == account.id)
    return session.scalars(mine.order_by(ConfirmationRequest.opened_on)).all()


@pytest.mark.parametrize("choice", ["needs_change", "not_mine"])
def test_whoever_has_answered_is_not_asked_again_the_next_day(session: Session, choice: str) -> None:
    post = make_post(session, confirmed_days_ago=76)
    owner = an_owner(session, post)
    session.commit()
    run_on(session, WORKING_MORNING)
    say(session, owner, post, choice, WORKING_MORNING + timedelta(hours=1), note="The number is another.")
    for days in (0, 1, 2, 20):
        run_on(session, WORKING_MORNING + timedelta(days=days, hours=2))
    assert len(letters_to(session, owner)) == 1
    assert len(requests_of(session, owner)) == 1
    for days in (77, 78):  # nothing came of it for a whole quarter: then the question is new
        run_on(session, WORKING_MORNING + timedelta(days=days))
    assert len(requests_of(session, owner)) == 2


def test_an_entry_left_unanswered_does_not_silence_the_owners_others(session: Session) -> None:
    agency = make_institution(session)
    quick = make_post(session, agency, title="Return desk", confirmed_days_ago=76)
    slow = make_post(session, agency, title="Arrival desk", confirmed_days_ago=76)
    owner = an_owner(session, quick, slow)
    session.commit()
    run_on(session, WORKING_MORNING)
    say(session, owner, quick, "still_right", WORKING_MORNING + timedelta(hours=1))
    for days in range(1, 125):
        run_on(session, WORKING_MORNING + timedelta(days=days))
    first, second = requests_of(session, owner)
    assert first.state == "silent"
    assert [one.post_id for one in second.entries] == [quick.id], "the other is with the coordinator"
    reasons = session.scalars(select(CallTask.reason).where(CallTask.post_id == slow.id)).all()
    assert sorted(reasons) == ["decide", "silent"]


def test_a_new_owner_is_asked_and_the_old_one_left_in_peace(session: Session) -> None:
    agency = make_institution(session)
    post = make_post(session, agency, title="Return desk", confirmed_days_ago=76)
    kept = make_post(session, agency, title="Arrival desk", confirmed_days_ago=76)
    old = an_owner(session, post, kept, name="old")
    session.commit()
    run_on(session, WORKING_MORNING)
    session.delete(session.get_one(PostOwner, (post.id, old.id)))
    new = an_owner(session, post, name="new")
    session.commit()
    for days in (1, 7, 8, 14, 15):
        run_on(session, WORKING_MORNING + timedelta(days=days))
    assert "Return desk" in letters_to(session, new)[0].text
    assert all("Return desk" not in mail.text for mail in letters_to(session, old)[1:])
    assert len(letters_to(session, old)) == 3, "about what is still theirs"


def test_a_request_whose_entries_all_went_to_others_is_withdrawn(session: Session) -> None:
    post = make_post(session, confirmed_days_ago=76)
    old = an_owner(session, post, name="old")
    session.commit()
    run_on(session, WORKING_MORNING)
    session.delete(session.get_one(PostOwner, (post.id, old.id)))
    an_owner(session, post, name="new")
    session.commit()
    run_on(session, WORKING_MORNING + timedelta(days=7))
    assert [one.state for one in requests_of(session, old)] == ["withdrawn"]
    assert len(letters_to(session, old)) == 1


def test_a_frozen_owner_nobody_replaces_still_takes_the_entry_to_the_call_list(session: Session) -> None:
    post = make_post(session, confirmed_days_ago=76)
    owner = an_owner(session, post)
    session.commit()
    run_on(session, WORKING_MORNING)
    owner.state = "frozen"
    session.commit()
    for days in range(1, 30):
        run_on(session, WORKING_MORNING + timedelta(days=days))
    assert "silent" in session.scalars(select(CallTask.reason)).all()


def test_a_coordinator_of_two_countries_hears_of_both(session: Session) -> None:
    one = make_post(session, make_institution(session, country="AT"), title="Desk in the one")
    two = make_post(session, make_institution(session, "Other Agency", country="RO"), title="Desk in the other")
    account = an_account(session, "coordinator", role="coordinator", country="AT")
    account.grants.append(AccountGrant(role="coordinator", country_code="RO", granted_at=NOW, granted_by="test"))
    session.commit()
    for days in range(4):  # every day something new in the first country
        now = WORKING_MORNING + timedelta(days=days)
        calls.open_today(session, one, "note", key=f"a{days}", now=now, today=now.date())
        if days == 0:
            calls.open_today(session, two, "note", key="b", now=now, today=now.date())
        session.commit()
        run_on(session, now)
    told = {task.key: task.told_at for task in session.scalars(select(CallTask))}
    links = [mail.text for mail in letters_to(session, account)]
    assert any("country=RO" in text for text in links), "the letter about the second country never went out"
    assert told["b"] is not None
    assert told["a0"] != told["b"], "one letter a day, and only what it tells of is told"


def test_two_posts_of_the_same_title_that_end_are_both_announced(session: Session) -> None:
    agency = make_institution(session)
    posts = [make_post(session, agency, title="Liaison officer", is_desk=False) for _ in range(2)]
    owner = an_owner(session, *posts)
    until_on = NOW.date() + timedelta(days=25)
    for number, post in enumerate(posts):
        appointment = registry.appoint(session, post, f"Holder {number} (demo)", by="test", now=NOW)
        appointment.until_on = until_on
    session.commit()
    run_on(session, WORKING_MORNING)
    assert session.scalar(select(func.count()).select_from(EndNotice)) == 1
    run_on(session, WORKING_MORNING + A_DAY)
    texts = [mail.text for mail in letters_to(session, owner) if mail.letter == "term_ends"]
    assert len(texts) == 2
    assert all(any(post.id in text for text in texts) for post in posts)


def test_calls_that_come_every_evening_do_not_keep_the_owners_question_back(session: Session) -> None:
    post = make_post(session, make_institution(session, country="AT"), title="Desk of others")
    own = make_post(session, title="Own desk", confirmed_days_ago=75)
    account = an_owner(session, own, name="both")
    account.grants.append(AccountGrant(role="coordinator", country_code="AT", granted_at=NOW, granted_by="test"))
    session.commit()
    for days in range(4):  # Tuesday to Friday
        morning = NOW.replace(hour=0, minute=30) + timedelta(days=days)
        run_on(session, morning)
        evening = NOW.replace(hour=19) + timedelta(days=days)
        calls.open_today(session, post, "note", key=f"e{days}", now=evening, today=evening.date())
        session.commit()
        run_on(session, evening)
    assert "confirm" in [mail.letter for mail in letters_to(session, account)]


def test_many_corrections_that_wait_do_not_hold_up_one_that_is_decided(session: Session) -> None:
    agency = make_institution(session)
    posts = [make_post(session, agency, title=f"Desk {n}", confirmed_days_ago=80) for n in range(4)]
    for n, post in enumerate(posts):
        proposal = Proposal(
            id=new_id(), subject_type="post", subject_id=post.id, country_code="RO", before={}, after={}, by="test",
            path="letter", at=NOW, state="accepted" if n == 3 else "waiting",
        )  # fmt: skip
        finding = Finding(post_id=post.id, kind="changed", value=proposal.id, method="letter", by="x")
        finding.since_at = NOW - timedelta(hours=4 - n)
        session.add_all([proposal, finding])
    session.commit()
    assert settling.settle_corrections(session, day_of(NOW), limit=2) == 1
    assert posts[3].confirmed_at == NOW - timedelta(hours=1)


def test_a_correction_agreed_for_a_later_day_counts_and_nobody_rings_about_it(session: Session) -> None:
    post = make_post(session, confirmed_days_ago=80)
    proposal = Proposal(
        id=new_id(), subject_type="post", subject_id=post.id, country_code="RO", before={}, after={}, by="test",
        path="letter", at=NOW, state="scheduled", applies_on=NOW.date() + timedelta(days=30),
    )  # fmt: skip
    finding = Finding(post_id=post.id, kind="changed", value=proposal.id, method="letter", by="x", since_at=NOW)
    session.add_all([proposal, finding])
    session.commit()
    settling.settle_corrections(session, day_of(NOW + A_DAY))
    assert session.scalars(select(CallTask.reason)).all() == []
    assert post.confirmed_at == NOW


def test_an_entry_without_owner_comes_back_to_the_call_list_once_a_quarter(session: Session) -> None:
    agency = make_institution(session)
    post = make_post(session, agency, confirmed_days_ago=76)
    other = make_post(session, agency, title="Other desk", confirmed_days_ago=76)
    an_account(session, "coordinator", role="coordinator")
    session.commit()
    run_on(session, WORKING_MORNING)
    for one in (post, other):  # done without a confirmation: somebody went, and the post is filled anew, unasked
        calls.settle(session, one.id, "left", by="test", now=WORKING_MORNING)
    session.commit()
    late = make_post(session, agency, title="Third desk", confirmed_days_ago=76)
    session.commit()
    day = day_of(WORKING_MORNING + A_DAY)
    assert rounds.ask_for_the_unowned(session, day, limit=1) == 1, "what was settled stands before what is new"
    assert calls.open_posts(session, [post.id, other.id, late.id]) == {late.id}
    assert rounds.ask_for_the_unowned(session, day, limit=1) == 0
    assert rounds.ask_for_the_unowned(session, day_of(WORKING_MORNING + timedelta(days=92)), limit=9) == 2


HOLDER_LINES = (ContactValues("mobile", "+442079460177"),)


def held_post(session: Session, *, days: int, country: str = "RO", sop: int = 4) -> Post:
    body = make_institution(session, f"Body {new_id()[:6]}", country=country)
    post = make_post(
        session, body, title="Post", phone=None, is_desk=False, confirmed_days_ago=days,
        responsibilities=(ResponsibilityValues(sop),),
    )  # fmt: skip
    registry.appoint(
        session, post, "Holda Holder (demo)", by="test", now=NOW, agreed_at=NOW, contact_points=HOLDER_LINES
    )
    return post


def test_a_last_route_nobody_owns_keeps_its_holder_at_day_120(session: Session) -> None:
    post = held_post(session, days=119)
    session.commit()
    run_on(session, WORKING_MORNING)
    assert post.keeps_holder, "from midnight on the holder would be hidden"
    assert session.scalars(select(CallTask.reason)).all() == ["last_route"]
    run_on(session, WORKING_MORNING + timedelta(days=3))
    assert len(session.scalars(select(CallTask.reason)).all()) == 1


def test_an_entry_that_becomes_the_last_route_later_gets_its_holder_back(session: Session) -> None:
    post = held_post(session, days=130)
    other = make_post(session, make_institution(session, "Other Agency"), title="Desk of another")
    session.commit()
    run_on(session, WORKING_MORNING)
    assert not post.keeps_holder, "there is another way"
    registry.remove_post(session, other, reason="closed", by="test", now=WORKING_MORNING)
    session.commit()
    run_on(session, WORKING_MORNING + timedelta(hours=1))
    assert post.keeps_holder


def test_looking_for_last_routes_costs_the_same_for_one_and_for_many(session: Session) -> None:
    def count_queries() -> int:
        seen: list[str] = []

        def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
            seen.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        routes.keep_due(session, now=WORKING_MORNING, today=WORKING_MORNING.date(), hide=120)
        event.remove(session.get_bind(), "before_cursor_execute", note)
        return len(seen)

    make_post(session, make_institution(session, "Other Agency"), title="Desk of another")
    held_post(session, days=130)
    few = count_queries()
    for _ in range(20):
        held_post(session, days=130)
    session.flush()
    assert count_queries() == few


def test_open_calls_follow_a_body_that_moves_to_another_country(session: Session) -> None:
    post = make_post(session)
    calls.open_today(session, post, "note", key="k", now=NOW, today=NOW.date())
    task = session.scalars(select(CallTask)).one()
    task.told_at = NOW
    post.institution.country_code = "AT"
    session.commit()
    run_on(session, WORKING_MORNING)
    session.refresh(task)
    assert task.country_code == "AT"
    assert task.told_at is None


def test_an_owner_whose_address_was_corrected_is_asked_at_the_new_one(session: Session) -> None:
    world = World(session)
    world.post.confirmed_at = NOW - timedelta(days=76)
    session.commit()
    run_on(session, WORKING_MORNING)
    sent = letters_to(session, world.owner)[0]
    sent.state, sent.transmission_count, sent.sent_at, sent.taken_at = "sent", 1, WORKING_MORNING, WORKING_MORNING
    world.comes_back("hard", sent.id)
    run_on(session, WORKING_MORNING + timedelta(hours=1))
    assert requests_of(session, world.owner)[0].next_step == "institution", "the others were asked the same day"
    world.owner.email = "owner.anew@agency.example"
    session.commit()
    run_on(session, WORKING_MORNING + A_DAY)
    run_on(session, WORKING_MORNING + 2 * A_DAY)
    asked = [mail.to for mail in letters_to(session, world.owner)]
    assert asked == [ADDRESS, "owner.anew@agency.example"]


def test_of_two_holders_the_same_one_owns_the_entry_wherever_it_is_asked(session: Session) -> None:
    post = make_post(session, is_desk=False)
    for number in range(6):
        appointment = registry.appoint(session, post, f"Holder {number} (demo)", by="test", now=NOW)
        account = an_account(session, f"holder{number}")
        account.official_id = appointment.official_id
    session.flush()
    one = owners.owner_of(session, post, today=NOW.date())
    assert [held_one.owner for held_one in owners.held(session, today=NOW.date(), which=Post.id == post.id)] == [one]


def test_a_clock_does_not_begin_to_show_a_holder_nobody_ever_confirmed(session: Session) -> None:
    post = held_post(session, days=130)
    post.confirmed_at = None
    session.commit()
    for days in (0, 80, 130):
        run_on(session, WORKING_MORNING + timedelta(days=days))
    assert not post.keeps_holder


def test_reason_to_ask_opens_nothing_about_what_the_coordinator_has(session: Session) -> None:
    post = make_post(session, confirmed_days_ago=76)
    owner = an_owner(session, post)
    session.commit()
    for days in range(0, 110, 7):
        run_on(session, WORKING_MORNING + timedelta(days=days))
    run_on(session, WORKING_MORNING + timedelta(days=150))
    assert [one.state for one in requests_of(session, owner)] == ["silent"]
    assert not rounds.ask_now(session, owner.id, day_of(WORKING_MORNING + timedelta(days=151)))
