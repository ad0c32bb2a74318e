"""Whoever was entered is asked once, by a letter of their own; their word stands at once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from directory.accounts.limits import TooMany
from directory.accounts.models import Account
from directory.accounts.vault import Vault
from directory.confirmations import agreeing, letters, running
from directory.confirmations.links import DeadLetter
from directory.confirmations.rounds import Day
from directory.confirmations.rules import Timeline
from directory.entries import queries
from directory.entries.viewer import Viewer
from directory.entries.visibility import visible
from directory.history.models import Change, IndexChange
from directory.mail.models import OutgoingMail
from directory.registry import operations as registry
from directory.registry.models import Appointment
from directory.registry.rules import FreshnessDays
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post

KEYS = ("k" * 40,)
DESK = letters.Desk(Vault(KEYS), letters.code_key(KEYS), "https://directory.example.org", "Europe/Vienna")
MORNING = NOW.replace(hour=9)
MAIL = "hana@agency.example"
LINES = (ContactValues("phone", "+442079460644"), ContactValues("email", MAIL))
READER = Viewer(layer="registered")
CODE = re.compile(r"^ {3}([A-Z2-9]{6})$", re.MULTILINE)
LINK = re.compile(r"https://directory\.example\.org/agree/(\S+)")


def day_of(now=MORNING) -> Day:
    return Day(now, now.date(), Timeline())


def hold(
    session: Session, name: str = "Hana Holder (test)", lines: tuple[ContactValues, ...] = LINES, **more: object
) -> Appointment:
    post = make_post(session, make_institution(session), title="Return officer", is_desk=False)
    return registry.appoint(session, post, name, by="test", now=NOW, contact_points=lines, **more)  # type: ignore[arg-type]


def written(session: Session) -> list[OutgoingMail]:
    return list(session.scalars(select(OutgoingMail).where(OutgoingMail.letter == "agree").order_by(OutgoingMail.id)))


def write(session: Session, now=MORNING, limit: int = 100) -> int:
    return agreeing.write_letters(session, day_of(now), DESK, limit=limit)


def asked(session: Session) -> tuple[Appointment, str, str]:
    """The appointment, with the token and the code of its letter."""
    appointment = hold(session)
    assert write(session) == 1
    (mail,) = written(session)
    return appointment, LINK.search(mail.text)[1], CODE.search(mail.text)[1]  # type: ignore[index]


def named_to(session: Session, appointment: Appointment, viewer: Viewer) -> tuple[str | None, list[str]]:
    """The name and the holder's lines that this viewer is shown."""
    session.expire_all()
    (stored,) = queries.load(session, [appointment.post_id], today=NOW.date())
    entry = visible(stored, viewer, today=NOW.date(), days=FreshnessDays())
    return entry.official, [line.value for line in entry.contact_lines if line.owner == "holder"]


def test_the_letter_asks_and_says_what_is_kept_why_and_what_one_may_ask_for(session: Session) -> None:
    appointment, token, code = asked(session)
    (mail,) = written(session)
    assert (mail.to, mail.state, mail.language, mail.account_id) == (MAIL, "queued", "en", None)
    assert mail.key == f"agree:{appointment.id}"
    assert mail.subject == "May we show your name in the contact directory?"
    for part in (
        "Hana Holder (test)",
        "Return officer",
        "Kept about you are",
        "your name is then taken out",
        token,
        code,
    ):
        assert part in mail.text
        assert part.replace("&", "&amp;") in mail.html
    assert "traffick" not in f"{mail.subject} {mail.text} {mail.html}".lower()
    assert max(len(line) for line in mail.text.splitlines() if "/agree/" not in line and "Kept about" not in line) < 115


def test_nobody_is_written_to_twice_and_a_run_writes_to_no_more_than_its_limit(session: Session) -> None:
    for n in range(3):
        hold(session, f"Holder {n} (test)", (ContactValues("email", f"h{n}@agency.example"),))
    assert write(session, limit=2) == 2
    assert write(session) == 1
    assert write(session) == 0
    assert write(session, MORNING + timedelta(days=400)) == 0
    assert len({mail.to for mail in written(session)}) == 3
    session.execute(delete(OutgoingMail))
    assert write(session) == 3, "the control: it is the letter in the outbox that keeps them from a second"


def test_those_who_agreed_left_or_cannot_be_reached_get_no_letter(session: Session) -> None:
    hold(session, "Agreed (test)", agreed_at=NOW)
    hold(session, "No Address (test)", (ContactValues("phone", "+442079460645"),))
    hold(session, "")
    gone = hold(session, "Gone (test)")
    registry.relieve(session, gone, until_on=NOW.date() - timedelta(days=1), by="test", now=NOW)
    demo = make_post(session, is_desk=False)
    demo.is_demo = True
    registry.appoint(session, demo, "Demo Person", by="demo", now=NOW, contact_points=LINES)
    assert write(session) == 0
    hold(session)
    assert write(session) == 1, "the control"


def test_an_account_of_ones_own_is_written_to_in_its_language(session: Session) -> None:
    appointment = hold(session, lines=())
    account = Account(
        email="own@people.example", name="Hana", created_at=NOW, language="de", official_id=appointment.official_id
    )
    session.add(account)
    session.flush()
    account.state = "frozen"
    assert write(session) == 0
    account.state = "active"
    assert write(session) == 1
    (mail,) = written(session)
    assert (mail.to, mail.language, mail.account_id) == ("own@people.example", "de", account.id)


def test_the_round_of_the_day_writes_it_in_the_hours_for_letters(session: Session) -> None:
    hold(session)
    session.commit()
    night = NOW.replace(hour=22)
    assert running.run(session, day_of(night), DESK, limit=10)["names"] == 1
    assert running.run(session, day_of(night), DESK, limit=10)["names"] == 0
    (mail,) = written(session)
    assert mail.due_at > night


def test_a_yes_names_the_person_to_signed_in_readers_at_once(session: Session) -> None:
    appointment, _, _ = asked(session)
    revision = appointment.post.revision
    session.execute(delete(IndexChange))
    assert named_to(session, appointment, READER) == (None, [])
    assert agreeing.answer(session, appointment, agrees=True, now=MORNING)
    assert named_to(session, appointment, READER) == ("Hana Holder (test)", [line.value for line in LINES])
    assert named_to(session, appointment, replace(READER, layer="public")) == (None, [])
    assert appointment.post.revision == revision + 1
    assert session.scalars(select(IndexChange.entry_id)).all() == [appointment.post_id]
    line = session.scalars(select(Change).where(Change.action == "agree")).one()
    assert (line.subject_id, line.path, line.by) == (appointment.post_id, "letter", f"holder {appointment.id}")
    assert "Hana" not in str(line.after)


def test_the_same_word_again_changes_nothing_and_another_word_takes_it_back(session: Session) -> None:
    appointment, _, _ = asked(session)
    assert agreeing.state(session, appointment) == "asked"
    assert agreeing.answer(session, appointment, agrees=False, now=MORNING)
    assert not agreeing.answer(session, appointment, agrees=False, now=MORNING)
    assert (agreeing.state(session, appointment), appointment.post.revision) == ("declined", 2)
    assert agreeing.answer(session, appointment, agrees=True, now=MORNING)
    assert not agreeing.answer(session, appointment, agrees=True, now=MORNING)
    assert agreeing.state(session, appointment) == "agreed"
    assert agreeing.answer(session, appointment, agrees=False, now=MORNING)
    assert named_to(session, appointment, READER) == (None, [])
    assert write(session) == 0, "who said no is not asked again"
    actions = select(Change.action).where(Change.by == f"holder {appointment.id}").order_by(Change.sequence)
    assert session.scalars(actions).all() == ["decline", "agree", "decline"]


def test_a_link_of_another_purpose_age_or_holder_opens_nothing(session: Session) -> None:
    appointment, token, _ = asked(session)
    vault, value = DESK.vault, f"{appointment.id} {MORNING.date().isoformat()}"

    def why(token: str, days: int = 0) -> str:
        now = MORNING + timedelta(days=days)
        try:
            found = agreeing.read(session, token, vault=vault, now=now, today=now.date())
        except DeadLetter as error:
            return error.why
        return "opens" if found.id == appointment.id else "another"

    assert why(token) == why(token, 60) == why(vault.sign(value, "agree")) == "opens"
    assert why(token, 61) == "asked_long_ago"
    for purpose in ("succeed", "confirm", "device", "confirm shown"):
        assert why(vault.sign(value, purpose)) == "unknown"
    assert why(vault.sign(appointment.id, "agree")) == why(vault.sign("", "agree")) == why("x") == "unknown"
    registry.relieve(session, appointment, until_on=NOW.date(), by="test", now=NOW)
    assert why(token, 1) == "moved"
    appointment.official.name = ""
    assert why(token) == "unknown", "a person who was taken out"


def test_only_the_code_of_this_letter_is_right_and_tries_are_few(session: Session) -> None:
    appointment, _, code = asked(session)
    other = hold(session, "Other (test)")

    def tries(typed: str, whose: Appointment = appointment) -> bool:
        return agreeing.is_code(session, whose, typed, now=MORNING, desk=DESK)

    assert tries(f" {code[:3]} {code[3:].lower()} ")
    assert not tries(code, other)
    assert not any(tries(wrong) for wrong in ("", "AAAAAA", code[:5], code + "A"))
    with pytest.raises(TooMany):
        tries(code)
