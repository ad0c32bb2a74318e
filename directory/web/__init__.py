"""The only folder that knows Flask: one module per page family."""

from __future__ import annotations

from flask import Flask


def attach(app: Flask) -> None:
    """Every page family attaches its routes; errors become pages."""
    from directory.web import (  # noqa: PLC0415 - they import the app's database
        account,
        alarms,
        api,
        api_keys,
        coordination,
        countries,
        doubles,
        edits,
        entries,
        erasures,
        errors,
        files,
        history,
        home,
        identity,
        institutions,
        invitations,
        layout,
        limiting,
        my_data,
        people,
        previews,
        proposals,
        quotas,
        readiness,
        reveals,
        search,
        second_factor,
        shown,
        sign_in,
        sops,
    )

    public = (shown, home, search, entries, files, institutions, countries, sops, readiness, api)
    personal = (limiting, sign_in, second_factor, account, invitations, people)
    watchful = (api_keys, quotas, reveals, history, erasures, alarms, my_data)
    four_eyes = (edits, proposals, coordination, previews)
    for family in (layout, identity, doubles, *watchful, *four_eyes, *public, *personal, errors):
        family.attach(app)
    identity.exempt(app)
