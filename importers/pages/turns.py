"""Two files are looked into at a time, however many are brought at once: the others wait a moment, then are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from werkzeug.exceptions import ServiceUnavailable

from directory.web.translating import gettext as _

AT_ONCE = 2
PATIENCE_SECONDS = 10
_TURNS = BoundedSemaphore(AT_ONCE)


@contextmanager
def turn() -> Iterator[None]:
    """One's turn at a file. Raises ServiceUnavailable where others take long."""
    if not _TURNS.acquire(timeout=PATIENCE_SECONDS):
        raise ServiceUnavailable(_("Other files are being read just now. Try again in a minute."), retry_after=60)
    try:
        yield
    finally:
        _TURNS.release()
