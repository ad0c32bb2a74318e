"""Returned letters that the circuit breaker holds: a person says whether they count or mean nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Flask, g, make_response, redirect, render_template, request
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response

from directory.accounts.grounds import Ground
from directory.confirmations import calls, held_reports, mailboxes
from directory.confirmations.held_reports import HeldDomain, HeldReport
from directory.db import transaction
from directory.entries import answers
from directory.mail import holding
from directory.web import access, current, doubles
from directory.web.calls import own_country
from directory.web.errors import show as show_error
from directory.web.outgoing import letter_word
from directory.web.translating import gettext as _
from directory.web.translating import ngettext

PLACE = "/coordination/letters/held"
MOST_AT_ONCE = 1000  # as many as fit into one form; the others come up once these are decided
DECISIONS = ("count", "set_aside", "put_back")


@dataclass(frozen=True, slots=True)
class ReportWords:
    """One returned letter, in words. `evidence` is what their server wrote: for staff."""

    id: str
    to: str
    what: str
    received_at: datetime
    status: str
    evidence: str


@dataclass(frozen=True, slots=True)
class DomainWords:
    """What is held about one mail domain, in words."""

    domain: str
    reasons: list[str]
    since_at: datetime
    reports: list[ReportWords]


@dataclass(frozen=True, slots=True)
class Marked:
    """An entry that would be marked: its page, and in words what it is."""

    href: str
    title: str
    of: str


def attach(app: Flask) -> None:
    """`/coordination/letters/held`: what is held, and what somebody decides about it."""
    app.add_url_rule(PLACE, "held_reports", show)
    app.add_url_rule(PLACE, "decide_held", decide, methods=["POST"])


@access.allowed("make_calls", own_country)
def show() -> Response:
    """By mail domain: why, since when, which letters; and what was set aside lately."""
    return _page()


@access.allowed("make_calls", own_country)
@doubles.repeats("report")
def decide() -> Response:
    """Count them, after a look at whom that marks; set them aside; or put back what was set aside."""
    choice, ids = request.form.get("do", ""), _ids(request.form.getlist("report"))
    if choice not in DECISIONS or not ids:
        return _page(422, problem=_("Choose reports, and whether they count or are set aside."))
    if choice == "count" and request.form.get("sure") != "yes":
        return _ask_first(ids)
    session, now, by = current.session(), current.site().now(), current.account().id
    with transaction(session):
        known = [one.received.id for one in _known(choice, ids, now)]
        if choice == "count":
            done = holding.release(session, known, by=by, now=now)
        elif choice == "set_aside":
            done = holding.dismiss(session, known, by=by, now=now)
        else:
            done = holding.hold_again(session, known, by=by, now=now)
    if not done:
        return _decided_meanwhile()
    return redirect(f"{PLACE}?{choice}={done}", 303)


def _ground() -> Ground:
    return calls.ground_of(current.person())


def _known(choice: str, ids: Collection[str], now: datetime) -> list[HeldReport]:
    """Those of their own letters only, in the state that the choice is about."""
    session = current.session()
    if choice == "put_back":
        return held_reports.those_set_aside(session, ids, _ground(), now=now)
    return held_reports.those_held(session, ids, _ground())


def _ids(texts: list[str]) -> list[str]:
    """What reads like an id: the rest is dropped."""
    found = []
    for text in texts[:MOST_AT_ONCE]:
        try:
            found.append(str(UUID(text)))
        except ValueError:
            continue
    return found


def _page(status: int = 200, *, problem: str = "") -> Response:
    g.no_store = True
    session, now, place = current.session(), current.site().now(), _ground()
    held = held_reports.held(session, place)
    page = render_template(
        "outgoing/held.html",
        domains=[_domain(one) for one in held],
        total=sum(len(one.reports) for one in held),
        aside=[_domain(one) for one in held_reports.set_aside(session, place, now=now)],
        back_days=held_reports.BACK_WITHIN.days,
        problem=problem,
        done=_done(),
    )
    return make_response(page, status)


def _ask_first(ids: Collection[str]) -> Response:
    """Counting cannot be taken back: first everything that it would mark."""
    g.no_store = True
    found = _known("count", ids, current.site().now())
    if not found:
        return _decided_meanwhile()
    marked, elsewhere = _marked(found)
    page = render_template(
        "outgoing/held_count.html",
        reports=[_report(one) for one in found],
        people=sorted({one.letter.to for one in found}),
        marked=marked,
        elsewhere=elsewhere,
    )
    return make_response(page)


def _marked(found: Collection[HeldReport]) -> tuple[list[Marked], int]:
    """The entries that rest on these addresses: those of their own ground, and how many others there are."""
    session, today, ids = current.session(), current.site().today(), set[str]()
    for to in sorted({one.letter.to for one in found}):
        ids |= mailboxes.resting_on(session, to, today=today).post_ids
    entries = [e for e in answers.entries_with(sorted(ids), current.desk()) if _ground().covers(e.country)]
    rows = [Marked(f"/entries/{entry.id}", entry.title, entry.institution.name) for entry in entries]
    return sorted(rows, key=lambda row: (row.of, row.title)), len(ids) - len(rows)


def _decided_meanwhile() -> Response:
    return show_error(Conflict(_("Somebody has decided about these meanwhile. Nothing was changed.")))


def _done() -> str:
    """What the last press did, in a sentence."""
    for choice in DECISIONS:
        text = request.args.get(choice, "")
        if text.isascii() and text.isdigit() and len(text) < 5:
            return _done_words(choice, int(text))
    return ""


def _done_words(choice: str, count: int) -> str:
    if choice == "count":
        return ngettext(
            "%(num)d report counts now. Within minutes its entries are marked and others are asked.",
            "%(num)d reports count now. Within minutes their entries are marked and others are asked.",
            count,
        )
    if choice == "set_aside":
        return ngettext(
            "%(num)d report is set aside. Nobody was marked.",
            "%(num)d reports are set aside. Nobody was marked.",
            count,
        )
    return ngettext("%(num)d report is held again.", "%(num)d reports are held again.", count)


def _domain(one: HeldDomain) -> DomainWords:
    reports = [_report(report) for report in one.reports[:MOST_AT_ONCE]]
    return DomainWords(one.domain, one.reasons, one.since_at, reports)


def _report(one: HeldReport) -> ReportWords:
    received, letter = one.received, one.letter
    return ReportWords(
        id=received.id,
        to=letter.to,
        what=letter_word(letter.letter),
        received_at=received.received_at,
        status=received.status,
        evidence=received.evidence,
    )
