"""The shapes of the contract as JSON Schema, for the OpenAPI document; tests hold every answer against them."""

from __future__ import annotations

from typing import Any

from directory.registry import rules
from directory.registry.countries import codes
from directory.sops.taxonomy import Taxonomy

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
ID: Schema = {"type": "string", "format": "uuid"}
INSTANT: Schema = {"type": "string", "format": "date-time", "description": "ISO 8601, UTC"}
FRESHNESS = ("confirmed", "due", "overdue", "unconfirmed", "dormant")


def schemas(taxonomy: Taxonomy) -> dict[str, Schema]:
    """Every named shape, with the ids of the taxonomy in force."""
    return {
        "CountryCode": {
            "type": "string",
            "enum": list(codes()),
            "description": "ISO 3166-1 alpha-2, plus XK. Kosovo carries its footnote wherever it is named.",
        },
        "SopNumber": {"type": "integer", "enum": [sop.id for sop in taxonomy.sops]},
        "MeasureId": {"type": "string", "enum": [m.id for sop in taxonomy.sops for m in sop.measures]},
        "Role": {"type": "string", "enum": list(taxonomy.roles)},
        "InstitutionType": {"type": "string", "enum": list(taxonomy.institution_types)},
        "TargetGroup": {"type": "string", "enum": list(taxonomy.target_groups)},
        "Exploitation": {"type": "string", "enum": list(taxonomy.exploitation_forms)},
        "Language": {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"},
        "ContactPoint": _contact_point(),
        "Responsibility": _responsibility(),
        "EntryInShort": _entry_in_short(),
        "Entry": _entry(),
        "Reading": _reading(),
        "Answer": _answer(),
        "EntryPage": _entry_page(),
        "Countries": _countries(),
        "Sops": _sops(),
        "Question": {
            **record({"question": {"type": "string", "minLength": 1, "maxLength": 2000, "pattern": r"\S"}}),
            "examples": [{"question": "who handles return in Romania", "limit": 5}],
        },
        "Problem": record(
            {"type": TEXT, "title": TEXT, "status": COUNT, "detail": TEXT},
            may_have={"parameter": {**TEXT, "description": "The parameter to correct"}},
        ),
    }


def record(properties: dict[str, Schema], *, may_have: dict[str, Schema] | None = None) -> Schema:
    """An object with these properties, all of them always there, and perhaps some others."""
    return {"type": "object", "required": list(properties), "properties": {**properties, **(may_have or {})}}


def ref(name: str) -> Schema:
    """A named shape."""
    return {"$ref": f"#/components/schemas/{name}"}


def several(items: Schema) -> Schema:
    """A list of them."""
    return {"type": "array", "items": items}


def optional(shape: Schema) -> Schema:
    """It, or null."""
    return {"anyOf": [shape, {"type": "null"}]}


def _contact_point() -> Schema:
    return {
        **record(
            {
                "kind": {"type": "string", "enum": list(rules.CONTACT_KINDS)},
                "label": TEXT,
                "hours": {**TEXT, "examples": ["24/7", "Mo-Fr 08:00-16:00; Sa 09:00-12:00"]},
                "timezone": {**TEXT, "examples": ["Europe/Bucharest", ""]},
                "languages": several(TEXT),
                "confirmed_at": optional(INSTANT),
                "method": optional(TEXT),
                "restricted": {**TRUTH, "description": "The value can be revealed, one by one; it is not given here"},
            },
            may_have={
                "value": {**TEXT, "description": "A phone in E.164, or a short code; absent where restricted"},
                "display": {**TEXT, "description": "A phone spaced as it is read aloud; absent where restricted"},
                "drill": {
                    **record({"answered_at": INSTANT, "seconds": optional(COUNT)}),
                    "description": "When a duty line last answered a test, after how many seconds; absent before one",
                },
            },
        ),
        "if": {"properties": {"restricted": {"const": False}}},
        "then": {"required": ["value", "display"]},
        "else": {"properties": {"value": False, "display": False}},
    }


def _responsibility() -> Schema:
    return record(
        {
            "sop": ref("SopNumber"),
            "measure": optional(TEXT),
            "level": {"type": "string", "enum": ["leads", "supports", "informed"]},
            "area": TEXT,
            "target_groups": several(TEXT),
            "exploitation": several(TEXT),
        }
    )


def _entry_in_short() -> Schema:
    return record({"id": ID, "url": TEXT, "institution": record({"name": TEXT}), "post": record({"title": TEXT})})


def _entry() -> Schema:
    return record(
        {
            "id": ID,
            "url": {"type": "string", "format": "uri"},
            "demo": {**TRUTH, "description": "Invented, for trying out"},
            "country": {**ref("CountryCode"), "description": "The country it answers for"},
            "host_country": optional(ref("CountryCode")),
            "serves": several(ref("CountryCode")),
            "institution": record({"id": ID, "name": TEXT, "local_name": TEXT, "type": TEXT}),
            "post": record(
                {"title": TEXT, "role": optional(TEXT), "area": TEXT, "vacant": TRUTH}, may_have={"asks_for": TEXT}
            ),
            "official": optional(record({"name": TEXT}, may_have={"acting": TRUTH})),
            "responsibilities": several(ref("Responsibility")),
            "contact_points": several(ref("ContactPoint")),
            "deputy": optional(ref("EntryInShort")),
            "freshness": record(
                {
                    "state": {"type": "string", "enum": list(FRESHNESS)},
                    "confirmed_at": optional(INSTANT),
                    "method": optional(TEXT),
                }
            ),
            "reachability": optional(TEXT),
            "sources": several(
                record({"name": TEXT, "date": optional({"type": "string", "format": "date"}), "url": TEXT})
            ),
            "revision": COUNT,
            "changed_at": INSTANT,
        },
        may_have={"footnote": {**TEXT, "description": "To be shown wherever Kosovo is named"}},
    )


def _reading() -> Schema:
    mention = record({"country": ref("CountryCode"), "part": TEXT, "text": TEXT})
    return record(
        {
            "countries": several(ref("CountryCode")),
            "host_countries": several(ref("CountryCode")),
            "sops": several(ref("SopNumber")),
            "measures": several(ref("MeasureId")),
            "roles": several(ref("Role")),
            "institution_types": several(ref("InstitutionType")),
            "target_groups": several(ref("TargetGroup")),
            "exploitation": several(ref("Exploitation")),
            "languages": several(TEXT),
            "urgent": TRUTH,
            "words": several(TEXT),
            "ignored": several(TEXT),
            "warnings": {**several(TEXT), "description": "Kinds of personal data seen; then nothing was searched"},
        },
        may_have={"mentions": several(mention)},
    )


def _answer() -> Schema:
    return record(
        {
            "reading": ref("Reading"),
            "total": COUNT,
            "entries": several(ref("Entry")),
            "fallback": optional(record({"reason": TEXT, "entries": several(ref("Entry"))})),
        },
        may_have={"unknown": {**several(TEXT), "description": "Words that no entry has; they were left out"}},
    )


def _entry_page() -> Schema:
    removed = record({"id": ID, "at": INSTANT, "redirect": optional(ID)})
    return record({"entries": several(ref("Entry")), "next_cursor": optional(TEXT), "removed": several(removed)})


def _countries() -> Schema:
    line = record(
        {"code": ref("CountryCode"), "name": TEXT, "participating": TRUTH, "entry_count": COUNT},
        may_have={"footnote": TEXT},
    )
    return record({"countries": several(line)})


def _sops() -> Schema:
    source = {
        "type": "string",
        "enum": ["public", "reconstructed"],
        "description": "Whether the wording follows public text or was rebuilt",
    }
    step = record({"text": TEXT, "source": source, "for_children": TRUTH})
    measure = record(
        {
            "id": ref("MeasureId"),
            "name": TEXT,
            "phase": TEXT,
            "what": TEXT,
            "source": source,
            "roles": several(ref("Role")),
            "steps": several(step),
        }
    )
    names = {"type": "object", "additionalProperties": TEXT}
    sop = record(
        {"id": ref("SopNumber"), "key": TEXT, "name": TEXT, "names": names, "source": source}
        | {"measures": several(measure)}
    )
    terms = several(record({"id": TEXT, "label": TEXT}))
    lists = dict.fromkeys(("roles", "institution_types", "target_groups", "exploitation"), terms)
    return record({"version": COUNT, "status": TEXT, "sops": several(sop), **lists})
