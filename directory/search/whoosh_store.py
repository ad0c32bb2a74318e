"""The index on disk: which folder is the current one, who may write, and an entry as Whoosh keeps it.

root/current        one line: the name of the folder in use, replaced by rename
root/v2-3f2a…/      a Whoosh index; 2 is VERSION, so that an index of another version is known by its name
root/write.lock     held by the one writer of the moment
root/rebuild.lock   held by the one rebuild of the moment
root/journal        changes made while a rebuild is on; the rebuild takes them over before it is switched to
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self
from weakref import WeakSet

from whoosh import columns, fields, formats
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex
from whoosh.util.filelock import FileLock

from .port import FACETS, Document, IndexBusy, IndexUnusable
from .terms import LAYERS, key_of, numbers_of, words_of

VERSION = 2
INDEX_NAME = "MAIN"
JOINT = "\x1f"
_FOLDER = re.compile(r"v(\d+)-[0-9a-f]+")
_LOCK_POLL_SECONDS = 0.01


class Terms(fields.FieldType):  # type: ignore[misc]
    """A field of ready-made terms: no analyser, no weights, no positions. Nothing in it is ever parsed."""

    indexed, stored, scorable, unique, vector, column_type, analyzer = True, False, False, False, None, None, None

    def __init__(self) -> None:
        self.format = formats.Existence()

    def index(self, value: Iterable[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Postings of one entry."""
        return ((term.encode(), 1, 1.0, b"") for term in value)


_PICTURES = columns.VarBytesColumn()
SCHEMA = fields.Schema(
    id=fields.ID(unique=True),
    picture=fields.COLUMN(_PICTURES),
    phone=Terms(),
    **{f"{part}_{layer}": Terms() for part in ("head", "text") for layer in LAYERS},
)


def fields_of(document: Document) -> dict[str, Any]:
    """The entry as Whoosh keeps it.

    Heading and name words are terms "key spelling": found by key, shown as spelled. The rest are keys alone,
    and only those that heading and name do not have already.
    """
    found: dict[str, Any] = {"id": document.id, "picture": _picture(document), "phone": sorted(numbers_of(document))}
    for layer in LAYERS:
        head, text = words_of(document, layer)
        keys = {key_of(word) for word in head}
        found[f"head_{layer}"] = sorted(f"{key_of(word)} {word}" for word in head)
        found[f"text_{layer}"] = sorted({key_of(word) for word in text} - keys)
    return found


def _picture(document: Document) -> bytes:
    """What orders and counts the entry: id, day, flags, leads, then the values of each facet."""
    values = (JOINT.join(dict.fromkeys(document.keywords.get(facet, ()))) for facet in FACETS)
    flags = (document.is_vacant, document.is_duty)
    return json.dumps([document.id, document.confirmed_on, *flags, JOINT.join(document.leads), *values]).encode()


class Store:
    """The folders and locks below one root. Cheap to make; holds nothing open."""

    def __init__(self, root: Path, lock_seconds: float) -> None:
        self.root = root
        self._lock_seconds = lock_seconds

    def current(self) -> Path:
        """The folder in use. Raises IndexUnusable if there is none, or one of another version."""
        try:
            name = (self.root / "current").read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            raise IndexUnusable("There is no search index yet") from None
        match = _FOLDER.fullmatch(name)
        if not match:
            raise IndexUnusable("The pointer to the search index is damaged")
        if int(match[1]) != VERSION:
            raise IndexUnusable(f"The search index has version {match[1]}, this program reads {VERSION}")
        return self.root / name

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer. Raises IndexUnusable if there is nothing to write to, IndexBusy if others are at it."""
        if not self.root.is_dir():
            raise IndexUnusable("There is no search index yet")
        with self._locked("write.lock", self._lock_seconds, "Another process is writing the search index"):
            yield

    @contextmanager
    def rebuilding(self) -> Iterator[Path]:
        """Be the only rebuild, in a new folder that is deleted unless it was switched to."""
        self.root.mkdir(parents=True, exist_ok=True)
        with self._locked("rebuild.lock", 0, "The search index is being rebuilt already"):
            folder = self.root / f"v{VERSION}-{secrets.token_hex(8)}"
            folder.mkdir()
            try:
                with self.writing():
                    (self.root / "journal").write_bytes(b"")
                yield folder
            finally:
                (self.root / "journal").unlink(missing_ok=True)
                self._sweep()

    def switch(self, folder: Path) -> None:
        """Make the folder the current one, in one rename. The caller is the writer."""
        pointer = self.root / "current.new"
        pointer.write_text(folder.name + "\n", encoding="ascii")
        pointer.replace(self.root / "current")

    def note(self, documents: Iterable[Document], removed: Iterable[str]) -> None:
        """Tell a rebuild that is on what has changed meanwhile. The caller is the writer."""
        journal = self.root / "journal"
        if journal.exists() and self._is_rebuilding():
            with journal.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps([[asdict(document) for document in documents], list(removed)]) + "\n")

    def noted(self) -> Iterator[tuple[list[Document], list[str]]]:
        """What `note` was told since the rebuild began."""
        with (self.root / "journal").open(encoding="utf-8") as lines:
            for line in lines:
                documents, removed = json.loads(line)
                yield [_document(plain) for plain in documents], removed

    def _is_rebuilding(self) -> bool:
        # A rebuild that was killed leaves its journal, but not its lock.
        lock = FileLock(str(self.root / "rebuild.lock"))
        if not lock.acquire():
            return True
        lock.release()
        return False

    def _sweep(self) -> None:
        """Delete folders that are neither in use nor being written; readers keep their open files."""
        try:
            kept = self.current()
        except IndexUnusable:
            kept = None
        for folder in self.root.glob("v*-*"):
            if folder != kept and _FOLDER.fullmatch(folder.name):
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _locked(self, name: str, seconds: float, refusal: str) -> Iterator[None]:
        lock = FileLock(str(self.root / name))
        # Counted, not clocked: a clock that stands still or jumps must not make us wait for ever.
        for wait in range(int(seconds / _LOCK_POLL_SECONDS) + 1):
            if wait:
                time.sleep(_LOCK_POLL_SECONDS)
            if lock.acquire():
                break
        else:
            raise IndexBusy(refusal)
        try:
            yield
        finally:
            lock.release()


def _document(plain: dict[str, Any]) -> Document:
    lists = {"keywords": {facet: tuple(values) for facet, values in plain["keywords"].items()}}
    return Document(**{**plain, **lists, "leads": tuple(plain["leads"]), "phones": tuple(plain["phones"])})


class Files(FileStorage):  # type: ignore[misc]
    """Whoosh's files of a folder; those still open when reading them fails are closed there and then."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._opened: WeakSet[Any] = WeakSet()

    def open_file(self, name: str, **how: Any) -> Any:
        """As Whoosh does, but remembered."""
        opened = super().open_file(name, **how)
        self._opened.add(opened)
        return opened

    @contextmanager
    def read(self) -> Iterator[Self]:
        """Read them. Raises IndexUnusable whatever Whoosh stumbles over; its own errors are of every kind."""
        try:
            yield self
        except Exception as problem:
            for opened in self._opened:
                if not opened.is_closed:
                    opened.close()
            raise IndexUnusable(f"The search index cannot be read ({type(problem).__name__})") from problem

    def contents(self) -> TOC:
        """The newest commit: its number and segments."""
        return TOC.read(self, INDEX_NAME, schema=SCHEMA)


def terms_of(files: FileStorage, part: Any) -> Any:
    """Whoosh's reader of a segment's words, deleted entries included. It copies what it opens into memory."""
    return part.codec().terms_reader(_inside(files, part), part)


def pictures_of(files: FileStorage, part: Any) -> Iterator[list[Any]]:
    """The pictures of a segment's entries, by number, deleted entries included."""
    entries = part.codec().per_document_reader(_inside(files, part), part)
    column = entries.column_reader("picture", _PICTURES)
    return (json.loads(column[number]) for number in range(part.doc_count_all()))


def numbers_of_ids(terms: Any, ids: Iterable[str]) -> list[int]:
    """The numbers of the entries of these ids."""
    wanted = [("id", id_.encode(errors="replace")) for id_ in ids]
    form = SCHEMA["id"].format
    return [number for term in wanted if term in terms for number in terms.matcher(*term, form).all_ids()]


def _inside(files: FileStorage, part: Any) -> Any:
    return part.open_compound_file(files) if part.is_compound() else files


def create(folder: Path) -> FileIndex:
    """A new, empty Whoosh index in the folder."""
    return FileIndex.create(Files(folder), SCHEMA, INDEX_NAME)


def open_index(folder: Path) -> FileIndex:
    """The Whoosh index in the folder. Raises IndexUnusable."""
    with Files(folder).read() as files:
        return FileIndex(files, schema=SCHEMA, indexname=INDEX_NAME)


def generation(folder: Path) -> int:
    """The number of the newest commit, from the names of the files."""
    return int(TOC._latest_generation(FileStorage(str(folder)), INDEX_NAME))
