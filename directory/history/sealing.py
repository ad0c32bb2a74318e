"""The chain over history: each line is sealed after it is committed, so that any later touch shows.

A seal is an HMAC over the seal before it, the line's facts and the hash of its content. The key lies outside the
database; so does the head, the last seal written, which tells when the end was cut off. Sealing has its own order,
so that a line numbered early and committed late is sealed late, and is still under the chain.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Row, Select, func, insert, select, text
from sqlalchemy.orm import Session

from directory.history.models import Change, ChangeSeal
from directory.history.operations import content_hash

START = "0" * 64
_canonical = json.JSONEncoder(separators=(",", ":")).encode
BATCH = 1000
RECENT = 10_000  # so far back a tick looks for lines committed late; the hourly run looks everywhere
LATE = timedelta(hours=1)  # no honest line is committed so long after the instant it names
_ONE_SEALER = 7_214_051  # a number of ours for PostgreSQL's advisory lock


class HistoryBroken(Exception):
    """The chain does not hold the head kept outside: nothing more is sealed until somebody has looked."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal: how many there are, and its digest."""

    position: int
    digest: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one line; `sequence` is the number of the line, where it is known."""

    sequence: int | None
    words: str


@dataclass(slots=True)
class Verified:
    """What going through the whole history found."""

    sealed_count: int = 0
    waiting_count: int = 0
    faults: list[Fault] = field(default_factory=list)
    head: Head | None = None


def read_key(data_dir: Path, setting: str = "") -> bytes:
    """The key: from the setting, else from the file in the data folder, made once."""
    if setting:
        return hashlib.sha256(setting.encode()).digest()
    path = data_dir / "history_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was first
            return read_key(data_dir)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
    return bytes.fromhex(path.read_text(encoding="ascii"))


def read_head(path: Path, key: bytes) -> Head | None:
    """The head kept outside; None before the first. Raises HistoryBroken for a file this key did not write."""
    if not path.exists():
        return None
    try:
        told = json.loads(path.read_text(encoding="ascii"))
        head = Head(int(told["position"]), str(told["digest"]))
        is_ours = hmac.compare_digest(str(told["mark"]), _head_mark(key, head))
    except (ValueError, KeyError, TypeError) as error:
        raise HistoryBroken(f"{path} is damaged") from error
    if not is_ours:
        raise HistoryBroken(f"{path} was not written with this directory's key")
    return head


def write_head(path: Path, key: bytes, head: Head) -> None:
    """Keep the head outside the database, whole or not at all."""
    part = path.with_name(path.name + ".part")
    told = {"position": head.position, "digest": head.digest, "mark": _head_mark(key, head)}
    part.write_text(json.dumps(told) + "\n", encoding="ascii")
    part.replace(path)


def _head_mark(key: bytes, head: Head) -> str:
    return hmac.new(key, f"head {head.position} {head.digest}".encode(), hashlib.sha256).hexdigest()


def last(session: Session) -> Head:
    """The last seal in the database."""
    row = session.execute(
        select(ChangeSeal.position, ChangeSeal.digest).order_by(ChangeSeal.position.desc()).limit(1)
    ).first()
    return Head(row.position, row.digest) if row else Head(0, START)


def check_head(session: Session, known: Head | None) -> None:
    """The chain still holds the head kept outside. Raises HistoryBroken."""
    if known is None or known.position == 0:
        return
    digest = session.scalar(select(ChangeSeal.digest).where(ChangeSeal.position == known.position))
    if digest is None:
        end = last(session).position
        raise HistoryBroken(f"The end is cut off: {known.position} lines were sealed, the database holds {end}")
    if digest != known.digest:
        raise HistoryBroken(f"Seal {known.position} is not the one that was kept outside: history was replaced")


def is_waiting(session: Session, *, whole: bool = False) -> bool:
    """Some line is not sealed yet."""
    return session.execute(_unsealed(session, whole=whole).limit(1)).first() is not None


def seal(session: Session, key: bytes, *, now: datetime, known: Head | None = None, whole: bool = False) -> int:
    """Seal what is committed and not sealed yet; returns how many. The caller holds a write transaction.

    One process at a time: SQLite has one writer, on PostgreSQL a lock that goes with the transaction.
    """
    if session.get_bind().dialect.name == "postgresql":
        is_ours = session.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": _ONE_SEALER})
        if not is_ours:
            return 0
    check_head(session, known)
    head, count = last(session), 0
    while rows := session.execute(_unsealed(session, whole=whole).limit(BATCH)).all():
        seals = []
        for row in rows:
            digest = _digest(key, head.position + 1, head.digest, row, now)
            head = Head(head.position + 1, digest)
            seals.append(
                {"position": head.position, "change_sequence": row.sequence, "sealed_at": now, "digest": digest}
            )
        session.execute(insert(ChangeSeal), seals)
        count += len(seals)
    return count


_FACTS = (
    Change.sequence,
    Change.at,
    Change.by,
    Change.action,
    Change.subject_type,
    Change.subject_id,
    Change.path,
    Change.content_hash,
)


def _unsealed(session: Session, *, whole: bool) -> Select[int, datetime, str, str, str, str, str, str]:
    is_sealed = select(ChangeSeal.position).where(ChangeSeal.change_sequence == Change.sequence).exists()
    statement = select(*_FACTS).where(~is_sealed).order_by(Change.sequence)
    if whole:
        return statement
    newest = session.scalar(select(func.max(ChangeSeal.change_sequence))) or 0
    return statement.where(Change.sequence > newest - RECENT)


def _digest(key: bytes, position: int, previous: str, row: Row[*tuple[object, ...]], sealed_at: datetime) -> str:
    facts = [
        position,
        previous,
        row.sequence,
        row.at.astimezone(UTC).isoformat(),
        row.by,
        row.action,
        row.subject_type,
        row.subject_id,
        row.path,
        row.content_hash,
        sealed_at.astimezone(UTC).isoformat(),
    ]
    return hmac.new(key, _canonical(facts).encode(), hashlib.sha256).hexdigest()


def verify(session: Session, key: bytes, *, known: Head | None = None) -> Verified:
    """Go through the whole history; every line that was touched is named."""
    found = Verified()
    erased: set[int] = set()
    admitted: set[int] = set()
    previous, position, sealed_before = START, 0, None
    for row in _sealed_rows(session):
        position += 1
        if row.position != position:
            found.faults.append(Fault(None, f"seals {position} to {row.position - 1} are missing"))
            position = row.position
        found.faults.extend(_faults_of(row, key, previous, sealed_before))
        if row.erased_at is not None:
            erased.add(row.sequence)
        if row.action == "erase" and row.after:
            admitted.update(row.after.get("rows", ()))
        if sealed_before is None or row.sealed_at != sealed_before[1]:
            sealed_before = (sealed_before[1] if sealed_before else row.sealed_at, row.sealed_at)
        previous = row.digest
    found.sealed_count, found.head = position, Head(position, previous)
    found.faults.extend(
        Fault(sequence, "its content was erased, but no erasure says so") for sequence in sorted(erased - admitted)
    )
    _check_unsealed(session, found, sealed_before[1] if sealed_before else None)
    try:
        check_head(session, known)
    except HistoryBroken as error:
        found.faults.append(Fault(None, str(error)))
    return found


def _sealed_rows(session: Session) -> Iterator[Row[*tuple[object, ...]]]:
    statement = (
        select(
            ChangeSeal.position,
            ChangeSeal.change_sequence,
            ChangeSeal.sealed_at,
            ChangeSeal.digest,
            *_FACTS,
            Change.before,
            Change.after,
            Change.reason,
            Change.salt,
            Change.erased_at,
        )
        .join(Change, Change.sequence == ChangeSeal.change_sequence, isouter=True)
        .order_by(ChangeSeal.position)
        .execution_options(yield_per=BATCH)
    )
    yield from session.execute(statement)


def _faults_of(
    row: Row[*tuple[object, ...]], key: bytes, previous: str, sealed_before: tuple[datetime, datetime] | None
) -> Iterator[Fault]:
    if row.sequence is None:
        yield Fault(row.change_sequence, "the line is gone")
        return
    if _digest(key, row.position, previous, row, row.sealed_at) != row.digest:
        yield Fault(row.sequence, "who, what, when, its order or its seal was changed")
    if row.erased_at is not None:
        if row.salt is not None or row.before is not None or row.after is not None or row.reason:
            yield Fault(row.sequence, "it is marked as erased but tells something")
    elif row.salt is None or not _is_as_told(row):
        yield Fault(row.sequence, "what it tells was changed")
    before = _run_before(row.sealed_at, sealed_before)
    if before is not None and row.at + LATE < before:
        yield Fault(row.sequence, "it was put in later than it says")


def _is_as_told(row: Row[*tuple[object, ...]]) -> bool:
    return bool(content_hash(row.salt, row.before, row.after, row.reason, is_read=True) == row.content_hash)


def _run_before(sealed_at: datetime, sealed_before: tuple[datetime, datetime] | None) -> datetime | None:
    """When the run of sealing before this one was: then an honest line of that time was already there."""
    if sealed_before is None:
        return None
    return sealed_before[1] if sealed_before[1] != sealed_at else sealed_before[0]


def _check_unsealed(session: Session, found: Verified, last_run: datetime | None) -> None:
    for row in session.execute(_unsealed(session, whole=True)):
        if last_run is not None and row.at + LATE < last_run:
            found.faults.append(Fault(row.sequence, "it has no seal, though later ones have"))
        else:
            found.waiting_count += 1
