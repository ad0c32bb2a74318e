"""Write history: one line per change, and the queue for the index, in the caller's transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from directory.history.models import Change, IndexChange

# The ways a change comes in. Whoever opens a session says which; a process without an edge is told by its name.
PATHS = frozenset({"form", "api", "import", "merge", "console", "letter", "demo", "init", "worker", "process"})
_PATH = "history_path"
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def set_path(session: Session, path: str) -> None:
    """Lines written in this session come on that path, until said otherwise."""
    if path not in PATHS:
        raise ValueError(path)
    session.info[_PATH] = path


@contextmanager
def on_path(session: Session, path: str) -> Iterator[None]:
    """The same for a stretch of work."""
    before = session.info.get(_PATH)
    set_path(session, path)
    try:
        yield
    finally:
        session.info[_PATH] = before


def record(
    session: Session,
    action: str,
    *,
    subject_type: str,
    subject_id: str,
    by: str,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    path: str = "",
) -> None:
    """Add one line of history. `before` and `after` hold only the fields that changed."""
    session.add(
        Change(
            at=now,
            by=by,
            action=action,
            subject_type=subject_type,
            subject_id=subject_id,
            path=path or _path(session, by),
            **_content(before, after, reason),
        )
    )


def record_own(
    session: Session,
    action: str,
    account_id: str,
    *,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """A line about an account, by whoever it belongs to: a key made, a phone book ended."""
    record(
        session,
        action,
        subject_type="account",
        subject_id=account_id,
        by=account_id,
        now=now,
        before=before,
        after=after,
    )


def record_many(
    session: Session,
    action: str,
    *,
    subject_type: str,
    subjects: Iterable[tuple[str, Mapping[str, Any] | None]],
    by: str,
    now: datetime,
    reason: str = "",
    are_gone: bool = False,
) -> None:
    """Add the same line for many subjects, each with what it says now (or said, where they are gone)."""
    path = _path(session, by)
    shared = {"at": now, "by": by, "action": action, "subject_type": subject_type, "path": path}
    rows = []
    for subject_id, told in subjects:
        content = _content(told, None, reason) if are_gone else _content(None, told, reason)
        rows.append({**shared, "subject_id": subject_id, **content})
    if rows:
        session.execute(insert(Change), rows)


def content_hash(
    salt: bytes,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    reason: str,
    *,
    is_read: bool = False,
) -> str:
    """The hash of what a line tells, in one canonical form; nobody can guess content from it without the salt."""
    told: list[Any] = [before, after, reason]
    if not is_read:
        # Once through JSON first, as the database does it: tuples become lists, numbers as keys become texts.
        told = json.loads(json.dumps(told))
    return hashlib.sha256(salt + _canonical(told).encode()).hexdigest()


def queue_for_index(session: Session, entry_ids: Iterable[str]) -> None:
    """The index looks at these entries again after the commit."""
    rows = [{"entry_id": entry_id} for entry_id in entry_ids]
    if rows:
        session.execute(insert(IndexChange), rows)


def _content(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, reason: str) -> dict[str, Any]:
    salt = secrets.token_bytes(16)
    return {
        "before": dict(before) if before is not None else None,
        "after": dict(after) if after is not None else None,
        "reason": reason,
        "salt": salt,
        "content_hash": content_hash(salt, before, after, reason),
    }


def _path(session: Session, by: str) -> str:
    return session.info.get(_PATH) or (by if by in PATHS else "process")
