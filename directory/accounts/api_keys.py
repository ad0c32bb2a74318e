"""Keys for other software: made with a fresh second factor, shown once, kept as a hash, ended with the account."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.accounts.models import ApiKey
from directory.accounts.people import person_of, rights, viewer_of
from directory.accounts.policy import ANYBODY, Person, Subject
from directory.accounts.tokens import new_token, token_hash
from directory.db import Base
from directory.entries.viewer import PUBLIC, Viewer
from directory.history import operations as history

SCOPES = ("read:public", "read:registered", "export", "write")
LONGEST = timedelta(days=365)
MOST_KEYS = 10
PREFIX = "trm_"  # so that a key found in somebody's code is known for what it is
USED_EVERY = timedelta(minutes=1)


class BadKey(Exception):
    """A key that cannot be made; the message says why."""


class NoSuchKey(Exception):
    """No key of this account has that id. Somebody else's key answers the same."""


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """A live key, whose it is, and what it opens."""

    id: str
    account_id: str
    person: Person
    scopes: frozenset[str]
    used_at: datetime | None = None

    @property
    def viewer(self) -> Viewer:
        """What the account sees, never more than the scope; nothing is revealed through a key."""
        if "read:registered" not in self.scopes:
            return PUBLIC
        return Viewer(layer=viewer_of(self.person).layer)


def make_key(
    session: Session,
    account_id: str,
    *,
    name: str,
    scopes: Collection[str],
    days: int,
    person: Person,
    now: datetime,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is kept nowhere. The edge has seen to the fresh factor. Raises BadKey."""
    if rights().may(person, "make_api_key", Subject(account_id=account_id)) == "no":
        raise BadKey("Your role makes no keys.")
    wanted = _checked(name, scopes, days)
    if len(keys_of(session, account_id, now=now)) >= MOST_KEYS:
        raise BadKey(f"You have {MOST_KEYS} keys already; end one you do not use.")
    text = PREFIX + new_token()
    key = ApiKey(
        account_id=account_id,
        token_hash=token_hash(text),
        name=name.strip(),
        scopes=wanted,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(key)
    session.flush()
    told: dict[str, object] = {"key": key.id, "scopes": wanted, "days": days}
    history.record_own(session, "make_api_key", key.account_id, after=told, now=now)
    return key, text


def _checked(name: str, scopes: Collection[str], days: int) -> list[str]:
    """The scopes in order, where everything can stand. Raises BadKey."""
    if not name.strip() or len(name) > 100:
        raise BadKey("Give the key a name of at most 100 characters, so that you know it again.")
    wanted = [scope for scope in SCOPES if scope in scopes]
    if not wanted or len(wanted) != len(set(scopes)):
        raise BadKey(f"Choose what the key opens: {', '.join(SCOPES)}.")
    if not 1 <= days <= LONGEST.days:
        raise BadKey("A key lives from 1 to 365 days.")
    return wanted


def keys_of(session: Session, account_id: str, *, now: datetime) -> list[ApiKey]:
    """The account's live keys, newest first."""
    return list(
        session.scalars(
            select(ApiKey)
            .where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None), ApiKey.expires_at > now)
            .order_by(ApiKey.created_at.desc())
        )
    )


def revoke(session: Session, account_id: str, key_id: str, *, now: datetime) -> None:
    """End a key of one's own. Raises NoSuchKey, for somebody else's as for none."""
    key = session.scalars(select(ApiKey).where(ApiKey.id == key_id, ApiKey.account_id == account_id)).first()
    if key is None:
        raise NoSuchKey
    if key.revoked_at is None:
        key.revoked_at = now
        session.flush()
        history.record_own(session, "revoke_api_key", key.account_id, before={"key": key.id}, now=now)


def revoke_all(session: Session, account_id: str, *, now: datetime) -> None:
    """Every key, phone book and webhook of an account that was frozen: thawed, it makes new ones."""
    session.execute(
        update(ApiKey)
        .where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session="fetch")
    )
    books = Base.metadata.tables.get("subscription")  # phone books stand above accounts: reached by name
    if books is not None:
        live = (books.c.account_id == account_id) & books.c.revoked_at.is_(None)
        session.execute(update(books).where(live).values(revoked_at=now))
    hooks = Base.metadata.tables.get("webhook")  # and so do these
    if hooks is not None:
        live = (hooks.c.account_id == account_id) & hooks.c.ended_at.is_(None)
        session.execute(update(hooks).where(live).values(ended_at=now, pending=""))


def find(session: Session, text: str, *, now: datetime) -> KeyInUse | None:
    """The live key with that text; None when ended, expired, or its account is not active or lost its roles."""
    if not text.startswith(PREFIX):
        return None
    key = session.scalars(select(ApiKey).where(ApiKey.token_hash == token_hash(text))).first()
    if key is None or key.revoked_at is not None or key.expires_at <= now:
        return None
    person = person_of(session, key.account)
    if person == ANYBODY or not person.grants:
        return None
    if rights().may(person, "make_api_key", Subject(account_id=key.account_id)) == "no":
        return None
    return KeyInUse(key.id, key.account_id, person, frozenset(key.scopes), key.used_at)


def mark_used(session: Session, key_id: str, *, now: datetime) -> None:
    """Note that the key is in use, at most once a minute."""
    session.execute(
        update(ApiKey)
        .where(ApiKey.id == key_id, (ApiKey.used_at.is_(None)) | (ApiKey.used_at < now - USED_EVERY))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
