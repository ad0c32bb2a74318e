"""Write the demo directory, as fresh as on the day it is loaded. Never commits."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.registry import operations
from directory.registry.demo.reading import (
    FOLDER,
    DemoCountry,
    DemoHolder,
    DemoInstitution,
    DemoPost,
    DemoShared,
    Terms,
    read_countries,
    read_shared,
)
from directory.registry.models import (
    ContactPoint,
    Institution,
    LegalFooting,
    Network,
    NetworkMember,
    Post,
    Source,
)

BY = "demo"
SOURCE = "Demo directory, fictional"
NAMESPACE = uuid.UUID("7d0b5c1e-3c0e-5f0a-9a4e-2f6b8c1d4e90")


class DemoAlreadyLoaded(Exception):
    """The database holds demo entries already; nothing was written."""


@dataclass(slots=True)
class CountryCount:
    """What was written for one country."""

    entries: int = 0
    institutions: int = 0
    officials: int = 0
    contact_points: int = 0


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What was written, by country code."""

    by_country: Mapping[str, CountryCount]

    @property
    def entries(self) -> Mapping[str, int]:
        """Entries by country."""
        return {code: count.entries for code, count in self.by_country.items()}

    @property
    def total(self) -> int:
        """All entries."""
        return sum(self.entries.values())


def demo_id(country: str, kind: str, key: str) -> str:
    """The id an institution or post of the demo always has, so that links to it stay."""
    return str(uuid.uuid5(NAMESPACE, f"{country}/{kind}/{key}"))


def load_demo(session: Session, taxonomy: Terms, *, now: datetime, folder: Path = FOLDER) -> DemoReport:
    """Write all countries of the demo; confirmations count back from `now`. The taxonomy must be in force.

    Raises DemoAlreadyLoaded and BadDemoData; nothing is written then.
    """
    if session.scalars(select(Post.id).where(Post.is_demo).limit(1)).first() is not None:
        raise DemoAlreadyLoaded("The demo directory is loaded already. Start with an empty database to load it anew.")
    countries, shared = read_countries(taxonomy, folder), read_shared(folder)
    operations.ensure_countries(session, [country.code for country in countries])
    source = operations.ensure_source(session, SOURCE, dated_on=now.date())
    counts = {country.code: _Writer(session, country, source, now).write() for country in countries}
    _write_shared(session, shared)
    session.flush()
    return DemoReport(counts)


def _write_shared(session: Session, shared: DemoShared) -> None:
    session.add_all(
        LegalFooting(country_code=f.country, kind=f.kind, title=f.title, since_on=f.since_on, is_demo=True)
        for f in shared.footings
    )
    known = {network.key: network for network in session.scalars(select(Network))}
    for key, name, members in shared.networks:
        network = known.get(key) or Network(key=key, name=name)
        session.add(network)
        present = {member.country_code for member in network.members}
        network.members.extend(NetworkMember(country_code=code) for code in members if code not in present)


class _Writer:
    """Writes one country: bodies first, then their posts, then who deputises for whom."""

    def __init__(self, session: Session, country: DemoCountry, source: Source, now: datetime) -> None:
        self.session, self.country, self.source, self.now = session, country, source, now
        self.count = CountryCount()
        self.institutions: dict[str, Institution] = {}
        self.posts: dict[str, Post] = {}

    def write(self) -> CountryCount:
        for institution in self.country.institutions:
            self._institution(institution)
            for post in institution.posts:
                self._post(post, self.institutions[institution.key])
        for institution in self.country.institutions:
            for post in institution.posts:
                if post.deputy is not None:  # by id: two posts may stand in for each other
                    self.posts[post.key].deputy_id = self.posts[post.deputy].id
        self.session.flush()
        return self.count

    def _institution(self, demo: DemoInstitution) -> None:
        institution = operations.add_institution(
            self.session,
            demo.values,
            by=BY,
            now=self.now,
            source=self.source,
            parent=self.institutions[demo.parent] if demo.parent else None,
            is_demo=True,
            institution_id=demo_id(self.country.code, "institution", demo.key),
        )
        self.institutions[demo.key] = institution
        freshest = min(
            (post for post in demo.posts if post.confirmed_days_ago is not None),
            key=lambda post: post.confirmed_days_ago or 0,
            default=None,
        )
        if freshest is not None:
            self._confirm(institution.contact_points, freshest)
        self.count.institutions += 1
        self.count.contact_points += len(institution.contact_points)

    def _post(self, demo: DemoPost, institution: Institution) -> None:
        post = operations.add_post(
            self.session,
            institution,
            demo.values,
            by=BY,
            now=self.now,
            source=self.source,
            is_demo=True,
            post_id=demo_id(self.country.code, "post", demo.key),
        )
        self.posts[demo.key] = post
        points = list(post.contact_points)
        if demo.holder is not None:
            points += self._appoint(post, demo.holder)
        post.confirmed_at, post.confirmation_method = self._confirm(points, demo)
        self.count.entries += 1
        self.count.contact_points += len(points)

    def _appoint(self, post: Post, holder: DemoHolder) -> Sequence[ContactPoint]:
        today = self.now.date()
        appointment = operations.appoint(
            self.session,
            post,
            holder.name,
            by=BY,
            now=self.now,
            from_on=today - timedelta(days=holder.since_days_ago),
            is_acting=holder.is_acting,
            agreed_at=self._ago(holder.agreed_days_ago),
            contact_points=holder.contact_points,
        )
        if holder.ends_in_days is not None:
            until_on = today + timedelta(days=holder.ends_in_days)
            operations.relieve(self.session, appointment, until_on=until_on, by=BY, now=self.now)
        self.count.officials += 1
        return appointment.contact_points

    def _confirm(self, points: Sequence[ContactPoint], demo: DemoPost) -> tuple[datetime | None, str | None]:
        """Give these lines the confirmation of the post, and return it; never confirmed stays without method."""
        at = self._ago(demo.confirmed_days_ago)
        method = demo.method if at is not None else None
        for point in points:
            point.confirmed_at, point.confirmation_method = at, method
        return at, method

    def _ago(self, days: int | None) -> datetime | None:
        return self.now - timedelta(days=days) if days is not None else None
