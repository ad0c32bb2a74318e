"""Somebody leaves a post: it falls vacant, those around it are told, the named successor is asked whether it is so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.letters import PRODUCT
from directory.accounts.models import Account
from directory.confirmations import codes, owners
from directory.confirmations.letters import Desk, queue_to
from directory.confirmations.models import Finding, Succession
from directory.confirmations.rounds import Day
from directory.confirmations.snapshots import current_appointment
from directory.mail import outbox
from directory.mail.models import OutgoingMail
from directory.registry import operations as registry
from directory.registry.models import Post

PURPOSE = "succeed"
TOLD_WITHIN = timedelta(days=7)  # older ones were told, or are news to nobody


@dataclass(frozen=True, slots=True)
class Successor:
    """Whom a leaver names."""

    name: str
    email: str


def end(session: Session, post: Post, last_day: date, *, by: str, now: datetime, today: date) -> None:
    """The appointment ends; from a day already reached on, the leaver's own lines leave everything at once."""
    appointment = current_appointment(post, today)
    if appointment is not None:
        until_on = last_day if last_day > today else today - timedelta(days=1)
        registry.relieve(session, appointment, until_on=until_on, by=by, now=now)


def name_successor(session: Session, post: Post, successor: Successor, *, by: str, now: datetime) -> None:
    """Noted; nothing changes before that person says yes and a second person accepts."""
    named = Succession(post_id=post.id, name=successor.name, email=successor.email, named_by=by, named_at=now)
    session.add(named)


def write_letters(session: Session, day: Day, desk: Desk) -> int:
    """Write to named successors, and tell those around a post that somebody has left. Returns how many letters."""
    named = session.scalars(
        select(Succession).where(Succession.state == "offered", Succession.named_at > day.now - TOLD_WITHIN)
    ).all()
    left = session.scalars(
        select(Finding).where(Finding.kind == "left", Finding.since_at > day.now - TOLD_WITHIN)
    ).all()
    to_ask = {f"{PURPOSE}:{one.id}": one for one in named}
    to_tell = {f"left:{finding.id}:{who.id}": (finding, who) for finding, who in _around(session, left, day)}
    written = set(session.scalars(select(OutgoingMail.key).where(OutgoingMail.key.in_([*to_ask, *to_tell]))))
    for key in sorted(to_ask.keys() - written):
        _ask_successor(session, to_ask[key], key, day, desk)
    for key in sorted(to_tell.keys() - written):
        _tell(session, *to_tell[key], key, day, desk)
    return len((to_ask.keys() | to_tell.keys()) - written)


def _around(session: Session, left: Sequence[Finding], day: Day) -> Iterator[tuple[Finding, Account]]:
    """Whoever left is not told, the deputy and the focal point, or the head, are."""
    for finding in left:
        post = session.get_one(Post, finding.post_id)
        ids = [*owners.deputies(session, [post], today=day.today), *dict(owners.above(session, [post], finding.by))]
        for account_id in dict.fromkeys(ids):
            if account_id != finding.by:
                yield finding, session.get_one(Account, account_id)


def _tell(session: Session, finding: Finding, account: Account, key: str, day: Day, desk: Desk) -> None:
    post = session.get_one(Post, finding.post_id)
    queue_to(
        session,
        "left_told",
        account,
        day,
        desk,
        key=key,
        title=post.title,
        institution=post.institution.name,
        link=f"{desk.base_url}/entries/{post.id}/edit",
    )


def _ask_successor(session: Session, one: Succession, key: str, day: Day, desk: Desk) -> None:
    post = session.get_one(Post, one.post_id)
    leaver = session.get(Account, one.named_by)
    outbox.queue(
        session,
        "successor",
        to=one.email,
        key=key,
        now=day.now,
        not_before=desk.due_at(day.now, desk.zone_of(None)),
        language=leaver.language if leaver else "en",
        product=PRODUCT,
        name=one.name,
        named_by=leaver.name if leaver else "",
        title=post.title,
        institution=post.institution.name,
        link=f"{desk.base_url}/succeed/{desk.vault.sign(one.id, PURPOSE)}",
        code=codes.derived_code(f"{PURPOSE}:{one.id}", desk.code_key),
    )
