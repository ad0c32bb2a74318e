"""Proposals as somebody may see them: the countries a person decides for stand in the query, not after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from directory.accounts.grounds import ground_of
from directory.accounts.models import Account, AccountGrant
from directory.accounts.people import rights
from directory.accounts.policy import Person
from directory.proposals.actors import RETURN_WITHIN
from directory.proposals.models import Proposal
from directory.registry.models import Institution, Post

MOST = 200


@dataclass(frozen=True, slots=True)
class Scope:
    """What a person decides on: everything, or these countries and posts."""

    is_everywhere: bool
    countries: frozenset[str]
    post_ids: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """Nothing at all."""
        return not (self.is_everywhere or self.countries or self.post_ids)


def scope_of(person: Person) -> Scope:
    """Read from the rights file: where `decide_proposal` is open to this person."""
    ground = ground_of(person, "decide_proposal")
    grants = person.grants if person.account_id else ()
    owns = any(rights().cell(grant.role, "decide_proposal", "own") != "no" for grant in grants)
    return Scope(ground.is_everywhere, ground.countries, person.owned_post_ids if owns else frozenset())


def waiting(session: Session, scope: Scope) -> list[Proposal]:
    """What waits for somebody who may decide, guarded changes first, the oldest first."""
    statement = _within(scope).where(Proposal.state == "waiting")
    return list(session.scalars(statement.order_by(Proposal.is_guarded.desc(), Proposal.at).limit(MOST)))


def returnable(session: Session, scope: Scope, *, now: datetime) -> list[Proposal]:
    """What was accepted within thirty days and can go back with one click, newest first."""
    statement = _within(scope).where(Proposal.state == "accepted", Proposal.decided_at >= now - RETURN_WITHIN)
    return list(session.scalars(statement.order_by(Proposal.decided_at.desc()).limit(MOST)))


def in_state(session: Session, scope: Scope, state: str, *, since: datetime | None = None) -> list[Proposal]:
    """What is in that state, by its day, then newest first; with `since`, decided after that."""
    statement = _within(scope).where(Proposal.state == state)
    if since is not None:
        statement = statement.where(Proposal.decided_at > since)
    ordered = statement.order_by(Proposal.applies_on.asc().nulls_last(), Proposal.at.desc(), Proposal.id)
    return list(session.scalars(ordered.limit(MOST)))


def one(session: Session, scope: Scope, proposal_id: str) -> Proposal | None:
    """The proposal with that id, if it is about something this person decides on."""
    found: Proposal | None = session.scalars(_within(scope).where(Proposal.id == proposal_id)).first()
    return found


def own(session: Session, account_id: str) -> list[Proposal]:
    """What this account proposed, newest first."""
    mine = select(Proposal).where(Proposal.by == account_id)
    return list(session.scalars(mine.order_by(Proposal.at.desc()).limit(MOST)))


def subjects(session: Session, proposals: Sequence[Proposal]) -> dict[str, Post | Institution]:
    """The posts and institutions these proposals are about, by id; those that are gone are left out."""
    ids = {kind: [p.subject_id for p in proposals if p.subject_type == kind] for kind in ("post", "institution")}
    found: dict[str, Post | Institution] = {}
    found |= {post.id: post for post in session.scalars(select(Post).where(Post.id.in_(ids["post"])))}
    bodies = select(Institution).where(Institution.id.in_(ids["institution"]))
    return found | {body.id: body for body in session.scalars(bodies)}


def deciders(session: Session, country: str | None) -> list[Account]:
    """Active accounts that decide for that country, and those that decide everywhere; by name."""
    table = rights()
    local = [role for role in table.roles if table.cell(role, "decide_proposal", "country") != "no"]
    anywhere = [role for role in table.roles if table.cell(role, "decide_proposal", "other") != "no"]
    of_country = and_(AccountGrant.role.in_(local), AccountGrant.country_code == country)
    statement = (
        select(Account)
        .join(AccountGrant, AccountGrant.account_id == Account.id)
        .where(Account.state == "active", AccountGrant.ended_at.is_(None))
        .where(or_(of_country, AccountGrant.role.in_(anywhere)))
    )
    return list(session.scalars(statement.order_by(Account.name, Account.id).distinct()))


def _within(scope: Scope) -> Select[Any]:
    """Proposals about what stands in the scope today: a post that moved country takes its proposals along."""
    is_post = and_(Proposal.subject_type == "post", Post.id == Proposal.subject_id)
    institution_id = func.coalesce(Post.institution_id, Proposal.subject_id)
    return (
        select(Proposal)
        .outerjoin(Post, is_post)
        .join(Institution, Institution.id == institution_id)
        .where(_open_to(scope))
    )


def _open_to(scope: Scope) -> ColumnElement[bool]:
    if scope.is_everywhere:
        return true()
    places: list[ColumnElement[bool]] = [false()]
    if scope.countries:
        places.append(Institution.country_code.in_(scope.countries))
    if scope.post_ids:
        places.append(Post.id.in_(scope.post_ids))
    return or_(*places)
