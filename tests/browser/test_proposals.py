"""Two pairs of eyes as people meet them: an owner asks for another number, a coordinator compares and agrees."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from directory.app import database
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.values import ContactValues
from tests.browser.conftest import DESK, PHONE, SCREENS, Open
from tests.browser.test_accessibility import violations
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.people import Member, code_at, forget_steps, make_account

pytestmark = pytest.mark.browser
OLD, NEW = "+44 1632 960123", "+44 1632 960456"


@dataclass(frozen=True)
class Cast:
    """Who plays, and the entry it is about."""

    entry: str
    owner: Member
    coordinator: Member


@pytest.fixture(scope="module")
def cast(demo_app: Flask) -> Cast:
    with demo_app.app_context():
        session = database.session()
        vault = demo_app.extensions["vault"]
        body = make_institution(session, "Agency for Return", city="București")
        lines = (
            ContactValues("phone", OLD.replace(" ", ""), label="Desk", hours="Mo-Fr 08:00-16:00", is_published=True),
            ContactValues("email", "desk@return-agency.example", is_published=True),
            ContactValues("mobile", "+441632960789"),
        )
        post = make_post(session, body, title="Desk for two eyes", contact_points=lines)
        owner = make_account(session, "Olga", "focal_point", institution_id=body.id, vault=vault)
        coordinator = make_account(session, "Cosmin", "coordinator", country="RO", vault=vault)
        session.commit()
        return Cast(post.id, owner, coordinator)


def sign_in(page: Page, app: Flask, member: Member) -> None:
    forget_steps(app)  # the clock stands still
    page.goto("/sign-in")
    page.get_by_label("Mail address").fill(member.email)
    page.get_by_label("Password").fill(member.password)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code").fill(code_at(NOW))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("link", name="Account")).to_be_visible()


def shoot(page: Page, name: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    for size, viewport in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(viewport)
        page.screenshot(path=SCREENS / f"proposals-{name}-{size}.png", full_page=True)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], f"{name} is wider than the {size}"
    assert violations(page) == [], name


def test_an_owner_asks_a_coordinator_agrees_a_reader_sees(open_page: Open, cast: Cast, demo_app: Flask) -> None:
    mine = open_page("/")
    sign_in(mine, demo_app, cast.owner)
    mine.goto(f"/entries/{cast.entry}")
    mine.get_by_role("link", name="Correct this entry").click()
    expect(mine.get_by_role("heading", level=1)).to_have_text("Correct: Desk for two eyes")
    shoot(mine, "form")
    mine.get_by_label("Number or address").first.fill("not a number")
    mine.get_by_role("button", name="Save").click()
    expect(mine.get_by_role("alert")).to_contain_text("no phone number")
    shoot(mine, "wrong")
    mine.get_by_label("Number or address").first.fill(NEW)
    mine.get_by_label("Why it changes").fill("We moved to another floor")
    mine.get_by_role("button", name="Save").click()
    expect(mine.get_by_role("heading", level=1)).to_have_text("Your change waits for a second person")
    shoot(mine, "waits")

    visitor = open_page(f"/entries/{cast.entry}")
    expect(visitor.get_by_role("link", name=f"Call {OLD}")).to_be_visible()
    expect(visitor.get_by_text("A change is being checked.")).to_be_visible()
    shoot(visitor, "checked")

    second = open_page("/")
    sign_in(second, demo_app, cast.coordinator)
    second.goto("/coordination")
    card = second.get_by_role("article").filter(has_text="Desk for two eyes")
    expect(card).to_contain_text(OLD)
    expect(card).to_contain_text(NEW)
    shoot(second, "coordination")
    card.get_by_role("link", name="Desk for two eyes").click()
    expect(second.get_by_text("We moved to another floor")).to_be_visible()
    shoot(second, "proposal")
    second.get_by_label("A note to whoever asked").fill("Called the switchboard")
    second.get_by_role("button", name="Accept", exact=True).click()
    expect(second).to_have_url(re.compile(r"/coordination$"))

    visitor.reload()
    expect(visitor.get_by_role("link", name=f"Call {NEW}")).to_be_visible()
    expect(visitor.get_by_text("A change is being checked.")).to_have_count(0)
    mine.goto("/account/proposals")
    expect(mine.get_by_text("accepted")).to_be_visible()
    expect(mine.get_by_text("Called the switchboard")).to_be_visible()
    shoot(mine, "own")


def test_nothing_typed_is_lost_when_somebody_else_was_first(open_page: Open, cast: Cast, demo_app: Flask) -> None:
    mine = open_page("/")
    sign_in(mine, demo_app, cast.owner)
    mine.goto(f"/entries/{cast.entry}/edit")
    with demo_app.app_context():
        session = database.session()
        post = session.scalars(select(Post).where(Post.id == cast.entry)).one()
        from dataclasses import replace

        from directory.registry.pictures import post_values

        registry.set_post(session, post, replace(post_values(post), area="West"), by="test", now=NOW)
        session.commit()
    mine.get_by_label("What they will ask you for").fill("The planned day")
    mine.get_by_role("button", name="Save").click()
    expect(mine.get_by_role("alert")).to_contain_text("Somebody changed this while you were writing")
    shoot(mine, "conflict")
    expect(mine.get_by_label("What they will ask you for")).to_have_value("The planned day")
    mine.get_by_role("button", name="Save").click()
    expect(mine.get_by_role("heading", level=1)).to_have_text("Saved")
    mine.goto(f"/entries/{cast.entry}/edit")
    expect(mine.get_by_label("Area", exact=True).first).to_have_value("West")
