"""Alarms: what the coordinator of a country, or the secretariat, should look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Flask, abort, g, redirect, render_template
from werkzeug.wrappers import Response

from directory.accounts.grounds import ground_of
from directory.accounts.policy import NOTHING, Subject
from directory.db import transaction
from directory.history import operations as history
from directory.history import queries
from directory.history.models import Alarm
from directory.web import access, current
from directory.web.history import names_of
from directory.web.translating import gettext as _

AT_LARGE = {"secretariat", "admin", "auditor"}


@dataclass(frozen=True, slots=True)
class AlarmWords:
    """An alarm as the page writes it."""

    id: str
    at: datetime
    last_at: datetime
    count: int
    what: str
    who: str
    note: str
    is_seen: bool
    href: str = ""


def attach(app: Flask) -> None:
    """`/coordination/alarms`, `POST /coordination/alarms/<uuid>/seen`."""
    app.add_url_rule("/coordination/alarms", "alarms", show_alarms)
    app.add_url_rule("/coordination/alarms/<uuid:alarm_id>/seen", "alarm_seen", see, methods=["POST"])


def own_country(alarm_id: object = None) -> Subject:  # noqa: ARG001 - the view's argument
    """A coordinator reads the alarms of a country; which one is in the query."""
    country = next((grant.country for grant in current.person().grants if grant.role == "coordinator"), None)
    return Subject(country=country) if country else NOTHING


@access.allowed("read_alarms", own_country)
def show_alarms() -> str:
    """Those nobody has looked at first."""
    found = queries.alarms(current.session(), _countries())
    names = names_of({alarm.account_id for alarm in found if alarm.account_id})
    g.no_store = True
    return render_template("history/alarms.html", alarms=[_words(alarm, names) for alarm in found])


@access.allowed("read_alarms", own_country)
def see(alarm_id: object) -> Response:
    """Somebody has looked at it."""
    session, now = current.session(), current.site().now()
    account_id, countries = current.account().id, _countries()
    with transaction(session):
        alarm = queries.alarm(session, str(alarm_id), countries)
        if alarm is None:
            abort(404)
        if alarm.seen_at is None:
            alarm.seen_at, alarm.seen_by = now, account_id
            history.record(session, "see_alarm", subject_type="alarm", subject_id=alarm.id, by=account_id, now=now)
    return redirect("/coordination/alarms", 303)


def _countries() -> list[str] | None:
    person = current.person()
    if AT_LARGE & set(person.roles):
        return None
    return [grant.country for grant in person.grants if grant.role == "coordinator" and grant.country]


def _words(alarm: Alarm, names: dict[str, str]) -> AlarmWords:
    who = names.get(alarm.account_id, _("somebody")) if alarm.account_id else _("a visitor")
    return AlarmWords(
        alarm.id,
        alarm.at,
        alarm.last_at,
        alarm.count,
        kind_words(alarm.kind),
        who,
        alarm.note,
        bool(alarm.seen_at),
        href=_place_to_act(alarm.kind),
    )


def _place_to_act(kind: str) -> str:
    """Where whoever looks decides what to do about it; empty where that is not for them."""
    may = kind == "bounces_held" and not ground_of(current.person(), "make_calls").is_empty
    return "/coordination/letters/held" if may else ""


def kind_words(kind: str) -> str:
    """What happened."""
    words = {
        "quota_view": _("More entries opened than the day’s quota"),
        "quota_listed": _("More entries gone through than the day’s quota"),
        "quota_reveal": _("More numbers revealed than the day’s quota"),
        "quota_reveal_own": _("Many numbers of the own country revealed"),
        "quota_export": _("More files taken than the day’s quota"),
        "harvest_view": _("Three times the day’s entries: the account was frozen"),
        "harvest_listed": _("Three times the day’s lists: the account was frozen"),
        "harvest_reveal": _("Three times the day’s reveals: the account was frozen"),
        "harvest_reveal_own": _("Three times the day’s reveals: the account was frozen"),
        "harvest_export": _("Three times the day’s files: the account was frozen"),
        "trap_door": _("Somebody tried an address that nothing links to"),
        "trap_page": _("Somebody tried pages that nothing links to"),
        "trap_id": _("Somebody guesses the numbers of entries"),
        "trap_cursor": _("Somebody forges places in the API"),
        "trap_key": _("Somebody guesses API keys"),
        "bounces_held": _("Too many letters came back at once: nobody was marked, somebody must look"),
        "history_broken": _("History was changed behind the directory’s back"),
    }
    return words.get(kind, kind.replace("_", " "))
