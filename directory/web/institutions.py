"""An institution and its posts."""

from __future__ import annotations

from flask import Flask, abort, render_template

from directory.entries import overview
from directory.web import access, current, shown
from directory.web.cards import lines_of, local_language, place_words
from directory.web.words import type_word


def attach(app: Flask) -> None:
    """`/institutions/<uuid>`."""
    app.add_url_rule("/institutions/<uuid:institution_id>", "institution", show)


@access.public
def show(institution_id: object) -> str:
    """The institution as its entries show it, and those entries."""
    desk = current.desk()
    posts = overview.entries_of_institution(str(institution_id), desk)
    own = [post for post in posts if post.institution.id == str(institution_id)]
    if not own:
        abort(404)
    institution = own[0].institution
    return render_template(
        "institutions/institution.html",
        institution=institution,
        kind=type_word(institution.type),
        place=place_words(own[0]),
        entry=own[0],
        local_language=local_language(own[0]),
        lines=[line for line in lines_of(own[0], desk) if line.owner == "institution"],
        posts=shown.cards(own, desk, level=3, style="own"),
        below=shown.cards((post for post in posts if post.institution.id != institution.id), desk, level=3),
    )
