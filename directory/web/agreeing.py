"""The page for a holder who is asked whether readers may see their name. Looking changes nothing."""

from __future__ import annotations

from flask import Flask, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.confirmations import agreeing
from directory.db import transaction
from directory.registry.models import Appointment
from directory.web import access, current, identity
from directory.web.confirmation_code import choice_error, code_error
from directory.web.confirmations import desk
from directory.web.translating import speak


def attach(app: Flask) -> None:
    """`/agree/<token>`."""
    app.add_url_rule("/agree/<token>", "agree", show)
    app.add_url_rule("/agree/<token>", "answer_agree", take, methods=["POST"])


@access.public
def show(token: str) -> Response:
    """Which post and which name, and the two answers; or what was answered, which may be changed."""
    return _page(_read(token), {})


@access.public
def take(token: str) -> Response:
    """Yes or no. Without a code nothing is written, not even a count."""
    appointment = _read(token)
    site = current.site()
    found = {
        "choice": choice_error(),
        "code": code_error(
            lambda session, typed: agreeing.is_code(session, appointment, typed, now=site.now(), desk=desk())
        ),
    }
    errors = {name: sentence for name, sentence in found.items() if sentence}
    if errors:
        return _page(appointment, errors, 422)
    session = current.session()
    with transaction(session):
        asked = session.get_one(Appointment, appointment.id)
        agreeing.answer(session, asked, agrees=request.form["choice"] == "yes", now=site.now())
    return redirect(request.path, 303)


def _read(token: str) -> Appointment:
    g.no_store = True
    session, site = current.session(), current.site()
    appointment = agreeing.read(session, token, vault=identity.vault(), now=site.now(), today=site.today())
    speak(agreeing.language_of(session, appointment))
    return appointment


def _page(appointment: Appointment, errors: dict[str, str], status: int = 200) -> Response:
    page = render_template(
        "confirmations/agree.html",
        state=agreeing.state(current.session(), appointment),
        name=appointment.official.name,
        title=appointment.post.title,
        institution=appointment.post.institution.name,
        choice=request.form.get("choice", ""),
        path=request.path,
        errors=errors,
    )
    return make_response(page, status)
