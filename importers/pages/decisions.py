"""What somebody decides about an import: doubtful rows, commit, agree, refuse, let it be, take back."""

from __future__ import annotations

from flask import Flask, redirect, request
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response

from directory.db import transaction
from directory.web import access, current
from directory.web.errors import show as show_error
from directory.web.translating import gettext as _
from importers import previews, runs, uploads
from importers.matching import NEW
from importers.pages.progress import rows_page, run_page
from importers.pages.words import HOME, run_of, subject_of_run

DECISIONS = ("commit", "agree", "refuse", "discard", "undo")


def attach(app: Flask) -> None:
    """The forms below `/coordination/imports/<uuid>`."""
    app.add_url_rule(f"{HOME}/<uuid:run_id>", "decide_import", decide, methods=["POST"])
    app.add_url_rule(f"{HOME}/<uuid:run_id>/answers", "decide_doubts", decide_doubts, methods=["POST"])
    app.register_error_handler(runs.WrongState, _too_late)
    app.register_error_handler(runs.OwnImport, _own)


@access.allowed("import_list", subject_of_run, fresh=True)
def decide(run_id: object) -> Response:
    """One of the buttons of the import's page."""
    session, now, by = current.session(), current.site().now(), str(current.person().account_id)
    choice = request.form.get("decision", "")
    if choice not in DECISIONS:
        return run_page(run_of(run_id), problem=_("Choose one of the buttons."), status=422)
    with transaction(session):
        run = run_of(run_id)
        if choice == "commit":
            runs.commit(session, run, by=by, now=now)
        elif choice == "agree":
            runs.agree(session, run, by=by, now=now)
        elif choice == "refuse":
            runs.refuse(session, run, by=by, now=now)
        elif choice == "undo":
            runs.undo(session, run, by=by, now=now)
        else:
            runs.discard(session, run, now=now)
    if choice == "discard":
        uploads.forget(current.site().settings.data_dir, str(run_id))
        return redirect(HOME, 303)
    return redirect(f"{HOME}/{run_id}", 303)


@access.allowed("import_list", subject_of_run, fresh=True)
def decide_doubts(run_id: object) -> Response:
    """Which of the doubtful rows on this page are new, which are entries here; then all is reckoned anew."""
    session, run = current.session(), run_of(run_id)
    if run.state != "previewed":
        raise runs.WrongState
    folder = uploads.folder_of(current.site().settings.data_dir, run.id)
    known = {line["row"]: line for line in previews.lines_of(folder, "doubtful")}
    decisions: dict[str, str] = {}
    for name, said in request.form.items():
        line = known.get(int(name.removeprefix("row-"))) if name.removeprefix("row-").isdecimal() else None
        # Only what the page offered: no id of an entry elsewhere comes in by a form.
        if line and said in {NEW, runs.SKIP, *(one["id"] for one in line["candidates"])}:
            decisions[line["key"]] = said
    if not decisions:
        return rows_page(run, "doubtful", problem=_("Say of at least one row what it is."))
    with transaction(session):
        runs.say_of_doubts(session, run_of(run_id), decisions, now=current.site().now())
    return redirect(f"{HOME}/{run_id}", 303)


def _too_late(_error: runs.WrongState) -> Response:
    return show_error(Conflict(_("Somebody was first, or it is being worked on just now. Look at it again.")))


def _own(_error: runs.OwnImport) -> Response:
    return show_error(Conflict(_("You brought this list yourself: somebody else must let it in.")))
