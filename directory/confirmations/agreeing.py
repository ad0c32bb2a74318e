"""Whoever was entered in a post is asked once, by a letter of their own, whether readers may see their name.

Agreeing is the person's own act: it stands at once, without a second person, and can be taken back the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.accounts import limits
from directory.accounts.letters import PRODUCT
from directory.accounts.limits import Limit
from directory.accounts.models import Account
from directory.accounts.vault import Vault
from directory.confirmations import codes
from directory.confirmations.letters import Desk
from directory.confirmations.links import DeadLetter
from directory.confirmations.rounds import Day
from directory.doubles import persons
from directory.doubles.models import Merge
from directory.history import operations as history
from directory.history.models import Change
from directory.mail import outbox
from directory.mail.models import OutgoingMail
from directory.registry import operations as registry
from directory.registry import rules
from directory.registry.models import Appointment, ContactPoint, Official, Post

PURPOSE = "agree"
LINK_DAYS = 60
State = Literal["asked", "agreed", "declined"]
# The code belongs to the letter for good, so tries are few: no luck in sixty days finds one of 31 ** 6.
TRIES = (Limit("agree:hour", 5, timedelta(hours=1)), Limit("agree:day", 10, timedelta(days=1), 24))


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where the person reads their mail, and in which language they are written to."""

    to: str
    account: Account | None

    @property
    def language(self) -> str:
        """Their account's; English where nobody knows it."""
        return self.account.language if self.account else "en"


def write_letters(session: Session, day: Day, desk: Desk, *, limit: int = 100) -> int:
    """Write to up to `limit` holders who were never asked, or whose word counts no more. Returns how many letters."""
    _ask_again(session)
    found = session.scalars(
        select(Appointment)
        .join(Official, Official.id == Appointment.official_id)
        .join(Post, Post.id == Appointment.post_id)
        .where(Official.agreed_at.is_(None), Official.is_demo.is_(False), Official.name != "", Post.is_demo.is_(False))
        .where(or_(Appointment.until_on.is_(None), Appointment.until_on >= day.today))
        .where(or_(_has_mailbox(), _has_account()), ~exists().where(OutgoingMail.key == _key_in_sql()))
        .options(
            joinedload(Appointment.official),
            joinedload(Appointment.post).joinedload(Post.institution),
            selectinload(Appointment.contact_points),
        )
        .order_by(Appointment.id)
        .limit(limit)
    ).all()
    return sum(_write(session, appointment, day, desk) for appointment in found)


def read(session: Session, token: str, *, vault: Vault, now: datetime, today: date) -> Appointment:
    """Whom the link asks, about which post; changes nothing. Raises DeadLetter."""
    appointment_id, _, written_on = (vault.unsign(token, PURPOSE) or "").partition(" ")
    appointment = session.get(Appointment, appointment_id) if written_on else None
    if appointment is None or not appointment.official.name:
        raise DeadLetter("unknown")
    if appointment.has_ended(today):
        raise DeadLetter("moved", language_of(session, appointment))
    if now.date() - date.fromisoformat(written_on) > timedelta(days=LINK_DAYS):
        raise DeadLetter("asked_long_ago", language_of(session, appointment))
    return appointment


def language_of(session: Session, appointment: Appointment) -> str:
    """The language of the letter."""
    addressee = _addressee(session, appointment)
    return addressee.language if addressee else "en"


def is_code(session: Session, appointment: Appointment, typed: str, *, now: datetime, desk: Desk) -> bool:
    """Whether it is the code of that letter. Counts the try, which is to be committed. Raises TooMany."""
    limits.take(session, TRIES, appointment.id, now=now)
    return codes.is_derived(typed, _key(appointment), desk.code_key)


def answer(session: Session, appointment: Appointment, *, agrees: bool, now: datetime) -> bool:
    """Take the person's word: a yes shows the name at once, a no hides it. False where it was said before."""
    official = appointment.official
    session.execute(select(Official.id).where(Official.id == official.id).with_for_update())
    session.refresh(official)
    wanted: State = "agreed" if agrees else "declined"
    if state(session, appointment) == wanted:
        return False
    was_named = official.agreed_at is not None
    official.agreed_at = now if agrees else None
    history.record(
        session,
        "agree" if agrees else "decline",
        subject_type="post",
        subject_id=appointment.post_id,
        by=_by(appointment),
        now=now,
        after={"official": official.id},
        path="letter",
    )
    if was_named != agrees:
        ids = session.scalars(select(Appointment.post_id).where(Appointment.official_id == official.id)).all()
        registry.touch(session, sorted(set(ids)), now=now)
    return True


def state(session: Session, appointment: Appointment) -> State:
    """What the person has said; whoever agreed in another letter has agreed."""
    if appointment.official.agreed_at is not None:
        return "agreed"
    said = select(Change.action).where(
        Change.subject_id == appointment.post_id,
        Change.by == _by(appointment),
        Change.action.in_(("agree", "decline")),
    )
    last = session.scalars(said.order_by(Change.sequence.desc()).limit(1)).first()
    # A yes that counts no more, since two records became one, was never said.
    return "declined" if last == "decline" else "asked"


def _ask_again(session: Session) -> None:
    """Of two records one had agreed and became part of the other: what was asked before counts as never asked."""
    merges = select(Merge).where(Merge.kind == "official", Merge.state == "standing")
    for merge in [one for one in session.scalars(merges) if one.choices.get(persons.ASKS_AGAIN)]:
        held = session.scalars(select(Appointment.id).where(Appointment.official_id == merge.keep_id)).all()
        keys = [f"{PURPOSE}:{appointment_id}" for appointment_id in held]
        # A letter that has not gone out yet asks well enough.
        gone_out = OutgoingMail.state.not_in(("queued", "transmitting"))
        for letter in session.scalars(select(OutgoingMail).where(OutgoingMail.key.in_(keys), gone_out)).all():
            letter.key = f"{letter.key}:{merge.id[:8]}"
        merge.choices = {name: said for name, said in merge.choices.items() if name != persons.ASKS_AGAIN}
    session.flush()


def _write(session: Session, appointment: Appointment, day: Day, desk: Desk) -> bool:
    addressee = _addressee(session, appointment)
    if addressee is None:
        return False
    post, account = appointment.post, addressee.account
    token = desk.vault.sign(f"{appointment.id} {day.now.date().isoformat()}", PURPOSE)
    outbox.queue(
        session,
        "agree",
        to=addressee.to,
        key=_key(appointment),
        now=day.now,
        not_before=desk.due_at(day.now, desk.zone_of(account)),
        language=addressee.language,
        account_id=account.id if account else None,
        product=PRODUCT,
        name=appointment.official.name,
        title=post.title,
        institution=post.institution.name,
        link=f"{desk.base_url}/agree/{token}",
        code=codes.derived_code(_key(appointment), desk.code_key),
    )
    return True


def _addressee(session: Session, appointment: Appointment) -> Addressee | None:
    """Their own account's address before any that somebody else has entered for them."""
    accounts = select(Account).where(Account.official_id == appointment.official_id, Account.state == "active")
    account = session.scalars(accounts.order_by(Account.created_at, Account.id).limit(1)).first()
    if account is not None:
        return Addressee(account.email, account)
    to = next((point.value for point in appointment.contact_points if point.kind in rules.MAILS), None)
    return Addressee(to, None) if to else None


def _has_mailbox() -> ColumnElement[bool]:
    return exists().where(and_(ContactPoint.appointment_id == Appointment.id, ContactPoint.kind.in_(rules.MAILS)))


def _has_account() -> ColumnElement[bool]:
    return exists().where(and_(Account.official_id == Appointment.official_id, Account.state == "active"))


def _key(appointment: Appointment) -> str:
    """The letter's key in the outbox: one letter for one appointment, ever."""
    return f"{PURPOSE}:{appointment.id}"


def _key_in_sql() -> ColumnElement[str]:
    """The same as the database writes it: SQLite keeps ids without their hyphens."""
    plain = func.replace(cast(Appointment.id, Text), "-", "")
    parts = [func.substr(plain, start, length) for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
    key: ColumnElement[str] = literal(f"{PURPOSE}:") + parts[0]
    for part in parts[1:]:
        key = key + "-" + part
    return key


def _by(appointment: Appointment) -> str:
    return f"holder {appointment.id}"
