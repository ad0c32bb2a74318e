"""How much of the directory one account or network takes in a day, counted in the database across all workers.

Looking twice at the same entry counts once. Who asks for three times the norm is a harvester: the account is frozen
by itself and an alarm written. A hotline counts for nothing, so that no limit ever refuses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from directory.accounts import api_keys, links, sessions
from directory.accounts.models import Account, AccountGrant, LimitCount
from directory.db import insert_into
from directory.history import operations as history
from directory.history.access import Asker, raise_alarm
from directory.history.models import UsedToday
from directory.registry.models import Institution

NORMS = 3  # so many times the day's quota is no practitioner any more


class OverQuota(Exception):
    """The day's quota is used up; `wait` is how long until the next day."""

    def __init__(self, kind: str, wait: timedelta) -> None:
        super().__init__(kind)
        self.kind = kind
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Used:
    """What counting found: whether all is given, what of it is new today, and how much was asked for in all."""

    is_given: bool
    new: tuple[str, ...]
    asked: int


def use(
    session: Session, asker: Asker, kind: str, things: Sequence[str], *, limit: int, now: datetime, refuses: bool = True
) -> Used:
    """Count these things, all or none. With `refuses` off everything is given, and only the alarm and freeze remain.

    The caller commits before anything is given, and raises OverQuota itself: the count must stand.
    """
    new = not_yet(session, asker, kind, things, now=now)
    if not new:
        return Used(is_given=True, new=(), asked=0)
    given = _raise(session, _key(kind, asker), len(new), now, most=limit if refuses else None)
    if given is None:
        asked = (_raise(session, _key(f"{kind}:no", asker), len(new), now) or 0) + used(session, asker, kind, now=now)
        _judge(session, asker, kind, asked, limit, now)
        return Used(is_given=False, new=(), asked=asked)
    _remember(session, asker, kind, new, now)
    if not refuses:
        _judge(session, asker, kind, given, limit, now)
    return Used(is_given=True, new=tuple(new), asked=given)


def used(session: Session, asker: Asker, kind: str, *, now: datetime) -> int:
    """How many things were given today."""
    row = select(LimitCount.count).where(LimitCount.key == _key(kind, asker), LimitCount.window_start == _day(now))
    return session.scalar(row) or 0


def until_tomorrow(now: datetime) -> timedelta:
    """How long the day still lasts."""
    return _day(now) + timedelta(days=1) - now


def freeze_by_itself(session: Session, account_id: str, *, reason: str, now: datetime) -> None:
    """The account loses everything at once: sessions, keys, and the invitations it sent."""
    account = session.get(Account, account_id)
    if account is None or account.state != "active":
        return
    account.state = "frozen"
    session.flush()
    sessions.end_all(session, account_id, now=now)
    links.withdraw_sent_by(session, account_id, now=now)
    api_keys.revoke_all(session, account_id, now=now)
    history.record(
        session,
        "account_frozen",
        subject_type="account",
        subject_id=account_id,
        by="quota",
        now=now,
        before={"state": "active"},
        after={"state": "frozen"},
        reason=reason,
    )


def country_of(session: Session, account_id: str | None) -> str | None:
    """The country whose coordinator looks after this account."""
    if account_id is None:
        return None
    country = select(AccountGrant.country_code).where(
        AccountGrant.account_id == account_id, AccountGrant.country_code.is_not(None)
    )
    through = (
        select(Institution.country_code)
        .join(AccountGrant, AccountGrant.institution_id == Institution.id)
        .where(AccountGrant.account_id == account_id)
    )
    return session.scalar(country.limit(1)) or session.scalar(through.limit(1))


def _judge(session: Session, asker: Asker, kind: str, asked: int, limit: int, now: datetime) -> None:
    """Over the quota: an alarm; at three times the norm: the account stops."""
    if asked <= limit:
        return
    country = country_of(session, asker.account_id)
    if asked < NORMS * limit:
        raise_alarm(session, f"quota_{kind}", asker=asker, country=country, note=f"{asked} of {limit}", now=now)
        return
    raise_alarm(session, f"harvest_{kind}", asker=asker, country=country, note=f"{asked} of {limit}", now=now)
    if asker.account_id is not None:
        reason = f"{asked} asked for in one day ({kind}), the norm is {limit}"
        freeze_by_itself(session, asker.account_id, reason=reason, now=now)


def not_yet(session: Session, asker: Asker, kind: str, things: Iterable[str], *, now: datetime) -> list[str]:
    """Which of these were not given today: only they count, and only they make a write."""
    wanted = list(dict.fromkeys(things))
    known = session.scalars(
        select(UsedToday.thing).where(
            UsedToday.who == asker.who,
            UsedToday.kind == kind,
            UsedToday.on == _day(now).date(),
            UsedToday.thing.in_(wanted),
        )
    )
    seen = set(known)
    return [thing for thing in wanted if thing not in seen]


def _remember(session: Session, asker: Asker, kind: str, things: Sequence[str], now: datetime) -> None:
    rows = [{"who": asker.who, "kind": kind, "on": _day(now).date(), "thing": thing} for thing in things]
    session.execute(insert_into(session, UsedToday).on_conflict_do_nothing(), rows)


def _raise(session: Session, key: str, by: int, now: datetime, *, most: int | None = None) -> int | None:
    """Add to a counter in one statement; None, and nothing added, where it would pass `most`."""
    start = literal(_day(now), LimitCount.window_start.type)
    first = select(literal(key), start, literal(by))
    if most is not None:
        first = first.where(literal(by) <= most)
    statement = insert_into(session, LimitCount).from_select(["key", "window_start", "count"], first)
    raised = statement.on_conflict_do_update(
        index_elements=["key", "window_start"],
        set_={"count": LimitCount.count + by},
        where=(LimitCount.count + by <= most) if most is not None else literal(1) == 1,
    )
    row = session.execute(raised.returning(LimitCount.count)).first()
    return None if row is None else int(row[0])


def _key(kind: str, asker: Asker) -> str:
    return f"quota:{kind}:{asker.who}"


def _day(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
