"""Addresses nothing links to: whoever gets there is trying doors. Never a fake contact, only a bell behind the door."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from directory.accounts import quotas
from directory.history.access import Asker, raise_alarm
from directory.history.models import Alarm

# Named only in robots.txt, as closed: somebody who goes there read it as a list of doors.
CLOSED_PATHS = ("/internal/", "/entries/all", "/export/full", "/api/v1/dump")
LAST_PAGE = 500  # no page links to a later one
UNKNOWN_IDS = 5  # a day: an old link or two is no attack, the ids are too long to be typed wrong so often
BAD_CURSORS = 5
WRONG_KEYS = 5


def robots_txt() -> str:
    """What crawlers are asked to leave alone."""
    lines = [f"Disallow: {path}" for path in (*CLOSED_PATHS, "/entries?", "/api/", "/sign-in", "/account")]
    return "\n".join(["User-agent: *", *lines, ""])


def is_closed(path: str) -> bool:
    """Nothing links there."""
    return any(path == closed.rstrip("/") or path.startswith(f"{closed.rstrip('/')}/") for closed in CLOSED_PATHS)


def stepped_on(session: Session, asker: Asker, kind: str, *, note: str, now: datetime) -> Alarm:
    """Somebody was where only trying leads: an alarm, one an hour with its count."""
    country = quotas.country_of(session, asker.account_id)
    return raise_alarm(session, kind, asker=asker, country=country, note=note, now=now)


def tried(session: Session, asker: Asker, kind: str, thing: str, *, most: int, now: datetime) -> Alarm | None:
    """A single try may be a mistake; from the `most`-th of a day on it is an alarm."""
    quotas.use(session, asker, kind, [thing[:40]], limit=10**9, now=now)
    count = quotas.used(session, asker, kind, now=now)
    if count < most:
        return None
    return stepped_on(session, asker, f"trap_{kind}", note=f"{count} today", now=now)
