"""Count a try before it is made, in its own transaction; one too many becomes a page that says how long to wait."""

from __future__ import annotations

import math
from collections.abc import Iterable

from flask import Flask, request
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from directory.accounts import limits
from directory.accounts.limits import Limit, TooMany
from directory.db import transaction
from directory.web import current
from directory.web.errors import show
from directory.web.translating import gettext as _
from directory.web.translating import ngettext


def attach(app: Flask) -> None:
    """TooMany becomes the page 429."""
    app.register_error_handler(TooMany, _too_many)


def count(*budgets: tuple[Iterable[Limit], str]) -> None:
    """Count one against each budget, each a list of limits and a key; all or none. Raises TooMany."""
    session, now = current.session(), current.site().now()
    with transaction(session):
        for some, key in budgets:
            limits.take(session, some, key, now=now)


def network() -> str:
    """The caller's network, as far as the trusted proxies vouch for it."""
    return limits.network_of(request.remote_addr)


def _too_many(error: TooMany) -> Response:
    seconds = math.ceil(error.wait.total_seconds())
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        wait = ngettext("Try again in %(num)d minute.", "Try again in %(num)d minutes.", minutes)
    else:
        hours = math.ceil(minutes / 60)
        wait = ngettext("Try again in %(num)d hour.", "Try again in %(num)d hours.", hours)
    sentence = _("That was too often in a short time.") + " " + wait
    return show(TooManyRequests(sentence, retry_after=seconds))
