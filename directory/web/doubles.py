"""A field given twice in one form is refused: who reads the first and who reads the last would see two forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, abort, current_app, request

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
READ_LATER = {"search"}  # sets its own limit for the body first, then asks


def attach(app: Flask) -> None:
    """Look at every form before its view does."""
    app.before_request(_before)


def repeats(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """This view takes several values for these names."""

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.repeats = names  # type: ignore[attr-defined]  # read below
        return view

    return mark


def refuse(allowed: tuple[str, ...] = ()) -> None:
    """400 for a form with a field given twice."""
    if any(len(request.form.getlist(name)) > 1 for name in request.form if name not in allowed):
        abort(400, "A field of the form was sent twice. Go back and send it once.")


def _before() -> None:
    if request.method in UNSAFE and request.endpoint not in READ_LATER:
        view = current_app.view_functions.get(request.endpoint or "")
        refuse(getattr(view, "repeats", ()))
