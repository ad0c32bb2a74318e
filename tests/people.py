"""People with fixed names for tests: an account, its password, the secret of its app; signed in one way or another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from directory.accounts import factors, invitations, passwords, sessions
from directory.accounts.letters import Post
from directory.accounts.models import Account, TotpFactor
from directory.accounts.vault import Vault
from directory.app import database
from directory.ports import FixedClock
from tests.conftest import NOW

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
VAULT = Vault(("a key for tests that is long enough, truly",))
POST = Post("http://127.0.0.1:8000", NOW)


@dataclass(frozen=True)
class Member:
    """An account a test may use."""

    id: str
    email: str
    password: str = PASSWORD
    secret: str = SECRET


def make_account(
    session: Session,
    name: str = "Rea",
    role: str | None = "reader",
    *,
    country: str | None = "RO",
    institution_id: str | None = None,
    vault: Vault = VAULT,
    has_factor: bool = True,
    state: str = "active",
    now: datetime = NOW,
) -> Member:
    """An account with the password and app secret everybody here has."""
    email = f"{name.lower()}@ministry.example"
    account = Account(
        email=email, name=f"{name} Tester", password_hash=passwords.make_hash(PASSWORD, "test"), state=state,
        created_at=now, language="en",
    )  # fmt: skip
    session.add(account)
    session.flush()
    if has_factor:
        session.add(TotpFactor(account_id=account.id, secret=vault.encrypt(SECRET.encode(), "totp"), confirmed_at=now))
    if role is not None:
        place = country if role in {"reader", "coordinator"} else None
        invitations.give(session, account, role, place, institution_id, by="test", post=Post(POST.base_url, now))
    session.flush()
    return Member(account.id, email)


def code_at(moment: datetime, secret: str = SECRET, *, steps: int = 0) -> str:
    """The code an app shows then, or some steps later."""
    return pyotp.TOTP(secret).generate_otp(int(moment.timestamp()) // factors.STEP_SECONDS + steps)


def set_clock(app: Flask, moment: datetime) -> None:
    """The app's clock stands there from now on."""
    site = app.extensions["site"]
    site.ports = type(site.ports)(site.ports.index, FixedClock(moment))


def forget_steps(app: Flask) -> None:
    """The clock stands still, so a code would be used up: let it be taken again."""
    with app.app_context():
        database.session.execute(update(TotpFactor).values(last_step=0))
        database.session.commit()


def token_in(page: str) -> str:
    """The form token of a page."""
    marker = 'name="csrf_token" type="hidden" value="'
    at = page.find(marker)
    if at < 0:
        marker = 'name="csrf_token" value="'
        at = page.index(marker)
    return page[at + len(marker) :].split('"', 1)[0]


def submit(client: FlaskClient, path: str, *, on: str | None = None, **fields: Any) -> Any:
    """Send a form: look at the page it is on first, for its token."""
    page = client.get(on or path)
    assert page.status_code == 200, f"{on or path} answers {page.status_code}"
    return client.post(path, data={"csrf_token": token_in(page.text), **fields})


def sign_in(client: FlaskClient, app: Flask, member: Member, *, now: datetime = NOW) -> Any:
    """In by the front door: password, then code."""
    forget_steps(app)
    first = submit(client, "/sign-in", email=member.email, password=member.password)
    assert first.status_code == 303, first.text
    done = submit(client, "/sign-in/code", code=code_at(now, member.secret))
    assert done.status_code == 303, done.text
    return done


def let_in(client: FlaskClient, app: Flask, member: Member, *, factor_at: datetime | None = NOW) -> None:
    """In by the back door: a session row and its cookie. `factor_at=None`: the second factor is still to come."""
    now = app.extensions["site"].now()
    with app.app_context():
        session = database.session()
        account = session.get(Account, member.id)
        assert account is not None
        row, token = sessions.open_row(session, account, device="Tests on Linux", now=now)
        row.factor_at = factor_at
        session.commit()
    client.set_cookie("session", token, domain="localhost")


LATER = timedelta(minutes=20)
