"""The JSON API, `/api/v1`, and the OpenAPI document that describes it."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from directory.logs import where
from directory.search.port import IndexUnusable
from directory.web.api import document, edits, views
from directory.web.problems import Problem

PREFIX = "/api/v1"


def attach(app: Flask) -> None:
    """The routes; and every error below `/api/` as a problem, also for addresses that do not exist."""
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    api.add_url_rule("/ask", "ask", views.ask, methods=["POST"])
    api.add_url_rule("/entries", "entries", views.entries)
    api.add_url_rule("/entries/<uuid:entry_id>", "entry", views.entry)
    api.add_url_rule("/entries/<uuid:entry_id>", "change_entry", edits.change_entry, methods=["PATCH"])
    api.add_url_rule("/countries", "countries", views.countries)
    api.add_url_rule("/sops", "sops", views.sops)
    api.add_url_rule("/openapi.json", "openapi", document.show)
    api.register_error_handler(Problem, Problem.response)
    api.register_error_handler(HTTPException, _refused)
    api.register_error_handler(IndexUnusable, _search_rests)
    api.register_error_handler(Exception, _unexpected)
    app.register_blueprint(api)
    app.before_request(_refuse_unrouted)


def _refuse_unrouted() -> Response | None:
    """No such address, or not that method: said here, before the pages' own error page is reached."""
    error = request.routing_exception
    if request.path.startswith("/api/") and error is not None and (error.code or 500) >= 400:
        return _refused(error)
    return None


def _refused(error: HTTPException) -> Response:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    sentences = {
        404: "There is no such address in this API, or it is not open to you. See /api/v1/openapi.json.",
        405: "This address does not take that method; the Allow header names those it takes.",
        413: "The request is too large.",
    }
    kept = {name: value for name, value in error.get_headers(request.environ) if name in {"Allow", "Retry-After"}}
    return Problem(code, sentences.get(code, error.description or error.name), headers=kept).response()


def _search_rests(_error: IndexUnusable) -> Response:
    detail = "Searching is being prepared. Try again in a minute."
    return Problem(503, detail, headers={"Retry-After": "60"}).response()


def _unexpected(error: Exception) -> Response:
    current_app.logger.error("Unexpected, in the API: %s", where(error))
    return Problem(500, "Something went wrong here. Nothing was lost; try again.").response()
