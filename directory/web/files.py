"""Entries to take along: one card or code, one answer as cards, sheets, JSON or a list; whole or refused."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from flask import Flask, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from directory.entries import answers
from directory.entries.answers import Answer, Desk
from directory.entries.entry import Entry
from directory.entries.viewer import PUBLIC
from directory.exports import KINDS, CannotExport, CannotPrint, ExportContext, FileKind, SheetStyle, write_export
from directory.exports.context import PROFILES, SEPARATORS, VISITOR
from directory.exports.pdf_file import check_printing
from directory.exports.qr import code_of, code_svg, short_card
from directory.exports.words import filter_words
from directory.search.reading import Reading
from directory.web import access, current, problems, quotas
from directory.web.layout import SANDBOX
from directory.web.problems import Problem
from directory.web.readings import reading_from_args, reading_to_args, unknown_values

OFFERED = ("vcard", "csv", "xlsx", "json", "pdf")


def attach(app: Flask) -> None:
    """`/entries/<uuid>.vcf`, `/entries/<uuid>/qr.svg`, `/entries.vcf`, `.csv`, `.xlsx`, `.json`, `.pdf`."""
    problems.attach(app)
    app.add_url_rule("/entries/<uuid:entry_id>.vcf", "entry_card", entry_card)
    app.add_url_rule("/entries/<uuid:entry_id>/qr.svg", "entry_code", entry_code)
    for kind in OFFERED:
        app.add_url_rule(f"/entries.{KINDS[kind].suffix}", f"entries_{kind}", answer_file, defaults={"kind": kind})


@access.public
def entry_card(entry_id: object) -> Response:
    """One entry for the phone."""
    entry = _one(entry_id)
    quotas.give([entry], kind="export", path="vcf")
    return _download(KINDS["vcard"], [entry], export_context("one entry"), "entry.vcf")


@access.public
def entry_code(entry_id: object) -> Response:
    """One entry as a code to hold a phone's camera to."""
    entry = _one(entry_id)
    quotas.give([entry], kind="export", path="qr")
    picture = code_svg(code_of(short_card(entry, export_context("one entry"))), entry.title)
    return _closed(Response(picture, content_type="image/svg+xml"))


@access.public
def answer_file(kind: str) -> Response:
    """One answer as a file, filtered like `/entries`; a CSV has `profile` and `separator`, JSON `profile=hsds`."""
    found, style = _kind_and_style(kind)
    reading = known_reading(request.args)
    answer = _answer_in_file(found, reading)
    if not answer.entries and not found.may_be_empty:
        raise Problem(404, "No entry matches, so there is nothing to put into a file.")
    if found.name == "pdf":
        _check_printing()
    quotas.give_file(answer.entries, name=found.name, filters=filters_of(reading))
    settings = current.site().settings
    words = filter_words(reading, current.taxonomy(), kosovo=settings.kosovo_name)
    context = replace(
        export_context(words),
        for_whom=_for_whom(found),
        page_url=f"{settings.base_url.rstrip('/')}/entries?{urlencode(reading_to_args(reading))}",
        style=style,
    )
    named = "" if style.profile == "plain" and found.name != "hsds" else f"-{request.args['profile']}"
    return _download(found, list(answer.entries), context, f"entries{named}.{found.suffix}")


def _one(entry_id: object) -> Entry:
    entry = answers.one_entry(str(entry_id), current.desk())
    if entry is None:
        raise Problem(404, "There is no such entry, or it is not open to you.")
    return entry


def _kind_and_style(kind: str) -> tuple[FileKind, SheetStyle]:
    """What the address asks for; refused by name, like a filter, where nobody knows it."""
    profile, separator = request.args.get("profile", "plain"), request.args.get("separator", "comma")
    profiles = {"csv": PROFILES, "json": ("plain", "hsds")}.get(kind, ("plain",))
    if profile not in profiles:
        raise Problem(400, f"This file has no such profile; choose one of {', '.join(profiles)}.", parameter="profile")
    if separator not in (SEPARATORS if kind == "csv" else ("comma",)):
        raise Problem(400, "Cells are parted by comma or by semicolon, in a CSV only.", parameter="separator")
    if profile == "hsds":
        return KINDS["hsds"], SheetStyle()
    return KINDS[kind], SheetStyle(profile, SEPARATORS[separator])


def _answer_in_file(kind: FileKind, reading: Reading) -> Answer:
    """The whole answer. Raises Problem where it is more than a file of this kind, or this person, may hold."""
    limit = min(quotas.most_in_file(), kind.most or quotas.most_in_file())
    desk = current.site().desk(current.session(), PUBLIC) if kind.is_public_only else current.desk()
    answer = exact_answer(reading, desk, limit=limit)
    if answer.total > limit:
        raise Problem(
            422,
            f"This answer has {answer.total} entries; a file holds at most {limit}. "
            "Narrow it by country, procedure or role.",
        )
    if answer.total > current.site().settings.visitor_export_limit:
        quotas.refuse_unless_own_country(answer.entries)
    return answer


def _check_printing() -> None:
    """Before it is counted: whether this machine can make lists at all."""
    try:
        check_printing()
    except CannotPrint as error:
        raise Problem(501, f"{error}.") from error


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
        timezone=site.settings.timezone,
    )


def _for_whom(kind: FileKind) -> str:
    """Whoever has the file can say who took it; what everybody may have says so."""
    who = current.identity().signed_in()
    return VISITOR if kind.is_public_only or who is None or not who.is_complete else str(who.account.name)


def _download(kind: FileKind, entries: list[Entry], context: ExportContext, name: str) -> Response:
    """The file as a download that no browser renders or runs; made whole before the first byte leaves."""
    try:
        content = write_export(kind.name, entries, context=context)
    except CannotExport as error:
        raise Problem(422, f"{error}.") from error
    response = Response(content, content_type=kind.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return _closed(response)


def _closed(response: Response) -> Response:
    """What no browser renders as a page, runs or keeps."""
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
