"""People for page tests: an account with a role, a client that is signed in as it, and its form token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from directory.accounts import sessions
from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.app import database
from directory.db import new_id
from tests.conftest import NOW


def make_account(
    session: Session,
    role: str,
    *,
    country: str | None = None,
    institution_id: str | None = None,
    owns: str | None = None,
    name: str = "",
) -> Account:
    account = Account(
        id=new_id(), email=f"{role}-{new_id()[:8]}@people.example", name=name or f"A {role}", created_at=NOW
    )
    account.grants = [
        AccountGrant(role=role, country_code=country, institution_id=institution_id, granted_at=NOW, granted_by="test")
    ]
    session.add(account)
    session.flush()
    if owns is not None:
        session.add(PostOwner(post_id=owns, account_id=account.id))
    session.flush()
    return account


@dataclass
class Signed:
    """Somebody signed in."""

    client: FlaskClient
    account_id: str

    def token(self) -> str:
        page = self.client.get("/account/api-keys").text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page[:300]
        return found[1]

    def post(self, path: str, **data: object):
        return self.client.post(path, data={"csrf_token": self.token(), **data})


def sign_in(
    app: Flask,
    role: str,
    *,
    country: str | None = None,
    institution_id: str | None = None,
    owns: str | None = None,
    factor: bool = True,
    at: datetime = NOW,
    name: str = "",
) -> Signed:
    with app.app_context():
        session = database.session()
        account = make_account(session, role, country=country, institution_id=institution_id, owns=owns, name=name)
        token = sessions.open_session(session, account, device="test", now=at, factor=factor)
        session.commit()
        account_id = account.id
    client = app.test_client()
    client.set_cookie("session", token)
    return Signed(client, account_id)
