"""The letter of the day: one person, everything they are asked about, one link, one code."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, update
from sqlalchemy.orm import Session

from directory.accounts.letters import PRODUCT
from directory.accounts.models import Account
from directory.accounts.tokens import token_hash
from directory.accounts.vault import Vault, derive
from directory.confirmations import codes, owners, questions, rules
from directory.confirmations.models import (
    Asked,
    ConfirmationLetter,
    ConfirmationRequest,
    LetterEntry,
    RequestedEntry,
)
from directory.confirmations.rounds import Day
from directory.confirmations.snapshots import digest, load_posts, masked, snapshot
from directory.db import new_id
from directory.mail import outbox, quiet
from directory.mail.models import OutgoingMail
from directory.registry.models import Post

PURPOSE = "confirm"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What writing letters needs besides the session: keys, this site's address, its zone, the quiet hours."""

    vault: Vault
    code_key: bytes
    base_url: str
    timezone: str
    from_hour: int = 8
    until_hour: int = 18

    def due_at(self, now: datetime, zone: ZoneInfo) -> datetime:
        """When a letter written now may reach somebody there: in no quiet hour."""
        return quiet.next_allowed(now, zone, from_hour=self.from_hour, until_hour=self.until_hour)

    def zone_of(self, account: Account | None) -> ZoneInfo:
        """The zone the person lives by; the site's where none is known."""
        return ZoneInfo((account.timezone if account else "") or self.timezone)


def code_key(secret_keys: Sequence[str]) -> bytes:
    """The key under which codes are hashed: the oldest in force, so that a new one in front voids no letter."""
    return derive(secret_keys[-1], "confirmation codes")


def write_letters(session: Session, day: Day, desk: Desk, *, limit: int = 100) -> int:
    """Write to up to `limit` people who are asked and got no letter today. Returns how many letters were queued."""
    waiting = _waiting(session, day, limit)
    accounts = {a.id: a for a in session.scalars(select(Account).where(Account.id.in_(waiting)))}
    open_ones = _open_entries(session, waiting)
    posts = load_posts(session, sorted({post_id for ids in open_ones.values() for post_id in ids}))
    run = _Run(session, day, desk, open_ones, posts, questions.passed_on(session, list(waiting)))
    return sum(run.write(accounts[account_id], asked) for account_id, asked in waiting.items())


def _waiting(session: Session, day: Day, limit: int) -> dict[str, list[Asked]]:
    """Who waits for a letter, with everything they are asked in requests still open."""
    people = session.scalars(
        _asked(day).where(~_has_letter_today(day)).group_by(Asked.account_id).order_by(Asked.account_id).limit(limit)
    ).all()
    rows = session.scalars(
        select(Asked)
        .join(ConfirmationRequest, ConfirmationRequest.id == Asked.request_id)
        .where(Asked.account_id.in_(people), ConfirmationRequest.state == "open")
        .order_by(Asked.account_id, Asked.since_on, Asked.id)
    )
    found: dict[str, list[Asked]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(row)
    return found


def is_waiting(session: Session, account_id: str, day: Day) -> bool:
    """The person is asked something and has no letter yet: nothing else takes the place of that letter."""
    return session.scalars(_asked(day).where(Asked.account_id == account_id).limit(1)).first() is not None


def _asked(day: Day) -> Select[str]:
    """Who is asked something that is still open, and has no letter about it."""
    is_open = exists().where(RequestedEntry.request_id == Asked.request_id, RequestedEntry.answer.is_(None))
    return (
        select(Asked.account_id)
        .join(ConfirmationRequest, ConfirmationRequest.id == Asked.request_id)
        .join(Account, Account.id == Asked.account_id)
        .where(Asked.letter_id.is_(None), Asked.since_on <= day.today)
        .where(ConfirmationRequest.state == "open", Account.state == "active", is_open)
    )


def _has_letter_today(day: Day) -> ColumnElement[bool]:
    """The person has a round letter that goes out today or later: one a day is enough for anybody."""
    goes_out_on = func.substr(OutgoingMail.key, len("round:") + 34, 10)  # see day_key
    return exists().where(
        OutgoingMail.account_id == Asked.account_id,
        OutgoingMail.due_at > day.now - timedelta(days=3),  # what goes out today in any zone; has an index
        OutgoingMail.key.startswith("round:"),
        goes_out_on >= day.today.isoformat(),
    )


def _open_entries(session: Session, waiting: Mapping[str, Sequence[Asked]]) -> dict[str, list[str]]:
    """The entries still to be answered, by request."""
    ids = sorted({one.request_id for asked in waiting.values() for one in asked})
    rows = session.execute(
        select(RequestedEntry.request_id, RequestedEntry.post_id)
        .where(RequestedEntry.request_id.in_(ids), RequestedEntry.answer.is_(None))
        .order_by(RequestedEntry.post_id)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for request_id, post_id in rows:
        found[request_id].append(post_id)
    return found


@dataclass(slots=True)
class _Run:
    """One run of letters: what was loaded for all of them at once."""

    session: Session
    day: Day
    desk: Desk
    open_ones: Mapping[str, Sequence[str]]
    posts: Mapping[str, Post]
    passed: Collection[questions.Passed] = ()
    signers: dict[str, str] = field(default_factory=dict)

    def write(self, account: Account, asked: Sequence[Asked]) -> bool:
        """One letter, with its link and code, queued for the next hour in which this person may be written to."""
        letter = ConfirmationLetter(id=new_id(), account_id=account.id, written_at=self.day.now)
        letter.entries = self._entries(letter.id, asked)
        if not letter.entries:
            self._ask_no_more(asked)
            return False
        letter.step = max((one.step for one in asked if one.letter_id is None), key=rules.STEPS.index)
        try:
            mail = self._queue(letter, account)
        except outbox.BadLetter as error:  # the others still get theirs
            log.warning("No letter can be written to account %s: %s", account.id, error)
            return False
        if mail is None:
            return False
        letter.mail_id = mail.id
        self.session.execute(
            update(ConfirmationLetter)
            .where(ConfirmationLetter.account_id == account.id, ConfirmationLetter.superseded_at.is_(None))
            .values(superseded_at=self.day.now)
        )
        self.session.add(letter)
        self.session.flush()
        for one in asked:
            one.letter_id = one.letter_id or letter.id
        self.session.flush()
        return True

    def _entries(self, letter_id: str, asked: Sequence[Asked]) -> list[LetterEntry]:
        """What the letter is about; an entry of one's own stands as one's own, however often one is asked."""
        found: dict[str, LetterEntry] = {}
        for one in sorted(asked, key=lambda a: a.as_whom != "owner"):
            for post_id in self.open_ones.get(one.request_id, ()):
                if post_id in found or post_id not in self.posts:
                    continue
                if (one.account_id, one.request_id, post_id) in self.passed:
                    continue
                picture = snapshot(self.posts[post_id], self.day.today)
                found[post_id] = LetterEntry(
                    letter_id=letter_id,
                    post_id=post_id,
                    request_id=one.request_id,
                    as_whom=one.as_whom,
                    position=len(found),
                    digest=digest(picture),
                    snapshot=picture,
                )
        return list(found.values())

    def _ask_no_more(self, asked: Sequence[Asked]) -> None:
        """Of all there was to ask they have said that it is not theirs: no letter waits to be written."""
        ids = [one.id for one in asked if one.letter_id is None]
        self.session.execute(delete(Asked).where(Asked.id.in_(ids)), execution_options={"synchronize_session": "fetch"})

    def _queue(self, letter: ConfirmationLetter, account: Account) -> OutgoingMail | None:
        """The queued letter; None where somebody else has just written to this person: tomorrow, then."""
        desk, code = self.desk, codes.new_code()
        letter.code_hash = codes.code_hash(code, letter.id, desk.code_key)
        link = f"{desk.base_url}/confirm/{desk.vault.sign(letter.id, PURPOSE)}"
        mail = queue_to(
            self.session,
            "confirm",
            account,
            self.day,
            desk,
            step=letter.step,
            own=[masked(e.snapshot) for e in letter.entries if e.as_whom == "owner"],
            others=[masked(e.snapshot) for e in letter.entries if e.as_whom != "owner"],
            as_whom=next((e.as_whom for e in letter.entries if e.as_whom != "owner"), "owner"),
            link=link,
            code=code,
            signer=self._signer(letter.entries[0].snapshot["country"]),
        )
        return mail if link in mail.text else None

    def _signer(self, country: str) -> str:
        """Who signs: the country's coordinator; empty where it has none, then the product signs."""
        if country not in self.signers:
            people = owners.coordinators(self.session, country)
            self.signers[country] = people[0].name if people else ""
        return self.signers[country]


def queue_to(
    session: Session, letter: str, account: Account, day: Day, desk: Desk, *, key: str = "", **words: Any
) -> OutgoingMail:
    """A letter to an account in its language, for the next hour in which it may arrive.

    Without a key it is the round letter of that day: where one is queued already, that one comes back.
    """
    zone = desk.zone_of(account)
    due_at = desk.due_at(day.now, zone)
    return outbox.queue(
        session,
        letter,
        to=account.email,
        key=key or day_key(account, due_at, zone),
        now=day.now,
        not_before=due_at,
        language=account.language,
        account_id=account.id,
        product=PRODUCT,
        name=account.name,
        **words,
    )


def day_key(account: Account, due_at: datetime, zone: ZoneInfo) -> str:
    """The key that lets one round letter a day go to an address, whoever queues it."""
    return f"round:{token_hash(account.email)[:32]}:{due_at.astimezone(zone).date().isoformat()}"


def write_new_code(
    session: Session, letter: ConfirmationLetter, account: Account, *, now: datetime, desk: Desk
) -> None:
    """After five wrong codes: a new one, by mail, for the same link."""
    code = codes.new_code()
    letter.code_hash, letter.wrong_count = codes.code_hash(code, letter.id, desk.code_key), 0
    letter.code_count += 1
    outbox.queue(
        session,
        "new_code",
        to=account.email,
        key=f"new_code:{letter.id}:{letter.code_count}",
        now=now,
        language=account.language,
        account_id=account.id,
        product=PRODUCT,
        name=account.name,
        code=code,
    )
