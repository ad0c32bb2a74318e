"""Check my old list: bring a spreadsheet or cards, see what has changed, take the corrected file; nothing is kept."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, g, make_response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from directory.accounts import quotas as accounts_quotas
from directory.accounts.limits import Limit
from directory.accounts.people import rights
from directory.app import database
from directory.db import new_id, transaction
from directory.entries.entry import Entry
from directory.history.access import record_access
from directory.registry.countries import codes
from directory.web import access, current, limiting, quotas
from directory.web.cards import freshness_words, kind_word
from directory.web.files import export_context
from directory.web.layout import SANDBOX
from directory.web.translating import gettext as _
from directory.web.translating import ngettext
from directory.web.words import country_word
from importers import uploads
from importers.old_file import corrected, texts_of
from importers.old_list import LIMITS, MOST_ROWS, STATES, OldList, Verdict, check, read_old
from importers.pages.turns import turn
from importers.records import FileRefused

MOST_MEGABYTES = LIMITS.megabytes
SHOWN = 60
MEDIA = {
    "csv": ("text/csv; charset=utf-8", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "vcard": ("text/vcard; charset=utf-8", "vcf"),
}
VISITOR_LIMITS = (Limit("old_list:n", 10, timedelta(hours=1)), Limit("old_list:n:day", 30, timedelta(days=1), 24))
READER_LIMITS = (Limit("old_list:a", 20, timedelta(hours=1)), Limit("old_list:a:day", 60, timedelta(days=1), 24))


def attach(app: Flask) -> None:
    """`/old-list`."""
    app.add_url_rule("/old-list", "old_list", show)
    app.add_url_rule("/old-list", "check_old_list", check_list, methods=["POST"])


@access.public
def show() -> Response:
    """Bring the list."""
    return _form()


@access.public
def check_list() -> Response:
    """The answer, on a page or as the corrected file."""
    file, country = request.files.get("file"), request.form.get("country") or None
    if file is None or not file.filename:
        return _form(_("Choose a file."))
    if country is not None and country not in codes():
        return _form(_("Choose a country."))
    _count_try()
    try:
        with turn(), _kept_for_a_moment(file) as path:
            old = read_old(path, country)
            verdicts = check(old, current.desk())
            if request.form.get("want") == "file":
                return _file(old, verdicts, path)
    except FileRefused as error:
        return _form(f"{error}.")
    return _answer(old, verdicts)


def _count_try() -> None:
    account_id = current.person().account_id
    if account_id is None:
        limiting.count((VISITOR_LIMITS, limiting.network()))
    else:
        limiting.count((READER_LIMITS, account_id))


@contextmanager
def _kept_for_a_moment(file: FileStorage) -> Iterator[Path]:
    """The file where its reader finds it, gone at the end; what a crash leaves, the worker takes away."""
    parent = current.site().settings.data_dir / uploads.FOLDER
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="old-", dir=parent))
    try:
        path = folder / "list" / uploads.safe_name(file.filename or "")
        uploads.store(file.stream, path, max_megabytes=LIMITS.megabytes)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _form(problem: str = "") -> Response:
    page = render_template(
        "old_list/ask.html",
        problem=problem,
        country=request.form.get("country", ""),
        countries=sorted(((code, country_word(code)) for code in codes()), key=lambda pair: pair[1]),
        most_rows=MOST_ROWS,
        most_megabytes=MOST_MEGABYTES,
        is_visitor=current.person().account_id is None,
    )
    return make_response(page, 422 if problem else 200)


def _answer(old: OldList, verdicts: Sequence[Verdict]) -> Response:
    g.no_store = True
    counts = Counter(verdict.state for verdict in verdicts)
    shown = {state: [one for one in verdicts if one.state == state][:SHOWN] for state in STATES}
    _count_given([one.entry for some in shown.values() for one in some if one.entry], as_file=False)
    page = render_template(
        "old_list/answer.html",
        name=old.name,
        total=len(verdicts),
        sections=[
            (state, _state_words(state, counts[state]), counts[state], [_row(one) for one in shown[state]])
            for state in STATES
            if counts[state]
        ],
        is_visitor=current.person().account_id is None,
    )
    return make_response(page)


def _state_words(state: str, count: int) -> str:
    words = {
        "changed": ngettext("%(num)d row has changed", "%(num)d rows have changed", count),
        "gone": ngettext("%(num)d entry is gone", "%(num)d entries are gone", count),
        "unknown": ngettext("%(num)d row is not found", "%(num)d rows are not found", count),
        "current": ngettext("%(num)d row is current", "%(num)d rows are current", count),
    }
    return words[state]


def _row(verdict: Verdict) -> dict[str, Any]:
    entry, row = verdict.entry, verdict.row
    return {
        "number": row.number,
        "label": row.label,
        "stale": [text for name, text in texts_of(row) if set(row.values[name]) & verdict.stale],
        "entry": entry and {
            "href": f"/entries/{entry.id}",
            "title": entry.title,
            "institution": entry.institution.name,
            "fresh": freshness_words(entry),
            "lines": [(kind_word(line.kind), line.display) for line in entry.contact_lines if line.value]
            if verdict.state == "changed"
            else [],
            "is_more": verdict.state == "changed" and any(line.is_restricted for line in entry.contact_lines),
        },
    }  # fmt: skip


def _file(old: OldList, verdicts: Sequence[Verdict], path: Path) -> Response:
    if rights().may(current.person(), "export_answer") == "no":
        return _form(_("Your role takes no files. You can look at the answer on a page."))
    _count_given([one.entry for one in verdicts if one.entry], as_file=True)
    media, ending = MEDIA[old.kind]
    response = Response(corrected(old, verdicts, path, export_context("an old list")), content_type=media)
    response.headers["Content-Disposition"] = f"attachment; filename=checked-list.{ending}"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _count_given(entries: Sequence[Entry], *, as_file: bool) -> None:
    """Entries count as if they had stood in lists; a file is an export besides. Raises before anything is given."""
    things = sorted({entry.id for entry in entries if not quotas.is_hotline(entry)})
    if not things:
        return
    who, person, now = quotas.asker(), current.person(), current.site().now()
    kind, given = "listed", True
    with Session(database.engine) as books, transaction(books):
        if person.account_id is not None:
            limit = rights().quota(person, "listed")
            given = accounts_quotas.use(books, who, "listed", things, limit=limit, now=now).is_given
        if given and as_file:
            kind, limit = "export", rights().quota(person, "export")
            given = accounts_quotas.use(books, who, "export", [new_id()], limit=limit, now=now).is_given
        if given and (as_file or person.account_id is not None):
            record_access(books, "export" if as_file else "view", things, asker=who, path="old_list", now=now)
    if not given:
        quotas.refuse(kind, now)
