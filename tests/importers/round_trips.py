"""The way out and in again: entries as a file, the file into an empty directory, and what is different then."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from directory.entries.entry import Entry
from directory.entries.queries import load_all
from directory.entries.viewer import PUBLIC, Viewer
from directory.entries.visibility import visible
from directory.exports import KINDS, ExportContext, write_export
from directory.registry.rules import FreshnessDays
from directory.sops.taxonomy import Taxonomy
from tests.conftest import NOW

TODAY = NOW.date()
SUFFIX = {"vcard": "vcf", "csv": "csv", "xlsx": "xlsx", "json": "json", "hsds": "json"}
READ_AS = {"vcard": "vcard", "csv": "directory", "xlsx": "directory", "json": "directory", "hsds": "hsds"}
_LINE = ("kind", "value", "label", "hours", "timezone", "languages")
# What each kind of file does not carry at all: compared for the others only.
NOT_CARRIED: dict[str, frozenset[str]] = {
    "json": frozenset({"city"}),
    "csv": frozenset({"city"}),
    "xlsx": frozenset({"city"}),
    "vcard": frozenset({"city", "type", "area", "source_url", "class"}),
    "hsds": frozenset({"source", "source_date", "source_url", "postal", "secure_mail", "web", "class"}),
}
SIGNED_IN = Viewer("registered")
_BREAKS = re.compile(r"\s*(?: / |\n)\s*")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one entry, before and after."""

    field: str
    before: Any
    after: Any


def entries_of(session: Session, viewer: Viewer = PUBLIC) -> list[Entry]:
    """Every entry as that viewer sees it."""
    days = FreshnessDays()
    return [visible(stored, viewer, today=TODAY, days=days) for stored in load_all(session, today=TODAY)]


def write(kind: str, entries: list[Entry], folder: Path, taxonomy: Taxonomy) -> Path:
    """The file that `flask export` writes for a visitor."""
    context = ExportContext("https://contacts.example", taxonomy, NOW, "* A footnote of an example.")
    assert kind in KINDS
    path = folder / f"entries.{SUFFIX[kind]}"
    path.write_bytes(write_export(kind, entries, context=context))
    return path


def differences(before: Entry, after: Entry, kind: str) -> Iterator[Difference]:
    """Field by field, for all the kind of file carries."""
    was, becomes = fields(before, kind), fields(after, kind)
    for name in was.keys() | becomes.keys():
        if name in NOT_CARRIED[kind]:
            continue
        if was.get(name) != becomes.get(name):
            yield Difference(name, was.get(name), becomes.get(name))


def fields(entry: Entry, kind: str = "json") -> dict[str, Any]:
    """What an entry says, apart from ids, freshness and revisions. Only JSON keeps line breaks as they are."""
    source = entry.sources[0] if entry.sources else None
    said: dict[str, Any] = {
        "country": entry.country,
        "host_country": entry.host_country,
        "serves": tuple(sorted(entry.serves)),
        "institution": entry.institution.name,
        "local_name": entry.institution.local_name,
        "type": entry.institution.type,
        "city": entry.institution.city,
        "title": entry.title,
        "role": entry.role,
        "area": entry.area,
        "asks_for": entry.asks_for,
        "responsibilities": tuple(sorted(map(repr, entry.responsibilities))),
        "source": source.name if source else "",
        "source_date": source.dated_on if source else None,
        "source_url": source.url if source else "",
        "class": tuple(sorted((line.kind, line.value, line.field_class) for line in entry.contact_lines)),
    }
    for line in entry.contact_lines:
        said.setdefault(line.kind, [])
        # HSDS names languages of a phone, and of a service as a whole; of one mail address none.
        names = _LINE if kind != "hsds" or line.kind in {"phone", "hotline", "fax"} else ("kind", "value")
        said[line.kind].append(tuple(getattr(line, name) for name in names))
    if kind == "hsds":
        said["email"] = said.get("email", [])[:1]  # a service has one
    kept = {name: sorted(value) if isinstance(value, list) else value for name, value in said.items()}
    return kept if kind == "json" else {name: _folded(value) for name, value in kept.items()}


def _folded(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return tuple(map(_folded, value))
    return " ".join(_BREAKS.sub(" ", value).split()) if isinstance(value, str) else value


def told(found: list[Difference]) -> Counter[str]:
    """How many of each field differ."""
    return Counter(difference.field for difference in found)
