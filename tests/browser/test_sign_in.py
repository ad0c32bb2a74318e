"""From the letter to a signed-in account in a real browser: with an app, and with a passkey on a host with a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from directory.accounts import demo, invitations
from directory.accounts.invitations import Wanted
from directory.accounts.letters import Post
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.db import transaction
from directory.ports import FixedClock
from tests.browser.conftest import DESK, PATIENCE, PHONE, SCREENS
from tests.browser.serving import serving
from tests.conftest import NOW
from tests.people import code_at, forget_steps

pytestmark = pytest.mark.browser
PASSWORD = "seven blue lamps"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str]]:
    """The directory on `localhost`, whose name passkeys can be bound to."""
    folder: Path = tmp_path_factory.mktemp("signing-in")
    server = make_server("127.0.0.1", 0, lambda _environ, _start: [], threaded=True)
    address = f"http://localhost:{server.port}"
    settings, _ = read_settings(
        {
            "DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_DEMO": "yes", "DIRECTORY_BASE_URL": address,
            "DIRECTORY_PASSWORD_COST": "test",
        }
    )  # fmt: skip
    app = create_app(settings, clock=FixedClock(NOW))
    with app.app_context():
        prepare(app)
    server.app = app
    with serving(server):
        yield app, address
    with app.app_context():
        database.engine.dispose()


def invited(app: Flask, email: str, role: str = "reader", country: str | None = "RO") -> str:
    with app.app_context(), transaction(database.session()) as session:
        post = Post(app.extensions["site"].settings.base_url, NOW)
        return urlsplit(invitations.invite_from_console(session, Wanted(email, role, country), post=post)).path


@pytest.fixture
def page(browser: Browser, site: tuple[Flask, str]) -> Iterator[Page]:
    context = browser.new_context(base_url=site[1], viewport=PHONE)
    found = context.new_page()
    found.set_default_timeout(PATIENCE)
    yield found
    context.close()


def look(page: Page, name: str) -> None:
    """Keep a picture, and let axe look for what shuts people out."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"sign-in-{name}.png", full_page=True)
    wrong = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in wrong] == []


def join(page: Page, path: str, name: str) -> None:
    page.goto(path)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up a second factor")


def test_from_the_letter_to_the_account_with_an_app(page: Page, site: tuple[Flask, str]) -> None:
    app, _ = site
    path = invited(app, "ana@ministry.example")
    page.goto(path)
    look(page, "invitation")
    join(page, path, "Ana Ionescu")
    look(page, "second-factor")
    page.get_by_role("button", name="Set up an authenticator app").click()
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    look(page, "app")
    page.get_by_label("Code").fill(code_at(NOW, secret))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".codes code")).to_have_count(10)
    look(page, "codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Reader for Romania")).to_be_visible()
    look(page, "account")
    page.set_viewport_size(DESK)
    look(page, "account-desk")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Ana Ionescu")).to_have_count(0)

    page.goto("/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.set_viewport_size(PHONE)
    look(page, "sign-in")
    page.get_by_label("Mail address").fill("ana@ministry.example")
    page.get_by_label("Password").fill("not my password")
    page.keyboard.press("Enter")
    expect(page.get_by_text("do not belong together")).to_be_visible()
    look(page, "wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your second factor")
    look(page, "code")
    forget_steps(app)
    page.get_by_label("Code").fill(" ".join(code_at(NOW, secret)))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_a_passkey_is_set_up_and_signs_in_alone(page: Page, site: tuple[Flask, str]) -> None:
    app, _ = site
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip
    join(page, invited(app, "ion@ministry.example"), "Ion Popa")
    page.get_by_role("button", name="Set up a passkey").click()
    page.get_by_label("Name of this passkey").fill("the laptop")
    look(page, "passkey")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".codes code")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Passkey “the laptop”")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("link", name="Account")).to_be_visible()
    page.goto("/account")
    expect(page.get_by_text("Ion Popa")).to_be_visible()


def test_a_coordinator_invites_and_freezes(page: Page, site: tuple[Flask, str]) -> None:
    app, _ = site
    with app.app_context(), transaction(database.session()) as session:
        people = demo.renew(session, app.extensions["vault"], cost="test", post=Post("http://localhost", NOW))
    cora = next(one for one in people if one.email.startswith("coordinator@"))
    page.set_viewport_size(DESK)
    page.goto("/sign-in?next=/coordination/people")
    page.get_by_label("Mail address").fill(cora.email)
    page.get_by_label("Password").fill(cora.password)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code").fill(code_at(NOW, cora.secret))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    look(page, "people")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Their mail address").fill("nina@ministry.example")
    page.get_by_label("Reader").check()
    page.get_by_label("Country").select_option("RO")
    look(page, "invite")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("A letter goes to nina@ministry.example.")).to_be_visible()
    page.goto("/coordination/people")
    page.get_by_role("link", name="Rea Reader").click()
    page.get_by_label("Why").fill("left the service")
    look(page, "person")
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_text("Frozen", exact=True)).to_be_visible()


def test_without_scripts_nothing_is_missing_but_passkeys(browser: Browser, site: tuple[Flask, str]) -> None:
    context = browser.new_context(base_url=site[1], viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    assert re.search(r"/recover", page.content())
    context.close()
