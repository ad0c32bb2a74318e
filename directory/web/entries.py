"""Answers and single entries."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Flask, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.entries import answers, overview
from directory.registry.models import Removal
from directory.web import current, notes
from directory.web.chips import chips_of
from directory.web.readings import reading_from_args, reading_to_args

PAGE_SIZE = 20


def attach(app: Flask) -> None:
    """`/entries`, `/entries/<uuid>`, its QR code."""
    app.add_url_rule("/entries", "entries", show_answer)
    app.add_url_rule("/entries/<uuid:entry_id>", "entry", show_entry)


def show_answer() -> str:
    """The entries a reading asks for; without a reading, how to ask."""
    taxonomy = current.taxonomy()
    reading = reading_from_args(request.args, taxonomy)
    note = notes.take(request)
    if reading.is_empty:
        return render_template("entries/ask.html", note=note, sops=taxonomy.sops)
    page = max(1, request.args.get("page", 1, type=int))
    desk = current.desk()
    answer = answers.answer(reading, desk, limit=PAGE_SIZE, offset=(min(page, 500) - 1) * PAGE_SIZE)
    return render_template(
        "entries/answer.html",
        answer=answer,
        chips=chips_of(reading, taxonomy, request.accept_languages.best or "en"),
        query=urlencode(reading_to_args(reading)),
        note=note,
        page=page,
        pages=-(-answer.total // PAGE_SIZE),
        now=desk.now,
        export_limit=current.site().settings.visitor_export_limit,
    )


def show_entry(entry_id: object) -> str | Response:
    """One entry; one that is gone says so, one that moved leads on."""
    desk = current.desk()
    entry = answers.one_entry(str(entry_id), desk)
    if entry is None:
        gone = desk.session.get(Removal, str(entry_id))
        if gone is None:
            abort(404)
        if gone.redirect_id:
            return redirect(f"/entries/{gone.redirect_id}", 301)
        return Response(render_template("entries/gone.html", gone=gone), 410)
    colleagues = overview.entries_of_institution(entry.institution.id, desk)
    return render_template("entries/entry.html", entry=entry, colleagues=colleagues, now=desk.now)
