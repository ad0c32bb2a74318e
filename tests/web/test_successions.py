"""The named successor's letter and page; the demo's letter box."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select

from directory.accounts.models import LimitCount
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.confirmations import leaving, succeeding
from directory.confirmations.models import Finding, Succession
from directory.db import transaction
from directory.mail.models import OutgoingMail
from directory.ports import FixedClock
from directory.proposals import operations as proposals
from directory.proposals.actors import Actor
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Appointment, Post
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.people import token_in
from tests.web.asking import CODE, LINK, AskedOwner, ask, at, day_of, desk_of, dump, make_owner, rows
from tests.web.checking_client import CheckingClient
from tests.web.signed_in import make_account


@pytest.fixture(autouse=True)
def clean(app: Flask) -> Iterator[None]:
    at(app, NOW)
    with app.app_context():
        database.session.execute(delete(LimitCount))
        database.session.commit()
    yield
    at(app, NOW)


@pytest.fixture
def named(app: Flask) -> AskedOwner:
    """A leaver has named a successor; the letters are written."""
    with app.app_context(), transaction(database.session()) as session:
        agency = make_institution(session, "Agency for Return")
        post = make_post(session, agency, title="Return officer")
        registry.appoint(
            session,
            post,
            "Lena Leaver (demo)",
            by="test",
            now=NOW,
            contact_points=(ContactValues("mobile", "+442079460622"),),
        )
        session.flush()
        account = make_owner(session, [post], official_id=post.appointments[0].official_id)
        deputy = make_account(session, "deputy", institution_id=agency.id)
        ids, deputy_id = (account.id, post.id), deputy.id
    owner = ask(app, ids[0], [ids[1]])
    done = owner.confirm(
        e0__choice="left", e0__successor="Sven Successor (demo)", e0__successor_mail="sven@agency.example"
    )
    assert done.status_code == 303
    with app.app_context(), transaction(database.session()) as session:
        assert leaving.write_letters(session, day_of(app), desk_of(app)) == 2
        assert leaving.write_letters(session, day_of(app), desk_of(app)) == 0, "nobody is written to twice"
        told = session.scalars(select(OutgoingMail).where(OutgoingMail.account_id == deputy_id)).all()
        assert [mail.letter for mail in told] == ["left_told"]
        one = session.scalars(select(Succession).where(Succession.post_id == ids[1])).one()
        mail = session.scalars(select(OutgoingMail).where(OutgoingMail.key == f"succeed:{one.id}")).one()
        assert "traffick" not in f"{mail.subject} {mail.text} {mail.html}".lower()
        code, link = CODE.search(mail.text)[1], LINK.search(mail.text)[1]  # type: ignore[index]
        assert link in mail.html
        assert code in mail.html
    return AskedOwner(app, ids[0], [ids[1]], link, code)


def send(owner: AskedOwner, **fields: str):
    page = owner.page().text
    return owner.client.post(owner.path, data={"csrf_token": token_in(page), **fields})


def test_looking_changes_nothing_and_nothing_is_chosen(app: Flask, named: AskedOwner) -> None:
    before = dump(app)
    page = named.page()
    assert page.headers["Cache-Control"] == "no-store"
    assert "Do you take over this post?" in page.text
    assert not re.search(r"<input[^>]* checked", page.text)
    assert send(named, name="Sven Successor (demo)").status_code == 422
    assert send(named, choice="yes", name="Sven Successor (demo)").status_code == 422
    assert dump(app) == before


def test_a_yes_waits_for_a_second_person_and_then_names_the_holder(app: Flask, named: AskedOwner) -> None:
    done = send(named, choice="yes", name="Sven Successor (demo)", named="1", code=named.code.lower())
    assert done.status_code == 303
    assert "A second person looks at it now" in named.page().text
    (proposal,) = rows(app, Proposal, subject_id=named.post_ids[0])
    assert (proposal.state, proposal.path, proposal.after["holder"]) == ("waiting", "letter", "Sven Successor (demo)")
    with app.app_context(), transaction(database.session()) as session:
        from directory.accounts.people import person_of

        coordinator = make_account(session, "coordinator", country="RO")
        actor = Actor(coordinator.id, "form", person_of(session, coordinator))
        proposals.accept(session, session.get(Proposal, proposal.id), actor=actor, now=NOW)
        assert succeeding.settle(session, day_of(app)) == 1
        assert succeeding.settle(session, day_of(app)) == 0
        post = session.get(Post, named.post_ids[0])
        agreed = {a.official.name: a.official.agreed_at for a in post.appointments}
    assert agreed["Sven Successor (demo)"] == NOW


def test_a_no_changes_nothing_but_the_call_list(app: Flask, named: AskedOwner) -> None:
    send(named, choice="no", name="", code=named.code)
    assert "you do not take over" in named.page().text
    assert rows(app, Proposal, subject_id=named.post_ids[0]) == []
    assert [s.state for s in rows(app, Succession, post_id=named.post_ids[0])] == ["declined"]
    send_again = named.client.post(
        named.path,
        data={
            "csrf_token": token_in(named.client.get("/sign-in").text),
            "choice": "yes",
            "name": "S",
            "code": named.code,
        },
    )
    assert send_again.status_code == 303
    assert [s.state for s in rows(app, Succession, post_id=named.post_ids[0])] == ["declined"]


def test_wrong_codes_are_few(app: Flask, named: AskedOwner) -> None:
    codes = [send(named, choice="yes", name="S", code="AAAAAA").status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]
    assert [s.state for s in rows(app, Succession, post_id=named.post_ids[0])] == ["offered"]


def test_an_old_or_foreign_link_opens_nothing(app: Flask, named: AskedOwner) -> None:
    token = named.path.rsplit("/", 1)[1]
    assert named.client.get(f"/confirm/{token}").status_code == 404
    assert named.client.get("/succeed/unknown").status_code == 404
    at(app, NOW + timedelta(days=31))
    assert named.page().status_code == 410


def test_the_leaver_is_gone_the_same_day(app: Flask, named: AskedOwner) -> None:
    (appointment,) = rows(app, Appointment, post_id=named.post_ids[0])
    assert appointment.until_on < NOW.date() + timedelta(days=1)
    assert [f.kind for f in rows(app, Finding, post_id=named.post_ids[0])] == ["left"]


# The letter box of the demo


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Flask]:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(tmp_path), "DIRECTORY_DEMO": "yes"})
    app = create_app(settings, clock=FixedClock(NOW))
    app.testing, app.test_client_class = True, CheckingClient
    with app.app_context():
        prepare(app)
    yield app
    with app.app_context():
        database.engine.dispose()


NAME = "0199a1b2-0000-7000-8000-000000000001"
LETTER = """From: TRM Directory <directory@site.example>
To: olga@agency.example
Subject: =?utf-8?q?Please_confirm_=3Cb=3E?=
Date: Tue, 24 Nov 2026 21:30:00 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain; charset=utf-8

Good day <script>alert(1)</script>
   http://127.0.0.1:8000/confirm/abc
   http://elsewhere.example/confirm/abc
--x
Content-Type: text/html; charset=utf-8

<p>Good day</p><script>alert(1)</script>
--x--
"""


def test_the_demo_shows_its_letters_and_runs_nothing_of_them(demo: Flask, tmp_path: Path) -> None:
    client = demo.test_client()
    assert "No letter yet" in client.get("/demo/letters").text
    assert "/demo/letters" in client.get("/").text
    (tmp_path / "mail").mkdir(exist_ok=True)
    (tmp_path / "mail" / f"{NAME}.eml").write_text(LETTER, "utf-8")
    assert "Please confirm &lt;b&gt;" in client.get("/demo/letters").text
    page = client.get(f"/demo/letters/{NAME}").text
    assert "<script>alert" not in page
    assert '<a href="/confirm/abc">' in page
    assert 'href="http://elsewhere' not in page
    html = demo.test_client()
    html.__class__ = type("Plain", (type(html).__mro__[1],), {})
    response = html.get(f"/demo/letters/{NAME}/html")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert client.get("/demo/letters/0199a1b2-0000-7000-8000-000000000002").status_code == 404


def test_outside_the_demo_there_is_no_letter_box(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/demo/letters").status_code == 404
    assert client.get(f"/demo/letters/{NAME}").status_code == 404
    assert client.get(f"/demo/letters/{NAME}/html").status_code == 404
    assert "/demo/letters" not in client.get("/").text
