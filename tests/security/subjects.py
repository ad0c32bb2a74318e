"""Whom a row is about: which subject opens it by which action, and whose own it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.accounts.policy import Subject
from directory.doubles.models import KeptApart, Merge
from directory.history.models import AccessItem, AccessRecord, Alarm, Change
from directory.mail.models import OutgoingMail
from directory.proposals.models import Proposal
from directory.registry.models import Appointment, Institution, Official, Post
from importers.models import ImportRun
from tests.conftest import NOW

HIDDEN_AFTER = timedelta(days=120)


@dataclass
class Open:
    """Subjects for the column's own actions, pairs that hold for this row only, and the accounts it is about."""

    subjects: list[Subject] = field(default_factory=list)
    pairs: list[tuple[str, Subject]] = field(default_factory=list)
    selves: frozenset[str] = frozenset()

    def of(self, actions: Iterable[str]) -> Iterator[tuple[str, Subject]]:
        yield from ((action, subject) for action in actions for subject in self.subjects)
        yield from self.pairs


class Rows:
    """What is needed of the other tables, read once."""

    def __init__(self, session: Session) -> None:
        self.houses = {h.id: h for h in session.scalars(select(Institution))}
        self.posts = {p.id: p for p in session.scalars(select(Post))}
        self.appointments = {a.id: a for a in session.scalars(select(Appointment))}
        self.agreed = {o.id for o in session.scalars(select(Official)) if o.agreed_at}
        self.grants = list(session.scalars(select(AccountGrant)))
        self.accounts = {a.id: a for a in session.scalars(select(Account))}
        self.owned = list(session.scalars(select(PostOwner)))
        self.changes = [(c.by, c.subject_type, c.subject_id) for c in session.scalars(select(Change))]
        self.proposals = list(session.scalars(select(Proposal)))
        self.imports = list(session.scalars(select(ImportRun)))
        self.alarms = list(session.scalars(select(Alarm)))
        self.doubles = [*session.scalars(select(Merge)), *session.scalars(select(KeptApart))]
        self.mails = {m.id: m.account_id for m in session.scalars(select(OutgoingMail))}
        taken = select(AccessRecord.account_id, AccessItem.entry_id).join(AccessItem).where(AccessRecord.kind != "view")
        self.taken = [(account, entry) for account, entry in session.execute(taken)]

    def post(self, post_id: str) -> list[Subject]:
        post = self.posts.get(post_id)
        if post is None:
            return []
        house = self.houses[post.institution_id]
        return [Subject(country=house.country_code, institution_id=house.id, post_id=post.id)]

    def house(self, house_id: str) -> list[Subject]:
        """The body, and each of its posts: its lines stand in their histories."""
        house = self.houses.get(house_id)
        if house is None:
            return []
        posts = [s for p in self.posts.values() if p.institution_id == house_id for s in self.post(p.id)]
        return [Subject(country=house.country_code, institution_id=house.id), *posts]

    def about(self, kind: str, subject_id: str) -> list[Subject]:
        return self.post(subject_id) if kind == "post" else self.house(subject_id) if kind == "institution" else []

    def account(self, account_id: str) -> list[Subject]:
        found = [Subject()]
        for grant in self.grants:
            if grant.account_id == account_id:
                house = self.houses.get(grant.institution_id or "")
                found.append(Subject(country=house.country_code if house else grant.country_code))
        return found

    def official_of(self, appointment_id: str) -> str:
        return self.appointments[appointment_id].official_id

    def posts_of(self, official_id: str) -> list[Subject]:
        return [s for a in self.appointments.values() if a.official_id == official_id for s in self.post(a.post_id)]

    def is_named(self, official_id: str) -> bool:
        """Agreed, and confirmed within the last 120 days."""
        held = [self.posts[a.post_id] for a in self.appointments.values() if a.official_id == official_id]
        return official_id in self.agreed and any(p.confirmed_at and NOW - p.confirmed_at < HIDDEN_AFTER for p in held)

    def holders(self, official_id: str) -> frozenset[str]:
        return frozenset(a.id for a in self.accounts.values() if a.official_id == official_id)


def subjects_of(table: str, column: str, row: dict[str, Any], rows: Rows) -> Open:
    """Who may be shown what stands in this column of this row."""
    maker = TABLES.get(table)
    if maker is not None:
        return maker(column, row, rows)
    return Open(selves=frozenset({row["account_id"]} if row.get("account_id") else ()))


def _institution(_column: str, row: dict[str, Any], rows: Rows) -> Open:
    return Open(rows.house(row["id"]))


def _official(_column: str, row: dict[str, Any], rows: Rows) -> Open:
    return Open(rows.posts_of(row["id"]), selves=rows.holders(row["id"]))


def _contact(_column: str, row: dict[str, Any], rows: Rows) -> Open:
    if row["appointment_id"]:
        official = rows.official_of(row["appointment_id"])
        return Open(rows.posts_of(official), selves=rows.holders(official))
    return Open(rows.post(row["post_id"]) if row["post_id"] else rows.house(row["institution_id"]))


def _account(column: str, row: dict[str, Any], rows: Rows) -> Open:
    """Its governors; and, by name, those who read what it did."""
    pairs = [("freeze_account", subject) for subject in rows.account(row["id"])]
    if column != "email":
        for by, kind, subject_id in rows.changes:
            if row["id"] in by:
                pairs += [("read_history", subject) for subject in rows.about(kind, subject_id)]
        pairs += [
            ("read_history", s) for account, entry in rows.taken if account == row["id"] for s in rows.post(entry)
        ]
        pairs += [("read_alarms", Subject(country=a.country_code)) for a in rows.alarms if a.account_id == row["id"]]
        # Who asked for a merge, or said that two are not the same, is named to those who decide on it.
        pairs += [("merge_entries", Subject(country=d.country_code)) for d in rows.doubles if d.by == row["id"]]
        for proposal in rows.proposals:
            if row["id"] in {proposal.by, proposal.decided_by}:
                pairs += [("decide_proposal", s) for s in rows.about(proposal.subject_type, proposal.subject_id)]
    for run in rows.imports:
        if row["id"] in {run.by, run.second_by} and column != "email":
            pairs.append(("import_list", Subject(country=run.country_code)))
    return Open(pairs=pairs, selves=frozenset({row["id"]}))


def _import_run(_column: str, row: dict[str, Any], _rows: Rows) -> Open:
    """A batch from the console is of no country: whoever imports everywhere."""
    return Open([Subject(country=row.get("country_code"))])


def _change(column: str, row: dict[str, Any], rows: Rows) -> Open:
    selves = {row["subject_id"]} & set(rows.accounts)
    held = [a for a in rows.accounts.values() if a.official_id]
    selves |= {a.id for a in held if row["subject_id"] in {s.post_id for s in rows.posts_of(a.official_id or "")}}
    if column == "reason":
        selves |= set(row["by"].split(" with "))
    subjects = rows.about(row["subject_type"], row["subject_id"])
    if row["subject_type"] == "access" or row["subject_id"] not in rows.posts:
        subjects = subjects or [Subject(country=None)]
    return Open(subjects, selves=frozenset(selves))


def _proposal(_column: str, row: dict[str, Any], rows: Rows) -> Open:
    subjects = rows.about(row["subject_type"], row["subject_id"])
    return Open(subjects, selves=frozenset({row["by"], row["decided_by"] or row["by"]}))


def _alarm(_column: str, row: dict[str, Any], _rows: Rows) -> Open:
    return Open([Subject(country=row["country_code"])], selves=frozenset({row["account_id"] or ""}))


def _invitation(_column: str, row: dict[str, Any], rows: Rows) -> Open:
    house = rows.houses.get(row["institution_id"] or "")
    country = house.country_code if house else row["country_code"]
    subjects = [Subject(country=country)] if row["purpose"] == "invite" else []
    return Open(subjects, selves=frozenset({row["invited_by"], row["account_id"] or ""}))


def _of_country(_column: str, row: dict[str, Any], rows: Rows) -> Open:
    """A pair or a merge: those who merge in its country; its reason stands in the histories of both."""
    pairs = [("merge_entries", Subject(country=row["country_code"]))]
    ids = [row[name] for name in ("keep_id", "gone_id", "first_id", "second_id") if name in row]
    pairs += [("read_history", subject) for one in ids for subject in rows.about(row["kind"], one)]
    return Open(pairs=pairs, selves=frozenset({row["by"]}))


def _about_entry(_column: str, row: dict[str, Any], rows: Rows) -> Open:
    """A call, a finding, a check: whoever looks after the entry."""
    return Open(rows.post(row["post_id"]))


def _mail(_column: str, row: dict[str, Any], rows: Rows) -> Open:
    """A letter to an account: those who make calls where it is of."""
    account = row["account_id"] or ""
    return Open(rows.account(account), selves=frozenset({account}))


def _came_back(_column: str, row: dict[str, Any], rows: Rows) -> Open:
    account = rows.mails.get(row["outgoing_mail_id"] or row["mentions_mail_id"] or "") or ""
    return Open(rows.account(account))


TABLES = {
    "call_task": _about_entry,
    "finding": _about_entry,
    "field_check": _about_entry,
    "outgoing_mail": _mail,
    "received_mail": _came_back,
    "import_run": _import_run,
    "import_batch": _import_run,
    "kept_apart": _of_country,
    "merge": _of_country,
    "institution": _institution,
    "official": _official,
    "contact_point": _contact,
    "account": _account,
    "change": _change,
    "proposal": _proposal,
    "alarm": _alarm,
    "invitation": _invitation,
}
