"""Take a batch back: what it added goes, what it changed says again what it said before. Once only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.history import operations as history
from directory.proposals import operations as proposals
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Institution, Post
from directory.registry.pictures import differences, institution_values, post_values
from directory.registry.plain import institution_of, post_of
from importers.comparing import load_posts, where_they_went
from importers.models import ImportBatch, ImportedRecord, ImportLine
from importers.writing import import_actor, set_source

CHUNK = 500


class UndoRefused(Exception):
    """The batch cannot be taken back at all; the message says why."""


@dataclass(slots=True)
class UndoReport:
    """What taking back did. `refused` names each row that was left as it is, and why."""

    batch_id: str
    removed_count: int = 0
    restored_count: int = 0
    withdrawn_count: int = 0
    line_count: int = 0
    refused: list[str] = field(default_factory=list)


def undo_batch(
    session: Session,
    batch_id: str,
    by: str,
    now: datetime,
    *,
    begun: UndoReport | None = None,
    checkpoint: Callable[[UndoReport], None] | None = None,
) -> UndoReport:
    """Take the batch back, but for rows somebody has worked on since: those are named. Never commits.

    `checkpoint` is called after some rows and may commit; `begun` is the report it was given last.
    """
    with history.on_path(session, "import"):
        batch = _batch(session, batch_id)
        return _undo(session, batch, by, now, begun or UndoReport(batch.id), checkpoint)


def _undo(
    session: Session,
    batch: ImportBatch,
    by: str,
    now: datetime,
    report: UndoReport,
    checkpoint: Callable[[UndoReport], None] | None,
) -> UndoReport:
    of_batch = select(ImportLine).where(ImportLine.batch_id == batch.id)
    lines = session.scalars(of_batch.order_by(ImportLine.row, ImportLine.id)).all()[report.line_count :]
    for chunk in _chunks(lines):
        _Chunk(session, batch, chunk, by, now).take_back(report)
        report.line_count += len(chunk)
        if checkpoint:
            checkpoint(report)
    batch.undone_at = now
    history.record(
        session,
        "undo_import",
        subject_type="import_batch",
        subject_id=batch.id,
        by=by,
        now=now,
        after={
            "removed": report.removed_count,
            "restored": report.restored_count,
            "withdrawn": report.withdrawn_count,
            "left": len(report.refused),
        },
    )
    session.flush()
    return report


def _batch(session: Session, batch_id: str) -> ImportBatch:
    try:
        batch = session.get(ImportBatch, str(UUID(batch_id)))
    except ValueError:
        batch = None
    if batch is None:
        raise UndoRefused(f"There is no batch {batch_id}: its id was printed by the import")
    if batch.undone_at is not None:
        raise UndoRefused(f"Batch {batch_id} was taken back on {batch.undone_at:%Y-%m-%d %H:%M} UTC already")
    return batch


def _chunks(lines: Sequence[ImportLine]) -> list[Sequence[ImportLine]]:
    return [lines[start : start + CHUNK] for start in range(0, len(lines), CHUNK)]


class _Chunk:
    """Some of a batch's lines, with what they became."""

    def __init__(
        self, session: Session, batch: ImportBatch, lines: Sequence[ImportLine], by: str, now: datetime
    ) -> None:
        self._session, self._lines, self._by, self._now = session, lines, by, now
        ids = [line.record_id for line in lines]
        found = session.scalars(select(ImportedRecord).where(ImportedRecord.id.in_(ids)))
        self._records = {record.id: record for record in found}
        self._posts = load_posts(session, [r.post_id for r in self._records.values() if r.post_id])
        self._later = _later_batches(session, batch, ids)
        self._proposals = _proposals(session, lines)
        ids_of_posts = [r.post_id for r in self._records.values() if r.post_id and r.post_id not in self._posts]
        self._merged = where_they_went(session, ids_of_posts)
        self._busy = _busy_institutions(session, [post.institution_id for post in self._posts.values()])

    def take_back(self, report: UndoReport) -> None:
        """Each line, or the reason why not."""
        added: list[ImportedRecord] = []
        for line in self._lines:
            record = self._records.get(line.record_id)
            if record is None:
                continue
            post = self._posts.get(record.post_id or "")
            if problem := self._problem(line, record, post):
                report.refused.append(f"row {line.row}, {record.key}: {problem}")
            elif line.outcome == "new":
                added.append(record)
            elif post is not None and line.before is not None:
                report.withdrawn_count += self._end_proposals(line)
                self._restore(record, post, line.before)
                if line.outcome == "tied":
                    self._session.delete(record)
                report.restored_count += 1
        self._remove(added)
        report.removed_count += len(added)

    def _problem(self, line: ImportLine, record: ImportedRecord, post: Post | None) -> str:
        if later := self._later.get(record.id):
            return f"batch {later} changed it again: take that one back first"
        if record.post_id in self._merged:
            return "it became part of another entry since: take that merge back first"
        if post is None:
            return "" if line.outcome == "new" else "it was removed here since, so there is nothing to set back"
        if post.confirmed_at is not None and line.outcome == "new":
            return "its owner has confirmed it since: it stays"
        if line.outcome == "new" and post.institution_id in self._busy:
            return "its institution has other posts or bodies by now: it stays"
        if problem := self._accepted_problem(line, post):
            return problem
        written = record.content if line.outcome == "new" else self._written(line)
        _, body = differences(institution_values(post.institution), institution_of(written["institution"]))
        _, desk = differences(post_values(post), post_of(written["post"]))
        return "it was changed here since: it stays as it is" if body or desk else ""

    def _remove(self, records: Sequence[ImportedRecord]) -> None:
        """The entries go; one that somebody removed here before is gone already."""
        posts = [self._posts[r.post_id] for r in records if r.post_id in self._posts]
        if posts:
            registry.remove_entries(self._session, posts, reason="import taken back", by=self._by, now=self._now)
        for record in records:
            self._session.delete(record)
        self._session.flush()

    def _restore(self, record: ImportedRecord, post: Post, before: dict[str, Any]) -> None:
        """The plain parts; what a second person had agreed to went back with its proposal before."""
        session, actor, now = self._session, import_actor(self._by), self._now
        body, desk = institution_of(before["institution"]), post_of(before["post"])
        proposals.change_institution(session, post.institution, body, actor=actor, now=now)
        proposals.change_post(session, post, desk, actor=actor, now=now)
        set_source(session, post, before["source_id"], now=now)
        record.content = before["content"]

    def _of_line(self, line: ImportLine, state: str) -> list[Proposal]:
        found = [self._proposals.get(one) for one in (line.before or {}).get("proposals", ())]
        return [proposal for proposal in found if proposal is not None and proposal.state == state]

    def _written(self, line: ImportLine) -> dict[str, Any]:
        """What the batch made of the entry, with what a second person agreed to since."""
        written = {part: dict(said) for part, said in (line.before or {}).get("after", {}).items()}
        for proposal in self._of_line(line, "accepted"):
            if "holder" not in proposal.after:
                written[proposal.subject_type] |= proposal.after
        return written

    def _accepted_problem(self, line: ImportLine, post: Post) -> str:
        for proposal in self._of_line(line, "accepted"):
            if not proposals.may_return(proposal, self._now):
                return "a second person agreed to it over thirty days ago: propose the old values anew"
            if proposal.after.get("holder") not in (None, proposals.holder_of(post, self._now.date())):
                return "somebody else holds the post by now: it stays as it is"
        return ""

    def _end_proposals(self, line: ImportLine) -> int:
        """What waits is withdrawn, what was accepted goes back; returns how many were withdrawn."""
        actor, waiting = import_actor(self._by), self._of_line(line, "waiting")
        for proposal in self._of_line(line, "accepted"):
            proposals.take_back(self._session, proposal, actor=actor, now=self._now)
        for proposal in waiting:
            proposals.withdraw(self._session, proposal, actor=import_actor(proposal.by), now=self._now)
        return len(waiting)


def _proposals(session: Session, lines: Sequence[ImportLine]) -> dict[str, Proposal]:
    """What these lines proposed, by id."""
    ids = [one for line in lines for one in (line.before or {}).get("proposals", ())]
    return {proposal.id: proposal for proposal in session.scalars(select(Proposal).where(Proposal.id.in_(ids)))}


def _later_batches(session: Session, batch: ImportBatch, record_ids: Sequence[str]) -> dict[str, str]:
    """For each record the batch that changed it after this one, unless that was taken back."""
    later = (
        select(ImportLine.record_id, ImportBatch.id)
        .join(ImportBatch, ImportBatch.id == ImportLine.batch_id)
        .where(
            ImportLine.record_id.in_(record_ids),
            ImportLine.outcome == "changed",  # a record is new but once, so never later
            ImportBatch.id != batch.id,
            ImportBatch.at >= batch.at,
            ImportBatch.undone_at.is_(None),
        )
    )
    return {record_id: later_id for record_id, later_id in session.execute(later).all()}  # noqa: C416 - rows are no pairs to mypy


def _busy_institutions(session: Session, ids: Sequence[str]) -> set[str]:
    """Institutions that have more than the one post they came with, or bodies below them."""
    posts = session.execute(select(Post.institution_id, Post.id).where(Post.institution_id.in_(ids))).all()
    seen: set[str] = set()
    busy: set[str] = set()
    for institution_id, _ in posts:
        (busy if institution_id in seen else seen).add(institution_id)
    busy |= {p for p in session.scalars(select(Institution.parent_id).where(Institution.parent_id.in_(ids))) if p}
    return busy
