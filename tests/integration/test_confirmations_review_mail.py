"""Faults a second look found in letters, erasing and locking around the rounds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from directory.confirmations import rounds, running
from directory.confirmations.models import (
    ConfirmationLetter,
    ConfirmationRequest,
    RequestedEntry,
    Succession,
)
from directory.db import transaction
from directory.mail import sending
from directory.mail.adapters import FileMailer
from directory.mail.message import Sender
from directory.mail.models import OutgoingMail
from directory.privacy import erasing, held, retention
from directory.privacy.words import Words
from directory.registry.models import Post
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.integration.test_confirmations import DESK, WORKING_MORNING, day_of, letters_to, run_on
from tests.integration.test_confirmations_review import an_owner, held_post, say
from tests.integration.test_rounds_clock import NOON, OWNERS, asked_engine  # noqa: F401


def test_erasing_reaches_the_named_successor_and_what_stood_in_letters(session: Session) -> None:
    post = held_post(session, days=76)
    owner = an_owner(session, post)
    session.commit()
    run_on(session, WORKING_MORNING)
    assert session.scalars(select(ConfirmationLetter)).all()
    named = Succession(post_id=post.id, name="Holda Holder (demo)", email="holda@agency.example", named_by=owner.id)
    named.named_at = NOW
    session.add(named)
    session.commit()
    official = post.appointments[0].official
    erased = erasing.erase_official(session, official, by="test", now=NOW, reason="asked for")
    assert erased.left == {}
    assert erasing.where_found(session, Words(["Holda Holder (demo)", "+442079460177"])) == {}


def test_a_named_successor_who_never_answers_is_forgotten_too(session: Session) -> None:
    post = make_post(session)
    for days in (89, 130):
        one = Succession(post_id=post.id, name=f"Sune {days} (demo)", email=f"s{days}@agency.example", named_by="x")
        one.named_at = NOW - timedelta(days=days)
        session.add(one)
    session.commit()
    retention.forget_old(session, now=NOW, kept=retention.Kept())
    session.expire_all()
    assert set(session.scalars(select(Succession.email))) == {"s89@agency.example", ""}


def test_who_asks_for_their_data_is_told_what_they_were_asked_and_answered(session: Session) -> None:
    post = make_post(session, confirmed_days_ago=76)
    owner = an_owner(session, post)
    session.commit()
    run_on(session, WORKING_MORNING)
    say(session, owner, post, "needs_change", WORKING_MORNING + timedelta(hours=1), note="Another number.")
    named = Succession(post_id=post.id, name="Sune (demo)", email="Owner@agency.example", named_by="x", named_at=NOW)
    session.add(named)
    session.flush()
    told = held.about(session, owner, now=NOW)
    assert [one["answer"] for one in told["what_you_were_asked"]] == ["needs_change"]
    assert [one["email"] for one in told["successions"]] == ["Owner@agency.example"]
    assert "code_hash" not in str(told)


def test_the_text_of_old_letters_goes_and_that_they_were_sent_stays(session: Session) -> None:
    for days, state in ((89, "sent"), (91, "sent"), (92, "refused"), (93, "queued")):
        at = NOW - timedelta(days=days)
        mail = OutgoingMail(
            key=f"m{days}", letter="calls", to="a@agency.example", domain="agency.example", subject="Please",
            text="Good day", html="<p>Good day</p>", queued_at=at, due_at=at, state=state,
        )  # fmt: skip
        session.add(mail)
    session.commit()
    retention.forget_old(session, now=NOW, kept=retention.Kept())
    session.expire_all()
    kept = {mail.key: mail.text for mail in session.scalars(select(OutgoingMail))}
    assert kept == {"m89": "Good day", "m91": "", "m92": "", "m93": "Good day"}


def test_one_address_no_letter_can_go_to_does_not_keep_the_others_waiting(session: Session) -> None:
    agency = make_institution(session)
    bad = an_owner(session, make_post(session, agency, title="A", confirmed_days_ago=80), name="bad")
    bad.email = "bad@agency.invalid"
    good = an_owner(session, make_post(session, agency, title="B", confirmed_days_ago=80), name="good")
    session.commit()
    run_on(session, WORKING_MORNING)
    assert len(letters_to(session, good)) == 1


def test_an_address_in_letters_of_its_own_alphabet_is_written_as_servers_take_it_or_set_aside(
    session: Session, tmp_path: Path
) -> None:
    for key, to in (("a", "info@bücher.example"), ("b", "jörg@agency.example"), ("c", "zoe@agency.example")):
        at = NOW
        mail = OutgoingMail(
            key=key, letter="calls", to=to, domain="x.example", subject="Please", text="Good day\n", html="<p>Hi</p>\n",
            queued_at=at, due_at=at, state="queued",
        )  # fmt: skip
        session.add(mail)
    session.commit()
    sender = Sender("TRM Directory", "directory@x.example", "x.example")
    assert sending.send_due(session, FileMailer(tmp_path), sender, now=NOW) == 2
    session.expire_all()
    assert {m.key: m.state for m in session.scalars(select(OutgoingMail))} == {
        "a": "sent",
        "b": "refused",
        "c": "sent",
    }
    assert any(b"info@xn--bcher-kva.example" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


@pytest.mark.postgres
def test_a_step_waits_for_whoever_is_answering_without_holding_what_they_need(
    asked_engine: Engine,  # noqa: F811
) -> None:
    if asked_engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer")
    with Session(asked_engine) as session:
        running.run(session, day_of(NOON), DESK, limit=100)
    later = NOON + timedelta(days=21)
    with Session(asked_engine) as session, transaction(session):
        for request in session.scalars(select(ConfirmationRequest)):
            request.next_step, request.next_on = "institution", later.date()

    def step() -> int:
        with Session(asked_engine) as own, transaction(own):
            return rounds.take_steps(own, day_of(later))

    with ThreadPoolExecutor(1) as pool, Session(asked_engine) as session:
        with transaction(session):
            post_id = session.scalars(select(Post.id).order_by(Post.id).limit(1)).one()
            session.execute(select(Post.id).where(Post.id == post_id).with_for_update())  # as an answer does first
            running_step = pool.submit(step)
            wait_until_somebody_waits(asked_engine)
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
            mine = select(RequestedEntry.request_id).where(RequestedEntry.post_id == post_id)
            session.execute(update(ConfirmationRequest).where(ConfirmationRequest.id.in_(mine)).values(closed_at=later))
        assert running_step.result(timeout=30) == OWNERS


def wait_until_somebody_waits(engine: Engine) -> None:
    for _ in range(200):
        with engine.connect() as connection:
            if connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
        sleep(0.05)
    raise AssertionError("nobody waits for the lock")
