"""Look a file over before it is read: its size, its kind, its encoding, its fingerprint."""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import charset_normalizer

from importers.records import FileRefused

CHUNK = 256 * 1024
_MEGABYTE = 1024 * 1024
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_NO_TEXT = {
    b"PK\x03\x04": "is an Excel workbook or a zip archive, not a text file: save the sheet as CSV UTF-8",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook, not a text file: save the sheet as CSV UTF-8",
    b"%PDF": "is a PDF, not a list: ask for the list as CSV",
    b"\x1f\x8b": "is compressed: unpack it first",
}


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file that can be read. `encoding` knows of a byte order mark."""

    path: Path
    size: int
    digest: str
    encoding: str


def inspect(path: Path, encoding: str, max_megabytes: int) -> FileFacts:
    """What the file is. Raises FileRefused with a sentence before anything is made of it."""
    try:
        if path.is_dir():
            raise FileRefused(f"{path} is a folder: name one file in it")
        size = path.stat().st_size
        if size > max_megabytes * _MEGABYTE:
            raise FileRefused(
                f"{path.name} has {size / _MEGABYTE:.0f} MB; at most {max_megabytes} MB are read. "
                "Split it, or raise DIRECTORY_IMPORT_MAX_MEGABYTES"
            )
        with path.open("rb") as file:
            return _read_through(file, path, size, encoding)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror or error}") from error


def _read_through(file: BinaryIO, path: Path, size: int, encoding: str) -> FileFacts:
    head = file.read(CHUNK)
    if not head.strip():
        raise FileRefused(f"{path.name} is empty")
    for mark, problem in _NO_TEXT.items():
        if head.startswith(mark):
            raise FileRefused(f"{path.name} {problem}")
    if encoding == "utf-8" and head.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    decoder, digest, offset, chunk = codecs.getincrementaldecoder(encoding)(), hashlib.sha256(), 0, head
    while chunk:
        digest.update(chunk)
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=False)
        except UnicodeError as error:
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            raise _wrong_encoding(path, encoding, max(0, offset - waiting + start), head) from error
        offset += len(chunk)
        chunk = file.read(CHUNK)
    if waiting := len(decoder.getstate()[0]):
        raise FileRefused(f"{path.name} ends in the middle of a letter, at byte {offset - waiting}: it was cut off")
    return FileFacts(path, size, digest.hexdigest(), encoding)


def _wrong_encoding(path: Path, encoding: str, position: int, head: bytes) -> FileRefused:
    with path.open("rb") as file:
        line = 1 + sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(min(CHUNK, position - file.tell())), b""))
        file.seek(position)
        odd = file.read(1).hex()
        file.seek(max(0, position - CHUNK // 8))
        sample = file.read(CHUNK // 4)
    mark = next((name for bom, name in _MARKS.items() if head.startswith(bom)), "")
    guess = mark or _guess(sample)
    likely = f"It looks like {guess}" if guess else "Its encoding cannot be guessed"
    return FileRefused(
        f"{path.name} is not {encoding}: byte {position} (row {line}) is 0x{odd}. {likely}: "
        "save it as CSV UTF-8, or set `encoding:` in the mapping and look at the names"
    )


def _guess(sample: bytes) -> str:
    found = charset_normalizer.from_bytes(sample).best()
    return found.encoding if found else ""
