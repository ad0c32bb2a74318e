"""The named successor says yes or no. A yes is a proposal: a second person accepts it before readers see anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts import limits
from directory.accounts.limits import Limit
from directory.accounts.models import Account
from directory.accounts.people import person_of, rights
from directory.accounts.vault import Vault
from directory.confirmations import calls, codes
from directory.confirmations.leaving import PURPOSE
from directory.confirmations.letters import Desk
from directory.confirmations.links import LINK_DAYS, DeadLetter
from directory.confirmations.models import Succession
from directory.confirmations.rounds import Day
from directory.history import operations as history
from directory.proposals import operations as proposals
from directory.proposals.actors import Actor
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Post

SETTLED_WITHIN = timedelta(days=7)
# The code belongs to the letter for good, so tries are few: no luck in thirty days finds one of 31 ** 6.
TRIES = (Limit("succeed:hour", 5, timedelta(hours=1)), Limit("succeed:day", 10, timedelta(days=1), 24))


@dataclass(frozen=True, slots=True)
class Reply:
    """What the named successor says: yes or no, under which name, and whether readers may see it."""

    takes_over: bool
    name: str = ""
    agrees_to_name: bool = False


def read(session: Session, token: str, *, vault: Vault, now: datetime) -> tuple[Succession, Post]:
    """Which post the link offers, to whom; changes nothing. Raises DeadLetter."""
    found = vault.unsign(token, PURPOSE)
    one = session.get(Succession, found) if found else None
    post = session.get(Post, one.post_id) if one else None
    if one is None or post is None:
        raise DeadLetter("unknown")
    if one.state == "withdrawn":
        raise DeadLetter("superseded", language_of(session, one))
    if now - one.named_at > timedelta(days=LINK_DAYS):
        raise DeadLetter("expired", language_of(session, one))
    return one, post


def language_of(session: Session, one: Succession) -> str:
    """The language of the letter: that of whoever named the successor, most likely a colleague."""
    account = session.get(Account, one.named_by)
    return account.language if account else "en"


def is_code(session: Session, one: Succession, typed: str, *, now: datetime, desk: Desk) -> bool:
    """Whether it is the code of that letter. Counts the try, which is to be committed. Raises TooMany."""
    limits.take(session, TRIES, one.id, now=now)
    return codes.is_derived(typed, f"{PURPOSE}:{one.id}", desk.code_key)


def reply(session: Session, one: Succession, post: Post, said: Reply, day: Day, *, base_url: str) -> bool:
    """Take the reply, once. False where there was one before. Whoever coordinates the country is told to look."""
    session.execute(select(Succession.id).where(Succession.id == one.id).with_for_update())
    session.refresh(one)
    if one.state != "offered":
        return False
    one.state = "agreed" if said.takes_over else "declined"
    one.name, one.answered_at, one.agrees_to_name = said.name or one.name, day.now, said.agrees_to_name
    history.record(
        session,
        "succession",
        subject_type="post",
        subject_id=post.id,
        by=f"successor {one.id}",
        now=day.now,
        after={"state": one.state},
    )
    if said.takes_over:
        _propose(session, one, post, day, base_url)
    note = f"{one.name}: {one.state}"
    calls.open_today(session, post, "left", key=f"succession:{one.id}", now=day.now, today=day.today, note=note)
    return True


def settle(session: Session, day: Day) -> int:
    """A second person has accepted: the new holder is named to readers if they agreed to it. Returns how many."""
    waiting = session.scalars(
        select(Succession)
        .join(Proposal, Proposal.id == Succession.proposal_id)
        .where(Succession.state == "agreed", Succession.agrees_to_name)
        .where(Proposal.state == "accepted", Proposal.decided_at > day.now - SETTLED_WITHIN)
    ).all()
    named = 0
    for one in waiting:
        post = session.get_one(Post, one.post_id)
        holder = next((a.official for a in post.appointments if a.official.name == one.name), None)
        if holder is not None and holder.agreed_at is None:
            holder.agreed_at = one.answered_at
            registry.touch(session, [post.id], now=day.now)
            named += 1
    return named


def _propose(session: Session, one: Succession, post: Post, day: Day, base_url: str) -> None:
    """Proposed by whoever named them: that person never decides on it."""
    account = session.get(Account, one.named_by)
    person = person_of(session, account)
    if rights().may(person, "edit_guarded", proposals.subject_of(post)) == "no":
        return
    with history.on_path(session, "letter"):
        outcome = proposals.change_holder(
            session,
            post,
            one.name,
            actor=Actor(one.named_by, "letter", person, base_url),
            now=day.now,
            reason="Named by whoever left, and agreed by letter",
        )
    one.proposal_id = outcome.proposal.id if outcome.proposal else None
