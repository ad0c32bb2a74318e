"""An institution and its posts."""

from __future__ import annotations

from flask import Flask, abort, render_template

from directory.entries import overview
from directory.web import current


def attach(app: Flask) -> None:
    """`/institutions/<uuid>`."""
    app.add_url_rule("/institutions/<uuid:institution_id>", "institution", show)


def show(institution_id: object) -> str:
    """The institution as its entries show it, and those entries."""
    desk = current.desk()
    posts = overview.entries_of_institution(str(institution_id), desk)
    if not posts:
        abort(404)
    return render_template(
        "institutions/institution.html", institution=posts[0].institution, entry=posts[0], posts=posts, now=desk.now
    )
