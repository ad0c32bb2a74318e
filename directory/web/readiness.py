"""For whoever watches the machine: `/live` says the process answers. `/ready` and `/metrics` come with operations."""

from __future__ import annotations

from flask import Flask

from directory.web import access


def attach(app: Flask) -> None:
    """`/live`."""
    app.add_url_rule("/live", "live", live)


@access.public
def live() -> tuple[str, int, dict[str, str]]:
    """The process answers."""
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
