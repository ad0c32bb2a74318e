"""The demo directory behind a real server on loopback, and a real Chromium in front of it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from directory import worker
from directory.app import create_app, database, prepare
from directory.config import ROOT, read_settings
from directory.ports import FixedClock
from directory.registry.demo.loader import load_demo
from tests.browser.serving import serving
from tests.conftest import NOW

CHROMIUM = shutil.which("chromium")
SCREENS = ROOT / "build" / "screens"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
PATIENCE = 60_000  # milliseconds; how long a page may take is measured in make bench, never here
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def demo_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("browser")
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_DEMO": "yes"})
    app = create_app(settings, clock=FixedClock(NOW))
    with app.app_context():
        prepare(app)
        session = database.session()
        load_demo(session, app.extensions["site"].taxonomy(session), now=NOW)
        session.commit()
    worker.run_due(app)
    yield app
    with app.app_context():
        database.engine.dispose()


@pytest.fixture(scope="session")
def address(demo_app: Flask) -> Iterator[str]:
    with serving(make_server("127.0.0.1", 0, demo_app, threaded=True)) as address:
        yield address


@pytest.fixture(scope="session")
def paths(demo_app: Flask) -> dict[str, str]:
    """One address of every page family."""
    answer = demo_app.test_client().get("/entries?country=RO&sop=4").text

    def first(kind: str) -> str:
        found = re.search(rf'href="(/{kind}/[0-9a-f-]{{36}})"', answer)
        assert found, f"The demo answers nobody for return in Romania: no {kind}"
        return found[1]

    return {
        "home": "/",
        "ask": "/entries",
        "answer": "/entries?country=RO&sop=4&role=return_officer",
        "long-answer": "/entries?role=hotline&urgent=1",
        "two-sides": "/entries?country=RO&country=BG&sop=4&role=return_officer",
        "nobody": "/entries?country=ME&sop=5&role=interpreter&group=male",
        "entry": first("entries"),
        "institution": first("institutions"),
        "countries": "/countries",
        "country": "/countries/RO",
        "kosovo": "/countries/XK?all=1",
        "sops": "/sops",
        "sop": "/sops/4",
        "measure": "/sops/1/measures/1.1?country=RO",
        "how-we-read": "/how-we-read?language=ro",
        "error": "/nothing",
    }


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: bash tests/prepare_machine.sh installs it")
        pytest.skip("Chromium is missing: bash tests/prepare_machine.sh installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Open a path in a fresh context: `open_page("/", viewport=PHONE, color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def open_(path: str, **settings: object) -> Page:
        context = browser.new_context(base_url=address, **{"viewport": PHONE, **settings})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
