"""`flask mail …`: returned letters that the circuit breaker holds, by mail domain; let count, set aside, put back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.orm import Session

from directory.accounts.grounds import EVERYWHERE
from directory.app import database
from directory.confirmations import held_reports
from directory.confirmations.held_reports import HeldDomain
from directory.db import transaction
from directory.mail import holding
from directory.site import Site

BY = "console"
WORDS = {
    "count": "count: their entries are marked, deputies and focal points are asked",
    "set_aside": "are set aside: nobody is marked; --put-back takes it back for thirty days",
    "put_back": "are held again",
}
mail_commands = AppGroup("mail", help="Mail: what came back and is held.")


@mail_commands.command("held")
@click.option("--count", "count", metavar="DOMAIN", help="They count after all: people are marked as gone.")
@click.option("--set-aside", "set_aside", metavar="DOMAIN", help="They mean nothing: nobody is marked.")
@click.option("--put-back", "put_back", metavar="DOMAIN", help="Hold again what was set aside within thirty days.")
@click.option("--commit", is_flag=True, help="Do it; without this only say what would change.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def held(*, count: str | None, set_aside: str | None, put_back: str | None, commit: bool, as_json: bool) -> None:
    """List returned letters that wait for a person, by mail domain; decide about one domain."""
    chosen = {key: d for key, d in (("count", count), ("set_aside", set_aside), ("put_back", put_back)) if d}
    if len(chosen) > 1 or (commit and not chosen):
        raise click.UsageError("Give one of --count, --set-aside and --put-back with a domain; --commit belongs to it.")
    session, now = database.session(), _site().now()
    if not chosen:
        click.echo(_listed(held_reports.held(session, EVERYWHERE), as_json=as_json))
        return
    ((choice, domain),) = chosen.items()
    click.echo(_decided(session, choice, domain.lower(), now=now, commit=commit, as_json=as_json))


def _decided(session: Session, choice: str, domain: str, *, now: datetime, commit: bool, as_json: bool) -> str:
    """Carry it out, or say what would be. Raises ClickException where nothing of that domain waits."""
    verbs: dict[str, Callable[..., int]] = {
        "count": holding.release,
        "set_aside": holding.dismiss,
        "put_back": holding.hold_again,
    }
    with transaction(session):
        ids = _ids(session, choice, domain, now)
        if not ids:
            what = "set aside within thirty days" if choice == "put_back" else "held"
            raise click.ClickException(f"No report about {domain} is {what}. What is held: flask mail held")
        done = verbs[choice](session, ids, by=BY, now=now) if commit else len(ids)
    if as_json:
        return json.dumps({"decision": choice, "domain": domain, "reports": done, "committed": commit})
    said = f"{done} {'report' if done == 1 else 'reports'} about {domain} {WORDS[choice]}."
    return said if commit else f"{said}\nNothing was changed. To do it: add --commit"


def _ids(session: Session, choice: str, domain: str, now: datetime) -> Collection[str]:
    found = (
        held_reports.set_aside(session, EVERYWHERE, now=now)
        if choice == "put_back"
        else held_reports.held(session, EVERYWHERE)
    )
    return [one_id for one in found if one.domain == domain for one_id in one.ids]


def _listed(domains: Sequence[HeldDomain], *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"held": [_shape(one) for one in domains]})
    if not domains:
        return "Nothing is held: letters that come back count by themselves."
    total, width = sum(len(one.reports) for one in domains), max(len(one.domain) for one in domains)
    rows = [
        f"  {one.domain:<{width}}  {len(one.reports):>5}  since {one.since_at:%Y-%m-%d %H:%M} UTC" for one in domains
    ]
    head = f"{total} returned {'letter is' if total == 1 else 'letters are'} held. Nobody is marked."
    reasons = dict.fromkeys(reason for one in domains for reason in one.reasons)
    why = [f"Why: {reason}" for reason in reasons]
    return "\n".join([head, "", *rows, "", *why, "To decide: flask mail held --count DOMAIN, or --set-aside DOMAIN"])


def _shape(one: HeldDomain) -> dict[str, object]:
    return {
        "domain": one.domain,
        "reports": len(one.reports),
        "since": one.since_at.isoformat(),
        "because": one.reasons,
    }


def _site() -> Site:
    site: Site = current_app.extensions["site"]
    return site
