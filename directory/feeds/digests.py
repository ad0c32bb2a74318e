"""The digest: at most one letter a day about everything somebody follows, and none where nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.accounts.people import person_of, viewer_of
from directory.accounts.policy import ANYBODY
from directory.accounts.tokens import token_hash
from directory.db import transaction
from directory.entries import changes
from directory.entries.answers import Desk
from directory.entries.entry import Entry
from directory.entries.viewer import Viewer
from directory.feeds import following, news, rules
from directory.feeds.models import Following
from directory.feeds.news import Gone, News
from directory.mail import outbox, quiet
from directory.mail.models import OutgoingMail
from directory.search.reading import Reading

AHEAD = timedelta(hours=16)  # overnight, so that a nightly run will do; over a weekend the news is gathered first
MOST_LISTED = 25  # of one thing followed; the rest is a number and a link


@dataclass(frozen=True, slots=True)
class Table:
    """What writing digests needs besides the session."""

    keys: tuple[str, ...]
    base_url: str
    timezone: str
    from_hour: int
    until_hour: int
    desk_for: Callable[[Viewer], Desk]
    read: Callable[[str], Reading | None]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry in the letter. `what`: new, changed, vacant, replaced or removed; `link` empty for what is gone."""

    what: str
    title: str
    institution: str
    link: str


@dataclass(frozen=True, slots=True)
class Part:
    """One thing followed, and what happened there."""

    label: str
    items: tuple[Item, ...]
    more_count: int
    link: str


def write_due(session: Session, table: Table, *, now: datetime) -> int:
    """Look through what is due, account by account, each in its own transaction; returns how many letters there are."""
    ids = session.scalars(select(Following.account_id).distinct().order_by(Following.account_id)).all()
    count = 0
    for account_id in ids:
        account = session.get_one(Account, account_id)
        due_at, day = _due(account, table, now)
        if due_at - now > AHEAD:
            continue
        if not _rows_due(session, account_id, day, _zone(account, table)) or _is_written(session, account_id, day):
            continue
        with transaction(session):
            rows = _rows_due(session, account_id, day, _zone(account, table))
            if rows and not _is_written(session, account_id, day):
                count += _write(session, account, rows, table, now=now, due_at=due_at, day=day)
    return count


def _key(account_id: str, day: date) -> str:
    return f"digest:{token_hash(account_id)[:32]}:{day.isoformat()}"


def _is_written(session: Session, account_id: str, day: date) -> bool:
    """There is a letter for that day; what else would be due waits for the next."""
    return session.scalar(select(OutgoingMail.id).where(OutgoingMail.key == _key(account_id, day))) is not None


def _zone(account: Account, table: Table) -> ZoneInfo:
    return ZoneInfo(account.timezone or table.timezone)


def _due(account: Account, table: Table, now: datetime) -> tuple[datetime, date]:
    """When a letter written now may arrive, and which day that is where its reader lives."""
    zone = _zone(account, table)
    due_at = quiet.next_allowed(now, zone, from_hour=table.from_hour, until_hour=table.until_hour)
    return due_at, due_at.astimezone(zone).date()


def _rows_due(session: Session, account_id: str, day: date, zone: ZoneInfo) -> list[Following]:
    return [
        row
        for row in following.followed_by(session, account_id)
        if (day - row.last_told_at.astimezone(zone).date()).days >= rules.EVERY_DAYS.get(row.every, 7)
    ]


def _write(
    session: Session,
    account: Account,
    rows: Sequence[Following],
    table: Table,
    *,
    now: datetime,
    due_at: datetime,
    day: date,
) -> int:
    """One letter where there is something to tell; either way the next look begins here."""
    person = person_of(session, account)
    until = following.newest_seal(session)
    parts: list[Part] = []
    if person != ANYBODY:
        desk = table.desk_for(Viewer(layer=viewer_of(person).layer))
        for place, same in groupby(sorted(rows, key=lambda row: row.told_to), key=lambda row: row.told_to):
            told = news.since(session, place, until=until)
            parts += [part for row in same if (part := _part(row, told, desk, table)) is not None]
    for row in rows:
        row.told_to, row.last_told_at = until, due_at
    session.flush()
    if not parts:
        return 0
    _queue(session, account, parts, table, now=now, due_at=due_at, day=day)
    return 1


def _queue(
    session: Session,
    account: Account,
    parts: Sequence[Part],
    table: Table,
    *,
    now: datetime,
    due_at: datetime,
    day: date,
) -> None:
    token = following.token_of(following.followed_by(session, account.id), table.keys)
    base_url = table.base_url.rstrip("/")
    outbox.queue(
        session,
        "digest",
        to=account.email,
        key=_key(account.id, day),
        now=now,
        language=account.language,
        account_id=account.id,
        not_before=due_at,
        unsubscribe=f"{base_url}/unsubscribe/{token}",
        product="TRM Directory",
        name=account.name,
        parts=parts,
        count=len({(i.link, i.title, i.institution) for p in parts for i in p.items})
        + sum(p.more_count for p in parts),
        following_link=f"{base_url}/account/following",
        stop_link=f"{base_url}/unsubscribe/{token}",
    )


def _part(row: Following, told: News, desk: Desk, table: Table) -> Part | None:
    reading = table.read(row.filters)
    if reading is None:
        return None  # the taxonomy no longer knows one of its filters: leaving it out would widen it unseen
    base_url = table.base_url.rstrip("/")
    entries = changes.matching_entries(told.ids, reading, desk, desk.taxonomy)
    items = [_item(entry, told, base_url) for entry in entries]
    items += [item for gone in told.gone.values() if (item := _gone_item(gone, reading, desk, base_url)) is not None]
    if not items:
        return None
    listed = tuple(sorted(items, key=lambda item: (item.institution, item.title)))
    link = f"{base_url}/entries?{row.filters}"
    return Part(row.label, listed[:MOST_LISTED], max(0, len(listed) - MOST_LISTED), link)


def _item(entry: Entry, told: News, base_url: str) -> Item:
    what = "new" if entry.id in told.new else "vacant" if entry.is_vacant else "changed"
    return Item(what, entry.title, entry.institution.name, f"{base_url}/entries/{entry.id}")


def _gone_item(gone: Gone, reading: Reading, desk: Desk, base_url: str) -> Item | None:
    """Told where country and role fit; what else it answered for is forgotten. Where it went is shown as it is now."""
    if gone.redirect_id:
        found = changes.matching_entries([gone.redirect_id], reading, desk, desk.taxonomy)
        link = f"{base_url}/entries/{gone.redirect_id}"
        return Item("replaced", found[0].title, found[0].institution.name, link) if found else None
    country, house = news.country_of_house(desk.session, gone.institution_id)
    if not (reading.countries or reading.roles):
        return None
    if not gone.title or (reading.countries and country not in reading.countries):
        return None
    if reading.roles and gone.role not in reading.roles:
        return None
    return Item("removed", gone.title, house, "")
