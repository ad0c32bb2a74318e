"""A page that is open to SQL injection on purpose, so that a scanner which finds nothing elsewhere can be believed."""

from __future__ import annotations

import sqlite3
import sys

from flask import Flask, request


def build() -> Flask:
    """One parameter, pasted into the statement."""
    app = Flask("vulnerable")

    @app.get("/entries")
    def entries() -> str:
        database = sqlite3.connect(":memory:")
        database.execute("CREATE TABLE entry (id INTEGER, title TEXT)")
        database.executemany("INSERT INTO entry VALUES (?, ?)", [(1, "Return desk"), (2, "Helpline")])
        rows = database.execute(f"SELECT title FROM entry WHERE id = {request.args.get('id', '1')}")
        return "<p>" + "</p><p>".join(str(title) for (title,) in rows) + "</p>"

    return app


if __name__ == "__main__":
    build().run("127.0.0.1", int(sys.argv[1]))
