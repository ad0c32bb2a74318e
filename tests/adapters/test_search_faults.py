"""What goes wrong around an index on disk: killed writers, torn files, several processes, rebuilds under way."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from directory.search.port import Document, IndexBusy, IndexUnusable, Query
from directory.search.whoosh_index import WhooshIndex
from directory.search.whoosh_store import Store
from tests.adapters import search_writer
from tests.bench import synthetic

ROOT = Path(__file__).parents[2]


def entry(id_: str, heading: str = "office") -> Document:
    return Document(id=id_, heading={"public": heading}, confirmed_on=1)


def words(index: WhooshIndex, *typed: str) -> tuple[str, ...]:
    return index.search(Query(words=typed, limit=100)).ids


# Kills


def killed_at_work(folder: Path, manner: str, draw: random.Random) -> int:
    """Let a writer work, kill it at a random moment, and return the last step it had acknowledged."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.adapters.search_writer", str(folder), manner]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        acknowledged = int(writer.stdout.readline())
        time.sleep(draw.uniform(0.0, 0.12))
        writer.kill()
        for line in writer.stdout:
            if line.endswith("\n"):
                acknowledged = int(line)
    return acknowledged


def assert_holds(folder: Path, acknowledged: int) -> None:
    """The index is usable and has every acknowledged step, or at most the one that was not acknowledged yet."""
    index = WhooshIndex(folder)
    state = index.state()
    assert state.is_usable, state.problem
    days = {}
    for step in range(acknowledged + 2):
        if hits := words(index, f"step{step}"):
            days[hits[0]] = step
    for step in range(max(acknowledged - search_writer.ENTRIES + 1, 0), acknowledged + 1):
        kept = days.get(f"e{step % search_writer.ENTRIES}", -1)
        assert kept >= step, f"step {step} was acknowledged, step {kept} is what the index has"
    index.update([entry("next")])
    assert words(index, "office")


def test_a_killed_writer_loses_nothing_it_acknowledged_and_leaves_no_lock(tmp_path):
    draw = random.Random(5)
    for trial in range(10):
        folder = tmp_path / str(trial)
        WhooshIndex(folder).rebuild([])
        assert_holds(folder, killed_at_work(folder, "careful", draw))


def test_the_kill_test_notices_a_writer_that_acknowledges_too_early(tmp_path):
    draw = random.Random(6)
    noticed = 0
    for trial in range(6):
        folder = tmp_path / str(trial)
        WhooshIndex(folder).rebuild([])
        acknowledged = killed_at_work(folder, "careless", draw)
        try:
            assert_holds(folder, acknowledged)
        except AssertionError:
            noticed += 1
    assert noticed


def test_a_killed_rebuild_leaves_what_was_there(tmp_path):
    index = WhooshIndex(tmp_path)
    index.rebuild([entry("a")])
    program = (
        "import sys, time\n"
        "from directory.search.port import Document\n"
        "from directory.search.whoosh_index import WhooshIndex\n"
        "def slow():\n"
        "    for n in range(10**6):\n"
        "        if n == 50: print('under way', flush=True)\n"
        "        yield Document(id=str(n))\n"
        "WhooshIndex(sys.argv[1]).rebuild(slow())\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as rebuild:
        assert rebuild.stdout
        rebuild.stdout.readline()
        with pytest.raises(IndexBusy):
            WhooshIndex(tmp_path).rebuild([])
        rebuild.kill()
    index.update([entry("b")])
    assert words(WhooshIndex(tmp_path), "office") == ("a", "b")
    assert index.rebuild([entry("c")]) == 1
    assert [folder.name for folder in tmp_path.glob("v*")] == [Store(tmp_path, 1).current().name]


# Torn and foreign files


def _newest(folder: Path, ending: str) -> Path:
    return max(folder.glob(f"v*/*.{ending}"), key=lambda path: path.stat().st_mtime_ns)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGE = {
    "a torn list of segments": lambda root: _cut(_newest(root, "toc")),
    "an empty list of segments": lambda root: _newest(root, "toc").write_bytes(b""),
    "a missing list of segments": lambda root: _newest(root, "toc").unlink(),
    "a torn segment": lambda root: _cut(_newest(root, "seg")),
    "an empty segment": lambda root: _newest(root, "seg").write_bytes(b""),
    "a missing segment": lambda root: _newest(root, "seg").unlink(),
    "a missing pointer": lambda root: (root / "current").unlink(),
    "a damaged pointer": lambda root: (root / "current").write_bytes(b"\xff../../etc"),
    "a pointer to nowhere": lambda root: (root / "current").write_text("v1-0123456789abcdef\n"),
    "another version": lambda root: (root / "current").write_text("v999-0123456789abcdef\n"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_says_so_and_a_rebuild_heals_it(tmp_path, damage):
    running = WhooshIndex(tmp_path)
    running.rebuild(synthetic.documents(60))
    running.update([entry("a")])
    DAMAGE[damage](tmp_path)
    index = WhooshIndex(tmp_path)
    state = index.state()
    assert not state.is_usable
    assert state.problem
    with pytest.raises(IndexUnusable):
        index.search(Query())
    with pytest.raises(IndexUnusable):
        index.update([entry("b")])
    index.rebuild([entry("c")])
    assert words(index, "office") == words(running, "office") == ("c",)


# Several at once


def test_a_change_by_another_process_is_seen_within_a_second(tmp_path):
    index = WhooshIndex(tmp_path)
    index.rebuild([])
    assert not words(index, "office")
    command = [sys.executable, "-W", "ignore", "-m", "tests.adapters.search_writer", str(tmp_path), "careful"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        for _ in range(5):
            step = int(writer.stdout.readline())
            until = time.monotonic() + 1
            while not words(index, f"step{step}") and time.monotonic() < until:
                if any(words(index, f"step{step + later}") for later in range(1, 9)):
                    break
            assert time.monotonic() < until
        writer.kill()


def test_two_changes_within_one_tick_of_the_clock_are_both_seen(tmp_path):
    index, other = WhooshIndex(tmp_path), WhooshIndex(tmp_path)
    index.rebuild([])
    for number in range(40):
        other.update([entry(f"n{number}")])
        assert len(words(index, "office")) == number + 1


def test_threads_search_while_others_change(tmp_path):
    index = WhooshIndex(tmp_path)
    documents = list(synthetic.documents(300))
    index.rebuild(documents)
    queries = synthetic.queries(documents, 60)
    stop = Event()

    def read() -> int:
        count = 0
        while not stop.is_set():
            for query in queries:
                hits = index.search(query)
                assert hits.total >= len(hits.ids)
                count += 1
        return count

    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for number in range(25):
                index.update([documents[number], entry(f"new{number}", f"newcomer{number}")])
                assert words(index, f"newcomer{number}") == (f"new{number}",)
        finally:
            stop.set()
        assert all(reader.result() for reader in readers)


def test_what_changes_during_a_rebuild_is_not_lost(tmp_path):
    index, other = WhooshIndex(tmp_path), WhooshIndex(tmp_path)
    index.rebuild([entry("a"), entry("b"), entry("c", "old")])

    def meanwhile():
        yield entry("a")
        other.update([entry("d"), entry("c", "new")], removed=["b"])
        assert set(words(other, "office")) == {"a", "d"}
        yield from (entry("b"), entry("c", "old"))

    index.rebuild(meanwhile())
    for one in (index, other, WhooshIndex(tmp_path)):
        assert words(one, "office") == ("a", "d")
        assert words(one, "new") == ("c",)
        assert one.state().count == 3


def test_a_rebuild_that_fails_leaves_what_was_there(tmp_path):
    index = WhooshIndex(tmp_path)
    index.rebuild([entry("a")])

    def failing():
        yield entry("b")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        index.rebuild(failing())
    assert words(index, "office") == ("a",)
    assert len(list(tmp_path.glob("v*"))) == 1


def test_a_writer_that_waits_too_long_is_told(tmp_path):
    index = WhooshIndex(tmp_path, lock_seconds=0.05)
    index.rebuild([entry("a")])
    with Store(tmp_path, 1).writing(), pytest.raises(IndexBusy):
        index.update([entry("b")])
    index.update([entry("b")])
    assert words(index, "office") == ("a", "b")


def test_many_small_changes_do_not_pile_up_segments(tmp_path):
    index = WhooshIndex(tmp_path)
    index.rebuild([entry("0")])
    for number in range(1, 90):
        index.update([entry(str(number))])
    index.search(Query())
    assert index._moment
    assert len(index._moment.leaves) < 20
    assert index.state().count == 90
