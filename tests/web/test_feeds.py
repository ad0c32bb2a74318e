"""Webhooks and what is followed, on their pages; a link in a letter that only a person's or a mail program's POST uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import select, update

from directory import worker
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.entries import changes
from directory.feeds import following
from directory.feeds.models import Following, Webhook
from directory.history.models import Change
from directory.mail.models import OutgoingMail
from directory.ports import FixedClock
from directory.registry import operations
from directory.registry.models import Institution, Post
from tests.conftest import NOW
from tests.factories import make_post
from tests.feed_server import Listener, is_genuine, listening
from tests.people import LATER, set_clock
from tests.web.conftest import World, make_world
from tests.web.signed_in import Signed, sign_in
from tests.web.test_entries import text_of

HOOKS, FOLLOWED = "/account/webhooks", "/account/following"


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as told:
        yield told


@pytest.fixture(scope="module")
def telling(listener: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The same small directory, with a host listed."""
    settings, _ = read_settings(
        {
            "DIRECTORY_DATA_DIR": str(tmp_path_factory.mktemp("telling")),
            "DIRECTORY_PASSWORD_COST": "test",
            "DIRECTORY_WEBHOOK_HOSTS": f"127.0.0.1:{listener.port}, cases.example.org",
        }
    )
    app = create_app(settings, clock=FixedClock(NOW))
    app.testing = True
    with app.app_context():
        prepare(app)
        app.extensions["world"] = make_world(database.session())
        database.session().commit()
    yield app
    with app.app_context():
        database.engine.dispose()


def hooks_of(app: Flask, who: Signed) -> list[Webhook]:
    with app.app_context():
        return list(database.session().scalars(select(Webhook).where(Webhook.account_id == who.account_id)))


def followed(app: Flask, who: Signed) -> list[str]:
    with app.app_context():
        rows = following.followed_by(database.session(), who.account_id)
        return [row.filters for row in rows]


def tell(app: Flask) -> int:
    with app.app_context():
        return worker.tell_webhooks(database.session(), app.extensions["site"])


def test_where_no_host_is_listed_the_page_says_so_and_nothing_is_made(app: Flask) -> None:
    who = sign_in(app, "reader", country="RO")
    page = who.client.get(HOOKS).text
    assert "Webhooks are switched off here" in text_of(page)
    assert 'name="url"' not in page
    assert who.post(HOOKS, url="https://cases.example.org/").status_code == 422
    assert tell(app) == 0


def end_all(app: Flask) -> None:
    """Those other tests have made lead to a host that is looked up: nothing here leaves the machine."""
    with app.app_context():
        database.session().execute(update(Webhook).values(ended_at=NOW))
        database.session().commit()


def test_a_webhook_is_made_tried_told_and_ended(telling: Flask, listener: Listener) -> None:
    end_all(telling)
    who = sign_in(telling, "reader", country="RO")
    made = who.post(HOOKS, url=listener.url, country=["RO"])
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    found = re.search(r"<code>(trmwh_[^<]+)</code>", made.text)
    assert found
    page = who.client.get(HOOKS).text
    assert found[1] not in page, "shown once"
    assert listener.url in page
    (hook,) = hooks_of(telling, who)
    assert who.post(f"{HOOKS}/{hook.id}/test").status_code == 303
    assert tell(telling) == 1
    _, headers, body = listener.arrived[-1]
    assert is_genuine(found[1], headers["Directory-Signature"], body, int(NOW.timestamp()))
    with telling.app_context():
        session = database.session()
        post = make_post(session, session.get(Institution, telling.extensions["world"].institution), title="Told")
        session.commit()
        post_id = post.id
    assert tell(telling) == 1
    assert [change["id"] for change in listener.bodies()[-1]["changes"]] == [post_id]
    asked = telling.test_client().get(listener.bodies()[-1]["changes"][0]["url"])
    assert '"Told"' in asked.text
    assert "last arrived" in text_of(who.client.get(HOOKS).text)
    assert who.post(f"{HOOKS}/{hook.id}/end").status_code == 303
    assert listener.url not in who.client.get(HOOKS).text
    with telling.app_context():
        actions = set(database.session().scalars(select(Change.action).where(Change.by == who.account_id)))
    assert {"make_webhook", "end_webhook"} <= actions


def test_an_address_off_the_list_is_refused_with_a_sentence(telling: Flask) -> None:
    who = sign_in(telling, "reader", country="RO")
    answer = who.post(HOOKS, url="https://evil.example/?a=b")
    assert answer.status_code == 422
    assert "not on the list of hosts" in text_of(answer.text)
    assert 'value="https://evil.example/?a=b"' in answer.text, "what was typed stays"
    assert hooks_of(telling, who) == []


def test_it_takes_a_fresh_factor_and_the_right(telling: Flask) -> None:
    stale = sign_in(telling, "reader", country="RO")
    set_clock(telling, NOW + LATER)
    try:
        answer = stale.post(HOOKS, url="https://cases.example.org/")
        assert (answer.status_code, "/step-up" in answer.location) == (303, True)
    finally:
        set_clock(telling, NOW)
    assert sign_in(telling, "admin").post(HOOKS, url="https://cases.example.org/").status_code == 404
    assert stale.post(HOOKS, url="https://cases.example.org/").status_code == 200, "the control"


def test_five_are_enough(telling: Flask) -> None:
    who = sign_in(telling, "reader", country="RO")
    for _ in range(5):
        assert who.post(HOOKS, url="https://cases.example.org/").status_code == 200
    assert who.post(HOOKS, url="https://cases.example.org/").status_code == 422


def test_somebody_elses_webhook_is_not_there(telling: Flask) -> None:
    who, other = (sign_in(telling, "reader", country="RO") for _ in range(2))
    who.post(HOOKS, url="https://cases.example.org/")
    (hook,) = hooks_of(telling, who)
    assert [other.post(f"{HOOKS}/{hook.id}/{act}").status_code for act in ("test", "start", "end")] == [404] * 3
    assert hooks_of(telling, who)[0].ended_at is None


# What is followed


def test_a_country_and_an_answer_are_followed_from_their_pages(app: Flask, world: World) -> None:
    who = sign_in(app, "reader", country="RO")
    for page, filters in (("/countries/RO", "country=RO"), ("/entries?country=RO&sop=4&urgent=1", "country=RO&sop=4")):
        found = re.search(
            r'action="/account/following">.*?name="filters" value="([^"]*)"', who.client.get(page).text, re.S
        )
        assert found, page
        assert who.post(FOLLOWED, filters=found[1].replace("&amp;", "&")).status_code == 303
        assert filters in followed(app, who)
    assert who.post(FOLLOWED, filters="country=RO").status_code == 303
    assert sorted(followed(app, who)) == ["country=RO", "country=RO&sop=4"], "once is enough"
    assert "SOP 4" in text_of(who.client.get(FOLLOWED).text)


def test_visitors_are_not_offered_it(client: FlaskClient) -> None:
    for page in ("/countries/RO", "/entries?country=RO"):
        assert FOLLOWED not in client.get(page).text


@pytest.mark.parametrize(
    "filters", ["", "words=Cluj", "country=RO&words=Cluj", "country=QQ", "sop=99", "urgent=1", "x=1"]
)
def test_what_is_no_filter_is_not_followed(app: Flask, filters: str) -> None:
    who = sign_in(app, "reader", country="RO")
    assert who.post(FOLLOWED, filters=filters).status_code == 422
    assert followed(app, who) == []


def test_how_often_is_chosen_and_it_is_stopped_by_its_owner_only(app: Flask) -> None:
    who, other = (sign_in(app, "reader", country="RO") for _ in range(2))
    who.post(FOLLOWED, filters="country=RO")
    with app.app_context():
        own = database.session().scalars(select(Following).where(Following.account_id == who.account_id)).one()
        one, every = own.id, own.every
    assert every == "weekly"
    assert other.post(f"{FOLLOWED}/{one}/every", every="daily").status_code == 404
    assert other.post(f"{FOLLOWED}/{one}/stop").status_code == 404
    assert who.post(f"{FOLLOWED}/{one}/every", every="hourly").status_code == 422
    assert who.post(f"{FOLLOWED}/{one}/every", every="daily").status_code == 303
    assert '<option value="daily" selected>' in who.client.get(FOLLOWED).text
    assert who.post(f"{FOLLOWED}/{one}/stop").status_code == 303
    assert followed(app, who) == []


def token_of(app: Flask, who: Signed) -> str:
    with app.app_context():
        rows = following.followed_by(database.session(), who.account_id)
        return following.token_of(rows, app.extensions["site"].settings.secret_keys)


def test_a_scanner_on_the_link_stops_nothing_and_one_click_does(app: Flask) -> None:
    who = sign_in(app, "reader", country="RO")
    who.post(FOLLOWED, filters="country=RO")
    link, stranger = f"/unsubscribe/{token_of(app, who)}", FlaskClient(app, Response)
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        answer = stranger.open(link, method=method, headers={"User-Agent": "Scanner"})
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert [stranger.open(link, method=method).status_code for method in ("PUT", "PATCH", "DELETE")] == [405] * 3
    assert followed(app, who) == ["country=RO"]
    answer = stranger.post(
        link, data="List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )  # RFC 8058: no cookie, no token of a form
    assert answer.status_code == 200, "and no redirect"
    assert "Set-Cookie" not in answer.headers
    assert "These letters have stopped" in text_of(answer.text)
    assert followed(app, who) == []


def test_a_cookie_makes_no_difference_and_an_unknown_link_tells_nothing(app: Flask) -> None:
    who, other = (sign_in(app, "reader", country="RO") for _ in range(2))
    for one in (who, other):
        one.post(FOLLOWED, filters="country=RO")
    known = other.client.post(f"/unsubscribe/{token_of(app, who)}")
    unknown = app.test_client().post("/unsubscribe/nothing")
    assert known.text.replace(token_of(app, other), "") == unknown.text
    assert (followed(app, who), followed(app, other)) == ([], ["country=RO"])


def test_the_letter_comes_from_the_worker_and_its_button_stops_it(app: Flask, world: World) -> None:
    who = sign_in(app, "reader", country="AL")
    worker.run_due(app)
    who.post(FOLLOWED, filters="country=AL")
    with app.app_context():
        session = database.session()
        row = session.scalars(select(Following).where(Following.account_id == who.account_id)).one()
        row.every = "daily"
        house = session.get(Post, world.boys_shelter).institution
        make_post(session, house, title="Second line", contact_points=())
        session.commit()
    set_clock(app, NOW.replace(day=26))
    try:
        worker.run_due(app)
    finally:
        set_clock(app, NOW)
    with app.app_context():
        letter = (
            database.session()
            .scalars(
                select(OutgoingMail).where(OutgoingMail.letter == "digest", OutgoingMail.account_id == who.account_id)
            )
            .one()
        )
    assert "New: Second line, House for Boys" in letter.text
    stop = re.search(r"http://127\.0\.0\.1:8000(/unsubscribe/\S+)", letter.text)
    assert stop
    page = app.test_client().get(stop[1]).text
    action = re.search(r'<form[^>]*method="post" action="([^"]+)"', page)
    assert action
    assert app.test_client().post(action[1]).status_code == 200
    assert followed(app, who) == []


def test_what_is_gone_comes_in_pages_through_the_api(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes.removed_since, "__kwdefaults__", {"after": None, "limit": 2})
    with app.app_context():
        session = database.session()
        gone = [make_post(session, session.get(Institution, world.institution), title=f"Gone {n}") for n in range(5)]
        ids = [post.id for post in gone]
        for post in gone:
            operations.remove_post(session, post, reason="closed", by="test", now=NOW.replace(year=2030))
        session.commit()
    client, found, cursor, counts = app.test_client(), [], "", []
    while True:
        answer = client.get(f"/api/v1/entries?changed_since=2029-01-01{cursor}")
        assert answer.status_code == 200
        found += [one["id"] for one in answer.json["removed"]]
        counts.append(len(answer.json["removed"]))
        if answer.json["next_cursor"] is None:
            break
        cursor = f"&cursor={answer.json['next_cursor']}"
    assert (sorted(found), counts) == (sorted(ids), [2, 2, 1])


def test_the_file_of_ones_data_tells_both_without_secrets(telling: Flask) -> None:
    from directory.accounts.models import Account
    from directory.privacy import held

    who = sign_in(telling, "reader", country="RO")
    who.post(HOOKS, url="https://cases.example.org/mine")
    who.post(FOLLOWED, filters="country=RO")
    with telling.app_context():
        session = database.session()
        told = held.about(session, session.get_one(Account, who.account_id), now=NOW)
    assert told["webhooks"][0]["url"] == "https://cases.example.org/mine"
    assert not {"secret", "pending"} & set(told["webhooks"][0])
    assert told["what_you_follow"][0]["filters"] == "country=RO"
    assert "token_hash" not in told["what_you_follow"][0]


def test_the_page_of_an_account_leads_to_both(app: Flask) -> None:
    page = sign_in(app, "reader", country="RO").client.get("/account").text
    assert HOOKS in page
    assert FOLLOWED in page
