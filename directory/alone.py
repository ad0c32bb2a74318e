"""One at a time, in this process or another: a POSIX lock on a file, gone with the process that holds it."""

from __future__ import annotations

import fcntl
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

_IN_THIS_PROCESS: dict[Path, Lock] = defaultdict(Lock)  # the system's lock is the process's, whichever thread asks


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """True inside the block if nobody else is in it, in this process or another.

    `lockf`, not `flock`: taken after a fork it belongs to this process alone, and ends when the process does.
    """
    here = _IN_THIS_PROCESS[path]
    if not here.acquire(blocking=False):
        yield False
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True
    finally:
        here.release()
