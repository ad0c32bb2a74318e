"""How long asking for a way back in takes for whom: `python -m tests.proof.recovery_times`, run by `make proof`.

Nobody may learn from the clock whether an address has an account. 200 rounds, the order turning; medians within 25 %.
The control writes the letter while the page waits, and must be told apart.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time

import pytest
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.orm import Session

from directory.accounts import recovery
from directory.accounts.letters import Post
from directory.accounts.models import LimitCount
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.ports import FixedClock
from tests.conftest import NOW
from tests.people import make_account, token_in

ROUNDS, MOST = 200, 1.25
WHO = ("reader", "admin", "frozen", "nobody")


def medians(app: Flask) -> dict[str, float]:
    """Seconds until the page answers, by who asks."""
    taken: dict[str, list[float]] = {who: [] for who in WHO}
    client = app.test_client()
    token = token_in(client.get("/recover").text)
    for n in range(ROUNDS):
        _forget_limits(app)
        for who in WHO[n % 4 :] + WHO[: n % 4]:
            sent = {"csrf_token": token, "email": f"{who}@ministry.example"}
            network = {"REMOTE_ADDR": f"198.{n}.{WHO.index(who)}.1"}
            start = time.perf_counter()
            client.post("/recover", data=sent, environ_base=network)
            taken[who].append(time.perf_counter() - start)
    return {who: statistics.median(times) for who, times in taken.items()}


def _forget_limits(app: Flask) -> None:
    """Three letters in six hours are the most for an address; a refused asking would be all that is measured."""
    with app.app_context():
        database.session.execute(delete(LimitCount))
        database.session.commit()


def _write_at_once(session: Session, email: str, *, now: object) -> None:
    if (account := recovery.account_by_email(session, email)) and account.state == "active":
        recovery.send_link(session, account, post=Post("http://127.0.0.1:8000", NOW))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            read_settings({"DIRECTORY_DATA_DIR": folder, "DIRECTORY_PASSWORD_COST": "test"})[0], clock=FixedClock(NOW)
        )
        with app.app_context():
            prepare(app)
            for who in WHO[:3]:
                state = "frozen" if who == "frozen" else "active"
                make_account(database.session(), who, vault=app.extensions["vault"], state=state)
            database.session.commit()
        found = medians(app)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(recovery, "ask", _write_at_once)
            control = medians(app)
        with app.app_context():
            database.engine.dispose()
    for name, each in (("asking", found), ("control: written at once", control)):
        ratio = max(each.values()) / min(each.values())
        print(f"{name}: longest {ratio:.2f} × shortest; ms", {who: round(1000 * s, 2) for who, s in each.items()})
    holds = max(found.values()) <= MOST * min(found.values()) and max(control.values()) > MOST * min(control.values())
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
