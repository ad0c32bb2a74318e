"""The pages behind letters, each in every language: what is asked, what is wrong, what is done, and no English left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from directory.accounts import sessions
from directory.accounts.models import Account
from directory.app import database
from directory.confirmations import agreeing, leaving
from directory.db import transaction
from directory.mail.models import OutgoingMail
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.rules import CONTACT_KINDS
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.leftovers import CODES, catalogue, english_in, seen
from tests.people import token_in
from tests.web.asking import CODE, LINK, AskedOwner, ask, at, day_of, desk_of, fresh, make_owner, rows

SAMPLES = {
    "phone": "+442079460633", "duty_phone": "+442079460634", "direct_phone": "+442079460611", "hotline": "+442079460635",
    "mobile": "+442079460622", "intake_phone": "+442079460636", "fax": "+442079460637", "email": "q@zeta.example",
    "secure_mail": "s@zeta.example", "web": "https://zeta.example/", "postal": "Zeta 1",
}  # fmt: skip
numbers = count(1)


@pytest.fixture(autouse=True)
def clean(app: Flask) -> Iterator[None]:
    fresh(app)
    yield
    fresh(app)


def said(response: TestResponse, code: str) -> str:
    """What the page says; it is in the language, and holds no word of English."""
    page = response.text
    assert f'<html lang="{code}"' in page
    assert english_in(seen(page).replace("Kosovo*", ""), code) == []  # written as the secretariat set it
    return seen(page)


def translated(code: str, english: str) -> str:
    """The longest stretch of a translation in which nothing is filled in."""
    found = catalogue(code).get(english)
    assert found is not None
    text = found.string if isinstance(found.string, str) else found.string[-1]
    return max((part.strip() for part in re.split(r"%\(\w+\)[sd]|\s*\n\s*", text)), key=len)


def asked(app: Flask, code: str, posts: int = 1) -> AskedOwner:
    """An owner of Kosovo's desk, who holds nothing, and of others; every kind of line, every procedure and level."""
    with app.app_context(), transaction(database.session()) as session:
        body = make_institution(session, f"Zeta {next(numbers)}", country="XK")
        lines = tuple(ContactValues(kind, SAMPLES[kind], is_published=True) for kind in CONTACT_KINDS)
        made = [
            make_post(session, body, title=f"Ypsilon {n}", sops=(1, 2, 3, 4, 5), contact_points=lines if not n else ())
            for n in range(posts)
        ]
        holder = (ContactValues("mobile", "+442079460666"),)
        registry.appoint(session, made[0], "Qux Quux", by="test", now=NOW, contact_points=holder)
        session.flush()
        account = make_owner(session, made, language=code)
        account.name = "Xyz"
        ids = account.id, [post.id for post in made]
    return plain(ask(app, *ids))


def plain(person: AskedOwner) -> AskedOwner:
    """With a client that only asks: that these pages are sound is looked at elsewhere, in one language."""
    person.client = FlaskClient(person.app, person.app.response_class)
    return person


PLACES = range(len(CONTACT_KINDS))
WRONG: list[tuple[dict[str, str], list[str]]] = [
    ({f"e0__line{place}": "Xyz" for place in PLACES} | {"e0__note": "DOB 12.03.1998", "e0__new": "Xyz", "e0__kind": "qux"}, [
        "“%(text)s” is no phone number: write it as +country number",
        "“%(text)s” is no mail address: %(in_english)s",
        "“%(text)s” is no web address: it must begin with https:// or http://",
        "Choose what kind of number or address it is.",
        "seems to hold the number of a case or document, or a date of birth. Take it out.",
    ]),
    ({f"e0__line{place}": "+44 12" for place in PLACES} | {"e0__new": SAMPLES["phone"], "e0__kind": "phone", "e0__title": "z" * 201}, [
        "“%(text)s” cannot be dialled: no such number in that country's plan",
        "is %(count)s characters long; at most %(most)s are kept",
    ]),
    ({"e0__new": SAMPLES["phone"], "e0__kind": "phone"}, ["This number or address stands there already."]),
    ({"e0__new": "Xyz", "e0__kind": "qux"}, ["“%(kind)s” is no kind of contact point; known are %(in_english)s"]),
    ({"e0__new": "https://[", "e0__kind": "web"}, ["“%(text)s” is no web address"]),
    ({}, ["Write what is different in “%(title)s”."]),
]  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_the_page_and_each_mistake_on_it_are_in_the_owners_language(app: Flask, code: str) -> None:
    owner = asked(app, code)
    page = said(owner.page(), code)
    assert (
        translated(
            code,
            "* This designation is without prejudice to positions on status, and is in line with UNSCR 1244/1999 and the ICJ Opinion on the Kosovo declaration of independence.",
        )
        in page
    )
    for fields, wrong in WRONG:
        answer = owner.confirm(e0__choice="needs_change", **fields)
        assert answer.status_code == 422
        page = said(answer, code)
        for english in wrong:
            assert translated(code, english) in page, english
    leaving_badly = {"e0__choice": "left", "e0__successor": "Qux", "e0__successor_mail": "q.zeta", "e0__last_day": "z"}
    page = said(owner.confirm(**leaving_badly), code)
    assert translated(code, "“%(text)s” is no mail address: %(in_english)s") in page
    assert translated(code, "Write the last day as year-month-day, within a year: 2026-12-31.") in page


@pytest.mark.parametrize("code", CODES)
def test_wrong_codes_to_the_last_are_told_in_the_owners_language(app: Flask, code: str) -> None:
    owner = asked(app, code, 2)
    told = [said(owner.send(), code), said(owner.send(code="AAAAAA"), code)]
    told += [said(owner.send(code="AAAAAA"), code) for _ in range(4)]
    assert len(set(told)) == 6
    assert (
        translated(code, "That was the fifth wrong code. A new one is on its way to you by mail; type that one here.")
        in told[-1]
    )


@pytest.mark.parametrize("code", CODES)
def test_what_changed_meanwhile_and_the_thanks_are_in_the_owners_language(app: Flask, code: str) -> None:
    owner = asked(app, code, 4)
    page = owner.page().text
    with app.app_context(), transaction(database.session()) as session:
        changed = session.get_one(Post, owner.post_ids[0])
        changed.title, changed.area, changed.asks_for, changed.is_desk = "Ypsilon X", "Zeta", "Qux", False
    answers = {f"e{n}__choice": choice for n, choice in enumerate(("still_right", "needs_change", "left", "not_mine"))}
    fields = {**answers, "e1__note": "Zeta", "e0__note": "Zeta", "e2__note": "Zeta", "e3__note": "Zeta", "all": "each"}
    told = owner.confirm(page=page, **fields)
    assert told.status_code == 409
    assert translated(code, "Something changed while you were looking") in said(told, code)
    fields = {**fields, **{f"e{n}__choice": answers[f"e{n}__choice"] for n in range(4)}}
    done = owner.confirm(page=told.text, **fields)
    assert done.status_code == 303, seen(done.text)
    thanks = said(owner.client.get(done.location), code)
    assert translated(code, "Put the next date into my calendar") in thanks
    assert translated(code, "You have answered already. Thank you.") in said(owner.page(), code)
    event = owner.client.get(f"{owner.path}/next.ics").text
    assert english_in(" ".join(re.findall(r"^(?:SUMMARY|DESCRIPTION)[^:]*:(.*)$", event, re.MULTILINE)), code) == []
    with app.app_context(), transaction(database.session()) as session:
        account = session.get_one(Account, owner.account_id)
        token = sessions.open_session(session, account, device="Xyz", now=NOW, factor=True)
    owner.client.set_cookie("session", token)
    said(owner.client.get("/account/confirm"), code)
    said(owner.client.get("/account/confirm/thanks"), code)


@pytest.mark.parametrize("code", CODES)
def test_dead_links_speak_the_language_of_the_letter_they_stood_in(app: Flask, code: str) -> None:
    owner = asked(app, code)
    at(app, NOW + timedelta(days=31))
    assert translated(code, "A link works for thirty days. Nothing was changed.") in said(owner.page(), code)
    at(app, NOW)
    unknown = owner.client.get("/confirm/nothing", headers={"Accept-Language": f"xx, {code}, en;q=0.5"})
    assert unknown.status_code == 404
    assert translated(code, "This link opens nothing") in said(unknown, code)
    stale = owner.client.post("/confirm/nothing", headers={"Accept-Language": code})
    assert stale.status_code in {400, 404}
    said(stale, code)


@pytest.mark.parametrize("code", CODES)
def test_the_pages_for_a_holder_and_a_successor_are_in_their_language(app: Flask, code: str) -> None:
    for page in (*of_holder(app, code), *of_successor(app, code)):
        said(page, code)


def of_holder(app: Flask, code: str) -> Iterator[TestResponse]:
    """Asked, refused, tried too often, answered both ways, and late."""
    with app.app_context(), transaction(database.session()) as session:
        post = make_post(session, make_institution(session, f"Zeta {next(numbers)}"), title="Ypsilon")
        appointment = registry.appoint(session, post, "Qux Quux", by="test", now=NOW)
        session.flush()
        account = make_owner(session, [post], official_id=appointment.official_id, language=code)
        account.name = "Qux Quux"
        agreeing.write_letters(session, day_of(app), desk_of(app))
        key, account_id = f"agree:{appointment.id}", account.id
    mail = rows(app, OutgoingMail, key=key)[0]
    holder = plain(AskedOwner(app, account_id, [], LINK.search(mail.text)[1], CODE.search(mail.text)[1]))  # type: ignore[index]
    yield holder.page()
    yield holder.client.post(holder.path, data={"csrf_token": token_in(holder.page().text), "code": "AAAAAA"})
    for choice in ("yes", "no"):
        fields = {"csrf_token": token_in(holder.page().text), "choice": choice, "code": holder.code}
        assert holder.client.post(holder.path, data=fields).status_code == 303
        yield holder.page()
    fields = {"csrf_token": token_in(holder.page().text), "choice": "yes", "code": "AAAAAA"}
    tries = [holder.client.post(holder.path, data=fields) for _ in range(6)]
    assert tries[-1].status_code == 429
    yield tries[-1]
    at(app, NOW + timedelta(days=61))
    yield holder.page()
    at(app, NOW)


def of_successor(app: Flask, code: str) -> Iterator[TestResponse]:
    """Asked, refused, answered, late."""
    owner = asked(app, code)
    left = {"e0__choice": "left", "e0__successor": "Qux Zeta", "e0__successor_mail": f"q{next(numbers)}@zeta.example"}
    assert owner.confirm(**left).status_code == 303
    with app.app_context(), transaction(database.session()) as session:
        leaving.write_letters(session, day_of(app), desk_of(app))
    mail = rows(app, OutgoingMail, to=left["e0__successor_mail"])[0]
    named = plain(AskedOwner(app, "", [], LINK.search(mail.text)[1], CODE.search(mail.text)[1]))  # type: ignore[index]
    yield named.page()
    token = token_in(named.page().text)
    yield named.client.post(named.path, data={"csrf_token": token, "choice": "yes", "name": "z" * 201})
    yield named.client.post(named.path, data={"csrf_token": token, "choice": "yes", "name": "", "code": "AAAAAA"})
    done = named.client.post(named.path, data={"csrf_token": token, "choice": "no", "name": "Qux", "code": named.code})
    assert done.status_code == 303
    yield named.page()
    at(app, NOW + timedelta(days=31))
    yield named.page()
    at(app, NOW)


def test_control_the_same_pages_in_english_are_english_through_and_through(app: Flask) -> None:
    owner = asked(app, "en")
    for code in CODES:
        assert len(english_in(seen(owner.page().text), code)) > 50
    with app.app_context():
        assert database.session().get_one(Account, owner.account_id).language == "en"
