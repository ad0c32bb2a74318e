"""How the round goes: asked, answered by what, still open, silent; how fresh each country is; who decides next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Flask, g, render_template, request

from directory.accounts.grounds import Ground
from directory.confirmations import calls, correspondence, owners, progress
from directory.confirmations.progress import CURVE_DAYS, Standing
from directory.mail import queries
from directory.registry.rules import FreshnessState
from directory.web import access, current
from directory.web.calls import ground, own_country
from directory.web.cards import SHAPES
from directory.web.translating import gettext as _
from directory.web.words import country_word

STATES: tuple[FreshnessState, ...] = ("confirmed", "due", "overdue", "unconfirmed", "dormant")
CAME_BACK_WITHIN = timedelta(days=30)
MARKED_DAYS = (0, 7, 14, 21, 28, 42, 56, 76, 104)


@dataclass(frozen=True, slots=True)
class Plot:
    """A curve as points in a box of 105 by 100, and the table beside it."""

    points: str
    rows: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """The share of one month: where the bar stands in a box of 100 in height, and what it says."""

    x: int
    y: int
    height: int
    words: str
    percent: int


@dataclass(frozen=True, slots=True)
class Row:
    """One country in the round."""

    code: str
    name: str
    standing: Standing
    entry_count: int
    percent: int
    states: tuple[tuple[str, str, int], ...]  # state, words, how many
    bars: tuple[Bar, ...]
    open_calls: int
    late_calls: int
    deciders: tuple[str, ...]
    unowned: int
    is_rung: bool


def attach(app: Flask) -> None:
    """`/coordination/rounds`, for one country with `?country=`, for an older round with `?quarter=`."""
    app.add_url_rule("/coordination/rounds", "rounds", show)


@access.allowed("make_calls", own_country)
def show() -> str:
    """One round, by country, with its curve."""
    g.no_store = True
    session, place = current.session(), ground()
    quarters = progress.quarters(session)
    quarter = request.args.get("quarter", "")
    quarter = quarter if quarter in quarters else next(iter(quarters), "")
    standings = progress.standings(session, quarter, place)
    whole = progress.together(standings.values())
    return render_template(
        "rounds/rounds.html",
        quarter=quarter,
        quarters=quarters,
        country=request.args.get("country", ""),
        countries=_choices(),
        whole=whole,
        plot=_plot(whole, current.site().today()),
        answered=_answered(whole),
        still_open=_still_open(whole),
        bounced=progress.bounced(session, place),
        uncertain=progress.uncertain(session, quarter, place),
        came_back=_came_back(place),
        came_back_days=CAME_BACK_WITHIN.days,
        rows=_rows(place, standings),
        shapes=SHAPES,
    )


def _choices() -> list[tuple[str, str]]:
    everywhere = calls.ground_of(current.person())
    if not everywhere.is_everywhere:
        codes = sorted(everywhere.countries) if len(everywhere.countries) > 1 else []
    else:
        site = current.site()
        codes = sorted(progress.fresh_now(current.session(), everywhere, today=site.today(), days=site.days))
    return sorted(((code, country_word(code)) for code in codes), key=lambda one: one[1])


def _rows(place: Ground, standings: Mapping[str, Standing]) -> list[Row]:
    """Every country of the ground that has entries, by name."""
    session, site = current.session(), current.site()
    today = site.today()
    fresh = progress.fresh_now(session, place, today=today, days=site.days)
    months = progress.month_ends(today)
    history = progress.fresh_on(session, place, months, overdue=site.days.overdue)
    waiting = calls.by_country(session, place, today=today)
    unowned = progress.unasked(session, place, today=today)
    rows = []
    for code, states in fresh.items():
        total, late = waiting.get(code, (0, 0))
        good = states["confirmed"] + states["due"]
        count, is_rung = unowned.get(code, (0, True))
        rows.append(
            Row(
                code=code,
                name=country_word(code),
                standing=standings.get(code, Standing()),
                entry_count=states.total(),
                percent=good * 100 // states.total(),
                states=_states(states),
                bars=_bars(history.get(code, []), months),
                open_calls=total,
                late_calls=late,
                deciders=tuple(a.name for a in owners.coordinators(session, code)) if total else (),
                unowned=count,
                is_rung=is_rung,
            )
        )
    return sorted(rows, key=lambda row: row.name)


def _came_back(place: Ground) -> list[tuple[str, str, int]]:
    """What came back to letters of the ground lately: in words, what it means, how often."""
    since = current.site().now() - CAME_BACK_WITHIN
    counted = queries.report_counts(current.session(), since=since, which=correspondence.came_back_to(place))
    words = {
        "hard": (_("nobody has the mailbox"), _("counts as somebody who left")),
        "soft": (_("not delivered for now"), _("counts once it was so on three days")),
        "policy": (_("refused by their server’s rules"), _("ours to put right")),
        "routing": (_("no way to their server"), _("ours to put right")),
        "auto_reply": (_("out of office"), _("the reminder waits for the return")),
        "reply": (_("answered by a person"), _("on the call list")),
        "other": (_("not understood"), _("has no effect")),
    }
    return [(*words[kind], counted[kind]) for kind in words if counted.get(kind)]


def _states(states: Counter[FreshnessState]) -> tuple[tuple[str, str, int], ...]:
    words = {
        "confirmed": _("confirmed"),
        "due": _("due"),
        "overdue": _("overdue"),
        "unconfirmed": _("unconfirmed"),
        "dormant": _("dormant"),
    }
    return tuple((state, words[state], states[state]) for state in STATES if states[state])


def _bars(pairs: Sequence[tuple[int, int]], months: Sequence[date]) -> tuple[Bar, ...]:
    bars = []
    for place, ((good, whole), month) in enumerate(zip(pairs, months, strict=True)) if pairs else ():
        percent = good * 100 // whole if whole else 0
        words = _("%(month)s: %(percent)s %%", month=f"{month:%Y-%m}", percent=percent)
        bars.append(Bar(place * 20, 100 - percent, percent, words, percent))
    return tuple(bars)


def _plot(whole: Standing, today: date) -> Plot:
    """Up to the day that has been reached; what comes is not drawn."""
    reached = (today - whole.opened_on).days if whole.opened_on else 0
    curve = whole.curve(max(0, min(CURVE_DAYS, reached)))
    points = " ".join(f"{day},{100 - percent}" for day, percent in enumerate(curve))
    return Plot(points, tuple((day, curve[day]) for day in MARKED_DAYS if day < len(curve)))


def _answered(whole: Standing) -> list[tuple[str, int]]:
    words = {
        "ask": _("the first letter"),
        "remind": _("the reminder"),
        "deputy": _("the letter to owner and deputy"),
        "institution": _("the letter to the institution"),
        "call": _("a call"),
        "signed_letter": _("a signed letter"),
        "visit": _("a visit"),
        "signed_in": _("nothing: they signed in by themselves"),
    }
    return [(word, whole.answered[key]) for key, word in words.items() if whole.answered[key]]


def _still_open(whole: Standing) -> list[tuple[str, int]]:
    words = {
        "opened": _("not written to yet"),
        "ask": _("after the first letter"),
        "remind": _("after the reminder"),
        "deputy": _("after the letter to owner and deputy"),
        "institution": _("on the call list"),
        "coordinator": _("with the coordinator"),
        "hide": _("the person is hidden"),
        "decide": _("waiting for a decision"),
    }
    return [(word, whole.open[key]) for key, word in words.items() if whole.open[key]]
