"""The second half of an erasure: what lies in files. Safe to repeat; the words are forgotten when all is done."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from directory.history.models import OpenErasure
from directory.privacy.words import Words


def finish(session: Session, *, rebuild_index: Callable[[], object], mail_folder: Path | None) -> int:
    """Build the index anew, take letters out of the mail folder, let the database file forget. Commits.

    Returns how many erasures were finished.
    """
    open_ones = list(session.execute(select(OpenErasure.id, OpenErasure.words)))
    session.rollback()
    if not open_ones:
        return 0
    rebuild_index()
    words = Words(word for _, listed in open_ones for word in listed)
    if mail_folder is not None:
        empty_folder(mail_folder, words)
    session.rollback()
    session.execute(delete(OpenErasure).where(OpenErasure.id.in_([erasure_id for erasure_id, _ in open_ones])))
    session.commit()
    _let_the_file_forget(session)
    return len(open_ones)


def empty_folder(folder: Path, words: Words) -> int:
    """Delete every letter in the folder that names the person, in whatever encoding it was written."""
    count = 0
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        if path.is_file() and words.are_in(_readable(path.read_bytes())):
            path.unlink(missing_ok=True)
            count += 1
    return count


def _readable(content: bytes) -> str:
    """The letter's headers and parts as text, and the bytes as they are."""
    message = message_from_bytes(content, policy=policy.default)
    parts = [f"{name}: {value}" for name, value in message.items()]
    parts += [str(part.get_content()) for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*parts, content.decode("utf-8", "replace")])


def _let_the_file_forget(session: Session) -> None:
    """SQLite keeps what was deleted in free pages and in its log until told; PostgreSQL's own cleaner sees to it."""
    engine = session.get_bind()
    if engine.dialect.name != "sqlite":
        return
    session.close()
    with engine.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        connection.rollback()
        raw.execute("VACUUM")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
