"""The page for somebody named as successor: yes or no, with the code of their letter. Looking changes nothing."""

from __future__ import annotations

from flask import Flask, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.confirmations import succeeding
from directory.confirmations.models import Succession
from directory.confirmations.rounds import Day
from directory.confirmations.succeeding import Reply
from directory.db import transaction
from directory.registry.models import Post
from directory.registry.values import BadValue
from directory.web import access, current, identity
from directory.web.confirmation_code import choice_error, code_error
from directory.web.confirmations import desk
from directory.web.forms.lines import one_line
from directory.web.translating import about, speak
from directory.web.translating import gettext as _


def attach(app: Flask) -> None:
    """`/succeed/<token>`."""
    app.add_url_rule("/succeed/<token>", "succeed", show)
    app.add_url_rule("/succeed/<token>", "answer_succeed", take, methods=["POST"])


@access.public
def show(token: str) -> Response:
    """Which post it is, and the two answers; or what was answered."""
    one, post = _read(token)
    return _page(one, post, {})


@access.public
def take(token: str) -> Response:
    """Yes or no. Without a code nothing is written, not even a count."""
    one, post = _read(token)
    site = current.site()
    errors = {"choice": sentence} if (sentence := choice_error()) else {}
    takes_over = request.form.get("choice", "") == "yes"
    try:
        name = one_line(request.form.get("name", ""))
    except BadValue as error:
        name, errors["name"] = "", about(_("Your name"), error)
    if not name and takes_over:
        errors.setdefault("name", _("Write your name."))
    if sentence := code_error(
        lambda session, typed: succeeding.is_code(session, one, typed, now=site.now(), desk=desk())
    ):
        errors["code"] = sentence
    if errors:
        return _page(one, post, errors, 422)
    session = current.session()
    with transaction(session):
        one, post = session.get_one(Succession, one.id), session.get_one(Post, post.id)
        said = Reply(takes_over, name, agrees_to_name=bool(request.form.get("named")))
        day = Day(site.now(), site.today(), site.timeline)
        succeeding.reply(session, one, post, said, day, base_url=site.settings.base_url)
    return redirect(request.path, 303)


def _read(token: str) -> tuple[Succession, Post]:
    g.no_store = True
    session = current.session()
    one, post = succeeding.read(session, token, vault=identity.vault(), now=current.site().now())
    speak(succeeding.language_of(session, one))
    return one, post


def _page(one: Succession, post: Post, errors: dict[str, str], status: int = 200) -> Response:
    page = render_template(
        "confirmations/succeed.html",
        state=one.state,
        title=post.title,
        institution=post.institution.name,
        name=request.form.get("name", one.name),
        choice=request.form.get("choice", ""),
        named=bool(request.form.get("named")),
        path=request.path,
        errors=errors,
    )
    return make_response(page, status)
