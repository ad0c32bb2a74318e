"""Whose an entry is: the account named for it, by default its holder's, else the institution's focal point's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import Session

from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.registry.models import Appointment, Institution, Post

BATCH = 500


@dataclass(frozen=True, slots=True)
class Held:
    """An entry and the account that owns it; None where nobody does."""

    post_id: str
    institution_id: str
    country: str
    owner: str | None
    confirmed_on: date | None
    added_on: date


def held(session: Session, *, today: date, which: ColumnElement[bool] | None = None) -> list[Held]:
    """The entries with their owners, in a fixed number of queries; `which` narrows them, as a condition on Post."""
    condition = which if which is not None else true()
    wanted = select(Post.id).where(condition)
    named = _named(session, wanted)
    holders = _holders(session, wanted, today)
    focal = grants(session, "focal_point")
    rows = session.execute(
        select(Post.id, Post.institution_id, Institution.country_code, Post.confirmed_at, Post.added_at)
        .join(Institution, Institution.id == Post.institution_id)
        .where(condition)
        .order_by(Post.id)
    )
    return [
        Held(
            post_id,
            body_id,
            country,
            named.get(post_id) or holders.get(post_id) or next(iter(focal.get(body_id, ())), None),
            confirmed_at.date() if confirmed_at else None,
            added_at.date(),
        )
        for post_id, body_id, country, confirmed_at, added_at in rows
    ]


def held_by(session: Session, account_ids: Sequence[str], *, today: date) -> list[Held]:
    """Every entry these accounts own."""
    officials = select(Account.official_id).where(Account.id.in_(account_ids), Account.official_id.is_not(None))
    bodies = select(AccountGrant.institution_id).where(
        AccountGrant.account_id.in_(account_ids), AccountGrant.role == "focal_point", AccountGrant.ended_at.is_(None)
    )
    perhaps = (
        Post.id.in_(select(PostOwner.post_id).where(PostOwner.account_id.in_(account_ids)))
        | Post.id.in_(select(Appointment.post_id).where(Appointment.official_id.in_(officials)))
        | Post.institution_id.in_(bodies)
    )
    theirs = set(account_ids)
    return [one for one in held(session, today=today, which=perhaps) if one.owner in theirs]


def owner_of(session: Session, post: Post, *, today: date) -> str | None:
    """The account that owns one entry."""
    named = session.scalars(
        select(PostOwner.account_id)
        .join(Account, Account.id == PostOwner.account_id)
        .where(PostOwner.post_id == post.id, Account.state == "active")
        .order_by(PostOwner.account_id)
    ).first()
    officials = [a.official_id for a in post.appointments if a.covers(today)]
    holder = session.scalars(
        select(Account.id).where(Account.official_id.in_(officials), Account.state == "active").order_by(Account.id)
    ).first()
    return (
        named
        or holder
        or next(iter(grants(session, "focal_point", [post.institution_id]).get(post.institution_id, ())), None)
    )


def grants(session: Session, role: str, institution_ids: Sequence[str] | None = None) -> dict[str, list[str]]:
    """The active accounts that hold a role for an institution, the longest-serving first."""
    statement = (
        select(AccountGrant.institution_id, AccountGrant.account_id)
        .join(Account, Account.id == AccountGrant.account_id)
        .where(AccountGrant.role == role, AccountGrant.ended_at.is_(None), Account.state == "active")
        .order_by(AccountGrant.granted_at, AccountGrant.account_id)
    )
    if institution_ids is not None:
        statement = statement.where(AccountGrant.institution_id.in_(institution_ids))
    found: dict[str, list[str]] = defaultdict(list)
    for institution_id, account_id in session.execute(statement):
        if institution_id is not None:
            found[institution_id].append(account_id)
    return found


def coordinators(session: Session, country: str) -> list[Account]:
    """The active coordinators of a country, the longest-serving first."""
    return list(
        session.scalars(
            select(Account)
            .join(AccountGrant, AccountGrant.account_id == Account.id)
            .where(
                AccountGrant.role == "coordinator",
                AccountGrant.country_code == country,
                AccountGrant.ended_at.is_(None),
                Account.state == "active",
            )
            .order_by(AccountGrant.granted_at, Account.id)
        )
    )


def coordinated(session: Session) -> set[str]:
    """The countries that have a coordinator."""
    found = session.scalars(
        select(AccountGrant.country_code)
        .join(Account, Account.id == AccountGrant.account_id)
        .where(AccountGrant.role == "coordinator", AccountGrant.ended_at.is_(None), Account.state == "active")
    )
    return {code for code in found if code}


def deputies(session: Session, posts: Iterable[Post], *, today: date) -> list[str]:
    """Who stands in for the owners of these entries: the institution's deputies, and who owns the deputy post."""
    posts = list(posts)
    bodies = grants(session, "deputy", sorted({post.institution_id for post in posts}))
    found = [account for post in posts for account in bodies.get(post.institution_id, ())]
    found += [owner for post in posts if post.deputy and (owner := owner_of(session, post.deputy, today=today))]
    return list(dict.fromkeys(found))


def above(session: Session, posts: Iterable[Post], owner: str) -> list[tuple[str, str]]:
    """Whom to ask when an owner is silent: the focal point, or, where that is the owner, the body's head.

    Pairs of account and `institution` or `head`. The head is whoever speaks for the body above.
    """
    bodies = {post.institution_id: post.institution for post in posts}
    focal = grants(session, "focal_point", sorted(bodies))
    parents = grants(session, "focal_point", sorted({b.parent_id for b in bodies.values() if b.parent_id}))
    found: dict[str, str] = {}
    for body_id, body in bodies.items():
        others = [account for account in focal.get(body_id, ()) if account != owner]
        if others:
            found.setdefault(others[0], "institution")
        elif body.parent_id:
            found |= {account: "head" for account in parents.get(body.parent_id, ())[:1] if account != owner}
    return list(found.items())


def _named(session: Session, wanted: Select[str]) -> dict[str, str]:
    rows = session.execute(
        select(PostOwner.post_id, PostOwner.account_id)
        .join(Account, Account.id == PostOwner.account_id)
        .where(Account.state == "active", PostOwner.post_id.in_(wanted))
        .order_by(PostOwner.account_id.desc())
    )
    return {row[0]: row[1] for row in rows}


def _holders(session: Session, wanted: Select[str], today: date) -> dict[str, str]:
    rows = session.execute(
        select(Appointment.post_id, Account.id)
        .join(Account, Account.official_id == Appointment.official_id)
        .where(
            Account.state == "active",
            Appointment.post_id.in_(wanted),
            (Appointment.from_on.is_(None)) | (Appointment.from_on <= today),
            (Appointment.until_on.is_(None)) | (Appointment.until_on >= today),
        )
        .order_by(Account.id.desc())  # of two the same one as in `owner_of`
    )
    return {row[0]: row[1] for row in rows}
