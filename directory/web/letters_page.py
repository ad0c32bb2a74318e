"""The demo's letter box: what would have gone out by mail, read here. Demo mode answers this machine only."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from flask import Flask, abort, g, make_response, render_template
from werkzeug.wrappers import Response

from directory.web import access, current
from directory.web.layout import SANDBOX

MOST_SHOWN = 200
MOST_BYTES = 500_000
_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as the page shows it. `parts`: its text, cut so that each of our own links stands by itself."""

    id: str
    to: str
    sender: str
    subject: str
    at: datetime | None
    parts: tuple[tuple[bool, str], ...] = ()


def attach(app: Flask) -> None:
    """`/demo/letters`."""
    app.add_url_rule("/demo/letters", "letters", show_all)
    app.add_url_rule("/demo/letters/<uuid:letter_id>", "letter", show)
    app.add_url_rule("/demo/letters/<uuid:letter_id>/html", "letter_html", show_html)


@access.public
def show_all() -> Response:
    """Every letter, the newest first."""
    files = sorted(_folder().glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)
    found = [_letter(file.stem, message) for file in files[:MOST_SHOWN] if (message := _read(file))]
    return make_response(render_template("letters/letters.html", letters=found, count=len(files)))


@access.public
def show(letter_id: object) -> Response:
    """One letter: its plain text, with links that can be followed."""
    message = _read(_folder() / f"{letter_id}.eml") or abort(404)
    return make_response(render_template("letters/letter.html", letter=_letter(str(letter_id), message, in_full=True)))


@access.public
def show_html(letter_id: object) -> Response:
    """Its HTML part, in a sandbox: nothing in it is run or loaded, and its links lead nowhere."""
    message = _read(_folder() / f"{letter_id}.eml") or abort(404)
    part = message.get_body(("html",)) or abort(404)
    response = make_response(str(part.get_content()))
    response.headers["Content-Security-Policy"] = f"{SANDBOX}; style-src 'unsafe-inline'"
    return response


def _folder() -> Path:
    """Where the demo's letters lie. Outside demo mode there is no such page."""
    g.no_store = True
    settings = current.site().settings
    if not settings.demo:
        abort(404)
    return settings.data_dir / "mail"


def _read(file: Path) -> EmailMessage | None:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES)
    except OSError:
        return None
    return email.message_from_bytes(content, policy=email.policy.default)


def _letter(letter_id: str, message: EmailMessage, *, in_full: bool = False) -> Letter:
    part = message.get_body(("plain",)) if in_full else None
    text = str(part.get_content()) if part is not None else ""
    return Letter(
        id=letter_id,
        to=str(message["To"] or ""),
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""),
        at=parsedate_to_datetime(str(message["Date"])) if message["Date"] else None,
        parts=tuple(_pieces(text, current.site().settings.base_url)),
    )


def _pieces(text: str, base_url: str) -> Iterable[tuple[bool, str]]:
    """The text piece by piece; True for a link to this directory, as a path."""
    end = 0
    for found in _LINK.finditer(text):
        if not found[0].startswith(f"{base_url}/"):
            continue
        yield False, text[end : found.start()]
        yield True, found[0].removeprefix(base_url)
        end = found.end()
    yield False, text[end:]
