"""API keys: made, listed and ended by their owner; and the key that a request to the API carries."""

from __future__ import annotations

from flask import Flask, abort, current_app, g, redirect, render_template, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from directory.accounts import api_keys, traps
from directory.accounts.api_keys import BadKey, NoSuchKey
from directory.app import database
from directory.db import transaction
from directory.web import access, current, doubles, quotas
from directory.web.problems import Problem

DAYS = (30, 90, 365)


def attach(app: Flask) -> None:
    """`/account/api-keys`; and who asks, where the API is asked with a key."""
    app.add_url_rule("/account/api-keys", "api_keys", show)
    app.add_url_rule("/account/api-keys", "make_api_key", make, methods=["POST"])
    app.add_url_rule("/account/api-keys/<uuid:key_id>/end", "end_api_key", end, methods=["POST"])
    app.before_request(_read_key)


@access.signed_in
def show() -> str:
    """One's own live keys; never their text."""
    return _page()


@access.allowed("make_api_key", fresh=True)
@doubles.repeats("scope")
def make() -> Response:
    """A new key, shown this once."""
    session, now = current.session(), current.site().now()
    account_id, person, form = current.account().id, current.person(), request.form
    try:
        with transaction(session):
            key, text = api_keys.make_key(
                session,
                account_id,
                name=form.get("name", ""),
                scopes=form.getlist("scope"),
                days=form.get("days", 0, type=int),
                person=person,
                now=now,
            )
            name, expires_at = key.name, key.expires_at
    except BadKey as error:
        return Response(_page(problem=str(error)), 422, mimetype="text/html")
    g.no_store = True
    page = render_template("api_keys/made.html", text=text, name=name, expires_at=expires_at)
    return Response(page, mimetype="text/html")


@access.signed_in
def end(key_id: object) -> Response:
    """End one of one's own keys; somebody else's is not there."""
    session, account_id = current.session(), current.account().id
    try:
        with transaction(session):
            api_keys.revoke(session, account_id, str(key_id), now=current.site().now())
    except NoSuchKey:
        abort(404)
    return redirect("/account/api-keys", 303)


def _page(problem: str = "") -> str:
    g.no_store = True
    keys = api_keys.keys_of(current.session(), current.account().id, now=current.site().now())
    return render_template("api_keys/api_keys.html", keys=keys, scopes=api_keys.SCOPES, days=DAYS, problem=problem)


def _read_key() -> None:
    """`Authorization: Bearer …` on the API: the request is its account's, never more than the key's scope."""
    given = request.headers.get("Authorization")
    if given is None or not request.path.startswith("/api/"):
        return
    scheme, _, text = given.partition(" ")
    now = current.site().now()
    key = api_keys.find(current.session(), text.strip(), now=now) if scheme.lower() == "bearer" else None
    if key is None:
        quotas.ring_after("key", quotas.mark_of(text), traps.WRONG_KEYS)
        raise Problem(
            401,
            "This key is not known, or it has ended. Make one at /account/api-keys.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    g.person, g.api_key, g.viewer = key.person, key, key.viewer
    if key.used_at is not None and now - key.used_at < api_keys.USED_EVERY:
        return
    try:
        with Session(database.engine) as books, transaction(books):
            api_keys.mark_used(books, key.id, now=now)
    except OperationalError:
        current_app.logger.warning("A key could not be noted as used")
