"""From rows to the Person the policy judges, and the Rights in use."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.accounts.policy import ANYBODY, Grant, Person, Rights, read_rights
from directory.entries.viewer import Viewer

FILE = Path(__file__).with_name("rights.yaml")


@lru_cache(maxsize=1)
def rights() -> Rights:
    """The rights file, read once."""
    return read_rights(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def person_of(session: Session, account: Account | None) -> Person:
    """Who this is today: only an active account has grants, and only those not ended count."""
    if account is None or account.state != "active":
        return ANYBODY
    grants = session.scalars(
        select(AccountGrant).where(AccountGrant.account_id == account.id, AccountGrant.ended_at.is_(None))
    )
    owned = session.scalars(select(PostOwner.post_id).where(PostOwner.account_id == account.id))
    return Person(
        account_id=account.id,
        grants=tuple(Grant(g.role, g.country_code, g.institution_id) for g in grants),
        owned_post_ids=frozenset(owned),
    )


def viewer_of(person: Person) -> Viewer:
    """The layer this person reads, and whether restricted lines are offered for revealing at all."""
    table = rights()
    layer = table.layer(person)
    may_reveal = layer == "registered" and any(
        table.cell(role, "reveal", relation) != "no"
        for role in person.roles
        for relation in ("own", "country", "other")
    )
    return Viewer(layer=layer, may_reveal=may_reveal)
