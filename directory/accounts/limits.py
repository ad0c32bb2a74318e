"""How often something may happen: counted in the database, so that it holds across threads, processes and hosts.

A refused try is not counted, so nobody is kept out for longer than one period by somebody else's hammering.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address

from sqlalchemy import delete, func, literal, select
from sqlalchemy.orm import Session

from directory.accounts.models import LimitCount
from directory.db import insert_into


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` in any `period`, counted in `parts` windows: never more, at worst a part's length stricter."""

    name: str
    count: int
    period: timedelta
    parts: int = 5

    @property
    def part(self) -> timedelta:
        """The length of one window."""
        return self.period / self.parts


FIVE_MINUTES, SIX_HOURS, A_DAY = timedelta(minutes=5), timedelta(hours=6), timedelta(days=1)
# Per account: strangers share one budget; a device the owner signed in from before has one of its own.
SIGN_IN_ACCOUNT = (Limit("sign_in:a", 10, FIVE_MINUTES), Limit("sign_in:a:day", 50, A_DAY, 24))
SIGN_IN_NETWORK = (Limit("sign_in:n", 30, FIVE_MINUTES), Limit("sign_in:n:day", 500, A_DAY, 24))
SIGN_IN_ALL = (Limit("sign_in:all", 1000, FIVE_MINUTES),)
FACTOR_ACCOUNT = (
    Limit("factor:a", 5, FIVE_MINUTES),
    Limit("factor:a:hour", 20, timedelta(hours=1), 12),
    Limit("factor:a:day", 50, A_DAY, 24),
)
RECOVER_ADDRESS = (Limit("recover:a", 3, SIX_HOURS, 6),)
RECOVER_NETWORK = (Limit("recover:n", 20, timedelta(hours=1)),)
LINK_NETWORK = (Limit("link:n", 60, FIVE_MINUTES),)
CHALLENGE_NETWORK = (Limit("challenge:n", 30, FIVE_MINUTES),)
INVITE_ACCOUNT = (Limit("invite:a", 50, A_DAY, 24),)


class TooMany(Exception):
    """That was one too many; `wait` is how long until the next is taken."""

    def __init__(self, limit: Limit, wait: timedelta) -> None:
        super().__init__(limit.name)
        self.limit = limit
        self.wait = wait


def take(session: Session, limits: Iterable[Limit], key: str, *, now: datetime) -> None:
    """Count one against each of these limits for that key, or raise TooMany and count none further.

    The caller commits before what is limited begins; the key is kept only as a hash.
    """
    for limit in limits:
        if not _counted(session, limit, _row_key(limit, key), now):
            raise TooMany(limit, _wait(session, limit, _row_key(limit, key), now))


def _counted(session: Session, limit: Limit, row_key: str, now: datetime) -> bool:
    """One statement: the row of the current window is added or raised only while the sum stays below the limit."""
    start = _window(now, limit)
    others = (
        select(func.coalesce(func.sum(LimitCount.count), 0))
        .where(
            LimitCount.key == row_key,
            LimitCount.window_start >= start - limit.period,
            LimitCount.window_start != start,  # later ones too: clocks of several hosts differ
        )
        .scalar_subquery()
    )
    first = select(literal(row_key), literal(start, LimitCount.window_start.type), literal(1)).where(
        others < limit.count
    )
    statement = insert_into(session, LimitCount).from_select(["key", "window_start", "count"], first)
    raised = statement.on_conflict_do_update(
        index_elements=["key", "window_start"],
        set_={"count": LimitCount.count + 1},
        where=LimitCount.count + others < limit.count,
    ).returning(LimitCount.count)
    return session.execute(raised).first() is not None


def _wait(session: Session, limit: Limit, row_key: str, now: datetime) -> timedelta:
    """Until the oldest counted window no longer counts."""
    start = _window(now, limit)
    oldest = session.scalar(
        select(func.min(LimitCount.window_start)).where(
            LimitCount.key == row_key, LimitCount.window_start >= start - limit.period
        )
    )
    return max(timedelta(seconds=1), (oldest or start) + limit.period + limit.part - now)


def _window(now: datetime, limit: Limit) -> datetime:
    seconds = int(limit.part.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)


def _row_key(limit: Limit, key: str) -> str:
    return f"{limit.name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def network_of(address: str | None) -> str:
    """The network a caller belongs to: /24 of IPv4, /64 of IPv6; what is no address is one network of its own."""
    try:
        found: IPv4Address | IPv6Address = ip_address((address or "").split("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    bits = 8 if isinstance(found, IPv4Address) else 64
    return f"{found.version}:{int(found) >> bits:x}"


def forget(session: Session, *, now: datetime) -> None:
    """Drop windows nobody counts any more."""
    session.execute(delete(LimitCount).where(LimitCount.window_start < now - 2 * A_DAY))
