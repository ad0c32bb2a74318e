"""The Entry of the contract as plain JSON values: for the API, for files, for the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from directory.entries.entry import Answerability, ContactLine, Deputy, Entry
from directory.exports.context import ExportContext, instant


def entry_json(entry: Entry, context: ExportContext) -> dict[str, Any]:
    """Every key of the contract, plus `footnote` where Kosovo is named."""
    shape: dict[str, Any] = {
        "id": entry.id,
        "url": context.page_of(entry.id),
        "demo": entry.demo,
        "country": entry.country,
        "host_country": entry.host_country,
        "serves": list(entry.serves),
        "institution": {
            "id": entry.institution.id,
            "name": entry.institution.name,
            "local_name": entry.institution.local_name,
            "type": entry.institution.type,
        },
        "post": {
            "title": entry.title,
            "role": entry.role,
            "area": entry.area,
            "vacant": entry.is_vacant,
            "asks_for": entry.asks_for,
        },
        "official": {"name": entry.official, "acting": entry.is_acting} if entry.official else None,
        "responsibilities": [_responsibility(part) for part in entry.responsibilities],
        "contact_points": [_contact_point(line) for line in entry.contact_lines],
        "deputy": _deputy(entry.deputy, context),
        "freshness": {
            "state": entry.freshness,
            "confirmed_at": instant(entry.confirmed_at),
            "method": entry.method,
        },
        "reachability": entry.reachability,
        "sources": [
            {"name": source.name, "date": source.dated_on.isoformat() if source.dated_on else None, "url": source.url}
            for source in entry.sources
        ],
        "revision": entry.revision,
        "changed_at": instant(entry.changed_at),
    }
    footnote = context.footnote_of(entry)
    return {**shape, "footnote": footnote} if footnote else shape


def entries_file(entries: Sequence[Entry], context: ExportContext) -> bytes:
    """A file of entries that says for whom it was made, when, and by which filter."""
    shape = {
        "file": {
            "made_for": context.for_whom,
            "made_at": instant(context.now),
            "filter": context.filter_words,
            "entry_count": len(entries),
        },
        "entries": [entry_json(entry, context) for entry in entries],
    }
    return (json.dumps(shape, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _responsibility(part: Answerability) -> dict[str, Any]:
    return {
        "sop": part.sop,
        "measure": part.measure,
        "level": part.level,
        "area": part.area,
        "target_groups": list(part.target_groups),
        "exploitation": list(part.exploitation),
    }


def _contact_point(line: ContactLine) -> dict[str, Any]:
    """One line; a restricted one comes without `value` and `display`, one that answered no test without `drill`."""
    shown = {} if line.is_restricted else {"value": line.value, "display": line.display}
    answered_at = instant(line.answered_at)
    drill = {"drill": {"answered_at": answered_at, "seconds": line.answer_seconds}} if answered_at else {}
    return {
        "kind": line.kind,
        **shown,
        "label": line.label,
        "hours": line.hours,
        "timezone": line.timezone,
        "languages": list(line.languages),
        "confirmed_at": instant(line.confirmed_at),
        "method": line.method,
        "restricted": line.is_restricted,
        **drill,
    }


def _deputy(deputy: Deputy | None, context: ExportContext) -> dict[str, Any] | None:
    """The post that stands in, as an Entry in short."""
    if deputy is None:
        return None
    return {
        "id": deputy.id,
        "url": context.page_of(deputy.id),
        "institution": {"name": deputy.institution},
        "post": {"title": deputy.title},
    }
