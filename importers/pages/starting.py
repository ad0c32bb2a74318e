"""The list of imports, a new upload, and what the columns of a table are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Flask, abort, g, make_response, redirect, render_template, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from directory.accounts.grounds import Ground
from directory.db import transaction
from directory.registry.countries import codes
from directory.web import access, current
from directory.web.history import names_of
from directory.web.history_words import who_words
from directory.web.translating import gettext as _
from directory.web.words import country_word, type_word
from importers import background, columns, runs, uploads
from importers.mapping_file import shipped_kinds
from importers.models import ImportRun
from importers.pages import words
from importers.pages.turns import turn
from importers.pages.words import HOME, own_country, run_of, subject_of_run
from importers.reading import Sample, look_at
from importers.recognising import kind_of
from importers.records import FileRefused

SHOWN_ROWS = 10
SHOWN_SAMPLES = 3
LONGEST_TEXT = 120
ENCODINGS = ("auto", "utf-8", "cp1252", "cp1250", "cp1251", "utf-16")
SEPARATORS = {"auto": "", ",": ",", ";": ";", "\t": "\t", "|": "|"}


def attach(app: Flask) -> None:
    """`/coordination/imports`, `/new`, `/<uuid>/columns`."""
    app.add_url_rule(HOME, "import_list", show)
    app.add_url_rule(f"{HOME}/new", "new_import", show_new)
    app.add_url_rule(f"{HOME}/new", "upload_import", upload, methods=["POST"])
    app.add_url_rule(f"{HOME}/<uuid:run_id>/columns", "import_columns", show_columns)
    app.add_url_rule(f"{HOME}/<uuid:run_id>/columns", "choose_import_columns", choose, methods=["POST"])


@access.signed_in
def show() -> str:
    """What was imported and what waits, for those who import; to others the page is not there."""
    g.no_store = True
    session, ground = current.session(), runs.ground_of(current.person())
    if ground.is_empty:
        abort(404)
    found, now = runs.listed(session, ground), current.site().now()
    names = names_of({run.by for run in found})
    batches = runs.from_console(session) if ground.is_everywhere else []
    return render_template(
        "imports/imports.html",
        rows=[_listed(run, names) | {"may_undo": runs.may_undo(run, now)} for run in found],
        batches=[(batch.id, batch.file_name, batch.at, batch.undone_at) for batch in batches],
    )


@access.allowed("import_list", own_country, fresh=True)
def show_new() -> Response:
    """Choose a file."""
    return _new_page()


@access.allowed("import_list", own_country, fresh=True)
def upload() -> Response:
    """Keep the file, look what it is, and go on to its columns or to reading it."""
    session, site, person = current.session(), current.site(), current.person()
    by = str(person.account_id)
    file = request.files.get("file")
    problem = _problem(file)
    if not problem and runs.is_busy(session, by):
        problem = _("Five of your files wait already: decide about one of them, or let it be.")
    if problem or file is None:
        return _new_page(problem)
    run_id, name = runs.new_run_id(), uploads.safe_name(file.filename or "")
    path, limits = uploads.file_of(site.settings.data_dir, run_id, name), background.limits_of(site.settings)
    try:
        size = uploads.store(file.stream, path, max_megabytes=limits.megabytes)
        with turn():
            kind = kind_of(path, limits)
    except FileRefused as error:
        uploads.forget(site.settings.data_dir, run_id)
        return _new_page(f"{error}.")
    choices = {name: _typed(name) for name in ("list", "date", "type")}
    with transaction(session):
        runs.upload(
            session, run_id, by=by, now=site.now(), country=request.form.get("country") or None, kind=kind,
            file_name=name, size=size, choices=choices,
        )  # fmt: skip
    return redirect(f"{HOME}/{run_id}/columns" if kind == "csv" else f"{HOME}/{run_id}", 303)


@access.allowed("import_list", subject_of_run)
def show_columns(run_id: object) -> Response:
    """Each column with what it probably is; the address may say another sheet, encoding or separator."""
    run = run_of(run_id)
    if run.kind != "csv" or run.state not in {"uploaded", "previewed"}:
        return redirect(f"{HOME}/{run.id}", 303)
    return _columns_page(run, request.args)


@access.allowed("import_list", subject_of_run, fresh=True)
def choose(run_id: object) -> Response:
    """Take what was said of the columns; the file is read in the background."""
    session, run = current.session(), run_of(run_id)
    if run.kind != "csv" or run.state not in {"uploaded", "previewed"}:
        return redirect(f"{HOME}/{run.id}", 303)
    try:
        sample = _sample(run, request.form)
    except FileRefused as error:
        return _columns_page(run, {}, problem=f"{error}.")
    meanings = {name: request.form.get(f"column-{place}", "") for place, name in enumerate(sample.columns)}
    problem = words.problem_words(*columns.problem_of(meanings))
    if not problem and "type" not in meanings.values() and not _known_type(_typed("type")):
        problem = _("Say what kind of institution these are: no column does.")
    if not problem and "title" not in meanings.values() and not _typed("title"):
        problem = _("Say what the posts are called: no column does.")
    if problem:
        return _columns_page(run, request.form, problem=problem, said=meanings)
    settings = {name: _typed(name) for name in ("encoding", "sheet", "type", "title")}
    settings["separator"] = SEPARATORS.get(request.form.get("separator", ""), "") or sample.separator or "auto"
    settings["published"] = "yes" if request.form.get("published") else ""
    settings["encoding"] = sample.facts.encoding
    with transaction(session):
        runs.choose_columns(
            session, run, columns.signature_of(sample.columns), settings | {"columns": meanings},
            by=str(current.person().account_id), now=current.site().now(),
        )  # fmt: skip
    return redirect(f"{HOME}/{run.id}", 303)


def _listed(run: ImportRun, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "href": f"{HOME}/{run.id}",
        "list": run.choices.get("list") or run.file_name,
        "file": run.file_name,
        "who": who_words(run.by, names),
        "at": run.at,
        "country": country_word(run.country_code) if run.country_code else _("several countries"),
        "state": words.state_word(run),
        "counts": run.counts,
    }


def _problem(file: FileStorage | None) -> str:
    country, ground = request.form.get("country", ""), runs.ground_of(current.person())
    if not ground.covers(country or None):
        return _("Choose a country that you coordinate.")
    if country and country not in dict(_countries(ground)):
        return _("Choose a country.")
    if file is None or not file.filename:
        return _("Choose a file.")
    if not _typed("list"):
        return _("Say what the list is called.")
    if _typed("type") and not _known_type(_typed("type")):
        return _("Choose a kind of institution.")
    try:
        day = date.fromisoformat(_typed("date")) if _typed("date") else None
    except ValueError:
        return _("Write the day as 2026-11-24.")
    return _("That day is still to come.") if day and day > current.site().today() else ""


def _typed(name: str) -> str:
    return " ".join(request.form.get(name, "").split())[:LONGEST_TEXT]


def _known_type(word: str) -> bool:
    return word in current.taxonomy().institution_types


def _types() -> list[tuple[str, str]]:
    return sorted(((one, type_word(one)) for one in current.taxonomy().institution_types), key=lambda pair: pair[1])


def _countries(ground: Ground) -> list[tuple[str, str]]:
    found = codes() if ground.is_everywhere else ground.countries
    return sorted(((code, country_word(code)) for code in found), key=lambda pair: pair[1])


def _new_page(problem: str = "") -> Response:
    g.no_store = True
    ground = runs.ground_of(current.person())
    page = render_template(
        "imports/new.html",
        countries=_countries(ground),
        may_everywhere=ground.is_everywhere,
        types=_types(),
        names=runs.list_names(current.session(), ground),
        typed={name: request.form.get(name, "") for name in ("list", "date", "type", "country")},
        problem=problem,
        most=current.site().settings.import_max_megabytes,
        kinds=sorted(shipped_kinds()),
    )
    return make_response(page, 422 if problem else 200)


def _sample(run: ImportRun, said: Mapping[str, str]) -> Sample:
    site = current.site()
    encoding = said.get("encoding", "")
    with turn():
        return look_at(
            uploads.file_of(site.settings.data_dir, run.id, run.file_name),
            background.limits_of(site.settings),
            encoding=encoding if encoding in ENCODINGS else "auto",
            separator=SEPARATORS.get(said.get("separator", ""), "") or "auto",
            sheet=said.get("sheet", "")[:LONGEST_TEXT],
        )


def _columns_page(
    run: ImportRun, args: Mapping[str, str], *, problem: str = "", said: Mapping[str, str] | None = None
) -> Response:
    g.no_store = True
    try:
        sample = _sample(run, args)
    except FileRefused as error:
        page = render_template("imports/unreadable.html", run=run, problem=f"{error}.", href=f"{HOME}/{run.id}")
        return make_response(page, 422)
    earlier = run.choices.get("columns")
    remembered = earlier or runs.remembered_columns(current.session(), columns.signature_of(sample.columns))
    guessed = {**columns.suggest(sample.columns, sample.rows), **dict(remembered)}
    chosen = said if said is not None else guessed
    page = render_template(
        "imports/columns.html",
        action=f"{HOME}/{run.id}/columns",
        run=run,
        list_name=run.choices.get("list") or run.file_name,
        is_remembered=bool(remembered),
        columns=[
            (place, name, _examples(sample, name), chosen.get(name, "")) for place, name in enumerate(sample.columns)
        ],
        meanings=words.meanings(),
        sample=sample,
        rows=[[str(row.cells.get(name, "")) for name in sample.columns] for row in sample.rows[:SHOWN_ROWS]],
        encodings=ENCODINGS,
        separators=_separators(),
        typed={name: args.get(name) or str(run.choices.get(name, "")) for name in TYPED},
        types=_types(),
        problem=problem,
    )  # fmt: skip
    return make_response(page, 422 if problem else 200)


def _separators() -> list[tuple[str, str]]:
    return [
        ("auto", _("found by itself")), (",", _("comma")), (";", _("semicolon")), ("\t", _("tab")), ("|", _("bar")),
    ]  # fmt: skip


TYPED = ("type", "title", "published", "encoding", "separator", "sheet")


def _examples(sample: Sample, name: str) -> list[str]:
    cells = dict.fromkeys(str(row.cells.get(name, "")).strip()[:60] for row in sample.rows)
    return [cell for cell in cells if cell][:SHOWN_SAMPLES]
