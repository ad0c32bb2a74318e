"""The quarterly question from the first letter to the answer, on both databases."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, PostOwner
from directory.accounts.vault import Vault
from directory.confirmations import answering, letters, links, running
from directory.confirmations.answering import AlreadyAnswered, Answerer, Given
from directory.confirmations.models import CallTask, ConfirmationLetter, ConfirmationRequest
from directory.confirmations.rounds import Day
from directory.confirmations.rules import Timeline
from directory.mail.models import OutgoingMail
from directory.registry.models import Post
from tests.conftest import NOW
from tests.factories import make_institution, make_post

KEYS = ("k" * 40,)
DESK = letters.Desk(Vault(KEYS), letters.code_key(KEYS), "https://directory.example.org", "Europe/Vienna")
WORKING_MORNING = NOW.replace(hour=9)


def day_of(now: datetime) -> Day:
    return Day(now, now.date(), Timeline())


def run_on(session: Session, now: datetime) -> dict[str, int]:
    return running.run(session, day_of(now), DESK, limit=1000)


@pytest.fixture
def owned(session: Session) -> tuple[Account, Post, Post]:
    """One owner of two entries; the older was confirmed 76 days ago."""
    agency = make_institution(session)
    one = make_post(session, agency, title="Return desk", confirmed_days_ago=76)
    two = make_post(session, agency, title="Arrival desk", confirmed_days_ago=20)
    account = Account(email="owner@agency.example", name="Olga Owner (demo)", created_at=NOW)
    session.add(account)
    session.flush()
    session.add_all(PostOwner(post_id=post.id, account_id=account.id) for post in (one, two))
    session.commit()
    return account, one, two


def letters_to(session: Session, account: Account) -> list[OutgoingMail]:
    found = select(OutgoingMail).where(OutgoingMail.account_id == account.id).order_by(OutgoingMail.queued_at)
    return list(session.scalars(found))


def test_one_letter_covers_all_entries_of_an_owner(session: Session, owned: tuple[Account, Post, Post]) -> None:
    account, *_ = owned
    assert run_on(session, WORKING_MORNING)["letters"] == 1
    mail = letters_to(session, account)[0]
    assert "Return desk" in mail.text
    assert "Arrival desk" in mail.text
    assert "2 entries" in mail.subject
    assert run_on(session, WORKING_MORNING + timedelta(hours=1))["letters"] == 0
    assert len(letters_to(session, account)) == 1


def test_the_timeline_goes_from_letter_to_call_to_decision(session: Session, owned: tuple[Account, Post, Post]) -> None:
    assert owned
    written: list[date] = []
    for offset in range(130):
        now = WORKING_MORNING + timedelta(days=offset)
        if run_on(session, now)["letters"]:
            written.append(now.date())
    request = session.scalars(select(ConfirmationRequest)).one()
    assert [(day - NOW.date()).days for day in written] == [0, 7, 14]
    assert request.state == "silent"
    reasons = session.scalars(select(CallTask.reason).order_by(CallTask.opened_at)).all()
    assert sorted(set(reasons)) == ["decide", "silent"]


def test_the_code_of_the_letter_confirms_once(session: Session, owned: tuple[Account, Post, Post]) -> None:
    account, one, two = owned
    run_on(session, WORKING_MORNING)
    mail = letters_to(session, account)[0]
    token = re.search(r"/confirm/(\S+)", mail.text)[1]  # type: ignore[index]
    code = re.search(r"^ {3}([A-Z2-9]{6})$", mail.text, re.MULTILINE)[1]  # type: ignore[index]
    now = WORKING_MORNING + timedelta(hours=2)
    letter = links.read(session, token, vault=DESK.vault, now=now)
    assert links.check_code(session, letter, "AAAAAA", now=now, desk=DESK) == "wrong"
    assert links.check_code(session, letter, code.lower(), now=now, desk=DESK) == "right"
    given = [Given(e.post_id, "still_right", e.digest) for e in letter.entries]
    who = Answerer(account, "letter")
    done = answering.answer(session, who, given, now=now, today=now.date())
    assert sorted(done.confirmed) == sorted([one.id, two.id])
    assert session.get_one(Post, one.id).confirmed_at == now
    assert session.scalars(select(ConfirmationRequest.state)).one() == "answered"
    with pytest.raises(AlreadyAnswered):
        answering.answer(session, who, given, now=now + timedelta(days=2), today=now.date())


def test_a_newer_letter_supersedes_the_older(session: Session, owned: tuple[Account, Post, Post]) -> None:
    account, *_ = owned
    run_on(session, WORKING_MORNING)
    run_on(session, WORKING_MORNING + timedelta(days=7))
    old, new = letters_to(session, account)
    tokens = [re.search(r"/confirm/(\S+)", mail.text)[1] for mail in (old, new)]  # type: ignore[index]
    now = WORKING_MORNING + timedelta(days=8)
    with pytest.raises(links.DeadLetter, match="superseded"):
        links.read(session, tokens[0], vault=DESK.vault, now=now)
    assert links.read(session, tokens[1], vault=DESK.vault, now=now).step == "remind"
    assert session.scalars(select(ConfirmationLetter.id)).all()


def test_who_was_silent_for_a_whole_request_is_asked_again_a_quarter_later(
    session: Session, owned: tuple[Account, Post, Post]
) -> None:
    """Nobody in the country to decide, or nobody who did: silence must not end the asking for good."""
    account, *_ = owned
    for offset in range(0, 230, 2):
        run_on(session, WORKING_MORNING + timedelta(days=offset))
    days = sorted((mail.queued_at - WORKING_MORNING).days for mail in letters_to(session, account))
    states = session.scalars(select(ConfirmationRequest.state).order_by(ConfirmationRequest.opened_on)).all()
    assert states == ["silent", "open"]
    assert [day for day in days if day < 100] == [0, 8, 16]
    assert days[3] >= 104 + 76
