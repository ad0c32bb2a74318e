"""A code is accepted once: typed twice, typed differently, at both edges of the window, by twenty at one moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from directory.accounts import factors
from directory.accounts.models import Account, AccountGrant, RecoveryCode, TotpFactor
from directory.db import make_engine, transaction
from tests.conftest import NOW
from tests.people import SECRET, VAULT, Member, code_at, make_account

STEP = timedelta(seconds=factors.STEP_SECONDS)
DISGUISES = [
    lambda code: code,
    lambda code: f" {code[:3]} {code[3:]} ",
    lambda code: f"{code[:3]}-{code[3:]}",
    lambda code: code.translate({48 + d: 0xFF10 + d for d in range(10)}),
    lambda code: code.translate({48 + d: 0x0660 + d for d in range(10)}),
    "\u200b".join,
]
TOGETHER = 20


def accept(session: Session, member: Member, code: str, *, at=NOW) -> bool:  # type: ignore[no-untyped-def]
    return factors.accept_totp(session, member.id, code, VAULT, now=at)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_one_code_is_one_acceptance_however_it_is_typed(
    session: Session, disguise: Callable[[str], str], steps: int
) -> None:
    member = make_account(session)
    code = code_at(NOW, steps=steps)
    tries = [disguise(code), code, *(other(code) for other in DISGUISES)]
    assert [accept(session, member, one) for one in tries] == [True, *([False] * (len(tries) - 1))]


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_used_code_stays_used_for_as_long_as_it_would_be_in_the_window(session: Session, steps: int) -> None:
    member = make_account(session)
    code = code_at(NOW, steps=steps)
    assert accept(session, member, code)
    moments = [NOW + n * STEP / 3 for n in range(-9, 10)]
    assert not any(accept(session, member, code, at=moment) for moment in moments)


def test_control_the_code_alone_would_be_right_again(session: Session) -> None:
    member = make_account(session)
    code = code_at(NOW)
    assert accept(session, member, code)
    factor = session.get(TotpFactor, member.id)
    assert factor is not None
    factor.last_step = 0  # without the memory of the last step …
    session.flush()
    assert accept(session, member, code), "… the replay is accepted: the memory is what stops it"


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_codes_outside_the_window_are_refused(session: Session, steps: int) -> None:
    assert not accept(session, make_account(session), code_at(NOW, steps=steps))


def test_an_older_code_is_refused_after_a_newer_one(session: Session) -> None:
    member = make_account(session)
    assert accept(session, member, code_at(NOW))
    assert not accept(session, member, code_at(NOW, steps=-1))
    assert accept(session, member, code_at(NOW, steps=1))


def test_a_new_app_counts_only_after_its_first_code(session: Session) -> None:
    member = make_account(session)
    account = session.get(Account, member.id)
    assert account is not None
    secret = factors.begin_totp(session, account, VAULT)
    assert accept(session, member, code_at(NOW, SECRET)), "until then the old app stands"
    assert not accept(session, member, code_at(NOW, secret, steps=1))
    assert not factors.confirm_totp(session, member.id, "000000", VAULT, now=NOW)
    first = code_at(NOW, secret)
    assert factors.confirm_totp(session, member.id, first, VAULT, now=NOW)
    assert not accept(session, member, first), "the first code is used up by the proof"
    assert not accept(session, member, code_at(NOW, SECRET, steps=1)), "the old app is gone"
    assert accept(session, member, code_at(NOW, secret, steps=1))


def test_the_secret_is_not_kept_in_the_clear(session: Session) -> None:
    member = make_account(session)
    kept = session.scalars(select(TotpFactor.secret).where(TotpFactor.account_id == member.id)).one()
    assert kept
    assert SECRET.encode() not in kept


def test_recovery_codes_work_once_each_and_only_for_their_owner(session: Session) -> None:
    member, other = make_account(session, "Ana"), make_account(session, "Ion")
    codes = factors.new_recovery_codes(session, member.id)
    assert len(set(codes)) == factors.CODES
    kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not set(codes) & set(kept)
    assert not factors.accept_recovery_code(session, other.id, codes[0], now=NOW)
    typed = codes[0].upper().replace("-", " ")
    assert factors.accept_recovery_code(session, member.id, typed, now=NOW)
    assert not factors.accept_recovery_code(session, member.id, codes[0], now=NOW)
    assert factors.codes_left(session, member.id) == factors.CODES - 1
    factors.new_recovery_codes(session, member.id)
    assert not factors.accept_recovery_code(session, member.id, codes[1], now=NOW), "new codes end the old ones"


@pytest.fixture
def committed(engine: Engine) -> Iterator[tuple[Engine, Member, str]]:
    """An account that other connections see, with one recovery code to fight for; gone afterwards."""
    with Session(engine) as session, transaction(session):
        member = make_account(session, "Parallel")
        code = factors.new_recovery_codes(session, member.id)[0]
    yield engine, member, code
    with Session(engine) as session, transaction(session):
        for model in (RecoveryCode, TotpFactor, AccountGrant):
            session.execute(delete(model).where(model.account_id == member.id))
        session.execute(delete(Account).where(Account.id == member.id))


def together(engine: Engine, attempt: Callable[[Session], bool]) -> int:
    """How many of twenty that begin at the same moment succeed."""
    results: list[bool] = []
    gate = threading.Barrier(TOGETHER)
    own = make_engine(engine.url, pool_size=TOGETHER)  # a connection for each

    def run() -> None:
        with Session(own) as session:
            gate.wait(30)
            with transaction(session):
                done = attempt(session)
            results.append(done)

    threads = [threading.Thread(target=run) for _ in range(TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own.dispose()
    assert len(results) == TOGETHER
    return sum(results)


def test_of_twenty_with_the_same_code_one_gets_in(committed: tuple[Engine, Member, str]) -> None:
    engine, member, paper = committed
    code = code_at(NOW)
    assert together(engine, lambda s: factors.accept_totp(s, member.id, code, VAULT, now=NOW)) == 1
    assert together(engine, lambda s: factors.accept_recovery_code(s, member.id, paper, now=NOW)) == 1


@pytest.mark.postgres
def test_control_look_then_mark_lets_several_in(postgres_engine: Engine) -> None:
    """The same race with a check before the write instead of inside it: the test can see the mistake."""
    with Session(postgres_engine) as session, transaction(session):
        member = make_account(session, "Careless")
    gate = threading.Barrier(TOGETHER)

    def careless(session: Session) -> bool:
        factor = session.get(TotpFactor, member.id)
        assert factor is not None
        fresh = factor.last_step < 1
        gate.wait(30)
        factor.last_step = 1
        return fresh

    try:
        assert together(postgres_engine, careless) > 1
    finally:
        with Session(postgres_engine) as session, transaction(session):
            for model in (TotpFactor, AccountGrant):
                session.execute(delete(model).where(model.account_id == member.id))
            session.execute(delete(Account).where(Account.id == member.id))
