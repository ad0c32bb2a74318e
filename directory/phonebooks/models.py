"""A subscription, one device's phone book, and the cards that device was told of; never the text of a card."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from directory.accounts.models import Account
from directory.db import Base, UuidKey, UuidRef


class Subscription(Base):
    """One device, one token, one address book. `contents`: countries, answers and favourites whose union it holds.

    `sequence` is the number given to the newest change; `seen`, `frame` and `compared_at` say what the book was last
    compared with and when, `waiting_count` how many entries wait because the day's quota of new cards is used up.
    """

    __tablename__ = "subscription"

    id: Mapped[UuidKey]
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Text)
    contents: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    last_device: Mapped[str] = mapped_column(Text, default="")
    revoked_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    waiting_count: Mapped[int] = mapped_column(default=0)
    seen: Mapped[str] = mapped_column(String(64), default="")
    frame: Mapped[str] = mapped_column(String(64), default="")
    compared_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship()


class SubscriptionCard(Base):
    """An entry the device was told of. One that is gone stays for ever, so that no sync token is ever refused.

    `revision` is the entry's when `etag` was worked out; `again` is raised where the device changed its own copy.
    """

    __tablename__ = "subscription_card"

    subscription_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True
    )
    entry_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    etag: Mapped[str] = mapped_column(String(32))
    revision: Mapped[int]
    sequence: Mapped[int] = mapped_column(Integer)
    again: Mapped[int] = mapped_column(default=0)
    gone_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_subscription_card_subscription_id_sequence", "subscription_id", "sequence"),)
