"""Who was given which entries: logged as it is given, without any value; reveals and exports also under the chain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from directory.db import new_id
from directory.history import operations as history
from directory.history.models import AccessItem, AccessRecord, Alarm, UsedToday

Kind = Literal["view", "reveal", "export", "sync"]
KEPT_NETWORK = timedelta(days=30)
KEPT_VIEWS = timedelta(days=90)
KEPT_REST = timedelta(days=400)
SAME_ALARM = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who is given something: an account, perhaps through a key of its own, or a visitor known by a network's mark."""

    account_id: str | None = None
    api_key_id: str | None = None
    network: str = ""

    @property
    def who(self) -> str:
        """The name under which uses are counted."""
        return self.account_id or f"net:{self.network}"


def record_access(
    session: Session,
    kind: Kind,
    entry_ids: Sequence[str],
    *,
    asker: Asker,
    path: str,
    now: datetime,
    filters: str = "",
    contact_point_id: str | None = None,
    by: str = "",
) -> AccessRecord:
    """Log what is given. For a reveal `entry_ids` is the one entry, and `contact_point_id` the line.

    `by` names who it was where no account is signed in: a visitor, or the console.
    """
    record = AccessRecord(
        id=new_id(),
        at=now,
        account_id=asker.account_id,
        api_key_id=asker.api_key_id,
        network="" if asker.account_id else asker.network,
        kind=kind,
        path=path,
        filters=filters,
        entry_count=len(entry_ids),
    )
    session.add(record)
    session.flush()
    _add_items(session, record, entry_ids, contact_point_id)
    if kind != "view":
        _chain(session, record, entry_ids, contact_point_id, by or record.account_id or "visitor", now)
    return record


def _add_items(session: Session, record: AccessRecord, entry_ids: Sequence[str], contact_point_id: str | None) -> None:
    rows = [
        {"record_id": record.id, "entry_id": entry_id, "contact_point_id": contact_point_id}
        for entry_id in dict.fromkeys(entry_ids)
    ]
    if rows:
        session.execute(insert(AccessItem), rows)


def _chain(
    session: Session,
    record: AccessRecord,
    entry_ids: Sequence[str],
    contact_point_id: str | None,
    by: str,
    now: datetime,
) -> None:
    """A line of history, so that a reveal or an export cannot be made undone unseen."""
    told: dict[str, object] = {"entries": record.entry_count, "filters": record.filters, "path": record.path}
    if contact_point_id is not None:
        told = {"entry": entry_ids[0], "contact_point": contact_point_id}
    told["digest"] = digest_of(entry_ids)
    history.record(session, record.kind, subject_type="access", subject_id=record.id, by=by, now=now, after=told)


def digest_of(entry_ids: Iterable[str]) -> str:
    """A sum over the entries, so that the list beside the chain cannot be shortened unseen."""
    return hashlib.sha256("\n".join(sorted(set(entry_ids))).encode()).hexdigest()


def raise_alarm(session: Session, kind: str, *, asker: Asker, country: str | None, note: str, now: datetime) -> Alarm:
    """Tell the coordinator and the secretariat. The same by the same within the hour only raises the count."""
    session.flush()
    open_one = (
        update(Alarm)
        .where(Alarm.kind == kind, Alarm.who == asker.who, Alarm.at > now - SAME_ALARM)
        .values(count=Alarm.count + 1, last_at=now)
        .returning(Alarm.id)
    )
    known = session.scalars(open_one.execution_options(synchronize_session=False)).first()
    if known is not None:
        alarm = session.get(Alarm, known, populate_existing=True)
        assert alarm is not None
        return alarm
    alarm = Alarm(
        kind=kind, at=now, last_at=now, count=1, who=asker.who, account_id=asker.account_id, country_code=country,
        note=note,
    )  # fmt: skip
    session.add(alarm)
    session.flush()
    return alarm


def forget_old(session: Session, *, now: datetime) -> int:
    """What is no longer needed goes: networks after a month, views after a quarter, the rest after a year."""
    gone = session.execute(
        delete(AccessRecord).where(
            (AccessRecord.at < now - KEPT_REST) | ((AccessRecord.kind == "view") & (AccessRecord.at < now - KEPT_VIEWS))
        )
    )
    session.execute(
        update(AccessRecord).where(AccessRecord.at < now - KEPT_NETWORK, AccessRecord.network != "").values(network="")
    )
    session.execute(delete(Alarm).where(Alarm.last_at < now - KEPT_REST))
    session.execute(delete(UsedToday).where(UsedToday.on < (now - timedelta(days=2)).date()))
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a delete has a row count
