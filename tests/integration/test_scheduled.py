"""What has its day: agreed changes, terms that begin or end; applied once, late or not, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.accounts.people import person_of
from directory.history.models import Change, IndexChange
from directory.mail.models import OutgoingMail
from directory.privacy import erasing
from directory.proposals import operations as proposals
from directory.proposals import queries, scheduling
from directory.proposals.actors import Actor, AlreadyDecided, NotAllowed
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.pictures import institution_values, post_values
from tests.conftest import NOW
from tests.factories import make_post
from tests.integration.test_calls import make_person

TODAY = NOW.date()
DAY = TODAY + timedelta(days=10)
OLD, NEW = "+442079460101", "+442079460999"
ZONE = ZoneInfo("Europe/Vienna")


@pytest.fixture
def post(session: Session) -> Post:
    return make_post(session, phone=OLD)


@pytest.fixture
def owner(session: Session, post: Post) -> Actor:
    return actor_of(session, make_person(session, "focal_point", "Olga", body=post.institution_id))


@pytest.fixture
def cora(session: Session) -> Actor:
    return actor_of(session, make_person(session, "coordinator", "Cora", country="RO"))


def actor_of(session: Session, account: Account) -> Actor:
    return Actor(account.id, "form", person_of(session, account))


def numbers(post: Post) -> list[str]:
    return [point.value for point in post.contact_points]


def propose_number(session: Session, post: Post, actor: Actor, **more: object) -> Proposal:
    before = post_values(post)
    wanted = replace(before, contact_points=(replace(before.contact_points[0], value=NEW),), **more)
    found = proposals.change_post(session, post, wanted, actor=actor, now=NOW, applies_on=DAY).proposal
    assert found is not None
    return found


def test_an_agreed_change_stands_from_its_day_and_not_before(
    session: Session, post: Post, owner: Actor, cora: Actor
) -> None:
    proposal = propose_number(session, post, owner, title="New desk")
    assert (post.title, proposal.state) == ("Return desk", "waiting"), "all of it waits, the plain part too"
    assert post.is_being_checked
    proposals.accept(session, proposal, actor=cora, now=NOW, today=TODAY)
    assert (proposal.state, numbers(post), post.is_being_checked) == ("scheduled", [OLD], False)
    assert scheduling.apply_due(session, now=NOW, today=DAY - timedelta(days=1)).total == 0
    assert scheduling.apply_due(session, now=NOW + timedelta(days=10), today=DAY).applied == 1
    assert (post.title, numbers(post), proposal.state) == ("New desk", [NEW], "accepted")
    assert scheduling.apply_due(session, now=NOW + timedelta(days=10), today=DAY).total == 0
    lines = session.scalars(select(Change).where(Change.subject_id == post.id).order_by(Change.sequence)).all()
    assert [line.action for line in lines][-4:] == ["propose", "schedule", "change", "apply"]
    assert lines[-2].by == f"{owner.by} with {cora.by}"


def test_a_late_run_still_applies_it_once_and_it_can_go_back(
    session: Session, post: Post, owner: Actor, cora: Actor
) -> None:
    proposal = propose_number(session, post, owner)
    proposals.accept(session, proposal, actor=cora, now=NOW, today=TODAY)
    late = NOW + timedelta(days=70)
    assert scheduling.apply_due(session, now=late, today=late.date()).applied == 1
    assert numbers(post) == [NEW]
    assert proposals.may_return(proposal, late), "thirty days count from when readers saw it"
    proposals.take_back(session, proposal, actor=cora, now=late)
    assert numbers(post) == [OLD]


def test_what_changed_meanwhile_is_not_written_over_and_comes_back_to_coordinators(
    session: Session, post: Post, owner: Actor, cora: Actor
) -> None:
    proposal = propose_number(session, post, owner)
    proposals.accept(session, proposal, actor=cora, now=NOW, today=TODAY)
    before = post_values(post)
    other = replace(before, contact_points=(replace(before.contact_points[0], value="+442079460555"),))
    registry.set_post(session, post, other, by="test", now=NOW)
    done = scheduling.apply_due(session, now=NOW + timedelta(days=10), today=DAY)
    assert (done.applied, done.outdated) == (0, 1)
    assert numbers(post) == ["+442079460555"]
    scope = queries.scope_of(cora.person)
    assert queries.in_state(session, scope, "outdated", since=NOW) == [proposal]
    letters = session.scalars(select(OutgoingMail).where(OutgoingMail.account_id == owner.by)).all()
    assert any("out of date" in letter.text for letter in letters)


def test_an_entry_that_is_gone_makes_it_outdated(session: Session, post: Post, owner: Actor, cora: Actor) -> None:
    proposal = propose_number(session, post, owner)
    proposals.accept(session, proposal, actor=cora, now=NOW, today=TODAY)
    registry.remove_post(session, post, reason="gone", by="test", now=NOW)
    assert scheduling.apply_due(session, now=NOW, today=DAY).outdated == 1


def test_until_its_day_it_can_be_taken_back_by_who_asked_or_who_decides(
    session: Session, post: Post, owner: Actor, cora: Actor
) -> None:
    stranger = actor_of(session, make_person(session, "coordinator", "Boris", country="BG"))
    for who in (owner, cora):
        proposal = propose_number(session, post, owner)
        proposals.accept(session, proposal, actor=cora, now=NOW, today=TODAY)
        with pytest.raises(NotAllowed):
            scheduling.call_off(session, proposal, actor=stranger, now=NOW)
        scheduling.call_off(session, proposal, actor=who, now=NOW)
        assert proposal.state == "withdrawn"
        with pytest.raises(AlreadyDecided):
            scheduling.call_off(session, proposal, actor=who, now=NOW)
    assert scheduling.apply_due(session, now=NOW, today=DAY).total == 0
    assert numbers(post) == [OLD]


def test_a_plain_change_of_ones_own_needs_nobody_but_its_day(session: Session, post: Post, owner: Actor) -> None:
    wanted = replace(post_values(post), title="Desk from next year")
    proposal = proposals.change_post(session, post, wanted, actor=owner, now=NOW, applies_on=DAY).proposal
    assert proposal is not None
    assert (proposal.state, post.title) == ("scheduled", "Return desk")
    scheduling.apply_due(session, now=NOW, today=DAY)
    assert post.title == "Desk from next year"


def test_a_readers_plain_change_with_a_day_waits_for_somebody(session: Session, post: Post) -> None:
    reader = actor_of(session, make_person(session, "reader", "Rea", country="RO"))
    wanted = replace(post_values(post), title="Something else")
    proposal = proposals.change_post(session, post, wanted, actor=reader, now=NOW, applies_on=DAY).proposal
    assert proposal is not None
    assert proposal.state == "waiting"
    assert scheduling.apply_due(session, now=NOW, today=DAY).total == 0


def test_an_institutions_change_has_its_day_too(session: Session, post: Post, owner: Actor) -> None:
    body = post.institution
    wanted = replace(institution_values(body), city="Iași")
    proposals.change_institution(session, body, wanted, actor=owner, now=NOW, applies_on=DAY)
    assert body.city == ""
    scheduling.apply_due(session, now=NOW, today=DAY)
    assert body.city == "Iași"


def test_accepted_on_or_after_its_day_it_stands_at_once(
    session: Session, post: Post, owner: Actor, cora: Actor
) -> None:
    proposal = propose_number(session, post, owner)
    proposals.accept(session, proposal, actor=cora, now=NOW + timedelta(days=10), today=DAY)
    assert (proposal.state, numbers(post)) == ("accepted", [NEW])


def test_a_holder_who_comes_later_is_appointed_from_that_day(
    session: Session, post: Post, owner: Actor, cora: Actor
) -> None:
    post.is_desk = False
    proposal = proposals.change_holder(session, post, "Nora New (demo)", actor=owner, now=NOW, from_on=DAY).proposal
    assert proposal is not None
    proposals.accept(session, proposal, actor=cora, now=NOW, today=TODAY)
    assert proposals.holder_of(post, DAY - timedelta(days=1)) == ""
    assert proposals.holder_of(post, DAY) == "Nora New (demo)"


def test_entries_look_different_from_the_day_a_term_begins_or_ends(session: Session, post: Post) -> None:
    post.is_desk = False
    registry.appoint(session, post, "Holger Holder (demo)", by="test", now=NOW, from_on=TODAY + timedelta(days=5))
    registry.relieve(session, post.appointments[0], until_on=TODAY + timedelta(days=8), by="test", now=NOW)
    session.commit()
    touched = []
    for ahead in range(15):
        now = NOW + timedelta(days=ahead)
        today = now.astimezone(ZONE).date()
        waiting = len(session.scalars(select(IndexChange.entry_id)).all())
        counts = [scheduling.apply_dates(session, now=now, today=today, zone=ZONE) for _ in range(2)]
        assert counts[1] == 0, "a second run on the same day changes nothing"
        if counts[0]:
            touched.append((today - TODAY).days)
            assert len(session.scalars(select(IndexChange.entry_id)).all()) == waiting + 1, "the index follows"
    assert touched == [5, 9]


def test_a_worker_that_was_away_on_the_day_makes_up_for_it(session: Session, post: Post) -> None:
    registry.appoint(session, post, "Holger Holder (demo)", by="test", now=NOW, from_on=TODAY + timedelta(days=1))
    later = NOW + timedelta(days=40)
    assert scheduling.apply_dates(session, now=later, today=later.date(), zone=ZONE) == 1
    assert scheduling.apply_dates(session, now=later, today=later.date(), zone=ZONE) == 0


def test_erasing_a_person_ends_what_waits_for_its_day_and_names_them(
    session: Session, post: Post, owner: Actor
) -> None:
    appointment = registry.appoint(session, post, "Holger Heldermann", by="test", now=NOW)
    wanted = replace(post_values(post), title="Desk of Holger Heldermann")
    proposal = proposals.change_post(session, post, wanted, actor=owner, now=NOW, applies_on=DAY).proposal
    erasing.erase_official(session, appointment.official, by="test", now=NOW, reason="asked to be")
    assert proposal is not None
    assert proposal.state == "outdated"
    assert scheduling.apply_due(session, now=NOW, today=DAY).total == 0
    assert "Heldermann" not in post.title
