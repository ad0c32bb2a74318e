"""The outbox and what comes back: a letter is a row first, and so is every message that answers one."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from directory.db import Base, UuidKey, UuidRef


class OutgoingMail(Base):
    """One letter to one address. `state`: `queued`, `transmitting`, `sent`, `uncertain`, `refused` or `given_up`.

    `due_at` is when a sender may next take it, `attempt` whose turn it is: only the holder of the newest may mark it.
    `taken_at` is when one last did: what the pace counts.
    """

    __tablename__ = "outgoing_mail"

    id: Mapped[UuidKey]
    key: Mapped[str] = mapped_column(String(120))
    letter: Mapped[str] = mapped_column(String(40))
    to: Mapped[str] = mapped_column("recipient", Text)
    domain: Mapped[str] = mapped_column(String(255), default="", index=True)
    reply_to: Mapped[str] = mapped_column(Text, default="")
    from_name: Mapped[str] = mapped_column(Text, default="")
    unsubscribe: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(12), default="en")
    account_id: Mapped[UuidRef | None]
    is_urgent: Mapped[bool] = mapped_column(default=False)
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(14), default="queued", index=True)
    attempt: Mapped[int] = mapped_column(default=0)
    transmission_count: Mapped[int] = mapped_column(default=0)
    taken_at: Mapped[datetime | None] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (UniqueConstraint("key", name="uq_outgoing_mail_key"),)


class ReceivedMail(Base):
    """One message that came back. `kind` as `received.classify` says; `state`: `new`, `settled`, `ignored` or `held`.

    `outgoing_mail_id` only where our own signature names a letter that went out lately: nothing else counts.
    `mentions_mail_id` is the letter a message says it answers: unsigned, so a hint for people, never evidence.
    """

    __tablename__ = "received_mail"

    id: Mapped[UuidKey]
    message_hash: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(12), default="")
    outgoing_mail_id: Mapped[UuidRef | None]
    mentions_mail_id: Mapped[UuidRef | None]
    domain: Mapped[str] = mapped_column(String(255), default="")
    sender: Mapped[str] = mapped_column(Text, default="")
    recipient: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text, default="")
    return_on: Mapped[date | None]
    names_deputy: Mapped[str] = mapped_column(Text, default="")
    evidence: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(10), default="new", index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(Text, default="")
    released_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("message_hash", name="uq_received_mail_message_hash"),)
