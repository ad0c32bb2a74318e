"""`flask import`, `import-undo`, `import-kinds` as a secretary types them."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from directory.app import create_app, database, prepare
from directory.config import Settings
from directory.ports import FixedClock
from directory.registry.models import Post
from importers import cli
from importers.files import inspect
from tests.conftest import NOW
from tests.importers.conftest import AUTHORITIES, needs_real_lists, row, write_list

Flask_ = Callable[[Sequence[str]], Result]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    settings = Settings(
        data_dir=tmp_path / "instance",
        database_url=f"sqlite:///{tmp_path / 'cli.sqlite'}",
        secret_keys=("k" * 40,),
        search="memory",
        import_max_megabytes=1,
    )
    app = create_app(settings, clock=FixedClock(NOW))
    cli.attach(app)
    with app.app_context():
        prepare(app)
        yield app
        database.session.remove()
        database.engine.dispose()


@pytest.fixture
def run(app: Flask) -> Flask_:
    return lambda arguments: app.test_cli_runner().invoke(args=[str(a) for a in arguments])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_list(tmp_path / "list.csv", [row(id="1"), row(id="2", name_en="Border Police")])


def entry_count() -> int:
    database.session.rollback()
    return database.session.scalar(select(func.count()).select_from(Post)) or 0


def test_without_commit_nothing_is_changed(run: Flask_, path: Path) -> None:
    result = run(["import", path, "--as", "template"])
    assert result.exit_code == 0, result.output
    assert re.search(r"rows read +2\n +new +2\n +changed +0\n +unchanged +0\n +refused +0\n", result.output)
    assert "Nothing was written: this was a trial. Add --commit to do it." in result.output
    assert entry_count() == 0


def test_commit_and_take_back(run: Flask_, path: Path) -> None:
    result = run(["import", path, "--as", "template", "--commit"])
    assert result.exit_code == 0, result.output
    assert entry_count() == 2
    batch = re.search(r"flask import-undo (\S+)", result.output)
    assert batch, result.output
    undone = run(["import-undo", batch[1]])
    assert (undone.exit_code, entry_count()) == (0, 0), undone.output
    assert "2 removed, 0 set back" in undone.output
    again = run(["import-undo", batch[1]])
    assert (again.exit_code, "taken back on" in again.output) == (1, True)


def test_a_refused_row_gives_exit_code_1_and_the_rest_is_written(run: Flask_, tmp_path: Path) -> None:
    path = write_list(tmp_path / "list.csv", [row(id="1"), row(id="2", country="Utopia")])
    result = run(["import", path, "--as", "template", "--commit"])
    assert (result.exit_code, entry_count()) == (1, 1)
    assert "row 3: Utopia" in result.output


def test_the_full_report_goes_to_a_file(run: Flask_, tmp_path: Path) -> None:
    path = write_list(tmp_path / "list.csv", [row(country="Utopia")])
    run(["import", path, "--as", "template", "--report", tmp_path / "report.csv"])
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["verdict"], line["row"], line["column"], line["value"]) == ("refused", "2", "country", "Utopia")


def test_a_report_that_cannot_be_written_writes_nothing_at_all(run: Flask_, path: Path, tmp_path: Path) -> None:
    result = run(["import", path, "--as", "template", "--commit", "--report", tmp_path])
    assert (result.exit_code, entry_count()) == (1, 0)
    assert "The report cannot be written" in result.output


def test_one_country(run: Flask_, tmp_path: Path) -> None:
    path = write_list(tmp_path / "list.csv", [row(id="1"), row(id="2", country="Albania")])
    result = run(["import", path, "--as", "template", "--country", "al", "--commit"])
    assert (result.exit_code, entry_count()) == (0, 1), result.output
    assert re.search(r"of other countries +1\n", result.output)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-", "--as", "template"], "FILE must be the name of a file"),
        (["x.csv", "--as", "horoscopes"], "known are authorities, directory, embassies, hsds"),
        (["x.json", "--as", "json"], "needs --map FILE"),
        (["x.csv", "--as", "template", "--map", "y.yaml"], "has its own mapping"),
        (["x.csv", "--as", "template", "--country", "Utopia"], "is no country code"),
        (["x.csv"], "Missing option '--as'"),
        (["--as", "template"], "Missing argument"),
    ],
)
def test_wrong_use_gives_exit_code_2(run: Flask_, arguments: list[str], says: str) -> None:
    result = run(["import", *arguments])
    assert (result.exit_code, says in result.output) == (2, True), result.output


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"a" * 2_000_000, "has 2 MB; at most 1 MB are read"), (b"PK\x03\x04", "damaged workbook")],
)
def test_a_bad_file_gives_one_sentence_and_exit_code_1(run: Flask_, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    result = run(["import", tmp_path / "bad.csv", "--as", "template", "--commit"])
    assert (result.exit_code, says in result.output) == (1, True), result.output
    assert "Traceback" not in result.output


def test_a_mapping_of_one_s_own(run: Flask_, path: Path, tmp_path: Path) -> None:
    text = (cli.shipped_kinds()["template"]).read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text.replace("kind: template", "kind: mine", 1), encoding="utf-8")
    result = run(["import", path, "--as", "csv", "--map", tmp_path / "mine.yaml", "--commit"])
    assert (result.exit_code, entry_count()) == (0, 2), result.output
    wrong = run(["import", path, "--as", "json", "--map", tmp_path / "mine.yaml"])
    assert (wrong.exit_code, "say --as csv" in wrong.output) == (2, True)
    taken = run(["import", path, "--as", "csv", "--map", cli.shipped_kinds()["template"]])
    assert (taken.exit_code, "rename it" in taken.output) == (1, True)


def test_the_kinds_are_listed(run: Flask_) -> None:
    result = run(["import-kinds"])
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == [
        *("authorities", "directory", "embassies", "hsds", "template", "vcard"),
        *("csv", "xlsx", "xls", "ods", "json"),
    ]


def test_a_database_that_is_not_prepared(tmp_path: Path, path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "bare",
        database_url=f"sqlite:///{tmp_path / 'bare.sqlite'}",
        secret_keys=("k" * 40,),
        search="memory",
    )
    app = create_app(settings)
    cli.attach(app)
    result = app.test_cli_runner().invoke(args=["import", str(path), "--as", "template"])
    assert (result.exit_code, "Run: flask init" in result.output) == (1, True), result.output
    with app.app_context():
        database.engine.dispose()


def test_a_terminal_sees_a_bar(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    facts = inspect(path, "utf-8", 1)
    with cli._progress(facts) as advance:
        advance(facts.size)
    assert "100%" in terminal.getvalue()


@needs_real_lists
def test_the_real_authorities(run: Flask_) -> None:
    result = run(["import", AUTHORITIES, "--as", "authorities", "--commit"])
    assert (result.exit_code, entry_count()) == (0, 57), result.output
