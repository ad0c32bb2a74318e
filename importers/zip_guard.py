"""Whether a zip archive may be opened at all: how many parts, how large they say they are, how large they really are.

Nothing is ever unpacked to a disk, and no path in the archive is used.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from importers.records import FileRefused, Limits

MOST_PARTS = 1000
_MEGABYTE = 1024 * 1024
_STEP = 256 * 1024
_HEAD = 4096  # of a part: a document type stands before the first element
_END_MARK = b"PK\x05\x06"
_SINCE_END = 22 + 65_535
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def open_zip(path: Path, limits: Limits) -> zipfile.ZipFile:
    """The archive, once it is known to be small enough. Raises FileRefused with a sentence."""
    with path.open("rb") as file:
        if _count_of_parts(file) > MOST_PARTS:
            raise FileRefused(f"{path.name} holds more than {MOST_PARTS:,} parts, which no workbook of contacts needs")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FileRefused(f"{path.name} is a damaged workbook or archive: save it anew, or as CSV UTF-8") from error
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        raise FileRefused(f"{path.name} holds more than {MOST_PARTS:,} parts, which no workbook of contacts needs")
    if sum(part.file_size for part in parts) > limits.unpacked_megabytes * _MEGABYTE:
        raise _too_large(path, limits)
    with path.open("rb") as file:
        _measure(file, parts, path, limits)
    return archive


def _measure(file: BinaryIO, parts: list[zipfile.ZipInfo], path: Path, limits: Limits) -> None:
    """Unpack every part into nothing: an archive may lie about sizes, and readers differ in what they believe."""
    room = limits.unpacked_megabytes * _MEGABYTE
    for part in parts:
        if part.flag_bits & 1:
            raise FileRefused(f"{path.name} is locked with a password: save it without one")
        if part.compress_type not in {_STORED, _DEFLATED}:
            raise FileRefused(f"{path.name} is packed in a way no spreadsheet uses: save it anew, or as CSV UTF-8")
        size = _real_size(file, part, room, path)
        if size > room:
            raise _too_large(path, limits)
        if size != part.file_size:
            raise FileRefused(f"{path.name} says of a part that it is another size than it is: save it anew")
        room -= size


def _real_size(file: BinaryIO, part: zipfile.ZipInfo, room: int, path: Path) -> int:
    file.seek(part.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise FileRefused(f"{path.name} is a damaged workbook or archive: save it anew, or as CSV UTF-8")
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    file.seek(name_length + extra_length, 1)
    if part.compress_type == _STORED:
        _refuse_entities(file.read(min(_HEAD, part.compress_size)), path)
        return part.compress_size
    unpack, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    waiting = b""
    try:
        while not unpack.eof and size <= room and (waiting or (waiting := file.read(_STEP))):
            piece = unpack.decompress(waiting, _STEP)
            if not size:
                _refuse_entities(piece[:_HEAD], path)
            size += len(piece)
            waiting = unpack.unconsumed_tail
    except zlib.error as error:
        raise FileRefused(f"{path.name} is a damaged workbook or archive: save it anew, or as CSV UTF-8") from error
    return size


def _refuse_entities(head: bytes, path: Path) -> None:
    """A document type can hold entities that unfold into gigabytes, or name other files. No spreadsheet writes one."""
    if b"<!DOCTYPE" in head.replace(b"\0", b"").upper():
        raise FileRefused(f"{path.name} defines entities of its own, which no spreadsheet does: save the list as CSV")


def _count_of_parts(file: BinaryIO) -> int:
    """As the archive's end says; read before any of its parts is."""
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _SINCE_END))
    tail = file.read()
    at = tail.rfind(_END_MARK)
    return int.from_bytes(tail[at + 10 : at + 12], "little") if at >= 0 else 0


def _too_large(path: Path, limits: Limits) -> FileRefused:
    return FileRefused(
        f"{path.name} unpacks to more than {limits.unpacked_megabytes} MB: nothing was taken. "
        "Split it, or raise DIRECTORY_IMPORT_MAX_UNPACKED_MEGABYTES"
    )
