"""History is append-only, and whoever gets around that is found: at the exact row, by going through the chain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from directory.db import new_id
from directory.history import operations as history
from directory.history import sealing
from directory.history.models import Change, ChangeSeal
from directory.history.sealing import Head, HistoryBroken
from tests.conftest import NOW

KEY = b"k" * 32
LATER = NOW + timedelta(days=1)
TRIGGERS = {
    "sqlite": [f"DROP TRIGGER {table}_{verb}" for table in ("change", "change_seal") for verb in ("update", "delete")],
    "postgresql": ["ALTER TABLE change DISABLE TRIGGER USER", "ALTER TABLE change_seal DISABLE TRIGGER USER"],
}


def write_lines(session: Session, count: int = 12, *, at: Any = NOW) -> list[int]:
    for number in range(count):
        history.record(
            session,
            "change",
            subject_type="post",
            subject_id=new_id(),
            by="test",
            now=at,
            before={"title": f"Desk {number}", 1: "a number as key"},
            after={"title": f"Bureau {number}", "languages": ("ro", "en")},
            reason="renamed",
        )
    session.flush()
    return list(session.scalars(select(Change.sequence).order_by(Change.sequence)))


@pytest.fixture
def sealed(session: Session) -> Iterator[list[int]]:
    """Some lines under the chain, and the hands of somebody who may do anything in the database."""
    rows = write_lines(session)
    sealing.seal(session, KEY, now=NOW, whole=True)
    sealing.seal(session, KEY, now=LATER, whole=True)
    for statement in TRIGGERS[session.get_bind().dialect.name]:
        session.execute(text(statement))
    yield rows
    session.rollback()


def faults(session: Session, known: Head | None = None) -> list[tuple[int | None, str]]:
    session.expire_all()
    return [(fault.sequence, fault.words) for fault in sealing.verify(session, KEY, known=known).faults]


def test_an_untouched_history_has_no_faults(session: Session) -> None:
    rows = write_lines(session)
    assert sealing.seal(session, KEY, now=NOW, whole=True) == len(rows)
    assert sealing.seal(session, KEY, now=NOW, whole=True) == 0, "sealing twice adds nothing"
    found = sealing.verify(session, KEY, known=sealing.last(session))
    assert (found.faults, found.sealed_count, found.waiting_count) == ([], len(rows), 0)


def test_a_line_written_after_the_last_seal_waits_and_is_no_fault(session: Session) -> None:
    write_lines(session)
    sealing.seal(session, KEY, now=NOW)
    write_lines(session, 3)
    assert sealing.verify(session, KEY).waiting_count == 3
    assert faults(session) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE change SET reason = 'another'",
        "UPDATE change SET \"by\" = 'another'",
        "UPDATE change SET erased_at = at",
        'UPDATE change SET erased_at = at, salt = NULL, "before" = NULL, "after" = NULL, reason = \'\', "by" = \'x\'',
        "DELETE FROM change",
        "UPDATE change_seal SET digest = ''",
        "DELETE FROM change_seal",
    ],
)
def test_the_database_itself_refuses_to_touch_a_line(session: Session, statement: str) -> None:
    write_lines(session)
    sealing.seal(session, KEY, now=NOW)
    with pytest.raises(DatabaseError, match="append-only"), session.begin_nested():
        session.execute(text(statement))


def test_the_table_cannot_be_emptied_at_once(session: Session) -> None:
    write_lines(session)
    is_postgres = session.get_bind().dialect.name == "postgresql"
    with pytest.raises(DatabaseError, match="append-only"), session.begin_nested():
        session.execute(text("TRUNCATE change" if is_postgres else "DELETE FROM change"))


@pytest.mark.parametrize("column", ["by", "action", "subject_type", "path"])
def test_an_edited_fact_is_found_at_the_exact_row(session: Session, sealed: list[int], column: str) -> None:
    session.execute(text(f"UPDATE change SET \"{column}\" = 'other' WHERE sequence = {sealed[4]}"))
    assert faults(session) == [(sealed[4], "who, what, when, its order or its seal was changed")]


@pytest.mark.parametrize("column", ["before", "after"])
def test_an_edited_content_is_found_at_the_exact_row(session: Session, sealed: list[int], column: str) -> None:
    session.execute(text(f'UPDATE change SET "{column}" = \'{{"title": "X"}}\' WHERE sequence = {sealed[4]}'))
    assert faults(session) == [(sealed[4], "what it tells was changed")]


def test_content_edited_with_its_hash_recomputed_is_found_by_the_seal(session: Session, sealed: list[int]) -> None:
    salt = session.scalar(select(Change.salt).where(Change.sequence == sealed[4]))
    assert salt is not None
    digest = history.content_hash(salt, None, {"title": "X"}, "renamed")
    session.execute(
        text('UPDATE change SET "before" = NULL, "after" = \'{"title": "X"}\', content_hash = :h WHERE sequence = :s'),
        {"h": digest, "s": sealed[4]},
    )
    assert faults(session) == [(sealed[4], "who, what, when, its order or its seal was changed")]


def test_a_deleted_row_is_found_by_its_number(session: Session, sealed: list[int]) -> None:
    session.execute(text(f"DELETE FROM change WHERE sequence = {sealed[4]}"))
    assert faults(session) == [(sealed[4], "the line is gone")]


def test_a_row_deleted_with_its_seal_is_found(session: Session, sealed: list[int]) -> None:
    position = session.scalar(select(ChangeSeal.position).where(ChangeSeal.change_sequence == sealed[4]))
    session.execute(text(f"DELETE FROM change WHERE sequence = {sealed[4]}"))
    session.execute(text(f"DELETE FROM change_seal WHERE position = {position}"))
    assert faults(session)[0] == (None, f"seals {position} to {position} are missing")


def insert_old_line(session: Session, sequence: int) -> None:
    session.execute(
        insert(Change),
        {
            "sequence": sequence,
            "at": NOW,
            "by": "test",
            "action": "change",
            "subject_type": "post",
            "subject_id": new_id(),
            "path": "form",
            "salt": b"s" * 16,
            "content_hash": history.content_hash(b"s" * 16, None, {"title": "Y"}, ""),
            "after": {"title": "Y"},
            "reason": "",
        },
    )


def make_room(session: Session) -> int:
    """A number that was never used, as PostgreSQL leaves where a transaction was rolled back."""
    write_lines(session, 1, at=LATER)
    top = session.scalar(select(func.max(Change.sequence))) or 0
    session.execute(text(f"UPDATE change SET sequence = {top + 5} WHERE sequence = {top}"))
    sealing.seal(session, KEY, now=LATER, whole=True)
    return top


def test_a_row_put_in_between_is_found_sealed_or_not(session: Session, sealed: list[int]) -> None:
    gap = make_room(session)
    assert faults(session) == []
    insert_old_line(session, gap)
    assert faults(session) == [(gap, "it has no seal, though later ones have")]
    sealing.seal(session, KEY, now=LATER + timedelta(minutes=1), whole=True)
    assert faults(session) == [(gap, "it was put in later than it says")]


def test_a_cut_tail_is_found_through_the_head_kept_outside(session: Session, sealed: list[int]) -> None:
    known = sealing.last(session)
    session.execute(text(f"DELETE FROM change WHERE sequence >= {sealed[-3]}"))
    session.execute(text(f"DELETE FROM change_seal WHERE change_sequence >= {sealed[-3]}"))
    assert faults(session) == [], "the control: inside the database a cut tail cannot be seen"
    words = f"The end is cut off: {len(sealed)} lines were sealed, the database holds {len(sealed) - 3}"
    assert faults(session, known) == [(None, words)]
    write_lines(session, 5, at=LATER)
    with pytest.raises(HistoryBroken):
        sealing.seal(session, KEY, now=LATER, known=known, whole=True)


def test_a_tail_cut_and_grown_again_is_found(session: Session, sealed: list[int]) -> None:
    known = sealing.last(session)
    session.execute(text(f"DELETE FROM change WHERE sequence >= {sealed[-3]}"))
    session.execute(text(f"DELETE FROM change_seal WHERE change_sequence >= {sealed[-3]}"))
    write_lines(session, 5, at=LATER)
    sealing.seal(session, KEY, now=LATER, whole=True)
    assert "history was replaced" in faults(session, known)[0][1]


def test_a_forger_without_the_key_is_found(session: Session, sealed: list[int]) -> None:
    session.execute(text(f"UPDATE change SET \"by\" = 'other' WHERE sequence = {sealed[0]}"))
    session.execute(text("DELETE FROM change_seal"))
    sealing.seal(session, b"x" * 32, now=NOW, whole=True)
    assert len(faults(session)) == len(sealed)


def test_the_control_without_the_chain_nothing_is_found(session: Session) -> None:
    rows = write_lines(session)
    for statement in TRIGGERS[session.get_bind().dialect.name]:
        session.execute(text(statement))
    session.execute(text(f"UPDATE change SET \"by\" = 'other' WHERE sequence = {rows[3]}"))
    session.execute(text(f"DELETE FROM change WHERE sequence = {rows[5]}"))
    assert faults(session) == []


def test_a_line_committed_late_is_sealed_late_and_is_no_fault(session: Session) -> None:
    write_lines(session, 2)
    top = session.scalar(select(func.max(Change.sequence))) or 0
    insert_old_line(session, top + 2)
    sealing.seal(session, KEY, now=NOW)
    insert_old_line(session, top + 1)
    sealing.seal(session, KEY, now=NOW + timedelta(seconds=10))
    assert faults(session) == []


def test_the_head_file_is_whole_ours_and_made_with_the_key(tmp_path: Path) -> None:
    key = sealing.read_key(tmp_path / "data")
    assert sealing.read_key(tmp_path / "data") == key, "made once"
    assert (tmp_path / "data" / "history_key").stat().st_mode & 0o777 == 0o600
    path = tmp_path / "history_head"
    assert sealing.read_head(path, key) is None
    sealing.write_head(path, key, Head(7, "ab"))
    assert sealing.read_head(path, key) == Head(7, "ab")
    path.write_text(path.read_text().replace("7", "5"))
    with pytest.raises(HistoryBroken, match="not written with this directory's key"):
        sealing.read_head(path, key)
    path.write_text("nonsense")
    with pytest.raises(HistoryBroken, match="damaged"):
        sealing.read_head(path, key)


def test_every_line_says_on_which_path_it_came(session: Session) -> None:
    history.record(session, "add", subject_type="post", subject_id=new_id(), by="demo", now=NOW)
    with history.on_path(session, "form"):
        history.record(session, "add", subject_type="post", subject_id=new_id(), by="somebody", now=NOW)
        history.record(session, "add", subject_type="post", subject_id=new_id(), by="x", now=NOW, path="letter")
    history.record(session, "add", subject_type="post", subject_id=new_id(), by="somebody", now=NOW)
    session.flush()
    assert list(session.scalars(select(Change.path).order_by(Change.sequence).where(Change.action == "add")))[-4:] == [
        "demo",
        "form",
        "letter",
        "process",
    ]
