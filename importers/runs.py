"""An import from the pages, from the upload to its end: one verb per function; states change only here.

uploaded → mapped → reading → previewed → (waiting_second →) committing → done → undoing → undone
failed: the file could not be read; discarded: somebody let it be
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.accounts import grounds
from directory.accounts.grounds import Ground, within
from directory.accounts.policy import Person
from directory.db import new_id
from directory.history import operations as history
from importers.columns import Choices
from importers.models import ImportBatch, ImportColumns, ImportRun

WAITS_FOR_US = ("mapped", "reading", "committing", "undoing")
BEFORE_COMMIT = ("uploaded", "mapped", "reading", "previewed", "waiting_second")
NEEDS_FILE = (*BEFORE_COMMIT, "committing")
KEPT_FOR = timedelta(days=7)
UNDO_WITHIN = timedelta(days=30)
MOST = 100
MOST_AT_ONCE = 5
SKIP = "skip"


class WrongState(Exception):
    """Somebody else was first; the page shows how it stands now."""


class OwnImport(Exception):
    """Nobody decides about their own batch."""


def ground_of(person: Person) -> Ground:
    """Where this person may import."""
    return grounds.ground_of(person, "import_list")


def listed(session: Session, ground: Ground) -> list[ImportRun]:
    """Imports this person has to do with, newest first."""
    statement = select(ImportRun).where(within(ground, ImportRun.country_code), ImportRun.state != "discarded")
    return list(session.scalars(statement.order_by(ImportRun.at.desc(), ImportRun.id).limit(MOST)))


def from_console(session: Session) -> list[ImportBatch]:
    """Batches that no page knows of, newest first."""
    of_runs = select(ImportRun.batch_id).where(ImportRun.batch_id.is_not(None))
    statement = select(ImportBatch).where(ImportBatch.id.not_in(of_runs)).order_by(ImportBatch.at.desc()).limit(MOST)
    return list(session.scalars(statement))


def list_names(session: Session, ground: Ground) -> list[str]:
    """What lists were called before, so that they can be called the same again."""
    statement = (
        select(ImportRun)
        .where(within(ground, ImportRun.country_code), ImportRun.state == "done")
        .order_by(ImportRun.at.desc())
    )
    names = [str(run.choices.get("list", "")) for run in session.scalars(statement.limit(MOST))]
    return list(dict.fromkeys(name for name in names if name))


def is_busy(session: Session, by: str) -> bool:
    """Somebody has as many files waiting as one person can look at."""
    waiting = select(ImportRun.id).where(ImportRun.by == by, ImportRun.state.in_(BEFORE_COMMIT)).limit(MOST_AT_ONCE)
    return len(session.scalars(waiting).all()) >= MOST_AT_ONCE


def upload(
    session: Session, run_id: str, *, by: str, now: datetime, country: str | None, kind: str, file_name: str,
    size: int, choices: Mapping[str, Any],
) -> ImportRun:  # fmt: skip
    """A file lies ready; a free table waits for its columns, anything else is read at once."""
    run = ImportRun(
        id=run_id,
        state="uploaded" if kind == "csv" else "mapped",
        at=now,
        by=by,
        country_code=country,
        kind=kind,
        file_name=file_name,
        size=size,
        choices=dict(choices),
        decisions={},
        counts={},
        problem="",
        tries=0,
        changed_at=now,
    )
    session.add(run)
    session.flush()
    return run


def choose_columns(
    session: Session, run: ImportRun, signature: str, choices: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """What the columns are; remembered for the next file with this header."""
    _move(session, run, ("uploaded", "previewed"), "mapped", now)
    run.choices = {**run.choices, **choices}
    run.problem, run.tries = "", 0
    remembered = session.get(ImportColumns, signature) or ImportColumns(signature=signature)
    remembered.meanings, remembered.by, remembered.at = dict(choices["columns"]), by, now
    session.add(remembered)
    session.flush()


def remembered_columns(session: Session, signature: str) -> Mapping[str, str]:
    """What somebody said of these columns before."""
    found = session.get(ImportColumns, signature)
    return {str(k): str(v) for k, v in found.meanings.items()} if found else {}


def say_of_doubts(session: Session, run: ImportRun, decisions: Mapping[str, str], *, now: datetime) -> None:
    """Which doubtful rows are new, which are entries here, which stay out; everything is reckoned anew."""
    _move(session, run, ("previewed",), "mapped", now)
    run.decisions = {**run.decisions, **decisions}
    run.tries = 0
    session.flush()


def commit(session: Session, run: ImportRun, *, by: str, now: datetime) -> None:
    """In earnest; new entries wait for a second person first."""
    needs_second = bool(run.counts.get("new"))
    run.problem = ""
    _move(session, run, ("previewed",), "waiting_second" if needs_second else "committing", now)
    history.record(
        session, "import_asked", subject_type="import_run", subject_id=run.id, by=by, now=now,
        after={"file": run.file_name, "new": run.counts.get("new", 0)},
    )  # fmt: skip


def agree(session: Session, run: ImportRun, *, by: str, now: datetime) -> None:
    """A second person lets the batch in. Raises OwnImport."""
    if run.by == by:
        raise OwnImport
    _move(session, run, ("waiting_second",), "committing", now)
    run.second_by, run.problem = by, ""
    history.record(
        session, "import_agreed", subject_type="import_run", subject_id=run.id, by=by, now=now,
        after={"file": run.file_name, "new": run.counts.get("new", 0)},
    )  # fmt: skip


def refuse(session: Session, run: ImportRun, *, by: str, now: datetime) -> None:
    """A second person does not let the batch in; whoever imports sees it and may let it be. Raises OwnImport."""
    if run.by == by:
        raise OwnImport
    _move(session, run, ("waiting_second",), "previewed", now)
    run.problem = "second_refused"
    run.second_by = by
    history.record(
        session, "import_refused", subject_type="import_run", subject_id=run.id, by=by, now=now,
        after={"file": run.file_name},
    )  # fmt: skip


def discard(session: Session, run: ImportRun, *, now: datetime) -> None:
    """Let it be; nothing was written."""
    _move(session, run, (*BEFORE_COMMIT, "failed"), "discarded", now)
    session.flush()


def undo(session: Session, run: ImportRun, *, by: str, now: datetime) -> None:
    """Ask for the batch to be taken back; raises WrongState after thirty days."""
    if not may_undo(run, now):
        raise WrongState
    _move(session, run, ("done",), "undoing", now)
    run.counts = {**run.counts, "undo_by": by}
    run.tries, run.problem = 0, ""
    session.flush()


def may_undo(run: ImportRun, now: datetime) -> bool:
    """The batch is there and younger than thirty days."""
    return run.state == "done" and run.batch_id is not None and now - run.changed_at < UNDO_WITHIN


def kind_of_list(kind: str, country: str | None, list_name: str) -> str:
    """Under which name rows are compared: of one list, one country's imports never touch another's."""
    mark = sha256(" ".join(list_name.casefold().split()).encode()).hexdigest()[:12]
    return f"{kind[:16]}-{(country or 'all').lower()}-{mark}"


def choices_of(run: ImportRun) -> Choices:
    """What was said of the file, as the mapping needs it."""
    said, list_name = run.choices, str(run.choices.get("list") or run.file_name)
    return Choices(
        kind=kind_of_list(run.kind, run.country_code, list_name),
        list_name=list_name,
        dated_on=_day(said.get("date")),
        title=str(said.get("title", "")),
        is_published=said.get("published") == "yes",
        encoding=str(said.get("encoding") or "auto"),
        separator=str(said.get("separator") or "auto"),
        sheet=str(said.get("sheet", "")),
    )


def forget_old(session: Session, *, now: datetime) -> Sequence[str]:
    """Files nobody decided about for a week are let go; returns whose."""
    old = select(ImportRun.id).where(
        ImportRun.state.in_((*BEFORE_COMMIT, "failed")), ImportRun.changed_at < now - KEPT_FOR
    )
    ids = session.scalars(old).all()
    if ids:
        session.execute(update(ImportRun).where(ImportRun.id.in_(ids)).values(state="discarded", changed_at=now))
    return ids


def _move(session: Session, run: ImportRun, from_: tuple[str, ...], to: str, now: datetime) -> None:
    """Into the next state, if nobody was first."""
    statement = update(ImportRun).where(ImportRun.id == run.id, ImportRun.state.in_(from_))
    moved = session.execute(statement.values(state=to, changed_at=now).execution_options(synchronize_session=False))
    if not moved.rowcount:  # type: ignore[attr-defined]  # an UPDATE has it
        raise WrongState
    session.refresh(run)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def new_run_id() -> str:
    """The id under which the file is kept before the database knows of it."""
    return new_id()
