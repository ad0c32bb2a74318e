"""Two records of one person as coordinators meet them: suggested, side by side, agreed to by a second person, undone."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from directory.accounts import sessions
from directory.app import database
from directory.registry import operations as registry
from directory.registry.values import ContactValues
from tests.browser.conftest import DESK, PHONE, SCREENS, Open
from tests.browser.test_accessibility import violations
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.web.signed_in import make_account

pytestmark = pytest.mark.browser
BELOW = "/coordination/doubles"


@pytest.fixture(scope="module")
def people(demo_app: Flask) -> list[str]:
    """Ids of three officials of one institution; the first two are one person, and so are the last two by name."""
    with demo_app.app_context():
        session = database.session()
        house = make_institution(session, "Service for Return (Example)", country="MT", city="Valletta")
        found = []
        for name, title, first, agreed, account in (
            ("Zora Example", "Return officer", date(2024, 3, 1), True, False),
            ("Z. Example", "Officer for returns abroad", date(2026, 1, 1), False, False),
            ("Yana Example", "Arrival officer", date(2025, 1, 1), True, True),
            ("Example, Yana", "Officer for arrivals", None, True, True),
        ):
            post = make_post(session, house, title=title, is_desk=False, phone=None)
            mail = f"{name.split()[0].strip(',.').lower()}@return-service.example"
            lines = (ContactValues("direct_phone", "+441632960861"), ContactValues("email", mail))
            appointment = registry.appoint(
                session, post, name, by="test", now=NOW, from_on=first, contact_points=lines,
                agreed_at=NOW if agreed else None,
            )  # fmt: skip
            if account:
                make_account(session, "focal_point", name=name).official_id = appointment.official_id
            found.append(appointment.official_id)
        session.commit()
        database.session.remove()
        return found


def someone(app: Flask, open_page: Open, name: str) -> Page:
    page = open_page("/", viewport=PHONE)
    with app.app_context():
        session = database.session()
        account = make_account(session, "coordinator", country="MT", name=name)
        token = sessions.open_session(session, account, device="test", now=NOW, factor=True)
        session.commit()
        database.session.remove()
    page.context.add_cookies([{"name": "session", "value": token, "url": page.url}])
    return page


def shoot(page: Page, name: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    for size, viewport in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.screenshot(path=SCREENS / f"doubles-{name}-{size}.png", full_page=True)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], f"{name} is wider than the {size}"
    assert violations(page) == [], name


def test_two_records_become_one_person_by_two_people_and_two_again(
    demo_app: Flask, open_page: Open, people: list[str]
) -> None:
    cora, carl = (someone(demo_app, open_page, name) for name in ("Cora Example", "Carl Example"))
    cora.goto(BELOW)
    shoot(cora, "list")
    cora.get_by_role("link", name="Zora Example").click()
    shoot(cora, "person")
    cora.get_by_role("link", name="Not now").click()
    cora.get_by_role("link", name="Zora Example").click()
    cora.get_by_label("Why").fill("One person, entered twice")
    cora.get_by_role("button", name="The same person").click()
    expect(cora.get_by_text("Waiting for a second person")).to_be_visible()
    carl.goto(BELOW)
    carl.get_by_role("link", name="Zora Example").click()
    shoot(carl, "person-second")
    carl.get_by_role("button", name="Agree: one person").click()
    expect(carl.get_by_text("Merged in the last thirty days")).to_be_visible()
    carl.get_by_role("link", name="Example").last.click()
    shoot(carl, "person-past")
    carl.get_by_role("button", name="Take it back").click()
    expect(carl.get_by_role("link", name="Zora Example")).to_be_visible()


def test_two_who_both_sign_in_are_kept_apart_or_told_what_to_do(
    demo_app: Flask, open_page: Open, people: list[str]
) -> None:
    page = someone(demo_app, open_page, "Dora Example")
    page.goto(f"{BELOW}/people/{people[2]}/{people[3]}")
    shoot(page, "person-accounts")
    expect(page.get_by_role("button", name="The same person")).to_have_count(0)
    page.get_by_role("button", name="Two persons: never ask again").click()
    expect(page.get_by_text("Kept apart")).to_be_visible()
    shoot(page, "person-apart")
