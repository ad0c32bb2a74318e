"""Files made to hurt the server: each refused with a sentence, in bounded memory and computing time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from importers.files import inspect
from importers.reading import open_rows
from importers.records import FileRefused, Limits, Row
from importers.sandbox import read_apart
from tests.importers import bombs
from tests.importers.conftest import Import, shipped

ROOT = Path(__file__).resolve().parents[2]
BUILDERS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a cell of 200 MB": (lambda p: bombs.book(p, bombs.one_cell(200)), "unpacks to more than 50 MB"),
    "a cell of 45 MB": (lambda p: bombs.book(p, bombs.one_cell(45)), "a column's name has 47,185,920 characters"),
    "too many rows": (lambda p: bombs.book(p, bombs.many_rows(30_000)), "has 29,999 rows; at most 20,000 are read"),
    "16,384 columns": (lambda p: bombs.book(p, bombs.wide(16_384)), "16,384 columns; at most 200 are read"),
    "a cell far out": (lambda p: bombs.book(p, bombs.far_cell), "needs more than 512 MB of memory to read"),
    "entities": (lambda p: bombs.book(p, bombs.small, before=bombs.entities()), "defines entities of its own"),
    "a lying header": (lambda p: bombs.lying(p, 200), "unpacks to more than 50 MB"),
    "a small lie": (lambda p: bombs.lying(p, 1), "that it is another size than it is"),
    "parts that overlap": (lambda p: bombs.overlapping(p, 500, 10), "that it is another size than it is"),
    "many parts": (lambda p: bombs.many_parts(p, 5000), "holds more than 1,000 parts"),
    "zips in zips": (bombs.nested, "is a zip archive, not a workbook"),
    "an ods of 17,000 million cells": (lambda p: bombs.ods(p, bombs.repeated(1_048_576, 16_384)), "cannot be read as"),
    "an ods of a million rows": (lambda p: bombs.ods(p, bombs.repeated(1_048_576, 1)), "rows; at most 20,000"),
    "an ods with entities": (lambda p: bombs.ods(p, "", before=bombs.entities()), "defines entities of its own"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bombs")
    return {name: build(folder / f"{number}.xlsx") for number, (name, (build, _)) in enumerate(BUILDERS.items())}


def refusal(path: Path, kind: str = "template", limits: Limits = Limits()) -> str:  # noqa: B008 - a frozen value
    mapping = shipped(kind)
    with pytest.raises(FileRefused) as caught:
        for _ in open_rows(inspect(path, mapping.encoding, 64), mapping, lambda _: None, limits):
            pass
    return str(caught.value)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_bomb_is_refused_with_a_sentence(built: dict[str, Path], name: str) -> None:
    """Within two seconds of computing, by the operating system's own count."""
    assert built[name].stat().st_size < 1024 * 1024
    assert BUILDERS[name][1] in refusal(built[name], limits=Limits(seconds=2))


def test_five_bombs_at_once_cost_this_process_next_to_nothing(built: dict[str, Path]) -> None:
    """Measured in a process of its own: at most 64 MB more than before (here: less than five)."""
    program = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tests.importers.test_bombs import most_memory, refusal
before = most_memory()
with ThreadPoolExecutor(5) as pool:
    said = list(pool.map(lambda name: refusal(Path(name)), sys.argv[1:]))
print(len(said), most_memory() - before)
"""
    names = ("a cell of 200 MB", "a cell far out", "a lying header", "an ods of a million rows", "a cell of 45 MB")
    command = [sys.executable, "-c", program, *(str(built[name]) for name in names)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=120)
    count, growth = done.stdout.split()
    assert (int(count), int(growth) < 64 * 1024) == (5, True), growth


def most_memory() -> int:
    """The most memory this program ever had, in kB; getrusage would count what started it too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def test_a_plain_reader_is_hurt(built: dict[str, Path]) -> None:
    """The control: the usual way to open one of these workbooks takes more than the 64 MB that five may take here."""
    program = """
import sys, openpyxl
from tests.importers.test_bombs import most_memory
before = most_memory()
openpyxl.load_workbook(sys.argv[1])
print(most_memory() - before)
"""
    command = [sys.executable, "-c", program, str(built["a cell of 45 MB"])]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=120)
    assert int(done.stdout) > 64 * 1024


def test_a_reader_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its computing time; nothing of it is left behind."""
    module = tmp_path / "endless.py"
    module.write_text("def read(*_):\n    while True:\n        pass\n", encoding="utf-8")
    (tmp_path / "list.vcf").write_bytes(b"BEGIN:VCARD\n")
    told = _with_reader(tmp_path, "endless:read", monkeypatch, Limits(seconds=1))
    assert "takes more than 1 seconds to read" in told


def test_a_reader_that_sleeps_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sleeper.py").write_text(
        "import time\ndef read(*_):\n    time.sleep(600)\n    yield\n", encoding="utf-8"
    )
    (tmp_path / "list.vcf").write_bytes(b"BEGIN:VCARD\n")
    monkeypatch.setattr("importers.sandbox.PATIENCE", 1)
    assert "takes more than 1 seconds" in _with_reader(tmp_path, "sleeper:read", monkeypatch, Limits(seconds=1))


def test_a_reader_may_not_write_and_knows_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "import os, signal\nfrom importers.records import Notice\n"
        "def read(path, *_):\n"
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    try:\n        os.write(os.open(str(path), os.O_WRONLY), b'x'); said = 'wrote'\n"
        "    except OSError as error:\n        said = type(error).__name__\n"
        "    yield Notice(said + ' ' + ' '.join(sorted(os.environ)))\n"
    )
    (tmp_path / "curious.py").write_text(source, encoding="utf-8")
    path = tmp_path / "list.vcf"
    path.write_bytes(b"BEGIN:VCARD\n")
    monkeypatch.setenv("DIRECTORY_SECRET_KEYS", "k" * 40)
    [notice] = _apart(tmp_path, "curious:read", monkeypatch, Limits())
    assert notice.text.startswith("OSError")
    assert "DIRECTORY" not in notice.text


def _apart(folder: Path, reader: str, monkeypatch: pytest.MonkeyPatch, limits: Limits) -> list[object]:
    child = (
        f"import sys; sys.path[:0] = [sys.argv[1], {str(folder)!r}]; import importers.sandbox_child as c; "
        f"c.READERS['own'] = {reader!r}; c.main(sys.argv[2])"
    )
    monkeypatch.setattr("importers.sandbox._CHILD", child)
    return list(read_apart("own", folder / "list.vcf", limits, lambda _: None))


def _with_reader(folder: Path, reader: str, monkeypatch: pytest.MonkeyPatch, limits: Limits) -> str:
    with pytest.raises(FileRefused) as caught:
        _apart(folder, reader, monkeypatch, limits)
    return str(caught.value)


def test_leaving_off_in_the_middle_leaves_no_reader_behind(tmp_path: Path) -> None:
    path = tmp_path / "cards.vcf"
    path.write_bytes(b"BEGIN:VCARD\nFN:Demo\nEND:VCARD\n" * 5000)
    items = read_apart("vcard", path, Limits(), lambda _: None)
    assert isinstance(next(items), Row)
    items.close()
    assert not _children()


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()


# Text


def test_a_csv_of_more_rows_than_are_read(imported: Import, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id,country,name_en,type,title\n" + "x,Utopia,a,b,c\n" * 60, encoding="utf-8")
    with pytest.raises(FileRefused, match="has more than 50 rows: nothing was taken"):
        imported(path, limits=Limits(rows=50))


def test_ten_megabytes_in_one_line_cost_their_row(imported: Import, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    with path.open("wb") as file:
        file.write(b"id,country,name_en,type,title\n1,Romania,Agency,ngo,Desk\n")
        file.write(b"2,Romania," + b"x" * 10_000_000 + b",ngo,Desk\n3,Romania,Agency,ngo,Desk\n")
    report = imported(path)
    assert (report.new_count, report.refused_count) == (2, 1)


@pytest.mark.parametrize("kind", ["hsds", "directory"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param('{"a":' * 100_000, "nested too deeply", id="deep"),
        pytest.param('{"a":' + "[" * 100_000, "nested too deeply", id="deep-lists"),
        pytest.param('{"a": ' + "9" * 5000 + "}", "is no JSON", id="digits"),
        pytest.param('{"a": NaN}', "is no JSON", id="nan"),
        pytest.param('{"a": 1', "is no JSON", id="cut"),
        pytest.param("{}", "", id="empty-object"),
    ],
)
def test_json_bombs(tmp_path: Path, kind: str, content: str, says: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(content, encoding="utf-8")
    assert says in refusal(path, kind)


def test_json_that_grows_in_memory_is_read_apart(tmp_path: Path) -> None:
    """Forty megabytes of empty lists would be half a gigabyte here."""
    path = tmp_path / "list.json"
    path.write_bytes(b'{"contents":[' + b"[]," * 13_000_000 + b"[]]}")
    before = most_memory()
    assert refusal(path, "hsds", Limits(memory_megabytes=256))
    assert most_memory() - before < 64 * 1024


def test_one_object_is_read_apart_too(imported: Import, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    item = {"slug": "a", "relevant-countries": ["de"], "name": "Body", "sources": ["https://example.org/a"]}
    path.write_text(json.dumps(item), encoding="utf-8")
    assert imported(path, "authorities").new_count == 1


def test_many_at_once_still_each_say_why(built: dict[str, Path]) -> None:
    with ThreadPoolExecutor(5) as pool:
        said = list(pool.map(lambda name: refusal(built[name]), list(BUILDERS)[:5]))
    assert all(BUILDERS[name][1] in text for name, text in zip(list(BUILDERS)[:5], said, strict=True))
