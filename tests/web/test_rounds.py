"""How the round goes and which letters need a look, on pages; and changes that have their day, from form to reader."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from directory.accounts.models import Account
from directory.app import database
from directory.confirmations.models import CallTask, ConfirmationRequest
from directory.db import transaction
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.proposals import scheduling
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.worker import ask_owners
from tests.conftest import NOW
from tests.people import set_clock
from tests.web.changing import NEW, OLD, edit_form, new_entry, proposals_about, row_with, send
from tests.web.signed_in import Signed, sign_in

TODAY = NOW.date()
DAY = TODAY + timedelta(days=10)


@pytest.fixture(scope="module")
def round_begun(app: Flask) -> str:
    """An owner of two entries that are due, asked; returns the account's id."""
    _entry_id, body_id = new_entry(app, confirmed_days_ago=80)
    owner = sign_in(app, "focal_point", institution_id=body_id, name="Olga Owner")
    with app.app_context():
        session = database.session()
        ask_owners(session, app.extensions["site"])
        assert session.scalars(
            select(ConfirmationRequest).where(ConfirmationRequest.account_id == owner.account_id)
        ).one()
        session.commit()
    return owner.account_id


@pytest.fixture
def cora(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="RO", name="Cora Coordinator")


def test_the_page_says_how_the_round_goes(app: Flask, round_begun: str, cora: Signed) -> None:
    page = cora.client.get("/coordination/rounds").text
    for words in ("Round 2026-Q4", "asked about", "after the first letter", "Romania", "confirmed in the last quarter"):
        assert words in page, words
    assert '<polyline class="plot-line" points="0,100"' in page
    assert "Bulgaria" not in page


def test_the_secretariat_sees_every_country_and_who_is_next(app: Flask, round_begun: str, cora: Signed) -> None:
    with app.app_context():
        session = database.session()
        post = session.scalars(select(Post).limit(1)).one()
        for country in ("RO", "AL"):
            session.add(
                CallTask(
                    key=country,
                    post_id=post.id,
                    country_code=country,
                    reason="note",
                    opened_at=NOW,
                    due_on=TODAY,
                    tell_on=TODAY,
                )
            )
        session.commit()
    page = sign_in(app, "secretariat").client.get("/coordination/rounds").text
    assert "Cora Coordinator" in page
    assert "the country has no coordinator" in page
    assert "Nobody is asked" in page
    narrowed = sign_in(app, "secretariat").client.get("/coordination/rounds?country=AL").text
    assert "?country=AL" in narrowed
    assert "?country=RO" not in narrowed


@pytest.mark.parametrize("path", ["/coordination/rounds", "/coordination/letters"])
@pytest.mark.parametrize(
    ("role", "country"), [("reader", "RO"), ("focal_point", None), ("admin", None), ("auditor", None)]
)
def test_to_the_others_the_pages_are_not_there(
    app: Flask, world: Any, path: str, role: str, country: str | None
) -> None:
    who = sign_in(app, role, country=country, institution_id=world.institution if role == "focal_point" else None)
    assert who.client.get(path).status_code == 404
    assert app.test_client().get(path).status_code == 303


def test_an_unknown_round_or_country_shows_what_there_is(app: Flask, round_begun: str, cora: Signed) -> None:
    page = cora.client.get("/coordination/rounds?quarter=1999-Q1&country=QQ")
    assert page.status_code == 200
    assert "No entries." in page.text


# Letters


def uncertain_mail(app: Flask, account_id: str) -> str:
    with app.app_context():
        session = database.session()
        mail = session.scalars(
            select(OutgoingMail).where(OutgoingMail.account_id == account_id, OutgoingMail.letter == "confirm")
        ).first()
        assert mail is not None
        mail.state, mail.problem = "uncertain", "The line broke"
        session.commit()
        return mail.id


def received(app: Flask, mail_id: str, kind: str, **more: Any) -> str:
    with app.app_context():
        session = database.session()
        one = ReceivedMail(
            message_hash=f"{kind}{mail_id}"[:64], kind=kind, outgoing_mail_id=mail_id, received_at=NOW, **more
        )
        session.add(one)
        session.commit()
        return one.id


def test_letters_that_need_a_look_are_asked_again_and_answers_seen_to(
    app: Flask, round_begun: str, cora: Signed
) -> None:
    mail_id = uncertain_mail(app, round_begun)
    reply_id = received(
        app, mail_id, "auto_reply", sender="olga@agency.example", subject="Away", evidence="I am away until Monday.",
        return_on=TODAY + timedelta(days=6), names_deputy="Ask Dora Deputy",
    )  # fmt: skip
    page = cora.client.get("/coordination/letters").text
    for words in (
        "may or may not have arrived",
        "The line broke",
        "Automatic reply",
        "Ask Dora Deputy",
        "Back on 30 November",
    ):
        assert words in page, words
    assert "Mails waiting:" in page or "No mail waits" in page
    assert "/confirm/" not in page
    abroad = sign_in(app, "coordinator", country="BG")
    again, settled = f"/coordination/letters/{mail_id}/again", f"/coordination/letters/received/{reply_id}/settled"
    assert "The line broke" not in abroad.client.get("/coordination/letters").text
    assert [abroad.post(path).status_code for path in (again, settled)] == [404, 404]
    assert [cora.post(path).status_code for path in (again, settled)] == [303, 303]
    assert cora.post(again).status_code == 409
    page = cora.client.get("/coordination/letters").text
    assert "Ask again by a new letter" not in page
    assert "Ask Dora Deputy" not in page


def test_the_page_counts_what_came_back_in_a_month_by_what_it_was(app: Flask, round_begun: str, cora: Signed) -> None:
    with app.app_context(), transaction(database.session()) as session:
        mail_id = session.scalars(select(OutgoingMail.id).where(OutgoingMail.account_id == round_begun)).first()
        kinds = {"hard": 3, "soft": 1, "policy": 2, "auto_reply": 4, "other": 1}
        for kind, count in kinds.items():
            for n in range(count):
                state = "ignored" if kind == "other" else "settled"
                session.add(one(mail_id, f"{kind}{n}", kind, NOW - timedelta(days=n), state))
        session.add(one(mail_id, "old", "soft", NOW - timedelta(days=31), "settled"))
        session.add(one(mail_id, "replay", "hard", NOW, "ignored"))
    page = cora.client.get("/coordination/rounds").text
    table = page[page.index('id="came-back"') :].split("</table>")[0]
    found = re.findall(r'<th scope="row">([^<]+)<br><span class="quiet">([^<]+)</span></th><td>(\d+)</td>', table)
    told = {words: int(count) for words, _meaning, count in found}
    assert told.pop("out of office") >= 4
    assert told == {
        "nobody has the mailbox": 3,
        "not delivered for now": 1,
        "refused by their server’s rules": 2,
        "not understood": 1,
    }
    abroad = sign_in(app, "coordinator", country="BG").client.get("/coordination/rounds").text
    assert "No letter came back." in abroad
    narrowed = sign_in(app, "secretariat").client.get("/coordination/rounds?country=AL").text
    assert "No letter came back." in narrowed


def one(mail_id: str | None, name: str, kind: str, at: datetime, state: str) -> ReceivedMail:
    return ReceivedMail(message_hash=name, kind=kind, outgoing_mail_id=mail_id, received_at=at, state=state)


# A change that has its day


@pytest.fixture
def entry(app: Flask) -> tuple[str, str]:
    return new_entry(app)


@pytest.fixture
def owner(app: Flask, entry: tuple[str, str]) -> Signed:
    return sign_in(app, "focal_point", institution_id=entry[1], name="Fabian Owner")


def test_a_number_from_a_later_day_waits_twice_and_then_stands(
    app: Flask, entry: tuple[str, str], owner: Signed, cora: Signed
) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    answer = send(owner, path, form, **{f"{row_with(form, OLD)}-value": NEW}, applies_on=DAY.isoformat())
    assert "readers see it from 4 December 2026" in answer.text
    (proposal,) = proposals_about(app, entry[0])
    place = f"/coordination/proposals/{proposal.id}"
    assert "It is to stand from 4 December 2026" in cora.client.get(place).text
    assert cora.post(place, decision="accept").status_code == 303
    page = cora.client.get("/coordination").text
    assert "Agreed, waiting for their day" in page
    assert "agreed, waits for its day, for 4 December 2026" in owner.client.get("/account/proposals").text
    assert f"tel:{OLD}" in app.test_client().get(f"/entries/{entry[0]}").text
    assert "Until that day it can be taken back" in cora.client.get(place).text
    with app.app_context():
        session = database.session()
        scheduling.apply_due(session, now=NOW + timedelta(days=10), today=DAY)
        session.commit()
    assert f"tel:{NEW}" in app.test_client().get(f"/entries/{entry[0]}").text


def test_words_of_ones_own_from_a_later_day_can_be_taken_back(
    app: Flask, entry: tuple[str, str], owner: Signed
) -> None:
    path = f"/entries/{entry[0]}/edit"
    answer = send(owner, path, edit_form(owner, path), title="Desk from December", applies_on=DAY.isoformat())
    assert "Your change waits for its day" in answer.text
    (proposal,) = proposals_about(app, entry[0])
    assert proposal.state == "scheduled"
    assert owner.post(f"/account/proposals/{proposal.id}/withdrawal").status_code == 303
    assert proposals_about(app, entry[0])[0].state == "withdrawn"


def test_a_coordinator_takes_back_what_waits_for_its_day(
    app: Flask, entry: tuple[str, str], owner: Signed, cora: Signed
) -> None:
    path = f"/entries/{entry[0]}/edit"
    send(owner, path, edit_form(owner, path), title="Desk from December", applies_on=DAY.isoformat())
    (proposal,) = proposals_about(app, entry[0])
    assert cora.post(f"/coordination/proposals/{proposal.id}/return").status_code == 303
    assert proposals_about(app, entry[0])[0].state == "withdrawn"


@pytest.mark.parametrize(
    ("text", "words"), [("soon", "is no day"), ("2030-01-01", "more than a year away"), ("2026-13-01", "is no day")]
)
def test_a_day_that_is_none_is_asked_for_again(
    app: Flask, entry: tuple[str, str], owner: Signed, text: str, words: str
) -> None:
    path = f"/entries/{entry[0]}/edit"
    answer = send(owner, path, edit_form(owner, path), title="Another", applies_on=text)
    assert answer.status_code == 422
    assert words in answer.text
    assert proposals_about(app, entry[0]) == []


def test_a_day_gone_by_means_at_once(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    path = f"/entries/{entry[0]}/edit"
    answer = send(owner, path, edit_form(owner, path), title="Another", applies_on="2026-01-01")
    assert "<h1>Saved</h1>" in answer.text


def test_a_known_end_is_shown_to_those_who_look_after_the_entry_only(
    app: Flask, entry: tuple[str, str], owner: Signed, cora: Signed
) -> None:
    with app.app_context():
        session = database.session()
        post = session.get_one(Post, entry[0])
        term = registry.appoint(session, post, "Holger Holder (demo)", by="test", now=NOW)
        registry.relieve(session, term, until_on=DAY, by="test", now=NOW)
        session.commit()
    path = f"/entries/{entry[0]}/edit"
    for who in (owner, cora):
        assert "until 4 December 2026" in who.client.get(path).text
    assert "until 4 December" not in sign_in(app, "reader", country="RO").client.get(path).text


def test_on_the_day_after_the_end_the_post_is_vacant_and_the_index_knows(app: Flask) -> None:
    from directory import worker

    entry_id, _ = new_entry(app, is_desk=False, title="Ends tonight")
    with app.app_context():
        session, site = database.session(), app.extensions["site"]
        term = registry.appoint(session, session.get_one(Post, entry_id), "Holger Holder (demo)", by="test", now=NOW)
        registry.relieve(session, term, until_on=TODAY, by="test", now=NOW)
        session.commit()
        worker.keep_index(session, site)
        try:
            set_clock(app, NOW + timedelta(days=1))
            assert worker.keep_dates(session, site) >= 1
            assert worker.keep_index(session, site) >= 1
            assert worker.keep_dates(session, site) == 0
        finally:
            set_clock(app, NOW)


def test_the_report_of_a_run_lists_the_rounds(app: Flask, tmp_path: Any) -> None:
    import json

    runner = app.test_cli_runner()
    report = json.loads(runner.invoke(args=["tick", "--now", NOW.isoformat(), "--json"]).output)
    assert {"dates", "retention", "rounds"} <= set(report["jobs"])
    assert {"opened", "letters"} <= set(report["rounds"])
    text = runner.invoke(args=["tick"]).output
    assert re.search(r"^  letters +\d+$", text, re.MULTILINE)
    assert Account.__tablename__ == "account"
