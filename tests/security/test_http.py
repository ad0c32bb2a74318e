"""What every answer carries, whoever asks and whatever went wrong; and what no header can make the site do."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from directory import worker
from directory.accounts.models import Account
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.entries import answers
from directory.ports import FixedClock
from directory.web.own_paths import is_own_path
from tests.conftest import NOW
from tests.people import PASSWORD, code_at
from tests.security.crawl import addresses, arguments, fields, ids_of, routes
from tests.security.site import Site
from tests.security.walk import thinned

POLICY = {
    "Content-Security-Policy": ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action"),
    "Referrer-Policy": ("no-referrer",),
    "X-Content-Type-Options": ("nosniff",),
    "Cross-Origin-Opener-Policy": ("same-origin",),
    "Cross-Origin-Resource-Policy": ("same-origin",),
    "Permissions-Policy": ("camera=()", "microphone=()", "geolocation=()"),
}
BEHIND_LINKS = ("/invitations/", "/recover", "/finish/", "/sign-in")
EVIL = "evil.example"
ELSEWHERE = [
    "//evil.example", "///evil.example", "////evil.example/", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example",
    "https://evil.example", "http://evil.example/account", "HTTPS://EVIL.EXAMPLE", "https:evil.example", "https:/evil.example", "https:///evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "ftp://evil.example", "mailto:a@evil.example",
    "/%2f/evil.example", "/%2F%2Fevil.example", "%2f%2fevil.example", "/%5cevil.example", "/%5C%5Cevil.example", "/%09/evil.example", "/\t/evil.example",
    "/\n/evil.example", "/\r/evil.example", "\t//evil.example", " //evil.example", "\x00//evil.example", "/\x00/evil.example", "/%00/evil.example",
    "/.//evil.example", "/..//evil.example", "/../../evil.example", "/./evil.example", "/%2e%2e/evil.example", "/account/..//evil.example",
    "//evil.example@localhost", "//localhost@evil.example", "/@evil.example", "@evil.example", "evil.example", ".evil.example", "//evil%00.example",
    "／／evil.example", "/／evil.example", "〱evil.example", "//evil。example", "//xn--e1a.example", "/account//evil.example", "/account?x=//evil.example#",
    "/account\\@evil.example", "http:\\\\evil.example", "//[::1]", "//127.0.0.1:80", "/;@evil.example", "?//evil.example", "#//evil.example", "/sign-in",
]  # fmt: skip


def wrong_headers(answer: TestResponse, *, https: bool, signed_in: bool = False) -> list[str]:
    """What an answer lacks."""
    found = [
        f"{name} lacks {part}"
        for name, parts in POLICY.items()
        for part in parts
        if part not in answer.headers.get(name, "")
    ]
    policy = answer.headers.get("Content-Security-Policy", "")
    found += [f"policy allows {word}" for word in ("unsafe", "*", "data:", "http", "blob:") if word in policy]
    found += [f"has {name}" for name, _ in answer.headers if name.lower().startswith("access-control-")]
    if https and "max-age=31536000" not in answer.headers.get("Strict-Transport-Security", ""):
        found.append("no HSTS")
    if signed_in and answer.headers.get("Cache-Control") != "no-store":
        found.append(f"may be kept: {answer.headers.get('Cache-Control')}")
    return found + [f for cookie in answer.headers.getlist("Set-Cookie") for f in wrong_cookie(cookie, https=https)]


def wrong_cookie(cookie: str, *, https: bool) -> list[str]:
    """What a cookie lacks. The note about a question is for one path, so it cannot have the prefix that asks for `/`."""
    name, wanted = cookie.split("=", 1)[0], ["HttpOnly", "SameSite=Lax", *(["Secure"] if https else [])]
    found = [f"cookie {name} without {flag}" for flag in wanted if flag not in cookie]
    if https and not name.startswith("__Host-") and name != "note":
        found.append(f"cookie {name} without __Host-")
    return found + ([f"cookie {name} for others"] if "Domain=" in cookie else [])


def crawl(site: Site, who: str, **headers: str) -> Iterator[tuple[str, TestResponse]]:
    """Every page, every form with wrong and right fields, errors of each kind."""
    ids, client = ids_of(site.app, site.world), site.client(who)
    for rule, method in routes(site.app):
        for path in thinned(rule.endpoint, addresses(site.app, rule, ids))[:4]:
            if method == "GET":
                yield path, client.get(path, headers=headers, buffered=True)
                yield path, client.head(path, headers=headers, buffered=True)
                yield path, client.options(path, headers=headers, buffered=True)
            else:
                yield path, client.open(path, method=method, data={}, headers=headers)
    for path in ("/nothing", "/api/v1/nothing", "/static/nothing.css", "/entries/x", "/api/v1/entries?limit=x"):
        yield path, client.get(path, headers=headers, buffered=True)
        yield path, client.put(path, headers=headers, buffered=True)


@pytest.mark.parametrize("who", ["anonymous", "coordinator", "unfinished"])
def test_every_answer_has_every_header(site: Site, who: str) -> None:
    wrong, count, statuses = [], 0, set()
    for path, answer in crawl(site, who, Origin="https://evil.example"):
        count += 1
        statuses.add(answer.status_code)
        is_cookie_read = not path.startswith(("/api/", "/static/", "/live"))
        found = wrong_headers(
            answer, https=False, signed_in=who != "anonymous" and is_cookie_read and answer.status_code != 403
        )
        is_looked_at = answer.request.method == "GET" and path.startswith(BEHIND_LINKS)
        if is_looked_at and answer.status_code == 200 and answer.headers.get("Cache-Control") != "no-store":
            found.append("a page behind a link may be kept")
        wrong += [f"{answer.request.method} {path} ({answer.status_code}): {one}" for one in found]
    assert statuses >= {200, 303, 400, 403, 404, 405} - ({303} if who == "anonymous" else set()) - {400}
    assert wrong == [], "\n".join(dict.fromkeys(wrong))
    print(f"\nheaders: {count} answers to {who}")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The same site behind https."""
    folder = str(tmp_path_factory.mktemp("secure"))
    settings, _ = read_settings(
        {
            "DIRECTORY_DATA_DIR": folder,
            "DIRECTORY_BASE_URL": "https://directory.example.org",
            "DIRECTORY_PASSWORD_COST": "light",
        }
    )
    app = create_app(settings, clock=FixedClock(NOW))
    with app.app_context():
        prepare(app)
    worker.run_due(app)
    return app


def test_behind_https_everything_is_secure(secure: Flask) -> None:
    client, wrong = secure.test_client(), []
    for rule in secure.url_map.iter_rules():
        if not rule.arguments and "GET" in (rule.methods or set()):
            wrong += [
                f"{rule.rule}: {w}"
                for w in wrong_headers(client.get(rule.rule, base_url="https://directory.example.org"), https=True)
            ]
    asked = client.post("/search", data={"q": "qqqqq zzzzz Romania"}, base_url="https://directory.example.org")
    assert asked.headers.getlist("Set-Cookie"), "no note: the cookie is not looked at"
    assert wrong + wrong_headers(asked, https=True) == []


@pytest.mark.parametrize("path", ["/entries/{}", "/entries/{}.vcf", "/api/v1/entries/{}"])
def test_a_crash_keeps_the_headers_and_tells_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    secret = next(t.text for t in site.book.tokens.values() if t.field_class == "restricted")

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(answers, "one_entry", crash)
    answer = site.client("anonymous").get(path.format(site.world.posts["agreed"]))
    assert answer.status_code == 500
    assert wrong_headers(answer, https=False) == []
    assert secret not in answer.text
    assert "Traceback" not in answer.text
    assert "RuntimeError" in caplog.text, "the log tells what happened"
    assert secret not in caplog.text, "and none of the values"


def test_a_database_error_tells_no_value(site: Site) -> None:
    with site.app.app_context():
        session = database.session()
        session.add(
            Account(email="zq@people.example", name="zqsecretname", created_at=NOW, id=site.world.accounts["reader"])
        )
        with pytest.raises(Exception, match="UNIQUE") as raised:
            session.flush()
        session.rollback()
    assert "zqsecretname" not in str(raised.value)


def test_control_a_missing_header_and_a_bad_cookie_are_found() -> None:
    app = Flask("bare")
    app.add_url_rule(
        "/", "bare", lambda: ("", 200, {"Access-Control-Allow-Origin": "*", "Set-Cookie": "a=b; Domain=x"})
    )
    found = wrong_headers(app.test_client().get("/"), https=True, signed_in=True)
    assert len(found) > 12
    assert {"has Access-Control-Allow-Origin", "no HSTS", "cookie a for others"} <= set(found)


def test_a_field_given_twice_is_refused(site: Site) -> None:
    ids, wrong, count = ids_of(site.app, site.world), [], 0
    for rule, method in routes(site.app):
        if method in {"GET", "PROPFIND"} or rule.rule.startswith(("/api/", "/carddav/")):  # no forms there
            continue
        path = site.app.url_map.bind("localhost").build(rule.endpoint, arguments(rule, ids)[0], append_unknown=False)
        for name in ("reason", "q", "email", "code", "whatever"):
            count += 1
            code = (
                site.client("secretariat")
                .open(path, method=method, data={**fields(), name: ["one", "two"]})
                .status_code
            )
            wrong += [] if code == 400 else [f"{method} {path} {name}: {code}"]
    assert count > 150
    assert wrong == []


def test_links_lead_to_our_own_address_whatever_the_host_header_says(site: Site) -> None:
    found = []
    for path, answer in crawl(
        site, "coordinator", Host=EVIL, **{"X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}"}
    ):
        if EVIL.encode() in answer.data or EVIL in str(answer.headers):
            found.append(path)
    assert found == []


def test_letters_lead_to_our_own_address(site: Site) -> None:
    with site.app.app_context():
        email = database.session.get(Account, site.world.accounts["reader"]).email  # type: ignore[union-attr]
    answer = site.client("anonymous").post(
        "/recover", data={"email": email}, headers={"Host": EVIL, "X-Forwarded-Host": EVIL}
    )
    assert answer.status_code == 200
    with site.app.app_context():
        worker.send_mail(database.session(), site.app.extensions["site"])
    letters = [message_from_bytes(file.read_bytes(), policy=default) for file in (site.folder / "mail").glob("*.eml")]
    texts = [
        part.get_content()
        for letter in letters
        if letter["To"] == email
        for part in letter.walk()
        if part.get_content_maintype() == "text"
    ]
    assert texts
    assert all(EVIL not in text and "http://127.0.0.1:8000/" in text for text in texts)


@pytest.mark.parametrize("trick", ELSEWHERE)
def test_no_redirect_leads_elsewhere(site: Site, trick: str) -> None:
    assert trick in {"/sign-in", "/account?x=//evil.example#"} or not is_own_path(trick)
    with site.app.app_context():
        email = database.session.get(Account, site.world.accounts["reader"]).email  # type: ignore[union-attr]
    client = site.client("anonymous")
    landed = [
        client.post("/sign-in", data={"email": email, "password": PASSWORD, "next": trick}),
        client.post("/sign-in/code", data={"code": code_at(NOW), "next": trick}),
        site.client("reader").get("/sign-in", query_string={"next": trick}),
        site.client("reader").get("/sign-in/code", query_string={"next": trick}),
    ]
    for answer in landed:
        assert answer.status_code == 303
        target = answer.headers["Location"]
        assert target.startswith("/"), target
        assert not target.startswith(("//", "/\\")), target
        assert EVIL not in target.split("?")[0], target


def test_a_forwarded_address_is_believed_from_nobody(site: Site) -> None:
    """No trusted proxies are configured: a forged header changes neither scheme nor network."""
    client: FlaskClient = site.client("anonymous")
    codes = []
    for i in range(35):
        forged = {"X-Forwarded-For": f"10.0.{i}.1", "Forwarded": f"for=10.1.{i}.1", "X-Real-Ip": f"10.2.{i}.1"}
        codes.append(
            client.post(
                "/sign-in", data={"email": f"a{i}@people.example", "password": PASSWORD}, headers=forged
            ).status_code
        )
    assert codes[:30] == [422] * 30
    assert set(codes[31:]) == {429}, "the limit for a network was escaped"
