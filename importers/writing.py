"""Write what an import found, and keep what is needed to take it back.

New entries stand: `--commit` is the decision about the batch. A change of what readers already see goes the way of
every change: plain parts stand, a number, a mail address or a holder waits for a second person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from directory.db import new_id
from directory.history import operations as history
from directory.proposals import operations as proposals
from directory.proposals.operations import Actor
from directory.registry import operations as registry
from directory.registry.models import Post, Source
from directory.registry.pictures import institution_values, post_values
from directory.registry.plain import plain
from importers.comparing import Change
from importers.content import content_of
from importers.files import FileFacts
from importers.mapping import ImportMapping
from importers.matching import Doubt, keep_told_apart
from importers.models import ImportBatch, ImportedRecord, ImportLine
from importers.records import ImportRecord
from importers.report import Report


class Writer:
    """Writes one batch. The batch itself is made with its first row: an import without news leaves no trace."""

    def __init__(
        self, session: Session, mapping: ImportMapping, facts: FileFacts, *, by: str, now: datetime, batch_id: str = ""
    ) -> None:
        self._session, self._mapping, self._facts, self._by, self._now = session, mapping, facts, by, now
        self._actor = import_actor(by)
        self._sources: dict[tuple[str, date | None], Source] = {}
        self._batch: ImportBatch | None = session.get(ImportBatch, batch_id) if batch_id else None

    @property
    def begun(self) -> str:
        """The batch's id; empty before its first row."""
        return self._batch.id if self._batch else ""

    def add(self, records: Sequence[ImportRecord]) -> list[Post]:
        """New entries: never confirmed, never demo."""
        if not records:
            return []
        entries = [registry.NewEntry(r.institution, r.post, self._source(r.dated_on, r.source)) for r in records]
        posts = registry.add_entries(self._session, entries, by=self._by, now=self._now)
        pairs = list(zip(records, posts, strict=True))
        rows = [self._known(record, post) for record, post in pairs]
        self._session.execute(insert(ImportedRecord), rows)
        self._session.execute(
            insert(ImportLine),
            [
                {"batch_id": self._batch_id(), "record_id": row["id"], "row": record.row, "outcome": "new"}
                for row, record in zip(rows, records, strict=True)
            ],
        )
        for record, post in pairs:
            if record.official:
                registry.appoint(self._session, post, record.official, by=self._by, now=self._now)
        # Flushed rows are held weakly by the session: a long list costs no more memory than a short one.
        self._session.flush()
        return posts

    def add_told_new(self, doubts: Sequence[Doubt]) -> None:
        """New entries that look like others, of which somebody said that they are not these."""
        posts = self.add([doubt.record for doubt in doubts])
        for post, doubt in zip(posts, doubts, strict=True):
            keep_told_apart(self._session, post, doubt, by=self._by, now=self._now)

    def tie(self, changes: Sequence[Change]) -> None:
        """Rows that are entries which stand here: tied to them; numbers these lack wait for a second person."""
        for change in changes:
            self._session.add(change.known)
            self._session.flush()
            self._apply(change, outcome="tied")
        self._session.flush()

    def _known(self, record: ImportRecord, post: Post) -> dict[str, Any]:
        return {
            "id": new_id(),
            "kind": self._mapping.kind,
            "key": record.key,
            "content": content_of(record),
            "institution_id": post.institution_id,
            "post_id": post.id,
        }

    def change(self, changes: Sequence[Change]) -> None:
        """Entries whose row says something else now."""
        for change in changes:
            self._apply(change)
        self._session.flush()

    def close(self, report: Report) -> str:
        """The batch's id with its line of history; empty where nothing was written."""
        if self._batch is None:
            return ""
        counts = {"new": report.new_count, "changed": report.changed_count, "refused": report.refused_count}
        counts["waiting"] = report.waiting_count
        history.record(
            self._session,
            "import",
            subject_type="import_batch",
            subject_id=self._batch.id,
            by=self._by,
            now=self._now,
            after={"kind": self._mapping.kind, "file": self._facts.path.name, **counts},
        )
        self._session.flush()
        return self._batch.id

    def _apply(self, change: Change, *, outcome: str = "changed") -> None:
        session, post, known = self._session, change.post, change.known
        before: dict[str, Any] = {
            "content": known.content,
            "institution": plain(change.institution_before),
            "post": plain(change.post_before),
            "source_id": post.source_id,
            "proposals": self._write(change),
        }
        if outcome == "changed":
            set_source(session, post, self._source(change.record.dated_on, change.record.source).id, now=self._now)
        before["after"] = {"institution": plain(institution_values(post.institution)), "post": plain(post_values(post))}
        known.content = content_of(change.record)
        line = ImportLine(
            batch_id=self._batch_id(), record_id=known.id, row=change.record.row, outcome=outcome, before=before
        )
        session.add(line)

    def _write(self, change: Change) -> list[str]:
        """What may stand at once stands; returns the proposals that wait for a second person."""
        session, post, actor, now = self._session, change.post, self._actor, self._now
        outcomes = [
            proposals.change_institution(session, post.institution, change.institution, actor=actor, now=now),
            proposals.change_post(session, post, change.post_values, actor=actor, now=now),
        ]
        if change.official is not None:
            outcomes.append(proposals.change_holder(session, post, change.official, actor=actor, now=now))
        return [outcome.proposal.id for outcome in outcomes if outcome.proposal is not None]

    def _source(self, dated_on: date | None, name: str = "") -> Source:
        """Where a row's facts come from: what the row itself says, else the list."""
        rule = self._mapping.source
        day = dated_on or rule.dated_on
        if (name, day) not in self._sources:
            of_list = {} if name else {"url": rule.url, "licence": rule.licence}
            source = registry.ensure_source(self._session, name or rule.name, dated_on=day, **of_list)
            self._sources[name, day] = source
        return self._sources[name, day]

    def _batch_id(self) -> str:
        if self._batch is None:
            self._batch = ImportBatch(
                id=new_id(),
                at=self._now,
                by=self._by,
                kind=self._mapping.kind,
                file_name=self._facts.path.name,
                file_hash=self._facts.digest,
                source_id=self._source(None).id,
            )
            self._session.add(self._batch)
            self._session.flush()
        return self._batch.id


def import_actor(by: str) -> Actor:
    """Whoever runs the import, under its path: a process, which decides nothing."""
    return Actor(by, "import")


def set_source(session: Session, post: Post, source_id: str | None, *, now: datetime) -> None:
    """The entry's facts come from that source now."""
    if post.source_id == source_id and post.institution.source_id == source_id:
        return
    post.source_id = post.institution.source_id = source_id
    session.flush()
    registry.touch(session, [post.id], now=now)
