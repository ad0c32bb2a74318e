"""Countries: the list, and one country with its table of procedures and roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import Flask, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.entries import overview
from directory.entries.entry import Entry
from directory.sops.taxonomy import Sop, Taxonomy
from directory.web import access, current, shown
from directory.web.shown import Shown
from directory.web.words import country_word, role_word


@dataclass(frozen=True, slots=True)
class Section:
    """One procedure in one country: role by role who answers, and the roles nobody holds."""

    sop: Sop
    rows: tuple[tuple[str, tuple[Shown, ...]], ...]
    gaps: tuple[str, ...]
    count: int


def attach(app: Flask) -> None:
    """`/countries`, `/countries/RO`."""
    app.add_url_rule("/countries", "countries", show_all)
    app.add_url_rule("/countries/<code>", "country", show)


@access.public
def show_all() -> str:
    """Every country that takes part, and every other one with entries."""
    lines = [(line, country_word(line.code)) for line in overview.countries(current.desk())]
    return render_template(
        "countries/countries.html",
        taking_part=[pair for pair in lines if pair[0].is_participating],
        others=[pair for pair in lines if not pair[0].is_participating],
    )


@access.public
def show(code: str) -> str | Response:
    """One country: what binds it, whom to call first, who answers for what."""
    if code != code.upper():
        return redirect(f"/countries/{code.upper()}", 301)
    desk, taxonomy = current.desk(), current.taxonomy()
    country = overview.country(code, desk, taxonomy)
    if country is None:
        abort(404)
    listed = {entry.id: entry for entry in _entries(country.by_sop)}
    lines = {line.id: line for line in shown.lines(listed.values(), desk)}
    return render_template(
        "countries/country.html",
        country=country,
        name=country_word(code),
        first=shown.cards(country.first, desk, level=3, style="brief"),
        sections=[_section(sop, country, lines, taxonomy) for sop in taxonomy.sops],
        now=desk.now,
        opens_all="all" in request.args,
        demo=any(entry.demo for entry in (*country.first, *listed.values())),
    )


def _entries(by_sop: Mapping[int, Mapping[str, tuple[Entry, ...]]]) -> Iterable[Entry]:
    return (entry for roles in by_sop.values() for entries in roles.values() for entry in entries)


def _section(sop: Sop, country: overview.CountryPage, lines: Mapping[str, Shown], taxonomy: Taxonomy) -> Section:
    by_role = country.by_sop[sop.id]
    rows = tuple((role_word(role), tuple(lines[e.id] for e in entries)) for role, entries in by_role.items())
    gaps = tuple(taxonomy.roles[role].label for role in country.gaps[sop.id])
    return Section(sop, rows, gaps, sum(len(row) for _, row in rows))
