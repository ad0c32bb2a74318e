"""The quarterly question as rows: rounds, requests, who was asked, the letters, what was answered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

import directory.accounts.models  # noqa: F401 - the tables these refer to
from directory.db import Base, UuidKey, UuidRef

_UNWRITTEN = text("letter_id IS NULL")


class ConfirmationRound(Base):
    """One quarter's bookkeeping, such as `2026-Q4`."""

    __tablename__ = "confirmation_round"

    quarter: Mapped[str] = mapped_column(String(8), primary_key=True)
    opened_at: Mapped[datetime]


class ConfirmationRequest(Base):
    """One owner is asked for all their entries. `next_step` is taken on `next_on`.

    `state`: `open`, `answered`, `silent` (the coordinator decides now) or `withdrawn` (nothing left to ask).
    """

    __tablename__ = "confirmation_request"

    id: Mapped[UuidKey]
    quarter: Mapped[str] = mapped_column(String(8), ForeignKey("confirmation_round.quarter"), index=True)
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    opened_on: Mapped[date]
    next_step: Mapped[str | None] = mapped_column(String(12))
    next_on: Mapped[date | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(10), default="open")
    closed_at: Mapped[datetime | None]
    entries: Mapped[list[RequestedEntry]] = relationship(back_populates="request", cascade="all, delete-orphan")

    __table_args__ = (
        Index(
            "uq_confirmation_request_open",
            "account_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )


class RequestedEntry(Base):
    """One entry of a request. `answer`: `still_right`, `needs_change`, `left` or `not_mine`; None until answered.

    `withdrawn`, with no `answered_at`, where somebody else owned it before it was answered.
    """

    __tablename__ = "requested_entry"

    request_id: Mapped[UuidRef] = mapped_column(ForeignKey("confirmation_request.id"), primary_key=True)
    post_id: Mapped[UuidRef] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    answer: Mapped[str | None] = mapped_column(String(12))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str | None] = mapped_column(String(20))
    request: Mapped[ConfirmationRequest] = relationship(back_populates="entries")


class Asked(Base):
    """Somebody is asked in a request, as its `owner`, the `deputy`, the `institution` or its `head`.

    `letter_id` is empty until the letter of the day that asks them is written.
    """

    __tablename__ = "asked"

    id: Mapped[UuidKey]
    request_id: Mapped[UuidRef] = mapped_column(ForeignKey("confirmation_request.id"))
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    as_whom: Mapped[str] = mapped_column(String(12))
    step: Mapped[str] = mapped_column(String(12))
    since_on: Mapped[date]
    letter_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("confirmation_letter.id"))

    __table_args__ = (
        Index("uq_asked_request_id_step_account_id", "request_id", "step", "account_id", unique=True),
        Index(
            "ix_asked_waiting",
            "account_id",
            sqlite_where=_UNWRITTEN,
            postgresql_where=_UNWRITTEN,
        ),
    )


class ConfirmationLetter(Base):
    """One letter with its link and code. Only the newest of an account opens anything."""

    __tablename__ = "confirmation_letter"

    id: Mapped[UuidKey]
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    step: Mapped[str] = mapped_column(String(12))
    code_hash: Mapped[str] = mapped_column(String(64))
    wrong_count: Mapped[int] = mapped_column(default=0)
    code_count: Mapped[int] = mapped_column(default=1)
    written_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    mail_id: Mapped[UuidRef | None]
    entries: Mapped[list[LetterEntry]] = relationship(cascade="all, delete-orphan", order_by="LetterEntry.position")


class LetterEntry(Base):
    """An entry as it stood when the letter was written (see `snapshots`); `digest` says whether it still does."""

    __tablename__ = "letter_entry"

    letter_id: Mapped[UuidRef] = mapped_column(ForeignKey("confirmation_letter.id"), primary_key=True)
    post_id: Mapped[UuidRef] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    request_id: Mapped[UuidRef] = mapped_column(ForeignKey("confirmation_request.id"))
    as_whom: Mapped[str] = mapped_column(String(12))
    position: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON)


class Finding(Base):
    """Evidence against an entry: `bounced`, `reported`, `left`, `changed` or `wrong`. Open until somebody settles it.

    `since_at` is when it was seen; `evidence` is for staff, the text of a bounce often names the successor.
    """

    __tablename__ = "finding"

    id: Mapped[UuidKey]
    post_id: Mapped[UuidRef] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(12))
    value: Mapped[str] = mapped_column(Text, default="")
    evidence: Mapped[str] = mapped_column(Text, default="")
    method: Mapped[str] = mapped_column(String(20), default="")
    by: Mapped[str] = mapped_column(Text)
    since_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(Text)


class CallTask(Base):
    """Somebody must ring, or decide, about an entry. `key` keeps one task from being opened twice.

    `reason`: `silent`, `no_owner`, `bounced`, `reported`, `left`, `not_mine`, `reply`, `refused`, `last_route`,
    `decide` or `note`. `outcome`: `confirmed`, `corrected`, `left`, `no_answer`, `wrong_number`, `decided` or
    `withdrawn`.
    """

    __tablename__ = "call_task"

    id: Mapped[UuidKey]
    key: Mapped[str] = mapped_column(String(120), unique=True)
    post_id: Mapped[UuidRef] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    country_code: Mapped[str] = mapped_column(String(2), index=True)
    reason: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime]
    due_on: Mapped[date] = mapped_column(index=True)
    tell_on: Mapped[date]
    told_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(String(12))
    settled_at: Mapped[datetime | None] = mapped_column(index=True)
    settled_by: Mapped[str | None] = mapped_column(Text)


class Check(Base):
    """One piece of proof for one entry or contact point: how, by whom, when, with what outcome.

    `method`: `call`, `letter`, `signed_letter`, `signed_in`, `visit`, `drill_call`, `drill_message` or `use`.
    `outcome`: `right`, `answered`, `no_answer`, `wrong`, `changed`, `left`, or `not_mine` from who stands in for the
    owner. `seconds` is how long an answer took.
    """

    __tablename__ = "field_check"

    id: Mapped[UuidKey]
    post_id: Mapped[UuidRef] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    contact_point_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("contact_point.id", ondelete="CASCADE"))
    method: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(12))
    seconds: Mapped[int | None]
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")


class OutcomeReport(Base):
    """What a reader met who used an entry: `reached`, `no_answer`, `wrong_person` or `gone`. Nothing about a case."""

    __tablename__ = "outcome_report"

    id: Mapped[UuidKey]
    post_id: Mapped[UuidRef] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    account_id: Mapped[UuidRef | None]
    outcome: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(index=True)


class Drill(Base):
    """A planned test of one duty line, twice a year, by `call` or `message`; settled once the outcome is noted.

    `country_code` is where it was when it was planned; whose it is now, the entry's body tells.
    """

    __tablename__ = "drill"

    id: Mapped[UuidKey]
    post_id: Mapped[UuidRef] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    contact_point_id: Mapped[UuidRef] = mapped_column(ForeignKey("contact_point.id", ondelete="CASCADE"))
    country_code: Mapped[str] = mapped_column(String(2), index=True)
    half_year: Mapped[str] = mapped_column(String(8))
    planned_on: Mapped[date] = mapped_column(index=True)
    method: Mapped[str] = mapped_column(String(10), default="call")
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(12))
    seconds: Mapped[int | None]

    __table_args__ = (Index("uq_drill_half_year_contact_point_id", "half_year", "contact_point_id", unique=True),)


class Succession(Base):
    """Somebody who left named a successor; nothing changes before that person agrees and a second person accepts.

    `state`: `offered`, `agreed`, `declined` or `withdrawn`.
    """

    __tablename__ = "succession"

    id: Mapped[UuidKey]
    post_id: Mapped[UuidRef] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    named_by: Mapped[str] = mapped_column(Text)
    named_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="offered")
    answered_at: Mapped[datetime | None]
    agrees_to_name: Mapped[bool] = mapped_column(default=False)
    proposal_id: Mapped[UuidRef | None]


class EndNotice(Base):
    """A notice that somebody's time in a post ends in so many days; sent once for each day there is."""

    __tablename__ = "end_notice"

    appointment_id: Mapped[UuidRef] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"), primary_key=True)
    until_on: Mapped[date] = mapped_column(primary_key=True)
    days_before: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
