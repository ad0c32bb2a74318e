"""The procedures and their measures, with what is public text and what is reconstructed."""

from __future__ import annotations

from flask import Flask, abort, render_template, request

from directory.entries import overview
from directory.registry.countries import codes
from directory.web import access, current, shown
from directory.web.words import country_word


def attach(app: Flask) -> None:
    """`/sops`, `/sops/4`, `/sops/4/measures/4.3`."""
    app.add_url_rule("/sops", "sops", show_all)
    app.add_url_rule("/sops/<int:number>", "sop", show)
    app.add_url_rule("/sops/<int:number>/measures/<measure_id>", "measure", show_measure)


@access.public
def show_all() -> str:
    """The five procedures."""
    taxonomy = current.taxonomy()
    return render_template("sops/sops.html", sops=taxonomy.sops, status=taxonomy.status)


@access.public
def show(number: int) -> str:
    """One procedure: its measures, and who leads it in each country."""
    desk, taxonomy = current.desk(), current.taxonomy()
    sop = taxonomy.sop(number) or abort(404)
    leading = overview.countries_for_sop(number, desk)
    return render_template(
        "sops/sop.html",
        sop=sop,
        countries=[(code, country_word(code), shown.lines(entries, desk)) for code, entries in leading],
    )


@access.public
def show_measure(number: int, measure_id: str) -> str:
    """One measure: what, steps, who; with a country chosen, the entries beside it."""
    desk, taxonomy = current.desk(), current.taxonomy()
    measure = taxonomy.measure(measure_id)
    if measure is None or measure.sop != number:
        abort(404)
    code = request.args.get("country", "")
    country = code if code in codes() else ""
    return render_template(
        "sops/measure.html",
        sop=taxonomy.sop(number),
        measure=measure,
        roles=[(role, taxonomy.roles[role].label) for role in measure.roles],
        country=country,
        countries=[(code, country_word(code)) for code in overview.participating_countries(desk.session)],
        cards=shown.cards(overview.entries_for_measure(measure, country, desk), desk, level=3) if country else [],
    )
