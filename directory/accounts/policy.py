"""`may(person, action, subject)`: pure; the cells come from `rights.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Relation = Literal["own", "country", "other"]
Verdict = Literal["no", "yes", "quota", "propose", "second", "factor", "factor_quota"]
RELATIONS: tuple[Relation, ...] = ("own", "country", "other")
# From least to most permissive: with several roles the best counts.
ORDER: tuple[Verdict, ...] = ("no", "propose", "second", "factor_quota", "factor", "quota", "yes")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role a person holds: for a country, for an institution, or at large."""

    role: str
    country: str | None = None
    institution_id: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the policy sees them. Nobody signed in: no account, no grant."""

    account_id: str | None = None
    grants: tuple[Grant, ...] = ()
    owned_post_ids: frozenset[str] = frozenset()

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles held; `anonymous` for nobody."""
        return tuple(dict.fromkeys(grant.role for grant in self.grants)) or ("anonymous",)


@dataclass(frozen=True, slots=True)
class Subject:
    """What an action is about: where it belongs, and whose it is."""

    country: str | None = None
    institution_id: str | None = None
    post_id: str | None = None
    account_id: str | None = None


ANYBODY = Person()
NOTHING = Subject()


@dataclass(frozen=True, slots=True)
class Rights:
    """The file, read and checked: `cell(role, action, relation)`, quotas, caps, session lengths, layers."""

    cells: Mapping[tuple[str, str, Relation], Verdict]
    roles: tuple[str, ...]
    actions: tuple[str, ...]
    layers: Mapping[str, Literal["public", "registered"]]
    quotas: Mapping[str, Mapping[str, int]]
    export_entries: Mapping[str, int]
    sessions: Mapping[str, Mapping[str, int]]

    def cell(self, role: str, action: str, relation: Relation) -> Verdict:
        """The verdict of one cell. An unknown role or action is a mistake of ours, never a yes."""
        return self.cells[role, action, relation]

    def may(self, person: Person, action: str, subject: Subject = NOTHING) -> Verdict:
        """The best verdict over the person's grants, each by how it stands to the subject."""
        verdicts = [
            self.cell(grant.role, action, relation(person, grant, subject))
            for grant in person.grants or (Grant("anonymous"),)
        ]
        return max(verdicts, key=ORDER.index)

    def layer(self, person: Person) -> Literal["public", "registered"]:
        """The layer this person reads."""
        return "registered" if any(self.layers[role] == "registered" for role in person.roles) else "public"

    def quota(self, person: Person, kind: str) -> int:
        """How many a day."""
        return max(self.quotas[kind][role] for role in person.roles)

    def most_exported(self, person: Person) -> int:
        """Entries in one file."""
        return max(self.export_entries[role] for role in person.roles)


def relation(person: Person, grant: Grant, subject: Subject) -> Relation:
    """How the subject stands to the person through this grant."""
    if subject.account_id is not None and subject.account_id == person.account_id:
        return "own"
    if subject.post_id is not None and subject.post_id in person.owned_post_ids:
        return "own"
    if grant.institution_id is not None and grant.institution_id == subject.institution_id:
        return "own"
    if grant.country is not None and grant.country == subject.country and grant.institution_id is None:
        return "country"
    return "other"


def read_rights(document: Mapping[str, Any]) -> Rights:
    """Check the file: every role in every action, every verdict known. Raises ValueError naming the cell."""
    roles = tuple(document["roles"])
    cells: dict[tuple[str, str, Relation], Verdict] = {}
    for action, row in document["actions"].items():
        _refuse_missing(action, row, roles)
        for role, value in row.items():
            for one in RELATIONS:
                cells[role, action, one] = _verdict(value[one] if isinstance(value, Mapping) else value, action, role)
    return Rights(
        cells=cells,
        roles=roles,
        actions=tuple(document["actions"]),
        layers=document["layers"],
        quotas=document["quotas"],
        export_entries=document["export_entries"],
        sessions=document["sessions"],
    )


def _refuse_missing(action: str, row: Mapping[str, Any], roles: Iterable[str]) -> None:
    if set(row) != set(roles):
        raise ValueError(f"rights: action {action} must name every role once, differs in {set(row) ^ set(roles)}")


def _verdict(value: Any, action: str, role: str) -> Verdict:
    # YAML reads the bare words yes and no as truth values.
    word = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    for verdict in ORDER:
        if word == verdict:
            return verdict
    raise ValueError(f"rights: {action} for {role} is {value!r}, which is no verdict")
