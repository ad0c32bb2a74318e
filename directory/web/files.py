"""Entries to take along: one card, or one answer as cards, sheet or JSON; whole or refused, never silently short."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from directory.entries import answers
from directory.entries.answers import Answer, Desk
from directory.entries.entry import Entry
from directory.exports import CannotExport, ExportContext, write_export
from directory.exports.words import filter_words
from directory.search.reading import Reading
from directory.web import access, current, problems, quotas
from directory.web.layout import SANDBOX
from directory.web.problems import Problem
from directory.web.readings import reading_from_args, reading_to_args, unknown_values

MEDIA_TYPES = {
    "vcard": "text/vcard; charset=utf-8",
    "csv": "text/csv; charset=utf-8; header=present",
    "json": "application/json",
}
NAMES = {"vcard": "entries.vcf", "csv": "entries.csv", "json": "entries.json"}


def attach(app: Flask) -> None:
    """`/entries/<uuid>.vcf`, `/entries.vcf`, `/entries.csv`, `/entries.json`."""
    problems.attach(app)
    app.add_url_rule("/entries/<uuid:entry_id>.vcf", "entry_card", entry_card)
    for kind, name in NAMES.items():
        app.add_url_rule(f"/{name}", f"entries_{kind}", answer_file, defaults={"kind": kind})


@access.public
def entry_card(entry_id: object) -> Response:
    """One entry for the phone."""
    entry = answers.one_entry(str(entry_id), current.desk())
    if entry is None:
        raise Problem(404, "There is no such entry, or it is not open to you.")
    quotas.give([entry], kind="export", path="vcf")
    return _download("vcard", [entry], export_context("one entry"), "entry.vcf")


@access.public
def answer_file(kind: str) -> Response:
    """One answer as a file, with the filters of `/entries`."""
    taxonomy, settings = current.taxonomy(), current.site().settings
    reading = known_reading(request.args)
    limit = quotas.most_in_file()
    answer = exact_answer(reading, current.desk(), limit=limit)
    if answer.total > limit:
        raise Problem(
            422,
            f"This answer has {answer.total} entries; a file holds at most {limit}. "
            "Narrow it by country, procedure or role.",
        )
    if answer.total > settings.visitor_export_limit:
        quotas.refuse_unless_own_country(answer.entries)
    words = filter_words(reading, taxonomy, kosovo=settings.kosovo_name)
    file = _download(kind, list(answer.entries), export_context(words), NAMES[kind])
    quotas.give_file(answer.entries, name=kind, filters=filters_of(reading))
    return file


def filters_of(reading: Reading) -> str:
    """The filters as ids, for the log of who took what; words that were typed are not kept."""
    pairs = [f"{name}={value}" for name, value in reading_to_args(reading) if name != "words"]
    return "&".join([*pairs, *(["words"] if reading.words else [])])


def exact_answer(reading: Reading, desk: Desk, *, limit: int, offset: int = 0) -> Answer:
    """The answer of the pages, but words count: where the index leaves out a word nothing has, nothing is found."""
    if reading.words and desk.index.search(answers.to_query(reading, desk, limit=1)).dropped:
        return Answer(reading, (), 0)
    return answers.answer(reading, desk, limit=limit, offset=offset)


def known_reading(args: MultiDict[str, str]) -> Reading:
    """The reading in an address, refusing an id nobody knows: leaving it out would widen the answer unseen."""
    taxonomy = current.taxonomy()
    for unknown in unknown_values(args, taxonomy):
        raise Problem(
            400, f"“{unknown.value}” is not known for {unknown.name}. See /api/v1/sops.", parameter=unknown.name
        )
    return reading_from_args(args, taxonomy)


def export_context(words: str) -> ExportContext:
    """What a file of this site says about itself."""
    site = current.site()
    return ExportContext(
        base_url=site.settings.base_url,
        taxonomy=current.taxonomy(),
        now=site.now(),
        kosovo_footnote=site.settings.kosovo_footnote,
        kosovo_name=site.settings.kosovo_name,
        filter_words=words,
    )


def _download(kind: str, entries: list[Entry], context: ExportContext, name: str) -> Response:
    """The file as a download that no browser renders or runs."""
    try:
        content = write_export(kind, entries, context=context)
    except CannotExport as error:
        raise Problem(404, f"{error}.") from error
    response = Response(content, content_type=MEDIA_TYPES[kind])
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
