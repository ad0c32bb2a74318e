"""Webhooks made, tried, started again and ended by whoever owns them; the secret is shown once and kept encrypted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.people import person_of, rights
from directory.accounts.policy import ANYBODY, Person, Subject
from directory.accounts.vault import Vault
from directory.feeds import ledger, rules
from directory.feeds.models import Webhook
from directory.feeds.rules import Allowed, BadAddress
from directory.history import operations as history
from directory.registry import countries as known

RIGHT = "make_api_key"
PURPOSE = "webhook"


class BadWebhook(Exception):
    """A webhook that cannot be made; the message says why."""


class NoSuchWebhook(Exception):
    """No webhook of this account has that id. Somebody else's answers the same."""


def make(
    session: Session,
    account_id: str,
    *,
    url: str,
    countries: Collection[str],
    person: Person,
    allowed: Allowed,
    vault: Vault,
    now: datetime,
) -> tuple[Webhook, str]:
    """A new webhook and its secret, told of what changes from now on. The edge has seen to the fresh factor.

    Raises BadWebhook.
    """
    if rights().may(person, RIGHT, Subject(account_id=account_id)) == "no":
        raise BadWebhook("Your role makes no webhooks.")
    if len(webhooks_of(session, account_id)) >= rules.MOST_WEBHOOKS:
        raise BadWebhook(f"You have {rules.MOST_WEBHOOKS} webhooks already; end one you do not use.")
    if not set(countries) <= set(known.codes()):
        raise BadWebhook("One of the countries is not known.")
    try:
        rules.target_of(url.strip(), allowed)
    except BadAddress as error:
        raise BadWebhook(str(error)) from error
    ledger.bring_up_to_date(session, now=now)
    secret = rules.new_secret()
    webhook = Webhook(
        account_id=account_id,
        url=url.strip(),
        secret=vault.encrypt(secret.encode(), PURPOSE),
        countries=sorted(set(countries)),
        created_at=now,
        cursor=ledger.newest(session),
        next_try_at=now,
    )
    session.add(webhook)
    session.flush()
    _record(session, "make_webhook", webhook, now=now)
    return webhook, secret


def webhooks_of(session: Session, account_id: str) -> list[Webhook]:
    """The account's webhooks that have not ended, newest first."""
    own = select(Webhook).where(Webhook.account_id == account_id, Webhook.ended_at.is_(None))
    return list(session.scalars(own.order_by(Webhook.created_at.desc(), Webhook.id)))


def end(session: Session, account_id: str, webhook_id: str, *, now: datetime) -> None:
    """Nothing is sent there any more. Raises NoSuchWebhook."""
    webhook = _one_of(session, account_id, webhook_id)
    webhook.ended_at, webhook.pending = now, ""
    session.flush()
    _record(session, "end_webhook", webhook, now=now)


def try_it(session: Session, account_id: str, webhook_id: str, *, now: datetime) -> None:
    """Send a delivery without changes, within seconds. Raises NoSuchWebhook."""
    webhook = _one_of(session, account_id, webhook_id)
    webhook.is_test_wanted, webhook.next_try_at = True, now
    session.flush()


def start_again(session: Session, account_id: str, webhook_id: str, *, now: datetime) -> None:
    """A paused webhook goes on where it stopped. Raises NoSuchWebhook."""
    webhook = _one_of(session, account_id, webhook_id)
    webhook.paused_at = webhook.failing_since = None
    webhook.failed_count, webhook.next_try_at = 0, now
    session.flush()
    _record(session, "start_webhook_again", webhook, now=now)


def may_go_on(session: Session, webhook: Webhook) -> bool:
    """Its account is active and may still make keys."""
    person = person_of(session, webhook.account)
    if person == ANYBODY or not person.grants:
        return False
    return rights().may(person, RIGHT, Subject(account_id=webhook.account_id)) != "no"


def _one_of(session: Session, account_id: str, webhook_id: str) -> Webhook:
    found = next((one for one in webhooks_of(session, account_id) if one.id == webhook_id), None)
    if found is None:
        raise NoSuchWebhook
    return found


def _record(session: Session, action: str, webhook: Webhook, *, now: datetime) -> None:
    told = {"webhook": webhook.id, "countries": list(webhook.countries)}
    history.record_own(session, action, webhook.account_id, now=now, after=told)
