"""A day's quota holds across connections; twice the same is once; three times the norm freezes; no alarm is lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.accounts import api_keys, quotas, sessions, traps
from directory.accounts.models import Account, AccountGrant, LimitCount
from directory.accounts.people import person_of
from directory.db import new_id, transaction
from directory.history import access
from directory.history.access import Asker, record_access
from directory.history.models import AccessRecord, Alarm, Change, UsedToday
from tests.conftest import NOW
from tests.factories import make_post

TOMORROW = NOW + timedelta(days=1)


def make_reader(session: Session, country: str = "RO") -> Account:
    account = Account(id=new_id(), email=f"{new_id()[:8]}@reader.example", name="A reader", created_at=NOW)
    account.grants = [AccountGrant(role="reader", country_code=country, granted_at=NOW, granted_by="test")]
    session.add(account)
    session.flush()
    return account


def ids(count: int) -> list[str]:
    return [new_id() for _ in range(count)]


def alarms(session: Session) -> list[tuple[str, int]]:
    return [(a.kind, a.count) for a in session.scalars(select(Alarm).order_by(Alarm.at, Alarm.kind))]


def test_the_same_entry_twice_counts_once_and_tomorrow_is_a_new_day(session: Session) -> None:
    asker, things = Asker(network="n"), ids(3)
    assert quotas.use(session, asker, "view", things, limit=3, now=NOW).is_given
    assert quotas.use(session, asker, "view", things, limit=3, now=NOW) == quotas.Used(is_given=True, new=(), asked=0)
    assert not quotas.use(session, asker, "view", ids(1), limit=3, now=NOW).is_given
    assert quotas.use(session, asker, "view", things, limit=3, now=NOW).is_given, "what was given stays given"
    assert quotas.use(session, asker, "view", ids(3), limit=3, now=TOMORROW).is_given
    assert quotas.used(session, asker, "view", now=NOW) == 3


def test_all_or_nothing(session: Session) -> None:
    asker = Asker(network="n")
    assert not quotas.use(session, asker, "view", ids(4), limit=3, now=NOW).is_given
    assert quotas.used(session, asker, "view", now=NOW) == 0
    assert quotas.use(session, asker, "view", ids(3), limit=3, now=NOW).is_given


def test_accounts_networks_and_kinds_are_counted_apart(session: Session) -> None:
    quotas.use(session, Asker(network="n"), "view", ids(3), limit=3, now=NOW)
    assert quotas.use(session, Asker(network="m"), "view", ids(3), limit=3, now=NOW).is_given
    assert quotas.use(session, Asker(account_id=new_id(), network="n"), "view", ids(3), limit=3, now=NOW).is_given
    assert quotas.use(session, Asker(network="n"), "reveal", ids(3), limit=3, now=NOW).is_given


def test_a_key_and_a_session_of_one_account_share_one_quota(session: Session) -> None:
    account = new_id()
    assert quotas.use(session, Asker(account_id=account), "view", ids(2), limit=3, now=NOW).is_given
    with_key = Asker(account_id=account, api_key_id=new_id())
    assert not quotas.use(session, with_key, "view", ids(2), limit=3, now=NOW).is_given


def test_over_the_quota_an_alarm_at_three_times_the_norm_the_account_is_frozen(session: Session) -> None:
    account = make_reader(session)
    token = sessions.open_session(session, account, device="d", now=NOW, factor=True)
    person = person_of(session, account)
    _, key = api_keys.make_key(
        session, account.id, name="k", scopes=["read:registered"], days=30, person=person, now=NOW
    )
    asker = Asker(account_id=account.id)
    quotas.use(session, asker, "reveal", ids(40), limit=40, now=NOW)
    assert alarms(session) == []
    for _ in range(79):
        quotas.use(session, asker, "reveal", ids(1), limit=40, now=NOW)
    assert account.state == "active"
    assert alarms(session) == [("quota_reveal", 79)]
    quotas.use(session, asker, "reveal", ids(1), limit=40, now=NOW)
    session.refresh(account)
    assert account.state == "frozen"
    assert ("harvest_reveal", 1) in alarms(session)
    assert sessions.find(session, token, now=NOW) is None
    assert api_keys.find(session, key, now=NOW) is None
    assert session.scalars(select(Alarm.country_code)).all() == ["RO", "RO"]
    line = session.scalars(
        select(Change).where(Change.subject_id == account.id, Change.action == "account_frozen")
    ).one()
    assert "120 asked for in one day" in line.reason


def test_the_control_below_the_norm_nobody_is_frozen(session: Session) -> None:
    account = make_reader(session)
    for _ in range(119):
        quotas.use(session, Asker(account_id=account.id), "reveal", ids(1), limit=40, now=NOW)
    session.refresh(account)
    assert account.state == "active"


def test_own_reveals_are_never_refused_but_a_flood_of_them_freezes(session: Session) -> None:
    account = make_reader(session)
    asker = Asker(account_id=account.id)
    for _ in range(119):
        assert quotas.use(session, asker, "reveal_own", ids(1), limit=40, now=NOW, refuses=False).is_given
    assert account.state == "active"
    quotas.use(session, asker, "reveal_own", ids(1), limit=40, now=NOW, refuses=False)
    session.refresh(account)
    assert account.state == "frozen"


def test_a_harvester_with_four_workers_gets_the_quota_and_no_more(engine: Engine) -> None:
    """Committed, in parallel, on connections of their own: what is given in all is exactly the quota."""
    asker, given, tries = Asker(network=f"x{new_id()[:8]}"), [], 25
    lock = threading.Lock()

    def work() -> None:
        for _ in range(tries):
            with Session(engine) as own, transaction(own):
                used = quotas.use(own, asker, "view", ids(1), limit=40, now=NOW)
            with lock:
                given.append(used.is_given)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (len(given), sum(given)) == (100, 40)
    with Session(engine) as own:
        for table, column in ((UsedToday, UsedToday.who), (Alarm, Alarm.who)):
            own.query(table).filter(column == asker.who).delete()
        own.query(LimitCount).filter(LimitCount.key.contains(asker.who)).delete(synchronize_session=False)
        own.commit()


def test_the_control_counting_without_the_condition_gives_more(session: Session) -> None:
    asker = Asker(network="n")
    given = [quotas.use(session, asker, "view", ids(1), limit=40, now=NOW, refuses=False).is_given for _ in range(100)]
    assert sum(given) == 100


def test_a_step_where_nothing_leads_is_one_alarm_an_hour_with_its_count(session: Session) -> None:
    asker = Asker(network="n")
    for minutes in (0, 10, 50):
        traps.stepped_on(session, asker, "trap_door", note="x", now=NOW + timedelta(minutes=minutes))
    assert alarms(session) == [("trap_door", 3)]
    traps.stepped_on(session, asker, "trap_door", note="x", now=NOW + timedelta(minutes=61))
    traps.stepped_on(session, Asker(network="m"), "trap_door", note="x", now=NOW)
    assert sorted(alarms(session)) == [("trap_door", 1), ("trap_door", 1), ("trap_door", 3)]


def test_one_wrong_id_is_a_mistake_five_are_an_alarm(session: Session) -> None:
    asker, same = Asker(network="n"), new_id()
    for _ in range(10):
        assert traps.tried(session, asker, "id", same, most=5, now=NOW) is None
    for wrong in ids(3):
        assert traps.tried(session, asker, "id", wrong, most=5, now=NOW) is None
    assert traps.tried(session, asker, "id", new_id(), most=5, now=NOW) is not None


@pytest.mark.parametrize(
    ("path", "closed"),
    [
        ("/internal", True),
        ("/internal/users", True),
        ("/entries/all", True),
        ("/entries", False),
        ("/internals", False),
    ],
)
def test_which_doors_are_closed(path: str, *, closed: bool) -> None:
    assert traps.is_closed(path) is closed


def test_an_export_logs_exactly_what_was_delivered_and_is_under_the_chain(session: Session) -> None:
    posts = [make_post(session).id for _ in range(3)]
    record = record_access(
        session, "export", posts, asker=Asker(network="n"), path="csv", now=NOW, filters="country=RO"
    )
    assert record.entry_count == len(record.items) == 3
    assert record.account_id is None
    line = session.scalars(select(Change).where(Change.subject_id == record.id)).one()
    assert line.by == "visitor"
    assert line.after is not None
    assert line.after["digest"] == access.digest_of(posts)


def test_networks_views_and_the_rest_are_kept_so_long_and_no_longer(session: Session) -> None:
    post = make_post(session).id
    for kind in ("view", "export"):
        for days in (5, 40, 95, 401):
            at = NOW - timedelta(days=days)
            record_access(session, kind, [post], asker=Asker(network="n"), path="csv", now=at)
    session.flush()
    access.forget_old(session, now=NOW)
    session.expire_all()
    rows = session.scalars(select(AccessRecord).order_by(AccessRecord.kind, AccessRecord.at.desc())).all()
    left = [(row.kind, (NOW - row.at).days, bool(row.network)) for row in rows]
    assert left == [
        ("export", 5, True), ("export", 40, False), ("export", 95, False), ("view", 5, True), ("view", 40, False),
    ]  # fmt: skip
