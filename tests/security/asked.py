"""Letters in the world: one that asks an owner for an entry of their own and one of a colleague's, one to a successor,
one to a holder."""

from __future__ import annotations

import json

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.accounts.vault import Vault
from directory.app import database
from directory.confirmations import codes, letters, questions
from directory.confirmations.models import (
    Asked,
    ConfirmationLetter,
    ConfirmationRequest,
    ConfirmationRound,
    LetterEntry,
    RequestedEntry,
    Succession,
)
from directory.confirmations.snapshots import digest, load_posts, masked, snapshot
from directory.mail.models import OutgoingMail
from directory.registry.models import Appointment, Post
from tests.conftest import NOW
from tests.people import code_at
from tests.security.tokens import words_in
from tests.security.world import World


def write(app: Flask, world: World) -> None:
    """The letters, whose code is the one every form is tried with, and their links."""
    vault = app.extensions["vault"]
    with app.app_context():
        session = database.session()
        letter = _letter(session, app, world)
        world.links["confirm_owner"] = vault.sign(letter.id, "confirm")
        named = Succession(
            post_id=world.posts["agreed"], name="Sven Successor", email="sven@office.example",
            named_by=world.accounts["focal_point"], named_at=NOW,
        )  # fmt: skip
        session.add(named)
        session.commit()
        world.links["succeed_named"] = vault.sign(named.id, "succeed")
        entered = select(Appointment.id).where(Appointment.post_id == world.posts["not_agreed"])
        world.links["agree_holder"] = vault.sign(f"{session.scalars(entered).first()} {NOW:%Y-%m-%d}", "agree")


def _letter(session: Session, app: Flask, world: World) -> ConfirmationLetter:
    account = world.accounts["focal_point"]
    session.execute(
        update(ConfirmationRequest)
        .where(ConfirmationRequest.account_id == account, ConfirmationRequest.state == "open")
        .values(state="withdrawn")
    )
    session.execute(
        update(ConfirmationLetter).where(ConfirmationLetter.account_id == account).values(superseded_at=NOW)
    )
    session.merge(ConfirmationRound(quarter="2026-Q4", opened_at=NOW))
    request = ConfirmationRequest(quarter="2026-Q4", account_id=account, opened_on=NOW.date(), state="open")
    session.add(request)
    session.flush()
    letter = ConfirmationLetter(account_id=account, step="ask", code_hash="", written_at=NOW)
    session.add(letter)
    session.flush()
    key = letters.code_key(app.extensions["site"].settings.secret_keys)
    mails = select(OutgoingMail.id).where(OutgoingMail.account_id == account, OutgoingMail.state == "uncertain")
    letter.mail_id = session.scalars(mails).first()
    letter.code_hash = codes.code_hash(code_at(NOW), letter.id, key)
    posts = load_posts(session, [world.posts["agreed"], world.posts["shelter"]])
    for position, name in enumerate(("agreed", "shelter")):
        picture = snapshot(posts[world.posts[name]], NOW.date())
        session.add(RequestedEntry(request_id=request.id, post_id=world.posts[name]))
        session.add(
            LetterEntry(
                letter_id=letter.id, post_id=world.posts[name], request_id=request.id, position=position,
                as_whom="owner" if name == "agreed" else "institution", digest=digest(picture), snapshot=picture,
            )
        )  # fmt: skip
    session.add(
        Asked(
            request_id=request.id, account_id=account, as_whom="owner", step="ask", since_on=NOW.date(),
            letter_id=letter.id,
        )
    )  # fmt: skip
    session.flush()
    session.expire_all()
    return letter


def shown_by_link(app: Flask, path: str, *, with_code: bool) -> set[str]:
    """What the page of a link may show: entries with the last digits of what is restricted; with the code, in full."""
    vault: Vault = app.extensions["vault"]
    kind, token = path.split("/")[1:3]
    with app.app_context():
        session = database.session()
        if kind == "succeed":
            signed = vault.unsign(token, "succeed", seconds=10**9)
            named = session.get(Succession, signed) if signed else None
            post = session.get(Post, named.post_id) if named else None
            return set(words_in(f"{post.title} {post.institution.name}")) if post else set()
        if kind == "agree":
            about = (vault.unsign(token, "agree", seconds=10**9) or "").partition(" ")[0]
            term = session.get(Appointment, about) if about else None
            if term is None:
                return set()
            return set(words_in(f"{term.official.name} {term.post.title} {term.post.institution.name}"))
        found = vault.unsign(token, "confirm", seconds=10**9)
        letter = session.get(ConfirmationLetter, found) if found else None
        if letter is None:
            return set()
        account = session.get_one(Account, letter.account_id)
        pictures = [
            entry.snapshot if with_code and entry.as_whom == "owner" else masked(entry.snapshot)
            for entry in letter.entries
        ]
        return set(words_in(f"{json.dumps(pictures, ensure_ascii=False)} {account.name}"))


def shown_to_owner(app: Flask, account_id: str | None) -> set[str]:
    """The numbers of one's own entries, in full, on one's own page."""
    with app.app_context():
        session = database.session()
        account = session.get(Account, account_id) if account_id else None
        if account is None:
            return set()
        asked = questions.of_account(session, account, today=NOW.date())
        pictures = [question.shown(in_full=True) for question in asked]
        return set(words_in(f"{json.dumps(pictures, ensure_ascii=False)} {account.name}"))
