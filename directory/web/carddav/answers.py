"""Answers of the protocol: many things at once, a card, a refusal; packed where the device unpacks."""

from __future__ import annotations

import gzip

from flask import request
from werkzeug.wrappers import Response

from directory.web.carddav import xml
from directory.web.layout import SANDBOX

DAV_HEADER = "1, 3, addressbook"
XML_TYPE = "application/xml; charset=utf-8"
WORTH_PACKING = 1_000


def many(text: str) -> Response:
    """207 with what each says."""
    return packed(Response(text, 207, content_type=XML_TYPE))


def refused(condition: str, *, code: int = 403) -> Response:
    """A refusal that names the condition which was not met."""
    response = Response(xml.condition(condition), code, content_type=XML_TYPE)
    return _marked(response)


def plain(words: str, code: int) -> Response:
    """A refusal in words."""
    return _marked(Response(f"{words}\n", code, mimetype="text/plain"))


def file(text: str, content_type: str, etag: str) -> Response:
    """A card, or a whole book, unless the device has this one already."""
    response = Response(text, content_type=content_type)
    response.set_etag(etag)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Content-Disposition"] = "attachment"
    return packed(response).make_conditional(request)


def packed(response: Response) -> Response:
    """The same, compressed where the device takes it and it is worth it."""
    response.headers["Vary"] = "Accept-Encoding"
    body = response.get_data()
    if len(body) >= WORTH_PACKING and request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(body, 4))
        response.headers["Content-Encoding"] = "gzip"
    return _marked(response)


def _marked(response: Response) -> Response:
    response.headers["DAV"] = DAV_HEADER
    response.headers["Cache-Control"] = "no-store"
    return response
