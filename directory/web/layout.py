"""What every page shares: words, the addresses of static files, the Kosovo footnote, and the headers."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from werkzeug.wrappers import Response

from directory.config import ROOT
from directory.web import current, words
from directory.web.translating import gettext, locale_name, plural

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), payment=(), display-capture=()",
}
A_YEAR = 365 * 24 * 3600
# A download: nothing in it is ever run, whoever opens it.
SANDBOX = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"


def attach(app: Flask) -> None:
    """Filters, globals and headers."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        country=words.country_word,
        day=words.day_words,
        moment=words.moment_words,
        language=words.language_word,
        web_address=words.web_address,
    )
    app.jinja_env.globals.update(
        role_word=words.role_word,
        type_word=words.type_word,
        asset=_asset_address,
        kosovo_named=_kosovo_named,
        kosovo_footnote=_kosovo_footnote,
    )
    app.jinja_env.install_gettext_callables(gettext, plural, newstyle=True)  # type: ignore[attr-defined]
    app.context_processor(_shared)
    app.after_request(_headers)


def _shared() -> dict[str, Any]:
    return {"settings": current.site().settings, "locale": locale_name()}


def _kosovo_named() -> bool:
    return bool(g.get("kosovo_named", False))


def _kosovo_footnote() -> str:
    """As the secretariat set it; what we ship is there in the languages of the letters."""
    return gettext(current.site().settings.kosovo_footnote)


@lru_cache
def _asset_address(name: str) -> str:
    """The address of a static file with a mark of its content, so that it can be kept for a year."""
    mark = hashlib.sha256(Path(ROOT, "static", name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={mark}"


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current.site().settings.base_url.startswith("https://"):
        response.headers["Strict-Transport-Security"] = f"max-age={A_YEAR}"
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-cache")
    elif "v" in request.args:
        response.cache_control.max_age, response.cache_control.public = A_YEAR, True
        response.cache_control.no_cache, response.cache_control.immutable = None, True
    return response
