"""Where a walk through pages stands, as an opaque text that only fits the question it came from."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

from werkzeug.datastructures import MultiDict

from directory.entries.changes import Place, RemovalPlace
from directory.web.problems import Problem

MOST_OFFSET = 100_000


@dataclass(frozen=True, slots=True)
class AnswerPlace:
    """A place in an answer: how many entries came before, and the instant by which they were put in order."""

    offset: int
    at: datetime


def write_cursor(place: AnswerPlace | Place | RemovalPlace, args: MultiDict[str, str]) -> str:
    """The text for `next_cursor`."""
    if isinstance(place, AnswerPlace):
        parts = ["answer", str(place.offset), place.at.isoformat()]
    elif isinstance(place, Place):
        parts = ["changes", place.entry_id, place.changed_at.isoformat()]
    else:
        parts = ["removed", place.entry_id, place.at.isoformat()]
    plain = json.dumps([*parts, _question_mark(args)], separators=(",", ":"))
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_cursor(args: MultiDict[str, str]) -> AnswerPlace | Place | RemovalPlace | None:
    """The place a cursor names; None without one. Refuses a damaged one and one of another question."""
    text = args.get("cursor")
    if text is None:
        return None
    try:
        kind, first, second, mark = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        moment = datetime.fromisoformat(second).astimezone(UTC)
        place = _place(kind, first, moment)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error):
        raise Problem(400, "cursor must be a next_cursor of this address, unchanged.", parameter="cursor") from None
    if mark != _question_mark(args):
        raise Problem(
            400, "cursor belongs to another question: keep all parameters but limit as they were.", parameter="cursor"
        )
    return place


def _place(kind: str, first: str, moment: datetime) -> AnswerPlace | Place | RemovalPlace:
    if kind == "answer":
        return AnswerPlace(_offset(first), moment)
    entry_id = str(uuid.UUID(first))
    return RemovalPlace(moment, entry_id) if kind == "removed" else Place(moment, entry_id)


def _offset(text: str) -> int:
    offset = int(text)
    if not 0 < offset <= MOST_OFFSET:
        raise ValueError(text)
    return offset


def _question_mark(args: MultiDict[str, str]) -> int:
    """A short sum over everything asked but the page."""
    pairs = sorted((name, value) for name, value in args.items(multi=True) if name not in {"cursor", "limit"})
    return zlib.crc32(json.dumps(pairs).encode())
