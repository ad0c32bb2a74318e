"""Put a version of the taxonomy in force, and say what that changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.history import operations as history
from directory.registry.models import Country, Post, Role
from directory.sops.models import TaxonomyVersion
from directory.sops.taxonomy import Taxonomy, build

KINDS = ("roles", "institution_types", "target_groups", "exploitation_forms", "channels")


@dataclass(frozen=True, slots=True)
class TaxonomyChanges:
    """What a newer version adds, renames or drops, by kind; `kept_roles` are dropped but still held by posts."""

    added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    removed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept_roles: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing differs."""
        return not (self.added or self.changed or self.removed)


def current(session: Session) -> Taxonomy | None:
    """The taxonomy in force, or None before the first."""
    row = session.scalars(select(TaxonomyVersion).order_by(TaxonomyVersion.in_force_at.desc()).limit(1)).first()
    return build(row.document) if row else None


def compare(session: Session, old: Taxonomy | None, new: Taxonomy) -> TaxonomyChanges:
    """What putting `new` in force would change."""
    before, after = _content(old) if old else {}, _content(new)
    added, changed, removed = {}, {}, {}
    for kind in after:
        was, now = before.get(kind, {}), after[kind]
        added[kind] = tuple(key for key in now if key not in was)
        changed[kind] = tuple(key for key in now if key in was and now[key] != was[key])
        removed[kind] = tuple(key for key in was if key not in now)
    return TaxonomyChanges(
        added={kind: keys for kind, keys in added.items() if keys},
        changed={kind: keys for kind, keys in changed.items() if keys},
        removed={kind: keys for kind, keys in removed.items() if keys},
        kept_roles=_posts_by_role(session, removed.get("roles", ())),
    )


def put_in_force(session: Session, new: Taxonomy, *, by: str, now: datetime) -> TaxonomyChanges:
    """Make `new` the taxonomy in use. A dropped role that posts still hold is retired, never deleted."""
    changes = compare(session, current(session), new)
    if changes.is_empty and current(session) is not None:
        return changes
    version = TaxonomyVersion(
        version=new.version, status=new.status, in_force_at=now, by=by, document=dict(new.document)
    )
    session.add(version)
    _follow_roles(session, new)
    _follow_countries(session, new)
    session.flush()
    history.record(
        session,
        "put_in_force",
        subject_type="taxonomy",
        subject_id=version.id,
        by=by,
        now=now,
        after={"version": new.version, "added": dict(changes.added), "removed": dict(changes.removed)},
    )
    return changes


def _content(taxonomy: Taxonomy) -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = {
        "sops": {str(sop.id): (sop.name, dict(sop.names)) for sop in taxonomy.sops},
        "measures": {m.id: m for sop in taxonomy.sops for m in sop.measures},
        # Words count too: they decide how questions are read.
        "words": {
            f"{kind}.{item['id']}": item.get("syn") for kind in KINDS for item in taxonomy.document.get(kind, [])
        },
    }
    content.update({kind: dict(getattr(taxonomy, kind)) for kind in KINDS})
    return content


def _posts_by_role(session: Session, roles: tuple[str, ...]) -> dict[str, int]:
    rows = session.execute(select(Post.role_key, func.count()).where(Post.role_key.in_(roles)).group_by(Post.role_key))
    return {role: count for role, count in rows if role is not None}


def _follow_roles(session: Session, new: Taxonomy) -> None:
    known = {role.key: role for role in session.scalars(select(Role))}
    for key, term in new.roles.items():
        role = known.get(key) or Role(key=key, label=term.label, group=term.group)
        role.label, role.group, role.is_retired = term.label, term.group, False
        session.add(role)
    for key, role in known.items():
        if key not in new.roles:
            role.is_retired = True


def _follow_countries(session: Session, new: Taxonomy) -> None:
    for country in session.scalars(select(Country)):
        country.is_participating = country.code in new.participating
