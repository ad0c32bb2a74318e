"""Every route and method declares who may call it; what changes something for anybody is listed by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from directory.accounts.people import rights
from directory.app import create_app
from directory.config import read_settings
from directory.web.access import Access

FLASKS_OWN = {("static", "GET")}
# Anybody may send these; each is limited, and none says whether an account exists.
OPEN_CHANGES = {
    "search", "api.ask", "give_password", "passkey_question", "passkey_answer", "ask_recover", "use_recover_link",
    "use_finish_link", "join", "report_outcome", "answer_confirm", "answer_succeed", "answer_agree",
    "use_unsubscribe",
}  # fmt: skip
QUIET = {"HEAD", "OPTIONS"}
READING = {"GET", "PROPFIND", "REPORT"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(tmp_path_factory.mktemp("access"))})
    return create_app(settings)


def routes(app: Flask) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - QUIET):
            if (rule.endpoint, method) not in FLASKS_OWN:
                yield rule.endpoint, method, app.view_functions[rule.endpoint]


def undeclared(app: Flask) -> list[str]:
    return [
        f"{method} {name}"
        for name, method, view in routes(app)
        if not isinstance(getattr(view, "access", None), Access)
    ]


def mixed(app: Flask) -> list[str]:
    """Views that both show and change: their declaration could not fit both."""
    methods: dict[str, set[str]] = {}
    for name, method, _view in routes(app):
        methods.setdefault(name, set()).add(method)
    return [name for name, found in methods.items() if len(found) > 1]


def test_every_route_and_method_declares_its_access(app: Flask) -> None:
    assert undeclared(app) == [], "Put one of the decorators of directory/web/access.py on the view"


def test_a_view_either_shows_or_changes(app: Flask) -> None:
    assert mixed(app) == []


def test_only_the_listed_changes_are_open_to_anybody(app: Flask) -> None:
    found = {name for name, method, view in routes(app) if method not in READING and view.access.kind == "public"}  # type: ignore[attr-defined]
    assert found == OPEN_CHANGES


def test_declared_actions_are_in_the_rights_file(app: Flask) -> None:
    named = {view.access.action for _, _, view in routes(app)} - {""}  # type: ignore[attr-defined]
    assert named <= set(rights().actions)


def test_control_a_view_without_a_declaration_is_found(app: Flask, tmp_path: Path) -> None:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(tmp_path)})
    other = create_app(settings)
    other.add_url_rule("/planted", "planted", lambda: "", methods=["GET", "POST"])
    assert undeclared(other) == ["GET planted", "POST planted"]
    assert mixed(other) == ["planted"]
