"""Somebody is taken out: afterwards no table, no index file, no letter holds the name; the chain over history holds."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory import worker
from directory.accounts import sessions
from directory.accounts.models import Account, AccountGrant, Invitation
from directory.accounts.policy import Grant, Person
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.db import Base, new_id, transaction
from directory.entries import queries
from directory.history import sealing
from directory.history.models import Change, OpenErasure
from directory.mail import outbox
from directory.mail.models import OutgoingMail
from directory.ports import FixedClock
from directory.privacy.erasing import BadReason, erase_official
from directory.proposals import operations as proposals
from directory.proposals.models import Proposal
from directory.proposals.operations import Actor
from directory.registry import operations as registry
from directory.registry.models import Official, Post
from directory.registry.pictures import post_values
from directory.registry.values import ContactValues
from importers.models import ImportBatch, ImportedRecord, ImportLine
from tests.conftest import NOW
from tests.factories import make_post

NAME = "Žofia O'Quondam"
MAIL = "zofia.quondam@ministry.example"
NUMBER = "+442079460555"
WORDS = (NAME, "Quondam", MAIL, NUMBER, "+44 20 7946 0555")
KEY = b"k" * 32
SECRETARIAT = Actor("00000000-0000-4000-8000-00000000000a", "form", Person("a", (Grant("secretariat"),)))
OWNER = Actor("00000000-0000-4000-8000-00000000000b", "form", Person("b", (Grant("secretariat"),)))


def make_person(session: Session) -> tuple[Official, Post, Account]:
    """A person in every place a person can be in."""
    post = make_post(session, title="Return officer", is_desk=False)
    lines = (ContactValues("email", MAIL), ContactValues("mobile", NUMBER))
    appointment = registry.appoint(
        session, post, NAME, by="test", now=NOW, from_on=NOW.date() - timedelta(days=400), contact_points=lines
    )
    official = appointment.official
    official.agreed_at = NOW
    registry.set_post(session, post, replace(post_values(post), asks_for=f"Ask for {NAME} first"), by="test", now=NOW)
    other = make_post(session, title="Other officer", is_desk=False)
    proposals.change_holder(session, other, NAME, actor=OWNER, now=NOW, reason=f"{NAME} takes over")
    account = Account(id=new_id(), email=MAIL, name=NAME, created_at=NOW, official_id=official.id)
    account.grants = [AccountGrant(role="reader", country_code="RO", granted_at=NOW, granted_by="test")]
    session.add(account)
    session.flush()
    sessions.open_session(session, account, device=f"{NAME}'s phone", now=NOW, factor=True)
    session.add(
        Invitation(
            token_hash=new_id(), purpose="invite", email=MAIL.upper(), invited_by="test", invited_at=NOW, expires_at=NOW
        )
    )
    told = {"product": "P", "name": NAME, "title": "T", "institution": "I", "link": "x"}
    outbox.queue(session, "left_told", to=MAIL, key="another", now=NOW, **told)
    make_import(session, post)
    session.flush()
    return official, post, account


def make_import(session: Session, post: Post) -> None:
    source = registry.ensure_source(session, "A list")
    batch = ImportBatch(
        id=new_id(), at=NOW, by="console", kind="k", file_name="list.csv", file_hash="h", source_id=source.id
    )
    record = ImportedRecord(id=new_id(), kind="k", key="1", content={"official": NAME}, post_id=post.id)
    line = ImportLine(
        batch_id=batch.id, record_id=record.id, row=1, outcome="changed", before={"content": [NAME, MAIL]}
    )
    session.add(batch)
    session.flush()
    session.add_all([record, line])


def hits(session: Session) -> dict[str, int]:
    """Where the person stands in a dump of every table, in any way it may be written."""
    session.flush()
    session.expire_all()
    found: dict[str, int] = {}
    wanted = [spelling.casefold() for word in WORDS for spelling in (word, html.escape(word), json.dumps(word)[1:-1])]
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            text = " ".join(map(str, row)).casefold()
            if any(word in text for word in wanted):
                found[table.name] = found.get(table.name, 0) + 1
    return found


def erase(session: Session, official: Official, **more: bool) -> object:
    return erase_official(session, official, by=SECRETARIAT.by, now=NOW, reason="asked to be taken out", **more)


def test_the_control_before_an_erasure_the_person_is_in_every_place(session: Session) -> None:
    make_person(session)
    assert set(hits(session)) >= {
        "account",
        "change",
        "contact_point",
        "import_line",
        "imported_record",
        "invitation",
        "official",
        "outgoing_mail",
        "post",
        "proposal",
        "signed_in_session",
    }


def test_afterwards_no_table_holds_the_person(session: Session) -> None:
    official, _post, _account = make_person(session)
    erased = erase(session, official)
    assert erased.left == {}
    session.execute(OpenErasure.__table__.delete())  # the worker does so when the files are done
    assert hits(session) == {}


def test_the_chain_still_holds_and_a_stub_is_left(session: Session) -> None:
    official, post, _account = make_person(session)
    sealing.seal(session, KEY, now=NOW, whole=True)
    erased = erase(session, official)
    sealing.seal(session, KEY, now=NOW, whole=True)
    assert sealing.verify(session, KEY).faults == []
    emptied = session.scalars(select(Change).where(Change.erased_at.is_not(None))).all()
    assert sorted(line.sequence for line in emptied) == sorted(erased.lines)
    assert len(emptied) >= 3
    assert all(line.salt is None and line.before is None and line.after is None for line in emptied)
    assert {"appoint", "propose"} & {line.action for line in emptied}
    (entry,) = queries.load(session, [post.id], today=NOW.date())
    assert (entry.is_vacant, entry.holder) == (True, None)
    assert [a.official.name for a in post.appointments] == [""]


def test_the_control_content_emptied_without_an_erasure_is_found(session: Session) -> None:
    from directory.history.erasure import empty_lines

    make_person(session)
    sealing.seal(session, KEY, now=NOW, whole=True)
    line = session.scalars(select(Change.sequence).where(Change.action == "appoint")).one()
    empty_lines(session, [line], now=NOW)
    assert [fault.sequence for fault in sealing.verify(session, KEY).faults] == [line]


def test_a_waiting_proposal_that_names_the_person_is_no_longer_decided_on(session: Session) -> None:
    official, _post, _account = make_person(session)
    erase(session, official)
    proposal = session.scalars(select(Proposal)).one()
    assert proposal.state == "outdated"
    other = session.get(Post, proposal.subject_id)
    assert other is not None
    assert not other.is_being_checked
    with pytest.raises(proposals.AlreadyDecided):
        proposals.accept(session, proposal, actor=SECRETARIAT, now=NOW)


def test_no_letter_goes_out_any_more_and_nobody_signs_in(session: Session) -> None:
    official, _post, account = make_person(session)
    erase(session, official)
    assert {letter.state for letter in session.scalars(select(OutgoingMail))} == {"given_up"}
    session.refresh(account)
    assert (account.state, account.password_hash) == ("closed", None)
    assert all(grant.ended_at for grant in account.grants)


def test_whoever_goes_on_working_keeps_the_account(session: Session) -> None:
    official, _post, account = make_person(session)
    erase(session, official, keeps_account=True)
    session.refresh(account)
    assert (account.state, account.name) == ("active", NAME)
    assert official.name == ""


def test_others_with_parts_of_the_name_stay_as_they_are(session: Session) -> None:
    official, _post, _account = make_person(session)
    other = make_post(session, title="Žofia's desk", is_desk=False)
    registry.appoint(session, other, "Žofia Another", by="test", now=NOW)
    erase(session, official)
    names = set(session.scalars(select(Official.name)))
    assert "Žofia Another" in names
    assert other.title == "Žofia's desk"


def test_a_reason_that_names_the_person_is_refused(session: Session) -> None:
    official, _post, _account = make_person(session)
    with pytest.raises(BadReason):
        erase_official(session, official, by="test", now=NOW, reason=f"{NAME} asked")


@pytest.fixture
def site_folder(tmp_path: Path) -> Iterator[tuple[Flask, Path]]:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(tmp_path)})
    app = create_app(settings, clock=FixedClock(NOW))
    with app.app_context():
        prepare(app)
        session = database.session()
        with transaction(session):
            make_person(session)
    worker.run_due(app)
    yield app, tmp_path
    with app.app_context():
        database.engine.dispose()


def files_with(folder: Path) -> set[str]:
    """The files, of whatever kind, in which the rare part of the name stands."""
    return {
        path.relative_to(folder).parts[0]
        for path in folder.rglob("*")
        if path.is_file() and b"quondam" in path.read_bytes().lower()
    }


def test_no_file_of_the_installation_holds_the_person(site_folder: tuple[Flask, Path]) -> None:
    app, folder = site_folder
    before = files_with(folder)
    assert {"index", "mail"} <= before, "the control: they do before"
    assert before & {"directory.sqlite", "directory.sqlite-wal"}
    with app.app_context():
        session = database.session()
        with transaction(session):
            erase(session, session.scalars(select(Official)).one())
    worker.run_due(app)
    assert files_with(folder) == set()
    with app.app_context():
        assert hits(database.session()) == {}
        assert database.session().scalars(select(OpenErasure)).all() == []
