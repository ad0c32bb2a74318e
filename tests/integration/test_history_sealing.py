"""Several workers seal while others write: one chain, every line under it; the head kept outside; the command."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from directory import migrations, worker
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.db import make_engine, new_id, transaction
from directory.history import operations as history
from directory.history import sealing
from directory.history.models import Alarm, Change, ChangeSeal
from directory.ports import FixedClock
from tests.conftest import NOW
from tests.postgres_server import fresh_database

KEY = b"k" * 32


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def own_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of its own: what is committed to history can never be taken back."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'own.sqlite'}")
    else:
        engine = make_engine(fresh_database(request.getfixturevalue("postgres_url"), "sealing_test"))
    migrations.upgrade(engine)
    yield engine
    engine.dispose()


def write(session: Session, number: int) -> None:
    history.record(
        session, "change", subject_type="post", subject_id=new_id(), by="t", now=NOW, after={"number": number}
    )


def test_three_sealers_and_three_writers_make_one_sound_chain(own_engine: Engine) -> None:
    lines, done = 60, threading.Event()

    def writer() -> None:
        for number in range(lines):
            with Session(own_engine) as session, transaction(session):
                write(session, number)

    def sealer() -> None:
        while not done.is_set():
            with Session(own_engine) as session, transaction(session):
                sealing.seal(session, KEY, now=NOW)

    writers = [threading.Thread(target=writer) for _ in range(3)]
    sealers = [threading.Thread(target=sealer) for _ in range(3)]
    for thread in (*sealers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    with Session(own_engine) as session, transaction(session):
        sealing.seal(session, KEY, now=NOW, whole=True)
    with Session(own_engine) as session:
        found = sealing.verify(session, KEY, known=sealing.last(session))
        assert (found.faults, found.waiting_count, found.sealed_count) == ([], 0, 3 * lines)
        assert session.scalar(select(func.max(ChangeSeal.position))) == 3 * lines


@pytest.fixture
def site_folder(tmp_path: Path) -> Iterator[tuple[Flask, Path]]:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(tmp_path)})
    app = create_app(settings, clock=FixedClock(NOW))
    with app.app_context():
        prepare(app)
        with transaction(database.session()) as session:
            for number in range(5):
                write(session, number)
    worker.run_due(app)
    yield app, tmp_path
    with app.app_context():
        database.engine.dispose()


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["history", *arguments])


def cut_tail(app: Flask, count: int) -> None:
    with app.app_context(), transaction(database.session()) as session:
        for name in ("change_delete", "change_seal_delete"):
            session.execute(text(f"DROP TRIGGER {name}"))
        newest = session.scalar(select(func.max(Change.sequence))) or 0
        session.execute(text(f"DELETE FROM change WHERE sequence > {newest - count}"))
        session.execute(text(f"DELETE FROM change_seal WHERE change_sequence > {newest - count}"))


def test_the_command_says_that_history_is_sound(site_folder: tuple[Flask, Path]) -> None:
    app, folder = site_folder
    result = run(app, "verify")
    assert (result.exit_code, result.output) == (0, "Sound: 6 lines.\n")
    assert (folder / "history_head").exists()
    assert run(app, "head").output.startswith("6:")


def test_a_cut_tail_stops_the_sealing_rings_and_goes_on_when_somebody_says_so(site_folder: tuple[Flask, Path]) -> None:
    app, _folder = site_folder
    old_head = run(app, "head").output.strip()
    cut_tail(app, 2)
    result = run(app, "verify")
    assert result.exit_code == 1
    assert "The end is cut off: 6 lines were sealed, the database holds 4" in result.output
    with app.app_context(), transaction(database.session()) as session:
        write(session, 99)
    assert worker.run_due(app)["history"] == 0, "nothing is sealed over a cut"
    with app.app_context():
        assert [a.kind for a in database.session().scalars(select(Alarm))] == ["history_broken"]
    assert run(app, "go-on", "--reason", "restored from a backup").exit_code == 0
    worker.run_due(app)
    assert run(app, "verify").exit_code == 0
    assert "not the one that was kept outside" in run(app, "verify", "--head", old_head).output


def test_the_control_without_the_head_a_cut_tail_is_not_seen(site_folder: tuple[Flask, Path]) -> None:
    app, folder = site_folder
    cut_tail(app, 2)
    (folder / "history_head").unlink()
    assert run(app, "verify").exit_code == 0


def test_the_command_names_the_exact_row(site_folder: tuple[Flask, Path]) -> None:
    app, _folder = site_folder
    with app.app_context(), transaction(database.session()) as session:
        session.execute(text("DROP TRIGGER change_update"))
        session.execute(text("UPDATE change SET \"by\" = 'x' WHERE sequence = 3"))
    result = run(app, "verify")
    assert result.exit_code == 1
    assert "Line 3: who, what, when, its order or its seal was changed" in result.output
