"""Finding the phone book, who is let in, what is refused: as a device meets it. Never a write."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.accounts.models import Account, AccountGrant
from directory.registry.models import Post
from tests.adapters.carddav_device import APPLE, NAMES, C, D, Device, subscribe
from tests.conftest import NOW
from tests.people import set_clock
from tests.web.conftest import World

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(name="session")
def own_session(apart: Session) -> Session:
    return apart


# Finding it


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "HEAD"])
def test_the_host_alone_leads_to_the_entrance(app: Flask, method: str) -> None:
    answer = app.test_client().open("/.well-known/carddav", method=method)
    assert (answer.status_code, answer.headers["Location"]) == (301, "/carddav/")


def test_a_device_finds_its_one_book_from_the_entrance(device: Device) -> None:
    principal = device.find("/carddav/", "<D:current-user-principal/>").find(f".//{D}current-user-principal/{D}href")
    assert principal is not None
    home = device.find(principal.text or "", "<C:addressbook-home-set/>").find(f".//{C}addressbook-home-set/{D}href")
    assert home is not None
    root = device.find(home.text or "", "<D:resourcetype/><D:displayname/>", depth="1")
    books = [r for r in root.findall(f"{D}response") if r.find(f".//{C}addressbook") is not None]
    assert [book.findtext(f"{D}href") for book in books] == [device.book]
    assert "Duty phone" in (books[0].findtext(f".//{D}displayname") or "")


def test_the_book_says_that_it_can_be_read_only_and_speaks_three_zero_only(device: Device) -> None:
    root = device.find(
        device.book, "<D:current-user-privilege-set/><C:supported-address-data/><D:supported-report-set/>"
    )
    privileges = {child.tag for one in root.iter(f"{D}privilege") for child in one}
    assert privileges == {f"{D}read", f"{D}read-current-user-privilege-set"}
    assert [one.get("version") for one in root.iter(f"{C}address-data-type")] == ["3.0"]
    assert {child.tag for one in root.iter(f"{D}report") for child in one} == {
        f"{D}sync-collection", f"{C}addressbook-multiget", f"{C}addressbook-query",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/carddav/", "{principal}", "{home}", "{book}", "{card}"])
def test_options_tell_what_may_be_done_even_to_strangers(app: Flask, device: Device, world: World, path: str) -> None:
    path = address(device, world, path)
    answer = app.test_client().open(path, method="OPTIONS")
    assert answer.headers["DAV"] == "1, 3, addressbook"
    assert {"PROPFIND", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))


def address(device: Device, world: World, path: str) -> str:
    return path.format(
        principal=f"/carddav/{device.book_id}/", home=f"/carddav/{device.book_id}/books/", book=device.book,
        card=device.card(world.return_desk),
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/carddav/", "{principal}", "{home}", "{book}", "{card}"])
@pytest.mark.parametrize("body", ["", f"<D:propfind {NAMES}><D:allprop/></D:propfind>", f"<D:propfind {NAMES}><D:propname/></D:propfind>", f'<D:propfind {NAMES}><D:prop><D:getetag/><x:odd xmlns:x="urn:&lt;odd"/><plain/></D:prop></D:propfind>'])  # fmt: skip
def test_every_place_answers_whatever_properties_are_asked(device: Device, world: World, path: str, body: str) -> None:
    device.sync()
    answer = device.send("PROPFIND", address(device, world, path), body, Depth="0")
    assert answer.status_code == 207
    root = fromstring(answer.data)
    assert len(root.findall(f"{D}response")) == 1
    assert root.find(f".//{D}status") is not None


@pytest.mark.parametrize("depth", ["infinity", "2", ""])
def test_no_answer_without_end(device: Device, depth: str) -> None:
    answer = device.send("PROPFIND", device.book, Depth=depth)
    assert answer.status_code == 403
    assert fromstring(answer.data).find(f"{D}propfind-finite-depth") is not None


# Who is let in


@pytest.mark.parametrize("wrong", ["", "x", "wrong-token", "é", "a:b"])
def test_a_wrong_token_is_asked_for_again(device: Device, wrong: str) -> None:
    device.token = wrong
    answer = device.send("PROPFIND", device.book, Depth="0")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("given", ["Bearer x", "Basic", "Basic !!!", "Basic " + base64.b64encode(b"no-colon").decode(), "Digest x=y"])  # fmt: skip
def test_what_is_no_user_and_token_is_not_let_in(app: Flask, device: Device, given: str) -> None:
    answer = app.test_client().open("/carddav/", method="PROPFIND", headers={"Authorization": given, "Depth": "0"})
    assert answer.status_code == 401


def test_the_token_may_be_typed_in_capitals_with_blanks(device: Device) -> None:
    device.token = device.token.upper().replace("-", " ")
    assert device.sync()[0]


def test_another_ones_book_is_not_there(app: Flask, device: Device) -> None:
    other = subscribe(app)
    for method in ("PROPFIND", "GET", "REPORT", "PUT"):
        assert device.send(method, other.book, Depth="0").status_code in {404, 405}
    assert device.multiget(other.card("22222222-2222-4222-8222-222222222222")).popitem()[1] == "HTTP/1.1 404 Not Found"


def test_guessing_is_limited_by_network_and_the_right_token_still_works(app: Flask, device: Device) -> None:
    device.network = "203.0.113.9"
    wrong = Device(app, device.book_id, "wrong", "", device.network)
    codes = [wrong.send("PROPFIND", "/carddav/", Depth="0").status_code for _ in range(62)]
    assert codes[0] == 401
    assert codes[-1] == 429
    assert device.send("PROPFIND", "/carddav/", Depth="0").status_code == 207
    set_clock(app, NOW + timedelta(hours=1))
    assert wrong.send("PROPFIND", "/carddav/", Depth="0").status_code == 401


@pytest.mark.parametrize("statement", [update(Account).values(state="frozen"), update(Account).values(state="closed"), update(AccountGrant).values(ended_at=NOW)])  # fmt: skip
def test_a_suspended_account_and_one_without_roles_are_not_let_in(app: Flask, session: Session, statement: Any) -> None:
    device = subscribe(app)
    session.rollback()
    assert device.send("PROPFIND", "/carddav/", Depth="0").status_code == 207
    column = AccountGrant.account_id if statement.table.name == "account_grant" else Account.id
    session.execute(statement.where(column == device.account_id))
    session.commit()
    assert device.send("PROPFIND", "/carddav/", Depth="0").status_code == 401


def test_a_book_ends_after_a_year(app: Flask, device: Device) -> None:
    set_clock(app, NOW + timedelta(days=364))
    assert device.send("PROPFIND", "/carddav/", Depth="0").status_code == 207
    set_clock(app, NOW + timedelta(days=365))
    assert device.send("PROPFIND", "/carddav/", Depth="0").status_code == 401


# What is refused


def test_nothing_is_written_from_a_device(app: Flask, session: Session, device: Device, world: World) -> None:
    device.sync()
    before = session.scalars(select(Post.revision).order_by(Post.id)).all()
    for path in ("/carddav/", f"/carddav/{device.book_id}/", f"/carddav/{device.book_id}/books/", device.book, device.card(world.return_desk), device.card("33333333-3333-4333-8333-333333333333")):  # fmt: skip
        for method in ("PUT", "DELETE", "MOVE", "COPY", "PROPPATCH", "MKCOL"):
            answer = device.send(method, path, "BEGIN:VCARD\r\nEND:VCARD\r\n")
            assert answer.status_code == 403, f"{method} {path}"
            assert fromstring(answer.data).find(f"{D}need-privileges") is not None
            device_without = app.test_client().open(path, method=method)
            assert device_without.status_code == 401
        for method in ("POST", "PATCH", "LOCK", "MKCALENDAR", "ACL"):
            assert device.send(method, path).status_code == 405
    session.rollback()
    assert session.scalars(select(Post.revision).order_by(Post.id)).all() == before


def test_an_apple_device_is_told_yes_and_gets_the_true_card_again(
    device: Device, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """After a refusal an iPhone stops syncing for good."""
    first, token, _ = device.sync()
    with caplog.at_level("INFO"):
        edited = device.send("PUT", device.card(world.return_desk), "BEGIN:VCARD…", User_Agent=APPLE)
        dropped = device.send("DELETE", device.card(world.hotline), User_Agent=APPLE)
        invented = device.card("33333333-3333-4333-8333-333333333333")
        added = device.send("PUT", invented, "BEGIN:VCARD…", User_Agent=APPLE)
    assert [edited.status_code, dropped.status_code, added.status_code] == [204] * 3
    assert caplog.text.count("taken and undone") == 3
    assert device.book_id not in caplog.text
    told, _, _ = device.sync(token)
    assert told.keys() == {device.card(world.return_desk), device.card(world.hotline), invented}
    assert told[invented] == "404"
    assert told[device.card(world.return_desk)] != first[device.card(world.return_desk)]
    assert device.send("MKCOL", device.book, User_Agent=APPLE).status_code == 403


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><D:propfind xmlns:D="DAV:">&b;</D:propfind>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><D:propfind xmlns:D="DAV:">&a;</D:propfind>'


@pytest.mark.parametrize("body", ["<", "not xml", BOMB, OUTSIDE, "<D:propfind/>", "<other/>", '<?xml version="1.0" encoding="odd"?><a/>', "\x00", f"<D:propfind {NAMES}><D:prop>{''.join(f'<D:p{n}/>' for n in range(201))}</D:prop></D:propfind>"])  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused_without_harm(device: Device, body: str) -> None:
    for method in ("PROPFIND", "REPORT"):
        answer = device.send(method, device.book, body, Depth="0")
        assert answer.status_code in {400, 403}
        assert "root:" not in answer.text


def test_a_body_too_long_and_too_many_addresses_are_refused(device: Device) -> None:
    assert device.send("REPORT", device.book, "<a>" + "x" * (2 * 1024 * 1024) + "</a>").status_code == 413
    body = "".join(f"<D:href>/{n}</D:href>" for n in range(10_001))
    assert device.report(f"<C:addressbook-multiget {NAMES}>{body}</C:addressbook-multiget>").status_code == 507


def test_a_report_nobody_knows_is_refused_by_name(device: Device) -> None:
    answer = device.report(f"<D:expand-property {NAMES}/>")
    assert (answer.status_code, fromstring(answer.data)[0].tag) == (403, f"{D}supported-report")
    assert device.report("").status_code == 400
