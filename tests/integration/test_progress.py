"""How a round goes, what nobody is asked about, and letters that need a look, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.grounds import EVERYWHERE
from directory.accounts.models import Account
from directory.confirmations import answering, call_results, calls, correspondence, progress
from directory.confirmations.call_results import Caller
from directory.confirmations.models import Check, ConfirmationRequest, RequestedEntry
from directory.confirmations.rules import quarter_of
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.registry.models import Post
from directory.registry.rules import FreshnessDays
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.integration.test_calls import TODAY, caller_of, lines, make_person, said, times
from tests.integration.test_confirmations import WORKING_MORNING, run_on


@pytest.fixture
def cora(session: Session) -> Caller:
    return caller_of(session, make_person(session, "coordinator", "Cora", country="RO"))


@pytest.fixture
def owned(session: Session) -> tuple[Account, list[Post]]:
    body = make_institution(session)
    posts = [make_post(session, body, title=f"Desk {n}", confirmed_days_ago=76) for n in range(3)]
    owner = make_person(session, "focal_point", "Olga", body=body.id)
    session.commit()
    return owner, posts


def test_a_round_counts_answers_by_what_brought_them(
    session: Session, owned: tuple[Account, list[Post]], cora: Caller
) -> None:
    owner, posts = owned
    run_on(session, WORKING_MORNING)
    week = WORKING_MORNING + timedelta(days=7)
    run_on(session, week)
    letter_answer = answering.Answerer(owner, "signed_in")
    given = [answering.Given(posts[0].id, "still_right", said(session, posts[0]).digest)]
    answering.answer(session, letter_answer, given, now=week + timedelta(hours=1), today=week.date())
    on_phone = {"caller": cora, "now": week + timedelta(hours=2), "today": week.date()}
    call_results.confirm(session, posts[1], said(session, posts[1]), read_back=lines(session, posts[1]), **on_phone)
    quarter = quarter_of(TODAY)
    place = calls.ground_of(cora.actor.person)
    standing = progress.standings(session, quarter, place)["RO"]
    assert standing.asked == 3
    assert dict(standing.answered) == {"remind": 1, "call": 1}
    assert dict(standing.open) == {"remind": 1}
    assert (standing.silent, standing.percent) == (0, 66)
    curve = standing.curve()
    assert (curve[6], curve[7], curve[-1]) == (0, 66, 66)
    assert progress.standings(session, quarter, place.narrowed("BG")) == {}
    assert progress.together([standing, standing]).asked == 6


def test_entries_that_nobody_is_asked_about_are_counted(session: Session, cora: Caller) -> None:
    make_post(session)
    make_post(session, make_institution(session, "Office", country="BG"))
    everywhere = EVERYWHERE
    assert progress.unasked(session, everywhere, today=TODAY) == {"BG": (1, False), "RO": (1, True)}


def test_freshness_over_the_months_follows_the_checks(session: Session, cora: Caller) -> None:
    post = make_post(session, confirmed_days_ago=1, now=NOW - timedelta(days=150))
    post.added_at = NOW - timedelta(days=400)
    session.add(Check(post_id=post.id, method="call", outcome="right", by="test", at=NOW - timedelta(days=151)))
    session.flush()
    days = [TODAY - timedelta(days=140), TODAY - timedelta(days=20)]
    place = calls.ground_of(cora.actor.person)
    assert progress.fresh_on(session, place, days, overdue=90)["RO"] == [(1, 1), (0, 1)]
    assert progress.fresh_now(session, place, today=TODAY, days=FreshnessDays())["RO"].total() == 1
    assert progress.month_ends(date(2026, 3, 5), 3) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 5)]


# Letters that need a look


def test_an_uncertain_letter_is_asked_again_by_a_newer_one(
    session: Session, owned: tuple[Account, list[Post]], cora: Caller
) -> None:
    run_on(session, WORKING_MORNING)
    mail = session.scalars(select(OutgoingMail).where(OutgoingMail.letter == "confirm")).one()
    mail.state = "uncertain"
    session.commit()
    place = calls.ground_of(cora.actor.person)
    (shown,) = correspondence.letters(session, place)
    assert shown.may_repeat
    assert correspondence.letters(session, place.narrowed("BG")) == []
    assert correspondence.letter_of(session, mail.id, place.narrowed("BG")) is None
    assert correspondence.ask_again(session, mail, by=cora.account.id, now=WORKING_MORNING)
    assert not correspondence.ask_again(session, mail, by=cora.account.id, now=WORKING_MORNING)
    session.commit()
    assert run_on(session, WORKING_MORNING + timedelta(hours=1))["letters"] == 0, "nobody gets two on a day"
    assert run_on(session, WORKING_MORNING + timedelta(days=1))["letters"] == 1
    newer = session.scalars(
        select(OutgoingMail).where(OutgoingMail.letter == "confirm", OutgoingMail.id != mail.id)
    ).one()
    assert newer.text != mail.text
    assert not correspondence.letters(session, place)[0].may_repeat


def test_what_came_back_is_seen_where_it_belongs_and_settled_once(
    session: Session, owned: tuple[Account, list[Post]], cora: Caller
) -> None:
    run_on(session, WORKING_MORNING)
    mail = session.scalars(select(OutgoingMail).where(OutgoingMail.letter == "confirm")).one()
    for n, about in enumerate([mail.id, None]):
        session.add(
            ReceivedMail(
                message_hash=f"{n}" * 64,
                kind="auto_reply",
                outgoing_mail_id=about,
                received_at=NOW,
                evidence="Back soon",
            )
        )
    session.flush()
    place, everywhere = calls.ground_of(cora.actor.person), EVERYWHERE
    (reply,) = correspondence.replies(session, place)
    assert reply.letter is mail
    assert correspondence.replies(session, place.narrowed("BG")) == []
    assert len(correspondence.replies(session, everywhere)) == 2
    assert correspondence.reply_of(session, reply.received.id, place.narrowed("BG")) is None
    found = correspondence.reply_of(session, reply.received.id, place)
    assert found is not None
    correspondence.settle(session, found, by=cora.account.id, now=NOW)
    correspondence.settle(session, found, by="somebody else", now=NOW)
    assert (found.state, found.settled_by) == ("settled", cora.account.id)


def test_requests_stay_open_while_only_the_call_was_tried(
    session: Session, owned: tuple[Account, list[Post]], cora: Caller
) -> None:
    run_on(session, WORKING_MORNING)
    _owner, posts = owned
    call_results.note_no_answer(session, posts[0], said(session, posts[0]), **times(cora))
    assert session.scalars(select(ConfirmationRequest.state)).one() == "open"
    assert set(session.scalars(select(RequestedEntry.answer))) == {None}
