"""The ledger of what each entry was when last looked at, webhooks of other software, and what people follow."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from directory.accounts.models import Account
from directory.db import Base, UuidKey, UuidRef

Position = BigInteger().with_variant(Integer, "sqlite")


class FeedEntry(Base):
    """One entry as the feed last saw it, and its place in the order in which changes became known.

    A place is given after the change is committed, so that one written early and committed late is never passed over.
    """

    __tablename__ = "feed_entry"

    entry_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    position: Mapped[int] = mapped_column(Position, unique=True)
    revision: Mapped[int]
    country_code: Mapped[str] = mapped_column(String(2))
    at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    redirect_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))


class Webhook(Base):
    """Another system's address that is told which entries changed. `countries` empty: all of them.

    `cursor`: everything up to that place in the ledger has arrived. `pending` holds the bytes that are on their way to
    it (ids and instants only), the same at every try, and `pending_cursor` where they lead. Whoever holds the newest
    `attempt` may say what came of it, until `lease_until`.
    """

    __tablename__ = "webhook"

    id: Mapped[UuidKey]
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    countries: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime]
    cursor: Mapped[int] = mapped_column(Position, default=0)
    pending: Mapped[str] = mapped_column(Text, default="")
    pending_cursor: Mapped[int] = mapped_column(Position, default=0)
    is_test_wanted: Mapped[bool] = mapped_column(default=False)
    next_try_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    failed_count: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    last_status: Mapped[str] = mapped_column(String(40), default="")
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship()


class Following(Base):
    """What somebody wants to be told of by mail: filters as they stand in an address of `/entries`.

    `told_to` is the newest sealed line of history looked at, `last_told_at` the day a letter was due last, whether or
    not there was anything to tell. `token_hash` is that of the account's link that stops all such letters.
    """

    __tablename__ = "following"

    id: Mapped[UuidKey]
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    filters: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    every: Mapped[str] = mapped_column(String(10), default="weekly")
    told_to: Mapped[int] = mapped_column(Position, default=0)
    last_told_at: Mapped[datetime]
    created_at: Mapped[datetime]
    token_hash: Mapped[str] = mapped_column(String(64), index=True)
    account: Mapped[Account] = relationship()
