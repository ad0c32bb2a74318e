"""`PATCH /api/v1/entries/<uuid>`: plain fields stand, guarded ones wait for a second person; with a key only."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any

from flask import g, json, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from directory.accounts.people import rights
from directory.db import transaction
from directory.entries import answers
from directory.entries.entry import ContactLine, Entry
from directory.exports.context import instant
from directory.exports.json_entry import entry_json
from directory.proposals import operations
from directory.proposals.operations import NotAllowed, Outcome, Outdated, TooManyProposals
from directory.registry.models import ContactPoint, Post
from directory.web import current
from directory.web.access import Access
from directory.web.files import export_context
from directory.web.forms import edits, lines
from directory.web.forms.edits import EntryForm
from directory.web.forms.lines import LineRow
from directory.web.problems import Problem
from directory.web.proposals import actor

MAX_BODY = 64 * 1024
TEXTS = ("title", "area", "asks_for", "reason")
# Of a contact point: what the request calls it, and the part of the form it becomes.
PARTS = {"kind": "kind", "value": "value", "label": "label", "hours": "hours", "timezone": "zone"}
LINE_FIELDS = (*PARTS, "languages", "published", "replaces", "remove")
GONE = "There is no such entry, or it is not open to you."


def with_write_key(view: Callable[..., Response]) -> Callable[..., Response]:
    """Only for a key made to write, whose account the rights file lets propose at least."""

    @wraps(view)
    def guarded(entry_id: object) -> Response:
        key = g.get("api_key")
        if key is None:
            detail = "Changing takes a key with the scope “write”. Make one at /account/api-keys."
            raise Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})
        if "write" not in key.scopes:
            raise Problem(403, "This key does not write: make one with the scope “write”.")
        post = current.session().get(Post, str(entry_id))
        if post is None or rights().may(current.person(), "edit_plain", operations.subject_of(post)) == "no":
            raise Problem(404, GONE)
        return view(entry_id)

    guarded.access = Access("allowed", "edit_plain")  # type: ignore[attr-defined]  # read by the site test
    return guarded


@with_write_key
def change_entry(entry_id: object) -> Response:
    """200 with the entry where all of it stands; 202 with the proposal where some of it waits."""
    body = read_body()
    revision = read_revision()
    entry, post = _found(entry_id)
    form = _form(body, entry, post, revision)
    wanted, restated = edits.wanted_post(form, post, current.taxonomy())
    _refuse_wrong(form, body)
    session, now = current.session(), current.site().now()
    try:
        with transaction(session):
            post = session.get_one(Post, post.id)
            outcome = operations.change_post(
                session, post, wanted, actor=actor("api"), now=now, reason=form.reason, revision=revision,
                restated=restated,
            )  # fmt: skip
    except Outdated:
        raise Problem(412, "The entry has changed since that revision: get it again, and look at both.") from None
    except NotAllowed:
        raise Problem(404, GONE) from None
    except TooManyProposals:
        raise Problem(429, "This account has proposed enough for a day.", headers={"Retry-After": "86400"}) from None
    return _answer(entry_id, outcome)


def read_revision() -> int:
    """The revision in `If-Match`. A star matches anything, so it keeps nobody from writing over somebody."""
    text = request.headers.get("If-Match", "").strip()
    if not text or text == "*":
        raise Problem(428, 'Say which revision you looked at: If-Match: "12", the entry\'s `revision` in quotes.')
    found = re.fullmatch(r'"([0-9]{1,9})"', text)
    if found is None:
        raise Problem(412, 'If-Match holds one revision in quotes, such as "12".')
    return int(found[1])


def read_body() -> Mapping[str, Any]:
    """The body as an object of known fields. Raises Problem naming what is not."""
    request.max_content_length = MAX_BODY
    if not request.is_json:
        raise Problem(415, "Send the change as JSON, with Content-Type: application/json.")
    try:
        body: Any = request.get_json()
    except HTTPException as error:
        if error.code == 413:
            raise
        raise Problem(400, 'The body is no JSON; it must look like {"title": "Return desk"}.') from None
    if not isinstance(body, dict):
        raise Problem(400, "The body must be a JSON object with the fields to change.")
    _refuse_unknown(body, (*TEXTS, "contact_points"), "")
    if not set(body) - {"reason"}:
        raise Problem(400, "The body names nothing to change.")
    _refuse_odd(body, TEXTS, "")
    return body


def _refuse_unknown(shape: Mapping[str, Any], known: Collection[str], prefix: str) -> None:
    for name in shape:
        if name not in known:
            detail = f"“{name}” is nothing that can be changed here; these are: {', '.join(known)}."
            raise Problem(400, detail, parameter=f"{prefix}{name}")


def _refuse_odd(shape: Mapping[str, Any], texts: Collection[str], prefix: str) -> None:
    for name in texts:
        if not isinstance(shape.get(name, ""), str):
            raise Problem(400, f"{name} must be a text.", parameter=f"{prefix}{name}")


def _found(entry_id: object) -> tuple[Entry, Post]:
    entry = answers.one_entry(str(entry_id), current.desk())
    post = current.session().get(Post, str(entry_id))
    if entry is None or post is None:
        raise Problem(404, GONE)
    return entry, post


def _form(body: Mapping[str, Any], entry: Entry, post: Post, revision: int) -> EntryForm:
    """The request as the form would have sent it."""
    return EntryForm(
        revision=revision,
        title=body.get("title", post.title),
        area=body.get("area", post.area),
        asks_for=body.get("asks_for", post.asks_for),
        rows=_rows(body.get("contact_points", []), entry, post),
        duty_rows=[],
        reason=body.get("reason", ""),
    )


def _rows(items: Any, entry: Entry, post: Post) -> list[LineRow]:
    if not isinstance(items, list) or len(items) > lines.MOST_ROWS:
        detail = f"contact_points must be a list of at most {lines.MOST_ROWS}."
        raise Problem(400, detail, parameter="contact_points")
    seen = {(line.kind, line.value): line for line in edits.seen_lines(entry, "post").values() if line.value}
    points = {point.id: point for point in post.contact_points}
    return [_row(n, item, seen, points) for n, item in enumerate(items)]


def _row(n: int, item: Any, seen: Mapping[tuple[str, str], ContactLine], points: Mapping[str, ContactPoint]) -> LineRow:
    """A line that stands keeps what is not named; one with `replaces` gets another value; any other is new."""
    _check_item(n, item)
    value, named = item.get("value", ""), item.get("replaces", item.get("value", ""))
    line = seen.get((item["kind"], named))
    if line is None and ("replaces" in item or item.get("remove")):
        detail = "No such line of the post's own stands in what you see: get the entry again."
        raise Problem(409, detail, parameter=f"contact_points[{n}]")
    start = LineRow(n) if line is None else lines.stored_row(n, points[line.id], line)
    typed = {part: item[name] for name, part in PARTS.items() if name in item}
    if "languages" in item:
        typed["languages"] = ", ".join(item["languages"])
    if "published" in item:
        typed["is_published"] = item["published"]
    return replace(start, **(typed | {"value": value, "is_removed": item.get("remove", False)}))


def _check_item(n: int, item: Any) -> None:
    at = f"contact_points[{n}]"
    if not isinstance(item, dict):
        raise Problem(400, "A contact point must be an object.", parameter=at)
    _refuse_unknown(item, LINE_FIELDS, f"{at}.")
    _refuse_odd(item, (*PARTS, "replaces"), f"{at}.")
    for name in ("kind", "value"):
        if not item.get(name, "").strip():
            raise Problem(400, f"{name} is needed.", parameter=f"{at}.{name}")
    for name in ("published", "remove"):
        if not isinstance(item.get(name, False), bool):
            raise Problem(400, f"{name} must be true or false.", parameter=f"{at}.{name}")
    tags = item.get("languages", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Problem(400, "languages must be a list of codes.", parameter=f"{at}.languages")


def _refuse_wrong(form: EntryForm, body: Mapping[str, Any]) -> None:
    """The first value that cannot stand, by the name it has in the request."""
    for name, sentence in form.errors.items():
        found = re.fullmatch(r"c-([0-9]+)-([a-z]+)", name)
        part = {"zone": "timezone"}.get(found[2], found[2]) if found else name
        parameter = f"contact_points[{found[1]}].{part}" if found else name
        raise Problem(400, f"{part} {sentence}.", parameter=parameter if found or name in body else "")


def _answer(entry_id: object, outcome: Outcome) -> Response:
    shape = entry_json(_found(entry_id)[0], export_context(""))
    revision, status = shape["revision"], 200
    if outcome.proposal is not None:
        proposal = outcome.proposal
        told = {
            "id": proposal.id,
            "state": proposal.state,
            "fields": sorted(proposal.after),
            "proposed_at": instant(proposal.at),
        }
        shape, status = {"entry": shape, "proposal": told}, 202
    response = Response(json.dumps(shape, ensure_ascii=False, sort_keys=False), status, content_type="application/json")
    response.set_etag(str(revision))
    response.headers["Cache-Control"] = "no-store"
    return response
