"""Nothing changes without a token, nothing changes by looking, and no method works that is not listed."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import pytest
from sqlalchemy import select

from directory.app import database
from directory.db import Base
from tests.security.crawl import addresses, arguments, fields, ids_of, routes
from tests.security.long import LOOKS
from tests.security.site import Site
from tests.security.walk import thinned

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# A question changes nothing and its origin is checked; the API takes keys, never cookies.
WITHOUT_TOKEN = {"search", "use_unsubscribe"}
WITHOUT_COOKIE = ("/api/", "/carddav/")
PHONE_BOOK = {"PROPFIND", "REPORT", "MOVE", "COPY", "PROPPATCH", "MKCOL"}  # nowhere but below /carddav
# What looking may write, and why. Everything else stays as it was, to the letter.
COUNTED = {
    "limit_count": "how often somebody asked",
    "used_today": "what somebody was given today",
    "access_record": "who was given which entries",
    "access_item": "who was given which entries",
    "alarm": "a bell behind an address nothing links to",
}
EVERY_METHOD = ("GET", "HEAD", "OPTIONS", *UNSAFE, "TRACE", "CONNECT", "PROPFIND", "BREW")


@pytest.fixture
def with_tokens(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setitem(site.app.config, "WTF_CSRF_ENABLED", True)
    return site


def picture(site: Site, *, skip: dict[str, str] | None = None) -> dict[str, str]:
    """A hash of every table; of history without the lines about accesses, which looking writes."""
    found = {}
    with site.app.app_context():
        session = database.session()
        for table in Base.metadata.sorted_tables:
            if table.name in (skip or {}):
                continue
            statement = select(table).order_by(*table.primary_key.columns)
            if table.name == "change":
                statement = statement.where(table.c.subject_type != "access")
            rows = [_without_used_at(dict(row)) for row in session.execute(statement).mappings()]
            found[table.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


def _without_used_at(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in {"seen_at", "used_at"}}


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [name for name in before if before[name] != after[name]]


@pytest.mark.parametrize("token", [None, "", "made.up.token", "another session's"])
def test_no_form_is_taken_without_its_token(with_tokens: Site, token: str | None) -> None:
    site, ids, wrong, count = with_tokens, ids_of(with_tokens.app, with_tokens.world), [], 0
    if token == "another session's":
        page = site.client("deputy").get("/account/api-keys").text
        token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    before = picture(site)
    for rule, method in routes(site.app):
        if method not in UNSAFE or rule.endpoint in WITHOUT_TOKEN or rule.rule.startswith(WITHOUT_COOKIE):
            continue
        path = site.app.url_map.bind("localhost").build(rule.endpoint, arguments(rule, ids)[0], append_unknown=False)
        for who in ("anonymous", "reader", "coordinator", "secretariat"):
            count += 1
            data = fields() if token is None else {**fields(), "csrf_token": token}
            code = site.client(who).open(path, method=method, data=data).status_code
            wrong += [] if code == 400 else [f"{method} {path} as {who}: {code}"]
    assert count > 100
    assert wrong == [], "\n".join(wrong)
    assert differing(before, picture(site)) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_no_form_is_taken_from_another_site(site: Site, headers: dict[str, str]) -> None:
    ids = ids_of(site.app, site.world)
    before, wrong = picture(site), []
    for rule, method in routes(site.app):
        if method in UNSAFE and not rule.rule.startswith(WITHOUT_COOKIE):
            path = site.app.url_map.bind("localhost").build(
                rule.endpoint, arguments(rule, ids)[0], append_unknown=False
            )
            code = site.client("secretariat").open(path, method=method, data=fields(), headers=headers).status_code
            wrong += (
                []
                if code == 403 or (rule.endpoint == "search" and "Origin" not in headers)
                else [f"{method} {path}: {code}"]
            )
    assert wrong == []
    assert differing(before, picture(site)) == []


def test_the_api_takes_no_cookie(site: Site) -> None:
    """Whatever a browser sends along by itself opens nothing there, so no other site can use it."""
    ids, before = ids_of(site.app, site.world), picture(site, skip=COUNTED)
    for rule, method in routes(site.app):
        if rule.rule.startswith("/api/"):
            for path in thinned(rule.endpoint, addresses(site.app, rule, ids)):
                body = {"json": {"question": "police Romania", "title": "x"}} if method in UNSAFE else {}
                mine = site.client("secretariat").open(path, method=method, **body)
                theirs = site.client("anonymous").open(path, method=method, **body)
                assert (mine.status_code, mine.data) == (theirs.status_code, theirs.data), path
    assert differing(before, picture(site, skip=COUNTED)) == []


def test_the_phone_book_takes_no_cookie(site: Site) -> None:
    """A device sends its token; whoever is signed in opens nothing there by that, and nothing by another's token."""
    ids, before, count = ids_of(site.app, site.world), picture(site, skip=COUNTED), 0
    for rule, method in routes(site.app):
        if rule.rule.startswith("/carddav/"):
            for path in thinned(rule.endpoint, addresses(site.app, rule, ids)):
                count += 1
                for who in ("secretariat", "read:registered", "anonymous"):
                    code = site.client(who).open(path, method=method).status_code
                    assert code in {401, 429}, f"{method} {path} as {who}"
    assert count > 50
    assert differing(before, picture(site, skip=COUNTED)) == []


def test_the_methods_of_the_phone_book_are_nowhere_else(site: Site) -> None:
    found = {rule.rule for rule, method in routes(site.app) if method in PHONE_BOOK}
    assert {rule for rule in found if not rule.startswith("/carddav/")} == {"/.well-known/carddav"}


@pytest.mark.parametrize("who", ["anonymous", "secretariat", "read:registered"])
def test_looking_changes_nothing(site: Site, who: str) -> None:
    ids, client, before = ids_of(site.app, site.world), site.client(who), picture(site, skip=COUNTED)
    walked = 0
    looked_at = [rule for rule, method in routes(site.app) if method == "GET"]
    for rule in looked_at:
        walked += bool(addresses(site.app, rule, ids))
        for path in thinned(rule.endpoint, addresses(site.app, rule, ids), LOOKS):
            for quiet in ("GET", "HEAD", "OPTIONS"):
                client.open(path, method=quiet, buffered=True)
    assert walked == len(looked_at) > 40, "every address that can be looked at was"
    changed = differing(before, picture(site, skip=COUNTED))
    assert changed == [], f"GET, HEAD or OPTIONS wrote to {changed}"


def test_control_a_view_that_writes_when_looked_at_is_found(site: Site) -> None:
    before = picture(site, skip=COUNTED)
    with site.app.app_context():
        session = database.session()
        country = session.execute(select(Base.metadata.tables["country"]).limit(1)).mappings().one()
        table = Base.metadata.tables["country"]
        session.execute(table.update().where(table.c.code == country["code"]).values(note="written"))
        session.commit()
    assert differing(before, picture(site, skip=COUNTED)) == ["country"]


def test_methods_outside_the_list_are_refused(site: Site) -> None:
    ids = ids_of(site.app, site.world)
    allowed: dict[str, set[str]] = defaultdict(set)
    for rule in site.app.url_map.iter_rules():
        path = site.app.url_map.bind("localhost").build(rule.endpoint, arguments(rule, ids)[0], append_unknown=False)
        allowed[path] |= rule.methods or set()
    client, wrong, count = site.client("secretariat"), [], 0
    for path, methods in allowed.items():
        for method in EVERY_METHOD:
            if method not in methods:
                count += 1
                answer = client.open(path, method=method, buffered=True)
                if answer.status_code != 405 or not answer.headers.get("Allow"):
                    wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []
    print(f"\nmethods: {count} refused with 405")
