"""Signing in: two steps, one answer for everything that is wrong, and cookies that die when they should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from directory.accounts import governing, recovery
from directory.accounts.models import Account, Invitation, LimitCount, SignedInSession
from directory.accounts.people import person_of
from directory.app import database
from directory.db import transaction
from directory.mail.models import OutgoingMail
from tests.conftest import NOW
from tests.people import POST, Member, code_at, forget_steps, let_in, make_account, set_clock, sign_in, submit, token_in

FRESH = timedelta(minutes=15)

# Software and mail programs send there; no cookie is looked at, so no form can be forged.
TAKES_NO_COOKIE = ("/api/", "/carddav/", "/unsubscribe/")


@pytest.fixture(scope="module")
def people(app: Flask) -> dict[str, Member]:
    with app.app_context():
        session, vault = database.session(), app.extensions["vault"]
        found = {
            "reader": make_account(session, "Rea", vault=vault),
            "coordinator": make_account(session, "Cora", "coordinator", vault=vault),
            "admin": make_account(session, "Ada", "admin", vault=vault),
            "frozen": make_account(session, "Fritz", vault=vault, state="frozen"),
            "bare": make_account(session, "Bea", vault=vault, has_factor=False),
        }
        session.commit()
    return found


@pytest.fixture(autouse=True)
def clean(app: Flask) -> Iterator[None]:
    """Counts, sessions and letters begin at nothing; the clock stands at NOW."""
    set_clock(app, NOW)
    forget_steps(app)
    with app.app_context():
        for model in (LimitCount, OutgoingMail, Invitation, SignedInSession):
            database.session.execute(delete(model))
        database.session.commit()
    yield
    set_clock(app, NOW)


def letters(app: Flask) -> list[str]:
    with app.app_context():
        return list(database.session.scalars(select(OutgoingMail.letter)))


def account(session: object, member: Member) -> Account:
    return session.get(Account, member.id)  # type: ignore[attr-defined, no-any-return]


def test_password_then_code_signs_in(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    sign_in(client, app, people["reader"])
    page = client.get("/account")
    assert page.status_code == 200
    assert "Rea Tester" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "new_sign_in" in letters(app), "a browser not seen before is told to the person"


def test_the_cookie_is_opaque_and_guarded(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    done = sign_in(client, app, people["reader"])
    cookies = {line.split("=", 1)[0]: line for line in done.headers.getlist("Set-Cookie")}
    assert {"session", "device"} <= set(cookies)
    for line in cookies.values():
        assert "HttpOnly" in line or "Max-Age=0" in line
        assert "SameSite=Lax" in line or "Max-Age=0" in line
        assert "Path=/" in line
        assert "Domain" not in line
    value = client.get_cookie("session").value  # type: ignore[union-attr]
    assert len(value) >= 43
    assert people["reader"].id not in value


@pytest.mark.parametrize("who", ["nobody", "reader", "coordinator", "admin", "frozen"])
def test_wrong_is_wrong_in_the_same_words_for_everybody(
    client: FlaskClient, people: dict[str, Member], who: str
) -> None:
    email = people[who].email if who in people else "nobody@ministry.example"
    answer = submit(client, "/sign-in", email=email, password="not the password")
    assert answer.status_code == 422
    told = answer.text.replace(email, "ADDRESS").replace(token_in(answer.text), "TOKEN")
    reference = submit(client, "/sign-in", email="zero@ministry.example", password="not the password")
    expected = reference.text.replace("zero@ministry.example", "ADDRESS").replace(token_in(reference.text), "TOKEN")
    assert told == expected
    assert "session" not in answer.headers.get("Set-Cookie", "")


def test_frozen_with_the_right_password_looks_wrong_too(client: FlaskClient, people: dict[str, Member]) -> None:
    frozen = people["frozen"]
    right = submit(client, "/sign-in", email=frozen.email, password=frozen.password)
    wrong = submit(client, "/sign-in", email=frozen.email, password="not the password")
    assert right.status_code == wrong.status_code == 422
    assert right.text.replace(token_in(right.text), "") == wrong.text.replace(token_in(wrong.text), "")


def test_the_password_alone_opens_nothing(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    reader = people["reader"]
    submit(client, "/sign-in", email=reader.email, password=reader.password)
    opened = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if "GET" in (rule.methods or set()) and not rule.arguments and view.__dict__.get("access"):
            answer = client.get(rule.rule)
            if view.access.kind not in {"public", "unfinished"} and answer.status_code == 200:  # type: ignore[attr-defined]
                opened.append(rule.rule)
    assert opened == []
    assert client.get("/account").headers["Location"].startswith("/sign-in/code")
    assert client.get("/second-factor").headers["Location"].startswith("/sign-in/code"), "nor a new factor"


def test_without_any_factor_the_password_only_sends_a_letter(
    app: Flask, client: FlaskClient, people: dict[str, Member]
) -> None:
    bare = people["bare"]
    answer = submit(client, "/sign-in", email=bare.email, password=bare.password)
    assert answer.status_code == 200
    assert "Look into your mailbox" in answer.text
    assert client.get_cookie("session") is None
    assert letters(app) == ["finish"]


@pytest.mark.parametrize("code", ["000000", "", "abcdef", "１２３４５６７"])
def test_a_wrong_code_leads_nowhere(client: FlaskClient, people: dict[str, Member], code: str) -> None:
    reader = people["reader"]
    submit(client, "/sign-in", email=reader.email, password=reader.password)
    assert submit(client, "/sign-in/code", code=code).status_code == 422
    assert client.get("/account").status_code == 303


def test_a_code_is_taken_once_through_the_front_door(app: Flask, people: dict[str, Member]) -> None:
    reader, results = people["reader"], []
    for typed in (code_at(NOW), code_at(NOW), code_at(NOW).translate({48 + d: 0xFF10 + d for d in range(10)})):
        client = app.test_client()
        submit(client, "/sign-in", email=reader.email, password=reader.password)
        results.append(submit(client, "/sign-in/code", code=typed).status_code)
    assert results == [303, 422, 422]


def test_no_form_is_taken_without_its_token(app: Flask, people: dict[str, Member]) -> None:
    client = app.test_client()
    let_in(client, app, people["coordinator"])
    checked = 0
    for rule in app.url_map.iter_rules():
        unsafe = (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
        if not unsafe or rule.rule.startswith(TAKES_NO_COOKIE) or rule.endpoint == "search":
            continue
        path = rule.rule
        for name, kind in ((name, str(rule._converters[name])) for name in rule.arguments):
            value = "11111111-1111-4111-8111-111111111111" if "UUID" in kind else "x"
            path = path.replace(f"<uuid:{name}>", value).replace(f"<{name}>", value)
        assert "<" not in path, path
        for method in unsafe:
            assert client.open(path, method=method, data={"a": "b"}).status_code == 400, f"{method} {path}"
            checked += 1
    assert checked >= 25


def test_a_form_from_another_site_is_refused_even_with_a_token(client: FlaskClient, people: dict[str, Member]) -> None:
    data = {"csrf_token": token_in(client.get("/sign-in").text), "email": "a@b.example", "password": "x" * 8}
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert client.post("/sign-in", data=data, headers=headers).status_code == 403
    for headers in ({"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "null"}):
        assert client.post("/sign-in", data=data, headers=headers).status_code == 422


def test_the_api_never_reads_the_cookie(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    anonymous = app.test_client().get("/api/v1/entries?country=RO").json
    let_in(client, app, people["coordinator"])
    assert client.get("/api/v1/entries?country=RO").json == anonymous


def test_signing_in_shows_the_registered_layer(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    with app.test_request_context("/"):
        from directory.web import current

        assert current.desk().viewer.layer == "public"
    let_in(client, app, people["reader"])
    with client:
        client.get("/countries")
        from directory.web import current

        assert current.desk().viewer.layer == "registered"


def test_looking_around_signed_in_writes_nothing_but_the_minute(
    app: Flask, client: FlaskClient, people: dict[str, Member]
) -> None:
    let_in(client, app, people["reader"])
    set_clock(app, NOW + timedelta(seconds=61))
    written = []
    from sqlalchemy import event

    with app.app_context():
        engine = database.engine

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    for path in ("/", "/account", "/countries", "/account"):
        assert client.get(path).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    assert len(written) == 1
    assert written[0].startswith("UPDATE signed_in_session SET seen_at")


def sign_out(app: Flask, client: FlaskClient, _m: Member) -> None:
    answer = submit(client, "/sign-out", on="/account")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def change_password(app: Flask, client: FlaskClient, member: Member) -> None:
    answer = submit(client, "/account/password", password=member.password, new_password="another fine password")
    assert answer.status_code == 303
    with app.app_context(), transaction(database.session()) as session:
        from directory.accounts.passwords import make_hash

        account(session, member).password_hash = make_hash(member.password, "test")


def step_up(app: Flask, client: FlaskClient, _m: Member) -> None:
    assert submit(client, "/step-up", code=code_at(NOW)).status_code == 303


def new_codes(app: Flask, client: FlaskClient, _m: Member) -> None:
    assert submit(client, "/second-factor/codes", on="/account").status_code == 200


def end_from_elsewhere(app: Flask, client: FlaskClient, member: Member) -> None:
    other = app.test_client()
    let_in(other, app, member)
    assert submit(other, "/account/sessions/end-others", on="/account").status_code == 303
    assert other.get("/account").status_code == 200


def end_one(app: Flask, client: FlaskClient, member: Member) -> None:
    other = app.test_client()
    let_in(other, app, member)
    with app.app_context():
        mine = select(SignedInSession.id).where(
            SignedInSession.account_id == member.id, SignedInSession.ended_at.is_(None)
        )
        ids = list(database.session.scalars(mine))
    page = other.get("/account").text
    theirs = next(one for one in ids if f"/account/sessions/{one}/end" in page)
    assert submit(other, f"/account/sessions/{theirs}/end", on="/account").status_code == 303


def reset_by_mail(app: Flask, client: FlaskClient, member: Member) -> None:
    with app.app_context(), transaction(database.session()) as session:
        kept = account(session, member).password_hash
        recovery.set_password(session, account(session, member), kept or "", post=POST, by="test", path="mail")


def freeze(app: Flask, client: FlaskClient, member: Member) -> None:
    with app.app_context(), transaction(database.session()) as session:
        by = session.scalars(select(Account).where(Account.email == "ada@ministry.example")).one()
        who = person_of(session, by)
        governing.freeze(session, account(session, member), by=by, person=who, reason="test", post=POST)
        account(session, member).state = "active"  # even thawed again, the session stays ended


def take_role(app: Flask, client: FlaskClient, member: Member) -> None:
    with app.app_context(), transaction(database.session()) as session:
        secretariat = make_account(session, "Sana", "secretariat", vault=app.extensions["vault"])
        by, mine = account(session, secretariat), account(session, member)
        grant = next(g for g in mine.grants if g.ended_at is None)
        governing.end_grant(session, mine, grant.id, by=by, person=person_of(session, by), post=POST)
        grant.ended_at = None


def replace_app(app: Flask, client: FlaskClient, member: Member) -> None:
    submit(client, "/second-factor/app", on="/second-factor")
    page = client.get("/second-factor").text
    secret = page.split('class="secret">', 1)[1].split("<", 1)[0].replace(" ", "")
    assert (
        submit(client, "/second-factor/app/first-code", on="/second-factor", code=code_at(NOW, secret)).status_code
        == 200
    )
    from directory.accounts.models import TotpFactor
    from tests.people import SECRET

    with app.app_context(), transaction(database.session()) as session:
        session.get(TotpFactor, member.id).secret = app.extensions["vault"].encrypt(SECRET.encode(), "totp")  # type: ignore[union-attr]


EVENTS: list[Callable[[Flask, FlaskClient, Member], None]] = [
    sign_out, change_password, step_up, new_codes, replace_app, end_from_elsewhere, end_one, reset_by_mail, freeze,
    take_role,
]  # fmt: skip


@pytest.mark.parametrize("happens", EVENTS, ids=lambda event: event.__name__)
def test_the_old_cookie_is_dead_after(
    app: Flask, people: dict[str, Member], happens: Callable[[Flask, FlaskClient, Member], None]
) -> None:
    client, thief = app.test_client(), app.test_client()
    let_in(client, app, people["reader"])
    stolen = client.get_cookie("session").value  # type: ignore[union-attr]
    thief.set_cookie("session", stolen, domain="localhost")
    assert thief.get("/account").status_code == 200, "the control: before it, the cookie works"
    happens(app, client, people["reader"])
    thief.set_cookie("session", stolen, domain="localhost")
    assert thief.get("/account").headers["Location"].startswith("/sign-in")


def test_delicate_pages_ask_for_a_fresh_factor(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    let_in(client, app, people["coordinator"])
    set_clock(app, NOW + FRESH)
    assert client.get("/account/password").status_code == 200
    set_clock(app, NOW + FRESH + timedelta(seconds=1))
    for path in ("/account/password", "/second-factor", "/coordination/people/invitation"):
        assert client.get(path).headers["Location"] == f"/step-up?next=%2F{path[1:].replace('/', '%2F')}"
    later = NOW + FRESH + timedelta(seconds=1)
    assert submit(client, "/step-up", on="/step-up?next=/account/password", code=code_at(later),
                  next="/account/password").headers["Location"] == "/account/password"  # fmt: skip
    assert client.get("/account/password").status_code == 200


def test_a_paper_code_signs_in_but_is_no_step_up(app: Flask, client: FlaskClient, people: dict[str, Member]) -> None:
    from directory.accounts import factors

    with app.app_context(), transaction(database.session()) as session:
        codes = factors.new_recovery_codes(session, people["reader"].id)
    let_in(client, app, people["reader"], factor_at=NOW - timedelta(hours=1))
    assert submit(client, "/step-up", code=codes[0]).status_code == 422
    client = app.test_client()
    submit(client, "/sign-in", email=people["reader"].email, password=people["reader"].password)
    assert submit(client, "/sign-in/code", code=codes[0]).status_code == 303
    assert "factor_changed" in letters(app), "its use is told to the person"
