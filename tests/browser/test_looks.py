"""Pictures of every page family in build/screens, to be looked at; sheets on paper carry the numbers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, SCREENS, Open

pytestmark = pytest.mark.browser
MOST_SHEETS = 6
TABLET = {"width": 768, "height": 1024}


def test_pictures_are_taken(open_page: Open, paths: dict[str, str]) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    for device, viewport, scheme in (("phone", PHONE, "light"), ("desk", DESK, "light"), ("phone-dark", PHONE, "dark")):
        page = open_page("/", viewport=viewport, color_scheme=scheme)
        for name, path in paths.items():
            page.goto(path)
            page.screenshot(path=SCREENS / f"{name}-{device}.png")
    assert (SCREENS / "answer-phone.png").stat().st_size > 10_000


def sheet(page: Page, path: str, file: Path) -> str:
    """The words of a page as it is printed."""
    page.goto(path)
    page.pdf(path=file, format="A4", print_background=False)
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext is missing: install poppler-utils")
    return subprocess.run([reader, "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", ["entry", "answer", "country"])
def test_a_sheet_has_the_numbers_and_no_buttons(open_page: Open, paths: dict[str, str], name: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    words = sheet(open_page("/"), paths[name], SCREENS / f"{name}.pdf")
    assert "+44 1632 960172" in words
    assert "Confirmed 12 days ago" in words
    assert "As of 24 November 2026, 22:30 CET" in words
    assert "Open now" not in words, "Paper does not know what time it is"
    assert words.count("\f") <= MOST_SHEETS
    for button in ("Find", "Save to phone", "Open all", "Skip to"):
        assert button not in words


def test_a_printed_answer_writes_out_the_mail_address(open_page: Open, paths: dict[str, str]) -> None:
    assert "returns@return.ro.example" in sheet(open_page("/"), paths["answer"], SCREENS / "mail.pdf")
