"""Who stands in says “not mine”: the owner is asked on, by the next letter, and the coordinator knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.accounts.vault import Vault
from directory.confirmations import answering, letters, questions, running
from directory.confirmations.answering import AlreadyAnswered, Answerer, Given
from directory.confirmations.models import Asked, CallTask, Check, ConfirmationLetter, ConfirmationRequest
from directory.confirmations.rounds import Day
from directory.confirmations.rules import Timeline
from directory.confirmations.snapshots import digest, load_posts, snapshot
from directory.db import new_id
from directory.mail.models import OutgoingMail
from directory.registry.models import Institution, Post
from tests.conftest import NOW
from tests.factories import make_institution, make_post

DESK = letters.Desk(Vault(("k" * 40,)), letters.code_key(("k" * 40,)), "https://directory.example.org", "Europe/Vienna")
MORNING = NOW.replace(hour=9)


def day_of(days: float) -> Day:
    now = MORNING + timedelta(days=days)
    return Day(now, now.date(), Timeline())


def run_until(session: Session, last: int, *, since: int = 0) -> None:
    for days in range(since, last + 1):
        running.run(session, day_of(days), DESK, limit=1000)


def person(session: Session, name: str, role: str = "", body: Institution | None = None) -> Account:
    account = Account(id=new_id(), email=f"{name}@agency.example", name=f"{name.title()} (demo)", created_at=NOW)
    if role:
        place = {"institution_id": body.id} if body else {"country_code": "RO"}
        account.grants = [AccountGrant(role=role, granted_at=NOW, granted_by="test", **place)]
    session.add(account)
    session.flush()
    return account


class Body:
    """An agency with an owner of two entries that are due, a deputy, a focal point."""

    def __init__(self, session: Session) -> None:
        self.session, self.agency = session, make_institution(session)
        self.posts = [
            make_post(session, self.agency, title=title, confirmed_days_ago=76) for title in ("Arrival", "Return")
        ]
        self.owner = person(session, "olga")
        session.add_all(PostOwner(post_id=post.id, account_id=self.owner.id) for post in self.posts)
        self.deputy = person(session, "dora", "deputy", self.agency)
        self.focal = person(session, "fabian", "focal_point", self.agency)
        self.coordinator = person(session, "cora", "coordinator")
        session.commit()

    def say(self, who: Account, choice: str, posts: Sequence[Post], days: float, *, method: str = "letter") -> None:
        day, loaded = day_of(days), load_posts(self.session, [post.id for post in posts])
        given = [Given(one.id, choice, digest(snapshot(loaded[one.id], day.today)), note="Ask Ida.") for one in posts]
        answering.answer(self.session, Answerer(who, method), given, now=day.now, today=day.today)
        self.session.commit()

    def request(self) -> ConfirmationRequest:
        return self.session.scalars(select(ConfirmationRequest)).one()

    def still_asked(self) -> set[str]:
        return {entry.post_id for entry in self.request().entries if entry.answer is None}

    def calls(self) -> list[CallTask]:
        return list(self.session.scalars(select(CallTask).where(CallTask.reason == "not_mine")))

    def mails_to(self, account: Account) -> list[OutgoingMail]:
        mine = OutgoingMail.account_id == account.id, OutgoingMail.letter == "confirm"
        return list(self.session.scalars(select(OutgoingMail).where(*mine).order_by(OutgoingMail.queued_at)))


@pytest.fixture
def body(session: Session) -> Body:
    return Body(session)


def test_the_owners_question_stays_open_and_the_coordinator_knows(session: Session, body: Body) -> None:
    run_until(session, 14)
    body.say(body.deputy, "not_mine", body.posts, 14.1)
    assert body.still_asked() == {post.id for post in body.posts}
    assert (body.request().state, body.request().next_step) == ("open", "institution")
    assert {(task.post_id, task.note) for task in body.calls()} == {(post.id, "Ask Ida.") for post in body.posts}
    body.say(body.owner, "still_right", body.posts, 14.2)
    assert body.request().state == "answered"
    assert {task.outcome for task in body.calls()} == {"confirmed"}


def test_control_the_owners_own_word_closes_the_question(session: Session, body: Body) -> None:
    run_until(session, 14)
    body.say(body.owner, "not_mine", body.posts, 14.1)
    assert body.request().state == "answered"
    assert {entry.answer for entry in body.request().entries} == {"not_mine"}
    assert session.scalar(select(func.count(Check.id))) == 0


def test_the_next_route_is_asked_on_its_day_and_the_stand_in_no_more(session: Session, body: Body) -> None:
    run_until(session, 14)
    body.say(body.deputy, "not_mine", body.posts, 14.1)
    run_until(session, 120, since=15)
    assert len(body.mails_to(body.deputy)) == 1
    (mail,) = body.mails_to(body.focal)
    assert mail.queued_at.date() == (MORNING + timedelta(days=21)).date()
    assert "Arrival" in mail.text
    assert "Return" in mail.text
    reasons = select(CallTask.reason).where(CallTask.post_id == body.posts[0].id)
    assert set(session.scalars(reasons)) == {"not_mine", "silent", "decide"}


def test_the_focal_point_passes_on_to_the_coordinator_who_has_it_already(session: Session, body: Body) -> None:
    run_until(session, 21)
    body.say(body.focal, "not_mine", body.posts, 21.1)
    run_until(session, 30, since=22)
    assert body.request().state == "open"
    assert len(body.mails_to(body.focal)) == 1
    told = [task.told_at for task in session.scalars(select(CallTask))]
    assert all(told)


def test_of_two_entries_the_one_that_is_not_theirs_leaves_their_letters(session: Session, body: Body) -> None:
    run_until(session, 14)
    body.say(body.deputy, "not_mine", body.posts[:1], 14.1)
    asked = session.scalars(select(Asked).where(Asked.account_id == body.deputy.id)).one()
    again = Asked(request_id=asked.request_id, account_id=body.deputy.id, as_whom="head", step="institution")
    again.since_on = day_of(20).today
    session.add(again)
    session.commit()
    run_until(session, 20, since=20)
    second = body.mails_to(body.deputy)[1]
    assert "Return" in second.text
    assert "Arrival" not in second.text


def test_whoever_has_passed_everything_on_waits_for_no_letter(session: Session, body: Body) -> None:
    """They are asked again by a later step, or before their first letter was written: nothing is left to write."""
    run_until(session, 14)
    body.say(body.deputy, "not_mine", body.posts, 14.1)
    request = body.request()
    session.add(
        Asked(
            request_id=request.id,
            account_id=body.deputy.id,
            as_whom="head",
            step="institution",
            since_on=day_of(15).today,
        )
    )
    session.commit()
    assert letters.is_waiting(session, body.deputy.id, day_of(15))
    run_until(session, 15, since=15)
    assert not letters.is_waiting(session, body.deputy.id, day_of(15))
    assert len(body.mails_to(body.deputy)) == 1


@pytest.mark.parametrize("method", ["letter", "signed_in"])
def test_saying_it_twice_is_once(session: Session, body: Body, method: str) -> None:
    run_until(session, 14)
    body.say(body.deputy, "not_mine", body.posts, 14.1, method=method)
    with pytest.raises(AlreadyAnswered):
        body.say(body.deputy, "not_mine", body.posts, 14.2, method=method)
    assert len(body.calls()) == 2
    assert session.scalar(select(func.count(Check.id))) == 2


def test_their_pages_ask_them_no_more(session: Session, body: Body) -> None:
    run_until(session, 14)
    letter = session.scalars(select(ConfirmationLetter).where(ConfirmationLetter.account_id == body.deputy.id)).one()
    assert [one.answer for one in questions.of_letter(session, letter, today=day_of(14).today)] == [None, None]
    assert len(questions.of_account(session, body.deputy, today=day_of(14).today)) == 2
    body.say(body.deputy, "not_mine", body.posts[:1], 14.1)
    answers = {one.post.id: one.answer for one in questions.of_letter(session, letter, today=day_of(14).today)}
    assert answers == {body.posts[0].id: "not_mine", body.posts[1].id: None}
    (left,) = questions.of_account(session, body.deputy, today=day_of(14).today)
    assert left.post.id == body.posts[1].id


def test_the_next_quarter_asks_them_anew(session: Session, body: Body) -> None:
    run_until(session, 14)
    body.say(body.deputy, "not_mine", body.posts, 14.1)
    body.say(body.owner, "still_right", body.posts, 14.2)
    for days in (14 + 76, 14 + 83, 14 + 90):
        run_until(session, days, since=days)
    assert len(body.mails_to(body.deputy)) == 2


def test_a_right_answer_after_all_is_taken(session: Session, body: Body) -> None:
    run_until(session, 14)
    body.say(body.deputy, "not_mine", body.posts[:1], 14.1, method="signed_in")
    body.say(body.deputy, "still_right", body.posts[:1], 14.2, method="signed_in")
    assert body.still_asked() == {body.posts[1].id}


def test_where_the_coordinator_has_the_question_already_it_is_closed_as_before(session: Session, body: Body) -> None:
    run_until(session, 21)
    request = body.request()
    request.state, request.closed_at, request.next_on = "silent", datetime.now(tz=NOW.tzinfo), None
    session.commit()
    body.say(body.deputy, "not_mine", body.posts, 22, method="signed_in")
    assert {entry.answer for entry in body.request().entries} == {"not_mine"}
