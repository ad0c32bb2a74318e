"""How far an import has come, and what it would do: counts, and each section of rows a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, abort, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.doubles.likeness.records import Reason
from directory.proposals import queries
from directory.web import access, current
from directory.web.cards import kind_word
from directory.web.double_words import answer_word, reason_words
from directory.web.history import names_of
from directory.web.history_words import who_words
from directory.web.layout import SANDBOX
from directory.web.translating import gettext as _
from directory.web.words import country_word
from importers import background, previews, runs, uploads
from importers.models import ImportRun
from importers.pages import persons, words
from importers.pages.words import HOME, run_of, subject_of_run

REFRESH_SECONDS = 3
SHOWN_STATES = ("previewed", "waiting_second")


def attach(app: Flask) -> None:
    """`/coordination/imports/<uuid>` and the rows below it."""
    below = f"{HOME}/<uuid:run_id>"
    sections = ",".join(previews.SECTIONS)
    app.add_url_rule(below, "import", show)
    app.add_url_rule(f"{below}/<any({sections}):section>", "import_rows", show_rows)
    app.add_url_rule(f"{below}/refused.csv", "import_refused", refused)


@access.allowed("import_list", subject_of_run)
def show(run_id: object) -> Response:
    """Where it stands; while the worker has it, the page asks anew by itself."""
    run = run_of(run_id)
    if run.state == "uploaded":
        return redirect(f"{HOME}/{run.id}/columns", 303)
    return run_page(run)


@access.allowed("import_list", subject_of_run)
def show_rows(run_id: object, section: str) -> Response:
    """Fifty rows of one section."""
    run = run_of(run_id)
    if run.state not in SHOWN_STATES:
        return redirect(f"{HOME}/{run.id}", 303)
    return rows_page(run, section)


@access.allowed("import_list", subject_of_run)
def refused(run_id: object) -> Response:
    """The rows that stay out, with the reasons, as a sheet to work through."""
    run = run_of(run_id)
    if run.state not in SHOWN_STATES:
        abort(404)
    content = previews.refused_csv(uploads.folder_of(current.site().settings.data_dir, run.id))
    response = Response(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment; filename=refused.csv"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "no-store"
    return response


def run_page(run: ImportRun, *, problem: str = "", status: int = 200) -> Response:
    """The page of one import."""
    g.no_store = True
    session, site = current.session(), current.site()
    me = current.person().account_id
    asked_by = [run.by, *([run.second_by] if run.second_by else [])]
    names = names_of(set(asked_by))
    is_working = run.state in runs.WAITS_FOR_US
    page = render_template(
        "imports/import.html",
        run=run,
        action=f"{HOME}/{run.id}",
        list_name=run.choices.get("list") or run.file_name,
        who=who_words(run.by, names),
        second=who_words(run.second_by, names) if run.second_by else "",
        country=country_word(run.country_code) if run.country_code else _("several countries"),
        state=words.state_word(run),
        is_working=is_working,
        progress=background.progress_of(site.settings.data_dir, run.id),
        sections=_sections(run) if run.state in SHOWN_STATES else [],
        counts=run.counts,
        undone=run.counts.get("undone") if isinstance(run.counts.get("undone"), dict) else None,
        is_own=run.by == me,
        may_undo=runs.may_undo(run, site.now()),
        problem=problem or _problem_words(run),
        others=[one for one in _others(run, me) if run.state == "waiting_second"],
    )
    session.rollback()
    response = make_response(page, status)
    if is_working and status == 200:
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


def _problem_words(run: ImportRun) -> str:
    if run.problem == "second_refused":
        return _("The second person did not agree. Look at it again, or let it be.")
    return run.problem and f"{run.problem.rstrip('.')}."


def _others(run: ImportRun, me: str | None) -> list[str]:
    """Who could be the second person."""
    found = queries.deciders(current.session(), run.country_code)
    return [account.name for account in found if account.id not in {run.by, me}][:8] if run.by == me else []


def _sections(run: ImportRun) -> list[tuple[str, str, int, str]]:
    counts = run.counts
    changed = _count(counts, "changed") + _count(counts, "tied")
    shown = {name: _count(counts, name) for name in previews.SECTIONS} | {"changed": changed}
    hints = {
        "new": _("never confirmed until their owner has answered"),
        "changed": _("numbers, addresses and holders wait for a second person"),
        "unchanged": _("nothing is done"),
        "refused": _("they stay out"),
        "doubtful": _("they stay out until you say"),
        "left_out": _("the rows are taken without them"),
    }
    return [
        (f"{HOME}/{run.id}/{name}", words.section_word(name), shown[name], hints[name]) for name in previews.SECTIONS
    ]


def _count(counts: Mapping[str, Any], name: str) -> int:
    found = counts.get(name, 0)
    return found if isinstance(found, int) else 0


def rows_page(run: ImportRun, section: str, *, problem: str = "") -> Response:
    """Rows of one section."""
    g.no_store = True
    folder, page = uploads.folder_of(current.site().settings.data_dir, run.id), max(1, request.args.get("page", 1, int))
    lines = previews.page_of(folder, section, page)
    holders = persons.holders_of(lines) if section == "doubtful" else {}
    total = {address: count for address, _heading, count, _hint in _sections(run)}[f"{HOME}/{run.id}/{section}"]
    html = render_template(
        "imports/rows.html",
        run=run,
        section=section,
        heading=words.section_word(section),
        href=f"{HOME}/{run.id}",
        list_name=run.choices.get("list") or run.file_name,
        rows=[_shown(line, run, holders) for line in lines],
        total=total,
        page=page,
        pages=max(1, -(-total // previews.PAGE)),
        problem=problem,
        may_decide=run.state == "previewed" and section == "doubtful",
    )
    return make_response(html, 422 if problem else 200)


def _shown(line: dict[str, Any], run: ImportRun, holders: Mapping[str, str]) -> dict[str, Any]:
    shown = dict(line)
    if "lines" in line:
        shown["lines"] = [(kind_word(kind), value) for kind, value in line["lines"]]
    if "country" in line:
        shown["place"] = country_word(line["country"])
    if "pairs" in line:
        shown["pairs"] = [(words.pair_word(name), before, after) for name, before, after in line["pairs"]]
    if "candidates" in line:
        shown["said"] = run.decisions.get(line["key"], "")
        shown["candidates"] = [
            one
            | {
                "answer": answer_word(one["answer"]),
                "reasons": [reason_words(Reason(code, detail)) for code, detail in one["reasons"]],
                "person": persons.person_words(line.get("official", ""), holders.get(one["id"], "")),
            }
            for one in line["candidates"]
        ]
    return shown
