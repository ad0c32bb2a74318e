"""Kept no longer: who held a closed post, what was written about it; and what must stay stays, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.confirmations.models import CallTask, ConfirmationLetter, Finding, LetterEntry, OutcomeReport
from directory.history.models import Change
from directory.mail.models import ReceivedMail
from directory.privacy import erasing, retention
from directory.privacy.words import Words
from directory.proposals import closing
from directory.proposals import operations as proposals
from directory.registry import operations as registry
from directory.registry.models import Appointment, Official, Post
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_post
from tests.integration.test_calls import make_person
from tests.integration.test_confirmations import run_on
from tests.integration.test_scheduled import actor_of

TODAY = NOW.date()
NAME, MOBILE = "Holger Heldermann", "+442079460124"


def hold(session: Session, post: Post, name: str = NAME, until_on: date | None = None) -> Appointment:
    appointment = registry.appoint(
        session, post, name, by="test", now=NOW, from_on=date(2025, 1, 1),
        contact_points=(ContactValues("mobile", MOBILE),),
    )  # fmt: skip
    if until_on is not None:
        registry.relieve(session, appointment, until_on=until_on, by="test", now=NOW)
    return appointment


def erase(session: Session, **more: int) -> int:
    return retention.erase_due(session, now=NOW, today=TODAY, after_days=30, **more)


def test_who_left_a_month_ago_is_taken_out_of_everything_and_the_post_stays(session: Session) -> None:
    post = make_post(session, is_desk=False)
    hold(session, post, until_on=TODAY - timedelta(days=31))
    assert erase(session) == 1
    assert erasing.where_found(session, Words([NAME, MOBILE])) == {}
    assert session.get(Post, post.id) is post
    stub = post.appointments[0]
    assert (stub.official.name, stub.until_on, stub.contact_points) == ("", TODAY - timedelta(days=31), [])
    line = session.scalars(select(Change).where(Change.action == "erase")).one()
    assert (line.by, line.reason) == ("worker", retention.REASON)
    assert erase(session) == 0, "once is enough"


@pytest.mark.parametrize(
    ("until_days_ago", "is_erased"), [(None, False), (-5, False), (29, False), (30, False), (31, True), (400, True)]
)
def test_the_day_decides(session: Session, until_days_ago: int | None, *, is_erased: bool) -> None:
    until_on = None if until_days_ago is None else TODAY - timedelta(days=until_days_ago)
    hold(session, make_post(session, is_desk=False), until_on=until_on)
    assert erase(session) == is_erased


def test_who_holds_another_post_stays(session: Session) -> None:
    left = hold(session, make_post(session, is_desk=False), until_on=TODAY - timedelta(days=60))
    other = Appointment(official=left.official, from_on=TODAY + timedelta(days=3))
    elsewhere = make_post(session, title="Other", is_desk=False)
    elsewhere.appointments.append(other)
    session.flush()
    assert erase(session) == 0
    other.until_on = other.from_on = TODAY - timedelta(days=40)
    session.flush()
    assert erase(session) == 1


@pytest.mark.parametrize("has_role", [True, False])
def test_who_still_signs_in_for_something_else_goes_on_doing_so(session: Session, *, has_role: bool) -> None:
    left = hold(session, make_post(session, is_desk=False), until_on=TODAY - timedelta(days=60))
    account = make_person(session, "reader", "Holger", country="RO")
    account.official_id = left.official_id
    if not has_role:
        account.grants[0].ended_at = NOW
    session.flush()
    assert erase(session) == 1
    assert session.get_one(Account, account.id).state == ("active" if has_role else "closed")


def test_a_run_takes_no_more_than_its_share(session: Session) -> None:
    for n in range(3):
        hold(session, make_post(session, title=f"Desk {n}"), f"Person Number{n}", until_on=TODAY - timedelta(days=60))
    assert [erase(session, limit=2), erase(session, limit=2), erase(session, limit=2)] == [2, 1, 0]


def test_demo_people_are_invented_and_stay(session: Session) -> None:
    appointment = hold(session, make_post(session), until_on=TODAY - timedelta(days=60))
    appointment.official.is_demo = True
    session.flush()
    assert erase(session) == 0


def test_the_holder_of_a_closed_entry_goes_a_month_after_it(session: Session) -> None:
    post = make_post(session, is_desk=False)
    official_id = hold(session, post).official_id
    cora, cezar = (actor_of(session, make_person(session, "coordinator", n, country="RO")) for n in ("Cora", "Cezar"))
    proposal = closing.propose_close(session, post, actor=cora, now=NOW, reason="The office closed")
    assert proposal is not None
    proposals.accept(session, proposal, actor=cezar, now=NOW)
    session.expire_all()
    assert erase(session) == 0
    later = NOW + timedelta(days=32)
    assert retention.erase_due(session, now=later, today=later.date(), after_days=30) == 1
    assert session.get_one(Official, official_id).name == ""
    assert erasing.where_found(session, Words([NAME])) == {}


def test_what_was_written_is_emptied_once_it_is_settled_and_old(session: Session) -> None:
    post = make_post(session)
    old, young = NOW - timedelta(days=91), NOW - timedelta(days=89)
    for since, settled in ((old, old), (old, None), (young, young)):
        session.add(
            Finding(
                post_id=post.id, kind="bounced", value="a@b.example", evidence="says so", by="test", since_at=since,
                settled_at=settled,
            )
        )  # fmt: skip
        session.add(
            CallTask(
                key=f"{since}{settled}", post_id=post.id, country_code="RO", reason="note", note="said so",
                opened_at=since, due_on=TODAY, tell_on=TODAY, settled_at=settled,
            )
        )  # fmt: skip
        session.add(
            ReceivedMail(
                message_hash=f"{since}{settled}"[:64], kind="hard", received_at=since, evidence="nobody there",
                state="settled" if settled else "new",
            )
        )  # fmt: skip
    for days in (364, 366):
        session.add(OutcomeReport(post_id=post.id, outcome="reached", at=NOW - timedelta(days=days)))
    session.commit()
    kept = retention.Kept()
    assert retention.forget_old(session, now=NOW, kept=kept) > 0
    session.expire_all()
    assert sorted(session.scalars(select(Finding.evidence))) == ["", "says so", "says so"]
    assert sorted(session.scalars(select(Finding.value))) == ["", "a@b.example", "a@b.example"]
    assert sorted(session.scalars(select(CallTask.note))) == ["", "said so", "said so"]
    assert sorted(session.scalars(select(ReceivedMail.evidence))) == ["", "nobody there", "nobody there"]
    assert len(session.scalars(select(OutcomeReport.id)).all()) == 1
    assert retention.forget_old(session, now=NOW, kept=kept) == 0, "once is enough"


def test_what_stood_in_an_old_letter_is_emptied(session: Session) -> None:
    post = make_post(session, confirmed_days_ago=80)
    make_person(session, "focal_point", "Olga", body=post.institution_id)
    session.commit()
    morning = NOW.replace(hour=9)
    run_on(session, morning)
    assert session.scalars(select(LetterEntry.snapshot)).one()["title"] == post.title
    retention.forget_old(session, now=morning + timedelta(days=89), kept=retention.Kept())
    session.expire_all()
    assert session.scalars(select(LetterEntry.snapshot)).one() != {}
    retention.forget_old(session, now=morning + timedelta(days=91), kept=retention.Kept())
    session.expire_all()
    assert session.scalars(select(LetterEntry.snapshot)).one() == {}
    assert session.scalars(select(ConfirmationLetter.id)).one()
