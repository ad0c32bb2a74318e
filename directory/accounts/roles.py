"""Who may give which role, and act on which account: pure, asked with the rights file's verdicts."""

from __future__ import annotations

from dataclasses import dataclass

from directory.accounts.policy import Person, Rights, Subject, Verdict

INVITED_BY = {
    "reader": "invite_reader",
    "focal_point": "invite_owner",
    "deputy": "invite_owner",
    "coordinator": "invite_coordinator",
    "secretariat": "invite_secretariat",
}
CONSOLE_ROLES = ("admin", "auditor")  # given on the machine itself only
OF_COUNTRY = frozenset({"reader", "coordinator"})
OF_INSTITUTION = frozenset({"focal_point", "deputy"})
GOVERNED_BY_COORDINATOR = frozenset({"reader", "focal_point", "deputy"})


@dataclass(frozen=True, slots=True)
class Target:
    """An account as somebody wants to act on it: its id, its roles, and the countries its roles are for."""

    account_id: str
    roles: frozenset[str]
    countries: frozenset[str]


def fits(role: str, country: str | None, institution_id: str | None) -> bool:
    """A reader and a coordinator are of a country, an owner of an institution, the others of neither."""
    if role in OF_COUNTRY:
        return bool(country) and not institution_id
    if role in OF_INSTITUTION:
        return bool(institution_id)
    return not country and not institution_id


def may_give(table: Rights, person: Person, role: str, country: str | None, institution_id: str | None) -> Verdict:
    """Whether this person may give this role there: at once, with a fresh factor, with a second person, or not."""
    if role not in INVITED_BY or not fits(role, country, institution_id):
        return "no"
    subject = Subject(country=country, institution_id=institution_id)
    verdict = table.may(person, INVITED_BY[role], subject)
    is_governor = {"coordinator", "secretariat"} & set(person.roles)
    if role == "focal_point" and not is_governor:
        return "no"  # a focal point invites a deputy, never another focal point
    return verdict


def may_freeze(table: Rights, person: Person, target: Target) -> Verdict:
    """Whether this person may freeze that account, or end its sessions. Never one's own.

    Through a coordinator's grant only readers and owners whose every role is in that country.
    """
    if person.account_id == target.account_id:
        return "no"
    verdicts = {table.may(person, "freeze_account", Subject(country=country)) for country in target.countries}
    at_large = table.may(person, "freeze_account")
    if at_large != "no":
        return at_large
    if not target.roles or target.roles - GOVERNED_BY_COORDINATOR or not verdicts or "no" in verdicts:
        return "no"
    return verdicts.pop()


def may_end_grant(table: Rights, person: Person, target: Target, role: str, subject: Subject) -> Verdict:
    """Who may give a role may take it back; nobody takes their own, so that the last of a kind cannot vanish so."""
    if person.account_id == target.account_id:
        return "no"
    verdict = may_give(table, person, role, subject.country, subject.institution_id)
    return "factor" if verdict == "second" else verdict
