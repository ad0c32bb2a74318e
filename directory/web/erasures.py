"""Take somebody out who held a post: asked for on the page of its history, with a fresh second factor and a reason."""

from __future__ import annotations

from flask import Flask, abort, g, render_template, request
from werkzeug.wrappers import Response

from directory.accounts.policy import NOTHING, Subject
from directory.db import transaction
from directory.privacy.erasing import BadReason, Erased, erase_official
from directory.registry.models import Official, Post
from directory.web import access, current
from directory.web.translating import gettext as _


def attach(app: Flask) -> None:
    """`POST /entries/<uuid>/holders/<uuid>/erasure`."""
    rule = "/entries/<uuid:entry_id>/holders/<uuid:official_id>/erasure"
    app.add_url_rule(rule, "erase_holder", erase, methods=["POST"])


def subject_of(entry_id: object, official_id: object = None) -> Subject:  # noqa: ARG001 - the view's arguments
    """The entry as the policy sees it; one that is not there is in nobody's country."""
    post = current.session().get(Post, str(entry_id))
    if post is None:
        return NOTHING
    return Subject(country=post.institution.country_code, institution_id=post.institution_id, post_id=post.id)


def holders_of(post: Post) -> list[Official]:
    """Who holds or held the post and was not taken out yet."""
    return list({a.official_id: a.official for a in post.appointments if a.official.name}.values())


@access.allowed("erase_person", subject_of)
def erase(entry_id: object, official_id: object) -> Response:
    """The person goes, from everywhere; the post and the fact that somebody held it stay."""
    session, reason, by = current.session(), request.form.get("reason", "").strip(), current.account().id
    if not reason or len(reason) > 500:
        return _page(None, problem=_("Say in a few words why, without a name."), code=422)
    try:
        with transaction(session):
            post = session.get(Post, str(entry_id))
            official = next((o for o in holders_of(post) if o.id == str(official_id)), None) if post else None
            if official is None:
                abort(404)
            keeps = bool(request.form.get("keeps_account"))
            erased = erase_official(
                session, official, by=by, now=current.site().now(), reason=reason, keeps_account=keeps
            )
    except BadReason as error:
        return _page(None, problem=str(error), code=422)
    return _page(erased)


def _page(erased: Erased | None, *, problem: str = "", code: int = 200) -> Response:
    g.no_store = True
    page = render_template("history/erased.html", erased=erased, problem=problem)
    return Response(page, code, mimetype="text/html")
