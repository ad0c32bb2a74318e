"""Imports as people meet them: upload, columns, preview, a second person, undo; and an old list checked. No script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from directory.accounts import sessions
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.ports import FixedClock
from directory.registry.values import ContactValues
from importers import background
from importers.pages import attach
from tests.browser.conftest import DESK, PATIENCE, PHONE, SCREENS
from tests.browser.serving import serving
from tests.browser.test_accessibility import violations
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.web.signed_in import make_account

pytestmark = pytest.mark.browser
LIST = (
    "Company,Job Title,First Name,Last Name,E-mail Address,Business Phone,Business Country/Region,Notes\r\n"
    "Office for Return (Example),Head of return,Ana,Example,return@office.example,+44 1632 960301,Romania,from 2024\r\n"
    "House of Advice (Example),,,,advice@house.example,+44 1632 960302,Romania,\r\n"
    "Agency for Return,Return desk,,,desk@return-agency.example,+44 1632 960123,Romania,\r\n"
    "Ministry Abroad (Example),Desk,,,desk@abroad.example,+44 1632 960304,Moldova,\r\n"
)
OLD = (
    "Organisation,Title,E-mail,Phone\r\n"
    "Agency for Return,Return desk,desk@return-agency.example,+44 1632 960123\r\n"
    "Agency for Return,Arrival desk,arrival@return-agency.example,+44 1632 960999\r\n"
    "Nobody’s House,,nobody@nowhere.example,\r\n"
)


@dataclass
class Site:
    """An app with the importers' pages, served."""

    app: Flask
    address: str
    browser: Browser
    contexts: list[BrowserContext]

    def someone(self, role: str = "", name: str = "") -> Page:
        context = self.browser.new_context(base_url=self.address, viewport=PHONE, java_script_enabled=True)  # type: ignore[arg-type]
        self.contexts.append(context)
        if role:
            with self.app.app_context():
                session = database.session()
                account = make_account(session, role, country="RO", name=name)
                token = sessions.open_session(session, account, device="test", now=NOW, factor=True)
                session.commit()
                database.session.remove()
            context.add_cookies([{"name": "session", "value": token, "url": self.address}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        return page

    def work(self) -> None:
        with self.app.app_context():
            background.work(database.session(), self.app.extensions["site"])
            database.session.remove()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("imports")
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "test"})
    app = create_app(settings, clock=FixedClock(NOW))
    attach(app)
    with app.app_context():
        prepare(app)
        body = make_institution(database.session(), "Agency for Return", kind="ngo")
        for title, mail, phone in (
            ("Return desk", "desk@return-agency.example", "+441632960123"),
            ("Arrival desk", "arrival@return-agency.example", "+441632960124"),
        ):
            lines = (
                ContactValues("phone", phone, is_published=True),
                ContactValues("email", mail, is_published=True),
            )
            make_post(database.session(), body, title=title, contact_points=lines)
        database.session().commit()
        database.session.remove()
    with serving(make_server("127.0.0.1", 0, app, threaded=True)) as address:
        found = Site(app, address, browser, [])
        yield found
        for context in found.contexts:
            context.close()
    with app.app_context():
        database.engine.dispose()


def shoot(page: Page, name: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    for size, viewport in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.screenshot(path=SCREENS / f"imports-{name}-{size}.png", full_page=True)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], f"{name} is wider than the {size}"
    assert violations(page) == [], name


def test_a_list_comes_in_by_two_people_and_goes_again(site: Site) -> None:
    ana, ion = site.someone("coordinator", "Ana Example"), site.someone("coordinator", "Ion Example")
    ana.goto("/coordination/imports")
    shoot(ana, "none")
    ana.get_by_role("link", name="New import").click()
    file = {"name": "contacts.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    ana.get_by_label("File", exact=True).set_input_files(file)  # type: ignore[arg-type]
    ana.get_by_label("What the list is called").fill("Contacts of the ministry")
    ana.get_by_label("The day it was true").fill("2026-10-01")
    shoot(ana, "new")
    ana.get_by_role("button", name="Upload").click()
    expect(ana.get_by_role("heading", level=1)).to_have_text("What are the columns?")
    expect(ana.get_by_label("Business Phone")).to_have_value("phone")
    expect(ana.get_by_label("First Name")).to_have_value("given_name")
    ana.get_by_text("The first 4 rows").click()
    ana.get_by_label("Kind of institution", exact=True).select_option("ngo")
    shoot(ana, "columns")
    ana.get_by_role("button", name="Read the list").click()
    expect(ana.get_by_role("status")).to_contain_text("Waits to be read")
    shoot(ana, "working")
    site.work()
    # The page asks anew by itself: nobody presses anything.
    expect(ana.get_by_role("heading", name="4 rows were read")).to_be_visible()
    shoot(ana, "preview")
    for link, name in (
        ("New: 2", "rows-new"),
        ("Refused: 1", "rows-refused"),
        ("Perhaps here already: 1", "rows-doubtful"),
    ):
        ana.get_by_role("link", name=link).click()
        shoot(ana, name)
        if name != "rows-doubtful":
            ana.go_back()
    ana.get_by_label("The same as Agency for Return, Return desk").check()
    ana.get_by_role("button", name="Take these answers").click()
    site.work()
    ana.reload()
    ana.get_by_role("button", name="Ask for a second person").click()
    expect(ana.get_by_text("somebody else lets it in")).to_be_visible()
    ion.goto(ana.url)
    shoot(ion, "second")
    ion.get_by_role("button", name="Let the batch in").click()
    site.work()
    ion.reload()
    expect(ion.get_by_text("Agreed by Ion Example")).to_be_visible()
    shoot(ion, "done")
    ion.get_by_role("button", name="Take the batch back").click()
    site.work()
    ion.reload()
    expect(ion.get_by_text("2 entries taken out")).to_be_visible()
    shoot(ion, "undone")
    ion.get_by_role("link", name="Imports", exact=True).click()
    shoot(ion, "list")


def test_a_visitor_checks_an_old_list_and_takes_the_corrected_one(site: Site) -> None:
    page = site.someone()
    page.goto("/")
    page.get_by_role("link", name="Check your old list").click()
    shoot(page, "old-ask")
    file = {"name": "mine.csv", "mimeType": "text/csv", "buffer": OLD.encode()}
    page.get_by_label("Your list").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_role("heading", name="1 row has changed")).to_be_visible()
    shoot(page, "old-answer")
    page.get_by_role("link", name="Check another list").click()
    page.get_by_label("Your list").set_input_files(file)  # type: ignore[arg-type]
    with page.expect_download() as taken:
        page.get_by_role("button", name="Give me the corrected file").click()
    text = Path(taken.value.path()).read_text(encoding="utf-8-sig")
    assert "+44 1632 960124" in text
    assert "not found" in text
    page.get_by_label("Your list").set_input_files({"name": "mine.pdf", "mimeType": "text/csv", "buffer": b"%PDF-1.7"})  # type: ignore[arg-type]
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_role("alert")).to_contain_text("is a PDF")
    shoot(page, "old-refused")
