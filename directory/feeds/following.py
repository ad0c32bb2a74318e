"""What somebody follows, and the one link in each letter that stops all of it."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from directory.accounts.tokens import token_hash
from directory.accounts.vault import derive
from directory.feeds import rules
from directory.feeds.models import Following
from directory.history.models import ChangeSeal

PURPOSE = "stop digests"


class CannotFollow(Exception):
    """One thing more than anybody may follow, or no filter to follow; the message says which."""


class NotFollowed(Exception):
    """Nothing of this account has that id. Somebody else's answers the same."""


def follow(
    session: Session, account_id: str, *, filters: str, label: str, keys: Sequence[str], now: datetime
) -> Following:
    """Tell the account by mail what changes there; what it follows already stays as it is. Raises CannotFollow."""
    known = followed_by(session, account_id)
    same = next((one for one in known if one.filters == filters), None)
    if same is not None:
        return same
    if not filters or len(filters) > rules.LONGEST_FILTERS:
        raise CannotFollow("There is nothing to follow here: choose a country or a procedure first.")
    if len(known) >= rules.MOST_FOLLOWED:
        raise CannotFollow(f"You follow {rules.MOST_FOLLOWED} things already; stop one first.")
    last_told_at = max((one.last_told_at for one in known), default=now)
    one = Following(
        account_id=account_id,
        filters=filters,
        label=label,
        created_at=now,
        last_told_at=max(last_told_at, now),
        told_to=newest_seal(session),
        token_hash=known[0].token_hash if known else token_hash(stop_token(keys[0], account_id)),
    )
    session.add(one)
    session.flush()
    return one


def followed_by(session: Session, account_id: str) -> list[Following]:
    """What the account follows, oldest first."""
    own = select(Following).where(Following.account_id == account_id)
    return list(session.scalars(own.order_by(Following.created_at, Following.id)))


def set_every(session: Session, account_id: str, following_id: str, every: str) -> None:
    """How often a letter may come. Raises NotFollowed and CannotFollow."""
    if every not in rules.EVERY_DAYS:
        raise CannotFollow("Choose once a week or once a day.")
    _one_of(session, account_id, following_id).every = every
    session.flush()


def stop(session: Session, account_id: str, following_id: str) -> None:
    """No letters about it any more. Raises NotFollowed."""
    session.delete(_one_of(session, account_id, following_id))
    session.flush()


def stop_all(session: Session, token: str) -> int:
    """Whoever holds the link of a letter stops all such letters to its account; an unknown one stops nothing."""
    done = session.execute(delete(Following).where(Following.token_hash == token_hash(token)))
    return int(done.rowcount)  # type: ignore[attr-defined]  # a DELETE counts its rows


def stop_token(key: str, account_id: str) -> str:
    """Opaque, the same in every letter, and nothing but the hash of it is kept."""
    mark = hmac.new(derive(key, PURPOSE), account_id.encode(), sha256).digest()
    return urlsafe_b64encode(mark).decode().rstrip("=")


def token_of(rows: Sequence[Following], keys: Sequence[str]) -> str:
    """The token that stops these, under whichever key is still listed; else a new one, noted in the rows."""
    account_id = rows[0].account_id
    for key in keys:
        token = stop_token(key, account_id)
        if all(row.token_hash == token_hash(token) for row in rows):
            return token
    token = stop_token(keys[0], account_id)
    for row in rows:
        row.token_hash = token_hash(token)
    return token


def newest_seal(session: Session) -> int:
    """The place of the newest sealed line of history: what comes later is sealed later, whenever it was written."""
    return session.scalar(select(func.max(ChangeSeal.position))) or 0


def _one_of(session: Session, account_id: str, following_id: str) -> Following:
    found = next((one for one in followed_by(session, account_id) if one.id == following_id), None)
    if found is None:
        raise NotFollowed
    return found
