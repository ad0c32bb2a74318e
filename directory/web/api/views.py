"""The answers of the API: the same entries as the pages, in the shapes of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import json, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from directory.accounts import traps
from directory.entries import answers, asking, changes, overview
from directory.entries.answers import Desk
from directory.entries.changes import ChangePage, Place, RemovalPlace, RemovedPage
from directory.entries.entry import Entry
from directory.exports.answer_json import asked_json
from directory.exports.context import instant
from directory.exports.json_entry import entry_json
from directory.registry.countries import KOSOVO, country_name
from directory.registry.models import Removal
from directory.search.reading import Reading
from directory.sops.taxonomy import Sop
from directory.web import access, current, quotas
from directory.web.api import requests
from directory.web.api.cursors import AnswerPlace, read_cursor, write_cursor
from directory.web.files import exact_answer, export_context, filters_of, known_reading
from directory.web.problems import Problem


@access.public
def ask() -> Response:
    """A question in words. One that looks like personal data is not searched: `warnings` say so, nothing is found."""
    wanted = requests.read_ask(request)
    site, session = current.site(), current.session()
    asked = asking.ask(wanted.question, site.reader(session), current.desk(), limit=wanted.limit)
    stands_in = asked.answer.fallback.entries if asked.answer.fallback else ()
    quotas.give([*asked.answer.entries, *stands_in], path="api")
    response = _json(asked_json(asked, export_context("")))
    response.headers["Cache-Control"] = "no-store"
    return response


@access.public
def entries() -> Response:
    """Entries by filters, best first; with `changed_since`, what changed and what was removed, in that order."""
    args = request.args
    requests.check_names(args, requests.ENTRIES_PARAMETERS)
    reading, limit = known_reading(args), requests.read_limit(args)
    since = requests.read_instant(args, "changed_since")
    if since is None:
        return _json(_answer_page(args, reading, limit))
    if reading.words:
        raise Problem(400, "words and changed_since do not go together: drop one of them.", parameter="words")
    return _json(_change_page(args, reading, since, limit))


def _answer_page(args: MultiDict[str, str], reading: Reading, limit: int) -> dict[str, Any]:
    desk = current.desk()
    place = _place(args) or AnswerPlace(0, desk.now)
    if not isinstance(place, AnswerPlace):
        raise Problem(400, "cursor belongs to a walk with changed_since.", parameter="cursor")
    # Who can be reached now comes first: a walk keeps the instant it began with, or pages would overlap.
    found, total = _stretch(reading, replace(desk, now=place.at), place.offset, limit)
    end = place.offset + limit
    quotas.give(found, path="api")
    return _page(found, write_cursor(AnswerPlace(end, place.at), args) if end < total else None, [])


def _place(args: MultiDict[str, str]) -> AnswerPlace | Place | RemovalPlace | None:
    """Where the walk stands; who tries to forge a place rings a bell."""
    try:
        return read_cursor(args)
    except Problem:
        quotas.ring_after("cursor", quotas.mark_of(args.get("cursor", "")), traps.BAD_CURSORS)
        raise


def _stretch(reading: Reading, desk: Desk, offset: int, limit: int) -> tuple[list[Entry], int]:
    """Entries `offset` to `offset + limit`. Only the first REORDER are put in order anew, so they are asked apart."""
    within = min(limit, max(0, answers.REORDER - offset))
    found: list[Entry] = []
    total = 0
    for start, count in ((offset, within), (offset + within, limit - within)):
        if count:
            answer = exact_answer(reading, desk, limit=count, offset=start)
            found += answer.entries
            total = max(total, answer.total)
    return found, total


def _change_page(args: MultiDict[str, str], reading: Reading, since: datetime, limit: int) -> dict[str, Any]:
    desk = current.desk()
    place = _place(args)
    if isinstance(place, AnswerPlace):
        raise Problem(400, "cursor belongs to a walk without changed_since.", parameter="cursor")
    gone, page = RemovedPage(), ChangePage((), None)
    if not isinstance(place, Place):
        gone = changes.removed_since(desk.session, since, after=place)
    if gone.after is None:  # what is gone comes first; more of it than a page holds has pages of its own
        after = place if isinstance(place, Place) else None
        page = changes.changed_entries(reading, desk, current.taxonomy(), since=since, after=after, limit=limit)
    quotas.give(page.entries, path="api", kind=quotas.sync_kind(), filters=filters_of(reading))
    end = gone.after or page.after
    return _page(
        page.entries,
        write_cursor(end, args) if end else None,
        [{"id": one.id, "at": instant(one.at), "redirect": one.redirect} for one in gone.removed],
    )


def _page(found: Sequence[Entry], next_cursor: str | None, removed: list[dict[str, Any]]) -> dict[str, Any]:
    context = export_context("")
    return {
        "entries": [entry_json(entry, context) for entry in found],
        "next_cursor": next_cursor,
        "removed": removed,
    }


@access.public
def entry(entry_id: object) -> Response:
    """One entry, with an ETag; one that is gone says so, and where it went."""
    requests.check_names(request.args, ())
    desk = current.desk()
    found = answers.one_entry(str(entry_id), desk)
    if found is None:
        gone = desk.session.get(Removal, str(entry_id))
        if gone is None:
            raise Problem(404, "There is no such entry, or it is not open to you.")
        went = f" It went to {gone.redirect_id}." if gone.redirect_id else ""
        raise Problem(410, f"This entry was removed on {gone.at:%Y-%m-%d}.{went}")
    quotas.give([found], path="api")
    response = _json(entry_json(found, export_context("")))
    response.add_etag()
    return response.make_conditional(request)


@access.public
def countries() -> Response:
    """The countries that take part, and others with entries."""
    requests.check_names(request.args, ())
    settings = current.site().settings
    lines = [
        {
            "code": line.code,
            "name": country_name(line.code, kosovo=settings.kosovo_name),
            "participating": line.is_participating,
            "entry_count": line.entry_count,
            **({"footnote": settings.kosovo_footnote} if line.code == KOSOVO else {}),
        }
        for line in overview.countries(current.desk())
    ]
    return _json({"countries": lines})


@access.public
def sops() -> Response:
    """The procedures with measures and steps, and every id that filters and readings use."""
    requests.check_names(request.args, ())
    taxonomy = current.taxonomy()
    terms = {
        "roles": taxonomy.roles,
        "institution_types": taxonomy.institution_types,
        "target_groups": taxonomy.target_groups,
        "exploitation": taxonomy.exploitation_forms,
    }
    return _json(
        {
            "version": taxonomy.version,
            "status": taxonomy.status,
            "sops": [_sop(sop) for sop in taxonomy.sops],
            **{name: [{"id": t.id, "label": t.label} for t in known.values()] for name, known in terms.items()},
        }
    )


def _sop(sop: Sop) -> dict[str, Any]:
    return {
        "id": sop.id,
        "key": sop.key,
        "name": sop.name,
        "names": dict(sop.names),
        "source": _source(is_public=sop.is_public),
        "measures": [
            {
                "id": measure.id,
                "name": measure.name,
                "phase": measure.phase,
                "what": measure.what,
                "source": _source(is_public=measure.is_public),
                "roles": list(measure.roles),
                "steps": [
                    {"text": s.text, "source": _source(is_public=s.is_public), "for_children": s.for_children}
                    for s in measure.steps
                ],
            }
            for measure in sop.measures
        ],
    }


def _source(*, is_public: bool) -> str:
    return "public" if is_public else "reconstructed"


def _json(shape: dict[str, Any]) -> Response:
    return Response(json.dumps(shape, ensure_ascii=False, sort_keys=False), content_type="application/json")
