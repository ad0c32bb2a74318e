"""Look a file over before it is read: its size, its kind, its encoding, its fingerprint."""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from importers.letters import either_of, likely_letters, mark_of, wide_letters
from importers.records import FileRefused

CHUNK = 256 * 1024
_MEGABYTE = 1024 * 1024
_NO_LIST = {
    b"%PDF": "is a PDF, not a list: ask for the list as CSV or as a workbook",
    b"\x1f\x8b": "is compressed: unpack it first",
    b"7z\xbc\xaf": "is compressed: unpack it first",
    b"Rar!": "is compressed: unpack it first",
}
_SAVE_ANEW = "open it in a spreadsheet, and save it as XLSX or CSV UTF-8"
_WEB_PAGE = re.compile(rb"<!doctype html|<html|<table|<meta", re.IGNORECASE)
_XML = re.compile(rb"<\?xml|<[a-z:]+[ >]", re.IGNORECASE)
_LDIF = re.compile(rb"(?:version: *1\s+)?dn::? ?\S", re.IGNORECASE)
_NO_TABLE = {
    _WEB_PAGE: f"is a web page, whatever it is called: {_SAVE_ANEW}",
    _XML: f"is XML, not a list: {_SAVE_ANEW}",
    _LDIF: "is an address book as LDIF: export it as vCard or CSV",
}
_BOOKS = {b"PK\x03\x04": "zip", b"\xd0\xcf\x11\xe0": "ole"}
_CARD = re.compile(rb"^(?:[\w-]+\.)?BEGIN[ \t]*:[ \t]*VCARD\b", re.IGNORECASE | re.MULTILINE)
_CARD_WITHIN = 4096
_MOST_ODD, _ODD_LINE = 500, 2000
_FEW = 4  # lines that are no UTF-8 for one that is: fewer, and the file is made of both
Content = Literal["text", "json", "vcard", "book"]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file that can be read. `encoding` knows of a byte order mark; `content` goes by the bytes, never by the name.

    `guessed`: nobody said which encoding it is, and it is not UTF-8; somebody should look at the names.
    """

    path: Path
    size: int
    digest: str
    encoding: str
    content: Content = "text"
    guessed: bool = False
    is_one_object: bool = False


def inspect(path: Path, encoding: str, max_megabytes: int) -> FileFacts:
    """What the file is; `auto` as encoding guesses. Raises FileRefused before anything is made of the file."""
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
    for mark, problem in _NO_LIST.items():
        if head.startswith(mark):
            raise FileRefused(f"{path.name} {problem}")
    for form, problem in _NO_TABLE.items():
        if form.match(head.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"").lstrip(b" \t\r\n\xff\xfe")):
            raise FileRefused(f"{path.name} {problem}")
    content = content_of_head(head)
    if content in {"book", "vcard"}:
        # Their readers find out about the encoding; a card may even have several.
        file.seek(0)
        return FileFacts(path, size, _fingerprint(file), encoding, content)
    is_guessed = False
    if encoding == "auto":
        encoding, is_guessed = _detected(file, head)
        file.seek(len(head))
    elif encoding == "utf-8":
        # A mark leaves no doubt, whatever the mapping says.
        encoding = mark_of(head) or encoding
    digest = _check_letters(file, path, head, encoding)
    return FileFacts(path, size, digest, encoding, content, is_guessed, _begins_an_object(head))


def _check_letters(file: BinaryIO, path: Path, head: bytes, encoding: str) -> str:
    """The file's fingerprint, once every byte of it is a letter. Raises FileRefused where one is not."""
    decoder, digest, offset = codecs.getincrementaldecoder(encoding)(), hashlib.sha256(), 0
    chunk = head
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
    return digest.hexdigest()


def _begins_an_object(head: bytes) -> bool:
    return head.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"").lstrip(b" \t\r\n\xff\xfe")[:1] == b"{"


def _fingerprint(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def content_of_head(head: bytes) -> Content:
    """What a file is by its first bytes: a workbook, cards, JSON or other text."""
    if head[:4] in _BOOKS:
        return "book"
    plain = head.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"").lstrip(b" \t\r\n\xff\xfe")
    if (card := _CARD.search(plain, 0, _CARD_WITHIN)) and not set(b",;\t") & set(plain[: card.start()]):
        return "vcard"
    return "json" if plain[:1] in {b"{", b"["} else "text"


def _detected(file: BinaryIO, head: bytes) -> tuple[str, bool]:
    """The encoding by its mark or its zeros, else UTF-8 where every line fits, else the likeliest; is it a guess?"""
    if wide := wide_letters(head):
        return wide, False
    if marked := mark_of(head):
        return marked, False
    file.seek(0)
    odd: list[bytes] = []
    odd_count = plain_count = 0
    for line in iter(lambda: file.readline(CHUNK), b""):
        if line.isascii():
            continue
        if _is_utf8(line):
            plain_count += 1
        else:
            odd_count += 1
            if len(odd) < _MOST_ODD:
                odd.append(line[:_ODD_LINE])
    if not odd:
        return "utf-8", False
    likely = likely_letters(b"\n".join(odd))
    return (either_of(likely) if plain_count * _FEW > odd_count else likely), True


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        # A line that was cut to a piece may end within a letter.
        return len(line) == CHUNK and error.start > CHUNK - 4
    return True


def _wrong_encoding(path: Path, encoding: str, position: int, head: bytes) -> FileRefused:
    with path.open("rb") as file:
        line = 1 + sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(min(CHUNK, position - file.tell())), b""))
        file.seek(position)
        byte = file.read(1).hex()
        file.seek(max(0, position - CHUNK // 8))
        sample = file.read(CHUNK // 4)
    guess = wide_letters(head) or mark_of(head)
    if not guess:
        odd = [line for line in sample.splitlines() if not line.isascii() and not _is_utf8(line)]
        guess = likely_letters(b"\n".join(odd) or sample)
    return FileRefused(
        f"{path.name} is not {encoding}: byte {position} (row {line}) is 0x{byte}. It looks like {guess}: save it as "
        f"CSV UTF-8, or import it with --encoding {guess} (in a mapping: `encoding:`) and look at the names"
    )
