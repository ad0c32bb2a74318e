"""Did it work? One tap on the page of an entry, by anybody; what comes next when it did not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Flask, abort, g, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.confirmations import calls, outcomes
from directory.confirmations.outcomes import OUTCOMES, READER_LIMITS, VISITOR_LIMITS, Reached
from directory.confirmations.rounds import Day
from directory.db import transaction
from directory.entries import answers
from directory.entries.entry import Entry
from directory.registry.models import Post
from directory.web import access, current, limiting
from directory.web.cards import card
from directory.web.translating import gettext as _
from directory.web.translating import locale_name

SHOWN = 10  # the newest, one by one; the counts tell of more


@dataclass(frozen=True, slots=True)
class MetLine:
    """What somebody met, on which day; never who it was."""

    at: datetime
    words: str
    who: str


@dataclass(frozen=True, slots=True)
class Met:
    """What readers and visitors met lately: how often what, and the newest one by one."""

    lines: tuple[MetLine, ...]
    readers: str
    visitors: str


def attach(app: Flask) -> None:
    """`POST /entries/<uuid>/outcome`, the thanks after it, and what the page of an entry asks of them."""
    app.add_url_rule("/entries/<uuid:entry_id>/outcome", "report_outcome", report, methods=["POST"])
    app.add_url_rule(f"/entries/<uuid:entry_id>/outcome/<any({', '.join(OUTCOMES)}):said>", "outcome", show_thanks)
    app.jinja_env.globals["outcome_choices"] = choices


@access.public
def report(entry_id: object) -> Response:
    """Note it: counted for a signed-in reader, a note for the coordinator from a visitor."""
    said = request.form.get("said", "")
    if said not in OUTCOMES:
        abort(400, _("Choose one of the four answers."))
    entry = _entry(entry_id)
    account_id = current.person().account_id
    if account_id is None:
        limiting.count((VISITOR_LIMITS, limiting.network()))
    else:
        limiting.count((READER_LIMITS, account_id))
    session, site = current.session(), current.site()
    with transaction(session):
        post = session.get(Post, entry.id)
        if post is None:
            abort(404)
        day = Day(site.now(), site.today(), site.timeline)
        outcomes.report(session, post, said, account_id=account_id, day=day)
    return redirect(f"/entries/{entry.id}/outcome/{said}", 303)


@access.public
def show_thanks(entry_id: object, said: str) -> str:
    """Thanks, what happens now, and whom else to try."""
    entry, desk = _entry(entry_id), current.desk()
    g.no_store = True
    return render_template(
        "outcomes/thanks.html",
        entry=entry,
        said=said,
        words=dict(choices())[said],
        is_signed_in=current.person().account_id is not None,
        card=card(entry, desk.now, locale_name()),
        others=_others(entry),
    )


def _entry(entry_id: object) -> Entry:
    return answers.one_entry(str(entry_id), current.desk()) or abort(404)


def _others(entry: Entry) -> str:
    """The address of everybody who answers for the same procedures there."""
    sops = sorted({part.sop for part in entry.responsibilities})
    return f"/entries?{urlencode([('country', entry.country), *(('sop', str(sop)) for sop in sops)])}"


def choices() -> list[tuple[str, str]]:
    """The four answers in words."""
    return [
        ("reached", _("Reached")),
        ("no_answer", _("No answer")),
        ("wrong_person", _("Wrong person")),
        ("gone", _("No longer exists")),
    ]


def met(post_id: str) -> Met:
    """What was said about an entry, for those who ring about it."""
    words = dict(choices())
    reports = outcomes.of_entry(current.session(), post_id)
    readers, visitors = outcomes.counted(reports)
    lines = (
        MetLine(one.at, words[one.outcome], _("a signed-in reader") if one.account_id else _("a visitor"))
        for one in reports[:SHOWN]
    )
    return Met(tuple(lines), _counts(readers), _counts(visitors))


def met_by_others(entry: Entry) -> Met | None:
    """The same beside the entry, where whoever looks makes the calls; to everybody else there is no such thing."""
    return met(entry.id) if calls.ground_of(current.person()).covers(entry.country) else None


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{word} {counted[value]}" for value, word in choices() if counted[value])


def reached_by_readers(entry: Entry) -> Reached | None:
    """For signed-in readers: how many of them got through lately. A visitor is told nothing about who used it."""
    if current.person().account_id is None:
        return None
    found = outcomes.reached(current.session(), entry.id, now=current.site().now())
    return found if found.readers else None
