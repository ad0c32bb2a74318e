"""The worker's part of an import from the pages: read, commit, take back, forget; one at a time, taken again if killed.

What is being done holds a lock that ends with its process; the state says what is to be done, and how far it has come
is committed together with what was done. So the next worker goes on where one died, and does nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from time import sleep

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from directory import worker
from directory.alone import alone
from directory.config import Settings
from directory.db import transaction
from directory.site import Site
from importers import previews, runs, uploads
from importers.columns import mapping_of
from importers.files import FileFacts
from importers.mapping import ImportMapping
from importers.mapping_file import read_mapping, shipped_kinds
from importers.models import ImportLine, ImportRun
from importers.records import FileRefused, Limits
from importers.report import Report
from importers.run import Checkpoint, Order, look_over, run_import
from importers.undo import UndoRefused, UndoReport, undo_batch

log = logging.getLogger(__name__)
MOST_TRIES = 3
BREATH_SECONDS = 0.25  # longer than SQLite lets a writer wait before it looks again
TOLD_LEFT = 100
Advance = Callable[[int], None]


def limits_of(settings: Settings) -> Limits:
    """How much of a file is read, by the settings."""
    return Limits(
        megabytes=settings.import_max_megabytes,
        unpacked_megabytes=settings.import_max_unpacked_megabytes,
        rows=settings.import_max_rows,
        columns=settings.import_max_columns,
    )


def work(session: Session, site: Site) -> int:
    """Take the next run that waits for us, if nobody else has it; the job of the worker."""
    session.rollback()
    waiting = select(ImportRun.id).where(ImportRun.state.in_(runs.WAITS_FOR_US)).limit(1)
    if session.scalar(waiting) is None:
        session.rollback()
        return 0
    with alone(site.settings.data_dir / "imports.lock") as is_alone:
        return _work_alone(session, site) if is_alone else 0


def _work_alone(session: Session, site: Site) -> int:
    done = 0
    order = select(ImportRun).where(ImportRun.state.in_(runs.WAITS_FOR_US)).order_by(ImportRun.changed_at, ImportRun.id)
    for run in session.scalars(order).all():
        try:
            _one(session, site, run)
        except (FileRefused, UndoRefused) as error:
            _fail(session, site, run.id, str(error))
        except (SQLAlchemyError, OSError) as error:
            session.rollback()
            log.error("The import %s rests: %s", run.id, type(error).__name__)  # noqa: TRY400 - values may stand in it
        done += 1
    return done


def _one(session: Session, site: Site, run: ImportRun) -> None:
    run_id, state = run.id, run.state
    if not _try(session, site, run):
        return
    run = session.get_one(ImportRun, run_id)
    if state == "committing":
        _commit(session, site, run)
    elif state == "undoing":
        _undo(session, site, run)
    else:
        _read(session, site, run)


def _try(session: Session, site: Site, run: ImportRun) -> bool:
    """Count the try before it is made: a file that ends its reader every time is not read for ever."""
    with transaction(session):
        session.refresh(run)
        if run.state not in runs.WAITS_FOR_US:
            return False
        run.tries += 1
        if run.state == "mapped":
            run.state = "reading"
        if run.tries <= MOST_TRIES:
            return True
    sentence = "It was begun three times and never ended: nothing was written. Tell whoever runs this directory"
    _fail(session, site, run.id, sentence)
    return False


def _read(session: Session, site: Site, run: ImportRun) -> None:
    """A trial: the preview is kept beside the file, the database stays as it is."""
    folder = uploads.folder_of(site.settings.data_dir, run.id)
    if not folder.is_dir():
        raise FileRefused("The uploaded file is gone: upload it again")
    preview = previews.PreviewWriter(folder)
    try:
        report = _import(session, site, run, watch=preview)
        preview.remarks(report.remarks)
    except BaseException:
        preview.drop()
        raise
    finally:
        session.rollback()
    with transaction(session):
        session.refresh(run)
        if run.state != "reading":
            preview.drop()
            return
        preview.close()
        run.state, run.tries, run.changed_at = "previewed", 0, site.now()
        run.counts = counts_of(report) | {name: preview.counts[name] for name in ("left_out",)}


def _commit(session: Session, site: Site, run: ImportRun) -> None:
    """In steps of some hundred rows, so that nobody else's writing waits; a step that is done is not done again."""
    with _in_steps(session) as step:
        session.refresh(run)
        if run.state != "committing":
            return

        def keep(batch_id: str) -> None:
            run.batch_id = batch_id or None
            step()

        begun = run.batch_id or ""
        report = _import(session, site, run, commit=True, checkpoint=keep, batch_id=begun)
        run.state, run.batch_id, run.tries, run.changed_at = "done", report.batch_id or None, 0, site.now()
        run.counts, run.problem = counts_of(report) | (_written_before(session, report) if begun else {}), ""
    uploads.forget(site.settings.data_dir, run.id)
    worker.keep_index(session, site)


def _written_before(session: Session, report: Report) -> dict[str, object]:
    """The counts of a batch that was written in two goes: what was there already counts as what it was."""
    of_batch = select(ImportLine.outcome, func.count()).where(ImportLine.batch_id == report.batch_id)
    found = {outcome: count for outcome, count in session.execute(of_batch.group_by(ImportLine.outcome)).all()}  # noqa: C416 - rows are no pairs to mypy
    before = sum(found.values()) - report.new_count - report.changed_count - report.tied_count
    counts = {name: found.get(name, 0) for name in ("new", "changed", "tied")}
    return {**counts, "unchanged": report.unchanged_count - before}


def _undo(session: Session, site: Site, run: ImportRun) -> None:
    by = str(run.counts.get("undo_by") or run.by)
    with _in_steps(session) as step:
        session.refresh(run)
        if run.state != "undoing" or run.batch_id is None:
            return

        def keep(report: UndoReport) -> None:
            run.counts = {**run.counts, "undoing": asdict(report)}
            step()

        kept = run.counts.get("undoing")
        begun = UndoReport(**kept) if isinstance(kept, dict) else None
        report = undo_batch(session, run.batch_id, by=by, now=site.now(), begun=begun, checkpoint=keep)
        run.state, run.tries, run.changed_at = "undone", 0, site.now()
        undone = {
            "removed": report.removed_count,
            "restored": report.restored_count,
            "withdrawn": report.withdrawn_count,
            "left": len(report.refused),
            "left_why": report.refused[:TOLD_LEFT],
        }
        run.counts = {name: value for name, value in run.counts.items() if name != "undoing"} | {"undone": undone}
    worker.keep_index(session, site)


@contextmanager
def _in_steps(session: Session) -> Iterator[Callable[[], None]]:
    """Writing that commits at each step and lets others write in between; the last step commits at the end."""
    is_small = session.get_bind().dialect.name == "sqlite"
    expires, session.expire_on_commit = session.expire_on_commit, False

    def step() -> None:
        session.commit()
        if is_small:
            sleep(BREATH_SECONDS)
        session.connection(execution_options={"is_write": True})

    try:
        with transaction(session):
            yield step
    finally:
        session.expire_on_commit = expires


def _import(
    session: Session,
    site: Site,
    run: ImportRun,
    *,
    commit: bool = False,
    watch: previews.PreviewWriter | None = None,
    checkpoint: Checkpoint | None = None,
    batch_id: str = "",
) -> Report:
    settings = site.settings
    path = uploads.file_of(settings.data_dir, run.id, run.file_name)
    limits = limits_of(settings)
    order = Order(
        path,
        mapping_for(run),
        commit,
        run.country_code,
        limits.megabytes,
        limits,
        str(run.choices.get("type", "")),
        {key: said for key, said in run.decisions.items() if said != runs.SKIP},
        watch=watch,
        refuses_elsewhere=run.country_code is not None,
        checkpoint=checkpoint,
        batch_id=batch_id,
    )
    facts = look_over(order)
    advance = _progress(path.parent / "progress", facts)
    return run_import(session, order, site.taxonomy(session), by=run.by, now=site.now(), facts=facts, advance=advance)


def mapping_for(run: ImportRun) -> ImportMapping:
    """How this file is read: by the columns somebody chose, or as the kind it is."""
    choices = runs.choices_of(run)
    if run.kind == "csv":
        said = run.choices.get("columns")
        return mapping_of({str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}, choices)
    known = shipped_kinds()
    if run.kind not in known:
        raise FileRefused(f"“{run.kind}” is no kind of list")
    mapping = read_mapping(known[run.kind])
    # The file's own kind stays in the report; its rows are compared with those of the same list and country.
    source = replace(mapping.source, name=choices.list_name, dated_on=choices.dated_on or mapping.source.dated_on)
    encoding = choices.encoding if mapping.format in {"csv", "directory"} else mapping.encoding
    return replace(mapping, kind=choices.kind, title=choices.list_name, source=source, encoding=encoding)


def counts_of(report: Report) -> dict[str, object]:
    """The counts a page shows."""
    return {
        "read": report.read_count,
        "new": report.new_count,
        "changed": report.changed_count,
        "tied": report.tied_count,
        "waiting": report.waiting_count,
        "unchanged": report.unchanged_count,
        "refused": report.refused_count,
        "doubtful": report.doubtful_count,
        "removed_here": report.removed_here_count,
        "missing": len(report.missing),
        "notices": report.notices[:10],
    }


def progress_of(data_dir: Path, run_id: str) -> int:
    """How much of the file has been gone through, in hundredths."""
    try:
        return max(0, min(100, int((uploads.folder_of(data_dir, run_id) / "progress").read_text(encoding="ascii"))))
    except (OSError, ValueError):
        return 0


def tidy(session: Session, site: Site) -> int:
    """Let go of files nobody decided about for a week, and of folders that belong to nothing."""
    with transaction(session):
        old = runs.forget_old(session, now=site.now())
    kept = frozenset(session.scalars(select(ImportRun.id).where(ImportRun.state.in_(runs.NEEDS_FILE))))
    session.rollback()
    return len(old) + uploads.forget_others(site.settings.data_dir, kept)


def attach_jobs() -> None:
    """The worker's ticks; told twice, they stand once."""
    worker.add_job(worker.Job("imports", 2.0, work))
    worker.add_job(worker.Job("old_uploads", 3600.0, tidy))


def _progress(path: Path, facts: FileFacts) -> Advance:
    """Writes how far it has come, a hundred times at most: beside the file, so that no lock of the database waits."""
    gone, told = 0, -1

    def advance(step: int) -> None:
        nonlocal gone, told
        gone += step
        share = min(99, gone * 100 // max(1, facts.size))
        if share != told:
            told = share
            path.write_text(str(share), encoding="ascii")

    return advance


def _fail(session: Session, site: Site, run_id: str, sentence: str) -> None:
    """It ends here, with the reason. What of a batch was written already goes again: nothing stays half done."""
    with transaction(session):
        run = session.get_one(ImportRun, run_id)
        session.refresh(run)
        is_undo = run.state == "undoing"
        if run.batch_id and not is_undo:
            undo_batch(session, run.batch_id, by=run.by, now=site.now())
            run.batch_id = None
        run.state = "done" if is_undo else "failed"
        run.problem, run.changed_at, run.tries = sentence[:1000], site.now(), 0
    if not is_undo:
        uploads.forget(site.settings.data_dir, run_id)
