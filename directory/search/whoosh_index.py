"""The search index on Whoosh: files that several processes share, read into bit sets a segment at a time.

Whoosh keeps entries, words, commits and deletions. It does not parse, score, sort or count here: at a hundred
thousand entries its own ways take hundreds of milliseconds, and bounded scoring gave wrong winners in our trials.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from whoosh.index import FileIndex, LockError
from whoosh.reading import SegmentReader
from whoosh.writing import NO_MERGE

from . import bitsets, ranking, whoosh_store
from .port import Document, Hits, IndexBusy, IndexState, IndexUnusable, Query
from .whoosh_search import Cube, Leaf, Search
from .whoosh_segment import Segment
from .whoosh_store import VERSION, Files, Store

_LOCK_SECONDS = 1.0
_REBUILD_MEGABYTES = 256
_SETTLED_SECONDS = 0.1
_PATIENCE_SECONDS = (0.02, 0.05)
_TIER = 8
_LARGEST_FOLDED = 4_096


@dataclass(frozen=True)
class _Moment:
    """The index as of one commit. Never changes; a newer one takes its place."""

    folder: Path
    generation: int
    leaves: tuple[Leaf, ...]
    segments: Mapping[str, Segment] = field(repr=False)
    mark: tuple[int, ...] = ()
    read_at: float = 0.0
    cube: Cube = field(default_factory=dict, repr=False, compare=False)


class WhooshIndex:
    """The adapter. Make one per process and keep it; threads may share it, and processes the folder.

    It is unusable until the first `rebuild`: an index that is not there must not answer that nobody is.
    """

    def __init__(self, root: Path | str, lock_seconds: float = 10.0) -> None:
        self._store = Store(Path(root), lock_seconds)
        self._moment: _Moment | None = None
        self._refreshing = Lock()

    def search(self, query: Query) -> Hits:
        """Find entries. Raises IndexUnusable."""
        moment = self._current()
        return Search(moment.leaves, query, moment.cube).hits()

    def update(self, documents: Sequence[Document], removed: Sequence[str] = ()) -> None:
        """Replace these documents and drop the removed ids. On return the commit is on disk."""
        latest = {document.id: document for document in documents}
        gone = [*removed, *latest]
        with self._store.writing():
            folder = self._store.current()
            index = whoosh_store.open_index(folder)
            self._refresh()
            assert self._moment is not None
            _write(index, latest.values(), gone, self._moment.segments)
            self._store.note(latest.values(), gone)
            self._refresh()
            _fold_small_segments(index)

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Replace everything, beside what is there; what others change meanwhile is taken over at the end."""
        with self._store.rebuilding() as folder:
            index = whoosh_store.create(folder)
            count = _write_all(index, ranking.unique(documents))
            with self._store.writing():
                for noted, removed in self._store.noted():
                    _write(index, noted, removed, {})
                self._store.switch(folder)
        self._refresh()
        return count

    def state(self) -> IndexState:
        """How the index stands; opens it if it is not open yet."""
        try:
            leaves = self._current().leaves
        except IndexUnusable as problem:
            return IndexState(is_usable=False, count=0, version=VERSION, problem=str(problem))
        return IndexState(is_usable=True, count=sum(leaf.live.bit_count() for leaf in leaves), version=VERSION)

    # Following what other processes write

    def _current(self) -> _Moment:
        moment = self._moment
        if moment is not None and not self._has_changed(moment):
            return moment
        # A thread that finds another one reading the news answers from what is there; only the first must wait.
        if not self._refreshing.acquire(blocking=moment is None):
            assert moment is not None
            return moment
        try:
            return self._read()
        finally:
            self._refreshing.release()

    def _refresh(self) -> None:
        with self._refreshing:
            self._read()

    def _has_changed(self, moment: _Moment) -> bool:
        """Two looks at the file system, microseconds; files are listed only while a commit is fresh."""
        if self._mark(moment.folder) != moment.mark:
            return True
        # The clock of the file system is coarse: a second commit within one tick leaves the same mark.
        is_settled = time.time() > moment.read_at + _SETTLED_SECONDS
        return not is_settled and whoosh_store.generation(moment.folder) != moment.generation

    def _mark(self, folder: Path) -> tuple[int, ...]:
        try:
            pointer, inside = (self._store.root / "current").stat(), folder.stat()
        except OSError:
            return ()
        return pointer.st_ino, pointer.st_mtime_ns, inside.st_mtime_ns

    def _read(self) -> _Moment:
        """Move on to the newest commit. The caller holds the lock."""
        for patience in (*_PATIENCE_SECONDS, 0.0):
            try:
                self._moment = self._read_once()
                break
            except IndexUnusable:
                # A writer may have tidied away what we were about to open; a torn index stays torn.
                if not patience:
                    self._moment = None
                    raise
                time.sleep(patience)
        assert self._moment is not None
        return self._moment

    def _read_once(self) -> _Moment:
        known = self._moment.segments if self._moment else {}
        read_at = time.time()
        folder = self._store.current()
        mark = self._mark(folder)  # before the files: what is written after this look changes the mark
        with Files(folder).read() as files:
            contents = files.contents()
            segments, leaves = {}, []
            for part in contents.segments:
                name = part.segment_id()
                segments[name] = known.get(name) or Segment(files, part)
                leaves.append(_leaf(segments[name], part))
        return _Moment(folder, contents.generation, tuple(leaves), segments, mark, read_at)


def _leaf(segment: Segment, part: Any) -> Leaf:
    dead = bitsets.from_places([segment.place_of[number] for number in part.deleted_docs()], segment.size)
    return Leaf(segment, ((1 << segment.size) - 1) ^ dead)


def _write(
    index: FileIndex, documents: Iterable[Document], removed: Sequence[str], known: Mapping[str, Segment]
) -> None:
    """One commit, all or nothing. `known` are the segments that are in memory already."""
    with _writer(index) as writer:
        _delete(writer, removed, known)
        for document in documents:
            writer.add_document(**whoosh_store.fields_of(document))


def _delete(writer: Any, ids: Sequence[str], known: Mapping[str, Segment]) -> None:
    # Not `delete_by_term`: it opens every segment anew, and to open a large one is to copy it.
    first = 0
    for part in list(writer.segments):
        if segment := known.get(part.segment_id()):
            numbers = segment.numbers_of(ids)
        else:
            with writer.storage.read() as files:
                numbers = whoosh_store.numbers_of_ids(whoosh_store.terms_of(files, part), ids)
        for number in numbers:
            writer.delete_document(first + number)
        first += part.doc_count_all()


def _write_all(index: FileIndex, documents: Iterable[Document]) -> int:
    with _writer(index, limitmb=_REBUILD_MEGABYTES) as writer:
        for document in documents:
            writer.add_document(**whoosh_store.fields_of(document))
        return int(writer.doc_count())


@contextmanager
def _writer(index: FileIndex, merge: Callable[[Any, list[Any]], list[Any]] = NO_MERGE, **how: Any) -> Iterator[Any]:
    """A writer that commits if all went well, and else leaves the index as it was."""
    with index.storage.read():
        try:
            writer = index.writer(timeout=_LOCK_SECONDS, **how)
        except LockError:
            raise IndexBusy("Another program holds the lock of the search index") from None
    try:
        yield writer
    except BaseException:
        writer.cancel()
        raise
    writer.commit(mergetype=merge)


def _fold_small_segments(index: FileIndex) -> None:
    """Where eight segments of about one size stand together, make them one: each costs every search a little.

    Done after the commit of the change itself, so that the change is not kept waiting. Large segments are left to
    the next rebuild.
    """
    tiers = Counter(_tier(part) for part in index.storage.contents().segments)
    full = {tier for tier, count in tiers.items() if count >= _TIER and _TIER**tier < _LARGEST_FOLDED}
    if not full:
        return

    def fold(writer: Any, segments: list[Any]) -> list[Any]:
        for part in segments:
            if _tier(part) in full:
                reader = SegmentReader(writer.storage, writer.schema, part)
                writer.add_reader(reader)
                reader.close()
        return [part for part in segments if _tier(part) not in full]

    with _writer(index, fold):
        pass


def _tier(part: Any) -> int:
    return int(math.log(max(part.doc_count(), 1), _TIER))
