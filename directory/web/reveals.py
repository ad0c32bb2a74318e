"""Show one restricted value, once: a POST by somebody entitled, with the second factor in the session."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask, abort, g, json, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from directory.accounts import reveals
from directory.accounts.policy import Subject
from directory.app import database
from directory.db import transaction
from directory.entries import answers
from directory.entries.entry import ContactLine, Entry
from directory.entries.queries import display_of
from directory.web import access, current, quotas
from directory.web.cards import line_words
from directory.web.translating import locale_name


def attach(app: Flask) -> None:
    """`POST /entries/<uuid>/reveal/<contact id>`; there is nothing to GET."""
    app.add_url_rule("/entries/<uuid:entry_id>/reveal/<uuid:contact_id>", "reveal", reveal, methods=["POST"])


@access.signed_in
def reveal(entry_id: object, contact_id: object) -> Response:
    """The value, and nothing of it in any log. What is not open answers as if it were not there."""
    entry = answers.one_entry(str(entry_id), current.desk())
    line = _restricted_line(entry, str(contact_id))
    if entry is None or line is None or not reveals.may_reveal(current.person(), subject_of(entry)):
        abort(404)
    now = current.site().now()
    with Session(database.engine) as books, transaction(books):
        shown = reveals.reveal(
            books,
            line.id,
            person=current.person(),
            subject=subject_of(entry),
            asker=quotas.asker(),
            path="page",
            now=now,
        )
    if shown.value is None:
        quotas.refuse("reveal", now)
    return _answer(entry, line, shown.value or "")


def subject_of(entry: Entry) -> Subject:
    """The entry as the policy sees it."""
    return Subject(country=entry.country, institution_id=entry.institution.id, post_id=entry.id)


def _restricted_line(entry: Entry | None, contact_id: str) -> ContactLine | None:
    """The line, if this viewer sees that it is there; a hidden holder's is not."""
    lines = entry.contact_lines if entry else ()
    return next((line for line in lines if line.id == contact_id and line.is_restricted), None)


def _answer(entry: Entry, line: ContactLine, value: str) -> Response:
    g.no_store = True
    display = display_of(line.kind, value)
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        body = json.dumps({"kind": line.kind, "value": value, "display": display}, ensure_ascii=False)
        return Response(body, content_type="application/json")
    opened = line_words(replace(line, value=value, display=display), entry, current.site().now(), locale_name())
    page = render_template("history/revealed.html", entry=entry, line=opened)
    return Response(page, mimetype="text/html")
