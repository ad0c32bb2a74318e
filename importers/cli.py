"""`flask import`, `import-undo`, `import-kinds`. Exit code 0 done, 1 refused in part or whole, 2 wrong use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Session

from directory import worker
from directory.app import database
from directory.db import transaction
from directory.site import Site
from importers.files import FileFacts
from importers.mapping import ImportMapping
from importers.mapping_file import read_mapping, shipped_kinds
from importers.places import Countries
from importers.records import FileRefused
from importers.report import Report, report_text, write_report
from importers.run import Order, look_over, run_import
from importers.undo import UndoRefused, undo_batch

BY = "console"
OWN_MAPPING = ("csv", "json")


def attach(app: Flask) -> None:
    """Register the commands."""
    for command in (import_file, import_undo, import_kinds):
        app.cli.add_command(command)


@click.command("import")
@click.argument("file")
@click.option(
    "--as", "kind", required=True, metavar="KIND", help="A kind from import-kinds, or csv or json with --map."
)
@click.option("--map", "map_file", metavar="FILE", help="A mapping of your own (see docs/importing.md).")
@click.option("--country", metavar="CC", help="Only rows of this country; also where a row names none.")
@click.option("--commit", is_flag=True, help="Write it. Without this nothing is changed.")
@click.option("--report", "report_file", metavar="FILE", help="The full report, as CSV.")
@click.pass_context
@with_appcontext
def import_file(
    context: click.Context,
    file: str,
    kind: str,
    map_file: str | None,
    country: str | None,
    report_file: str | None,
    *,
    commit: bool,
) -> None:
    """Read a foreign list, say what is new, changed or refused, and write it with --commit."""
    code = _country_code(country)
    if file == "-":
        raise click.UsageError("FILE must be the name of a file: a list is read twice, so not from a pipe")
    with _plain_errors():
        mapping = _mapping(kind, map_file)
        site = _site()
        order = Order(Path(file), mapping, commit, code, site.settings.import_max_megabytes)
        report = _run(database.session(), site, order, report_file)
    click.echo(report_text(report))
    if report.batch_id:
        worker.keep_index(database.session(), site)
    context.exit(0 if report.is_whole else 1)


@click.command("import-undo")
@click.argument("batch")
@click.pass_context
@with_appcontext
def import_undo(context: click.Context, batch: str) -> None:
    """Take a batch back: what it added goes, what it changed is set back. Rows worked on since stay, and are named."""
    session, site = database.session(), _site()
    with _plain_errors(), transaction(session):
        report = undo_batch(session, batch, by=BY, now=site.now())
    click.echo(
        f"Batch {report.batch_id} taken back: {report.removed_count:,} removed, {report.restored_count:,} set back."
    )
    if report.withdrawn_count:
        click.echo(f"Withdrawn before a second person agreed: {report.withdrawn_count:,}.")
    if report.refused:
        click.echo(f"Left as they are ({len(report.refused):,}):")
        click.echo("\n".join(f"  {line}" for line in report.refused))
    worker.keep_index(session, site)
    context.exit(1 if report.refused else 0)


@click.command("import-kinds")
def import_kinds() -> None:
    """The kinds of list the directory can read."""
    rows: list[tuple[str, str, str, str]] = []
    with _plain_errors():
        for name, path in shipped_kinds().items():
            mapping = read_mapping(path)
            rows.append((name, mapping.format, mapping.title, mapping.source.licence))
    rows += [(name, name, "any other list, with --map FILE", "") for name in OWN_MAPPING]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        parts = [text.ljust(width) for text, width in zip(row[:3], widths, strict=True)]
        click.echo("  ".join([*parts, row[3]]).rstrip())


def _run(session: Session, site: Site, order: Order, report_file: str | None) -> Report:
    """The import; with --commit in one transaction, which also fails where the report cannot be written."""
    taxonomy, facts = site.taxonomy(session), look_over(order)
    with _writing(session, order), _progress(facts) as advance:
        report = run_import(session, order, taxonomy, by=BY, now=site.now(), facts=facts, advance=advance)
        if report_file:
            _write(report, Path(report_file))
    return report


@contextmanager
def _writing(session: Session, order: Order) -> Iterator[None]:
    if not order.commit:
        yield
        session.rollback()
        return
    with transaction(session):
        yield


@contextmanager
def _progress(facts: FileFacts) -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=facts.size, label=facts.path.name, file=sys.stderr) as bar:
        yield bar.update


def _write(report: Report, path: Path) -> None:
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            write_report(report, file)
    except OSError as error:
        raise FileRefused(f"The report cannot be written to {path}: {error.strerror or error}") from error


def _mapping(kind: str, map_file: str | None) -> ImportMapping:
    shipped = shipped_kinds()
    if kind in OWN_MAPPING:
        if map_file is None:
            raise click.UsageError(f"--as {kind} needs --map FILE: see docs/importing.md, or import-kinds for others")
        mapping = read_mapping(Path(map_file))
        if mapping.format != kind:
            raise click.UsageError(f"{map_file} is for {mapping.format} files: say --as {mapping.format}")
        if mapping.kind in shipped:
            raise FileRefused(f"{map_file} has the kind “{mapping.kind}”, which comes with the directory: rename it")
        return mapping
    if kind not in shipped:
        raise click.UsageError(f"“{kind}” is no kind of list; known are {', '.join([*shipped, *OWN_MAPPING])}")
    if map_file is not None:
        raise click.UsageError(f"{kind} has its own mapping: use --map with --as csv or --as json")
    return read_mapping(shipped[kind])


def _country_code(country: str | None) -> str | None:
    if country is None:
        return None
    if (code := Countries().code(country)) is None:
        raise click.UsageError(f"“{country}” is no country code such as AL")
    return code


def _site() -> Site:
    site: Site = current_app.extensions["site"]
    return site


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What went wrong as one sentence, exit code 1; nothing was written."""
    try:
        yield
    except (FileRefused, UndoRefused) as error:
        raise click.ClickException(str(error)) from error
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(
            f"The database cannot be used ({error.orig}). Nothing was written. Is it prepared? Run: flask init"
        ) from error
    except SQLAlchemyError as error:
        raise click.ClickException(f"The database refused the import, and nothing was written: {error}") from error
