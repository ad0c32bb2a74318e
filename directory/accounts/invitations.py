"""Invite somebody to a role, and take the role: single use, seven days, by somebody who may still give it then."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts import letters, links, sessions
from directory.accounts.letters import Post
from directory.accounts.models import Account, AccountGrant, Invitation
from directory.accounts.people import person_of, rights
from directory.accounts.policy import Person
from directory.accounts.recovery import account_by_email
from directory.accounts.roles import CONSOLE_ROLES, INVITED_BY, fits, may_give
from directory.accounts.tokens import new_token, token_hash
from directory.history import operations as history
from directory.mail.outbox import checked_address
from directory.registry.models import Institution

CONSOLE = "console"


class NotAllowed(Exception):
    """This person may not give that role there."""


class NotASecondPerson(Exception):
    """Whoever asked cannot be the second person too."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A role for somebody: a reader's or coordinator's country, an owner's institution."""

    email: str
    role: str
    country: str | None = None
    institution_id: str | None = None
    language: str = "en"


def invite(session: Session, wanted: Wanted, *, by: Account, post: Post) -> Invitation:
    """Invite, or ask a second person to. Raises NotAllowed, BadLetter for an address that is none."""
    verdict = _verdict(session, person_of(session, by), wanted)
    if verdict == "no":
        raise NotAllowed
    row, token = _row(session, wanted, by.id, post)
    if verdict != "second":
        letters.invitation(session, row, token, inviter=by.name, language=wanted.language, post=post)
    return row


def invite_from_console(session: Session, wanted: Wanted, *, post: Post) -> str:
    """Invite under the rights of whoever runs the machine; returns the link, which is shown and not mailed."""
    if wanted.role not in {*INVITED_BY, *CONSOLE_ROLES} or not fits(wanted.role, wanted.country, wanted.institution_id):
        raise NotAllowed
    _row_made, token = _row(session, wanted, CONSOLE, post)
    return f"{post.base_url}/invitations/{token}"


def _row(session: Session, wanted: Wanted, by: str, post: Post) -> tuple[Invitation, str]:
    email = checked_address(wanted.email).casefold()
    row, token = links.issue_row(session, "invite", email, by=by, now=post.now)
    row.role, row.country_code, row.institution_id = wanted.role, wanted.country, wanted.institution_id
    session.flush()
    history.record(
        session, "invited", subject_type="invitation", subject_id=row.id, by=by, now=post.now, after=_told(row)
    )
    return row, token


def _told(row: Invitation) -> dict[str, str | None]:
    return {"role": row.role, "country": row.country_code, "institution": row.institution_id}


def approve(session: Session, row: Invitation, *, by: Account, post: Post) -> None:
    """The second person agrees: only now a link exists and is mailed. Raises NotASecondPerson, NotAllowed."""
    wanted = Wanted(row.email, row.role, row.country_code, row.institution_id)
    inviter, verdict = session.get(Account, row.invited_by), _verdict(session, person_of(session, by), wanted)
    if verdict == "no":
        raise NotAllowed  # before anything else: to them it is not there
    if not is_waiting(row) or not links.is_live(row, post.now):
        raise links.DeadLink
    if row.invited_by == by.id:
        raise NotASecondPerson
    if verdict != "second" or inviter is None:
        raise NotAllowed
    token = new_token()
    row.token_hash, row.approved_by, row.expires_at = token_hash(token), by.id, post.now + links.LIFE["invite"]
    letters.invitation(session, row, token, inviter=inviter.name, language="en", post=post)
    history.record(
        session, "invitation_approved", subject_type="invitation", subject_id=row.id, by=by.id, now=post.now,
        after=_told(row),
    )  # fmt: skip


def is_waiting(row: Invitation) -> bool:
    """A second person has yet to agree."""
    return INVITED_BY.get(row.role) == "invite_secretariat" and row.invited_by != CONSOLE and row.approved_by is None


def withdraw(session: Session, row: Invitation, *, by: Account, post: Post) -> None:
    """Take an invitation back. Raises NotAllowed."""
    wanted = Wanted(row.email, row.role, row.country_code, row.institution_id)
    if row.invited_by != by.id and _verdict(session, person_of(session, by), wanted) == "no":
        raise NotAllowed
    if row.used_at is None and row.withdrawn_at is None:
        row.withdrawn_at = post.now
        history.record(
            session, "invitation_withdrawn", subject_type="invitation", subject_id=row.id, by=by.id, now=post.now
        )


def look(session: Session, token: str, *, post: Post) -> tuple[Invitation, Account | None]:
    """The open invitation and the account its address already has; changes nothing. Raises DeadLink."""
    row = links.peek(session, token, "invite", now=post.now)
    _refuse_stale(session, row)
    return row, account_by_email(session, row.email)


def join(session: Session, token: str, *, name: str, language: str, password_hash: str, post: Post) -> Account:
    """A new account with the invited role. Raises DeadLink, also where the address has an account already."""
    row = links.use(session, token, "invite", now=post.now)
    _refuse_stale(session, row)
    if account_by_email(session, row.email) is not None:
        raise links.DeadLink
    account = Account(email=row.email, name=name, language=language, password_hash=password_hash, created_at=post.now)
    session.add(account)
    session.flush()
    give(session, account, row.role, row.country_code, row.institution_id, by=row.invited_by, post=post)
    row.account_id = account.id
    return account


def take_role(session: Session, token: str, account: Account, *, post: Post) -> None:
    """A further role for the account the invitation was addressed to. Raises DeadLink for anybody else."""
    row = links.use(session, token, "invite", now=post.now)
    _refuse_stale(session, row)
    if row.email != account.email:
        raise links.DeadLink
    give(session, account, row.role, row.country_code, row.institution_id, by=row.invited_by, post=post)
    sessions.end_all(session, account.id, now=post.now)
    letters.roles_changed(session, account, post=post)


def give(
    session: Session,
    account: Account,
    role: str,
    country: str | None,
    institution_id: str | None,
    *,
    by: str,
    post: Post,
) -> AccountGrant:
    """Note a role as held; the same role twice is one."""
    for grant in account.grants:
        if grant.ended_at is None and (grant.role, grant.country_code, grant.institution_id) == (
            role, country, institution_id
        ):  # fmt: skip
            return grant
    grant = AccountGrant(
        role=role, country_code=country, institution_id=institution_id, granted_at=post.now, granted_by=by
    )
    account.grants.append(grant)
    session.flush()
    history.record(
        session, "role_given", subject_type="account", subject_id=account.id, by=by, now=post.now,
        after={"role": role, "country": country, "institution": institution_id},
    )  # fmt: skip
    return grant


def _verdict(session: Session, person: Person, wanted: Wanted) -> str:
    country = wanted.country
    if wanted.institution_id is not None:
        institution = session.get(Institution, wanted.institution_id)
        country = institution.country_code if institution else None
    return may_give(rights(), person, wanted.role, country, wanted.institution_id)


def _refuse_stale(session: Session, row: Invitation) -> None:
    """An invitation lives no longer than its sender's right to give it, and not before a second person agreed."""
    if is_waiting(row):
        raise links.DeadLink
    if row.invited_by == CONSOLE:
        return
    wanted = Wanted(row.email, row.role, row.country_code, row.institution_id)
    inviter = session.get(Account, row.invited_by)
    if inviter is None or _verdict(session, person_of(session, inviter), wanted) == "no":
        raise links.DeadLink


def open_ones(session: Session, person: Person, *, post: Post) -> list[Invitation]:
    """The open invitations this person may see: those they may themselves give."""
    rows = session.scalars(
        select(Invitation)
        .where(
            Invitation.purpose == "invite",
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at >= post.now,
        )
        .order_by(Invitation.invited_at.desc())
    )
    return [
        row
        for row in rows
        if row.invited_by == person.account_id
        or _verdict(session, person, Wanted(row.email, row.role, row.country_code, row.institution_id)) != "no"
    ]
