"""`flask import`, `import-undo`, `import-kinds`. Exit code 0 done, 1 refused in part or whole, 2 wrong use."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Session

from directory import worker
from directory.app import database
from directory.config import Settings
from directory.db import transaction
from directory.site import Site
from importers.files import FileFacts
from importers.mapping import ImportMapping
from importers.mapping_file import read_mapping, shipped_kinds
from importers.matching import read_decisions
from importers.places import Countries
from importers.records import FileRefused, Limits
from importers.report import Report, report_text, write_report
from importers.run import Order, look_over, run_import
from importers.undo import UndoRefused, undo_batch

BY = "console"
OWN_MAPPING = ("csv", "xlsx", "xls", "ods", "json")
_SHEETS = frozenset({"csv", "xlsx", "xls", "ods"})


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
@click.option("--decide", "decide_file", metavar="FILE", help="Which doubtful rows are new, which are an entry here.")
@click.option(
    "--doubtful", type=click.Choice(["out", "new"]), default="out", help="Doubtful rows: stay out, or are new."
)
@click.option("--commit", is_flag=True, help="Write it. Without this nothing is changed.")
@click.option("--report", "report_file", metavar="FILE", help="The full report, as CSV.")
@click.option("--encoding", metavar="NAME", help="A text file's encoding, such as cp1250; auto guesses.")
@click.option("--separator", metavar="SIGN", help="What parts the cells of a text file; auto finds it.")
@click.option("--type", "institution_type", metavar="TYPE", help="The kind of institution where a row names none.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook; else the first that holds something.")
@click.pass_context
@with_appcontext
def import_file(  # noqa: PLR0913, PLR0917 - one for each option
    context: click.Context,
    file: str,
    kind: str,
    map_file: str | None,
    country: str | None,
    report_file: str | None,
    encoding: str | None,
    separator: str | None,
    sheet: str | None,
    institution_type: str | None,
    decide_file: str | None,
    doubtful: str,
    *,
    commit: bool,
) -> None:
    """Read a foreign list, say what is new, changed or refused, and write it with --commit."""
    code = _country_code(country)
    if file == "-":
        raise click.UsageError("FILE must be the name of a file: a list is read twice, so not from a pipe")
    with _plain_errors():
        mapping = _chosen(_mapping(kind, map_file), encoding, separator, sheet)
        site = _site()
        limits = limits_of(site.settings)
        decisions = read_decisions(Path(decide_file)) if decide_file else {}
        order = Order(
            Path(file),
            mapping,
            commit,
            code,
            limits.megabytes,
            limits,
            institution_type or "",
            decisions,
            doubtful == "new",
        )
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
    for name in OWN_MAPPING:
        any_other = "the template's columns, or any other list with --map FILE"
        rows.append((name, name, any_other if name in _SHEETS else "any other list, with --map FILE", ""))
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
        if map_file is None and kind in _SHEETS:
            return read_mapping(shipped["template"])
        if map_file is None:
            raise click.UsageError(f"--as {kind} needs --map FILE: see docs/importing.md, or import-kinds for others")
        mapping = read_mapping(Path(map_file))
        if mapping.format != ("csv" if kind in _SHEETS else kind):
            raise click.UsageError(f"{map_file} is for {mapping.format} files: say --as {mapping.format}")
        if mapping.kind in shipped:
            raise FileRefused(f"{map_file} has the kind “{mapping.kind}”, which comes with the directory: rename it")
        return mapping
    if kind not in shipped:
        raise click.UsageError(f"“{kind}” is no kind of list; known are {', '.join([*shipped, *OWN_MAPPING])}")
    if map_file is not None:
        raise click.UsageError(f"{kind} has its own mapping: use --map with --as csv or --as json")
    return read_mapping(shipped[kind])


def _chosen(mapping: ImportMapping, encoding: str | None, separator: str | None, sheet: str | None) -> ImportMapping:
    """The mapping with what the command line says of this one file."""
    try:
        named = encoding if encoding in {None, "auto"} else codecs.lookup(encoding or "").name
        "a".encode(named if named not in {None, "auto"} else "utf-8")  # Python knows "encodings" that are no letters
    except (LookupError, UnicodeError) as error:
        raise click.UsageError(f"“{encoding}” is no encoding; utf-8, cp1252 or auto are") from error
    sign = (separator or "").replace("\\t", "\t")
    if separator and sign != "auto" and len(sign) != 1:
        raise click.UsageError("--separator takes one sign, or the word auto")
    return replace(
        mapping,
        encoding=named or mapping.encoding,
        separator=sign or mapping.separator,
        sheet=sheet or mapping.sheet,
    )


def limits_of(settings: Settings) -> Limits:
    """How much of a file is read, by the settings."""
    return Limits(
        megabytes=settings.import_max_megabytes,
        unpacked_megabytes=settings.import_max_unpacked_megabytes,
        rows=settings.import_max_rows,
        columns=settings.import_max_columns,
    )


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
