"""The circuit breaker over reports: holds a day's worth where there are too many, until a person has looked."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Update, and_, func, select, update
from sqlalchemy.orm import Session

from directory.history import access
from directory.history import operations as history
from directory.mail.breaker import DomainCount, Limits, trips
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.mail.pace import one_at_a_time

DAY = timedelta(days=1)
_ONE_JUDGE = 0x7472_6D03
log = logging.getLogger(__name__)


def waiting(
    session: Session, *, now: datetime, limits: Limits, kinds: Collection[str] = ("hard", "soft", "auto_reply", "reply")
) -> Sequence[ReceivedMail]:
    """What came back and nobody has acted on yet, oldest first; the breaker has judged it in this transaction."""
    hold_if_too_many(session, now=now, limits=limits)
    new = select(ReceivedMail).where(ReceivedMail.state == "new", ReceivedMail.kind.in_(kinds))
    return session.scalars(new.order_by(ReceivedMail.received_at, ReceivedMail.id)).all()


def hold_if_too_many(session: Session, *, now: datetime, limits: Limits) -> str:
    """Put the day's reports of missing people on hold where there are too many; returns the reason, or nothing."""
    one_at_a_time(session, _ONE_JUDGE)
    session.flush()
    reason = trips(_counts(session, now), limits)
    if not reason:
        return ""
    held = update(ReceivedMail).where(_judged(now), ReceivedMail.state == "new").values(state="held", note=reason)
    ids = session.scalars(held.returning(ReceivedMail.id).execution_options(synchronize_session=False)).all()
    if ids:
        session.expire_all()
        log.warning("%d reports of undelivered letters are held: %s", len(ids), reason)
        asker = access.Asker(network="mail")
        access.raise_alarm(session, "bounces_held", asker=asker, country=None, note=reason, now=now)
    return reason


def release(session: Session, ids: Collection[str], *, by: str, now: datetime) -> int:
    """A person has looked: these reports count after all."""
    return _decide(session, ids, "release_report", by=by, now=now, state="new", released_at=now, note="")


def dismiss(session: Session, ids: Collection[str], *, by: str, now: datetime) -> int:
    """A person has looked: these reports mean nothing."""
    return _decide(session, ids, "dismiss_report", by=by, now=now, state="ignored", settled_at=now, settled_by=by)


def hold_again(session: Session, ids: Collection[str], *, by: str, now: datetime) -> int:
    """Second thoughts about reports that a person has set aside: they wait for a decision once more."""
    put_back = update(ReceivedMail).where(ReceivedMail.id.in_(ids), was_set_aside())
    return _carry_out(session, put_back, "hold_report", by=by, now=now, state="held", settled_at=None, settled_by="")


def was_set_aside() -> ColumnElement[bool]:
    """A person has said that this report means nothing: what the directory ignores by itself names nobody."""
    return and_(ReceivedMail.state == "ignored", ReceivedMail.settled_by != "")


def _decide(session: Session, ids: Collection[str], action: str, *, by: str, now: datetime, **values: object) -> int:
    held = update(ReceivedMail).where(ReceivedMail.id.in_(ids), ReceivedMail.state == "held")
    return _carry_out(session, held, action, by=by, now=now, **values)


def _carry_out(session: Session, which: Update, action: str, *, by: str, now: datetime, **values: object) -> int:
    """The change, with a line of history for each report it reached."""
    change = which.values(values).returning(ReceivedMail.id).execution_options(synchronize_session=False)
    changed = session.scalars(change).all()
    for report_id in changed:
        history.record(session, action, subject_type="received_mail", subject_id=report_id, by=by, now=now)
    session.expire_all()
    return len(changed)


def _judged(now: datetime) -> ColumnElement[bool]:
    """The day's reports of missing people about letters of ours, except those a person has let through."""
    return and_(
        ReceivedMail.kind == "hard",
        ReceivedMail.outgoing_mail_id.is_not(None),
        ReceivedMail.state.in_(("new", "held", "settled")),
        ReceivedMail.received_at > now - DAY,
        ReceivedMail.received_at <= now,
        ReceivedMail.released_at.is_(None),
    )


def _counts(session: Session, now: datetime) -> dict[str, DomainCount]:
    """Per mail domain: the letters of the day, with those that came back, and how many came back."""
    came_back = select(ReceivedMail.domain, func.count()).where(_judged(now)).group_by(ReceivedMail.domain)
    hard = _counted(session, came_back)
    if not hard:
        return {}
    ids = select(ReceivedMail.outgoing_mail_id).where(_judged(now))
    fine = (
        select(OutgoingMail.domain, func.count())
        .where(
            OutgoingMail.taken_at > now - DAY,
            OutgoingMail.transmission_count > 0,
            OutgoingMail.domain.in_(hard),
            OutgoingMail.id.not_in(ids),
        )
        .group_by(OutgoingMail.domain)
    )
    others = _counted(session, fine)
    return {domain: DomainCount(count + others.get(domain, 0), count) for domain, count in hard.items()}


def _counted(session: Session, statement: Select[str, int]) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(statement)}
