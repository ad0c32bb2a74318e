"""Keeping up with a phone book: no token is ever refused, cards hold what their owner sees, searches find them."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from flask import Flask
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from directory.accounts.models import AccountGrant
from directory.app import database
from directory.db import transaction
from directory.history.models import AccessItem, AccessRecord
from directory.phonebooks.cards import values_of
from directory.phonebooks.models import Subscription
from directory.registry import operations as registry
from directory.registry.models import Institution, Post
from directory.registry.pictures import post_values
from tests.adapters.carddav_device import MOBILE, NAMES, OFFICE, C, D, Device, S, subscribe
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.people import set_clock
from tests.web.conftest import World

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(name="session")
def own_session(apart: Session) -> Session:
    return apart


# Keeping up


def test_a_device_keeps_up_by_its_token_alone(app: Flask, session: Session, world: World) -> None:
    made = make_institution(session, "Other", country="XK")
    one, two = (make_post(session, made, title=f"Desk {n}") for n in (1, 2))
    session.commit()
    device = subscribe(app, countries=("XK",))
    first, token, _ = device.sync()
    assert set(first) == {device.card(one.id), device.card(two.id), device.card(world.kosovo)}
    assert device.sync(token)[:2] == ({}, token)
    with transaction(session):
        registry.set_post(session, one, post_values(one).__class__(**{**vars_of(one), "title": "Other desk"}), by="test", now=NOW)  # fmt: skip
        registry.remove_post(session, session.get_one(Post, two.id), reason="gone", by="test", now=NOW)
    changed, later, _ = device.sync(token)
    assert changed.keys() == {device.card(one.id), device.card(two.id)}
    assert changed[device.card(two.id)] == "404"
    assert changed[device.card(one.id)] != first[device.card(one.id)]
    assert "Other desk" in device.multiget(device.card(one.id))[device.card(one.id)]
    assert device.sync(later)[0] == {}
    assert device.send("GET", device.card(two.id)).status_code == 404


def vars_of(post: Post) -> dict[str, Any]:
    values = post_values(post)
    return {name: getattr(values, name) for name in values.__dataclass_fields__}


@pytest.mark.parametrize(
    "token", ["urn:x-phone-book:999999", "http://radicale.example/ns/sync/1", "%%%", "0", "x" * 5000]
)
def test_no_token_is_ever_refused(device: Device, token: str) -> None:
    """Thunderbird never recovers from the refusal that the standard foresees."""
    first, newest, _ = device.sync()
    again, token_after, _ = device.sync(token)
    assert first.items() <= again.items()
    assert token_after == newest


def test_an_unknown_token_is_told_of_departures_too(app: Flask, session: Session, world: World) -> None:
    gone = make_post(session, session.get(Institution, world.institution), title="Short")
    session.commit()
    device = subscribe(app)
    device.sync()
    with transaction(session):
        registry.remove_post(session, session.get_one(Post, gone.id), reason="gone", by="test", now=NOW)
    assert device.card(gone.id) not in device.sync()[0]
    assert device.sync("from-another-server")[0][device.card(gone.id)] == "404"


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_limit_is_kept_and_the_rest_follows(device: Device, limit: int) -> None:
    whole, token, found = device.sync()[0], "", {}
    for _ in range(20):
        part, token, text = device.sync(token, limit=limit)
        is_cut = part.pop(device.book, None) == "507"
        assert is_cut == ("number-of-matches-within-limits" in text)
        assert len(part) <= limit
        found |= part
        if not is_cut:
            break
    assert found == whole


def test_a_limit_of_nothing_gives_nothing_and_loses_nothing(device: Device) -> None:
    part, token, _ = device.sync("", limit=0)
    assert part == {device.book: "507"}
    assert device.sync(token)[0] == device.sync()[0]


def test_the_mark_of_the_book_moves_when_a_card_does(app: Flask, session: Session, world: World) -> None:
    device = subscribe(app)
    marks = [device.find(device.book, "<S:getctag/>").findtext(f".//{S}getctag") for _ in range(2)]
    with transaction(session):
        registry.touch(session, [world.return_desk], now=NOW)
    marks.append(device.find(device.book, "<S:getctag/>").findtext(f".//{S}getctag"))
    assert marks[0] == marks[1] != marks[2]


def test_what_moves_between_the_list_and_the_token_is_told_from_that_token(app: Flask, session: Session) -> None:
    """Thunderbird lists the book, fetches the cards, and only then asks for the token."""
    made = make_institution(session, "Slow line", country="SI")
    edited, gone, same = (make_post(session, made, title=f"Desk {n}") for n in range(3))
    session.commit()
    device = subscribe(app, countries=("SI",))
    set_clock(app, NOW + timedelta(days=2))
    device.find(device.book, "<D:getetag/>", depth="1")
    set_clock(app, later := NOW + timedelta(days=2, minutes=10))
    gone_id = gone.id
    with transaction(session):
        registry.touch(session, [edited.id], now=later)
        registry.remove_post(session, gone, reason="gone", by="test", now=later)
    told, token, _ = device.sync(_token_of(device))
    assert told.keys() - {device.card(same.id)} == {device.card(edited.id), device.card(gone_id)}
    assert told[device.card(gone_id)] == "404"
    assert device.sync(token)[0] == {}
    set_clock(app, later + timedelta(hours=2))
    assert device.sync(_token_of(device))[0] == {}, "long ago: no device is still fetching"


def _token_of(device: Device) -> str:
    return device.find(device.book, "<D:sync-token/>").findtext(f".//{D}sync-token") or ""


def test_lists_reports_and_cards_show_the_same_etag(device: Device) -> None:
    listed = {
        one.findtext(f"{D}href"): one.findtext(f".//{D}getetag")
        for one in device.find(device.book, "<D:getetag/>", depth="1").findall(f"{D}response")[1:]
    }
    assert listed == device.sync()[0]
    for path, etag in listed.items():
        assert device.send("GET", path or "").headers["ETag"] == etag
        assert device.find(path or "", "<D:getetag/>").findtext(f".//{D}getetag") == etag


# Cards


def test_cards_hold_what_their_owner_sees_and_never_a_restricted_number(
    app: Flask, session: Session, device: Device, office: str
) -> None:
    device.sync()
    card = device.multiget(device.card(office))[device.card(office)]
    assert OFFICE in card
    assert MOBILE not in card.replace(" ", "")
    session.execute(update(AccountGrant).where(AccountGrant.account_id == device.account_id).values(role="admin"))
    session.commit()
    assert device.send("PROPFIND", "/carddav/", Depth="0").status_code == 401, "an admin keeps no book"


def test_a_card_known_already_is_not_sent_again(device: Device, office: str) -> None:
    device.sync()
    first = device.send("GET", device.card(office))
    assert first.mimetype == "text/vcard"
    assert "\r\nUID:urn:uuid:" + office in first.text
    again = device.send("GET", device.card(office), If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    head = device.send("HEAD", device.card(office))
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", first.headers["ETag"])


def test_a_card_outside_the_book_is_not_there(device: Device, world: World) -> None:
    device.sync()
    assert device.send("GET", device.card(world.kosovo)).status_code == 404
    assert device.multiget(device.card(world.kosovo), "/elsewhere", "") == {
        device.card(world.kosovo): "HTTP/1.1 404 Not Found", "/elsewhere": "HTTP/1.1 404 Not Found", "": "HTTP/1.1 404 Not Found",
    }  # fmt: skip


def test_the_whole_book_is_one_file_too(device: Device) -> None:
    answer = device.send("GET", device.book)
    assert answer.text.count("BEGIN:VCARD") == len(device.sync()[0])
    assert device.send("GET", device.book, If_None_Match=answer.headers["ETag"]).status_code == 304


def test_answers_are_packed_for_devices_that_unpack(device: Device) -> None:
    plain, packed = device.send("GET", device.book), device.send("GET", device.book, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2


def test_nothing_is_kept_in_between(device: Device) -> None:
    for answer in (device.send("GET", device.book), device.report(f"<D:sync-collection {NAMES}/>")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


# Looking for a card


def match(name: str, text: str, **how: str) -> str:
    marks = " ".join(f'{k.replace("_", "-")}="{v}"' for k, v in how.items())
    return f'<C:prop-filter name="{name}"><C:text-match {marks}>{text}</C:text-match></C:prop-filter>'


def found(device: Device, filters: str, more: str = "") -> set[str]:
    answer = device.query(f"<C:filter>{filters}</C:filter>" if "filter test" not in filters else filters, more)
    assert answer.status_code == 207, answer.text
    texts = [one.text or "" for one in fromstring(answer.data).iter(f"{C}address-data")]
    return {values_of(text.replace("\r\n", "\n").replace("\n", "\r\n"))["TITLE"][0] for text in texts}


def test_cards_are_found_by_what_they_say(device: Device, office: str) -> None:
    assert found(device, match("FN", "helpLINE")) == {"Helpline"}
    assert found(device, match("TEL", "0103")) == {"Helpline"}
    assert found(device, match("EMAIL", OFFICE, match_type="equals")) == {"Office"}
    assert found(device, match("UID", f"urn:uuid:{office}", match_type="equals")) == {"Office"}
    assert found(device, match("FN", "office", match_type="starts-with")) == {"Office"}
    assert found(device, match("FN", "helpline", collation="i;octet")) == set()
    every = found(device, "")
    assert found(device, match("FN", "helpline", negate_condition="yes")) == every - {"Helpline"}
    assert found(device, '<C:prop-filter name="EMAIL"><C:is-not-defined/></C:prop-filter>') == every - {"Office"}
    assert found(device, '<C:prop-filter name="EMAIL"/>') == {"Office"}
    both = match("FN", "Office", match_type="starts-with") + match("EMAIL", "nowhere")
    assert found(device, f'<C:filter test="allof">{both}</C:filter>') == set()
    assert found(device, f'<C:filter test="anyof">{both}</C:filter>') == {"Office"}
    assert found(device, match("NICKNAME", "x")) == set()


def test_a_search_is_cut_where_the_device_says(device: Device) -> None:
    answer = device.query("<C:filter/>", "<C:limit><C:nresults>2</C:nresults></C:limit>")
    assert answer.text.count("BEGIN:VCARD") == 2
    assert "number-of-matches-within-limits" in answer.text


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ('<C:prop-filter name="TEL"><C:param-filter name="TYPE"/></C:prop-filter>', "supported-filter"),
        ("<C:odd/>", "supported-filter"),
        (match("FN", "x", match_type="sounds-like"), "supported-filter"),
        (match("FN", "x", collation="i;odd"), "supported-collation"),
        (match("FN", "x") * 51, "supported-filter"),
    ],
)
def test_a_search_nobody_can_answer_is_refused_by_name(device: Device, filters: str, condition: str) -> None:
    answer = device.query(f"<C:filter>{filters}</C:filter>")
    assert answer.status_code == 403
    assert fromstring(answer.data).find(f"{C}{condition}") is not None


# What is noted


def test_whoever_is_in_the_book_can_see_who_took_them_along(app: Flask, session: Session, office: str) -> None:
    device = subscribe(app)
    device.sync()
    kept = select(AccessRecord).where(AccessRecord.account_id == device.account_id)
    assert session.scalars(kept).all() == [], "a list of addresses gives nothing away yet"
    device.multiget(device.card(office))
    session.rollback()
    record = session.scalars(kept).one()
    items = session.scalars(select(AccessItem.entry_id).where(AccessItem.record_id == record.id)).all()
    assert (record.kind, record.path, items) == ("export", "carddav", [office])
    device.send("HEAD", device.card(office))
    assert len(session.scalars(kept).all()) == 1


def test_when_a_device_asked_last_is_noted_once_a_minute(app: Flask, session: Session) -> None:
    device = subscribe(app)
    device.send("PROPFIND", "/carddav/", Depth="0", User_Agent="DAVx5/4.4\x07 (Android)")
    row = session.get_one(Subscription, device.book_id)
    session.rollback()
    assert (row.last_used_at, row.last_device) == (NOW, "DAVx5/4.4 (Android)")
    set_clock(app, NOW + timedelta(seconds=59))
    device.send("PROPFIND", "/carddav/", Depth="0", User_Agent="DAVx5/4.4 (Android)")
    session.rollback()
    assert session.get_one(Subscription, device.book_id).last_used_at == NOW


def statements_of(device: Device) -> list[int]:
    """How many statements each step of a device takes."""
    seen, counts = list[str](), list[int]()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "taxonomy_version" not in statement:  # looked at once a second, whoever asks
            seen.append(statement)

    with device.app.app_context():
        engine = database.engine
    event.listen(engine, "before_cursor_execute", note)
    first = device.sync()[0]
    for step in (device.sync, lambda: device.multiget(*first), lambda: device.query("<C:filter/>")):
        seen.clear()
        step()
        counts.append(len(seen))
    event.remove(engine, "before_cursor_execute", note)
    return counts


def test_a_longer_list_takes_no_more_statements(app: Flask, session: Session) -> None:
    """No query per card, neither in lists nor in texts."""
    few, many = (make_institution(session, "House", country=code) for code in ("MT", "CY"))
    for house, count in ((few, 3), (many, 60)):
        for number in range(count):
            make_post(session, house, title=f"Desk {number}")
    session.commit()
    short, long = (statements_of(subscribe(app, countries=(code,))) for code in ("MT", "CY"))
    assert short == long
    assert max(short) < 60
