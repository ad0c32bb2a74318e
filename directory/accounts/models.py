"""Accounts, what they were granted, how they prove who they are, and where they are signed in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from directory.db import Base, UuidKey, UuidRef


class Account(Base):
    """Somebody who may sign in. `state`: `active`, `frozen` or `closed`. `email` is the login address, lower case."""

    __tablename__ = "account"

    id: Mapped[UuidKey]
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(12), default="en")
    timezone: Mapped[str] = mapped_column(String(40), default="")
    password_hash: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="active")
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    official_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("official.id"))

    grants: Mapped[list[AccountGrant]] = relationship(
        back_populates="account", foreign_keys="AccountGrant.account_id", cascade="all, delete-orphan"
    )
    totp: Mapped[TotpFactor | None] = relationship(cascade="all, delete-orphan")
    passkeys: Mapped[list[Passkey]] = relationship(cascade="all, delete-orphan")
    recovery_codes: Mapped[list[RecoveryCode]] = relationship(cascade="all, delete-orphan")


class AccountGrant(Base):
    """A role given to an account, for a country or an institution, by whom and until when."""

    __tablename__ = "account_grant"

    id: Mapped[UuidKey]
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(String(20))
    country_code: Mapped[str | None] = mapped_column(String(2), ForeignKey("country.code"))
    institution_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("institution.id"))
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(back_populates="grants", foreign_keys=[account_id])


class PostOwner(Base):
    """The account named for an entry: it is asked to confirm it and may edit its plain fields."""

    __tablename__ = "post_owner"

    post_id: Mapped[UuidRef] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"), primary_key=True)


class SignedInSession(Base):
    """One device signed in. `token_hash` is all that is kept of the cookie's value."""

    __tablename__ = "signed_in_session"

    id: Mapped[UuidKey]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    factor_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(Text, default="")
    ended_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship()


class TotpFactor(Base):
    """An authenticator app. `secret` is encrypted; `last_step` is the newest step ever accepted: no replay.

    `pending` is a secret not yet proven by a first code; until then the old one stands.
    """

    __tablename__ = "totp_factor"

    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"), primary_key=True)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    pending: Mapped[bytes | None] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)


class Passkey(Base):
    """A WebAuthn credential."""

    __tablename__ = "passkey"

    id: Mapped[UuidKey]
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """A question put to a passkey; answered once, within minutes. `purpose`: `sign_in`, `factor` or `enrol`."""

    __tablename__ = "passkey_challenge"

    challenge_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[UuidRef | None]
    expires_at: Mapped[datetime]


class RecoveryCode(Base):
    """One of ten codes for the day the factor is lost; hashed, usable once."""

    __tablename__ = "recovery_code"

    id: Mapped[UuidKey]
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("account_id", "code_hash", name="uq_recovery_code_account_id_code_hash"),)


class Invitation(Base):
    """A link sent by mail: one use, short life, only its hash kept.

    `purpose`: `invite` (join, or take a further role), `asked` (somebody asked for a way back in; the worker looks
    whether there is such an account), `recover` (set a new password), `enrol` (set up a second factor).
    `approved_by` is the second person, where one is needed; until then no link exists.
    """

    __tablename__ = "invitation"

    id: Mapped[UuidKey]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(20), default="")
    country_code: Mapped[str | None] = mapped_column(String(2), ForeignKey("country.code"))
    institution_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("institution.id"))
    account_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("account.id"))
    invited_by: Mapped[str] = mapped_column(Text)
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(Text)


class LimitCount(Base):
    """How often something happened in a window; counted here so that it holds across workers and hosts."""

    __tablename__ = "limit_count"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index("ix_limit_count_window_start", "window_start"),)


class ApiKey(Base):
    """A key for other software: shown once, hashed, scoped, expiring within a year."""

    __tablename__ = "api_key"

    id: Mapped[UuidKey]
    account_id: Mapped[UuidRef] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship()
