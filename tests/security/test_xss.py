"""Hostile text in every stored field and every parameter: the page that shows it holds no script and no handler of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest
from sqlalchemy import Table, Text, select, update

from directory import worker
from directory.app import database
from directory.db import Base
from directory.entries import indexing
from tests.security.classes import declared, filled_columns
from tests.security.crawl import addresses, arguments, ids_of, routes
from tests.security.ledger import AS_THEY_ARE, KEPT
from tests.security.site import Site
from tests.security.walk import thinned

MARK = "zqxss"
STORED = f"\"'><script>{MARK}</script><img src=x onerror={MARK}><svg/onload={MARK}>{{{{7*7}}}}</title></textarea>"
LINK = f"javascript:{MARK}"
PAYLOADS = [
    STORED, f"javascript:{MARK}//", f"'-{MARK}-'", f"\" onmouseover={MARK} x=\"", f"' autofocus onfocus={MARK} '", f"</script><script>{MARK}</script>",
    f"<iframe srcdoc='<script>{MARK}</script>'>", f"<math><a xlink:href=javascript:{MARK}>", f"<style>@import '{MARK}'</style>", f"{{{{config}}}}{MARK}",
    f"%3Cscript%3E{MARK}%3C/script%3E", f"＜script＞{MARK}＜/script＞", f"<a href=data:text/html,{MARK}>x", f"<base href=//{MARK}>", f"<meta http-equiv=refresh content='0;{MARK}'>",
]  # fmt: skip
PARAMETERS = ("q", "words", "country", "host", "sop", "measure", "role", "type", "group", "exploitation", "language", "urgent", "page",
              "cursor", "limit", "changed_since", "next", "code", "email", "problem", "seen")  # fmt: skip
OWN_PICTURE = re.compile(r"/static/|/entries/[0-9a-f-]{36}/qr\.svg$")
HARMLESS = {"script", "link", "img", "svg", "path", "rect", "title", "use", "g"}


def harm(page: str) -> list[str]:
    """What of a page could run, or carries the mark where only our own words may stand."""
    found = []
    for element in html5lib.parse(page, namespaceHTMLElements=False).iter():
        found += _harm_of(element)
    return found


def _harm_of(element: Element) -> Iterator[str]:
    name = str(element.tag).rsplit("}", 1)[-1]
    source = element.get("src", "")
    if name == "script" and (MARK in "".join(element.itertext()) or not source.startswith("/static/")):
        yield "script"
    if name in {"iframe", "object", "embed", "base", "style", "math", "frame", "applet"}:
        yield name
    if name == "meta" and element.get("http-equiv"):
        yield "meta refresh"
    for attribute, value in element.attrib.items():
        plain = str(attribute).lower()
        if plain.startswith("on") or plain in {"style", "srcdoc"}:
            yield f"{name} {attribute}"
        if plain.rsplit("}", 1)[-1] in {"href", "src", "action", "formaction"} and value.strip().lower().startswith(
            ("javascript:", "data:", "vbscript:")
        ):
            yield f"{name} {attribute}={value}"
    if name == "img" and source and not OWN_PICTURE.match(source):
        yield f"img {source}"


@pytest.fixture
def poisoned(site: Site) -> Site:
    """Every text that stands in the database, but what opens doors, is hostile now; addresses of links too."""
    with site.app.app_context():
        session = database.session()
        count = 0
        for column in filled_columns(Base.metadata):
            assert isinstance(column.table, Table)
            key = (column.table.name, column.name)
            if (
                not isinstance(column.type, Text)
                or key in AS_THEY_ARE
                or column.name in KEPT
                or "never" in declared()[key].classes
            ):
                continue
            text = LINK if "url" in column.name else STORED
            for place, row in enumerate(session.execute(select(*column.table.primary_key.columns)).all()):
                here = [c == v for c, v in zip(column.table.primary_key.columns, row, strict=True)]
                session.execute(update(column.table).where(*here).values({column.name: f"{text}{place}"}))
                count += 1
        session.commit()
        assert count > 300
    site.app.extensions["site"].cache._kept.clear()
    return site


def test_stored_text_stays_text(poisoned: Site) -> None:
    wrong, pages, marked = [], 0, 0
    ids = ids_of(poisoned.app, poisoned.world)
    for who in ("anonymous", "coordinator", "secretariat", "focal_point"):
        client = poisoned.client(who)
        for rule, method in routes(poisoned.app):
            for path in thinned(rule.endpoint, addresses(poisoned.app, rule, ids)) if method == "GET" else ():
                answer = client.get(path, buffered=True)
                if answer.mimetype in {"text/html", "image/svg+xml"}:
                    pages, marked = pages + 1, marked + (MARK in answer.text)
                    wrong += [f"{path} as {who}: {found}" for found in harm(answer.text)]
                elif MARK.encode() in answer.data:
                    assert answer.mimetype in {
                        "application/json",
                        "application/problem+json",
                        "application/x-apple-aspen-config",
                        "text/csv",
                        "text/vcard",
                    }, path
                    assert "nosniff" in answer.headers["X-Content-Type-Options"]
    print(f"\nxss: {pages} pages, {marked} of them with the hostile text, {len(wrong)} findings")
    assert marked > 30
    assert wrong == []


def test_parameters_stay_text(site: Site) -> None:
    wrong, pages = [], 0
    ids, client = ids_of(site.app, site.world), site.client("secretariat")
    for rule, method in routes(site.app):
        if method != "GET" or rule.rule.startswith(("/api/", "/static/")):
            continue
        path = site.app.url_map.bind("localhost").build(rule.endpoint, arguments(rule, ids)[0], append_unknown=False)
        for payload in PAYLOADS[:: 1 if rule.endpoint in {"entries", "sign_in"} else 5]:
            pages += 1
            answer = client.get(path, query_string=dict.fromkeys(PARAMETERS, payload), buffered=True)
            wrong += (
                [f"{path} {payload}: {found}" for found in harm(answer.text)]
                if answer.mimetype in {"text/html", "image/svg+xml"}
                else []
            )
    print(f"\nxss: {pages} pages with hostile parameters, {len(wrong)} findings")
    assert wrong == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_typed_stays_text(site: Site, payload: str) -> None:
    """Forms that come back with what was typed, and a question with its note."""
    client = site.client("secretariat")
    client.post("/search", data={"q": f"{payload} Romania"})
    pages = [
        client.get("/entries?country=RO"),
        client.get("/entries", query_string={"words": payload, "country": "RO"}),
    ]
    typed = dict.fromkeys(("email", "name", "reason", "code", "password", "note", "next", "scope"), payload)
    forms = ("/sign-in", "/recover", "/account/password", "/coordination/people/invitation", "/account/api-keys")
    pages += [client.post(path, data=typed) for path in forms]
    assert [found for page in pages if page.mimetype == "text/html" for found in harm(page.text)] == []


@pytest.mark.parametrize(
    "payload", [STORED, f"<p onclick={MARK}>", f"<a href='javascript:{MARK}'>", "<img src=//elsewhere>", "<iframe>"]
)
def test_control_what_is_not_escaped_is_found(payload: str) -> None:
    assert harm(f"<!doctype html><p>{payload}</p>")


def test_control_an_unescaped_field_is_found(poisoned: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poisoned.app.jinja_env, "autoescape", False)
    poisoned.app.jinja_env.cache.clear()
    try:
        page = poisoned.client("anonymous").get(f"/entries/{poisoned.world.posts['agreed']}").text
    finally:
        poisoned.app.jinja_env.cache.clear()
    assert harm(page)


def test_the_index_still_builds(poisoned: Site) -> None:
    with poisoned.app.app_context():
        running, session = poisoned.app.extensions["site"], database.session()
        found = list(
            indexing.all_documents(session, running.taxonomy(session), today=running.today(), days=running.days)
        )
    assert found
    assert worker.JOBS
