"""Everything held about whoever is signed in: told in short on a page, in full as a file."""

from __future__ import annotations

from flask import Flask, g, json, render_template
from werkzeug.wrappers import Response

from directory.db import transaction
from directory.history import operations as history
from directory.privacy import held
from directory.web import access, current
from directory.web.layout import SANDBOX
from directory.web.translating import gettext as _


def attach(app: Flask) -> None:
    """`/account/my-data`: GET tells, POST gives the file."""
    app.add_url_rule("/account/my-data", "my_data", show)
    app.add_url_rule("/account/my-data", "my_data_file", download, methods=["POST"])


@access.allowed("read_own_data")
def show() -> str:
    """How much of what is held."""
    told = held.about(current.session(), current.account(), now=current.site().now())
    g.no_store = True
    return render_template("history/my_data.html", chapters=[(_word(k), n) for k, n in held.counts(told).items()])


@access.allowed("read_own_data")
def download() -> Response:
    """All of it, as JSON."""
    session, now, account_id = current.session(), current.site().now(), current.account().id
    with transaction(session):
        told = held.about(session, current.account(), now=now)
        history.record(session, "own_data", subject_type="account", subject_id=account_id, by=account_id, now=now)
    response = Response(json.dumps(told, ensure_ascii=False, indent=2, sort_keys=False), mimetype="application/json")
    response.headers["Content-Disposition"] = "attachment; filename=everything-about-me.json"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "no-store"
    return response


def _word(chapter: str) -> str:
    words = {
        "account": _("Your account"),
        "roles": _("Roles you were given"),
        "sessions": _("Devices you were signed in on"),
        "passkeys": _("Passkeys"),
        "api_keys": _("API keys"),
        "phone_books": _("Phone books on your devices"),
        "what_you_were_asked": _("What you were asked, and what you answered"),
        "what_you_found": _("What you noted about entries"),
        "successions": _("Who was named to follow you, or you to follow"),
        "what_you_reported": _("Whether an entry worked for you"),
        "invitations": _("Invitations to you or by you"),
        "official_record": _("You as a holder of a post"),
        "entries_you_own": _("Entries you answer for"),
        "who_was_given_your_entries": _("Who was given your entries"),
        "history_by_or_about_you": _("Lines of history by or about you"),
        "proposals": _("Changes you proposed or decided on"),
        "letters_to_you": _("Letters to you"),
        "what_you_were_given": _("What you opened, revealed and took along"),
        "alarms_about_you": _("Alarms about you"),
    }
    return words.get(chapter, chapter)
