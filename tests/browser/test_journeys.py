"""What people do: ask, read the answer, open the entry, take the number along."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open

pytestmark = pytest.mark.browser
QUESTION = "who handles return in Romania"


def test_a_question_leads_to_a_number_and_onto_the_phone(open_page: Open) -> None:
    page = open_page("/")
    page.get_by_label("Ask in your own words and language").fill(QUESTION)
    page.get_by_role("button", name="Find").click()
    expect(page).to_have_url("/entries?country=RO&sop=4&role=return_officer")
    expect(page.get_by_role("link", name="Remove: Romania")).to_be_visible()
    card = page.get_by_role("article").first
    expect(card.get_by_role("link", name="Call +")).to_have_attribute("href", "tel:+441632960172")
    card.get_by_role("heading").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Return desk")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save to phone").click()
    assert "TEL" in Path(download.value.path()).read_text("utf-8")


def test_the_question_is_nowhere_in_the_address_or_the_box_afterwards(open_page: Open) -> None:
    page = open_page("/")
    page.fill("#q", QUESTION + " tonight xylophonist")
    page.keyboard.press("Enter")
    page.wait_for_url("**/entries?**")
    assert "xylophonist" not in page.url
    assert page.input_value("#q") == ""
    expect(page.get_by_text("No entry knows “xylophonist”")).to_be_visible()
    page.reload()
    expect(page.get_by_text("xylophonist")).to_have_count(0)


def test_it_works_by_keyboard_alone(open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_url("**/entries?**")
    call = page.get_by_role("link", name="Call +").first
    for _ in range(20):
        page.keyboard.press("Tab")
        if call.evaluate("link => link === document.activeElement"):
            break
    expect(call).to_be_focused()
    ring = call.evaluate("link => getComputedStyle(link).outlineWidth")
    assert ring == "3px", "What has the focus must be seen"


def test_it_works_without_scripts(open_page: Open) -> None:
    page = open_page("/", java_script_enabled=False)
    page.fill("#q", QUESTION)
    page.click("button[type=submit]")
    assert "country=RO" in page.url
    page.get_by_role("link", name="Remove: Voluntary return contact").click()
    assert "role=" not in page.url
    assert page.locator("[data-print]").count() == 1
    assert not page.locator("[data-print]").is_visible(), "A button that does nothing is not shown"
    page.goto("/sops/1/measures/1.1")
    page.select_option("#country", "RO")
    page.click(".pick button")
    assert page.locator("article").count() > 0
    page.goto("/countries/RO")
    page.locator("summary").first.click()
    assert page.locator("details[open] .matrix").first.is_visible()


def test_print_is_one_tap_where_scripts_run(open_page: Open) -> None:
    page = open_page("/countries/RO")
    page.evaluate("window.print = () => { window.printed = true }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed") is True


def test_what_looks_like_a_person_is_stopped(open_page: Open) -> None:
    page = open_page("/")
    page.fill("#q", "passport AB1234567 shelter Albania")
    page.keyboard.press("Enter")
    page.wait_for_selector("#guarded")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was searched or stored")
    assert "AB1234567" not in page.content()


def test_the_phone_shows_a_number_without_scrolling(open_page: Open) -> None:
    page = open_page("/entries?country=RO&sop=4&role=return_officer")
    box = page.locator(".call").first.bounding_box()
    assert box
    assert box["y"] + box["height"] <= 844


def test_folds_of_a_country_stand_open_on_a_desk_and_closed_on_a_phone(open_page: Open) -> None:
    row = ".fold .matrix"
    assert not open_page("/countries/RO").locator(row).first.is_visible()
    assert open_page("/countries/RO", viewport={"width": 1280, "height": 900}).locator(row).first.is_visible()
