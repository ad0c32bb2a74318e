"""The importers' own pages, put beside the directory's by wsgi.py: imports, and checking somebody's old list."""

from __future__ import annotations

from flask import Flask, request

from importers import background
from importers.old_list import LIMITS

_MEGABYTE = 1024 * 1024
MARGIN = 64 * 1024  # what a form takes besides its file
FORM_ROOM = 256 * 1024
TAKES_FILES = frozenset({"upload_import", "check_old_list"})


def attach(app: Flask) -> None:
    """Routes, how much each takes in, the worker's jobs, and the links that lead here."""
    from importers.pages import decisions, old_list, progress, starting  # noqa: PLC0415 - a package cannot import its own parts above

    for family in (starting, progress, decisions, old_list):
        family.attach(app)
    # Before anything reads the form: the guard against other sites does, whole.
    app.before_request_funcs.setdefault(None, []).insert(0, _bound)
    app.jinja_env.globals["offers_imports"] = True
    background.attach_jobs()


def _bound() -> None:
    """An old list is no archive. Reading a file takes a little more room than a form without one."""
    if request.endpoint in TAKES_FILES:
        # A piece of the file waits beside the next one; with the room of a plain form every longer list is refused.
        request.max_form_memory_size = FORM_ROOM
    if request.endpoint == "check_old_list":
        request.max_content_length = LIMITS.megabytes * _MEGABYTE + MARGIN
