"""What changed, who was given it, alarms, everything about me; and the limits that stand before pages and files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from directory.accounts.models import LimitCount
from directory.accounts.people import rights
from directory.accounts.policy import Rights
from directory.app import database
from directory.db import new_id
from directory.history.models import AccessItem, AccessRecord, Alarm, Change, UsedToday
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.pictures import post_values
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.web.conftest import World
from tests.web.signed_in import sign_in

INTAKE = "+442079460104"


@pytest.fixture(autouse=True)
def _fresh_day(app: Flask) -> Iterator[None]:
    yield
    with app.app_context():
        session = database.session()
        for table in (LimitCount, UsedToday, Alarm, AccessItem, AccessRecord):
            session.execute(delete(table))
        session.commit()


@pytest.fixture
def small_quotas(monkeypatch: pytest.MonkeyPatch) -> Rights:
    """The rights with quotas a test can reach."""
    table = rights()
    quotas = {kind: dict.fromkeys(row, 2) for kind, row in table.quotas.items()}
    small = replace(table, quotas=quotas)
    for module in ("web.quotas", "accounts.reveals", "accounts.people"):
        monkeypatch.setattr(f"directory.{module}.rights", lambda: small)
    return small


def records(app: Flask, kind: str) -> list[AccessRecord]:
    with app.app_context():
        found = database.session().scalars(
            select(AccessRecord).where(AccessRecord.kind == kind).order_by(AccessRecord.at)
        )
        return [record for record in found if record.items or not record.entry_count]


def alarm_kinds(app: Flask) -> list[str]:
    with app.app_context():
        return list(database.session().scalars(select(Alarm.kind).order_by(Alarm.kind)))


# What changed


def test_what_changed_is_told_in_words_and_restricted_numbers_by_their_last_digits(app: Flask, world: World) -> None:
    with app.app_context():
        session = database.session()
        post = session.get(Post, world.boys_shelter)
        assert post is not None
        values = post_values(post)
        mobile = ContactValues("mobile", "+442079460777")
        wanted = replace(values, title="Intake line for boys and men", contact_points=(*values.contact_points, mobile))
        registry.set_post(session, post, wanted, by="console", now=NOW)
        session.commit()
    page = sign_in(app, "coordinator", country="AL").client.get(f"/entries/{world.boys_shelter}/history")
    assert page.status_code == 200
    assert "Title: “Intake line for boys” became “Intake line for boys and men”" in page.text
    assert "Mobile … 777 was added" in page.text
    assert "somebody at the machine itself" in page.text
    assert "+44 20 7946 0777" not in page.text
    assert "442079460777" not in page.text
    assert "{" not in page.text.split("<main", 1)[1].split("</main", 1)[0], "words, not JSON"


@pytest.mark.parametrize("page", ["history", "uses"])
@pytest.mark.parametrize(
    ("role", "country", "expected"),
    [
        ("coordinator", "AL", 200),
        ("secretariat", None, 200),
        ("auditor", None, 200),
        ("coordinator", "RO", 404),
        ("reader", "AL", 404),
        ("admin", None, 404),
    ],
)
def test_who_may_read_history(
    app: Flask, world: World, page: str, role: str, country: str | None, expected: int
) -> None:
    client = sign_in(app, role, country=country).client
    answer = client.get(f"/entries/{world.boys_shelter}/{page}")
    unknown = client.get(f"/entries/{new_id()}/{page}")
    assert (answer.status_code, unknown.status_code) == (expected, 404)
    if expected == 404:
        assert answer.text == unknown.text


def test_a_visitor_is_asked_to_sign_in(client: FlaskClient, world: World) -> None:
    assert client.get(f"/entries/{world.boys_shelter}/history").status_code == 303


# Who was given it


def test_an_owner_sees_who_took_the_entry_along(app: Flask, world: World, client: FlaskClient) -> None:
    client.get(f"/entries/{world.return_desk}.vcf")
    sign_in(app, "reader", country="BG", name="Boyan Reader").client.get("/entries.csv?country=RO&role=return_officer")
    page = sign_in(app, "reader", owns=world.return_desk, country="RO").client
    assert page.get(f"/entries/{world.return_desk}/uses").status_code == 404, "a reader owns no history"
    owner = sign_in(app, "focal_point", owns=world.return_desk, institution_id=world.institution)
    text = owner.client.get(f"/entries/{world.return_desk}/uses").text
    assert "a visitor took it along in a file" in text
    assert "Boyan Reader took it along in a file" in text


def test_each_export_counts_the_rows_it_delivered(app: Flask, world: World, client: FlaskClient) -> None:
    rows = json.loads(client.get("/entries.json?country=RO").text)["entries"]
    (record,) = records(app, "export")
    assert (record.entry_count, record.path, record.filters) == (len(rows), "json", "country=RO")
    with app.app_context():
        items = database.session().scalars(select(AccessItem.entry_id).where(AccessItem.record_id == record.id)).all()
        assert sorted(items) == sorted(row["id"] for row in rows)
    assert record.account_id is None
    assert record.network
    assert "127" not in record.network, "a mark of the network, not the network"


def test_typed_words_are_not_kept_with_an_export(app: Flask, client: FlaskClient, world: World) -> None:
    assert client.get("/entries.json?country=RO&words=return").status_code == 200
    (record,) = records(app, "export")
    assert record.filters == "country=RO&words"


def test_a_refused_file_is_not_logged_as_given(app: Flask, client: FlaskClient) -> None:
    assert client.get("/entries.csv?country=PT").status_code in {200, 404}
    assert all(record.entry_count == 0 for record in records(app, "export"))


# Quotas


def test_over_the_quota_a_page_waits_till_tomorrow_and_a_hotline_never(
    app: Flask, world: World, client: FlaskClient, small_quotas: Rights
) -> None:
    for entry_id in (world.return_desk, world.coordinator):
        assert client.get(f"/entries/{entry_id}").status_code == 200
    answer = client.get(f"/entries/{world.kosovo}")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 86400
    assert client.get(f"/entries/{world.return_desk}").status_code == 200, "what was given today stays open"
    for path in (f"/entries/{world.hotline}", f"/entries/{world.hotline}.vcf", "/entries?role=hotline&urgent=1"):
        assert client.get(path).status_code == 200, path
    assert client.get(f"/api/v1/entries/{world.hotline}").status_code == 200
    problem = client.get(f"/api/v1/entries/{world.stale}")
    assert problem.status_code == 429
    assert problem.mimetype == "application/problem+json"
    assert problem.headers["Retry-After"]


def test_the_api_cannot_be_walked_past_the_quota(client: FlaskClient, world: World, small_quotas: Rights) -> None:
    assert client.get("/api/v1/entries?country=RO&limit=100").status_code == 429
    assert client.get("/api/v1/entries?changed_since=1970-01-01&limit=100").status_code == 429
    assert client.get("/api/v1/entries?country=XK").status_code == 200


def test_files_of_a_day_are_counted(app: Flask, client: FlaskClient, world: World, small_quotas: Rights) -> None:
    codes = [client.get("/entries.csv?country=XK").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert len(records(app, "export")) == 2
    assert alarm_kinds(app) == ["quota_export"]


def test_reveals_of_a_day_are_counted_and_the_account_frozen(app: Flask, world: World, small_quotas: Rights) -> None:
    from directory.registry.models import ContactPoint

    with app.app_context():
        session = database.session()
        post = session.get(Post, world.kosovo)
        assert post is not None
        lines = tuple(ContactValues("direct_phone", f"+4420794602{n:02}") for n in range(8))
        values = post_values(post)
        registry.set_post(session, post, replace(values, contact_points=lines), by="test", now=NOW)
        session.commit()
        chosen = select(ContactPoint.id).where(ContactPoint.post_id == post.id, ContactPoint.kind == "direct_phone")
        ids = list(session.scalars(chosen))
    who = sign_in(app, "reader", country="RO")
    token = who.token()
    codes = [
        who.client.post(f"/entries/{world.kosovo}/reveal/{i}", data={"csrf_token": token}).status_code for i in ids
    ]
    assert codes[:6] == [200, 200, 429, 429, 429, 429]
    assert codes[6] in {303, 400, 403}, "frozen at three times the norm: the session is gone"
    assert alarm_kinds(app) == ["harvest_reveal", "quota_reveal"]
    assert len(records(app, "reveal")) == 2


def test_lists_are_counted_for_somebody_signed_in(app: Flask, world: World, small_quotas: Rights) -> None:
    who = sign_in(app, "reader", country="RO").client
    assert who.get("/entries?country=RO").status_code == 200
    assert who.get("/entries?country=XK").status_code == 429
    assert who.get("/entries?role=hotline&urgent=1").status_code == 200


def test_the_control_with_the_real_quotas_nothing_is_refused(client: FlaskClient, world: World) -> None:
    for entry_id in (world.return_desk, world.coordinator, world.kosovo, world.stale, world.vacant):
        assert client.get(f"/entries/{entry_id}").status_code == 200


# Traps


def test_robots_are_asked_to_leave_the_doors_alone_and_no_page_links_to_them(client: FlaskClient) -> None:
    robots = client.get("/robots.txt")
    assert robots.mimetype == "text/plain"
    assert "Disallow: /internal/" in robots.text
    for page in ("/", "/countries", "/sops", "/entries", "/how-we-read"):
        assert "/internal" not in client.get(page).text


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/internal/users", "trap_door"), ("/api/v1/dump", "trap_door"), ("/entries?country=RO&page=501", "trap_page")],
)
def test_a_step_where_nothing_leads_rings_and_answers_like_any_other(
    app: Flask, client: FlaskClient, path: str, kind: str
) -> None:
    answer = client.get(path)
    assert alarm_kinds(app) == [kind]
    if kind == "trap_door" and not path.startswith("/api"):
        assert answer.text == client.get("/nothing/here").text


def test_guessing_ids_rings(app: Flask, client: FlaskClient) -> None:
    for _ in range(4):
        client.get(f"/entries/{new_id()}")
    assert alarm_kinds(app) == []
    client.get(f"/api/v1/entries/{new_id()}")
    assert alarm_kinds(app) == ["trap_id"]


def test_forging_cursors_rings(app: Flask, client: FlaskClient) -> None:
    for number in range(5):
        assert client.get(f"/api/v1/entries?cursor=forged{number}").status_code == 400
    assert alarm_kinds(app) == ["trap_cursor"]


def test_the_control_an_ordinary_visit_rings_nothing(app: Flask, client: FlaskClient, world: World) -> None:
    for path in ("/", "/entries?country=RO", "/entries?country=RO&page=2", f"/entries/{world.stale}", "/nothing"):
        client.get(path)
    assert alarm_kinds(app) == []


def test_alarms_are_read_and_seen_by_the_coordinator_of_that_country(app: Flask, world: World) -> None:
    reader = sign_in(app, "reader", country="RO", name="Radu Reader")
    reader.client.get("/internal/x")
    with app.app_context():
        alarm_id = database.session().scalars(select(Alarm.id)).one()
    own, other = sign_in(app, "coordinator", country="RO"), sign_in(app, "coordinator", country="BG")
    assert "Radu Reader" in own.client.get("/coordination/alarms").text
    assert "No alarms." in other.client.get("/coordination/alarms").text
    assert other.post(f"/coordination/alarms/{alarm_id}/seen").status_code == 404
    assert reader.client.get("/coordination/alarms").status_code == 404
    assert own.post(f"/coordination/alarms/{alarm_id}/seen").status_code == 303
    assert "Looked at" in own.client.get("/coordination/alarms").text


# Everything about me


def test_everything_about_me_is_a_file_with_every_chapter_and_no_secret(app: Flask, world: World) -> None:
    who = sign_in(app, "focal_point", owns=world.return_desk, institution_id=world.institution, name="Fiona Point")
    who.client.get(f"/entries/{world.stale}")
    assert "Everything held about you" in who.client.get("/account/my-data").text
    file = who.post("/account/my-data")
    assert file.headers["Content-Disposition"] == "attachment; filename=everything-about-me.json"
    assert file.headers["Cache-Control"] == "no-store"
    told = json.loads(file.text)
    assert told["account"]["name"] == "Fiona Point"
    assert told["entries_you_own"] == [{"id": world.return_desk, "title": "Return desk"}]
    assert [row["kind"] for row in told["what_you_were_given"]] == ["view"]
    assert told["sessions"]
    for secret in ("password_hash", "token_hash", "secret"):
        assert secret not in file.text
    again = json.loads(who.post("/account/my-data").text)
    assert [line["action"] for line in again["history_by_or_about_you"]][-1] == "own_data"


def test_nobody_gets_anybody_elses_file(app: Flask, world: World) -> None:
    first, second = (sign_in(app, "reader", country="RO", name=name) for name in ("Una First", "Dana Second"))
    assert "Una First" not in second.post("/account/my-data").text
    assert "Una First" in first.post("/account/my-data").text


def test_every_change_through_a_page_says_so(app: Flask, world: World) -> None:
    who = sign_in(app, "reader", country="RO")
    who.post("/account/my-data")
    with app.app_context():
        line = database.session().scalars(select(Change).where(Change.by == who.account_id)).all()[-1]
        assert (line.action, line.path) == ("own_data", "form")


# Taking somebody out


def test_a_coordinator_takes_a_holder_out_with_a_reason_and_a_fresh_factor(app: Flask, world: World) -> None:
    from datetime import timedelta

    with app.app_context():
        session = database.session()
        post = session.get(Post, world.vacant)
        assert post is not None
        official_id = registry.appoint(session, post, "Ileana Invented", by="test", now=NOW).official_id
        session.commit()
    path = f"/entries/{world.vacant}/holders/{official_id}/erasure"
    own = sign_in(app, "coordinator", country="RO")
    assert "Take Ileana Invented out" in own.client.get(f"/entries/{world.vacant}/history").text
    assert sign_in(app, "coordinator", country="BG").post(path, reason="asked").status_code == 404
    assert sign_in(app, "auditor").post(path, reason="asked").status_code == 404
    stale = sign_in(app, "coordinator", country="RO", at=NOW - timedelta(minutes=16))
    assert stale.post(path, reason="asked").status_code == 303
    assert own.post(path, reason="").status_code == 422
    assert own.post(path, reason="Ileana Invented asked").status_code == 422
    assert "Ileana" in own.client.get(f"/entries/{world.vacant}/history").text
    done = own.post(path, reason="asked to be taken out")
    assert done.status_code == 200
    assert "no longer named" in done.text
    page = own.client.get(f"/entries/{world.vacant}/history").text
    assert "Ileana" not in page
    assert "This line told about a person, who was taken out" in page
    assert own.post(path, reason="again").status_code == 404
