"""axe on every page family, on a phone and a desk, by day and by night; targets and widths by measure."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, Open

pytestmark = pytest.mark.browser
NARROWEST = {"width": 320, "height": 640}


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Open, paths: dict[str, str], scheme: str) -> None:
    page = open_page("/", color_scheme=scheme)
    wrong = {}
    for name, path in paths.items():
        page.goto(path)
        for viewport in (PHONE, DESK) if scheme == "light" else (PHONE,):
            page.set_viewport_size(viewport)  # type: ignore[arg-type]
            if found := violations(page):
                wrong[name, viewport["width"]] = found
    page.goto("/")
    page.fill("#q", "passport AB1234567 shelter Albania")
    page.keyboard.press("Enter")
    page.wait_for_selector("#guarded")
    if found := violations(page):
        wrong["guarded", 0] = found
    assert wrong == {}


def test_axe_would_find_something(open_page: Open) -> None:
    page = open_page("/")
    page.evaluate("document.querySelector('label').remove()")
    assert any("label" in found for found in violations(page))


def test_nothing_is_wider_than_the_screen(open_page: Open, paths: dict[str, str]) -> None:
    page = open_page("/", viewport=NARROWEST)
    wide = []
    for name, path in paths.items():
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(name)
    assert wide == []


def test_what_is_tapped_in_a_hurry_is_large_enough(open_page: Open, paths: dict[str, str]) -> None:
    page = open_page("/")
    small = []
    for name in ("home", "answer", "entry", "country"):
        page.goto(paths[name])
        sizes = page.eval_on_selector_all(
            ".call, .button, .ask button, .ask input, .urgent a, summary, .top a",
            "all => all.filter(x => x.offsetParent).map(x => [x.textContent.trim(), x.getBoundingClientRect().height])",
        )
        small += [(name, words, height) for words, height in sizes if height < 44]
    assert small == []


def test_text_can_be_doubled(open_page: Open, paths: dict[str, str]) -> None:
    page = open_page(paths["answer"], viewport=DESK)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
