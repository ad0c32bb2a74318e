"""Entries as plain cells, one row each, nothing lost: what the CSV and the Excel file hold."""

from __future__ import annotations

from collections.abc import Iterable

from directory.entries.entry import Entry
from directory.exports import words
from directory.exports.context import ExportContext, instant
from directory.exports.layout import PHONE_KINDS, Layout, one_line, shown

SEPARATOR = " | "
# Kinds that may leave in a file; restricted ones have no column at all.
KINDS = ("hotline", "phone", "fax", "email", "secure_mail", "web", "postal")
PHONES = PHONE_KINDS  # columns are named after kinds
BEFORE = (
    "id",
    "url",
    "demo",
    "state",
    "confirmed_on",
    "freshness",
    "country",
    "country_name",
    "host_country",
    "host_country_name",
    "serves",
    "institution",
    "institution_local_name",
    "institution_type",
    "title",
    "role",
    "role_name",
    "area",
    "vacant",
    "official",
    "responsibilities",
)
AFTER = (
    "asks_for",
    "deputy",
    "deputy_id",
    "source",
    "source_date",
    "source_url",
    "revision",
    "changed_at",
    "footnote",
    "file_made_for",
    "file_made_at",
    "file_filter",
)
COLUMNS = (*BEFORE, *(column for kind in KINDS for column in (kind, f"{kind}_about")), *AFTER)


def plain_row(entry: Entry, context: ExportContext) -> dict[str, str]:
    """One entry as plain cells, before the guard."""
    cells = {**_post_cells(entry, context), **_contact_cells(entry), **_origin_cells(entry, context)}
    cells["file_made_for"] = context.for_whom
    cells["file_made_at"] = instant(context.now) or ""
    cells["file_filter"] = context.filter_words
    return {column: one_line(cells[column]) for column in COLUMNS}


def _post_cells(entry: Entry, context: ExportContext) -> dict[str, str]:
    return {
        "id": entry.id,
        "url": context.page_of(entry.id),
        "demo": _yes(is_so=entry.demo),
        "state": entry.freshness,
        "confirmed_on": (instant(entry.confirmed_at) or "")[:10],
        "freshness": words.freshness_words(entry),
        "country": entry.country,
        "country_name": context.country(entry.country),
        "host_country": entry.host_country or "",
        "host_country_name": context.country(entry.host_country),
        "serves": _joined(entry.serves),
        "institution": entry.institution.name,
        "institution_local_name": entry.institution.local_name,
        "institution_type": entry.institution.type,
        "title": entry.title,
        "role": entry.role or "",
        "role_name": context.role(entry.role),
        "area": entry.area,
        "vacant": _yes(is_so=entry.is_vacant),
        "official": entry.official or "",
        "responsibilities": _joined(
            words.responsibility_words(part, context.taxonomy) for part in entry.responsibilities
        ),
    }


def _contact_cells(entry: Entry) -> dict[str, str]:
    """For each kind the values, and in the same order what to know of them."""
    lines = words.travelling_lines(entry)
    cells = {}
    for kind in KINDS:
        of_kind = [line for line in lines if line.kind == kind]
        cells[kind] = _joined(shown(line) for line in of_kind)
        about = [words.line_words(line) for line in of_kind]
        cells[f"{kind}_about"] = _joined(about) if any(about) else ""
    return cells


def _origin_cells(entry: Entry, context: ExportContext) -> dict[str, str]:
    source = entry.sources[0] if entry.sources else None
    return {
        "asks_for": entry.asks_for,
        "deputy": f"{entry.deputy.title}, {entry.deputy.institution}" if entry.deputy else "",
        "deputy_id": entry.deputy.id if entry.deputy else "",
        "source": _joined(source.name for source in entry.sources),
        "source_date": source.dated_on.isoformat() if source and source.dated_on else "",
        "source_url": _joined(source.url for source in entry.sources if source.url),
        "revision": str(entry.revision),
        "changed_at": instant(entry.changed_at) or "",
        "footnote": context.footnote_of(entry),
    }


def _joined(values: Iterable[str]) -> str:
    return SEPARATOR.join(value.replace(SEPARATOR, " / ") for value in values)


def _yes(*, is_so: bool) -> str:
    return "yes" if is_so else "no"


PLAIN = Layout("plain", COLUMNS, PHONES, SEPARATOR, plain_row)
