"""The page for a holder who is asked whether readers may see their name. Looking changes nothing."""

from __future__ import annotations

from flask import Flask, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.accounts import limits
from directory.confirmations import agreeing
from directory.db import transaction
from directory.registry.models import Appointment
from directory.web import access, current, identity, limiting
from directory.web.confirmations import desk
from directory.web.translating import gettext as _
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
    errors: dict[str, str] = {}
    choice = request.form.get("choice", "")
    if choice not in {"yes", "no"}:
        errors["choice"] = _("Say yes or no.")
    typed = request.form.get("code", "").strip()
    if not typed:
        errors["code"] = _("Type the code from the letter: six letters and digits.")
    elif not _is_code(appointment, typed):
        errors["code"] = _("This is not the code of the letter.")
    if errors:
        return _page(appointment, errors, 422)
    session = current.session()
    with transaction(session):
        asked = session.get_one(Appointment, appointment.id)
        agreeing.answer(session, asked, agrees=choice == "yes", now=current.site().now())
    return redirect(request.path, 303)


def _read(token: str) -> Appointment:
    g.no_store = True
    session, site = current.session(), current.site()
    appointment = agreeing.read(session, token, vault=identity.vault(), now=site.now(), today=site.today())
    speak(agreeing.language_of(session, appointment))
    return appointment


def _is_code(appointment: Appointment, typed: str) -> bool:
    """The try is counted before it is made, and stays counted."""
    limiting.count((limits.LINK_NETWORK, limiting.network()))
    session = current.session()
    with transaction(session):
        return agreeing.is_code(session, appointment, typed, now=current.site().now(), desk=desk())


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
