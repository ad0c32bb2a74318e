"""Errors for software: `application/problem+json` (RFC 9457) with a sentence a person can act on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask
from werkzeug.wrappers import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A request that cannot be answered. `parameter` names what to correct, where it is one parameter."""

    def __init__(
        self, status: int, detail: str, *, parameter: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.parameter = parameter
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer that says so."""
        shape: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.parameter:
            shape["parameter"] = self.parameter
        response = Response(json.dumps(shape, ensure_ascii=False), self.status, content_type=MEDIA_TYPE)
        response.headers.update(self.headers)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def attach(app: Flask) -> None:
    """A Problem raised anywhere becomes its answer."""
    app.register_error_handler(Problem, Problem.response)
