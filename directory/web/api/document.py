"""`/api/v1/openapi.json`: the API described for software, with the ids of the taxonomy in force."""

from __future__ import annotations

from typing import Any

from flask import json, request
from werkzeug.wrappers import Response

from directory.sops.taxonomy import Taxonomy
from directory.web import access, current
from directory.web.api import requests
from directory.web.api.changes_document import change_operation, change_schemas
from directory.web.api.shapes import ID, INSTANT, Schema, ref, schemas
from directory.web.problems import MEDIA_TYPE

ABOUT = (
    "Who handles what, in which country. Entries are given as the caller may see them; what they may not see is "
    "absent. A key made to write may change an entry: plain fields stand at once, a number, an address or who may see "
    "it waits for a second person. Times are ISO 8601 in UTC. Errors are problems (RFC 9457) with a "
    "sentence a person can act on."
)
KEYS = (
    "A key made at /account/api-keys opens what its account sees, never more than its scopes, and counts against its "
    "quotas; without one everything is the public layer. Restricted numbers are never given through a key."
)
FILTERS = {
    "country": ("CountryCode", "The country an entry answers for"),
    "host": ("CountryCode", "The country where it sits"),
    "sop": ("SopNumber", "The procedure it answers for"),
    "measure": ("MeasureId", "The measure it answers for"),
    "role": ("Role", "Its role"),
    "type": ("InstitutionType", "The kind of institution it stands in"),
    "group": ("TargetGroup", "The group of people it answers for"),
    "exploitation": ("Exploitation", "The form of exploitation it answers for"),
    "language": ("Language", "A language in which it answers"),
}


@access.public
def show() -> Response:
    """The document."""
    requests.check_names(request.args, ())
    shape = document(current.taxonomy(), current.site().settings.base_url)
    return Response(json.dumps(shape, ensure_ascii=False, sort_keys=False), content_type="application/json")


def document(taxonomy: Taxonomy, base_url: str) -> dict[str, Any]:
    """OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "TRM Directory", "version": "1", "description": ABOUT},
        "servers": [{"url": f"{base_url.rstrip('/')}/api/v1"}],
        "paths": {
            "/ask": {"post": _ask()},
            "/entries": {"get": _entries()},
            "/entries/{entry_id}": {"get": _entry(), "patch": change_operation()},
            "/countries": {"get": _listing("countries", "Countries", "The countries that take part, and others")},
            "/sops": {"get": _listing("sops", "Sops", "Procedures, measures, steps, and every id in use")},
            "/openapi.json": {"get": _own()},
        },
        "security": [{}, {"key": []}],
        "components": {
            "schemas": {**schemas(taxonomy), **change_schemas()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": KEYS}},
        },
    }


def _ask() -> dict[str, Any]:
    return {
        "operationId": "ask",
        "summary": "Ask in words",
        "description": (
            "The question is read into filters, and answered; where nobody is listed, `fallback` holds the next best "
            "and the reason. A question that looks like personal data is not searched: `reading.warnings` names what "
            "was seen, and there are no entries. Never cached, never logged."
        ),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _question_schema()}},
        },
        "responses": {"200": _json_answer("The answer", ref("Answer")), **_problems(400, 401, 413, 415, 429, 503)},
    }


def _question_schema() -> Schema:
    limit = {"type": "integer", "minimum": 1, "maximum": requests.MOST, "default": requests.LIMIT}
    return {
        "allOf": [ref("Question")],
        "properties": {"question": True, "limit": limit},
        "additionalProperties": False,
    }


def _entries() -> dict[str, Any]:
    return {
        "operationId": "list_entries",
        "summary": "Entries by filters, or what changed since an instant",
        "description": (
            "Values of one filter are alternatives, filters narrow one another. Without `changed_since` the best come "
            "first, as on the site. With it entries come in order of change, and the first pages name in `removed` "
            "every entry taken out since; start with 1970-01-01 for a copy of everything, and ask again with the "
            "newest `changed_at` you hold, less an hour: a change may be committed some time after the instant it "
            "names. An entry you hold in the same `revision` is one you have already. `cursor` goes on where a page "
            "ended, everything else unchanged. A page may be short, even empty, while `next_cursor` is not null."
        ),
        "parameters": _entries_parameters(),
        "responses": {"200": _json_answer("A page of entries", ref("EntryPage")), **_problems(400, 401, 403, 429, 503)},
    }


def _entries_parameters() -> list[dict[str, Any]]:
    day = {"type": "string", "format": "date"}
    return [
        *(_query(name, about, {"type": "array", "items": ref(shape)}) for name, (shape, about) in FILTERS.items()),
        _query("urgent", "1: who answers day and night first", {"type": "string", "enum": ["0", "1"]}),
        _query(
            "words",
            "Words an entry has: at most 20, of at most 100 characters each; not with changed_since",
            {"type": "array", "items": {"type": "string"}},
        ),
        _query("changed_since", "An instant with its zone, or a day (UTC)", {"anyOf": [INSTANT, day]}),
        _query("cursor", "The next_cursor of the page before", {"type": "string"}),
        _query(
            "limit",
            "At most so many entries",
            {"type": "integer", "minimum": 1, "maximum": requests.MOST, "default": requests.LIMIT},
        ),
    ]


def _query(name: str, about: str, schema: Schema) -> dict[str, Any]:
    spread = {"style": "form", "explode": True} if schema.get("type") == "array" else {}
    return {"name": name, "in": "query", "description": about, "schema": schema, **spread}


def _entry() -> dict[str, Any]:
    kept = {"name": "If-None-Match", "in": "header", "description": "The ETag you hold", "schema": {"type": "string"}}
    answer = _json_answer("The entry", ref("Entry"))
    answer["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return {
        "operationId": "get_entry",
        "summary": "One entry",
        "parameters": [{"name": "entry_id", "in": "path", "required": True, "schema": ID}, kept],
        "responses": {
            "200": answer,
            "304": {"description": "Unchanged since the ETag you hold"},
            **_problems(400, 401, 404, 410, 429),
        },
    }


def _listing(name: str, shape: str, summary: str) -> dict[str, Any]:
    return {
        "operationId": f"list_{name}",
        "summary": summary,
        "responses": {"200": _json_answer(summary, ref(shape)), **_problems(400, 401)},
    }


def _own() -> dict[str, Any]:
    return {
        "operationId": "describe",
        "summary": "This document",
        "responses": {"200": _json_answer("OpenAPI 3.1", {"type": "object"}), **_problems(400, 401)},
    }


def _json_answer(about: str, schema: Schema) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": schema}}}


def _problems(*codes: int) -> dict[str, Any]:
    about = {
        400: "A parameter is unknown or odd; `parameter` names it",
        401: "The key is not known, or it has ended",
        403: "The key is not made for that",
        404: "No such entry, or not open to the caller",
        410: "The entry was removed",
        413: "The request is too large",
        415: "The question is not JSON",
        429: "The day's quota is used up; see Retry-After",
        503: "Searching is being prepared; see Retry-After",
    }
    content = {MEDIA_TYPE: {"schema": ref("Problem")}}
    return {str(code): {"description": about[code], "content": content} for code in codes}
