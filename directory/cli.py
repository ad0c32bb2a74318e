"""The commands of `flask …`: each a thin shell around one operation. Exit code 0 done, 1 refused, 2 wrong use."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from directory import cli_accounts, cli_history, cli_mail, serve, terminal, worker
from directory.accounts.people import person_of, viewer_of
from directory.accounts.recovery import account_by_email
from directory.app import database, prepare
from directory.config import BadSetting, read_settings
from directory.db import transaction
from directory.entries import asking, indexing
from directory.entries.answers import all_entries
from directory.entries.viewer import PUBLIC, Viewer
from directory.exports import KINDS, CannotExport, ExportContext, SheetStyle, write_export
from directory.exports.answer_json import asked_json
from directory.exports.context import PROFILES, SEPARATORS
from directory.exports.words import filter_words
from directory.history.access import Asker, record_access
from directory.ports import FixedClock
from directory.registry.countries import codes
from directory.registry.demo.loader import DemoAlreadyLoaded, load_demo
from directory.search.reading import Reading
from directory.site import Site
from directory.sops import operations as sops
from directory.sops.taxonomy import BadTaxonomy, build, read_file

MOST_EXPORTED = 1_000_000
index_commands = AppGroup("index", help="The search index: rebuild or check it.")
sop_commands = AppGroup("sops", help="The procedures, measures, roles and words.")


def attach(app: Flask) -> None:
    """Register the commands."""
    users, audit, mail = cli_accounts.user_commands, cli_history.history_commands, cli_mail.mail_commands
    for command in (init, demo, up, ask, export, tick, check_config, index_commands, sop_commands, users, audit, mail):
        app.cli.add_command(command)


def _site() -> Site:
    site: Site = current_app.extensions["site"]
    return site


@click.command()
@with_appcontext
def init() -> None:
    """Bring the database to the newest form and make the keys."""
    prepare(current_app)
    worker.keep_index(database.session(), _site())
    click.echo(f"Ready: {_site().settings.data_dir}")


@click.command()
@with_appcontext
def demo() -> None:
    """Load the demo directory: invented people and numbers, each entry marked as one."""
    prepare(current_app)
    session, site = database.session(), _site()
    try:
        with transaction(session):
            report = load_demo(session, site.taxonomy(session), now=site.now())
    except DemoAlreadyLoaded as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Demo directory: {report.total} entries in {len(report.entries)} countries.")
    worker.keep_index(session, site)


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--demo-if-empty", is_flag=True, help="Load the demo directory where there are no entries yet.")
@with_appcontext
def up(port: int, *, demo_if_empty: bool) -> None:
    """Serve the directory on this machine, with the worker inside. Ctrl-C ends it."""
    prepare(current_app)
    session, site = database.session(), _site()
    if demo_if_empty and not indexing.entry_count(session):
        with transaction(session):
            report = load_demo(session, site.taxonomy(session), now=site.now())
        click.echo(f"Demo directory loaded: {report.total} invented entries in {len(report.entries)} countries.")
    worker.keep_index(session, site)
    cli_accounts.show_demo(session)
    session.close()
    database.engine.dispose()  # the server forks: no connection may be shared
    click.echo(f"\n  The directory answers at http://127.0.0.1:{port}\n  Ctrl-C ends it.\n")
    serve.run(current_app._get_current_object(), port)  # type: ignore[attr-defined]  # Flask's own way to the app behind the proxy


@click.command()
@click.argument("question")
@click.option("--viewer", metavar="EMAIL", help="Answer as this person would see it.")
@click.option("--json", "as_json", is_flag=True, help="The API's JSON.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100))
@with_appcontext
def ask(question: str, viewer: str | None, *, as_json: bool, limit: int) -> None:
    """Ask who handles what, in which country."""
    session, site = _ready()
    asked = asking.ask(question, site.reader(session), site.desk(session, _viewer(session, viewer)), limit=limit)
    if as_json:
        click.echo(json.dumps(asked_json(asked, _context(site, session, "")), ensure_ascii=False, indent=2))
    else:
        click.echo(terminal.answer_text(asked, site.taxonomy(session), site.settings, site.now()))
    if asked.question.is_guarded:
        raise SystemExit(1)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--as", "kind", required=True, type=click.Choice([*KINDS]))
@click.option("--profile", default="plain", show_default=True, type=click.Choice(PROFILES), help="For whom a CSV is.")
@click.option("--separator", default="comma", show_default=True, type=click.Choice([*SEPARATORS]), help="Of a CSV.")
@click.option("--country", "countries", multiple=True, metavar="CC")
@click.option("--sop", "numbers", multiple=True, type=click.IntRange(1, 5))
@click.option("--role", "roles", multiple=True, metavar="ROLE")
@click.option("--viewer", metavar="EMAIL")
@with_appcontext
def export(
    file: Path,
    kind: str,
    countries: tuple[str, ...],
    numbers: tuple[int, ...],
    roles: tuple[str, ...],
    viewer: str | None,
    profile: str,
    separator: str,
) -> None:
    """Write entries to a file: whole or not at all. Without --viewer, and as hsds, the public layer."""
    session, site = _ready()
    taxonomy = site.taxonomy(session)
    _refuse_unknown("--country", countries, codes())
    _refuse_unknown("--role", roles, taxonomy.roles)
    reading = Reading(countries=countries, sops=numbers, roles=roles)
    seen_by = PUBLIC if KINDS[kind].is_public_only else _viewer(session, viewer)
    entries = all_entries(reading, site.desk(session, seen_by), limit=MOST_EXPORTED)
    words = filter_words(reading, taxonomy, kosovo=site.settings.kosovo_name) or "everything"
    try:
        context = replace(_context(site, session, words), style=SheetStyle(profile, SEPARATORS[separator]))
        content = write_export(kind, entries, context=context)
    except CannotExport as error:
        raise click.ClickException(str(error)) from error
    part = file.with_name(file.name + ".part")
    part.write_bytes(content)
    part.replace(file)
    with transaction(session):
        record_access(
            session, "export", [e.id for e in entries], asker=Asker(), path="console", by="console", now=site.now()
        )
    click.echo(f"{len(entries)} entries written to {file}")


@click.command()
@click.option("--now", "instant", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]))
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def tick(instant: datetime | None, *, as_json: bool) -> None:
    """Run everything that is due, once, and say what was done."""
    site = _site()
    if instant is not None:
        site.ports = type(site.ports)(site.ports.index, FixedClock(instant.replace(tzinfo=instant.tzinfo or UTC)))
    report = worker.run_due(current_app)
    if as_json:
        click.echo(json.dumps({"at": site.now().isoformat(), "jobs": report, "rounds": site.rounds_done}))
        return
    for name, count in report.items():
        click.echo(f"{name:<14} {count:>6}")
        for part, done in site.rounds_done.items() if name == "rounds" else ():
            click.echo(f"  {part:<12} {done:>6}")


@click.command("check-config")
def check_config() -> None:
    """Read the settings and say what is odd; a bad value has already refused the start."""
    settings, warnings = read_settings()
    try:
        worker.try_mail_settings(settings)
    except BadSetting as error:
        raise click.ClickException(str(error)) from error
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
    click.echo(f"Settings are fine. Data folder: {settings.data_dir}")
    if warnings:
        raise SystemExit(1)


@index_commands.command("rebuild")
@with_appcontext
def index_rebuild() -> None:
    """Build the index anew from the database; searching goes on meanwhile."""
    session, site = database.session(), _site()
    taxonomy, today = site.taxonomy(session), site.today()
    documents = indexing.all_documents(session, taxonomy, today=today, days=site.days)
    length = indexing.entry_count(session)
    with click.progressbar(documents, length=length, label="Indexing") as shown:
        count = indexing.rebuild_from(session, site.ports.index, shown)
    click.echo(f"{count} entries indexed.")


@index_commands.command("check")
@with_appcontext
def index_check() -> None:
    """Say whether the index can be trusted."""
    session, site = database.session(), _site()
    pending = indexing.pending_count(session)
    problem = indexing.problem(session, site.ports.index)
    if problem:
        raise click.ClickException(f"The index cannot be trusted: {problem}. Run: flask index rebuild")
    click.echo(f"The index is sound: {site.ports.index.state().count} entries, {pending} changes waiting.")


@sop_commands.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--commit", is_flag=True, help="Put it in force; without this only say what would change.")
@with_appcontext
def sops_load(file: Path, *, commit: bool) -> None:
    """Replace the procedures and roles by a newer version, and say what that changes."""
    session, site = database.session(), _site()
    try:
        newer = build(read_file(file))
    except BadTaxonomy as error:
        raise click.ClickException(str(error)) from error
    if commit:
        with transaction(session):
            changes = sops.put_in_force(session, newer, by="console", now=site.now())
        site.forget_taxonomy()
        worker.keep_index(session, site)
    else:
        changes = sops.compare(session, sops.current(session), newer)
    click.echo(terminal.taxonomy_changes_text(changes, committed=commit))


def _ready() -> tuple[Session, Site]:
    """The session and the site, with the index up to date: a command has no worker beside it."""
    session, site = database.session(), _site()
    try:
        worker.keep_index(session, site)
    except OperationalError as error:
        raise click.ClickException("The database is not ready. Run: flask init") from error
    return session, site


def _context(site: Site, session: Session, words: str) -> ExportContext:
    settings = site.settings
    return ExportContext(
        base_url=settings.base_url,
        taxonomy=site.taxonomy(session),
        now=site.now(),
        kosovo_footnote=settings.kosovo_footnote,
        kosovo_name=settings.kosovo_name,
        filter_words=words,
        timezone=settings.timezone,
    )


def _viewer(session: Session, email: str | None) -> Viewer:
    """What that person would see; without an address, the public layer."""
    if not email:
        return PUBLIC
    account = account_by_email(session, email)
    if account is None or account.state != "active":
        raise click.UsageError(f"--viewer {email}: there is no active account with this address.")
    return viewer_of(person_of(session, account))


def _refuse_unknown(option: str, given: tuple[str, ...], known: Container[str]) -> None:
    for value in given:
        if value not in known:
            raise click.UsageError(
                f"{option} {value}: not known. Countries are two capitals such as RO; roles as in /api/v1."
            )
