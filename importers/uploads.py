"""Uploaded files: each alone in a private folder of the data directory, gone when its import ends."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import IO

from importers.records import FileRefused

FOLDER = "imports"
CHUNK = 256 * 1024
LONGEST_NAME = 80
AN_HOUR = 3600
_UNSAFE = re.compile(r"[^\w.()+ -]+")
_MEGABYTE = 1024 * 1024


def folder_of(data_dir: Path, run_id: str) -> Path:
    """Where one import keeps its file and its preview."""
    return data_dir / FOLDER / run_id


def file_of(data_dir: Path, run_id: str, file_name: str) -> Path:
    """The uploaded file; it keeps its name, so that every sentence about it can name it."""
    return folder_of(data_dir, run_id) / safe_name(file_name)


def safe_name(name: str) -> str:
    """The last part of a file name, short, without signs that mean something to a file system."""
    bare = _UNSAFE.sub("_", re.split(r"[\\/]", name)[-1]).strip(" .")
    stem, dot, ending = bare.rpartition(".")
    if not dot:
        return bare[:LONGEST_NAME] or "list"
    return f"{stem[: LONGEST_NAME - len(ending[:10]) - 1] or 'list'}.{ending[:10]}"


def store(stream: IO[bytes], path: Path, *, max_megabytes: int) -> int:
    """Write the file piece by piece, readable by nobody else; returns its size. Raises FileRefused, leaving nothing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        size = _written(stream, path, max_megabytes * _MEGABYTE)
    except BaseException:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    return size


def forget(data_dir: Path, run_id: str) -> None:
    """The file and all that was made of it."""
    shutil.rmtree(folder_of(data_dir, run_id), ignore_errors=True)


def forget_others(data_dir: Path, kept: frozenset[str]) -> int:
    """Folders that belong to no import any more; returns how many. One just made may belong to an upload under way."""
    parent, now = data_dir / FOLDER, time.time()
    folders = [path for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []
    found = [path for path in folders if path.name not in kept and now - path.stat().st_mtime > AN_HOUR]
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return len(found)


def _written(stream: IO[bytes], path: Path, most: int) -> int:
    size = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise FileRefused(f"{path.name} has more than {most // _MEGABYTE} MB. Split it, and upload the parts")
            target.write(chunk)
    if not size:
        raise FileRefused(f"{path.name} is empty: choose the file that holds the list")
    return size
