"""The public layer as Open Referral's Human Services Data Specification 3.0: what other registries read.

Each entry is a service of its body. Locations have no street: an entry is reached by its lines, and a shelter has no
address here at all. Ids are stable; those of parts are made from the entry's.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from directory.entries.entry import ContactLine, Entry
from directory.exports import words
from directory.exports.card_writer import card_url, is_mail, is_number
from directory.exports.context import ExportContext, instant
from directory.exports.layout import PHONE_KINDS
from directory.registry import hours, rules

NAMESPACE = uuid.UUID("6f2c1f0e-5d0b-5c1e-9a4e-2f6f2f3c7a11")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
Shape = dict[str, Any]


def hsds_file(entries: Sequence[Entry], context: ExportContext) -> bytes:
    """One page of services in the shape of the HSDS API, with a word on the file itself."""
    shape = {
        "file": {
            "made_for": context.for_whom,
            "made_at": instant(context.now),
            "filter": context.filter_words,
            "specification": "HSDS 3.0",
        },
        "total_items": len(entries),
        "total_pages": 1,
        "page_number": 1,
        "size": len(entries),
        "first_page": True,
        "last_page": True,
        "empty": not entries,
        "contents": [service(entry, context) for entry in entries],
    }
    return (json.dumps(shape, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def service(entry: Entry, context: ExportContext) -> Shape:
    """One entry as a service with everything that belongs to it."""
    lines = words.travelling_lines(entry)
    tongues = sorted({code for line in lines for code in line.languages})
    duties = [words.responsibility_words(part, context.taxonomy) for part in entry.responsibilities]
    return _without_empty(
        {
            "id": entry.id,
            "organization_id": entry.institution.id,
            "name": _plain(entry.title) or context.role(entry.role) or entry.id,
            "description": _plain(". ".join(duties)),
            "url": card_url(context.page_of(entry.id)),
            "email": _first_mail(lines),
            "status": "inactive" if entry.freshness == "dormant" else "active",
            "application_process": _plain(entry.asks_for) and f"Have ready: {_plain(entry.asks_for)}",
            "assured_date": (instant(entry.confirmed_at) or "")[:10],
            "last_modified": instant(entry.changed_at),
            "alert": _alert(entry, context),
            "phones": [_phone(line, entry) for line in lines if _is_phone(line)],
            "schedules": [found for line in lines for found in _schedules(line, entry)],
            "service_areas": list(_areas(entry, context)),
            "service_at_locations": [_at_location(entry, context)],
            "languages": [_language(code, entry.id, "service_id") for code in tongues],
            "organization": _organization(entry, lines, context),
            "contacts": [_contact(entry, lines)],
            "attributes": list(_attributes(entry, context)),
        }
    )


def part_id(owner: str, *parts: object) -> str:
    """The stable id of a part."""
    return str(uuid.uuid5(NAMESPACE, " ".join([owner, *(str(part) for part in parts)])))


def _organization(entry: Entry, lines: Sequence[ContactLine], context: ExportContext) -> Shape:
    body = entry.institution
    kind = words.labels([body.type], context.taxonomy.institution_types)[0]
    pages = (card_url(line.value or "") for line in lines if line.kind == "web" and line.owner == "institution")
    return _without_empty(
        {
            "id": body.id,
            "name": _plain(body.name) or kind,
            "alternate_name": _plain(body.local_name),
            "description": f"{kind}, {context.country(entry.country)}",
            "website": next((page for page in pages if page), ""),
            "parent_organization_id": body.parent_id,
        }
    )


def _phone(line: ContactLine, entry: Entry) -> Shape:
    number, _, extension = (line.value or "").partition(";ext=")
    return _without_empty(
        {
            "id": part_id(entry.id, line.id),
            "service_id": entry.id,
            "number": number,
            "extension": int(extension) if extension.isdecimal() else None,
            "type": {"fax": "fax", "hotline": "hotline"}.get(line.kind, "voice"),
            "description": _plain(words.line_words(line)),
            "languages": [_language(code, part_id(entry.id, line.id), "phone_id") for code in line.languages],
        }
    )


def _schedules(line: ContactLine, entry: Entry) -> Iterator[Shape]:
    """The week of a line, days with the same times together; nothing where its hours cannot be read."""
    try:
        openings = hours.read_hours(line.hours)
    except hours.BadHours:
        return
    days: dict[tuple[str, str], list[str]] = defaultdict(list)
    for opening in openings:
        closes = f"{opening.end:%H:%M}".replace("00:00", "23:59")
        days[f"{opening.start:%H:%M}", closes].append(DAYS[opening.day])
    for (opens, closes), named in days.items():
        yield _without_empty(
            {
                "id": part_id(entry.id, line.id, opens, closes),
                "service_id": entry.id,
                "freq": "WEEKLY",
                "byday": ",".join(named),
                "opens_at": opens,
                "closes_at": closes,
                "description": _plain(f"{words.KIND_LABELS.get(line.kind, line.kind)}: {words.line_words(line)}"),
                "notes": line.timezone and f"Times are local: {line.timezone}",
            }
        )


def _at_location(entry: Entry, context: ExportContext) -> Shape:
    """Where it sits: city and country, never a street; of a shelter only the country."""
    is_hidden = entry.institution.type in rules.WITHOUT_ADDRESS
    city = "" if is_hidden else _plain(entry.institution.city)
    location = _without_empty(
        {
            "id": part_id(entry.institution.id, "location", entry.place),
            "location_type": "virtual" if is_hidden or not city else "physical",
            "organization_id": entry.institution.id,
            "name": ", ".join(part for part in (city, context.country(entry.place)) if part),
        }
    )
    return {
        "id": part_id(entry.id, "service_at_location"),
        "service_id": entry.id,
        "location_id": location["id"],
        "location": location,
    }


def _areas(entry: Entry, context: ExportContext) -> Iterator[Shape]:
    """The countries it answers for; the part of one in words."""
    for code in entry.serves or (entry.country,):
        yield _without_empty(
            {
                "id": part_id(entry.id, "area", code),
                "service_id": entry.id,
                "name": context.country(code),
                "description": _plain(entry.area),
                "extent": code,
                "extent_type": "ISO 3166-1 alpha-2",
            }
        )


def _contact(entry: Entry, lines: Sequence[ContactLine]) -> Shape:
    return _without_empty(
        {
            "id": part_id(entry.id, "contact"),
            "service_id": entry.id,
            "name": _plain(entry.official or ""),
            "title": _plain(entry.title),
            "department": _plain(entry.institution.name),
            "email": _first_mail(lines),
        }
    )


def _attributes(entry: Entry, context: ExportContext) -> Iterator[Shape]:
    """Procedures, measures, role, kind of body and groups, as terms of the directory's own lists."""
    terms = dict.fromkeys(_terms(entry, context))
    for taxonomy, code, name in terms:
        yield {
            "id": part_id(entry.id, taxonomy, code),
            "link_id": entry.id,
            "link_entity": "service",
            "taxonomy_term_id": part_id("term", taxonomy, code),
            "taxonomy_term": {
                "id": part_id("term", taxonomy, code),
                "code": f"{taxonomy}:{code}",
                "name": name,
                "description": name,
                "taxonomy": taxonomy,
                "language": "en",
            },
        }


def _terms(entry: Entry, context: ExportContext) -> Iterator[tuple[str, str, str]]:
    lists = context.taxonomy
    for part in entry.responsibilities:
        sop = lists.sop(part.sop)
        yield "trm-sop", str(part.sop), f"SOP {sop.label if sop else part.sop}"
        measure = lists.measure(part.measure) if part.measure else None
        if part.measure:
            yield "trm-measure", part.measure, measure.name if measure else part.measure
        for group in part.target_groups:
            yield "trm-group", group, words.labels([group], lists.target_groups)[0]
        for form in part.exploitation:
            yield "trm-exploitation", form, words.labels([form], lists.exploitation_forms)[0]
    if entry.role:
        yield "trm-role", entry.role, context.role(entry.role)
    kind = entry.institution.type
    yield "trm-institution-type", kind, words.labels([kind], lists.institution_types)[0]


def _alert(entry: Entry, context: ExportContext) -> str:
    """What whoever relies on it must know first."""
    return " ".join(
        part
        for part in (
            "DEMO: an invented entry, not a real contact." if entry.demo else "",
            "" if entry.freshness in {"confirmed", "due"} else f"{words.freshness_words(entry)}.",
            "The post is vacant at present." if entry.is_vacant else "",
            context.footnote_of(entry),
        )
        if part
    )


def _language(code: str, owner: str, link: str) -> Shape:
    return {"id": part_id(owner, "language", code), link: owner, "name": words.language_name(code), "code": code}


def _is_phone(line: ContactLine) -> bool:
    return line.kind in PHONE_KINDS and is_number((line.value or "").partition(";ext=")[0])


def _first_mail(lines: Sequence[ContactLine]) -> str:
    return next((line.value for line in lines if line.kind == "email" and line.value and is_mail(line.value)), "")


def _plain(text: str) -> str:
    return words.plain_line(text)


def _without_empty(shape: Shape) -> Shape:
    return {key: value for key, value in shape.items() if value not in (None, "", [])}
