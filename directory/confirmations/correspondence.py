"""The letters of one's country that need a look, and what came back to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, true, update
from sqlalchemy.orm import Session

from directory.accounts.grounds import Ground
from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.confirmations.models import Asked, ConfirmationLetter, ConfirmationRequest
from directory.history import operations as history
from directory.mail import receiving
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.mail.queries import NEEDS_A_LOOK
from directory.registry.models import Appointment, Institution, Post

MOST = 100


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter that needs a look. `may_repeat`: it asked its reader to confirm, and that question is still open."""

    mail: OutgoingMail
    may_repeat: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and the letter it is about, where that is known."""

    received: ReceivedMail
    letter: OutgoingMail | None


def letters(session: Session, ground: Ground) -> list[SentLetter]:
    """Letters nobody can be sure of, or that did not go out, newest first."""
    statement = select(OutgoingMail).where(OutgoingMail.state.in_(NEEDS_A_LOOK), _of(ground, OutgoingMail.account_id))
    found = session.scalars(statement.order_by(OutgoingMail.queued_at.desc(), OutgoingMail.id).limit(MOST)).all()
    open_ones = _still_asking(session, [mail.id for mail in found if mail.state == "uncertain"])
    return [SentLetter(mail, mail.id in open_ones) for mail in found]


def replies(session: Session, ground: Ground, states: Sequence[str] = ("new", "held")) -> list[Reply]:
    """What came back and waits for somebody: to letters of that ground; what is about no letter, to all who see all."""
    statement = select(ReceivedMail).where(ReceivedMail.state.in_(states), came_back_to(ground))
    found = session.scalars(statement.order_by(ReceivedMail.received_at.desc(), ReceivedMail.id).limit(MOST)).all()
    ids = {one.outgoing_mail_id or one.mentions_mail_id for one in found}
    known = {mail.id: mail for mail in session.scalars(select(OutgoingMail).where(OutgoingMail.id.in_(ids)))}
    return [Reply(one, known.get(one.outgoing_mail_id or one.mentions_mail_id or "")) for one in found]


def came_back_to(ground: Ground) -> ColumnElement[bool]:
    """The condition that a message is about a letter of that ground; to all who see all, also about none."""
    if ground.is_everywhere:
        return true()
    ours = select(OutgoingMail.id).where(_of(ground, OutgoingMail.account_id))
    return or_(ReceivedMail.outgoing_mail_id.in_(ours), ReceivedMail.mentions_mail_id.in_(ours))


def letter_of(session: Session, mail_id: str, ground: Ground) -> OutgoingMail | None:
    """The letter, if it is of this ground."""
    found: OutgoingMail | None = session.scalars(
        select(OutgoingMail).where(OutgoingMail.id == mail_id, _of(ground, OutgoingMail.account_id))
    ).first()
    return found


def reply_of(session: Session, received_id: str, ground: Ground) -> ReceivedMail | None:
    """What came back, if it is of this ground."""
    one = session.get(ReceivedMail, received_id)
    if one is None or ground.is_everywhere:
        return one
    mails = [mail_id for mail_id in (one.outgoing_mail_id, one.mentions_mail_id) if mail_id]
    return one if any(letter_of(session, mail_id, ground) for mail_id in mails) else None


def settle(session: Session, received: ReceivedMail, *, by: str, now: datetime) -> None:
    """Somebody has read it and done what it asks for. Twice changes nothing."""
    if received.state != "settled":
        receiving.settle(session, received, by=by, now=now)


def ask_again(session: Session, mail: OutgoingMail, *, by: str, now: datetime) -> bool:
    """Of an uncertain letter the next one is written, with a new link and code; never the same letter again.

    False where nothing is open that it asked about, or the next one is on its way already.
    """
    if mail.state != "uncertain" or mail.id not in _still_asking(session, [mail.id]):
        return False
    letter = session.scalars(select(ConfirmationLetter).where(ConfirmationLetter.mail_id == mail.id)).one()
    session.execute(
        update(Asked)
        .where(Asked.letter_id == letter.id)
        .values(letter_id=None)
        .execution_options(synchronize_session="fetch")
    )
    mail.problem = f"{mail.problem}\nA newer letter was asked for.".strip()
    history.record(session, "ask_again", subject_type="account", subject_id=letter.account_id, by=by, now=now, after={})
    session.flush()
    return True


def _still_asking(session: Session, mail_ids: Sequence[str]) -> set[str]:
    """Of these letters those whose question is still open, and not asked by a newer letter."""
    statement = (
        select(ConfirmationLetter.mail_id)
        .join(Asked, Asked.letter_id == ConfirmationLetter.id)
        .join(ConfirmationRequest, ConfirmationRequest.id == Asked.request_id)
        .where(
            ConfirmationLetter.mail_id.in_(mail_ids),
            ConfirmationLetter.superseded_at.is_(None),
            ConfirmationRequest.state == "open",
        )
    )
    return {mail_id for mail_id in session.scalars(statement) if mail_id}


def _of(ground: Ground, account_id: object) -> ColumnElement[bool]:
    """The account is of that ground: by a role for the country or one of its bodies, or by an entry it owns."""
    if ground.is_everywhere:
        return true()
    bodies = select(Institution.id).where(Institution.country_code.in_(ground.countries))
    posts = select(Post.id).where(Post.institution_id.in_(bodies))
    by_role = select(AccountGrant.account_id).where(
        AccountGrant.ended_at.is_(None),
        AccountGrant.country_code.in_(ground.countries) | AccountGrant.institution_id.in_(bodies),
    )
    by_entry = select(PostOwner.account_id).where(PostOwner.post_id.in_(posts))
    held = select(Appointment.official_id).where(Appointment.post_id.in_(posts))
    by_post = select(Account.id).where(Account.official_id.in_(held))
    found: ColumnElement[bool] = or_(account_id.in_(by_role), account_id.in_(by_entry), account_id.in_(by_post))  # type: ignore[attr-defined]
    return found
