"""Where a form may lead on: to our own pages only."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

PLAIN = re.compile(r"/(?!/)[A-Za-z0-9/_.~%&=?+,:;@!$'()*-]*")
MOST = 500


def is_own_path(value: str) -> bool:
    """A plain path on this site: no host, no scheme, no trick with slashes, dots, controls or other alphabets."""
    if len(value) > MOST or not PLAIN.fullmatch(value):
        return False
    parts = urlsplit(value)
    if parts.scheme or parts.netloc or "//" in parts.path or ":" in parts.path or "@" in parts.path:
        return False
    segments = parts.path.lower().replace("%2e", ".").split("/")
    return not {".", ".."} & set(segments) and not re.search(r"%(2f|5c|0[0-9a-f]|1[0-9a-f]|7f)", value.lower())


def next_path(default: str) -> str:
    """The page the form or address names, where it is one of ours that can be looked at; else the default."""
    wanted = request.form.get("next") or request.args.get("next") or ""
    return wanted if is_own_path(wanted) and _is_page(urlsplit(wanted).path) else default


def _is_page(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint = adapter.match(path, method="GET")[0] if adapter else ""
    except RequestRedirect:
        return False
    except HTTPException:
        return False
    return endpoint not in {"", "static", "sign_in", "sign_in_code"}
