"""This week's tests of duty lines: what to say, when to ring, how long it took; noted by those who coordinate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask import Flask, abort, g, redirect, render_template, request
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response

from directory.accounts.people import rights
from directory.accounts.policy import NOTHING, Subject
from directory.confirmations import drill_days, drills, rules
from directory.confirmations.drills import AlreadySettled, CountryCoverage
from directory.confirmations.models import Drill
from directory.confirmations.rounds import Day
from directory.db import transaction
from directory.entries import answers
from directory.entries.entry import ContactLine, Entry
from directory.proposals.operations import subject_of
from directory.registry.models import Post
from directory.web import access, current, quotas
from directory.web.cards import Line, line_words, place_words
from directory.web.errors import show as show_error
from directory.web.identity import vault
from directory.web.translating import gettext as _
from directory.web.translating import locale_name
from directory.web.words import country_word

PURPOSE = "drill"
LONGEST = drills.MOST_SECONDS


@dataclass(frozen=True, slots=True)
class DrillWords:
    """A planned test as the pages write it. `line` is None where the line has left the entry."""

    id: str
    entry_id: str
    title: str
    institution: str
    of: str
    line: Line | None
    planned_on: date
    is_late: bool
    when: str
    tries: int
    outcome: str
    seconds: int | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class CountryLines:
    """The duty lines of one country: how many answered lately, how many never did, and the day of the next test."""

    name: str
    coverage: CountryCoverage
    is_late: bool


def attach(app: Flask) -> None:
    """`/coordination/drills`, and below it a page for each test with its stopwatch."""
    below = "/coordination/drills/<uuid:drill_id>"
    app.add_url_rule("/coordination/drills", "drills", show)
    app.add_url_rule(below, "drill", show_one)
    app.add_url_rule(f"{below}/start", "start_drill", start, methods=["POST"])
    app.add_url_rule(below, "record_drill", record, methods=["POST"])
    app.register_error_handler(AlreadySettled, _already_settled)


def subject_of_drill(drill_id: object) -> Subject:
    """The entry whose line is tested, as the policy sees it."""
    session = current.session()
    drill = session.get(Drill, str(drill_id))
    post = session.get(Post, drill.post_id) if drill else None
    return subject_of(post) if post else NOTHING


@access.signed_in
def show() -> str:
    """What is to be tested this week; to those who test nothing the page is not there."""
    g.no_store = True
    session, site = current.session(), current.site()
    countries = _countries()
    if countries is not None and not countries:
        abort(404)
    return render_template(
        "drills/drills.html",
        waiting=_words(drills.of_week(session, countries, site.today())),
        done=_words(drills.done(session, countries)),
        coverage=drills.coverage(session, site.today(), countries),
        by_country=_by_country(countries),
        proven_days=drills.PROVEN_DAYS,
    )


@access.allowed("record_drill", subject_of_drill)
def show_one(drill_id: object) -> Response:
    """The number, what to say, and how it went."""
    return _page(drill_id)


@access.allowed("record_drill", subject_of_drill)
def start(drill_id: object) -> Response:
    """The stopwatch starts in the page itself: a signed moment in its form, nothing in the database."""
    now = current.site().now()
    return _page(drill_id, started=vault().sign(f"{drill_id} {now.isoformat()}", PURPOSE), started_at=now)


@access.allowed("record_drill", subject_of_drill)
def record(drill_id: object) -> Response:
    """How it went; the seconds come from the stopwatch, or from whoever counted."""
    session, site = current.session(), current.site()
    outcome, method = request.form.get("how", ""), request.form.get("method", "call")
    now = site.now()
    seconds, is_number = _seconds(str(drill_id), now)
    if outcome not in drills.OUTCOMES or method not in drills.METHODS or not is_number:
        problem = _("Say how it went.") if is_number else _("Seconds are a whole number, such as 20.")
        return _page(drill_id, status=422, problem=problem)
    by = current.account().id
    with transaction(session):
        drill = session.get(Drill, str(drill_id)) or abort(404)
        day = Day(now, site.today(), site.timeline)
        drills.record(session, drill, outcome, method=method, seconds=seconds, by=by, day=day)
    return redirect("/coordination/drills", 303)


def _seconds(drill_id: str, now: datetime) -> tuple[int | None, bool]:
    """Those since the start, else those typed; and whether what was typed is a number at all."""
    started = vault().unsign(request.form.get("started", ""), PURPOSE, seconds=LONGEST)
    whose, _blank, moment = (started or "").partition(" ")
    if moment and whose == drill_id:
        return max(0, int((now - datetime.fromisoformat(moment)).total_seconds())), True
    typed = request.form.get("seconds", "").strip()
    if not typed:
        return None, True
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= 4
    return (int(typed) if is_number else None), is_number


def _countries() -> list[str] | None:
    """The countries this person tests lines of; None for all of them."""
    person, table = current.person(), rights()
    if any(table.cell(grant.role, "record_drill", "other") != "no" for grant in person.grants):
        return None
    found = [g.country for g in person.grants if table.cell(g.role, "record_drill", "country") != "no"]
    return sorted({country for country in found if country})


def _by_country(countries: list[str] | None) -> list[CountryLines]:
    """Every country of theirs that has duty lines, by name."""
    today = current.site().today()
    found = drills.coverage_by_country(current.session(), today, countries)
    rows = [
        CountryLines(country_word(code), one, is_late=one.next_on is not None and one.next_on < today)
        for code, one in found.items()
    ]
    return sorted(rows, key=lambda row: row.name)


def _page(
    drill_id: object, *, status: int = 200, started: str = "", started_at: datetime | None = None, problem: str = ""
) -> Response:
    g.no_store = True
    drill = current.session().get(Drill, str(drill_id)) or abort(404)
    (words,) = _words([drill]) or [abort(404)]
    quotas.give(list(answers.entries_with([drill.post_id], current.desk())), path="page")
    page = render_template(
        "drills/drill.html",
        drill=words,
        started=started,
        started_at=started_at,
        problem=problem,
        name=current.account().name,
    )
    return Response(page, status, mimetype="text/html")


def _words(found: list[Drill]) -> list[DrillWords]:
    """In words, each with the line as whoever looks may see it."""
    desk, session = current.desk(), current.session()
    entries = {entry.id: entry for entry in answers.entries_with([drill.post_id for drill in found], desk)}
    tries = drills.tries_of(session, found)
    return [_one(drill, entries[drill.post_id], tries[drill.id]) for drill in found if drill.post_id in entries]


def _one(drill: Drill, entry: Entry, tries: int) -> DrillWords:
    desk = current.desk()
    line = next((line for line in entry.contact_lines if line.id == drill.contact_point_id), None)
    return DrillWords(
        id=drill.id,
        entry_id=entry.id,
        title=entry.title,
        institution=entry.institution.name,
        of=f"{entry.institution.name} · {place_words(entry)}",
        line=line_words(line, entry, desk.now, locale_name()) if line else None,
        planned_on=drill.planned_on,
        is_late=drill.settled_at is None and drill.planned_on < desk.today,
        when=_when(drill, line),
        tries=tries,
        outcome=outcome_word(drill.outcome or ""),
        seconds=drill.seconds,
        settled_at=drill.settled_at,
    )


def _when(drill: Drill, line: ContactLine | None) -> str:
    words = {"office": _("in office hours"), "evening": _("in the evening"), "night": _("at night")}
    half = rules.half_year_of(drill.planned_on)
    return words[drill_days.time_of_day(drill.contact_point_id, line.hours if line else "", half)]


def outcome_word(outcome: str) -> str:
    """How it went, in words."""
    words = {"answered": _("Answered"), "no_answer": _("No answer, twice"), "wrong": _("Somebody else")}
    return words.get(outcome, "")


def _already_settled(_error: AlreadySettled) -> Response:
    return show_error(Conflict(_("Somebody else has noted this test meanwhile.")))
