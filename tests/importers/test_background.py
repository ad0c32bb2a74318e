"""The worker's part of an import: taken again when killed, nothing half done, one at a time, let go after a week."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.alone import alone
from directory.config import ROOT, read_settings
from directory.db import new_id
from directory.ports import FixedClock, Ports
from directory.proposals.models import Proposal
from directory.registry.models import Post
from directory.search.memory_index import MemoryIndex
from directory.site import Site
from importers import background, columns, runs, uploads
from importers.models import ImportBatch, ImportedRecord, ImportRun
from importers.records import FileRefused, Row
from tests.conftest import NOW
from tests.importers.conftest import row, write_list

ME, OTHER = new_id(), new_id()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(tmp_path / "site"), "DIRECTORY_PASSWORD_COST": "test"})
    return Site(settings, Ports(index=MemoryIndex(), clock=FixedClock(NOW)))


def brought(
    session: Session, site: Site, *rows: dict[str, str], country: str | None = "RO", name: str = "list.csv"
) -> ImportRun:
    """A file of the template's form, uploaded."""
    run_id = new_id()
    path = uploads.file_of(site.settings.data_dir, run_id, name)
    path.parent.mkdir(parents=True)
    write_list(path, rows)
    run = runs.upload(
        session, run_id, by=ME, now=NOW, country=country, kind="template", file_name=name, size=path.stat().st_size,
        choices={"list": "A list"},
    )  # fmt: skip
    session.commit()
    return run


def done(session: Session, site: Site, run: ImportRun) -> ImportRun:
    """Read, agreed to and written."""
    background.work(session, site)
    runs.commit(session, run, by=ME, now=NOW)
    if run.state == "waiting_second":
        runs.agree(session, run, by=OTHER, now=NOW)
    session.commit()
    background.work(session, site)
    session.refresh(run)
    return run


def counted(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_run_goes_from_upload_to_undone(session: Session, site: Site) -> None:
    run = done(session, site, brought(session, site, row(), row(id="2", name_en="Second Agency")))
    assert (run.state, run.counts["new"]) == ("done", 2)
    assert counted(session, ImportedRecord) == 2
    changed = done(
        session, site, brought(session, site, row(phone="+44 1632 960109"), row(id="2", name_en="Second Agency"))
    )
    assert (changed.state, changed.counts["waiting"]) == ("done", 1)
    assert session.scalars(select(Proposal.state)).all() == ["waiting"]
    for one in (changed, run):
        runs.undo(session, one, by=OTHER, now=NOW)
        session.commit()
        background.work(session, site)
        session.refresh(one)
        assert one.state == "undone"
    assert counted(session, Post) == 0
    assert session.scalars(select(Proposal.state)).all() == ["withdrawn"]


def test_nobody_lets_in_their_own_batch(session: Session, site: Site) -> None:
    run = brought(session, site, row())
    background.work(session, site)
    runs.commit(session, run, by=ME, now=NOW)
    for verb in (runs.agree, runs.refuse):
        with pytest.raises(runs.OwnImport):
            verb(session, run, by=ME, now=NOW)
    runs.refuse(session, run, by=OTHER, now=NOW)
    assert (run.state, run.problem) == ("previewed", "second_refused")


def test_what_was_decided_twice_happens_once(session: Session, site: Site) -> None:
    run = done(session, site, brought(session, site, row()))
    with pytest.raises(runs.WrongState):
        runs.commit(session, run, by=ME, now=NOW)
    with pytest.raises(runs.WrongState):
        runs.agree(session, run, by=OTHER, now=NOW)
    background.work(session, site)
    assert counted(session, ImportBatch) == 1


def test_undo_is_open_for_thirty_days(session: Session, site: Site) -> None:
    run = done(session, site, brought(session, site, row()))
    assert runs.may_undo(run, NOW + timedelta(days=29))
    with pytest.raises(runs.WrongState):
        runs.undo(session, run, by=ME, now=NOW + timedelta(days=30))


def test_a_file_that_ends_its_reader_every_time_is_not_read_for_ever(
    session: Session, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = brought(session, site, row())

    def dies(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr(background, "run_import", dies)
    for _ in range(background.MOST_TRIES):
        background.work(session, site)
        session.refresh(run)
        assert run.state == "reading"
    background.work(session, site)
    session.refresh(run)
    assert run.state == "failed"
    assert "three times" in run.problem


def begun(session: Session, site: Site, count: int) -> ImportRun:
    """Agreed to, not yet written."""
    run = brought(session, site, *(row(id=str(n), name_en=f"Agency {n}") for n in range(count)))
    background.work(session, site)
    runs.commit(session, run, by=ME, now=NOW)
    runs.agree(session, run, by=OTHER, now=NOW)
    session.commit()
    return run


@pytest.mark.parametrize("steps", [1, 3])
def test_a_worker_that_dies_while_writing_is_followed_by_one_that_goes_on(
    session: Session, site: Site, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    run = begun(session, site, 30)
    monkeypatch.setattr("importers.run.CHUNK", 8)
    left, written = [steps], background.run_import

    def dies_after_some_steps(*args: Any, **kwargs: Any) -> Any:
        order = args[1]

        def checkpoint(batch_id: str) -> None:
            order.checkpoint(batch_id)
            left[0] -= 1
            if not left[0]:
                raise OSError

        return written(args[0], replace(order, checkpoint=checkpoint), *args[2:], **kwargs)

    monkeypatch.setattr(background, "run_import", dies_after_some_steps)
    background.work(session, site)
    session.refresh(run)
    assert (run.state, counted(session, Post)) == ("committing", 8 * steps)
    background.work(session, site)
    session.refresh(run)
    assert (run.state, counted(session, Post), counted(session, ImportBatch)) == ("done", 30, 1)
    assert (run.counts["new"], run.counts["unchanged"]) == (30, 0)
    runs.undo(session, run, by=ME, now=NOW)
    session.commit()
    background.work(session, site)
    assert counted(session, Post) == 0


def test_an_undo_that_died_is_gone_on_with(session: Session, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    first = done(session, site, brought(session, site, *(row(id=str(n), name_en=f"Agency {n}") for n in range(9))))
    assert first.state == "done"
    rows = [row(id=str(n), name_en=f"Agency {n}", area="Everywhere") for n in range(9)]
    changed = done(session, site, brought(session, site, *rows))
    monkeypatch.setattr("importers.undo.CHUNK", 4)
    taken, left = background.undo_batch, [1]

    def dies(*args: Any, checkpoint: Any, **kwargs: Any) -> Any:
        def once(report: Any) -> None:
            checkpoint(report)
            left[0] -= 1
            if not left[0]:
                raise OSError

        return taken(*args, checkpoint=once, **kwargs)

    monkeypatch.setattr(background, "undo_batch", dies)
    runs.undo(session, changed, by=ME, now=NOW)
    session.commit()
    background.work(session, site)
    session.expire_all()
    assert [post.area for post in session.scalars(select(Post))].count("") == 4
    background.work(session, site)
    session.refresh(changed)
    assert changed.state == "undone"
    assert (changed.counts["undone"]["restored"], changed.counts["undone"]["left"]) == (9, 0)
    session.expire_all()
    assert {post.area for post in session.scalars(select(Post))} == {""}


def test_a_list_refused_in_the_middle_of_writing_leaves_nothing(
    session: Session, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(session, site, 12)
    written = background.run_import

    def refuses_at_the_end(*args: Any, **kwargs: Any) -> None:
        written(*args, **kwargs)
        raise FileRefused("The reader gave up")

    monkeypatch.setattr(background, "run_import", refuses_at_the_end)
    background.work(session, site)
    session.refresh(run)
    assert (run.state, run.problem, counted(session, Post)) == ("failed", "The reader gave up", 0)


def test_after_a_week_the_file_is_let_go(session: Session, site: Site) -> None:
    run = brought(session, site, row())
    background.work(session, site)
    folder = uploads.folder_of(site.settings.data_dir, run.id)
    os.utime(folder, (time.time() - 7200,) * 2)
    background.tidy(session, site)
    assert folder.exists()
    later = Site(site.settings, replace(site.ports, clock=FixedClock(NOW + timedelta(days=8))))
    background.tidy(session, later)
    session.refresh(run)
    assert run.state == "discarded"
    assert not folder.exists()


def test_two_workers_do_not_take_the_same_run(session: Session, site: Site) -> None:
    brought(session, site, row())
    with alone(site.settings.data_dir / "imports.lock") as is_alone:
        assert is_alone
        assert background.work(session, site) == 0
    assert background.work(session, site) == 1


def test_rows_of_another_country_are_refused_by_name(session: Session, site: Site) -> None:
    run = brought(session, site, row(), row(id="2", country="Moldova"), row(id="3", country=""))
    background.work(session, site)
    session.refresh(run)
    assert (run.counts["new"], run.counts["refused"]) == (2, 1)


KILLED = """
import time
import importers.run
from directory.app import create_app, database
from importers import background
from importers.pages import attach
app = create_app(); attach(app)
importers.run.CHUNK = 5
steps = []
def stays(seconds):
    steps.append(seconds)
    if len(steps) == 2:
        print("written", flush=True)
        time.sleep(60)
background.sleep = stays
with app.app_context():
    background.work(database.session(), app.extensions["site"])
"""


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[tuple[Any, dict[str, str]]]:
    from directory.app import create_app, database, prepare

    env = {"DIRECTORY_DATA_DIR": str(tmp_path / "own"), "DIRECTORY_PASSWORD_COST": "test"}
    settings, _ = read_settings(env)
    app = create_app(settings, clock=FixedClock(NOW))
    with app.app_context():
        prepare(app)
        yield app, env
        database.session.remove()
        database.engine.dispose()


def test_a_worker_killed_in_the_middle_of_writing(own_site: tuple[Any, dict[str, str]]) -> None:
    """A process of its own, killed for good between two steps; the next worker writes the rest, once."""
    from directory.app import database

    app, env = own_site
    session, site = database.session(), app.extensions["site"]
    run = begun(session, site, 20)
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED], stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, **env}
    )
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"written\n"
        assert background.work(session, site) == 0, "the other one is at it"
        child.send_signal(signal.SIGKILL)
        child.wait()
    session.rollback()
    assert counted(session, Post) == 10
    assert background.work(session, site) == 1
    session.refresh(run)
    assert (run.state, counted(session, Post), run.counts["new"]) == ("done", 20, 20)
    assert counted(session, ImportBatch) == 1


HEADERS = {
    "Company": "name", "Job Title": "title", "Business Phone": "phone", "E-mail 2 Address": "email", "Mobile Phone": "mobile",
    "Organization Name": "name", "Phone 1 - Value": "phone", "E-mail 1 - Value": "email", "Firma": "name", "Vorname": "given_name",
    "Nachname": "family_name", "E-Mail-Adresse": "email", "Telefon geschäftlich": "phone", "Mobiltelefon": "mobile",
    "Société": "name", "Prénom": "given_name", "Adresse de messagerie": "email", "Téléphone (bureau)": "phone",
    "Tél. mobile": "mobile", "Companie": "name", "Prenume": "given_name", "Adresă de e-mail": "email", "Telefon serviciu": "phone",
    "Funcție": "title", "Țara": "country", "Pays": "country", "Instituția": "name", "Ville": "city", "Notizen": "note",
}  # fmt: skip


@pytest.mark.parametrize(("header", "meaning"), HEADERS.items())
def test_headers_of_address_books_are_known(header: str, meaning: str) -> None:
    assert columns.suggest((header,), []) == {header: meaning}


def test_columns_without_a_telling_header_are_known_by_their_cells() -> None:
    rows = [
        Row(2, {"A": "desk@office.example", "B": "+40 21 312 1234", "C": "Rumänien", "D": "Office", "E": "2026-11-24"}),
        Row(3, {"A": "", "B": "021-312 1235", "C": "France", "D": "House", "E": "24.11.2026"}),
    ]
    found = columns.suggest(tuple("ABCDE"), rows)
    assert found == {"A": "email", "B": "phone", "C": "country", "D": "", "E": "checked_on"}
