"""Errors as a sentence and a way on: a page for people, problem+json for software."""

from __future__ import annotations

from flask import Flask, current_app, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable
from werkzeug.wrappers import Response

from directory.logs import where
from directory.search.port import IndexUnusable
from directory.web.translating import gettext as _


def attach(app: Flask) -> None:
    """Handlers for whatever goes wrong."""
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(IndexUnusable, _search_rests)
    app.register_error_handler(OperationalError, _database_rests)
    app.register_error_handler(Exception, _unexpected)


def show(error: HTTPException) -> Response:
    """The page for an error: what happened, what to do."""
    code = error.code or 500
    sentence = _sentence(code, error)
    page = render_template("errors/error.html", code=code, heading=_heading(code), sentence=sentence)
    response = Response(page, code, mimetype="text/html")
    for name, value in error.get_headers(request.environ):
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def _heading(code: int) -> str:
    known = {
        400: _("That could not be read"),
        403: _("Not open to you"),
        404: _("Nothing is here"),
        405: _("That cannot be done here"),
        413: _("Too much at once"),
        429: _("Wait a minute"),
        503: _("Not ready just now"),
    }
    return known.get(code, _("Something went wrong"))


def _sentence(code: int, error: HTTPException) -> str:
    known = {
        400: _("The address or form could not be read. Go back and try again."),
        403: _("This is not open to you."),
        404: _("There is no such page, or it is not open to you. Ask a question or choose a country."),
        405: _("This address does not take that kind of request."),
        413: _("That is more than can be taken in at once."),
        429: _("That was a lot in a short time. Wait a minute and try again."),
        500: _(
            "Something went wrong here. Nothing was lost. Try again; if it stays, tell whoever runs this directory."
        ),
        503: _("The directory is busy getting ready. Try again in a minute."),
    }
    if isinstance(error, CSRFError):
        return _("This form is too old, or your browser keeps no cookies. Load the page again and send it once more.")
    own = error.description if error.description and error.description != type(error).description else ""
    return own or known.get(code, error.name)


def _search_rests(_error: IndexUnusable) -> Response:
    return show(ServiceUnavailable(_("Searching is being prepared. Try again in a minute, or choose a country.")))


def _database_rests(error: OperationalError) -> Response:
    current_app.logger.error("The database did not answer: %s", where(error))
    return show(ServiceUnavailable(_("The directory's data cannot be reached just now. Try again in a minute.")))


def _unexpected(error: Exception) -> Response:
    current_app.logger.error("Unexpected: %s", where(error))
    return show(InternalServerError())
