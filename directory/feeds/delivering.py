"""Deliver to webhooks: at least once, in order, the same bytes at every try; after three days of failure it pauses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from directory.accounts.vault import Unreadable, Vault
from directory.db import new_id, transaction
from directory.feeds import ledger, rules, webhooks
from directory.feeds.ledger import Told
from directory.feeds.models import Webhook
from directory.feeds.posting import NotDelivered
from directory.mail import outbox

LEASE = timedelta(minutes=2)
PER_DELIVERY = 100
PER_RUN = 10  # deliveries to one webhook in one run: others wait behind it
Send = Callable[[str, bytes, Mapping[str, str]], int]
_LIVE = (Webhook.ended_at.is_(None), Webhook.paused_at.is_(None))


@dataclass(frozen=True, slots=True)
class Post:
    """What delivering needs besides the session: the site's address, keys, and how bytes leave."""

    base_url: str
    vault: Vault
    send: Send


@dataclass(frozen=True, slots=True)
class _Parcel:
    """What was claimed: bytes for one address, and whose turn it is."""

    webhook_id: str
    attempt: int
    url: str
    delivery_id: str
    body: bytes
    secret: str
    is_test: bool


def deliver(session: Session, post: Post, *, clock: Callable[[], datetime]) -> int:
    """Send what is due; returns how many deliveries arrived. Nothing is read or written where nobody listens."""
    if session.scalar(select(Webhook.id).where(*_LIVE).limit(1)) is None:
        return 0
    if ledger.is_behind(session):
        with transaction(session):
            ledger.bring_up_to_date(session, now=clock())
    arrived = 0
    for webhook_id in _due_ids(session, clock()):
        for _ in range(PER_RUN):
            with transaction(session):
                parcel = _claim(session, webhook_id, post, now=clock())
            if parcel is None or not _carry(session, parcel, post, clock):
                break
            arrived += 1
    return arrived


def _due_ids(session: Session, now: datetime) -> list[str]:
    has_news = or_(Webhook.pending != "", Webhook.is_test_wanted, Webhook.cursor < ledger.newest(session))
    due = select(Webhook.id).where(*_LIVE, Webhook.next_try_at <= now, has_news)
    return list(session.scalars(due.order_by(Webhook.next_try_at, Webhook.id)))


def _claim(session: Session, webhook_id: str, post: Post, *, now: datetime) -> _Parcel | None:
    """Take the next delivery of a webhook for as long as the lease; None where there is none, or another has it."""
    mine = session.execute(
        update(Webhook)
        .where(Webhook.id == webhook_id, *_LIVE)
        .where(Webhook.next_try_at <= now, or_(Webhook.lease_until.is_(None), Webhook.lease_until <= now))
        .values(attempt=Webhook.attempt + 1, lease_until=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    if not mine.rowcount:  # type: ignore[attr-defined]  # an UPDATE counts its rows
        return None
    webhook = session.get_one(Webhook, webhook_id, populate_existing=True)
    if not webhooks.may_go_on(session, webhook):
        webhook.ended_at, webhook.pending, webhook.lease_until = now, "", None
        return None
    body = _next_body(session, webhook, post.base_url)
    if not body:
        webhook.lease_until = None
        return None
    try:
        secret = post.vault.decrypt(webhook.secret, webhooks.PURPOSE).decode()
    except Unreadable:  # its key was taken out of the settings: nobody could check what we send
        webhook.ended_at, webhook.pending, webhook.last_status, webhook.lease_until = (
            now,
            "",
            "secret not readable",
            None,
        )
        return None
    is_test = not webhook.pending
    return _Parcel(
        webhook.id, webhook.attempt, webhook.url, json.loads(body)["delivery"], body.encode(), secret, is_test
    )


def _next_body(session: Session, webhook: Webhook, base_url: str) -> str:
    """What is still on its way, else the next changes, else the test that was asked for; empty for nothing."""
    if webhook.pending:
        return webhook.pending
    newest = ledger.newest(session)
    told = ledger.after(session, webhook.cursor, countries=webhook.countries, limit=PER_DELIVERY)
    if told:
        webhook.pending_cursor = told[-1].position
        webhook.pending = _body(new_id(), told, webhook.pending_cursor, base_url)
        return webhook.pending
    webhook.cursor = newest  # what lies between is of other countries
    return _body(new_id(), [], webhook.cursor, base_url) if webhook.is_test_wanted else ""


def _body(delivery_id: str, told: list[Told], cursor: int, base_url: str) -> str:
    """Only ids and instants: what the entry says now is asked for with a key, and given as that key may see it."""
    changes = [
        {
            "id": one.entry_id,
            "at": one.at.isoformat(),
            "what": "removed" if one.is_gone else "changed",
            "redirect": one.redirect_id,
            "url": f"{base_url.rstrip('/')}/api/v1/entries/{one.entry_id}",
        }
        for one in told
    ]
    return json.dumps({"delivery": delivery_id, "changes": changes, "cursor": cursor}, separators=(",", ":"))


def _carry(session: Session, parcel: _Parcel, post: Post, clock: Callable[[], datetime]) -> bool:
    """Send it outside any transaction, then say what came of it."""
    at = int(clock().timestamp())
    headers = {
        rules.SIGNATURE_HEADER: rules.signature(parcel.secret, parcel.body, at),
        "Directory-Delivery": parcel.delivery_id,
        "User-Agent": "TRM-Directory",
    }
    try:
        status, problem = post.send(parcel.url, parcel.body, headers), ""
    except NotDelivered as error:
        status, problem = 0, str(error)
    with transaction(session):
        webhook = session.get_one(Webhook, parcel.webhook_id, populate_existing=True, with_for_update=True)
        if webhook.attempt != parcel.attempt or webhook.ended_at is not None:
            return False  # the lease ran out, and another has taken it: it decides
        webhook.lease_until = None
        if problem:
            _note_failure(session, webhook, problem, post, now=clock())
        else:
            _note_arrival(webhook, parcel, status, now=clock())
    return not problem


def _note_arrival(webhook: Webhook, parcel: _Parcel, status: int, *, now: datetime) -> None:
    if not parcel.is_test:
        webhook.cursor, webhook.pending = webhook.pending_cursor, ""
    webhook.is_test_wanted = False
    webhook.failed_count, webhook.failing_since, webhook.next_try_at = 0, None, now
    webhook.last_ok_at, webhook.last_status = now, f"answered {status}"


def _note_failure(session: Session, webhook: Webhook, problem: str, post: Post, *, now: datetime) -> None:
    webhook.is_test_wanted = False
    webhook.failed_count, webhook.last_status = webhook.failed_count + 1, problem
    webhook.failing_since = webhook.failing_since or now
    webhook.next_try_at = now + rules.pause_after(webhook.failed_count)
    if now - webhook.failing_since < rules.GIVE_UP_AFTER:
        return
    webhook.paused_at = now
    outbox.queue(
        session,
        "webhook_paused",
        to=webhook.account.email,
        key=f"webhook_paused:{webhook.id}:{now.date().isoformat()}",
        now=now,
        language=webhook.account.language,
        account_id=webhook.account_id,
        product="TRM Directory",
        name=webhook.account.name,
        since=webhook.failing_since,
        link=f"{post.base_url.rstrip('/')}/account/webhooks",
    )
