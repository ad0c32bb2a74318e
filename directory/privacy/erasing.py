"""Take a person out of everything: registry, history, proposals, letters, imports, account, index and files.

What stays is a stub: that somebody held the post, from when to when, not who. Files follow in `finish`, by the worker.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, Text, delete, func, select, update
from sqlalchemy.orm import Session

from directory.accounts import factors, links, sessions
from directory.accounts.models import Account, AccountGrant, ApiKey, Invitation, PostOwner, SignedInSession
from directory.confirmations.models import Succession
from directory.db import Base
from directory.doubles import persons
from directory.entries.queries import display_of
from directory.feeds.models import Following, Webhook
from directory.history import operations as history
from directory.history.erasure import empty_lines, lines_that_tell
from directory.history.models import OpenErasure
from directory.mail.models import OutgoingMail
from directory.phonebooks.models import Subscription
from directory.privacy.words import Words
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Appointment, Institution, Official, Post

# Swept by name: whatever of a person stands in these goes. The importers' tables are reached without importing them.
SWEPT = {
    "proposal": ("before", "after", "reason", "decision_note"),
    "imported_record": ("key", "content"),
    "import_line": ("before",),
    "import_batch": ("file_name",),
    "alarm": ("note",),
    "received_mail": ("sender", "recipient", "domain", "subject", "names_deputy", "evidence", "note"),
    "access_record": ("filters",),
    "finding": ("value", "evidence"),
    "call_task": ("note",),
    "field_check": ("note",),
    "merge": ("journal", "reason"),
    "kept_apart": ("reason",),
    "succession": ("name", "email"),
    "letter_entry": ("snapshot",),
    "removal": ("reason",),
    "post": ("title", "area", "asks_for"),
    "institution": ("note",),
    "contact_point": ("label",),
}


class BadReason(Exception):
    """The reason names the person: it would stay in history."""


@dataclass(slots=True)
class Erased:
    """What an erasure did. `left` names tables and columns where a word of the person still stands, to be looked at."""

    lines: list[int] = field(default_factory=list)
    letters: int = 0
    swept: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)


def erase_official(
    session: Session, official: Official, *, by: str, now: datetime, reason: str, keeps_account: bool = False
) -> Erased:
    """Take the official out; with `keeps_account` whoever also signs in goes on doing so. Raises BadReason."""
    accounts = [] if keeps_account else list(session.scalars(_accounts_of(official)))
    appointments = list(session.scalars(select(Appointment).where(Appointment.official_id == official.id)))
    words = _words_of(official, appointments, accounts, persons.former_names(session, official))
    if words.are_in(reason):
        raise BadReason("The reason must not name the person: it stays in history.")
    _empty_registry(session, official, appointments, by=by, now=now)
    for account in accounts:
        _close(session, account, now=now)
    erased = Erased(letters=_empty_letters(session, words))
    _end_proposals(session, words, by=by, now=now)
    erased.swept = _sweep(session, words)
    _end_successions(session)
    erased.lines = lines_that_tell(session, words.are_in)
    empty_lines(session, erased.lines, now=now)
    told = {"rows": erased.lines, "letters": erased.letters, "swept": erased.swept}
    history.record(
        session, "erase", subject_type="official", subject_id=official.id, by=by, now=now, after=told, reason=reason
    )
    session.flush()
    erased.left = where_found(session, words)
    session.add(OpenErasure(at=now, words=words.all))
    session.flush()
    return erased


def where_found(session: Session, words: Words) -> dict[str, int]:
    """Every text and JSON column of the database in which one of the words stands, with how many rows."""
    found: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if table.name != "open_erasure" and isinstance(column.type, Text | JSON) and not column.primary_key:
                count = sum(words.are_in(value) for value in session.scalars(select(column).execution_options()))
                if count:
                    found[f"{table.name}.{column.name}"] = count
    return found


def _accounts_of(official: Official) -> Any:
    return select(Account).where(Account.official_id == official.id)


def _words_of(
    official: Official, appointments: list[Appointment], accounts: list[Account], former_names: list[str]
) -> Words:
    words = [official.name, *former_names]
    for appointment in appointments:
        for point in appointment.contact_points:
            words += [point.value, display_of(point.kind, point.value)]
    for account in accounts:
        words += [account.name, account.email]
    return Words(words)


def _empty_registry(
    session: Session, official: Official, appointments: list[Appointment], *, by: str, now: datetime
) -> None:
    """The post stays, with who held it unnamed; a term that still ran ends."""
    today = now.date()
    official.name, official.agreed_at = "", None
    for appointment in appointments:
        appointment.contact_points = []
        if not appointment.has_ended(today):
            first = appointment.from_on or today
            until = max(today - timedelta(days=1), first - timedelta(days=1))
            registry.relieve(session, appointment, until_on=until, by=by, now=now)
    session.flush()
    registry.touch(session, sorted({appointment.post_id for appointment in appointments}), now=now)


def _close(session: Session, account: Account, *, now: datetime) -> None:
    """Nobody signs in here any more; the number of the account stays, so that history still says "the same person"."""
    old = account.email
    sessions.end_all(session, account.id, now=now)
    links.withdraw_sent_by(session, account.id, now=now)
    factors.remove_all(session, account.id)
    account.email, account.name = f"erased-{account.id}@erased.invalid", ""
    account.password_hash, account.state, account.official_id = None, "closed", None
    session.flush()
    for statement in (
        update(SignedInSession).where(SignedInSession.account_id == account.id).values(device=""),
        update(ApiKey)
        .where(ApiKey.account_id == account.id)
        .values(name="", revoked_at=func.coalesce(ApiKey.revoked_at, now)),
        update(Subscription)
        .where(Subscription.account_id == account.id)
        .values(name="", last_device="", contents={}, revoked_at=func.coalesce(Subscription.revoked_at, now)),
        update(AccountGrant)
        .where(AccountGrant.account_id == account.id, AccountGrant.ended_at.is_(None))
        .values(ended_at=now),
        update(Invitation)
        .where(func.lower(Invitation.email) == old.lower())
        .values(email="", withdrawn_at=func.coalesce(Invitation.withdrawn_at, now)),
        update(Webhook)
        .where(Webhook.account_id == account.id)
        .values(url="", pending="", ended_at=func.coalesce(Webhook.ended_at, now)),
        delete(Following).where(Following.account_id == account.id),
        delete(PostOwner).where(PostOwner.account_id == account.id),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})
    session.expire_all()


def _empty_letters(session: Session, words: Words) -> int:
    """Letters to the person or about them: that one was sent stays, what it said does not; none goes out any more."""
    columns = (OutgoingMail.to, OutgoingMail.subject, OutgoingMail.text, OutgoingMail.html, OutgoingMail.problem)
    rows = session.execute(select(OutgoingMail.id, *columns).execution_options(yield_per=500))
    ids = [row[0] for row in rows if any(words.are_in(value) for value in row[1:])]
    for letter_id in ids:
        letter = session.get(OutgoingMail, letter_id)
        assert letter is not None
        letter.to = letter.subject = letter.text = letter.html = letter.problem = ""
        letter.domain = letter.reply_to = letter.from_name = ""
        if letter.state in {"queued", "transmitting"}:
            letter.state = "given_up"
    session.flush()
    return len(ids)


def _end_proposals(session: Session, words: Words, *, by: str, now: datetime) -> None:
    """A waiting proposal that names the person is no longer decided on."""
    waiting = session.scalars(select(Proposal).where(Proposal.state.in_(("waiting", "scheduled"))))
    for proposal in [p for p in waiting if words.are_in([p.before, p.after])]:
        proposal.state, proposal.decided_by, proposal.decided_at = "outdated", by, now
        session.flush()
        _unmark(session, proposal, now=now)


def _end_successions(session: Session) -> None:
    """Whoever was named and is taken out is not written to any more."""
    nobody = (Succession.name == "") | (Succession.email == "")
    session.execute(
        update(Succession).where(Succession.state == "offered", nobody).values(state="withdrawn"),
        execution_options={"synchronize_session": False},
    )
    session.expire_all()


def _unmark(session: Session, proposal: Proposal, *, now: datetime) -> None:
    others = select(func.count()).where(
        Proposal.subject_id == proposal.subject_id, Proposal.state == "waiting", Proposal.is_guarded
    )
    subject: Post | Institution | None = session.get(Post, proposal.subject_id)
    if proposal.subject_type != "post":
        subject = session.get(Institution, proposal.subject_id)
    if subject is None or session.scalar(others):
        return
    subject.is_being_checked = False
    if isinstance(subject, Post):
        registry.touch(session, [subject.id], now=now)
    else:
        registry.touch_institution(session, subject, now=now)


def _sweep(session: Session, words: Words) -> dict[str, int]:
    """Take the words out of the listed tables; returns how many rows of each were touched."""
    counts: dict[str, int] = {}
    for name, column_names in SWEPT.items():
        table = Base.metadata.tables.get(name)
        if table is None:
            continue
        keys: list[Column[Any]] = list(table.primary_key.columns)
        columns = [table.c[column] for column in column_names]
        rows = session.execute(select(*keys, *columns)).all()
        for row in rows:
            values = dict(zip(column_names, row[len(keys) :], strict=True))
            if any(words.are_in(value) for value in values.values()):
                same = [key == value for key, value in zip(keys, row, strict=False)]
                session.execute(update(table).where(*same).values(words.out_of(values)))
                counts[name] = counts.get(name, 0) + 1
    session.expire_all()
    return counts
