"""The outbox: a letter is a row first, written with the change that calls for it, and sent elsewhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from directory.db import Base, UuidKey, UuidRef


class OutgoingMail(Base):
    """One letter to one address. `state`: `queued`, `transmitting`, `sent`, `uncertain`, `refused` or `given_up`.

    `due_at` is when a sender may next take it, `attempt` whose turn it is: only the holder of the newest may mark it.
    """

    __tablename__ = "outgoing_mail"

    id: Mapped[UuidKey]
    key: Mapped[str] = mapped_column(String(120))
    letter: Mapped[str] = mapped_column(String(40))
    to: Mapped[str] = mapped_column("recipient", Text)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(12), default="en")
    account_id: Mapped[UuidRef | None]
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(14), default="queued", index=True)
    attempt: Mapped[int] = mapped_column(default=0)
    transmission_count: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (UniqueConstraint("key", name="uq_outgoing_mail_key"),)
