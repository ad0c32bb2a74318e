"""What those in charge do with accounts: list, freeze, end sessions, take roles and factors away; all in history."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlalchemy.orm import Session

from directory.accounts import api_keys, factors, letters, links, sessions
from directory.accounts.letters import Post
from directory.accounts.models import Account, AccountGrant
from directory.accounts.people import rights
from directory.accounts.policy import Person, Subject
from directory.accounts.roles import Target, may_end_grant, may_freeze
from directory.history import operations as history
from directory.registry.models import Institution

MOST_SHOWN = 500


class NotAllowed(Exception):
    """This person may not do that to that account; it answers as if it were not there."""


class LastOne(Exception):
    """The last active secretariat or admin account cannot vanish."""


def people(session: Session, person: Person) -> list[Account]:
    """The accounts this person governs, by name: the scope is in the query, never after it."""
    statement = select(Account).where(_scope(person), Account.state != "closed").order_by(Account.name, Account.id)
    return list(session.scalars(statement.limit(MOST_SHOWN)))


def one(session: Session, person: Person, account_id: str) -> Account:
    """One of them. Raises NotAllowed for all others, and for none."""
    found = session.scalars(select(Account).where(_scope(person), Account.id == account_id)).first()
    if found is None:
        raise NotAllowed
    return found


def _scope(person: Person) -> ColumnElement[bool]:
    if {"secretariat", "admin"} & set(person.roles):
        return true()
    countries = [g.country for g in person.grants if g.role == "coordinator" and g.country]
    if not countries:
        return false()
    held = (
        select(AccountGrant.account_id)
        .outerjoin(Institution, AccountGrant.institution_id == Institution.id)
        .where(
            AccountGrant.ended_at.is_(None),
            or_(AccountGrant.country_code.in_(countries), Institution.country_code.in_(countries)),
        )
    )
    return Account.id.in_(held)


def target_of(session: Session, account: Account) -> Target:
    """The account as the rules see it."""
    active = [grant for grant in account.grants if grant.ended_at is None]
    countries = {_country(session, grant) for grant in active}
    return Target(account.id, frozenset(g.role for g in active), frozenset(c for c in countries if c))


def _country(session: Session, grant: AccountGrant) -> str | None:
    if grant.institution_id is None:
        return grant.country_code
    institution = session.get(Institution, grant.institution_id)
    return institution.country_code if institution else None


def freeze(session: Session, account: Account, *, by: Account, person: Person, reason: str, post: Post) -> None:
    """Nothing works any more for this account: sessions, keys, links, invitations sent. Raises NotAllowed, LastOne."""
    _refuse_unless_governed(session, account, person)
    _refuse_last(session, account, {"secretariat", "admin"})
    account.state = "frozen"
    sessions.end_all(session, account.id, now=post.now)
    api_keys.revoke_all(session, account.id, now=post.now)
    links.withdraw_sent_by(session, account.id, now=post.now)
    links.withdraw_sent_to(session, account.id, now=post.now)
    _note(session, "account_frozen", account, by, post, reason)


def thaw(session: Session, account: Account, *, by: Account, person: Person, reason: str, post: Post) -> None:
    """The account works again, with the roles it had; invitations stay withdrawn. Raises NotAllowed."""
    _refuse_unless_governed(session, account, person)
    account.state = "active"
    _note(session, "account_thawed", account, by, post, reason)


def end_sessions(session: Session, account: Account, *, by: Account, person: Person, post: Post) -> None:
    """Sign the account out everywhere. Raises NotAllowed."""
    _refuse_unless_governed(session, account, person)
    sessions.end_all(session, account.id, now=post.now)
    _note(session, "sessions_ended", account, by, post, "")


def take_factors(session: Session, account: Account, *, by: Account, person: Person, reason: str, post: Post) -> None:
    """For somebody who lost factor and codes and was met in person: set up anew at the next sign-in, by mail."""
    _refuse_unless_governed(session, account, person)
    factors.remove_all(session, account.id)
    sessions.end_all(session, account.id, now=post.now)
    letters.factor_changed(session, account, "All your second factors were taken away by your coordinator", post=post)
    _note(session, "factors_taken", account, by, post, reason)


def end_grant(session: Session, account: Account, grant_id: str, *, by: Account, person: Person, post: Post) -> None:
    """Take one role back; every session of the account ends. Raises NotAllowed, LastOne."""
    grant = next((g for g in account.grants if g.id == grant_id and g.ended_at is None), None)
    if grant is None:
        raise NotAllowed
    subject = Subject(country=_country(session, grant), institution_id=grant.institution_id)
    if may_end_grant(rights(), person, target_of(session, account), grant.role, subject) == "no":
        raise NotAllowed
    _refuse_last(session, account, {grant.role} & {"secretariat", "admin"})
    grant.ended_at = post.now
    sessions.end_all(session, account.id, now=post.now)
    links.withdraw_sent_by(session, account.id, now=post.now)
    letters.roles_changed(session, account, post=post)
    history.record(
        session, "role_ended", subject_type="account", subject_id=account.id, by=by.id, now=post.now,
        before={"role": grant.role, "country": grant.country_code, "institution": grant.institution_id},
    )  # fmt: skip


def _refuse_unless_governed(session: Session, account: Account, person: Person) -> None:
    if may_freeze(rights(), person, target_of(session, account)) == "no":
        raise NotAllowed


def _refuse_last(session: Session, account: Account, roles: set[str]) -> None:
    for role in roles & {g.role for g in account.grants if g.ended_at is None}:
        others = (
            select(func.count())
            .select_from(AccountGrant)
            .join(Account, AccountGrant.account_id == Account.id)
            .where(
                AccountGrant.role == role,
                AccountGrant.ended_at.is_(None),
                Account.state == "active",
                Account.id != account.id,
            )
        )
        if not session.scalar(others):
            raise LastOne(role)


def _note(session: Session, action: str, account: Account, by: Account, post: Post, reason: str) -> None:
    history.record(
        session, action, subject_type="account", subject_id=account.id, by=by.id, now=post.now, reason=reason
    )
