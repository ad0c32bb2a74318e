"""How fast the search index is, beside other engines in the same run: python -m tests.bench.search_bench [--quick]

Every engine answers the same 200 questions with a page of twenty ids, the total and the counts of nine facets. The
first pass over the questions is shown as "first"; the figures are of the two passes after it together.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import Any

from sqlalchemy import create_engine

from directory.search.folding import fold
from directory.search.memory_index import MemoryIndex
from directory.search.port import Document, Query
from directory.search.postgres_index import PostgresIndex
from directory.search.terms import key_of, words_of
from directory.search.whoosh_index import WhooshIndex
from tests.bench import synthetic, yardsticks
from tests.postgres_server import PostgresMissing, postgres_server

_UPDATES = 12
_SLIPS = 300


@dataclass
class Row:
    """One line of the table."""

    engine: str
    size: int
    p50: float
    p95: float
    p99: float
    first: float
    build: float
    update: float


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def timed(action: Callable[[], Any]) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


class Ours:
    """One of our adapters, to be asked like a yardstick."""

    def __init__(self, name: str, index: Any) -> None:
        self.name = name
        self.index = index

    def build(self, documents: list[Document]) -> None:
        self.index.rebuild(documents)

    def update(self, document: Document) -> None:
        self.index.update([document])

    def search(self, query: Query) -> Any:
        return self.index.search(query)


def engines(folder: Path, database: Any) -> Iterable[Any]:
    """All that can be asked here, made when their turn comes."""
    yield Ours("Whoosh, ours", WhooshIndex(folder / "whoosh"))
    yield Ours("memory, ours", MemoryIndex())
    if database is not None:
        yield Ours("PostgreSQL, ours", PostgresIndex(database))
    yield yardsticks.Sqlite(folder)
    try:
        (folder / "tantivy").mkdir()
        yield yardsticks.Tantivy(folder / "tantivy")
    except ImportError:
        print("tantivy is not installed: left out")


def measure(engine: Any, documents: list[Document], queries: list[Query]) -> Row:
    built = timed(lambda: engine.build(documents)) / 1000
    gc.collect()
    engine.search(Query(today=synthetic.TODAY))
    first = [timed(lambda q=query: engine.search(q)) for query in queries]
    times = [timed(lambda q=query: engine.search(q)) for _ in range(2) for query in queries]
    return Row(
        engine.name,
        len(documents),
        percentile(times, 0.5),
        percentile(times, 0.95),
        percentile(times, 0.99),
        percentile(first, 0.95),
        built,
        one_update(engine, documents),
    )


def one_update(engine: Any, documents: list[Document]) -> float:
    """Median of a change until a search of the same process sees it."""

    def change(number: int) -> None:
        engine.update(replace(documents[number], heading={"public": f"Changed office q{number}z"}))
        engine.search(Query(words=(f"q{number}z",), today=synthetic.TODAY))

    return statistics.median(timed(lambda n=number: change(n)) for number in range(_UPDATES))


def sqlite_more(engine: yardsticks.Sqlite, queries: list[Query]) -> Iterable[Row]:
    """The filter-only questions, which leave the full text table alone; and all without facet counts."""
    plain = [query for query in queries if not query.words]
    for name, asked, counts in (("SQL filters", plain, True), ("FTS5, no counts", queries, False),
                                ("SQL, no counts", plain, False)):  # fmt: skip
        engine.with_counts = counts
        times = [timed(lambda q=query: engine.search(q)) for _ in range(2) for query in asked]
        yield Row(name, len(engine.now), *(percentile(times, share) for share in (0.5, 0.95, 0.99)), 0, 0, 0)


def slips(engine: Any, documents: list[Document]) -> tuple[float, float]:
    """Share of one-slip names among the first five, and p95 of the call."""
    by_id = {document.id: document for document in documents}
    found, taken = 0, []
    for typed, key in yardsticks.one_slip_names(documents, _SLIPS):
        query = Query(words=(typed,), today=synthetic.TODAY, limit=5)
        taken.append(timed(lambda q=query: engine.search(q)))
        heads = [words_of(by_id[id_], "public")[0] for id_ in engine.search(query).ids]
        found += any(key in {key_of(word) for word in head} for head in heads)
    return found / _SLIPS, percentile(taken, 0.95)


def across_scripts(engine: Any, documents: list[Document]) -> float:
    """Share of names in other scripts that their plain Latin spelling finds."""
    found = asked = 0
    for document in documents:
        name = document.name.get("public", "")
        if name and not name.isascii() and asked < 200:
            hits = engine.search(Query(words=tuple(fold(name).split()), today=synthetic.TODAY, limit=10**6))
            found += document.id in hits.ids
            asked += 1
    return found / max(asked, 1)


def _read(folder: str, queries: list[Query], stop: Any, results: Any) -> None:
    index = WhooshIndex(folder)
    taken: list[float] = []
    while not stop.is_set():
        taken += [timed(lambda q=query: index.search(q)) for query in queries]
    results.put((percentile(taken, 0.5), percentile(taken, 0.95), len(taken)))


def with_readers(folder: Path, documents: list[Document], queries: list[Query]) -> str:
    """Four processes that search without pause while another writes."""
    context = get_context("spawn")
    stop, results = context.Event(), context.Queue()
    readers = [context.Process(target=_read, args=(str(folder), queries, stop, results)) for _ in range(4)]
    for reader in readers:
        reader.start()
    watcher, writer, visible = WhooshIndex(folder), WhooshIndex(folder), []
    watcher.state()
    writer.state()
    time.sleep(6)
    for number in range(40):
        changed = replace(documents[number], heading={"public": f"Fresh w{number}w"})
        begun = time.perf_counter()
        change = Thread(target=writer.update, args=([changed],))
        change.start()
        while not watcher.search(Query(words=(f"w{number}w",))).total:
            time.sleep(0.002)
        visible.append((time.perf_counter() - begun) * 1000)
        change.join()
    stop.set()
    read = [results.get() for _ in readers]
    for reader in readers:
        reader.join()
    count = sum(reader[2] for reader in read)
    slowest = max(reader[1] for reader in read)
    return (
        f"4 readers, 40 updates: visible p50 {percentile(visible, 0.5):.0f} ms, "
        f"p95 {percentile(visible, 0.95):.0f} ms, worst {max(visible):.0f} ms; "
        f"{count} searches meanwhile, p95 of the slowest reader {slowest:.1f} ms"
    )


def one_size(size: int, database: Any) -> list[Row]:
    documents = list(synthetic.documents(size))
    queries = synthetic.queries(documents)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="trm-bench-") as name:
        for engine in engines(Path(name), database):
            row = measure(engine, documents, queries)
            rows.append(row)
            print(_line(row), flush=True)
            if isinstance(engine, yardsticks.Sqlite):
                for more in sqlite_more(engine, queries):
                    rows.append(more)
                    print(_line(more), flush=True)
            if engine.name.startswith("Whoosh"):
                share, taken = slips(engine, documents)
                print(f"    one-slip names among the first five {share:.1%}, p95 {taken:.2f} ms")
                print(f"    names across scripts {across_scripts(engine, documents):.1%}")
                print("   ", with_readers(Path(name) / "whoosh", documents, queries), flush=True)
            del engine
            gc.collect()
    return rows


def _line(row: Row) -> str:
    return (
        f"{row.engine:<18}{row.size:>9,}{row.p50:>9.2f}{row.p95:>9.2f}{row.p99:>9.2f}{row.first:>11.2f}"
        f"{row.build:>9.1f}{row.update:>11.1f}"
    )


def ratios(rows: list[Row]) -> None:
    """Ours against the yardsticks, and against ourselves at a tenth of the size."""
    p95 = {(row.engine, row.size): row.p95 for row in rows}
    ours = "Whoosh, ours"
    print("\np95 of Whoosh divided by that of")
    for (engine, size), value in p95.items():
        if engine != ours:
            print(f"    {engine:<18}{size:>9,}{p95[ours, size] / value:>9.2f}")
    print("\ngrowth of p95 when the directory grows tenfold")
    for (engine, size), value in p95.items():
        if (engine, size // 10) in p95:
            print(f"    {engine:<18}{size:>9,}{value / p95[engine, size // 10]:>9.2f}")


def main(sizes: list[int]) -> None:
    """Print the table."""
    rows: list[Row] = []
    with ExitStack() as stack:
        try:
            database = create_engine(stack.enter_context(postgres_server("shared_buffers=256MB", "jit=off")))
        except PostgresMissing as missing:
            print(missing, file=sys.stderr)
            database = None
        print(f"{'engine':<18}{'entries':>9}{'p50 ms':>9}{'p95':>9}{'p99':>9}", end="")
        print(f"{'first p95':>11}{'build s':>9}{'update ms':>11}")
        for size in sizes:
            rows += one_size(size, database)
        if database is not None:
            database.dispose()
    ratios(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    main(parser.parse_args().sizes)
