"""Sessions end when they should, to the second, and nothing brings one back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts import sessions
from directory.accounts.models import Account, SignedInSession
from directory.accounts.people import rights
from tests.conftest import NOW
from tests.people import make_account

SECOND = timedelta(seconds=1)
COUNTRY = {"reader", "coordinator"}
ROLES = [role for role in rights().sessions if role not in {"focal_point", "deputy"}]


def account_of(session: Session, role: str | None) -> Account:
    member = make_account(session, f"S{role}", role)
    found = session.get(Account, member.id)
    assert found is not None
    return found


def opened(session: Session, account: Account, *, factor: bool = True) -> str:
    return sessions.open_session(session, account, device="Firefox", now=NOW, factor=factor)


@pytest.mark.parametrize("role", ROLES)
def test_idle_ends_to_the_second(session: Session, role: str) -> None:
    token = opened(session, account_of(session, role))
    idle = timedelta(minutes=rights().sessions[role]["idle"])
    assert sessions.find(session, token, now=NOW + idle - SECOND)
    assert sessions.find(session, token, now=NOW + idle)
    assert sessions.find(session, token, now=NOW + idle + SECOND) is None


@pytest.mark.parametrize("role", ROLES)
def test_the_whole_length_ends_to_the_second_however_busy(session: Session, role: str) -> None:
    token = opened(session, account_of(session, role))
    whole = timedelta(minutes=rights().sessions[role]["whole"])
    row = sessions.find(session, token, now=NOW)
    assert row is not None
    row.seen_at = NOW + whole - SECOND
    session.flush()
    assert sessions.find(session, token, now=NOW + whole)
    assert sessions.find(session, token, now=NOW + whole + SECOND) is None


def test_lengths_are_those_promised() -> None:
    table = rights().sessions
    assert {role for role, length in table.items() if length == {"idle": 480, "whole": 10080}} == {
        "reader", "focal_point", "deputy",
    }  # fmt: skip
    assert {role for role, length in table.items() if length == {"idle": 30, "whole": 720}} == {
        "coordinator", "secretariat", "admin", "auditor",
    }  # fmt: skip


def test_with_two_roles_and_with_none_the_strictest_counts(session: Session) -> None:
    from directory.accounts import invitations
    from tests.people import POST

    account = account_of(session, "reader")
    invitations.give(session, account, "coordinator", "RO", None, by="test", post=POST)
    assert sessions.lengths(session, account)[0] == timedelta(minutes=30)
    assert sessions.lengths(session, account_of(session, None))[0] == timedelta(minutes=30)


def test_half_signed_in_lasts_twenty_minutes(session: Session) -> None:
    token = opened(session, account_of(session, "reader"), factor=False)
    assert sessions.find(session, token, now=NOW + sessions.UNFINISHED)
    assert sessions.find(session, token, now=NOW + sessions.UNFINISHED + SECOND) is None


def test_a_factor_is_fresh_for_fifteen_minutes(session: Session) -> None:
    token = opened(session, account_of(session, "reader"))
    row = sessions.find(session, token, now=NOW)
    assert row is not None
    assert sessions.has_fresh_factor(row, NOW + timedelta(minutes=15))
    assert not sessions.has_fresh_factor(row, NOW + timedelta(minutes=15) + SECOND)


@pytest.mark.parametrize("state", ["frozen", "closed"])
def test_no_session_of_an_account_that_is_not_active(session: Session, state: str) -> None:
    account = account_of(session, "reader")
    token = opened(session, account)
    account.state = state
    session.flush()
    assert sessions.find(session, token, now=NOW) is None


def test_the_cookies_value_is_kept_nowhere(session: Session) -> None:
    token = opened(session, account_of(session, "reader"))
    assert len(token) >= 43, "256 bits"
    kept = session.scalars(select(SignedInSession)).one()
    assert token not in [str(getattr(kept, column.key)) for column in SignedInSession.__table__.columns if column.key]


def test_seen_is_written_at_most_once_a_minute(session: Session) -> None:
    token = opened(session, account_of(session, "reader"))
    row = sessions.find(session, token, now=NOW)
    assert row is not None
    assert not sessions.mark_seen(session, row, now=NOW + timedelta(seconds=59))
    assert sessions.mark_seen(session, row, now=NOW + timedelta(seconds=60))


def test_a_request_that_still_runs_does_not_revive_an_ended_session(session: Session) -> None:
    account = account_of(session, "reader")
    token = opened(session, account)
    row = sessions.find(session, token, now=NOW)
    assert row is not None, "a request has begun …"
    sessions.end_all(session, account.id, now=NOW)  # … another one ends all …
    later = NOW + timedelta(minutes=2)
    sessions.mark_seen(session, row, now=later)  # … and the first goes on
    with pytest.raises(sessions.SessionEnded):
        sessions.rotate(session, row, now=later, factor=True)
    session.expire_all()
    assert sessions.find(session, token, now=later) is None
    assert session.get(SignedInSession, row.id).seen_at == NOW  # type: ignore[union-attr]


def test_rotation_kills_the_old_value_at_once(session: Session) -> None:
    token = opened(session, account_of(session, "reader"))
    row = sessions.find(session, token, now=NOW)
    assert row is not None
    newer = sessions.rotate(session, row, now=NOW, factor=True)
    assert sessions.find(session, token, now=NOW) is None
    assert sessions.find(session, newer, now=NOW)
