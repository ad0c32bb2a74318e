"""Who is told of a guarded change: before it is decided those it would hurt, afterwards those who asked and own it.

Letters hold no restricted number and no name of an official; each goes out once, whatever is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.letters import PRODUCT
from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.accounts.tokens import token_hash
from directory.entries.queries import display_of
from directory.mail import outbox
from directory.mail.outbox import BadLetter
from directory.proposals import queries, rules
from directory.proposals.models import Proposal
from directory.registry import rules as registry_rules
from directory.registry.models import Institution, Post

TOLD_STATES = frozenset({"accepted", "scheduled", "refused", "returned", "outdated"})
NOT_TOLD = frozenset({"contact_points", "from_on", "redirect_id", "last_for", "officials"})


def tell_proposed(
    session: Session, proposal: Proposal, row: Post | Institution, *, base_url: str, now: datetime
) -> None:
    """To the entry's own old mail addresses, and to the country's coordinators: so that a theft is seen in time."""
    words = _words(proposal, row, base_url)
    shortened = {**words, "lines": list(_lines(proposal, is_public_only=True))}
    for point in row.contact_points:
        if point.kind in registry_rules.MAILS:
            key = f"change_proposed:{proposal.id}:{token_hash(point.value)[:24]}"
            _queue(session, "change_proposed", to=point.value, key=key, now=now, name="", may_decide=False, **shortened)
    body = row.institution if isinstance(row, Post) else row
    for account in _watchers(session, proposal, body.country_code):
        key = f"change_proposed:{proposal.id}:{account.id}"
        _to(session, "change_proposed", account, key, now=now, may_decide=account.id != proposal.by, **words)


def tell_decided(session: Session, proposal: Proposal, *, base_url: str, now: datetime) -> None:
    """To whoever proposed it, and to the owners."""
    if proposal.state not in TOLD_STATES:
        return
    row: Post | Institution | None = session.get(Post, proposal.subject_id) or session.get(
        Institution, proposal.subject_id
    )
    if row is None:
        return
    words = _words(proposal, row, base_url)
    for account in _proposer_and_owners(session, proposal, row):
        key = f"change_decided:{proposal.id}:{proposal.state}:{account.id}"
        is_own = account.id == proposal.by
        note = "" if rules.tells_a_way(proposal.decision_note) else proposal.decision_note
        _to(session, "change_decided", account, key, now=now, state=proposal.state, is_own=is_own, note=note, **words)


def _watchers(session: Session, proposal: Proposal, country: str) -> list[Account]:
    """The country's coordinators, also one who proposed it: an account may be stolen. Where nobody else is, those
    who decide everywhere."""
    coordinators = _with_grant(session, AccountGrant.role == "coordinator", AccountGrant.country_code == country)
    if any(account.id != proposal.by for account in coordinators):
        return coordinators
    known = {account.id for account in coordinators}
    return [*coordinators, *(a for a in queries.deciders(session, country) if a.id not in known)]


def _proposer_and_owners(session: Session, proposal: Proposal, row: Post | Institution) -> list[Account]:
    institution_id = row.institution_id if isinstance(row, Post) else row.id
    owners = _with_grant(
        session, AccountGrant.role.in_(("focal_point", "deputy")), AccountGrant.institution_id == institution_id
    )
    named = select(Account).join(PostOwner, PostOwner.account_id == Account.id)
    owners += session.scalars(named.where(PostOwner.post_id == row.id, Account.state == "active"))
    if len(proposal.by) == 36 and (proposer := session.get(Account, proposal.by)) and proposer.state == "active":
        owners.append(proposer)
    return list({account.id: account for account in owners}.values())


def _with_grant(session: Session, *conditions: Any) -> list[Account]:
    statement = select(Account).join(AccountGrant, AccountGrant.account_id == Account.id)
    statement = statement.where(Account.state == "active", AccountGrant.ended_at.is_(None), *conditions)
    return list(session.scalars(statement.order_by(Account.id).distinct()))


def _words(proposal: Proposal, row: Post | Institution, base_url: str) -> dict[str, Any]:
    title = f"{row.title}, {row.institution.name}" if isinstance(row, Post) else row.name
    page = f"entries/{row.id}" if isinstance(row, Post) else f"institutions/{row.id}"
    return {
        "product": PRODUCT,
        "base_url": base_url,
        "page": page,
        "proposal_id": proposal.id,
        "entry": " ".join(title.split()),
        "fields": sorted(name for name in proposal.after if name not in NOT_TOLD),
        "lines": list(_lines(proposal)),
        "at": proposal.at,
        "applies_on": proposal.applies_on,
    }


def _lines(proposal: Proposal, *, is_public_only: bool = False) -> Iterable[tuple[str, str, str]]:
    """Kind, before and after of each contact point that differs; a restricted number is not written out.

    Nor is one for signed-in readers where the letter goes to a mailbox that anybody at the office may open.
    """
    was, wants = proposal.before.get("contact_points", ()), proposal.after.get("contact_points", ())
    for old, new in rules.line_changes(was, wants):
        kind = (old or new or {})["kind"]
        yield kind, _shown(old, is_public_only=is_public_only), _shown(new, is_public_only=is_public_only)


def _shown(line: Any, *, is_public_only: bool) -> str:
    if line is None:
        return ""
    field_class = registry_rules.field_class(line["kind"], is_published=bool(line.get("is_published")))
    if field_class == "restricted":
        return "…"
    if is_public_only and field_class != "public":
        return f"… {line['value'][-3:]}"
    return display_of(line["kind"], line["value"])


def _to(session: Session, letter: str, account: Account, key: str, *, now: datetime, **words: Any) -> None:
    _queue(
        session,
        letter,
        to=account.email,
        key=key,
        now=now,
        name=account.name,
        language=account.language,
        account_id=account.id,
        **words,
    )


def _queue(session: Session, letter: str, *, to: str, key: str, now: datetime, **words: Any) -> None:
    """An address nobody can write to is no reason to stop a change from being decided."""
    try:
        outbox.queue(session, letter, to=to, key=key, now=now, **words)
    except BadLetter:
        return
