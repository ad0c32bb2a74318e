"""One import, row by row in one pass: read, compare with the last import, write or only report.

The caller opens the transaction; anything that goes wrong is raised, so that all is written or nothing.
"""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.history import operations as history
from directory.registry.values import BadValue
from directory.sops.taxonomy import Taxonomy
from importers.building import Builder
from importers.cleaners import read_date
from importers.comparing import Change, compare, tied
from importers.content import content_of
from importers.files import FileFacts, inspect
from importers.mapping import ImportMapping
from importers.matching import Doubt, Matcher
from importers.models import ImportBatch, ImportedRecord
from importers.reading import open_rows
from importers.records import STANDARD, FileRefused, ImportRecord, Limits, Notice, Remark, Row, RowItem, Vocabulary
from importers.report import FieldChange, Report
from importers.writing import Writer

CHUNK = 500
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What some rows would become, for whoever shows it."""

    new: Sequence[ImportRecord]
    doubtful: Sequence[Doubt]
    changes: Sequence[Change]
    unchanged: Sequence[ImportRecord]


Watch = Callable[[Seen], None]
Checkpoint = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for: which file, read how, for which country, in earnest or as a trial.

    `country` and `institution_type` also stand where a row names none. `watch` is told what becomes of the rows;
    with `refuses_elsewhere` rows and entries of another country are refused by name instead of left aside.
    `checkpoint` is called with the batch's id after some rows and may commit; `batch_id` goes on with a batch so begun.
    """

    path: Path
    mapping: ImportMapping
    commit: bool = False
    country: str | None = None
    max_megabytes: int = 64
    limits: Limits = STANDARD
    institution_type: str = ""
    decisions: Mapping[str, str] = field(default_factory=dict)
    doubtful_is_new: bool = False
    watch: Watch | None = None
    refuses_elsewhere: bool = False
    checkpoint: Checkpoint | None = None
    batch_id: str = ""


def look_over(order: Order) -> FileFacts:
    """The file's facts, before any of it is read as rows. Raises FileRefused."""
    return inspect(order.path, order.mapping.encoding, order.max_megabytes)


def run_import(
    session: Session,
    order: Order,
    taxonomy: Taxonomy,
    *,
    by: str,
    now: datetime,
    facts: FileFacts | None = None,
    advance: Advance = lambda _: None,
) -> Report:
    """Import the file, or only say what would happen. Never commits; raises FileRefused with a sentence."""
    with history.on_path(session, "import"):
        return _Run(session, order, facts or look_over(order), taxonomy, by, now).report(advance)


def vocabulary_of(taxonomy: Taxonomy) -> Vocabulary:
    """The taxonomy's words."""
    return Vocabulary(
        types=frozenset(taxonomy.institution_types),
        roles=frozenset(taxonomy.roles),
        sops=frozenset(sop.id for sop in taxonomy.sops),
        measures={m.id.upper(): sop.id for sop in taxonomy.sops for m in sop.measures},
        target_groups=frozenset(taxonomy.target_groups),
        exploitation=frozenset(taxonomy.exploitation_forms),
        labels=_labels(taxonomy),
    )


def _labels(taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    """English labels to ids; which of several is meant, the place where a label stands decides."""
    meanings: dict[str, tuple[str, ...]] = {}
    for terms in (taxonomy.institution_types, taxonomy.roles, taxonomy.target_groups, taxonomy.exploitation_forms):
        for term in terms.values():
            label = " ".join(term.label.split()).casefold()
            meanings[label] = (*meanings.get(label, ()), term.id)
    return meanings


class _Run:
    def __init__(
        self, session: Session, order: Order, facts: FileFacts, taxonomy: Taxonomy, by: str, now: datetime
    ) -> None:
        mapping = order.mapping
        self._session, self._order, self._facts = session, order, facts
        self._builder = Builder(
            mapping,
            vocabulary_of(taxonomy),
            country=order.country,
            dates=_dates_beside(order.path, mapping),
            institution_type=order.institution_type,
            refuses_elsewhere=order.refuses_elsewhere,
        )
        self._writer = (
            Writer(session, mapping, facts, by=by, now=now, batch_id=order.batch_id) if order.commit else None
        )
        self._matcher = Matcher(session, mapping.kind, order.decisions, takes_as_new=order.doubtful_is_new)
        self._rows_by_key: dict[str, int] = {}
        self._today = now.date()
        self._report = Report(mapping.kind, mapping.title, order.path.name, order.commit)

    def report(self, advance: Advance) -> Report:
        """Go through the file once."""
        report = self._report
        report.imported_before_at = _imported_before(self._session, self._order.mapping.kind, self._facts.digest)
        rows = open_rows(self._facts, self._order.mapping, advance, self._order.limits)
        for chunk in _chunks(self._records(rows), CHUNK):
            self._take(chunk)
            if self._writer and self._order.checkpoint:
                self._order.checkpoint(self._writer.begun)
        if not report.read_count:
            raise FileRefused(f"{self._order.path.name} has no rows")
        report.missing = list(self._missing())
        report.alike = Counter({name: count for name, count in report.alike.items() if count > 1})
        if self._writer:
            report.batch_id = self._writer.close(report)
        return report

    def _records(self, rows: Iterable[RowItem]) -> Iterator[ImportRecord]:
        for row in rows:
            if isinstance(row, Notice):
                self._report.notices.append(row.text)
                continue
            self._report.read_count += 1
            if isinstance(row, Remark):
                self._refuse([row])
            elif record := self._record(row):
                yield record

    def _record(self, row: Row) -> ImportRecord | None:
        key = self._builder.key(row)
        if key and (first := self._rows_by_key.setdefault(key, row.number)) != row.number:
            columns = ", ".join(self._order.mapping.key)
            reason = f"stands in row {first} already"
            self._refuse([Remark(row.number, "refused", columns, key, reason, "Remove one, or give each its own id")])
            return None
        record, remarks = self._builder.build(row)
        if record is None and not any(remark.verdict == "refused" for remark in remarks):
            self._report.elsewhere_count += 1
        elif record is None:
            self._refuse(remarks)
        else:
            self._report.remarks += remarks
            self._report.alike[f"{record.name}, {record.post.title}{record.post.area and ', ' + record.post.area}"] += 1
        return record

    def _refuse(self, remarks: list[Remark]) -> None:
        self._report.refused_count += 1
        self._report.remarks += remarks

    def _take(self, records: list[ImportRecord]) -> None:
        kind = self._order.mapping.kind
        keys = [record.key for record in records]
        found = select(ImportedRecord).where(ImportedRecord.kind == kind, ImportedRecord.key.in_(keys))
        known = {row.key: row for row in self._session.scalars(found)}
        unknown = self._matcher.sort([record for record in records if record.key not in known])
        new = [*unknown.new, *(doubt.record for doubt in unknown.told_new)]
        ties = tied(self._session, kind, unknown.tied, self._today)
        out = self._keep_out(unknown.doubtful) + self._refuse_ties(unknown.tied, ties)
        moved = [
            (known[record.key], record)
            for record in records
            if record.key in known and known[record.key].content != content_of(record)
        ]
        changes = compare(self._session, moved, self._today)
        if self._order.refuses_elsewhere:
            changes = self._within_country(changes)
        if self._order.watch:
            unchanged = [r for r in records if r.key in known and known[r.key].content == content_of(r)]
            self._order.watch(Seen(new, unknown.doubtful, [*changes, *ties], unchanged))
        self._count(new, moved, changes, len(records) - out - len(ties))
        self._count_ties(ties)
        if self._writer:
            self._writer.add(unknown.new)
            self._writer.add_told_new(unknown.told_new)
            self._writer.tie(ties)
            self._writer.change(changes)

    def _keep_out(self, doubts: list[Doubt]) -> int:
        """Rows that may stand here already, with the reasons; returns how many."""
        advice = "Say which: --decide FILE with key and decision (new, or the entry’s id), or --doubtful new for all"
        for doubt in doubts:
            likely = "; or ".join(candidate.text for candidate in doubt.candidates)
            told = f"{doubt.record.key}, {doubt.record.name}: {likely}"
            remark = Remark(doubt.record.row, "doubtful", "row", told, "looks like an entry from elsewhere", advice)
            self._report.remarks.append(remark)
        self._report.doubtful_count += len(doubts)
        return len(doubts)

    def _within_country(self, changes: list[Change]) -> list[Change]:
        """Those whose entry still stands in the country asked for."""
        stay = [change for change in changes if change.post.institution.country_code == self._order.country]
        for change in changes:
            if change not in stay:
                reason = "the entry is in another country by now"
                self._report.remarks.append(Remark(change.record.row, "kept", "country", change.record.name, reason))
        return stay

    def _refuse_ties(self, wanted: list[tuple[ImportRecord, str]], ties: list[Change]) -> int:
        """Rows said to be an entry that is not there; returns how many."""
        found = {change.record.key for change in ties}
        lost = [(record, post_id) for record, post_id in wanted if record.key not in found]
        for record, post_id in lost:
            reason = "is said to be an entry that is not there"
            self._refuse([Remark(record.row, "refused", "decision", post_id, reason, "Look the entry’s id up again")])
        return len(lost)

    def _count_ties(self, ties: list[Change]) -> None:
        self._report.tied_count += len(ties)
        self._report.waiting_count += sum(change.waiting_count for change in ties)

    def _count(
        self,
        new: list[ImportRecord],
        moved: list[tuple[ImportedRecord, ImportRecord]],
        changes: list[Change],
        total: int,
    ) -> None:
        report = self._report
        report.new_count += len(new)
        report.changed_count += len(changes)
        report.waiting_count += sum(change.waiting_count for change in changes)
        report.removed_here_count += len(moved) - len(changes)
        report.unchanged_count += total - len(new) - len(moved)
        for change in changes:
            report.remarks += change.remarks
            report.changes += [
                FieldChange(change.record.row, change.record.key, change.record.name, *told) for told in change.told
            ]

    def _missing(self) -> Iterator[tuple[str, str]]:
        """Records of earlier imports whose row is gone; with one country asked for, only that country's."""
        earlier = select(ImportedRecord.key, ImportedRecord.content).where(
            ImportedRecord.kind == self._order.mapping.kind
        )
        for key, content in self._session.execute(earlier.execution_options(yield_per=CHUNK)):
            institution = content["institution"]
            if key not in self._rows_by_key and self._order.country in (None, institution["country"]):
                yield key, institution["names"][0]["name"]


def _chunks(records: Iterator[ImportRecord], size: int) -> Iterator[list[ImportRecord]]:
    while chunk := list(itertools.islice(records, size)):
        yield chunk


def _imported_before(session: Session, kind: str, digest: str) -> datetime | None:
    earlier = select(ImportBatch.at).where(
        ImportBatch.kind == kind, ImportBatch.file_hash == digest, ImportBatch.undone_at.is_(None)
    )
    return session.scalars(earlier.order_by(ImportBatch.at.desc()).limit(1)).first()


def _dates_beside(path: Path, mapping: ImportMapping) -> Mapping[str, date]:
    """The dates of the file beside the list, where it is there."""
    rule = mapping.dates
    if rule is None or not (beside := path.with_name(rule.file)).is_file():
        return {}
    try:
        with beside.open(encoding="utf-8-sig", newline="") as file:
            return {line[rule.key]: read_date(line[rule.date]) for line in csv.DictReader(file)}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileRefused(f"{beside.name}, which gives the rows their dates, cannot be read: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise FileRefused(f"{beside.name}, which gives the rows their dates, has no column {error}") from error
    except BadValue as error:
        raise FileRefused(f"{beside.name}, which gives the rows their dates: {error}") from error
