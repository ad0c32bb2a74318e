"""Ways back in, one's own devices and factors, and where a form may lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, event, select
from sqlalchemy.orm import Session

from directory import worker
from directory.accounts import recovery
from directory.accounts.letters import Post
from directory.accounts.models import Account, Invitation, LimitCount, SignedInSession
from directory.app import database
from directory.db import transaction
from directory.mail.models import OutgoingMail
from directory.web.own_paths import is_own_path
from tests.conftest import NOW
from tests.people import Member, code_at, forget_steps, let_in, make_account, set_clock, submit, token_in


@pytest.fixture(scope="module")
def people(app: Flask) -> dict[str, Member]:
    with app.app_context():
        session, vault = database.session(), app.extensions["vault"]
        found = {
            "reader": make_account(session, "Rea", vault=vault),
            "admin": make_account(session, "Ada", "admin", vault=vault),
            "frozen": make_account(session, "Fritz", vault=vault, state="frozen"),
        }
        session.commit()
    return found


@pytest.fixture(autouse=True)
def clean(app: Flask) -> Iterator[None]:
    set_clock(app, NOW)
    forget_steps(app)
    with app.app_context():
        for model in (LimitCount, OutgoingMail, Invitation, SignedInSession):
            database.session.execute(delete(model))
        database.session.commit()
    yield
    set_clock(app, NOW)


def ask(client: FlaskClient, email: str, **environ: str) -> object:
    page = client.get("/recover")
    sent = {"csrf_token": token_in(page.text), "email": email}
    return client.post("/recover", data=sent, environ_base=environ or {"REMOTE_ADDR": "198.51.100.1"})


def letters(app: Flask, letter: str = "recovery") -> list[str]:
    with app.app_context():
        return list(database.session.scalars(select(OutgoingMail.text).where(OutgoingMail.letter == letter)))


def write_letters(app: Flask) -> None:
    with app.app_context():
        worker.answer_asked(database.session(), app.extensions["site"])


def recover_path(app: Flask, client: FlaskClient, member: Member) -> str:
    ask(client, member.email)
    write_letters(app)
    return re.search(r"8000(/recover/\S+)", letters(app)[-1])[1]  # type: ignore[index]


ALL = ["reader", "admin", "frozen", "nobody"]


def test_asking_is_answered_alike_for_everybody_and_written_to_the_active_only(
    app: Flask, client: FlaskClient, people: dict[str, Member]
) -> None:
    answers = set()
    for who in ALL:
        answer = ask(client, people[who].email if who in people else "nobody@ministry.example")
        answers.add((answer.status_code, answer.text))  # type: ignore[attr-defined]
    assert len(answers) == 1
    assert letters(app) == [], "asking itself writes to nobody"
    write_letters(app)
    assert len(letters(app)) == 2
    with app.app_context():
        assert database.session.scalars(select(Invitation).where(Invitation.purpose == "asked")).all() == []


def statements_of_asking(app: Flask, client: FlaskClient, people: dict[str, Member]) -> dict[str, list[str]]:
    """What each way of asking sends to the database; equal work is what takes equal time."""
    found: dict[str, list[str]] = {}
    token = token_in(client.get("/recover").text)
    with app.app_context():
        engine = database.engine
    for place, who in enumerate(ALL):
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any, sent: list[str] = sent) -> None:
            sent.append(statement)

        email = people[who].email if who in people else "nobody@ministry.example"
        event.listen(engine, "before_cursor_execute", note)
        client.post(
            "/recover", data={"csrf_token": token, "email": email}, environ_base={"REMOTE_ADDR": f"198.7.{place}.1"}
        )
        event.remove(engine, "before_cursor_execute", note)
        found[who] = sent
    return found


def test_asking_is_the_same_work_for_everybody(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    """How long each takes is measured in tests/proof/recovery_times.py; here it is counted what is done."""
    found = statements_of_asking(app, client, people)
    assert any("invitation" in statement for statement in found["nobody"])
    assert all(sent == found["nobody"] for sent in found.values())


def test_a_page_that_looks_the_account_up_at_once_is_told_apart(
    app: Flask, client: FlaskClient, people: dict[str, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the letter written while the page waits, the work differs."""

    def write_at_once(session: Session, email: str, *, now: datetime) -> None:
        if account := recovery.account_by_email(session, email):
            recovery.send_link(session, account, post=Post("http://127.0.0.1:8000", now))

    monkeypatch.setattr(recovery, "ask", write_at_once)
    found = statements_of_asking(app, client, people)
    assert found["reader"] != found["nobody"]


def test_three_letters_in_six_hours_are_the_most_and_nobody_is_told(
    app: Flask, client: FlaskClient, people: dict[str, Member]
) -> None:
    answers = {ask(client, people["reader"].email).text for _ in range(6)}  # type: ignore[attr-defined]
    write_letters(app)
    assert len(letters(app)) == 3
    assert len(answers) == 1


def test_the_link_sets_a_password_and_then_asks_for_the_factor(
    app: Flask, client: FlaskClient, people: dict[str, Member]
) -> None:
    reader, elsewhere = people["reader"], app.test_client()
    let_in(elsewhere, app, reader)
    path = recover_path(app, client, reader)
    done = submit(client, path, new_password="another fine password")
    assert done.headers["Location"] == "/sign-in/code"
    assert client.get("/account").headers["Location"].startswith("/sign-in/code"), "the factor is never skipped"
    assert elsewhere.get("/account").status_code == 303, "signed out everywhere"
    assert len(letters(app, "password_changed")) == 1
    assert submit(client, path, on="/recover", new_password="yet another password").status_code == 404, "once"
    assert submit(client, "/sign-in/code", code=code_at(NOW)).status_code == 303
    assert client.get("/account").status_code == 200


def test_the_link_lives_ten_minutes_and_a_newer_one_ends_it(
    app: Flask, client: FlaskClient, people: dict[str, Member]
) -> None:
    path = recover_path(app, client, people["reader"])
    set_clock(app, NOW + timedelta(minutes=10))
    assert client.get(path).status_code == 200
    set_clock(app, NOW + timedelta(minutes=10, seconds=1))
    assert client.get(path).status_code == 404
    set_clock(app, NOW)
    with app.app_context():
        database.session.execute(delete(OutgoingMail))
        database.session.commit()
    newer = recover_path(app, client, people["reader"])
    assert client.get(path).status_code == 404
    assert client.get(newer).status_code == 200


def test_a_common_password_is_refused_with_a_reason(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    path = recover_path(app, client, people["reader"])
    for bad, said in (("short", "at least 8"), ("Romania2026!", "tried first"), ("Rea Tester", "too close")):
        answer = submit(client, path, new_password=bad)
        assert answer.status_code == 422
        assert said in answer.text
    assert client.get(path).status_code == 200, "the link is not used up by a refused password"


def test_a_token_works_only_for_its_own_purpose(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    token = recover_path(app, client, people["reader"]).rsplit("/", 1)[1]
    statuses = {path: client.get(path + token).status_code for path in ("/recover/", "/finish/", "/invitations/")}
    assert statuses == {"/recover/": 200, "/finish/": 404, "/invitations/": 404}
    client.set_cookie("session", token, domain="localhost")
    assert client.get("/account").status_code == 303


def test_own_devices_are_listed_and_ended_one_by_one(app: Flask, people: dict[str, Member]) -> None:
    one, two, other = app.test_client(), app.test_client(), app.test_client()
    let_in(one, app, people["reader"])
    let_in(two, app, people["reader"])
    let_in(other, app, people["admin"])
    page = one.get("/account").text
    ends = re.findall(r"/account/sessions/([0-9a-f-]{36})/end", page)
    assert len(ends) == 1, "the one in use has no such button"
    assert submit(other, f"/account/sessions/{ends[0]}/end", on="/account").status_code == 404, "not somebody else's"
    assert two.get("/account").status_code == 200
    assert submit(one, f"/account/sessions/{ends[0]}/end", on="/account").status_code == 303
    assert two.get("/account").status_code == 303
    assert one.get("/account").status_code == 200


def test_the_last_factor_stays(app: Flask, people: dict[str, Member], client: FlaskClient) -> None:
    let_in(client, app, people["reader"])
    assert submit(client, "/second-factor/app/removal", on="/account").status_code == 409


def test_the_password_needs_the_old_one(app: Flask, people: dict[str, Member], client: FlaskClient) -> None:
    let_in(client, app, people["reader"])
    answer = submit(client, "/account/password", password="not it", new_password="yet another password")
    assert answer.status_code == 422


def test_an_old_hash_is_made_anew_at_sign_in(app: Flask, people: dict[str, Member], client: FlaskClient) -> None:
    from directory.accounts import passwords

    with app.app_context(), transaction(database.session()) as session:
        session.get(Account, people["admin"].id).password_hash = passwords.make_hash("correct horse battery", "light")  # type: ignore[union-attr]
    submit(client, "/sign-in", email=people["admin"].email, password="correct horse battery")
    with app.app_context():
        kept = database.session.get(Account, people["admin"].id).password_hash  # type: ignore[union-attr]
    assert not passwords.needs_rehash(kept or "", "test")


def test_after_sign_out_the_back_button_finds_nothing_kept(
    app: Flask, people: dict[str, Member], client: FlaskClient
) -> None:
    let_in(client, app, people["reader"])
    for path in ("/", "/account", "/countries", "/second-factor", "/nothing-here"):
        assert client.get(path).headers["Cache-Control"] == "no-store", path
    assert app.test_client().get("/").headers["Cache-Control"] != "no-store", "the control: a visitor's page may stay"


TRICKS = [
    "https://evil.example", "http://evil.example", "//evil.example", "///evil.example", "////evil.example",
    "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "/%5cevil.example",
    "/%2f/evil.example", "/%2fevil.example", "/%09/evil.example", "/\t/evil.example", "/\n/evil.example",
    "/\r/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "https:evil.example",
    "https:/evil.example", "https:///evil.example", "http:\\\\evil.example", "/https://evil.example",
    "/x//evil.example", "/.//evil.example", "/..//evil.example", "/./evil.example", "/../evil.example",
    "/%2e%2e/evil.example", "/%2e/evil.example", "/a/../../evil.example", "//evil.example/%2f..",
    "///evil.example/%2f..", "//evil.example@localhost", "/@evil.example", "https://localhost@evil.example",
    "https://localhost.evil.example", "//localhost:80@evil.example", "/:80/evil", "evil.example", "./evil.example",
    "../evil.example", "?next=//evil.example", "#//evil.example", "", "/／evil.example", "/∕evil.example",
    "/。evil.example", "//evil。example", "/\u200b/evil.example", "/\u00a0/evil.example", "/\x00/evil.example",
    "/%00/evil.example", "/%0d%0aLocation:%20https://evil.example", "/account\r\nSet-Cookie: a=b",
    "ftp://evil.example", "mailto:a@evil.example", "file:///etc/passwd", "blob:https://evil.example/x",
    "/" + "a" * 600,
]  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_a_form_never_leads_off_this_site(
    app: Flask, people: dict[str, Member], client: FlaskClient, trick: str
) -> None:
    assert not is_own_path(trick)
    let_in(client, app, people["reader"])
    there = submit(client, "/step-up", code=code_at(NOW), next=trick).headers["Location"]
    assert there == "/account"


def test_there_are_sixty_tricks_and_own_paths_pass() -> None:
    assert len(set(TRICKS)) >= 60
    for good in ("/", "/account", "/entries?country=RO&sop=4", "/countries/RO", "/coordination/people/invitation"):
        assert is_own_path(good)


def test_control_an_own_page_is_led_to_and_what_is_no_page_is_not(
    app: Flask, people: dict[str, Member], client: FlaskClient
) -> None:
    let_in(client, app, people["reader"])
    assert submit(client, "/step-up", code=code_at(NOW), next="/countries/RO").headers["Location"] == "/countries/RO"
    forget_steps(app)
    assert submit(client, "/step-up", code=code_at(NOW), next="/sign-out").headers["Location"] == "/account"


def test_demo_accounts_exist_only_in_demo_mode(app: Flask, client: FlaskClient) -> None:
    from dataclasses import replace

    from directory.accounts import demo
    from tests.people import POST

    site = app.extensions["site"]
    with app.app_context(), transaction(database.session()) as session:
        found = demo.renew(session, app.extensions["vault"], cost="test", post=POST)
        again = demo.renew(session, app.extensions["vault"], cost="test", post=POST)
    assert {one.role for one in again} == {
        "reader", "focal_point", "coordinator", "secretariat", "admin", "auditor",
    }  # fmt: skip
    assert not {one.password for one in found} & {one.password for one in again}, "new at every start"
    one = again[0]
    assert submit(client, "/sign-in", email=one.email, password=one.password).status_code == 422
    site.settings = replace(site.settings, demo=True)
    try:
        assert submit(client, "/sign-in", email=one.email, password=one.password).status_code == 303
        assert submit(client, "/sign-in/code", code=code_at(NOW, one.secret)).status_code == 303
        assert client.get("/account").status_code == 200
    finally:
        site.settings = replace(site.settings, demo=False)
    assert client.get("/account").status_code == 303, "nor does a session outlive the mode"
    with app.app_context(), transaction(database.session()) as session:
        assert demo.freeze_all(session) == len(again)


# What was looked at is counted against quotas.
COUNTED = {"access_record", "used_today"}


def test_no_get_changes_the_database(app: Flask, people: dict[str, Member], client: FlaskClient) -> None:
    """Every address that can be looked at, with links that work; only what was looked at is counted, in quotas."""
    path = recover_path(app, client, people["reader"])
    let_in(client, app, people["reader"])

    def picture() -> list[tuple[str, int, str]]:
        with app.app_context():
            tables = database.metadata.sorted_tables
            rows = {table.name: database.session.execute(table.select()).all() for table in tables}
        kept = {
            name: sorted(text for row in found if "'quota:" not in (text := str(row))) for name, found in rows.items()
        }
        return [(name, len(found), str(found)) for name, found in kept.items() if name not in COUNTED]

    before = picture()
    looked = [path] + [
        rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set()) and not rule.arguments
    ]
    for one in looked:
        client.get(one)
    assert picture() == before
    ask(client, "nobody@ministry.example")
    assert picture() != before, "the control: a change would be seen"
