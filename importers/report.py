"""What an import says of itself: counts, changes, remarks; aligned for a terminal, and in full as CSV."""

from __future__ import annotations

import csv
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from importers.records import Remark

MOST_CHANGES = 10
MOST_IN_A_GROUP = 3
VERDICT_TITLES = {
    "refused": "Refused: these rows stay out",
    "doubtful": "May stand here already: these rows stay out until you say",
    "left out": "Values left out: the rows are taken without them",
    "kept": "Changed here and in the list: what stands here is kept",
}
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "'")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an entry, before and after."""

    row: int
    key: str
    name: str
    field: str
    before: str
    after: str


@dataclass(slots=True)
class Report:
    """Everything one import found or did. The counts of rows add up to `read_count`."""

    kind: str
    title: str
    file: str
    is_committed: bool
    read_count: int = 0
    new_count: int = 0
    changed_count: int = 0
    waiting_count: int = 0
    unchanged_count: int = 0
    refused_count: int = 0
    elsewhere_count: int = 0
    removed_here_count: int = 0
    doubtful_count: int = 0
    tied_count: int = 0
    changes: list[FieldChange] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    alike: Counter[str] = field(default_factory=Counter)
    notices: list[str] = field(default_factory=list)
    batch_id: str = ""
    imported_before_at: datetime | None = None

    @property
    def is_whole(self) -> bool:
        """Nothing was refused, and nothing of the list's was held back."""
        return not (self.refused_count or self.doubtful_count) and not any(
            remark.verdict == "kept" for remark in self.remarks
        )


def report_text(report: Report) -> str:
    """The report for a terminal."""
    blocks = [_head(report), _counts(report), _changes(report)]
    blocks += [_remarks(report, verdict) for verdict in VERDICT_TITLES]
    blocks += [_alike(report), _missing(report), _tail(report)]
    return "\n\n".join(block for block in blocks if block)


def _head(report: Report) -> str:
    lines = [f"{report.title}: {report.file}"]
    if report.imported_before_at:
        lines.append(f"This very file was imported on {report.imported_before_at:%Y-%m-%d %H:%M} UTC.")
    lines += [f"{notice}." for notice in report.notices]
    return "\n".join(lines)


def _counts(report: Report) -> str:
    rows = [
        ("rows read", report.read_count),
        ("new", report.new_count),
        ("changed", report.changed_count),
        ("waiting for a second person", report.waiting_count),
        ("unchanged", report.unchanged_count),
        ("tied to entries that stand here", report.tied_count),
        ("doubtful: perhaps here already", report.doubtful_count),
        ("refused", report.refused_count),
        ("of other countries", report.elsewhere_count),
        ("removed here, not brought back", report.removed_here_count),
    ]
    always = {"rows read", "new", "changed", "unchanged", "refused"}
    width = max(len(word) for word, count in rows if count or word in always)
    return "\n".join(f"  {word:<{width}}  {count:>9,}" for word, count in rows if count or word in always)


def _changes(report: Report) -> str:
    if not report.changes:
        return ""
    lines = ["Changed fields"]
    for change in report.changes[:MOST_CHANGES]:
        lines.append(f"  row {change.row}  {change.name}")
        lines.append(f"    {change.field}: {_short(change.before)}  →  {_short(change.after)}")
    more = len(report.changes) - MOST_CHANGES
    return "\n".join([*lines, *([f"  and {more:,} more: see --report FILE"] if more > 0 else [])])


def _remarks(report: Report, verdict: str) -> str:
    groups: dict[tuple[str, str, str], list[Remark]] = defaultdict(list)
    for remark in report.remarks:
        if remark.verdict == verdict:
            groups[remark.group].append(remark)
    if not groups:
        return ""
    total = sum(map(len, groups.values()))
    lines = [f"{VERDICT_TITLES[verdict]} ({total:,})"]
    for (_, column, reason), remarks in sorted(groups.items(), key=lambda item: -len(item[1])):
        lines += _group(column, reason, remarks)
    return "\n".join(lines)


def _group(column: str, reason: str, remarks: Sequence[Remark]) -> Iterator[str]:
    yield f"  {column}: {reason}" + (f" ({len(remarks):,})" if len(remarks) > 1 else "")
    rows: dict[str, list[int]] = defaultdict(list)
    for remark in remarks:
        rows[remark.value].append(remark.row)
    by_count = sorted(rows.items(), key=lambda item: -len(item[1]))
    many = MOST_IN_A_GROUP * (4 if len(remarks) > MOST_IN_A_GROUP else 1)
    for value, numbers in by_count[:many]:
        where = _row_numbers(numbers)
        yield f"    {where}" + (f": {_short(value)}" if value else "")
    if len(by_count) > many:
        yield f"    and {len(by_count) - many:,} other values: see --report FILE"
    if remarks[0].advice:
        yield f"    → {remarks[0].advice}"


def _row_numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:MOST_IN_A_GROUP]))
    if len(numbers) > MOST_IN_A_GROUP:
        return f"{len(numbers):,} rows ({shown} …)"
    return f"row{'s' if len(numbers) > 1 else ''} {shown}"


def _alike(report: Report) -> str:
    alike = {name: count for name, count in report.alike.items() if count > 1}
    if not alike:
        return ""
    rows = sum(alike.values())
    lines = [f"Alike by name, kept apart by their ids ({rows:,} rows in {len(alike):,} groups): are some the same?"]
    shown = sorted(alike.items(), key=lambda item: -item[1])[:5]
    return "\n".join([*lines, *(f"  {count} × {name}" for name, count in shown)])


def _missing(report: Report) -> str:
    if not report.missing:
        return ""
    lines = [f"No longer in the file ({len(report.missing):,}); nothing is removed by an import"]
    lines += [f"  {name}  ({key})" for key, name in report.missing[:MOST_CHANGES]]
    more = len(report.missing) - MOST_CHANGES
    return "\n".join([*lines, *([f"  and {more:,} more: see --report FILE"] if more > 0 else [])])


def _tail(report: Report) -> str:
    if report.batch_id:
        lines = [f"Done: batch {report.batch_id}", f"Take it back with: flask import-undo {report.batch_id}"]
        if report.waiting_count:
            lines.insert(1, "What waits stands at /coordination; readers see the old values until somebody agrees.")
        return "\n".join(lines)
    if report.is_committed:
        return "Nothing had to be written."
    if report.new_count or report.changed_count:
        return "Nothing was written: this was a trial. Add --commit to do it."
    return "Nothing would be written."


def _short(text: str) -> str:
    return textwrap.shorten(text, 160, placeholder=" …") if text else "nothing"


def write_report(report: Report, file: TextIO) -> None:
    """The full report as CSV, safe to open in a spreadsheet."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(["verdict", "row", "key", "entry", "column", "value", "after", "reason", "advice"])
    for change in report.changes:
        parts = ["changed", change.row, change.key, change.name, change.field, change.before, change.after, "", ""]
        writer.writerow(map(_guarded, parts))
    for remark in report.remarks:
        parts = [remark.verdict, remark.row, "", "", remark.column, remark.value, "", remark.reason, remark.advice]
        writer.writerow(map(_guarded, parts))
    for key, name in report.missing:
        writer.writerow(map(_guarded, ["no longer in the file", "", key, name, "", "", "", "", ""]))


def _guarded(value: object) -> object:
    """An apostrophe before what a spreadsheet would run as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value
