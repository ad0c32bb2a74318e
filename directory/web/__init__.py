"""The only folder that knows Flask: one module per page family."""

from __future__ import annotations

from flask import Flask


def attach(app: Flask) -> None:
    """Every page family attaches its routes; errors become pages."""
    from directory.web import (  # noqa: PLC0415 - they import the app's database
        api,
        countries,
        entries,
        errors,
        files,
        home,
        institutions,
        layout,
        readiness,
        search,
        shown,
        sops,
    )

    for family in (layout, shown, home, search, entries, files, institutions, countries, sops, readiness, api, errors):
        family.attach(app)
