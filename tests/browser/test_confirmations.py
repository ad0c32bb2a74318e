"""From the letter to the thanks page in a real browser: ten entries on a phone, without scripts, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from directory.accounts.models import Account
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.db import transaction
from directory.ports import FixedClock
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.values import ContactValues
from tests.browser.conftest import DESK, PATIENCE, SCREENS
from tests.browser.serving import serving
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.web.asking import AskedOwner, ask, at, make_owner
from tests.web.signed_in import sign_in

pytestmark = pytest.mark.browser
PHONE, NARROWEST = {"width": 360, "height": 780}, {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("confirming")
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "test"})
    app = create_app(settings, clock=FixedClock(NOW))
    app.testing = True
    with app.app_context():
        prepare(app)
    yield app
    with app.app_context():
        database.engine.dispose()


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    with serving(make_server("127.0.0.1", 0, app, threaded=True)) as address:
        yield address


@pytest.fixture(autouse=True)
def today(app: Flask) -> Iterator[None]:
    at(app, NOW)
    yield
    at(app, NOW)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport=PHONE)
    found = context.new_page()
    found.set_default_timeout(PATIENCE)
    yield found
    context.close()


def asked(app: Flask, count: int = 1) -> AskedOwner:
    with app.app_context(), transaction(database.session()) as session:
        agency = make_institution(session, "Agency for Return and Reintegration")
        contacts = (
            ContactValues("phone", "+442079460633", is_published=True),
            ContactValues("direct_phone", "+442079460611", label="Head of desk"),
        )
        posts = [
            make_post(session, agency, title=f"Return desk {n + 1}", contact_points=contacts, asks_for="Planned date")
            for n in range(count)
        ]
        registry.appoint(
            session, posts[0], "Hana Holder (demo)", by="test", now=NOW, from_on=NOW.date() - timedelta(days=300),
            contact_points=(ContactValues("mobile", "+442079460622"),),
        )  # fmt: skip
        session.flush()
        account = make_owner(session, posts, official_id=posts[0].appointments[0].official_id)
        ids, account_id = [post.id for post in posts], account.id
    return ask(app, account_id, ids)


def look(page: Page, name: str) -> None:
    """Keep pictures, and let axe look for what shuts people out; nothing is wider than the narrowest screen."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    for size, viewport in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.screenshot(path=SCREENS / f"confirm-{name}-{size}.png", full_page=True)
        wrong = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in wrong] == []
    page.set_viewport_size(NARROWEST)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST["width"]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]


def test_ten_entries_are_confirmed_by_one_choice_and_the_code(app: Flask, page: Page) -> None:
    owner = asked(app, 10)
    page.goto(owner.path)
    expect(page.locator("h1")).to_have_text("Are these contact details still right?")
    expect(page.locator("input:checked")).to_have_count(0)
    look(page, "ten")
    page.get_by_label("All 10 entries are still right").check()
    expect(page.locator(".answers").first).to_be_hidden()
    look(page, "ten-all")
    page.get_by_label("Code from the letter").fill(owner.code.lower())
    page.get_by_role("button", name="Send").click()
    expect(page.locator("h1")).to_have_text("Thank you")
    expect(page.locator("main")).to_contain_text("10 entries are still right")
    look(page, "thanks")
    page.goto(owner.path)
    expect(page.locator("h1")).to_have_text("You have answered already. Thank you.")


def test_only_what_was_chosen_opens(app: Flask, page: Page) -> None:
    owner = asked(app)
    page.goto(owner.path)
    for part in (".if-needs_change", ".if-left", ".if-not_mine"):
        expect(page.locator(part)).to_be_hidden()
    page.get_by_label("Something needs a change").check()
    expect(page.locator(".if-needs_change")).to_be_visible()
    look(page, "change")
    page.get_by_label("I have left").check()
    expect(page.locator(".if-needs_change")).to_be_hidden()
    expect(page.locator(".if-left")).to_be_visible()
    look(page, "left")
    page.get_by_label("Not mine").check()
    expect(page.locator(".if-not_mine")).to_be_visible()
    look(page, "not-mine")


def test_a_correction_with_a_wrong_code_then_a_wrong_number_then_right(app: Flask, page: Page) -> None:
    owner = asked(app)
    page.goto(owner.path)
    page.get_by_label("Something needs a change").check()
    page.get_by_label("Instead of Phone").fill("12")
    page.get_by_label("Code from the letter").fill("AAAAAA")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("4 more tries")
    expect(page.get_by_role("alert")).to_contain_text("cannot be dialled")
    expect(page.get_by_label("Something needs a change")).to_be_checked()
    look(page, "wrong")
    page.get_by_label("Instead of Phone").fill("+44 20 7946 0699")
    page.get_by_label("Code from the letter").fill(owner.code)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("main")).to_contain_text("1 entry needs a change")
    look(page, "corrected")


def test_leaving_by_keyboard_alone_without_scripts(app: Flask, browser: Browser, address: str) -> None:
    owner = asked(app)
    context = browser.new_context(base_url=address, viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(owner.path)
    page.get_by_label("Still right").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("I have left")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    for _ in range(12):
        if page.evaluate("document.activeElement.id") == "code":
            break
        page.keyboard.press("Tab")
    page.keyboard.type(owner.code)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Somebody has left 1 post")
    context.close()


def test_the_full_numbers_and_an_entry_changed_meanwhile(app: Flask, page: Page) -> None:
    owner = asked(app, 2)
    page.goto(owner.path)
    expect(page.locator("main")).to_contain_text("… 611")
    page.get_by_label("Code from the letter").fill(owner.code)
    page.get_by_role("button", name="Show the full numbers").click()
    expect(page.locator("main")).to_contain_text("+44 20 7946 0611")
    look(page, "in-full")
    with app.app_context():
        database.session.get(Post, owner.post_ids[1]).title = "Return desk, night"
        database.session.commit()
    page.get_by_label("All 2 entries are still right").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Something changed while you were looking")
    look(page, "changed")


def test_dead_links_and_the_signed_in_page(app: Flask, page: Page, address: str) -> None:
    owner = asked(app)
    page.goto("/confirm/unknown")
    look(page, "unknown")
    at(app, NOW + timedelta(days=31))
    page.goto(owner.path)
    expect(page.locator("h1")).to_have_text("This link is too old")
    look(page, "expired")
    at(app, NOW)
    with app.app_context(), transaction(database.session()) as session:
        house = session.get(Post, owner.post_ids[0]).institution_id
    signed = sign_in(app, "focal_point", institution_id=house)
    cookie = signed.client.get_cookie("session")
    assert cookie is not None
    with app.app_context(), transaction(database.session()) as session:
        from directory.accounts.models import PostOwner

        session.query(PostOwner).filter_by(account_id=owner.account_id).delete()
        from directory.accounts.models import Account

        session.get(Account, owner.account_id).official_id = None
    page.context.add_cookies([{"name": "session", "value": cookie.value, "url": address}])
    page.goto("/account/confirm")
    expect(page.get_by_label("Code from the letter")).to_have_count(0)
    look(page, "signed-in")


@pytest.mark.parametrize("code", ["bg", "de", "hu", "sr"])
def test_the_page_with_its_mistakes_fits_the_narrowest_phone_in_long_languages(
    app: Flask, page: Page, code: str
) -> None:
    owner = asked(app)
    with app.app_context(), transaction(database.session()) as session:
        session.get_one(Account, owner.account_id).language = code
    page.goto(owner.path)
    expect(page.locator("html")).to_have_attribute("lang", code)
    page.locator("#e0-needs_change").check()
    page.locator("#e0-line0").fill("0744")
    page.locator("#code").fill(owner.code)
    page.locator("button[value=send]").click()
    expect(page.get_by_role("alert")).to_contain_text("0744")
    look(page, f"mistakes-{code}")
