"""A question is posted; the address of its answer holds only the reading, never what was typed."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import Flask, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.entries import asking
from directory.search.reading import Reading
from directory.web import access, current, doubles, lexicon_pages, notes
from directory.web.chips import chips_of
from directory.web.readings import reading_to_args

MOST_CHARACTERS = 2000
MOST_BYTES = 64 * 1024


def attach(app: Flask) -> None:
    """`POST /search`, and the page that says how questions are read."""
    app.add_url_rule("/search", "search", search, methods=["POST"])
    app.add_url_rule("/how-we-read", "how_we_read", how_we_read)


@access.public
def search() -> Response:
    """Read the question and go to its answer. Changes nothing, so it needs no token; the origin is checked."""
    _refuse_foreign_origin()
    request.max_content_length = MOST_BYTES
    doubles.refuse()
    text = request.form.get("q", "")[:MOST_CHARACTERS]
    site, session = current.site(), current.session()
    question = asking.read(text, site.reader(session), current.desk())
    if question.is_guarded:
        return make_response(_guarded(question.reading), 422)
    response = redirect(_answer_address(question.reading), 303)
    note = notes.Note(question.reading.ignored, question.unknown, question.reading.mentions)
    notes.keep(response, note, secure=site.settings.base_url.startswith("https://"))
    return response


def _guarded(reading: Reading) -> str:
    """What was stopped and why; what else was understood is offered as a link."""
    return render_template(
        "search/guarded.html",
        warnings=reading.warnings,
        chips=chips_of(reading, current.taxonomy()),
        address="" if reading.is_empty else _answer_address(reading),
    )


def _answer_address(reading: Reading) -> str:
    args = reading_to_args(reading)
    return f"/entries?{urlencode(args)}" if args else "/entries"


@access.public
def how_we_read() -> str:
    """Which words are understood, by procedure, role, country and so on, in one language at a time."""
    taxonomy, session = current.taxonomy(), current.session()
    languages = lexicon_pages.languages(taxonomy)
    asked = request.args.get("language", "")
    language = asked if asked in dict(languages) else "en"
    return render_template(
        "search/how_we_read.html",
        languages=languages,
        language=language,
        parts=lexicon_pages.parts(current.site().reader(session), taxonomy, language),
    )


def _refuse_foreign_origin() -> None:
    origin = request.headers.get("Origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.host:
        abort(403, "A question can only be asked from this site.")
