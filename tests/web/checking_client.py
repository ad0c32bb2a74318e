"""A client that looks at every page it gets: what it finds wrong fails the test, whatever the test was about.

`findings(html)` is pure, so that each check has a control: a bad page that must be found.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from contextvars import Context
from io import BufferedRandom
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask, before_render_template, template_rendered
from flask.testing import FlaskClient
from html5lib.html5parser import HTMLParser
from sqlalchemy import event
from werkzeug.test import TestResponse

from directory.app import database

HEAVIEST_PAGE = 15_000  # bytes, compressed
OWN_PICTURE = re.compile(r"/entries/[0-9a-f-]{36}/qr\.svg")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
FIELDS = ("input", "select", "textarea")


class BadPage(AssertionError):
    """A page that breaks what holds for every page."""


class CheckingClient(FlaskClient):
    """Checks every HTML answer; `QueriesWhileRendering` watches the database."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)  # else a static file stays open
        # A request has its own database session, as it has when served, even where the test holds one open.
        # Inside `with client` the test wants to look at the request's own context, so it shares it.
        if self.preserve_context:
            response = super().open(*args, **kwargs)
        else:
            response = Context().run(super().open, *args, **kwargs)
        sent = response.request.environ["wsgi.input"]
        if isinstance(sent, BufferedRandom):  # a large upload: werkzeug's client leaves its file open
            sent.close()
        if response.mimetype == "text/html" and not 300 <= response.status_code < 400:
            wrong = findings(response.text)
            if len(gzip.compress(response.data, 6)) > HEAVIEST_PAGE:
                wrong.append(f"is heavier than {HEAVIEST_PAGE} bytes compressed")
            if wrong:
                raise BadPage(f"{response.request.path}: " + "; ".join(wrong))
        return response


class QueriesWhileRendering:
    """Collects statements sent between the start and the end of rendering. A template never causes a query."""

    def __init__(self, app: Flask) -> None:
        self.statements: list[str] = []
        self._depth = 0
        before_render_template.connect(self._begin, app)
        template_rendered.connect(self._end, app)
        with app.app_context():
            event.listen(database.engine, "before_cursor_execute", self._note)

    def _begin(self, *_: Any, **__: Any) -> None:
        self._depth += 1

    def _end(self, *_: Any, **__: Any) -> None:
        self._depth -= 1

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if self._depth:
            self.statements.append(statement)


def findings(html: str) -> list[str]:
    """What is wrong with a page, in words; empty for a good one."""
    parser = HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    page = parser.parse(html)
    wrong = [f"line {line[0]}: {code}" for line, code, _ in parser.errors]
    return wrong + [found for check in CHECKS for found in check(page)]


def words(element: Element) -> str:
    """The text a reader hears: text and the words of images."""
    parts = [element.text or "", element.get("alt", "")]
    for child in element:
        hidden = child.get("aria-hidden") == "true"
        parts += ["" if hidden else words(child), child.tail or ""]
    return " ".join("".join(parts).split())


def _headings(page: Element) -> Iterator[str]:
    tops = list(page.iter("h1"))
    if len(tops) != 1:
        yield f"has {len(tops)} h1"
        return
    title = words(page.find(".//title"))  # type: ignore[arg-type]
    if not title.startswith(words(tops[0])):
        yield f"title “{title}” does not begin with the heading “{words(tops[0])}”"
    levels = [int(element.tag[1]) for element in page.iter() if element.tag in HEADINGS]
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"skips from h{before} to h{after}"


def _names(page: Element) -> Iterator[str]:
    labelled = {label.get("for") for label in page.iter("label")}
    for element in page.iter():
        if element.tag in FIELDS and element.get("type") != "hidden":
            if element.get("id") not in labelled and not element.get("aria-label"):
                yield f"{element.tag} {element.get('name')} has no label"
        elif element.tag in {"a", "button", "summary"} and not (element.get("aria-label") or words(element)):
            yield f"{element.tag} {element.get('href', '')} has no words"
        elif element.tag == "img" and element.get("alt") is None:
            yield f"img {element.get('src')} has no alt"


def _ids(page: Element) -> Iterator[str]:
    ids = Counter(element.get("id") for element in page.iter() if element.get("id"))
    yield from (f"id {name} stands {count} times" for name, count in ids.items() if count > 1)
    for element in page.iter():
        for attribute in ("aria-labelledby", "aria-describedby", "for"):
            yield from (
                f"{attribute} names {name}, which is not there"
                for name in element.get(attribute, "").split()
                if name not in ids
            )
        target = element.get("href", "")
        if target.startswith("#") and target[1:] not in ids:
            yield f"link to {target}, which is not there"


def _policy(page: Element) -> Iterator[str]:
    """Nothing the content security policy would stop, nothing from elsewhere."""
    for element in page.iter():
        if element.tag == "style" or element.get("style") is not None:
            yield f"inline style in {element.tag}"
        if element.tag == "script" and (not element.get("src") or words(element)):
            yield "inline script"
        yield from (f"{element.tag} has {name}" for name in element.attrib if name.lower().startswith("on"))
        source = element.get("src") or (element.get("href") if element.tag == "link" else None)
        if source is not None and not source.startswith("/static/") and not OWN_PICTURE.fullmatch(source):
            yield f"{element.tag} loads {source}"


def _links(page: Element) -> Iterator[str]:
    for link in page.iter("a"):
        target = link.get("href", "")
        if not target.startswith(
            ("/", "#", "tel:+", "tel:", "mailto:", "https://", "http://", "carddav://", "carddavs://")
        ):
            yield f"link “{words(link)}” leads to “{target}”"
        if target.startswith("//"):
            yield f"link “{words(link)}” leaves the site without saying so"
    for form in page.iter("form"):
        if not form.get("action", "").startswith("/"):
            yield "form without an address of ours"


def _frame(page: Element) -> Iterator[str]:
    if not page.get("lang"):
        yield "html has no lang"
    yield from (
        f"has {count} {tag}" for tag in ("main", "header", "footer") if (count := len(list(page.iter(tag)))) != 1
    )
    if any("Kosovo*" in (element.text or "") for element in page.iter() if element.tag not in {"title"}) and not any(
        element.get("id") == "footnote" for element in page.iter()
    ):
        yield "names Kosovo* without its footnote"


CHECKS = (_headings, _names, _ids, _policy, _links, _frame)
