"""Mail scanners open every link within seconds, run scripts and press buttons: nothing may come of it.

Five visitors look at every address of every letter of a round; the database is the same before and after. The same
visitors find two pages made weaker on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from markupsafe import Markup
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from directory.accounts.models import Account
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.confirmations import answering, letters, links, running
from directory.confirmations.answering import Answerer, Given
from directory.confirmations.letters import Desk
from directory.confirmations.models import ConfirmationLetter
from directory.confirmations.rounds import Day
from directory.confirmations.snapshots import digest, load_posts, snapshot
from directory.db import Base, transaction
from directory.mail.models import OutgoingMail
from directory.ports import FixedClock
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.values import ContactValues
from directory.web.access import public
from tests.browser.conftest import PATIENCE
from tests.browser.serving import serving
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.security.crawl import links as links_on
from tests.web.asking import desk_of, make_owner
from tests.web.signed_in import make_account

pytestmark = pytest.mark.browser
# What looking may count; of history the lines about accesses. Everything else stays as it is, to the letter.
COUNTED = {"limit_count", "used_today", "access_record", "access_item", "alarm"}
ADDRESS = re.compile(r"https?://[^\s<>\"']+")
DEEP = 2
Visitor = Callable[["World", str], None]


class World:
    """The directory behind a real server, and a real browser in front of it."""

    def __init__(self, app: Flask, address: str, page: Page) -> None:
        self.app, self.address, self.page = app, address, page
        self.seen = 0

    def client(self) -> FlaskClient:
        return FlaskClient(self.app, self.app.response_class)

    def picture(self) -> dict[str, str]:
        with self.app.app_context():
            session = database.session()
            found = {}
            for table in Base.metadata.sorted_tables:
                statement = select(table).order_by(*table.primary_key.columns)
                if table.name == "change":
                    statement = statement.where(table.c.subject_type != "access")
                if table.name not in COUNTED:
                    found[table.name] = repr([tuple(row) for row in session.execute(statement)])
            return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("scanned")
    server = make_server("127.0.0.1", 0, lambda _environ, _start: [], threaded=True)
    address = f"http://127.0.0.1:{server.port}"
    settings, _ = read_settings(
        {"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_BASE_URL": address, "DIRECTORY_PASSWORD_COST": "test"}
    )
    app = create_app(settings, clock=FixedClock(NOW))
    _plant_weaker_pages(app)
    with app.app_context():
        prepare(app)
        _ask_and_answer(app, database.session())
    server.app = app
    with serving(server):
        context = browser.new_context(base_url=address)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        yield World(app, address, page)
        context.close()
    with app.app_context():
        database.engine.dispose()


def _ask_and_answer(app: Flask, session) -> None:
    """A round up to the deputy and the institution; one has left and named a successor; a correction waits."""
    agency = make_institution(session, "Agency for Return")
    contacts = (
        ContactValues("phone", "+442079460633", is_published=True),
        ContactValues("direct_phone", "+442079460611"),
    )
    silent = [
        make_post(session, agency, title=title, contact_points=contacts, confirmed_days_ago=80)
        for title in ("Return desk", "Arrival desk")
    ]
    leaver = make_post(session, agency, title="Return officer", confirmed_days_ago=80)
    registry.appoint(
        session,
        leaver,
        "Lena Leaver (demo)",
        by="test",
        now=NOW,
        contact_points=(ContactValues("email", "lena@agency.example"),),
    )
    changer = make_post(session, agency, title="Night desk", confirmed_days_ago=80)
    session.flush()
    make_owner(session, silent)
    people = {post.id: make_owner(session, [post]) for post in (leaver, changer)}
    make_account(session, "deputy", institution_id=agency.id)
    make_account(session, "focal_point", institution_id=agency.id)
    make_account(session, "coordinator", country="RO")
    session.commit()
    desk, site = desk_of(app), app.extensions["site"]
    for days in range(0, 40, 1):
        now = (NOW + timedelta(days=days)).replace(hour=9)
        day = Day(now, now.date(), site.timeline)
        running.run(session, day, desk, limit=1000)
        if days == 2:
            with transaction(session):
                _answer(
                    session,
                    people[leaver.id],
                    leaver,
                    day,
                    desk.base_url,
                    "left",
                    successor=answering.Successor("Sven (demo)", "sven@agency.example"),
                )
                _answer(
                    session, people[changer.id], changer, day, desk.base_url, "needs_change", holder="Nora New (demo)"
                )
                _five_wrong_codes(session, people[changer.id], desk, day)
    site.ports = type(site.ports)(site.ports.index, FixedClock(now))


def _answer(session, account: Account, post: Post, day: Day, base_url: str, choice: str, **more: object) -> None:
    shown = digest(snapshot(load_posts(session, [post.id])[post.id], day.today))
    who = Answerer(account, "letter", base_url)
    answering.answer(session, who, [Given(post.id, choice, shown, **more)], now=day.now, today=day.today)  # type: ignore[arg-type]


def _five_wrong_codes(session, account: Account, desk: Desk, day: Day) -> None:
    letter = session.scalars(select(ConfirmationLetter).where(ConfirmationLetter.account_id == account.id)).first()
    for _ in range(5):
        links.check_code(session, letter, "AAAAAA", now=day.now, desk=desk)


def mailed(world: World) -> dict[str, str]:
    """Every address in every letter, text and HTML, with the letter it stands in."""
    with world.app.app_context():
        rows = database.session().scalars(select(OutgoingMail)).all()
        return {
            unescape(found).rstrip(".,)"): row.letter
            for row in rows
            for found in ADDRESS.findall(f"{row.text}\n{row.html}")
        }


# The five visitors


def gets(world: World, url: str) -> None:
    world.client().get(_path(url))


def heads(world: World, url: str) -> None:
    world.client().head(_path(url))


def prefetches(world: World, url: str) -> None:
    headers = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "X-Moz": "prefetch"}
    world.client().get(_path(url), headers=headers)


def follows(world: World, url: str) -> None:
    """Every link of the page, and every link of those pages; cookies are kept."""
    client, seen, ahead = world.client(), set[str](), {_path(url)}
    for _ in range(DEEP + 1):
        found: set[str] = set()
        for path in sorted(ahead - seen)[:15]:
            seen.add(path)
            response = client.get(path, follow_redirects=True)
            if response.mimetype == "text/html":
                found |= links_on(response.text)
        ahead = found


def presses(world: World, url: str) -> None:
    """A browser that runs scripts: each form as it stands, then with each button, then with each choice ticked."""
    page = world.page

    def fresh() -> int:
        page.goto(url)
        return page.locator("form").count()

    def press(script: str, *what: object) -> None:
        fresh()
        with page.expect_navigation():
            page.evaluate(script, list(what))
        world.seen += 1

    for place in range(fresh()):
        buttons = page.evaluate("n => document.forms[n].querySelectorAll('button').length", place)
        choices = page.evaluate("n => [...document.forms[n].querySelectorAll('[type=radio]')].map(r => r.value)", place)
        press("([n]) => document.forms[n].submit()", place)
        for button in range(buttons):
            press("([n, b]) => document.forms[n].querySelectorAll('button')[b].click()", place, button)
        for choice in dict.fromkeys(choices):
            press(TICK, place, choice)
        fresh()


TICK = """([n, value]) => {
    for (const r of document.forms[n].querySelectorAll('[type=radio]')) if (r.value === value) r.checked = true;
    document.forms[n].submit();
}"""
VISITORS: dict[str, Visitor] = {
    "gets": gets, "heads": heads, "prefetches": prefetches, "follows links": follows, "presses buttons": presses,
}  # fmt: skip


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def caught(world: World, url: str) -> dict[str, list[str]]:
    """Which visitor changed which tables at this address."""
    found = {}
    for name, visit in VISITORS.items():
        before = world.picture()
        visit(world, url)
        after = world.picture()
        if changed := [table for table in before if before[table] != after[table]]:
            found[name] = changed
    return found


def test_nothing_comes_of_what_scanners_do(world: World) -> None:
    addresses = mailed(world)
    kinds = set(addresses.values())
    assert {"confirm", "successor", "left_told", "change_proposed", "calls"} <= kinds
    assert {urlsplit(url).netloc for url in addresses} == {urlsplit(world.address).netloc}, "one host in all letters"
    wrong = {url: found for url in sorted(addresses) if (found := caught(world, url))}
    print(
        f"\nscanners: {len(addresses)} addresses of {sorted(kinds)} × {len(VISITORS)} visitors, {world.seen} forms sent"
    )
    assert wrong == {}
    assert world.seen >= 3 * len([kind for kind in addresses.values() if kind == "confirm"][:1])


def test_control_a_page_that_confirms_when_looked_at_is_caught_by_all_five(world: World) -> None:
    found = caught(world, f"{world.address}/weak/looking")
    assert set(found) == set(VISITORS)
    assert all("post" in tables for tables in found.values())


def test_control_a_form_with_a_choice_made_and_no_code_is_caught(world: World) -> None:
    found = caught(world, f"{world.address}/weak/form")
    assert set(found) == {"presses buttons"}
    assert "post" in found["presses buttons"]


def _plant_weaker_pages(app: Flask) -> None:
    """Two pages as they must not be: one confirms when it is looked at, one when its form is sent as it stands."""

    def confirm() -> str:
        with transaction(database.session()) as session:
            for post in session.scalars(select(Post)):
                post.asks_for = f"{post.asks_for}."
        return "<!doctype html><title>Thank you</title><h1>Thank you</h1>"

    def form() -> str:
        from flask_wtf.csrf import generate_csrf

        return Markup(
            '<!doctype html><title>Weak</title><form method="post"><input type="hidden" name="csrf_token" value="{}">'
            '<input type="radio" name="choice" value="still_right" checked><button>Send</button></form>'
        ).format(generate_csrf())

    app.add_url_rule("/weak/looking", "weak_looking", public(confirm))
    app.add_url_rule("/weak/form", "weak_form", public(form))
    app.add_url_rule(
        "/weak/form", "weak_send", public(lambda: confirm() if request.form.get("choice") else form()), methods=["POST"]
    )


def test_codes_stand_in_no_address(world: World) -> None:
    with world.app.app_context():
        for row in database.session().scalars(select(OutgoingMail)):
            codes = re.findall(r"^ {3}([A-Z2-9]{6})$", row.text, re.MULTILINE)
            assert not [code for code in codes for url in ADDRESS.findall(row.text) if code in url]
            assert letters.PURPOSE not in codes
