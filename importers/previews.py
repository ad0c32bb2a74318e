"""What an import would do, row by row, kept beside the uploaded file until it is decided; read a page at a time.

Restricted numbers stand in it with their last digits only, as in every proposal.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from directory.entries.queries import display_of
from directory.exports.guard import guard_text
from directory.registry.pictures import differences
from directory.registry.rules import RESTRICTED
from importers.comparing import Change
from importers.matching import Doubt
from importers.records import ImportRecord, Remark
from importers.run import Seen

SECTIONS = ("new", "changed", "unchanged", "refused", "doubtful", "left_out")
PAGE = 50
SHOWN_DIGITS = 2
SECTION_OF = {"refused": "refused", "doubtful": "", "left out": "left_out", "kept": "left_out"}


class PreviewWriter:
    """Writes the sections as lines of JSON while the rows go by."""

    def __init__(self, folder: Path) -> None:
        self.counts = dict.fromkeys(SECTIONS, 0)
        self._folder = folder
        self._files = {name: _private(folder / f"{name}.new") for name in SECTIONS}

    def __call__(self, seen: Seen) -> None:
        """Some rows and what they would become."""
        self._write("new", map(_record, seen.new))
        self._write("doubtful", map(_doubt, seen.doubtful))
        self._write("changed", map(_change, seen.changes))
        self._write("unchanged", map(_record, seen.unchanged))

    def remarks(self, remarks: Iterable[Remark]) -> None:
        """Rows that stay out and values that are left out."""
        for remark in remarks:
            if section := SECTION_OF[remark.verdict]:
                self._write(section, [_remark(remark)])

    def close(self) -> None:
        """From now on this is the preview."""
        for name, file in self._files.items():
            file.close()
            (self._folder / f"{name}.new").replace(self._folder / f"{name}.lines")

    def drop(self) -> None:
        """It will not be one."""
        for name, file in self._files.items():
            file.close()
            (self._folder / f"{name}.new").unlink(missing_ok=True)

    def _write(self, section: str, things: Iterable[dict[str, Any]]) -> None:
        for thing in things:
            self._files[section].write(json.dumps(thing, ensure_ascii=False) + "\n")
            self.counts[section] += 1


def page_of(folder: Path, section: str, page: int) -> list[dict[str, Any]]:
    """One page of a section, from 1; empty where there is none."""
    return list(islice(lines_of(folder, section), (page - 1) * PAGE, page * PAGE))


def lines_of(folder: Path, section: str) -> Iterator[dict[str, Any]]:
    """A whole section."""
    path = folder / f"{section}.lines"
    if section not in SECTIONS or not path.is_file():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def refused_csv(folder: Path) -> bytes:
    """Rows that stay out, with the reasons, for a spreadsheet: nothing in it is run."""
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    columns = ("row", "column", "value", "reason", "advice")
    writer.writerow(columns)
    for line in lines_of(folder, "refused"):
        writer.writerow([guard_text(str(line[name])) for name in columns])
    return target.getvalue().encode("utf-8-sig")


def _private(path: Path) -> io.TextIOWrapper:
    path.unlink(missing_ok=True)
    return open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8")  # noqa: PTH123 - closed by close() and drop()


def _record(record: ImportRecord) -> dict[str, Any]:
    lines = record.post.contact_points
    return {
        "row": record.row,
        "key": record.key,
        "name": record.name,
        "title": record.post.title,
        "country": record.institution.country,
        "official": record.official,
        "lines": [[line.kind, _shown(line.kind, line.value)] for line in lines],
    }


def _doubt(doubt: Doubt) -> dict[str, Any]:
    candidates = [
        {
            "id": one.post_id,
            "name": one.name,
            "answer": one.verdict.answer,
            "reasons": [[reason.code, reason.detail] for reason in one.verdict.reasons],
        }
        for one in doubt.candidates
    ]
    return {**_record(doubt.record), "candidates": candidates}


def _change(change: Change) -> dict[str, Any]:
    pairs: list[list[str]] = []
    for before, after in ((change.institution_before, change.institution), (change.post_before, change.post_values)):
        was, becomes = differences(before, after)
        for name in becomes:
            if name == "contact_points":
                pairs += _line_pairs(was[name], becomes[name])
            else:
                pairs.append([name, _told(was[name]), _told(becomes[name])])
    if change.official is not None:
        pairs.append(["official", _told(change.known.content.get("official", "")), change.official])
    return {
        "row": change.record.row,
        "name": change.record.name,
        "title": change.record.post.title,
        "entry": change.post.id,
        "waiting": change.waiting_count,
        "pairs": pairs,
    }


def _line_pairs(was: Iterable[Mapping[str, Any]], becomes: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Lines that go beside lines of their kind that come."""
    old = {(line["kind"], line["value"]): line for line in was}
    new = {(line["kind"], line["value"]): line for line in becomes}
    gone = [key for key in old if key not in new]
    pairs = []
    for kind, value in (key for key in new if key not in old):
        before = next((key for key in gone if key[0] == kind), None)
        if before:
            gone.remove(before)
        pairs.append([kind, _shown(*before) if before else "", _shown(kind, value)])
    pairs += [[kind, _shown(kind, value), ""] for kind, value in gone]
    if not pairs:  # hours, a label, the order
        pairs.append(["contact_points", "", ""])
    return pairs


def _shown(kind: str, value: str) -> str:
    return f"… {value[-SHOWN_DIGITS:]}" if kind in RESTRICTED else display_of(kind, value)


def _told(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(_told(part) for part in value)
    if isinstance(value, Mapping):
        return ", ".join(str(part) for part in value.values() if part not in (None, "", [], ()))
    return "" if value is None else str(value)


def _remark(remark: Remark) -> dict[str, Any]:
    return {
        "row": remark.row,
        "column": remark.column,
        "value": remark.value,
        # What somebody wrote here since may be a number that not everybody sees.
        "reason": "was changed here since the last import" if remark.verdict == "kept" else remark.reason,
        "advice": remark.advice,
    }
