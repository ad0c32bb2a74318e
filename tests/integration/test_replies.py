"""What comes back by mail: whose entries are marked, who is asked the same day, and that nothing else ever moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.confirmations import answering, replies, rounds, running
from directory.confirmations.answering import Answerer, Given
from directory.confirmations.models import Asked, CallTask, ConfirmationRequest, Finding, RequestedEntry
from directory.confirmations.snapshots import digest, load_posts, snapshot
from directory.db import new_id
from directory.entries import queries
from directory.mail.breaker import Limits
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.registry.models import ContactPoint, Post
from directory.registry.operations import set_post
from directory.registry.pictures import post_values
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.integration.test_confirmations import DESK, WORKING_MORNING, day_of

ADDRESS = "owner@agency.example"
DESK_MAIL = "desk@agency.example"


class World:
    """An owner of two entries, the focal point of their institution, a coordinator; one of the two shows a mailbox."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.body = make_institution(session)
        lines = (ContactValues("phone", "+442079460101"), ContactValues("email", DESK_MAIL, is_published=True))
        self.post = make_post(session, self.body, title="Return desk", contact_points=lines, confirmed_days_ago=20)
        self.other = make_post(session, self.body, title="Arrival desk", confirmed_days_ago=20)
        self.owner = self.account(ADDRESS, "reader", country="RO")
        self.focal = self.account("focal@agency.example", "focal_point", institution_id=self.body.id)
        self.coordinator = self.account("coordinator@ministry.example", "coordinator", country="RO")
        session.add_all(PostOwner(post_id=p.id, account_id=self.owner.id) for p in (self.post, self.other))
        session.commit()

    def account(
        self, email: str, role: str, *, country: str | None = None, institution_id: str | None = None
    ) -> Account:
        account = Account(email=email, name=f"A {role} (demo)", created_at=NOW)
        account.grants = [
            AccountGrant(
                role=role, country_code=country, institution_id=institution_id, granted_at=NOW, granted_by="test"
            )
        ]
        self.session.add(account)
        self.session.flush()
        return account

    def letter(self, to: str = ADDRESS, account: Account | None = None, *, at: datetime = WORKING_MORNING) -> str:
        account = account or (self.owner if to == ADDRESS else None)
        mail = OutgoingMail(
            key=new_id(), letter="confirm", to=to, domain=to.partition("@")[2], subject="Please confirm", text="", html="",
            account_id=account.id if account else None, queued_at=at, due_at=at, taken_at=at, state="sent",
            transmission_count=1, sent_at=at,
        )  # fmt: skip
        self.session.add(mail)
        self.session.flush()
        return mail.id

    def comes_back(
        self, kind: str, mail_id: str | None, *, at: datetime = WORKING_MORNING, **more: Any
    ) -> ReceivedMail:
        row = ReceivedMail(
            message_hash=new_id(), kind=kind, outgoing_mail_id=mail_id, domain="agency.example", received_at=at, **more
        )
        self.session.add(row)
        self.session.commit()
        return row

    def settle(self, at: datetime = WORKING_MORNING, **more: Any) -> int:
        count = replies.settle(self.session, day_of(at), **more)
        self.session.commit()
        return count

    def findings(self) -> list[tuple[str, str]]:
        rows = select(Post.title, Finding.value).join(Finding).where(Finding.settled_at.is_(None)).order_by(Post.title)
        return [tuple(row) for row in self.session.execute(rows)]

    def reachability(self, post: Post) -> str:
        self.session.expire_all()
        return self.session.get_one(Post, post.id).reachability

    def tasks(self, reason: str) -> list[CallTask]:
        rows = select(CallTask).where(CallTask.reason == reason, CallTask.settled_at.is_(None))
        return list(self.session.scalars(rows.order_by(CallTask.opened_at, CallTask.id)))


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def everything(session: Session) -> list[Any]:
    """All that a report might change."""
    session.expire_all()
    found: list[Any] = []
    for model in (Post, Finding, ConfirmationRequest, RequestedEntry, Asked, CallTask, ContactPoint, OutgoingMail):
        rows = session.execute(select(model.__table__).order_by(*model.__table__.primary_key))
        found += [tuple(row) for row in rows]
    return found


def test_after_one_bounce_the_owners_entries_are_marked_and_others_asked_the_same_day(
    session: Session, world: World
) -> None:
    revision = world.post.revision
    world.comes_back("hard", world.letter(), status="5.1.1", evidence="She left; ask Ana Example (demo).")
    assert world.settle() == 1
    assert world.findings() == [("Arrival desk", ADDRESS), ("Return desk", ADDRESS)]
    assert world.reachability(world.post) == "mail:2026-11-24"
    assert session.get_one(Post, world.post.id).revision > revision
    entry = queries.load(session, [world.post.id], today=NOW.date())[0]
    assert entry.reachability == "No mail has got through since 24 November 2026."
    request = session.scalars(select(ConfirmationRequest)).one()
    assert (request.account_id, request.state, request.next_step) == (world.owner.id, "open", "institution")
    asked = session.execute(select(Asked.account_id, Asked.since_on)).all()
    assert asked == [(world.focal.id, WORKING_MORNING.date())]
    tasks = world.tasks("bounced")
    assert len(tasks) == 2
    assert {task.tell_on for task in tasks} == {WORKING_MORNING.date()}
    assert ADDRESS in tasks[0].note
    assert "Ana Example" not in tasks[0].note, "what a server wrote stays with the finding"


def test_the_letters_of_the_same_run_go_to_the_others_and_not_to_the_dead_address(
    session: Session, world: World
) -> None:
    world.comes_back("hard", world.letter())
    running.run(session, day_of(WORKING_MORNING), DESK, limit=1000)
    to = set(
        session.scalars(select(OutgoingMail.to).where(OutgoingMail.letter == "confirm", OutgoingMail.state == "queued"))
    )
    told = set(session.scalars(select(OutgoingMail.to).where(OutgoingMail.letter == "calls")))
    assert to == {"focal@agency.example"}
    assert told == {"coordinator@ministry.example"}


def test_nothing_is_hidden_by_a_bounce(session: Session, world: World) -> None:
    before = queries.load(session, [world.post.id], today=NOW.date())[0]
    world.comes_back("hard", world.letter())
    world.settle()
    after = queries.load(session, [world.post.id], today=NOW.date())[0]
    assert after.contact_lines == before.contact_lines
    assert after.confirmed_at == before.confirmed_at


def test_a_second_report_about_the_same_address_adds_nothing(session: Session, world: World) -> None:
    world.comes_back("hard", world.letter())
    world.settle()
    before = everything(session)
    world.comes_back("hard", world.letter(at=WORKING_MORNING))
    with_letter = everything(session)
    world.settle(WORKING_MORNING + timedelta(hours=1))
    assert everything(session) == with_letter
    assert len(with_letter) == len(before) + 1


def test_a_mailbox_that_readers_see_marks_its_entry_and_the_owner_is_still_written_to(
    session: Session, world: World
) -> None:
    world.comes_back("hard", world.letter(DESK_MAIL.upper()))
    running.run(session, day_of(WORKING_MORNING), DESK, limit=1000)
    assert world.findings() == [("Return desk", DESK_MAIL)]
    assert world.reachability(world.post) == "mail:2026-11-24"
    assert world.reachability(world.other) == ""
    to = set(
        session.scalars(select(OutgoingMail.to).where(OutgoingMail.letter == "confirm", OutgoingMail.state == "queued"))
    )
    assert to == {ADDRESS}, "the owner's own mail works"


def test_only_what_the_owner_is_asked_about_is_marked_where_a_request_is_open(session: Session, world: World) -> None:
    rounds.ask_now(session, world.owner.id, day_of(WORKING_MORNING))
    row = session.scalars(select(RequestedEntry).where(RequestedEntry.post_id == world.other.id)).one()
    row.answer, row.answered_at = "still_right", WORKING_MORNING
    world.comes_back("hard", world.letter())
    world.settle()
    assert world.findings() == [("Return desk", ADDRESS)]


@pytest.mark.parametrize("kind", ["policy", "routing", "loop", "other"])
def test_our_own_reputation_or_routing_is_no_finding(session: Session, world: World, kind: str) -> None:
    world.comes_back(kind, world.letter())
    before = everything(session)
    assert world.settle() == 0
    assert everything(session) == before


def test_a_full_mailbox_counts_on_the_third_day(session: Session, world: World) -> None:
    for number in range(3):
        at = WORKING_MORNING + timedelta(days=number)
        assert world.findings() == []
        world.comes_back("soft", world.letter(at=at), at=at, status="4.2.2")
        world.settle(at)
    assert world.findings() == [("Arrival desk", ADDRESS), ("Return desk", ADDRESS)]
    assert world.reachability(world.post) == "mail:2026-11-26"


def test_three_times_on_one_day_is_one_day(session: Session, world: World) -> None:
    for _ in range(3):
        world.comes_back("soft", world.letter())
    world.settle()
    assert world.findings() == []


def test_a_server_that_is_away_for_everybody_marks_nobody(session: Session, world: World) -> None:
    people = [world.account(f"p{number}@agency.example", "reader", country="RO") for number in range(4)]
    for number in range(3):
        at = WORKING_MORNING + timedelta(days=number)
        for account in (world.owner, *people):
            world.comes_back("soft", world.letter(account.email, account, at=at), at=at)
        world.settle(at)
    assert world.findings() == []
    assert (
        "their server" in session.scalars(select(ReceivedMail.note).order_by(ReceivedMail.received_at.desc())).first()
    )  # type: ignore[operator]


def make_waiting_reminder(session: Session, world: World) -> ConfirmationRequest:
    rounds.ask_now(session, world.owner.id, day_of(WORKING_MORNING))
    rounds.take_steps(session, day_of(WORKING_MORNING))
    session.commit()
    request = session.scalars(select(ConfirmationRequest)).one()
    assert (request.next_step, request.next_on) == ("remind", date(2026, 12, 1))
    return request


@pytest.mark.parametrize(
    ("return_on", "step", "next_on"),
    [
        (date(2026, 12, 3), "remind", date(2026, 12, 4)),
        (date(2026, 11, 26), "remind", date(2026, 12, 1)),  # back before the reminder: it stays
        (date(2026, 12, 8), "deputy", date(2026, 12, 8)),  # the deputy is not kept waiting
        (date(2027, 12, 8), "deputy", date(2026, 12, 8)),
        (None, "remind", date(2026, 12, 1)),
    ],
)
def test_the_reminder_waits_for_somebody_who_is_away_but_not_long(
    session: Session, world: World, return_on: date | None, step: str, next_on: date
) -> None:
    request = make_waiting_reminder(session, world)
    row = world.comes_back("auto_reply", world.letter(), return_on=return_on, names_deputy="Ask Ana Example (demo)")
    world.settle()
    assert (request.next_step, request.next_on, request.state) == (step, next_on, "open")
    assert world.findings() == []
    assert all(entry.answer is None for entry in request.entries)
    assert (row.state, row.return_on) == ("settled", return_on)
    assert "names somebody who stands in" in row.note
    assert "2026" not in (world.reachability(world.post)), "an absence is never published"


def test_an_absence_that_only_says_which_letter_it_answers_moves_nothing(session: Session, world: World) -> None:
    request = make_waiting_reminder(session, world)
    world.comes_back("auto_reply", None, mentions_mail_id=world.letter(), return_on=date(2026, 12, 4))
    world.settle()
    assert request.next_on == date(2026, 12, 1)


def test_an_answer_by_mail_goes_on_the_call_list_and_confirms_nothing(session: Session, world: World) -> None:
    request = make_waiting_reminder(session, world)
    text = "All of it is right. The passport number X1234567 of the girl is with us.\n" + "More. " * 400
    world.comes_back(
        "reply", None, mentions_mail_id=world.letter(), sender=ADDRESS, subject="Re: confirm", evidence=text
    )
    world.settle()
    (task,) = world.tasks("reply")
    assert task.tell_on == WORKING_MORNING.date()
    assert "All of it is right." in task.note
    assert ADDRESS in task.note
    assert "X1234567" not in task.note
    assert "left out" in task.note
    assert len(task.note) <= 1200
    assert all(entry.answer is None for entry in request.entries)
    assert session.get_one(Post, world.post.id).confirmed_at == NOW - timedelta(days=20)


def test_a_hundred_answers_make_one_task(session: Session, world: World) -> None:
    make_waiting_reminder(session, world)
    letter = world.letter()
    for number in range(100):
        at = WORKING_MORNING + timedelta(seconds=number)
        world.comes_back("reply", letter, at=at, sender=ADDRESS, evidence=f"Answer {number}. " + "More. " * 40)
    world.settle()
    (task,) = world.tasks("reply")
    assert "Answer 0." in task.note
    assert "Answer 1." in task.note
    assert len(task.note) <= replies.MOST_NOTES


def test_an_answer_to_no_letter_is_left_to_read(session: Session, world: World) -> None:
    before = everything(session)
    row = world.comes_back("reply", None, sender=ADDRESS, evidence="Hello")
    world.settle()
    assert everything(session) == before
    assert "read it here" in row.note


def test_a_thousand_forged_reports_change_nothing_and_a_genuine_one_does(session: Session, world: World) -> None:
    make_waiting_reminder(session, world)
    letter = world.letter()
    kinds = ("hard", "soft", "auto_reply", "reply")
    session.add_all(
        ReceivedMail(
            message_hash=new_id(), kind=kinds[number % 4], state="held" if number % 3 else "ignored",
            outgoing_mail_id=letter if number % 3 else None, recipient=ADDRESS, sender=ADDRESS, evidence="forged",
            status="5.1.1", return_on=date(2026, 12, 4), received_at=WORKING_MORNING - timedelta(days=2),
        )
        for number in range(1000)
    )  # fmt: skip
    # New ones, too, that no signature of ours ties to a letter.
    session.add_all(
        ReceivedMail(message_hash=new_id(), kind=kind, recipient=ADDRESS, sender=ADDRESS, received_at=WORKING_MORNING)
        for kind in kinds
        for _ in range(5)
    )
    session.commit()
    before = everything(session)
    world.settle(limit=2000, limits=Limits(10_000, 100))
    assert everything(session) == before
    assert session.scalar(select(func.count()).where(ReceivedMail.state.in_(("held", "ignored")))) == 1000
    world.comes_back("hard", letter)
    world.settle(limits=Limits(10_000, 100))
    assert everything(session) != before
    assert len(world.findings()) == 2


def test_a_confirmation_settles_it(session: Session, world: World) -> None:
    world.comes_back("hard", world.letter())
    world.settle()
    post = load_posts(session, [world.post.id])[world.post.id]
    given = Given(post.id, "still_right", digest(snapshot(post, NOW.date())))
    answering.answer(
        session, Answerer(world.coordinator, "call"), [given], now=WORKING_MORNING, today=WORKING_MORNING.date()
    )
    assert world.findings() == [("Arrival desk", ADDRESS)]
    assert world.reachability(world.post) == ""


def test_another_address_settles_it_on_the_page_and_at_the_owner(session: Session, world: World) -> None:
    world.comes_back("hard", world.letter(DESK_MAIL))
    world.comes_back("hard", world.letter())
    world.settle()
    day = day_of(WORKING_MORNING + timedelta(days=1))
    assert replies.settle_changed(session, day) == 0, "the control: both still stand"
    post = load_posts(session, [world.post.id])[world.post.id]
    values = post_values(post)
    phone, mail = values.contact_points
    changed = ContactValues("email", "new@agency.example", is_published=True)
    set_post(session, post, replace(values, contact_points=(phone, changed)), by="test", now=NOW)
    assert mail.value == DESK_MAIL
    assert replies.settle_changed(session, day) == 1
    assert world.findings() == [("Arrival desk", ADDRESS), ("Return desk", ADDRESS)]
    assert world.reachability(world.post) == "mail:2026-11-24", "the owner's mail still comes back"
    world.owner.email = "new-owner@agency.example"
    session.flush()
    assert replies.settle_changed(session, day) == 2
    assert world.findings() == []
    assert world.reachability(world.post) == ""
