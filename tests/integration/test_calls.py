"""Calls, signed letters and decisions: what each does to an entry, its tasks and its round, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.accounts.people import person_of
from directory.confirmations import answering, call_results, calls, routes, settling
from directory.confirmations.call_results import Caller, NotReadBack, OwnEntry, Said
from directory.confirmations.models import CallTask, Check, EndNotice, Finding
from directory.confirmations.snapshots import digest, load_posts, snapshot
from directory.history.models import Change
from directory.mail.models import OutgoingMail
from directory.proposals import operations as proposals
from directory.proposals.actors import Actor, NotAllowed, OwnProposal
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Official, Post, Removal
from directory.registry.values import BadValue, ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.integration.test_confirmations import DESK as LETTER_DESK
from tests.integration.test_confirmations import WORKING_MORNING, day_of

TODAY = WORKING_MORNING.date()  # a Tuesday
NUMBER, MOBILE = "+442079460123", "+442079460124"


def make_person(
    session: Session, role: str, name: str, *, country: str | None = None, body: str | None = None
) -> Account:
    account = Account(email=f"{name.lower()}@people.example", name=f"{name} Tester", created_at=NOW)
    account.grants = [
        AccountGrant(role=role, country_code=country, institution_id=body, granted_at=NOW, granted_by="test")
    ]
    session.add(account)
    session.commit()
    return account


def caller_of(session: Session, account: Account) -> Caller:
    return Caller(account, Actor(account.id, "form", person_of(session, account)))


@pytest.fixture
def post(session: Session) -> Post:
    """A post with a desk number and a holder with a mobile, silent for half a year."""
    agency = make_institution(session)
    post = make_post(session, agency, phone=NUMBER, is_desk=False, confirmed_days_ago=181)
    registry.appoint(
        session, post, "Holger Holder (demo)", by="test", now=NOW, from_on=date(2026, 1, 1), agreed_at=NOW,
        contact_points=(ContactValues("mobile", MOBILE),),
    )  # fmt: skip
    calls.open_today(session, post, "silent", key="silent:1", now=NOW, today=TODAY)
    session.commit()
    return post


@pytest.fixture
def cora(session: Session) -> Caller:
    return caller_of(session, make_person(session, "coordinator", "Cora", country="RO"))


@pytest.fixture
def cezar(session: Session) -> Caller:
    return caller_of(session, make_person(session, "coordinator", "Cezar", country="RO"))


def times(caller: Caller) -> dict[str, Any]:
    return {"caller": caller, "now": WORKING_MORNING, "today": TODAY}


def said(session: Session, post: Post, method: str = "call", function: str = "holder", note: str = "") -> Said:
    loaded = load_posts(session, [post.id])[post.id]
    return Said(method, function, digest(snapshot(loaded, TODAY)), note)


def lines(session: Session, post: Post) -> set[str]:
    return {point.id for point in call_results.lines_to_read(load_posts(session, [post.id])[post.id], TODAY)}


def open_tasks(session: Session, post: Post) -> list[CallTask]:
    return calls.open_of_post(session, post.id)


@pytest.mark.parametrize("method", ["call", "signed_letter", "visit"])
def test_read_back_line_by_line_confirms_by_that_method(
    session: Session, post: Post, cora: Caller, method: str
) -> None:
    call_results.confirm(session, post, said(session, post, method), read_back=lines(session, post), **times(cora))
    assert (post.confirmed_at, post.confirmation_method) == (WORKING_MORNING, method)
    assert {p.confirmation_method for p in call_results.lines_to_read(post, TODAY)} == {method}
    check = session.scalars(select(Check).where(Check.post_id == post.id)).one()
    assert (check.method, check.outcome, check.note, check.by) == (method, "right", "holder", cora.account.id)
    assert open_tasks(session, post) == []
    names = session.scalars(select(Change.after).where(Change.subject_id == post.id, Change.action == "answered")).all()
    assert names == [{"answer": "still_right", "method": method}]


def test_a_line_that_was_not_read_back_confirms_nothing(session: Session, post: Post, cora: Caller) -> None:
    (missing, *rest) = sorted(lines(session, post))
    with pytest.raises(NotReadBack) as caught:
        call_results.confirm(session, post, said(session, post), read_back=rest, **times(cora))
    assert caught.value.missing == (missing,)
    assert post.confirmation_method == "signed_in"
    assert len(open_tasks(session, post)) == 1


def test_what_changed_since_the_page_was_shown_is_not_confirmed(session: Session, post: Post, cora: Caller) -> None:
    before = said(session, post)
    post.title = "Another desk"
    session.flush()
    with pytest.raises(answering.EntriesChanged):
        call_results.confirm(session, post, before, read_back=lines(session, post), **times(cora))


def test_nobody_confirms_an_entry_of_their_own_by_calling(session: Session, post: Post, cora: Caller) -> None:
    session.add(PostOwner(post_id=post.id, account_id=cora.account.id))
    session.flush()
    for act in (
        lambda: call_results.confirm(session, post, said(session, post), read_back=lines(session, post), **times(cora)),
        lambda: call_results.keep_holder(session, post, note="", **times(cora)),
        lambda: call_results.leave(session, post, said(session, post), last_day=None, **times(cora)),
    ):
        with pytest.raises(OwnEntry):
            act()
    assert open_tasks(session, post)


def test_a_coordinator_of_another_country_confirms_nothing(session: Session, post: Post) -> None:
    abroad = caller_of(session, make_person(session, "coordinator", "Boris", country="BG"))
    with pytest.raises(NotAllowed):
        call_results.confirm(session, post, said(session, post), read_back=lines(session, post), **times(abroad))
    task = open_tasks(session, post)[0]
    assert call_results.task_of(session, task.id, calls.ground_of(abroad.actor.person)) is None


def test_no_answer_counts_a_try_and_comes_back_in_two_working_days(session: Session, post: Post, cora: Caller) -> None:
    friday = TODAY + timedelta(days=3)
    due_on = call_results.note_no_answer(
        session, post, said(session, post), caller=cora, now=WORKING_MORNING, today=friday
    )
    (task,) = open_tasks(session, post)
    assert (task.tries, task.due_on, due_on) == (1, due_on, date(2026, 12, 3)), "past Saint Andrew and the national day"
    assert call_results.tries(session, post.id)[0].outcome == "no_answer"


def test_a_wrong_number_is_evidence_and_a_proposal_to_take_it_out(
    session: Session, post: Post, cora: Caller, cezar: Caller
) -> None:
    line = post.contact_points[0]
    proposal = call_results.note_wrong_number(session, post, said(session, post), line_id=line.id, **times(cora))
    finding = session.scalars(select(Finding).where(Finding.post_id == post.id)).one()
    assert (finding.kind, finding.value, finding.settled_at) == ("wrong", line.id, None)
    assert [p.value for p in post.contact_points] == [NUMBER], "it stands until a second person agrees"
    assert proposal is not None
    with pytest.raises(OwnProposal):
        proposals.accept(session, proposal, actor=cora.actor, now=NOW)
    proposals.accept(session, proposal, actor=cezar.actor, now=NOW)
    assert post.contact_points == []


def test_a_wrong_line_of_the_holder_or_the_house_is_evidence_only(session: Session, post: Post, cora: Caller) -> None:
    (mobile,) = post.appointments[0].contact_points
    assert call_results.note_wrong_number(session, post, said(session, post), line_id=mobile.id, **times(cora)) is None
    with pytest.raises(KeyError):
        call_results.note_wrong_number(session, post, said(session, post), line_id=post.id, **times(cora))
    assert session.scalars(select(Finding.value)).all() == [mobile.id]


def test_something_to_change_keeps_the_task_with_what_was_said(session: Session, post: Post, cora: Caller) -> None:
    call_results.note_change(session, post, said(session, post, note="The desk moved floors"), **times(cora))
    (task,) = open_tasks(session, post)
    assert task.note == "The desk moved floors"
    assert post.confirmation_method == "signed_in"


def test_left_waits_for_a_second_person_and_opens_one_task_to_fill_the_post(
    session: Session, post: Post, cora: Caller, cezar: Caller
) -> None:
    call_results.leave(session, post, said(session, post), last_day=None, **times(cora))
    assert post.appointments[0].until_on is None, "what a colleague says is no more than a proposal"
    proposal = session.scalars(select(Proposal).where(Proposal.subject_id == post.id)).one()
    proposals.accept(session, proposal, actor=cezar.actor, now=WORKING_MORNING)
    assert post.appointments[0].until_on == TODAY
    assert [task.reason for task in open_tasks(session, post)] == ["left"]


def test_a_silent_holder_is_kept_by_decision_and_looked_at_again(session: Session, post: Post, cora: Caller) -> None:
    calls.open_today(session, post, "decide", key="decide:1", now=NOW, today=TODAY)
    revision = post.revision
    call_results.keep_holder(session, post, note="She is on leave", **times(cora))
    session.refresh(post)
    assert post.keeps_holder
    assert post.revision > revision
    (again,) = open_tasks(session, post)
    assert again.due_on > TODAY + timedelta(days=20)


def test_closing_takes_a_second_person_and_leaves_a_stub_with_the_way_on(
    session: Session, post: Post, cora: Caller, cezar: Caller
) -> None:
    other = make_post(session, make_institution(session, "Other Agency"), title="Other desk")
    proposal = call_results.close(session, post, reason="The office closed", redirect_id=other.id, **times(cora))
    assert proposal is not None
    assert proposal.after["last_for"] == []
    assert session.get(Post, post.id) is not None
    with pytest.raises(OwnProposal):
        proposals.accept(session, proposal, actor=cora.actor, now=NOW)
    post_id, official_id = post.id, post.appointments[0].official_id
    proposals.accept(session, proposal, actor=cezar.actor, now=NOW)
    session.expire_all()
    assert session.get(Post, post_id) is None
    stub = session.get_one(Removal, post_id)
    assert (stub.reason, stub.redirect_id) == ("The office closed", other.id)
    assert session.scalars(select(CallTask).where(CallTask.post_id == post_id)).all() == []
    assert proposal.after["officials"] == [official_id]
    assert session.get_one(Official, official_id).name, "the name goes later, when its time has come"
    assert not proposals.may_return(proposal, NOW)


def test_the_last_route_is_closed_only_by_two_who_may(
    session: Session, post: Post, cora: Caller, cezar: Caller
) -> None:
    assert routes.last_for(session, post) == [4]
    proposal = call_results.close(session, post, reason="No money", redirect_id=None, **times(cora))
    assert proposal is not None
    assert proposal.after["last_for"] == [4]
    reader = caller_of(session, make_person(session, "reader", "Rea", country="RO"))
    with pytest.raises(NotAllowed):
        proposals.accept(session, proposal, actor=reader.actor, now=NOW)
    focal = caller_of(session, make_person(session, "focal_point", "Fabian", body=post.institution_id))
    with pytest.raises(NotAllowed):
        call_results.close(session, post, reason="No money", redirect_id=None, **times(focal))
    proposals.refuse(session, proposal, actor=cezar.actor, now=NOW)
    assert session.get(Post, post.id) is not None


@pytest.mark.parametrize(("reason", "redirect"), [("", None), ("x" * 501, None), ("gone", "own"), ("gone", "nobody")])
def test_closing_needs_a_reason_and_a_way_on_that_is_there(
    session: Session, post: Post, cora: Caller, reason: str, redirect: str | None
) -> None:
    redirect_id = {"own": post.id, "nobody": "00000000-0000-4000-8000-000000000000"}.get(redirect or "")
    with pytest.raises(BadValue):
        call_results.close(session, post, reason=reason, redirect_id=redirect_id, **times(cora))
    assert session.scalars(select(Proposal)).all() == []


def test_the_list_is_of_ones_own_country_the_overdue_first(session: Session, post: Post, cora: Caller) -> None:
    late = make_post(session, post.institution, title="Late desk")
    calls.open_task(session, late, "bounced", key="b", now=NOW, tell_on=TODAY, due_on=TODAY - timedelta(days=2))
    abroad = make_post(session, make_institution(session, "Office", country="BG"))
    calls.open_today(session, abroad, "silent", key="bg", now=NOW, today=TODAY)
    place = calls.ground_of(cora.actor.person)
    assert [task.post_id for task in calls.open_tasks(session, place)] == [late.id, post.id]
    assert calls.counts(session, place, today=TODAY) == (2, 1)
    assert calls.by_country(session, place, today=TODAY) == {"RO": (2, 1)}
    everywhere = calls.ground_of(person_of(session, make_person(session, "secretariat", "Sara")))
    assert len(calls.open_tasks(session, everywhere)) == 3
    assert len(calls.open_tasks(session, everywhere.narrowed("BG"))) == 1
    assert calls.open_tasks(session, place.narrowed("BG")) == []
    assert calls.ground_of(person_of(session, make_person(session, "reader", "Rea"))).is_empty


# Known ends


def test_a_known_end_is_announced_three_times_and_then_the_post_is_vacant(session: Session, post: Post) -> None:
    owner = make_person(session, "focal_point", "Olga", body=post.institution_id)
    registry.relieve(session, post.appointments[0], until_on=TODAY + timedelta(days=31), by="test", now=NOW)
    session.commit()
    for ahead in range(34):
        settling.announce_ends(session, day_of(WORKING_MORNING + timedelta(days=ahead)), LETTER_DESK)
    assert sorted(session.scalars(select(EndNotice.days_before))) == [2, 14, 30]
    sent = session.scalars(select(OutgoingMail).where(OutgoingMail.letter == "term_ends")).all()
    assert {mail.account_id for mail in sent} == {owner.id}
    assert not any(a.covers(TODAY + timedelta(days=32)) for a in post.appointments)
