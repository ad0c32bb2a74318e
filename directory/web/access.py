"""Who may call a view: each declares it with one of these, and a test fails for one that does not.

@access.public                              anybody
@access.unfinished                          somebody whose second factor is still to come
@access.signed_in                           somebody signed in, with both
@access.fresh_factor                        and who gave the second factor within fifteen minutes
@access.allowed("freeze_account", subject)  and whom the rights file allows it, for that subject
@access.subscriber                          a device with the token of its phone book; no cookie counts
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import abort, current_app, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from directory.accounts import factors, sessions
from directory.accounts.people import rights
from directory.accounts.policy import NOTHING, Subject, Verdict
from directory.web import current, identity

View = Callable[..., Any]
FRESH: set[Verdict] = {"factor", "factor_quota"}


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declares; the site test reads it."""

    kind: str
    action: str = ""
    is_fresh: bool = False


def public(view: View) -> View:
    """Anybody."""
    view.access = Access("public")  # type: ignore[attr-defined]  # read by the site test
    return view


def unfinished(view: View) -> View:
    """Somebody who gave the password, or came by a mailed link, and still owes the second factor; or is signed in."""
    return _guarded(view, Access("unfinished"), _refuse_strangers)


def enrolling(view: View) -> View:
    """Somebody setting up a second factor: the first, right after a mailed link, or another with a fresh factor."""
    return _guarded(view, Access("enrolling", is_fresh=True), _refuse_enrolling)


def signed_in(view: View) -> View:
    """Somebody signed in with both password and second factor, or a passkey."""
    return _guarded(view, Access("signed_in"), _refuse_unfinished)


def fresh_factor(view: View) -> View:
    """Somebody signed in whose second factor is at most fifteen minutes old."""
    return _guarded(view, Access("signed_in", is_fresh=True), lambda: _refuse_unfinished() or _refuse_stale())


def subscriber(refuse: Callable[..., Response | None]) -> Callable[[View], View]:
    """A device that sends the token of its own phone book; `refuse` looks at it, and at the book in the address."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            refusal = refuse(**kwargs)
            return refusal if refusal is not None else view(*args, **kwargs)

        guarded.access = Access("subscriber")  # type: ignore[attr-defined]
        return guarded

    return decorate


def allowed(
    action: str, subject: Callable[..., Subject] | None = None, *, fresh: bool = False
) -> Callable[[View], View]:
    """Somebody whom the rights file allows this action; `subject` gets the view's arguments and says what it is about.

    `no` answers as if nothing were there. `factor` asks for a fresh second factor. `verdict()` has the verdict.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            about = subject(*args, **kwargs) if subject else NOTHING
            refusal = _refuse_verdict(action, about, fresh=fresh)
            return refusal if refusal is not None else view(*args, **kwargs)

        guarded.access = Access("allowed", action, is_fresh=fresh)  # type: ignore[attr-defined]
        return guarded

    return decorate


def verdict() -> Verdict:
    """What the rights file said for this request."""
    found: Verdict = g.verdict
    return found


def _guarded(view: View, access: Access, refuse: Callable[[], Response | None]) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        refusal = refuse()
        return refusal if refusal is not None else view(*args, **kwargs)

    guarded.access = access  # type: ignore[attr-defined]
    return guarded


def _refuse_strangers() -> Response | None:
    return None if identity.signed_in() else _to("sign_in")


def _refuse_unfinished() -> Response | None:
    who = identity.signed_in()
    if who is None:
        return _to("sign_in")
    if who.is_complete:
        return None
    return _to("sign_in_code" if factors.has_factor(current.session(), who.account_id) else "second_factor")


def _refuse_enrolling() -> Response | None:
    who = identity.signed_in()
    if who is not None and not who.is_complete and not factors.has_factor(current.session(), who.account_id):
        return None
    return _refuse_unfinished() or _refuse_stale()


def _refuse_stale() -> Response | None:
    who = identity.signed_in()
    if who is not None and sessions.has_fresh_factor(who.row, current.site().now()):
        return None
    return _to("step_up")


def _refuse_verdict(action: str, about: Subject, *, fresh: bool) -> Response | None:
    g.verdict = rights().may(current.person(), action, about)
    if g.verdict == "no":
        if identity.signed_in() is None or not identity.signed_in().is_complete:  # type: ignore[union-attr]
            return _refuse_unfinished()
        abort(404)
    return _refuse_stale() if fresh or g.verdict in FRESH else None


def _to(endpoint: str) -> Response:
    """To that page, which leads back here, or, after a form, to the page the form was on."""
    return redirect(f"{url_for(endpoint)}?{urlencode({'next': _way_back()})}", 303)


def _way_back() -> str:
    if request.method in {"GET", "HEAD"}:
        return request.full_path.rstrip("?")
    adapter = current_app.create_url_adapter(request)
    try:
        if adapter and adapter.match(request.path, method="GET"):
            return request.path
    except HTTPException:
        pass
    return "/account"
