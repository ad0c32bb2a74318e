"""The only folder that knows Flask: one module per page family."""

from __future__ import annotations

from flask import Flask


def attach(app: Flask) -> None:
    """Every page family attaches its routes; errors become pages."""
    from directory.web import (  # noqa: PLC0415 - they import the app's database
        account,
        agreeing,
        alarms,
        api,
        api_keys,
        call_sheets,
        calls,
        carddav,
        confirmations,
        coordination,
        countries,
        doubles,
        drills,
        edits,
        entries,
        erasures,
        errors,
        feeds,
        files,
        held_reports,
        history,
        home,
        identity,
        institutions,
        invitations,
        layout,
        letters_page,
        limiting,
        merges,
        my_data,
        outcomes,
        outgoing,
        people,
        phonebooks,
        previews,
        proposals,
        quotas,
        readiness,
        reveals,
        rounds,
        search,
        second_factor,
        shown,
        sign_in,
        sops,
        successions,
    )

    public = (shown, home, search, entries, files, institutions, countries, sops, readiness, api)
    personal = (limiting, sign_in, second_factor, account, invitations, people)
    watchful = (api_keys, quotas, reveals, history, erasures, alarms, my_data)
    on_phones = (phonebooks, carddav)
    told = (feeds,)
    asking = (confirmations, successions, agreeing, letters_page)
    in_charge = (calls, call_sheets, rounds, outgoing, held_reports)
    proving = (outcomes, drills)
    four_eyes = (edits, proposals, coordination, merges, previews)
    every_day = (*on_phones, *told, *asking, *in_charge, *proving, *four_eyes)
    for family in (layout, identity, doubles, *watchful, *every_day, *public, *personal, errors):
        family.attach(app)
    identity.exempt(app)
