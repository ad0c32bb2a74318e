"""Changing an entry, described for software: the part of the OpenAPI document for `PATCH`."""

from __future__ import annotations

from typing import Any

from directory.registry import rules
from directory.web.api.shapes import ID, INSTANT, TEXT, TRUTH, Schema, record, ref, several
from directory.web.forms.lines import MOST_ROWS
from directory.web.problems import MEDIA_TYPE

PROBLEMS = {
    400: "A field is unknown or odd; `parameter` names it",
    401: "Changing takes a key",
    403: "The key is not made to write",
    404: "No such entry, or not open to the caller",
    409: "A line that is named does not stand in what the caller sees",
    412: "The entry has another revision by now",
    413: "The request is too large",
    415: "The change is not JSON",
    428: "The revision is missing",
    429: "The account has proposed enough for a day; see Retry-After",
}


def change_schemas() -> dict[str, Schema]:
    """The named shapes."""
    return {
        "LineChange": _line_change(),
        "EntryChange": {
            "type": "object",
            "properties": {
                "title": {**TEXT, "minLength": 1, "maxLength": 200},
                "area": {**TEXT, "maxLength": 200},
                "asks_for": {**TEXT, "maxLength": 2000},
                "contact_points": {**several(ref("LineChange")), "maxItems": MOST_ROWS},
                "reason": {**TEXT, "maxLength": 500},
            },
            "additionalProperties": False,
            "minProperties": 1,
        },
        "Proposal": record({"id": ID, "state": TEXT, "fields": several(TEXT), "proposed_at": INSTANT}),
        "Waiting": record({"entry": ref("Entry"), "proposal": ref("Proposal")}),
    }


def _line_change() -> Schema:
    return {
        "type": "object",
        "required": ["kind", "value"],
        "properties": {
            "kind": {"type": "string", "enum": list(rules.CONTACT_KINDS)},
            "value": {**TEXT, "minLength": 1},
            "replaces": {**TEXT, "description": "The value that stands now, where this one is to take its place"},
            "remove": {**TRUTH, "default": False},
            "label": TEXT,
            "hours": TEXT,
            "timezone": TEXT,
            "languages": several(TEXT),
            "published": {**TRUTH, "description": "Everybody may see it"},
        },
        "additionalProperties": False,
        "description": "A line of the post's own with this kind and value keeps what is not named; else it is new",
    }


def change_operation() -> dict[str, Any]:
    """`PATCH /entries/{entry_id}`."""
    match = {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The entry's `revision` in quotes, as you looked at it",
        "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    }
    problem = {MEDIA_TYPE: {"schema": ref("Problem")}}
    return {
        "operationId": "change_entry",
        "summary": "Change an entry, or propose to",
        "description": (
            "Fields that are not named stay. Of a number, an address, or who sees it, the old one stands until a "
            "second person has agreed, and readers are told that a change is being checked; the same holds for every "
            "field where the key's account may only propose. Lines that are not named stay."
        ),
        "security": [{"key": []}],
        "parameters": [{"name": "entry_id", "in": "path", "required": True, "schema": ID}, match],
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref("EntryChange")}}},
        "responses": {
            "200": _answer("All of it stands", "Entry"),
            "202": _answer("Some of it waits for a second person", "Waiting"),
            **{str(code): {"description": about, "content": problem} for code, about in PROBLEMS.items()},
        },
    }


def _answer(about: str, shape: str) -> dict[str, Any]:
    return {
        "description": about,
        "headers": {"ETag": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": ref(shape)}},
    }
