"""Somebody who is asked: an account, the entries it owns, the letter with its link and code, as they came by mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from directory.accounts.models import Account, AccountGrant, LimitCount, PostOwner
from directory.accounts.vault import Vault
from directory.app import database
from directory.confirmations import letters, rounds
from directory.confirmations.letters import Desk
from directory.confirmations.rounds import Day
from directory.db import Base, new_id, transaction
from directory.mail.models import OutgoingMail
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.people import token_in

DIRECT, MOBILE, PUBLIC = "+442079460611", "+442079460622", "+442079460633"
TITLES = ("Return desk", "Arrival desk", "Night desk")
CODE = re.compile(r"^ {3}([A-Z2-9]{6})$", re.MULTILINE)
LINK = re.compile(r"https?://[^/\s]+(/\S+)")


def desk_of(app: Flask) -> Desk:
    settings = app.extensions["site"].settings
    return Desk(
        Vault(settings.secret_keys), letters.code_key(settings.secret_keys), settings.base_url, settings.timezone
    )


def day_of(app: Flask) -> Day:
    site = app.extensions["site"]
    return Day(site.now(), site.today(), site.timeline)


def make_owner(session: Session, posts: Sequence[Post], *, role: str | None = "reader", **more: object) -> Account:
    """An account that owns these entries."""
    account = Account(
        id=new_id(), email=f"owner-{new_id()[:8]}@agency.example", name="Olga Owner (demo)", created_at=NOW, **more
    )
    if role is not None:
        house = posts[0].institution_id if role in {"focal_point", "deputy"} else None
        account.grants = [
            AccountGrant(
                role=role, institution_id=house, country_code=None if house else "RO", granted_at=NOW, granted_by="test"
            )
        ]
    session.add(account)
    session.flush()
    session.add_all(PostOwner(post_id=post.id, account_id=account.id) for post in posts)
    session.flush()
    return account


@dataclass
class AskedOwner:
    """Who was asked, and what the letter holds."""

    app: Flask
    account_id: str
    post_ids: list[str]
    path: str
    code: str
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def page(self) -> TestResponse:
        return self.client.get(self.path)

    def hidden(self, page: str | None = None) -> dict[str, str]:
        """What the form sends that nobody types."""
        page = page or self.page().text
        found = dict(re.findall(r'<input type="hidden" name="(e\d+-shown|proof)" value="([^"]*)"', page))
        return {"csrf_token": token_in(page), **found}

    def send(self, *, page: str | None = None, **fields: str) -> TestResponse:
        """The form of the page with these answers; a dash in a name is written as two underscores."""
        typed = {name.replace("__", "-"): value for name, value in fields.items()}
        return self.client.post(self.path, data={**self.hidden(page), "do": "send", **typed})

    def confirm(self, **fields: str) -> TestResponse:
        return self.send(code=self.code, **fields)


def ask(app: Flask, account_id: str, post_ids: list[str]) -> AskedOwner:
    """The letter of the day to this account, read as its reader would."""
    with app.app_context(), transaction(database.session()) as session:
        day = day_of(app)
        rounds.ask_now(session, account_id, day)
        rounds.take_steps(session, day)
        letters.write_letters(session, day, desk_of(app))
        return read_letter(app, session, account_id, post_ids)


def read_letter(app: Flask, session: Session, account_id: str, post_ids: list[str]) -> AskedOwner:
    mail = newest(session, account_id, "confirm")
    found = LINK.search(mail.text)
    code = CODE.search(mail.text)
    assert found, mail.text
    assert code, mail.text
    return AskedOwner(app, account_id, post_ids, found[1], code[1])


def newest(session: Session, account_id: str, letter: str) -> OutgoingMail:
    found = select(OutgoingMail).where(OutgoingMail.account_id == account_id, OutgoingMail.letter == letter)
    return session.scalars(found.order_by(OutgoingMail.queued_at.desc(), OutgoingMail.id.desc())).first()  # type: ignore[return-value]


def at(app: Flask, moment: datetime) -> None:
    """The app's clock stands there from now on."""
    site = app.extensions["site"]
    site.ports = type(site.ports)(site.ports.index, type(site.ports.clock)(moment))


Asking = Callable[..., AskedOwner]


def fresh(app: Flask) -> None:
    """The clock as it was, and nobody has tried anything yet."""
    at(app, NOW)
    with app.app_context():
        database.session.execute(delete(LimitCount))
        database.session.commit()


def asker(app: Flask) -> Asking:
    """Somebody who is asked about one entry, or more; the first has a direct line and a holder with a mobile."""

    def make(count: int = 1, *, role: str | None = "reader", holds: bool = False) -> AskedOwner:
        with app.app_context(), transaction(database.session()) as session:
            agency = make_institution(session, "Agency for Return")
            contacts = (
                ContactValues("phone", PUBLIC, is_published=True),
                ContactValues("direct_phone", DIRECT, label="Head of desk"),
            )
            posts = [
                make_post(session, agency, title=title, contact_points=contacts if not n else ())
                for n, title in enumerate(TITLES[:count])
            ]
            registry.appoint(
                session,
                posts[0],
                "Hana Holder (demo)",
                by="test",
                now=NOW,
                contact_points=(ContactValues("mobile", MOBILE),),
            )
            session.flush()
            official = posts[0].appointments[0].official_id if holds else None
            account = make_owner(session, posts, role=role, official_id=official)
            ids = [post.id for post in posts]
            account_id = account.id
        return ask(app, account_id, ids)

    return make


def rows(app: Flask, model: type, **wanted: object) -> list:
    with app.app_context():
        return list(database.session().scalars(select(model).filter_by(**wanted)))


def dump(app: Flask, *, but: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Every table, row by row."""
    with app.app_context():
        return {
            table.name: sorted(repr(tuple(row)) for row in database.session().execute(select(table)))
            for table in Base.metadata.sorted_tables
            if table.name not in but
        }


def number_of(page: str, title: str) -> int:
    """The number of an entry on the page: entries stand in no order a test may count on."""
    blocks = page.split('<section class="ask-entry')
    found = next(block for block in blocks if f"<h2>{title}</h2>" in block)
    return int(re.search(r'name="e(\d+)-shown"', found)[1])  # type: ignore[index]
