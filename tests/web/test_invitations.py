"""Invitations from letter to role: once, in time, by those who still may; and the people page by country."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from directory.accounts import invitations
from directory.accounts.invitations import Wanted
from directory.accounts.models import Account, AccountGrant, Invitation, LimitCount
from directory.app import database
from directory.db import transaction
from directory.history.models import Change
from directory.mail.models import OutgoingMail
from tests.conftest import NOW
from tests.people import POST, Member, code_at, forget_steps, let_in, make_account, set_clock, submit
from tests.web.conftest import World

INVITE = "/coordination/people/invitation"


@pytest.fixture(scope="module")
def people(app: Flask, world: World) -> dict[str, Member]:
    with app.app_context():
        session, vault = database.session(), app.extensions["vault"]
        found = {
            "reader": make_account(session, "Rea", vault=vault),
            "bulgarian": make_account(session, "Boris", country="BG", vault=vault),
            "focal": make_account(session, "Fabian", "focal_point", institution_id=world.institution, vault=vault),
            "coordinator": make_account(session, "Cora", "coordinator", vault=vault),
            "colleague": make_account(session, "Cezar", "coordinator", vault=vault),
            "secretariat": make_account(session, "Sana", "secretariat", vault=vault),
            "second": make_account(session, "Silvio", "secretariat", vault=vault),
            "admin": make_account(session, "Ada", "admin", vault=vault),
        }
        session.commit()
    return found


@pytest.fixture(autouse=True)
def clean(app: Flask) -> Iterator[None]:
    set_clock(app, NOW)
    forget_steps(app)
    with app.app_context():
        for model in (LimitCount, OutgoingMail, Invitation):
            database.session.execute(delete(model))
        database.session.commit()
    yield
    set_clock(app, NOW)


def as_(app: Flask, member: Member) -> FlaskClient:
    client = app.test_client()
    let_in(client, app, member, factor_at=app.extensions["site"].now())
    return client


def link(app: Flask, to: str) -> str:
    """The link in the letter to that address, as a path."""
    with app.app_context():
        text = database.session.scalars(select(OutgoingMail.text).where(OutgoingMail.to == to)).one()
    found = re.search(r"http://127\.0\.0\.1:8000(/invitations/\S+)", text)
    assert found
    return found[1]


def invite(app: Flask, by: Member, email: str = "new@ministry.example", role: str = "reader", **more: str) -> str:
    answer = submit(as_(app, by), INVITE, email=email, role=role, **{"country": "RO", **more})
    assert answer.status_code == 200, answer.text
    return link(app, email)


def remove(app: Flask, email: str) -> None:
    with app.app_context(), transaction(database.session()) as session:
        if found := session.scalars(select(Account).where(Account.email == email)).first():
            found.state, found.email = "closed", f"{found.id}@gone.example"


def test_from_the_letter_to_a_signed_in_reader(app: Flask, people: dict[str, Member], client: FlaskClient) -> None:
    path = invite(app, people["coordinator"], "nina@ministry.example")
    page = client.get(path)
    assert "Reader for Romania" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    joined = submit(client, path, name="Nina New", language="en", new_password="seven blue lamps")
    assert joined.headers["Location"] == "/second-factor"
    assert client.get("/account").headers["Location"].startswith("/second-factor"), "nothing opens before the factor"
    submit(client, "/second-factor/app", on="/second-factor")
    secret = client.get("/second-factor").text.split('class="secret">', 1)[1].split("<", 1)[0].replace(" ", "")
    done = submit(client, "/second-factor/app/first-code", on="/second-factor", code=code_at(NOW, secret))
    codes = re.findall(r"<code>([a-z0-9-]{19})</code>", done.text)
    assert len(codes) == 10
    assert codes[0] not in client.get("/second-factor").text, "shown once"
    assert "Reader for Romania" in client.get("/account").text
    assert client.get(path).status_code == 404, "used"
    with app.app_context():
        actions = set(database.session.scalars(select(Change.action)))
    assert {"invited", "role_given", "factor_changed", "signed_in"} <= actions


def test_a_link_works_for_seven_days(app: Flask, people: dict[str, Member], client: FlaskClient) -> None:
    path = invite(app, people["coordinator"])
    set_clock(app, NOW + timedelta(days=7))
    assert client.get(path).status_code == 200
    set_clock(app, NOW + timedelta(days=7, seconds=1))
    assert client.get(path).status_code == 404


def test_used_late_withdrawn_and_invented_links_look_alike(
    app: Flask, people: dict[str, Member], client: FlaskClient
) -> None:
    pages = set()
    path = invite(app, people["coordinator"])
    set_clock(app, NOW + timedelta(days=8))
    pages.add(client.get(path).text)
    set_clock(app, NOW)
    with app.app_context():
        row_id = database.session.scalars(select(Invitation.id)).one()
    submit(as_(app, people["coordinator"]), f"/coordination/invitations/{row_id}/withdrawal", on="/coordination/people")
    pages.add(client.get(path).text)
    pages.add(client.get("/invitations/invented").text)
    pages.add(client.get("/recover/invented").text)
    pages.add(client.get("/finish/invented").text)
    assert len(pages) == 1


def test_looking_at_a_link_changes_nothing(app: Flask, people: dict[str, Member], client: FlaskClient) -> None:
    path = invite(app, people["coordinator"])
    for _ in range(5):
        assert client.get(path).status_code == 200
    assert client.post(path, data={}).status_code == 400, "a scanner that submits forms has no token …"
    assert submit(client, path).status_code == 422, "… and one that has makes no account without a name and password"
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("fate", ["frozen", "role ended"])
def test_an_invitation_dies_with_its_senders_right(
    app: Flask, people: dict[str, Member], client: FlaskClient, fate: str
) -> None:
    path = invite(app, people["colleague"])
    with app.app_context(), transaction(database.session()) as session:
        sender = session.get(Account, people["colleague"].id)
        assert sender is not None
        grant = next(g for g in sender.grants if g.ended_at is None)
        grant_id = grant.id
        if fate == "frozen":
            sender.state = "frozen"
        else:
            grant.ended_at = NOW
    assert client.get(path).status_code == 404
    with app.app_context(), transaction(database.session()) as session:
        session.get(Account, people["colleague"].id).state = "active"  # type: ignore[union-attr]
        session.get(AccountGrant, grant_id).ended_at = None  # type: ignore[union-attr]
    assert client.get(path).status_code == 200, "the control: with the right back, it lives"


def test_the_answer_is_the_same_whether_or_not_the_address_has_an_account(
    app: Flask, people: dict[str, Member]
) -> None:
    answers = []
    for email in ("unknown@ministry.example", people["reader"].email, people["bulgarian"].email):
        answer = submit(as_(app, people["coordinator"]), INVITE, email=email, role="reader", country="RO")
        answers.append((answer.status_code, answer.text.replace(email, "ADDRESS")))
    assert len(set(answers)) == 1


def test_somebody_with_an_account_takes_the_role_signed_in(app: Flask, people: dict[str, Member]) -> None:
    boris = people["bulgarian"]
    path = invite(app, people["coordinator"], boris.email)
    stranger = app.test_client()
    assert "has an account" in stranger.get(path).text
    assert submit(stranger, path, on="/sign-in", name="Evil", new_password="seven blue lamps").status_code == 422
    other = as_(app, people["reader"])
    assert submit(other, f"{path}/role", on="/account").status_code == 404, "somebody else cannot take it"
    his = as_(app, boris)
    assert submit(his, f"{path}/role", on=path).headers["Location"] == "/sign-in"
    assert his.get("/account").status_code == 303, "a change of roles signs out everywhere"
    assert "Reader for Romania" in as_(app, boris).get("/account").text
    with app.app_context(), transaction(database.session()) as session:
        session.execute(
            update(AccountGrant).where(AccountGrant.account_id == boris.id, AccountGrant.country_code == "RO")
            .values(ended_at=NOW)
        )  # fmt: skip


@pytest.mark.parametrize(
    ("who", "role", "country", "status"),
    [
        ("coordinator", "reader", "RO", 200), ("coordinator", "reader", "BG", 422),
        ("coordinator", "coordinator", "RO", 422), ("coordinator", "secretariat", "", 422),
        ("coordinator", "admin", "", 422), ("secretariat", "coordinator", "BG", 200), ("secretariat", "admin", "", 422),
        ("secretariat", "reader", "", 422),
    ],
)  # fmt: skip
def test_who_invites_whom(
    app: Flask, people: dict[str, Member], who: str, role: str, country: str, status: int
) -> None:
    answer = submit(as_(app, people[who]), INVITE, email="new@ministry.example", role=role, country=country)
    assert answer.status_code == status
    with app.app_context():
        sent = database.session.scalars(select(OutgoingMail)).all()
    assert len(sent) == (status == 200)


@pytest.mark.parametrize("who", ["reader", "admin", "bulgarian"])
def test_for_those_who_invite_nobody_the_form_is_not_there(app: Flask, people: dict[str, Member], who: str) -> None:
    client = as_(app, people[who])
    assert client.get(INVITE).status_code == 404
    with app.app_context():
        before = database.session.scalars(select(Invitation)).all()
    answer = submit(client, INVITE, on="/account", email="new@ministry.example", role="reader", country="RO")
    assert answer.status_code == 404
    assert not before
    with app.app_context():
        assert database.session.scalars(select(Invitation)).all() == []


def test_a_focal_point_invites_a_deputy_of_their_own_institution_only(
    app: Flask, people: dict[str, Member], world: World
) -> None:
    client = as_(app, people["focal"])
    mine = {"email": "dora@ministry.example", "role": "deputy", "institution": world.institution}
    assert submit(client, INVITE, **mine).status_code == 200
    with app.app_context():
        others = database.session.scalars(select(invitations.Institution.id)).all()
    theirs = next(one for one in others if one != world.institution)
    assert submit(client, INVITE, **{**mine, "institution": theirs}).status_code == 422
    assert submit(client, INVITE, **{**mine, "role": "focal_point"}).status_code == 422


def test_a_secretariat_needs_two(app: Flask, people: dict[str, Member], client: FlaskClient) -> None:
    asked = submit(as_(app, people["secretariat"]), INVITE, email="new@ministry.example", role="secretariat")
    assert "second person" in asked.text
    with app.app_context():
        row_id = database.session.scalars(select(Invitation.id)).one()
        assert database.session.scalars(select(OutgoingMail)).all() == [], "no letter yet"
    approval = f"/coordination/invitations/{row_id}/approval"
    for who, status in (("secretariat", 409), ("coordinator", 404), ("admin", 404), ("reader", 404)):
        answer = submit(as_(app, people[who]), approval, on="/account")
        assert answer.status_code == status, who
    assert submit(as_(app, people["second"]), approval, on="/coordination/people").status_code == 303
    assert "Secretariat" in client.get(link(app, "new@ministry.example")).text
    assert submit(as_(app, people["second"]), approval, on="/account").status_code == 404, "agreed already"


def test_the_people_page_ends_at_the_border(app: Flask, people: dict[str, Member]) -> None:
    page = as_(app, people["coordinator"]).get("/coordination/people").text
    assert people["reader"].id in page
    assert people["focal"].id in page
    assert people["bulgarian"].id not in page
    assert people["secretariat"].id not in page
    missing = as_(app, people["coordinator"]).get("/coordination/people/11111111-1111-4111-8111-111111111111")
    foreign = as_(app, people["coordinator"]).get(f"/coordination/people/{people['secretariat'].id}")
    assert (foreign.status_code, foreign.text) == (missing.status_code, missing.text)
    assert missing.status_code == 404
    assert people["secretariat"].id in as_(app, people["admin"]).get("/coordination/people").text
    for who in ("reader", "bulgarian"):
        assert as_(app, people[who]).get("/coordination/people").status_code == 404


def act(app: Flask, by: Member, on: Member, what: str, **more: str) -> int:
    return int(submit(as_(app, by), f"/coordination/people/{on.id}/{what}", on="/account", **more).status_code)


def test_freezing_stops_everything_at_once_and_only_by_those_who_may(app: Flask, people: dict[str, Member]) -> None:
    reader, his = people["reader"], as_(app, people["reader"])
    why = {"reason": "left the service"}
    assert his.get("/account").status_code == 200
    for who in ("bulgarian", "focal", "reader"):
        assert act(app, people[who], reader, "freeze", **why) == 404
    assert act(app, people["coordinator"], people["colleague"], "freeze", **why) == 404, "a coordinator, no peer"
    assert act(app, people["coordinator"], people["coordinator"], "freeze", **why) == 404, "nor oneself"
    assert his.get("/account").status_code == 200
    assert act(app, people["coordinator"], reader, "freeze", **why) == 303
    assert his.get("/account").status_code == 303
    assert act(app, people["coordinator"], reader, "thaw", **why) == 303
    assert his.get("/account").status_code == 303, "thawed, but sessions stay ended"
    assert as_(app, reader).get("/account").status_code == 200


def test_freezing_asks_why(app: Flask, people: dict[str, Member]) -> None:
    client = as_(app, people["coordinator"])
    path = f"/coordination/people/{people['reader'].id}"
    assert submit(client, f"{path}/freeze", on=path, reason="").status_code == 422


def test_the_last_admin_cannot_vanish(app: Flask, people: dict[str, Member]) -> None:
    assert act(app, people["secretariat"], people["admin"], "freeze", reason="a test") == 409
    assert as_(app, people["admin"]).get("/account").status_code == 200


def test_factors_taken_away_are_set_up_anew_by_mail(app: Flask, people: dict[str, Member]) -> None:
    with app.app_context(), transaction(database.session()) as session:
        lost = make_account(session, "Lara", vault=app.extensions["vault"])
    assert act(app, people["bulgarian"], lost, "factors/removal", reason="met in person") == 404
    assert act(app, people["coordinator"], lost, "factors/removal", reason="met in person") == 303
    client = app.test_client()
    answer = submit(client, "/sign-in", email=lost.email, password=lost.password)
    assert "Look into your mailbox" in answer.text
    with app.app_context():
        text = database.session.scalars(select(OutgoingMail.text).where(OutgoingMail.letter == "finish")).one()
    path = re.search(r"8000(/finish/\S+)", text)[1]  # type: ignore[index]
    assert client.get("/second-factor").status_code == 303
    assert submit(client, path).headers["Location"] == "/second-factor"
    assert client.get("/second-factor").status_code == 200
    assert submit(client, path, on="/second-factor").status_code == 404, "once"
    remove(app, lost.email)


def test_the_first_admin_comes_from_the_console_once(app: Flask, people: dict[str, Member]) -> None:
    run = app.test_cli_runner()
    refused = run.invoke(args=["user", "first-admin", "root@ministry.example"])
    assert refused.exit_code == 1
    assert "already" in refused.output
    with app.app_context(), transaction(database.session()) as session:
        session.get(Account, people["admin"].id).state = "frozen"  # type: ignore[union-attr]
    done = run.invoke(args=["user", "first-admin", "root@ministry.example"])
    assert done.exit_code == 0, done.output
    path = re.search(r"8000(/invitations/\S+)", done.output)[1]  # type: ignore[index]
    client = app.test_client()
    joined = submit(client, path, name="Root Admin", language="en", new_password="seven blue lamps")
    assert joined.status_code == 303
    assert client.get(path).status_code == 404
    remove(app, "root@ministry.example")
    with app.app_context(), transaction(database.session()) as session:
        session.get(Account, people["admin"].id).state = "active"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["a@ministry.example", "--role", "reader", "--country", "RO"], 0),
        (["a@ministry.example", "--role", "reader"], 2),
        (["a@ministry.example", "--role", "admin"], 0),
        (["a@ministry.example", "--role", "admin", "--country", "RO"], 2),
        (["not an address", "--role", "admin"], 2), (["a@ministry.example", "--role", "king"], 2),
        (["a@ministry.example", "--role", "reader", "--country", "ZZ"], 2),
    ],
)  # fmt: skip
def test_the_console_invites(app: Flask, arguments: list[str], code: int) -> None:
    assert app.test_cli_runner().invoke(args=["user", "invite", *arguments]).exit_code == code


def test_a_fresh_directory_has_no_account(app: Flask) -> None:
    from directory.app import create_app, prepare
    from directory.config import read_settings

    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(app.extensions["site"].settings.data_dir / "fresh")})
    fresh = create_app(settings)
    with fresh.app_context():
        prepare(fresh)
        assert database.session.scalars(select(Account)).all() == []
        database.engine.dispose()


def test_join_races_give_one_account(app: Flask, people: dict[str, Member]) -> None:
    with app.app_context(), transaction(database.session()) as session:
        by = session.get(Account, people["coordinator"].id)
        assert by is not None
        invitations.invite(session, Wanted("race@ministry.example", "reader", "RO"), by=by, post=POST)
    path = link(app, "race@ministry.example")
    clients = [app.test_client() for _ in range(3)]
    statuses = [
        submit(one, path, on="/recover", name="Race", language="en", new_password="seven blue lamps").status_code
        for one in clients
    ]
    assert statuses == [303, 404, 404]
    remove(app, "race@ministry.example")
