"""Demo accounts: one of each role, in demo mode only, with a new random password and second factor at every start."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts import factors, invitations, links, passwords, sessions
from directory.accounts.letters import Post
from directory.accounts.models import Account, TotpFactor
from directory.accounts.recovery import account_by_email
from directory.accounts.vault import Vault
from directory.registry.models import Institution
from directory.registry.models import Post as RegistryPost

HOST = "demo.example"
# name, address, role, country; an owner gets the institution of the country that waited longest
PEOPLE = (
    ("Rea Reader", "reader", "reader", "RO"),
    ("Fabian Focal", "focal", "focal_point", "RO"),
    ("Cora Coordinator", "coordinator", "coordinator", "RO"),
    ("Cezar Coordinator", "coordinator2", "coordinator", "RO"),
    ("Boyana Coordinator", "coordinator.bg", "coordinator", "BG"),
    ("Sana Secretariat", "secretariat", "secretariat", None),
    ("Silvio Secretariat", "secretariat2", "secretariat", None),
    ("Ada Admin", "admin", "admin", None),
    ("Otto Auditor", "auditor", "auditor", None),
)


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """What is printed at the start, once."""

    role: str
    place: str
    email: str
    password: str
    secret: str


def renew(session: Session, vault: Vault, *, cost: str, post: Post) -> list[DemoSignIn]:
    """Make the demo accounts, or give those there are new credentials; every session of theirs ends."""
    return [_renewed(session, vault, person, cost, post) for person in PEOPLE]


def _renewed(
    session: Session, vault: Vault, person: tuple[str, str, str, str | None], cost: str, post: Post
) -> DemoSignIn:
    name, local, role, country = person
    email, password, secret = f"{local}@{HOST}", _password(), pyotp.random_base32(32)
    account = account_by_email(session, email)
    if account is None:
        account = Account(email=email, name=name, is_demo=True, created_at=post.now)
        session.add(account)
        session.flush()
    account.password_hash, account.state = passwords.make_hash(password, cost), "active"
    factors.remove_all(session, account.id)
    sessions.end_all(session, account.id, now=post.now)
    links.withdraw_sent_to(session, account.id, now=post.now)
    session.add(
        TotpFactor(
            account_id=account.id, secret=vault.encrypt(secret.encode(), factors.PURPOSE), confirmed_at=post.now,
            last_step=0,
        )
    )  # fmt: skip
    place = _role(session, account, role, country, post)
    session.flush()
    return DemoSignIn(role, place, email, password, secret)


def _role(session: Session, account: Account, role: str, country: str | None, post: Post) -> str:
    if role != "focal_point":
        invitations.give(session, account, role, country, None, by="demo", post=post)
        return country or ""
    institution = session.scalars(
        select(Institution)
        .join(Institution.posts)
        .where(Institution.country_code == country)
        .order_by(RegistryPost.confirmed_at.asc().nulls_last(), Institution.id)  # one that is asked at once
        .limit(1)
    ).first()
    if institution is None:
        return ""
    invitations.give(session, account, role, None, institution.id, by="demo", post=post)
    return institution.names[0].name if institution.names else institution.id


def _password() -> str:
    return "-".join(secrets.token_hex(2) for _ in range(4))


def freeze_all(session: Session) -> int:
    """Outside demo mode no demo account works. Returns how many were stopped."""
    found = session.scalars(select(Account).where(Account.is_demo, Account.state == "active")).all()
    for account in found:
        account.state = "frozen"
    return len(found)


def code_now(session: Session, vault: Vault, email: str, *, post: Post) -> str | None:
    """The code a demo account's app would show now; None for any other account."""
    account = account_by_email(session, email)
    factor = session.get(TotpFactor, account.id) if account is not None and account.is_demo else None
    if factor is None or factor.secret is None:
        return None
    secret = vault.decrypt(factor.secret, factors.PURPOSE).decode()
    return pyotp.TOTP(secret).generate_otp(int(post.now.timestamp()) // factors.STEP_SECONDS)
