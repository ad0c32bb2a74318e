"""Answers and single entries."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Flask, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.entries import answers, overview
from directory.entries.answers import Answer, Desk
from directory.entries.entry import Entry
from directory.registry.models import Removal
from directory.search.reading import Reading
from directory.web import access, current, notes, outcomes, quotas, reasons, responsibilities, shown
from directory.web.cards import card, freshness_words, lines_of, local_language, place_words
from directory.web.chips import chips_of
from directory.web.readings import reading_from_args, reading_to_args
from directory.web.sides import sides_of
from directory.web.translating import locale_name
from directory.web.words import country_word

PAGE_SIZE = 20
LAST_PAGE = 500


def attach(app: Flask) -> None:
    """`/entries`, `/entries/<uuid>`."""
    app.add_url_rule("/entries", "entries", show_answer)
    app.add_url_rule("/entries/<uuid:entry_id>", "entry", show_entry)


@access.public
def show_answer() -> str:
    """The entries a reading asks for; without a reading, how to ask."""
    taxonomy = current.taxonomy()
    reading = reading_from_args(request.args, taxonomy)
    note = notes.take(request)
    if reading.is_empty:
        codes = overview.participating_countries(current.session())
        return render_template("entries/ask.html", note=note, sops=taxonomy.sops, countries=_named(codes))
    page = min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
    desk, offset = current.desk(), (page - 1) * PAGE_SIZE
    answer = answers.answer(reading, desk, limit=PAGE_SIZE, offset=offset)
    chips = chips_of(reading, taxonomy)
    level = 3 if len(reading.countries) > 1 else 2
    return render_template(
        "entries/answer.html",
        answer=answer,
        sides=sides_of(answer, shown.cards(answer.entries, desk, level=level), note.mentions, offset=offset),
        chips=chips,
        note=note,
        reason=reasons.sentence(answer, chips),
        stand_ins=shown.cards(answer.fallback.entries, desk) if answer.fallback else [],
        narrower=_narrower(answer, reading),
        countries=_named(overview.participating_countries(desk.session)) if not answer.total else [],
        now=desk.now,
        **_paging(reading, answer, page),
    )


def _named(codes: list[str]) -> list[tuple[str, str]]:
    return [(code, country_word(code)) for code in codes]


def _narrower(answer: Answer, reading: Reading) -> list[tuple[str, int, str]]:
    """Where no country was named: each country with its count and the address of that part of the answer."""
    counts = answer.facets.get("country", {})
    if reading.countries or len(counts) < 2:
        return []
    args = reading_to_args(reading)
    named = sorted((country_word(code), code, count) for code, count in counts.items())
    return [(name, count, f"/entries?{urlencode([('country', code), *args])}") for name, code, count in named]


def _paging(reading: Reading, answer: Answer, page: int) -> dict[str, Any]:
    return {
        "query": urlencode(reading_to_args(reading)),
        "page": page,
        "pages": min(-(-answer.total // PAGE_SIZE), LAST_PAGE),
        "export_limit": current.site().settings.visitor_export_limit,
    }


@access.public
def show_entry(entry_id: object) -> str | Response:
    """One entry; one that is gone says so, one that moved leads on."""
    desk = current.desk()
    entry = answers.one_entry(str(entry_id), desk)
    if entry is None:
        return _gone(str(entry_id), desk)
    quotas.give([entry], path="page")
    return entry_page(entry, desk)


def entry_page(entry: Entry, desk: Desk, *, seen_as: str = "") -> str:
    """The page of one entry; with `seen_as`, words above it say through whose eyes it is shown."""
    duties = responsibilities.details(entry)
    colleagues = [e for e in overview.entries_of_institution(entry.institution.id, desk) if e.id != entry.id]
    return render_template(
        "entries/entry.html",
        entry=entry,
        seen_as=seen_as,
        card=card(entry, desk.now, locale_name()),
        lines=lines_of(entry, desk),
        answers_for=duties,
        for_all=responsibilities.shared_limits(duties),
        place=place_words(entry),
        local_language=local_language(entry),
        freshness=freshness_words(entry),
        colleagues=colleagues[:8],
        now=desk.now,
        colleague_count=len(colleagues),
        reached=outcomes.reached_by_readers(entry),
        met=outcomes.met_by_others(entry),
    )


def _gone(entry_id: str, desk: Desk) -> Response:
    gone = desk.session.get(Removal, entry_id)
    if gone is None:
        abort(404)
    if gone.redirect_id:
        return redirect(f"/entries/{gone.redirect_id}", 301)
    return Response(render_template("entries/gone.html", gone=gone), 410, mimetype="text/html")
