"""Read a foreign file in a process of its own: bounded memory, bounded time, rows back over a pipe as JSON lines.

What a workbook's or a card's reader does with a hostile file is its own affair: it ends in a sentence here.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess  # our own reader, in a process of its own  # nosec B404  # nosemgrep: starts-programs
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, cast

from importers.records import FileRefused, Limits, RowItem
from importers.row_wire import from_wire

ROOT = Path(__file__).resolve().parents[1]
LONGEST_LINE = 8 * 1024 * 1024
CHUNK = 256 * 1024
_MEGABYTE = 1024 * 1024
# Seconds by the clock for one second of computing: a busy machine may be slow, a sleeping reader may not stay.
PATIENCE = 6
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from importers.sandbox_child import main; main(sys.argv[2])"
Advance = Callable[[int], None]


def read_apart(reader: str, path: Path, limits: Limits, advance: Advance, **choices: object) -> Iterator[RowItem]:
    """What the reader of that name finds in the file. Raises FileRefused, also where the reader itself gives up."""
    limits = _grown(limits, path)
    order = json.dumps({"reader": reader, "path": str(path.resolve()), "limits": asdict(limits), "choices": choices})
    command = [sys.executable, "-I", "-c", _CHILD, str(ROOT), order]
    # Nothing of ours goes along: no keys from the environment, no open database.
    child = subprocess.Popen(  # noqa: S603 - our own interpreter, our own program  # nosec B603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"LANG": "C.UTF-8"},
        cwd="/",
        close_fds=True,
        start_new_session=True,
    )
    listener = threading.Thread(target=_listen, args=(child.stderr,), daemon=True)
    listener.start()
    try:
        yield from _rows(child, path, limits, advance)
    finally:
        child.kill()
        child.wait()
        listener.join()
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()


def _grown(limits: Limits, path: Path) -> Limits:
    """A large file may take its time: a second more for each megabyte of it."""
    return replace(limits, seconds=limits.seconds + path.stat().st_size // _MEGABYTE)


def _rows(child: subprocess.Popen[bytes], path: Path, limits: Limits, advance: Advance) -> Iterator[RowItem]:
    size, told = path.stat().st_size, 0
    for line in _lines(child, path, limits):
        item = from_wire(line)
        if item is None:
            advance(size - told)
            return
        step = min(len(line), size - told)
        advance(step)
        told += step
        yield item
    raise FileRefused(f"{path.name} {_why(child.wait(), limits)}")


def _lines(child: subprocess.Popen[bytes], path: Path, limits: Limits) -> Iterator[bytes]:
    """Whole lines; only the time spent waiting for them is counted, not what the import does in between."""
    output = cast("IO[bytes]", child.stdout)
    watch = select.poll()
    watch.register(output, select.POLLIN | select.POLLHUP)
    waited, rest = 0.0, b""
    while True:
        started = time.monotonic()
        ready = watch.poll(1000)
        waited += time.monotonic() - started
        if waited > limits.seconds * PATIENCE or len(rest) > LONGEST_LINE:
            raise FileRefused(f"{path.name} {_why(-signal.SIGKILL, limits)}")
        if not ready:
            continue
        chunk = os.read(output.fileno(), CHUNK)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _why(code: int, limits: Limits) -> str:
    if code in {-signal.SIGXCPU, -signal.SIGKILL}:
        return f"takes more than {limits.seconds} seconds to read, which no list of contacts does: nothing was taken"
    return (
        f"needs more than {limits.memory_megabytes} MB of memory to read, or is damaged: nothing was taken. "
        "Save the list anew as CSV UTF-8"
    )


def _listen(pipe: IO[bytes] | None) -> None:
    """Take what the child says on the side, so that it is never held up by it; a reader's own words help nobody."""
    while pipe and os.read(pipe.fileno(), CHUNK):
        pass
