"""The home page: the question box, the hotlines, the countries, the procedures, how fresh the list is."""

from __future__ import annotations

from flask import Flask, render_template

from directory.entries import overview
from directory.web import current


def attach(app: Flask) -> None:
    """`/`."""
    app.add_url_rule("/", "home", show)


def show() -> str:
    """The home page."""
    desk = current.desk()
    return render_template(
        "home.html",
        countries=overview.participating_countries(desk.session),
        sops=current.taxonomy().sops,
        share=overview.freshness_share(desk),
    )
