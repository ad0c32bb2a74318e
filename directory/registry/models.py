"""Who exists and who holds which post: typed tables, no session, no clock."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import JSON

from directory.db import Base, CountryCode, UuidKey, UuidRef

CASCADE = "all, delete-orphan"


class Country(Base):
    """A country or territory by code (XK included); names come from CLDR, not from here."""

    __tablename__ = "country"

    code: Mapped[CountryCode] = mapped_column(primary_key=True)
    is_participating: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(Text, default="")
    legal_footings: Mapped[list[LegalFooting]] = relationship(cascade=CASCADE, order_by="LegalFooting.kind")
    memberships: Mapped[list[NetworkMember]] = relationship(back_populates="country", cascade=CASCADE)


class LegalFooting(Base):
    """What binds a country to answer: `binding_act`, `protocol`, `guideline` or `custom`."""

    __tablename__ = "legal_footing"

    id: Mapped[UuidKey]
    country_code: Mapped[CountryCode] = mapped_column(ForeignKey("country.code"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text, default="")
    since_on: Mapped[date | None]
    is_demo: Mapped[bool] = mapped_column(default=False)


class Network(Base):
    """A named circle of countries that hand cases to one another."""

    __tablename__ = "network"

    id: Mapped[UuidKey]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(Text)
    members: Mapped[list[NetworkMember]] = relationship(back_populates="network", cascade=CASCADE)


class NetworkMember(Base):
    """A country in a network."""

    __tablename__ = "network_member"

    network_id: Mapped[UuidRef] = mapped_column(ForeignKey("network.id"), primary_key=True)
    country_code: Mapped[CountryCode] = mapped_column(ForeignKey("country.code"), primary_key=True)
    network: Mapped[Network] = relationship(back_populates="members")
    country: Mapped[Country] = relationship(back_populates="memberships")


class Role(Base):
    """A kind of function, from the taxonomy; kept here so that a post cannot name one that is not."""

    __tablename__ = "role"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    group: Mapped[str] = mapped_column("role_group", String(40))
    is_retired: Mapped[bool] = mapped_column(default=False)


class Source(Base):
    """Where facts came from, with the date they were true there."""

    __tablename__ = "source"

    id: Mapped[UuidKey]
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text, default="")
    dated_on: Mapped[date | None]
    licence: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (UniqueConstraint("name", "dated_on", name="uq_source_name_dated_on"),)


class Institution(Base):
    """A body that has posts; may belong to another. It has no field for a street: see `rules.may_have`."""

    __tablename__ = "institution"

    id: Mapped[UuidKey]
    country_code: Mapped[CountryCode] = mapped_column(ForeignKey("country.code"), index=True)
    host_country_code: Mapped[str | None] = mapped_column(String(2), ForeignKey("country.code"), index=True)
    type: Mapped[str] = mapped_column(String(40), index=True)
    parent_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("institution.id"))
    city: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("source.id"))
    source_url: Mapped[str] = mapped_column(Text, default="")
    confirmed_at: Mapped[datetime | None]
    confirmation_method: Mapped[str | None] = mapped_column(String(20))
    is_being_checked: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)

    parent: Mapped[Institution | None] = relationship(remote_side="Institution.id")
    source: Mapped[Source | None] = relationship()
    names: Mapped[list[InstitutionName]] = relationship(cascade=CASCADE, order_by="InstitutionName.position")
    serves: Mapped[list[InstitutionServes]] = relationship(cascade=CASCADE, order_by="InstitutionServes.country_code")
    posts: Mapped[list[Post]] = relationship(back_populates="institution", cascade=CASCADE)
    contact_points: Mapped[list[ContactPoint]] = relationship(
        cascade=CASCADE, order_by="ContactPoint.position", foreign_keys="ContactPoint.institution_id"
    )
    responsibilities: Mapped[list[Responsibility]] = relationship(
        cascade=CASCADE, foreign_keys="Responsibility.institution_id"
    )

    @property
    def name(self) -> str:
        """The English name where there is one, else the first."""
        return next((n.name for n in self.names if n.language == "en"), self.names[0].name if self.names else "")


class InstitutionName(Base):
    """One name of an institution in one language and script; `kind` is `official`, `short` or `former`."""

    __tablename__ = "institution_name"

    id: Mapped[UuidKey]
    institution_id: Mapped[UuidRef] = mapped_column(ForeignKey("institution.id"))
    language: Mapped[str] = mapped_column(String(12), default="")
    kind: Mapped[str] = mapped_column(String(12), default="official")
    name: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(default=0)


class InstitutionServes(Base):
    """A country an institution is competent for, when it sits elsewhere."""

    __tablename__ = "institution_serves"

    institution_id: Mapped[UuidRef] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    country_code: Mapped[CountryCode] = mapped_column(ForeignKey("country.code"), primary_key=True)


class Post(Base):
    """A standing place in an institution; outlives its holders. A desk is held by nobody in particular."""

    __tablename__ = "post"

    id: Mapped[UuidKey]
    institution_id: Mapped[UuidRef] = mapped_column(ForeignKey("institution.id"))
    role_key: Mapped[str | None] = mapped_column(String(40), ForeignKey("role.key"), index=True)
    title: Mapped[str] = mapped_column(Text)
    area: Mapped[str] = mapped_column(Text, default="")
    is_desk: Mapped[bool] = mapped_column(default=False)
    asks_for: Mapped[str] = mapped_column(Text, default="")
    deputy_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("post.id"))
    is_demo: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("source.id"))
    confirmed_at: Mapped[datetime | None]
    confirmation_method: Mapped[str | None] = mapped_column(String(20))
    is_being_checked: Mapped[bool] = mapped_column(default=False)
    keeps_holder: Mapped[bool] = mapped_column(default=False)  # the last route: shown although silent
    reachability: Mapped[str] = mapped_column(String(40), default="")  # a phrase's key and day, such as mail:2026-10-03
    added_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)

    institution: Mapped[Institution] = relationship(back_populates="posts")
    source: Mapped[Source | None] = relationship()
    deputy: Mapped[Post | None] = relationship(remote_side="Post.id")
    appointments: Mapped[list[Appointment]] = relationship(cascade=CASCADE, back_populates="post")
    contact_points: Mapped[list[ContactPoint]] = relationship(
        cascade=CASCADE, order_by="ContactPoint.position", foreign_keys="ContactPoint.post_id"
    )
    responsibilities: Mapped[list[Responsibility]] = relationship(
        cascade=CASCADE, foreign_keys="Responsibility.post_id"
    )

    __table_args__ = (Index("ix_post_changed_at_id", "changed_at", "id"),)


class Official(Base):
    """A person who holds or held a post; not an account. Named to readers only after agreeing."""

    __tablename__ = "official"

    id: Mapped[UuidKey]
    name: Mapped[str] = mapped_column(Text)
    agreed_at: Mapped[datetime | None]
    is_demo: Mapped[bool] = mapped_column(default=False)


class Appointment(Base):
    """An official in a post, from–to, perhaps acting."""

    __tablename__ = "appointment"

    id: Mapped[UuidKey]
    post_id: Mapped[UuidRef] = mapped_column(ForeignKey("post.id"))
    official_id: Mapped[UuidRef] = mapped_column(ForeignKey("official.id"))
    from_on: Mapped[date | None]
    until_on: Mapped[date | None]
    is_acting: Mapped[bool] = mapped_column(default=False)

    post: Mapped[Post] = relationship(back_populates="appointments")
    official: Mapped[Official] = relationship()
    contact_points: Mapped[list[ContactPoint]] = relationship(
        cascade=CASCADE, order_by="ContactPoint.position", foreign_keys="ContactPoint.appointment_id"
    )

    def covers(self, day: date) -> bool:
        """The official holds the post on that day."""
        return (self.from_on is None or self.from_on <= day) and not self.has_ended(day)

    def has_ended(self, day: date) -> bool:
        """The term was over before that day: neither runs nor will."""
        return self.until_on is not None and self.until_on < day


class ContactPoint(Base):
    """One address, number or account, of an institution, a post or an appointment (exactly one of them)."""

    __tablename__ = "contact_point"

    id: Mapped[UuidKey]
    institution_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("institution.id"))
    post_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("post.id"))
    appointment_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("appointment.id"))
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text, default="")
    hours: Mapped[str] = mapped_column(Text, default="")
    timezone: Mapped[str] = mapped_column(String(40), default="")
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    is_published: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    confirmed_at: Mapped[datetime | None]
    confirmation_method: Mapped[str | None] = mapped_column(String(20))
    answered_at: Mapped[datetime | None]  # in the last test of a duty line, after so many seconds
    answer_seconds: Mapped[int | None]

    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN institution_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN post_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN appointment_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_owner",
        ),
    )


class Responsibility(Base):
    """A post or institution answers for an SOP or measure: `leads`, `supports` or `informed`."""

    __tablename__ = "responsibility"

    id: Mapped[UuidKey]
    institution_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("institution.id"))
    post_id: Mapped[UuidRef | None] = mapped_column(ForeignKey("post.id"))
    sop: Mapped[int]
    measure: Mapped[str | None] = mapped_column(String(12))
    level: Mapped[str] = mapped_column(String(10), default="leads")
    area: Mapped[str] = mapped_column(Text, default="")
    target_groups: Mapped[list[str]] = mapped_column(JSON, default=list)
    exploitation: Mapped[list[str]] = mapped_column(JSON, default=list)

    __table_args__ = (
        CheckConstraint("(institution_id IS NULL) <> (post_id IS NULL)", name="one_owner"),
        CheckConstraint("sop BETWEEN 1 AND 5", name="sop_number"),
        Index("ix_responsibility_sop_post_id", "sop", "post_id"),
    )


class Removal(Base):
    """What is left of an entry that is gone: its id, when, why, and where it went. No name, no number."""

    __tablename__ = "removal"

    entry_id: Mapped[UuidKey]
    at: Mapped[datetime] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    redirect_id: Mapped[UuidRef | None]
