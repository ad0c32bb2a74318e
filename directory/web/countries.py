"""Countries: the list, and one country with its table of procedures and roles."""

from __future__ import annotations

from flask import Flask, abort, redirect, render_template
from werkzeug.wrappers import Response

from directory.entries import overview
from directory.web import current


def attach(app: Flask) -> None:
    """`/countries`, `/countries/RO`."""
    app.add_url_rule("/countries", "countries", show_all)
    app.add_url_rule("/countries/<code>", "country", show)


def show_all() -> str:
    """Every country that takes part, and every other one with entries."""
    desk = current.desk()
    return render_template("countries/countries.html", countries=overview.countries(desk))


def show(code: str) -> str | Response:
    """One country: what binds it, whom to call first, who answers for what."""
    if code != code.upper():
        return redirect(f"/countries/{code.upper()}", 301)
    desk, taxonomy = current.desk(), current.taxonomy()
    country = overview.country(code, desk, taxonomy)
    if country is None:
        abort(404)
    return render_template("countries/country.html", country=country, sops=taxonomy.sops, now=desk.now)
