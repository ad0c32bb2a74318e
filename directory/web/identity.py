"""Who is asking: the cookie, the session behind it, and what every answer to somebody signed in carries.

Flask-Login asks `_load` for each request; nothing is kept in the browser but an opaque value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, Request, abort, current_app, g, request
from flask import session as form_session
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf import CSRFProtect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from directory.accounts import sessions
from directory.accounts.models import Account, SignedInSession
from directory.accounts.signing_in import DEVICE_DAYS, may_sign_in
from directory.accounts.tokens import new_token
from directory.accounts.vault import Vault
from directory.app import database
from directory.db import transaction
from directory.web import current
from directory.web.translating import gettext as _

DEVICE = "device"
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
# Read only with a key, never with a cookie, or without either; so no other site can make a browser use them.
WITHOUT_COOKIE = ("/api/", "/carddav/", "/static/", "/live", "/unsubscribe/")
csrf = CSRFProtect()
manager = LoginManager()
manager.session_protection = None


@dataclass(eq=False)
class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """Somebody with a live session. Not `is_complete`: the second factor is still to come, and nothing is open yet."""

    row: SignedInSession
    account: Account
    account_id: str
    name: str
    is_complete: bool

    def get_id(self) -> str:
        """The session, not the account: Flask-Login's own cookies are never used."""
        return str(self.row.id)


def attach(app: Flask) -> None:
    """The caller's network, the session, the form token, the headers of signed-in pages."""
    settings = app.extensions["site"].settings
    is_https = settings.base_url.startswith("https://")
    app.config.update(
        SESSION_COOKIE_NAME="__Host-form" if is_https else "form",
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the browser's session
        WTF_CSRF_SSL_STRICT=False,  # our pages send no referrer; _refuse_foreign looks at what browsers say instead
    )
    app.extensions["vault"] = Vault(settings.secret_keys)
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.before_request(_refuse_foreign)
    csrf.init_app(app)
    manager.init_app(app)
    manager.request_loader(_load)
    app.context_processor(lambda: {"me": signed_in()})
    app.before_request(_recognise)
    app.after_request(_headers)


def exempt(app: Flask) -> None:
    """What needs no form token: a question (it changes nothing, its origin is checked), and the API (no cookies)."""
    csrf.exempt("directory.web.search.search")
    csrf.exempt(app.blueprints["api"])
    csrf.exempt(app.view_functions["use_unsubscribe"])  # RFC 8058: a mail program sends it, without any cookie
    for name, view in app.view_functions.items():
        if name.startswith("carddav_"):  # a token of its own with every request, and no cookie is looked at
            csrf.exempt(view)


def vault() -> Vault:
    """Encrypts and signs with this site's keys."""
    found: Vault = current_app.extensions["vault"]
    return found


def signed_in() -> SignedIn | None:
    """Whoever is signed in, if only half."""
    if "signed_in" not in g:
        is_open = request.path.startswith(WITHOUT_COOKIE) or cookie_name() not in request.cookies
        g.signed_in = None if is_open or not current_user.is_authenticated else current_user._get_current_object()
    found: SignedIn | None = g.signed_in
    return found


def _recognise() -> None:
    """Look before the view does, so that no template causes a query."""
    signed_in()


def _load(asked: Request) -> SignedIn | None:
    """The live session behind the request's cookie, noted as seen at most once a minute."""
    token = asked.cookies.get(cookie_name(), "")
    if not 20 <= len(token) <= 100:
        return None
    site = current.site()
    row = sessions.find(current.session(), token, now=site.now())
    if row is None or not may_sign_in(row.account, demo=site.settings.demo):
        return None
    _mark_seen(row)
    return SignedIn(row, row.account, row.account_id, row.account.name, row.factor_at is not None)


def _mark_seen(row: SignedInSession) -> None:
    now = current.site().now()
    if now - row.seen_at < sessions.SEEN_EVERY:
        return
    try:
        with Session(database.engine) as own, transaction(own):
            sessions.mark_seen(own, row, now=now)
    except OperationalError:
        current_app.logger.warning("A session could not be noted as seen")  # reading goes on


def cookie_name() -> str:
    """`__Host-session`; on this machine's own plain address just `session`."""
    return "__Host-session" if _is_https() else "session"


def _device_cookie() -> str:
    return f"__Host-{DEVICE}" if _is_https() else DEVICE


def _is_https() -> bool:
    return current.site().settings.base_url.startswith("https://")


def give_cookie(response: Response, token: str, account: Account) -> Response:
    """Put a session's value into the browser; a form token from before is forgotten."""
    _idle, whole = sessions.lengths(current.session(), account)
    form_session.clear()
    _set(response, cookie_name(), token, whole)
    return response


def remember_device(response: Response, account: Account) -> Response:
    """This browser has proven itself once: it gets tries of its own, so that strangers cannot use them up."""
    if device_of(account) is None:
        value = vault().sign(f"{account.id}:{new_token()}", DEVICE)
        _set(response, _device_cookie(), value, timedelta(days=DEVICE_DAYS))
    return response


def device_of(account: Account | None) -> str | None:
    """The name of this browser, if this account completed a sign-in on it before."""
    value = vault().unsign(request.cookies.get(_device_cookie(), ""), DEVICE, seconds=DEVICE_DAYS * 86400)
    if value is None or account is None or not value.startswith(f"{account.id}:"):
        return None
    return value


def drop_cookie(response: Response) -> Response:
    """Sign-out in the browser: our cookie goes, and what was kept of our pages."""
    form_session.clear()
    response.delete_cookie(cookie_name(), path="/", secure=_is_https(), httponly=True, samesite="Lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    g.no_store = True
    return response


def _set(response: Response, name: str, value: str, length: timedelta) -> None:
    seconds = int(length.total_seconds())
    response.set_cookie(name, value, max_age=seconds, path="/", secure=_is_https(), httponly=True, samesite="Lax")


def _refuse_foreign() -> None:
    """No change on behalf of another site: besides the form token, what the browser itself says about the origin."""
    if request.method not in UNSAFE or request.path.startswith(("/api/", "/carddav/")):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        abort(403, _("This form was sent from another site."))
    origin = request.headers.get("Origin", "null")
    if origin != "null" and urlsplit(origin).netloc not in {request.host, urlsplit(_base()).netloc}:
        abort(403, _("This form was sent from another site."))


def _base() -> str:
    return current.site().settings.base_url


def _headers(response: Response) -> Response:
    """Nothing seen while signed in, and no page behind a mailed link, stays in any cache."""
    if g.get("signed_in") is not None or g.get("no_store") or request.path.startswith("/unsubscribe/"):
        response.headers["Cache-Control"] = "no-store"
    return response
