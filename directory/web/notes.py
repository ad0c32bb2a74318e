"""What is said once about a question (ignored words, unknown words), kept on the server, never in an address.

Kept in this process for a few minutes under a random name that a short-lived cookie holds. Where several processes
serve, the note may be missed: then the page simply says less.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from flask import Request
from werkzeug.wrappers import Response

from directory.search.reading import Mention

COOKIE = "note"
LIFETIME_SECONDS = 300
MOST = 2000


@dataclass(frozen=True, slots=True)
class Note:
    """What the reading left aside."""

    ignored: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()


_kept: OrderedDict[str, tuple[float, Note]] = OrderedDict()
_lock = Lock()


def keep(response: Response, note: Note, *, secure: bool) -> None:
    """Keep a note for the page this response leads to."""
    if not (note.ignored or note.unknown or note.mentions):
        return
    name = secrets.token_urlsafe(16)
    with _lock:
        _kept[name] = (time.monotonic(), note)
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    response.set_cookie(
        COOKIE, name, max_age=LIFETIME_SECONDS, secure=secure, httponly=True, samesite="Lax", path="/entries"
    )


def take(request: Request) -> Note:
    """The note for this page, once."""
    name = request.cookies.get(COOKIE, "")
    with _lock:
        at, note = _kept.pop(name, (0.0, Note()))
    return note if time.monotonic() - at < LIFETIME_SECONDS else Note()
