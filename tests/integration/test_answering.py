"""Who may answer, once, however many press at the same moment; what a colleague says waits; keys may be rotated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from directory import migrations
from directory.accounts.models import Account, AccountGrant
from directory.accounts.vault import Vault
from directory.confirmations import answering, letters, links, rounds
from directory.confirmations.answering import AlreadyAnswered, Answerer, EntriesChanged, Given
from directory.confirmations.letters import Desk
from directory.confirmations.models import Asked, Check, ConfirmationLetter, ConfirmationRequest, Finding
from directory.confirmations.rounds import Day
from directory.confirmations.rules import Timeline
from directory.confirmations.snapshots import digest, load_posts, snapshot
from directory.db import make_engine, new_id, transaction
from directory.history.models import Change
from directory.proposals.models import Proposal
from directory.proposals.operations import NotAllowed
from directory.registry import operations as registry
from directory.registry.models import Appointment, Country, Post
from directory.sops import operations as sops
from directory.sops.models import TaxonomyVersion
from directory.sops.taxonomy import Taxonomy
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.postgres_server import fresh_database
from tests.web.asking import CODE, LINK, make_owner, newest

KEYS = ("k" * 40,)
TODAY, TIMES, AT_ONCE = NOW.date(), 100, 20
DAY = Day(NOW, TODAY, Timeline())


def desk(keys: tuple[str, ...] = KEYS) -> Desk:
    return Desk(Vault(keys), letters.code_key(keys), "https://directory.example.org", "Europe/Vienna")


def given(session: Session, post: Post, choice: str = "still_right", **more: object) -> Given:
    return Given(post.id, choice, digest(snapshot(load_posts(session, [post.id])[post.id], TODAY)), **more)  # type: ignore[arg-type]


def say(session: Session, account: Account, *answers: Given, method: str = "signed_in") -> answering.Answered:
    return answering.answer(session, Answerer(account, method), answers, now=NOW, today=TODAY)


def colleague(session: Session, post: Post, role: str) -> Account:
    account = Account(id=new_id(), email=f"{role}-{new_id()[:8]}@agency.example", name="Cora (demo)", created_at=NOW)
    account.grants = [
        AccountGrant(role=role, institution_id=post.institution_id, granted_at=NOW, granted_by="test")
        if role in {"deputy", "focal_point"}
        else AccountGrant(role=role, country_code="RO", granted_at=NOW, granted_by="test")
    ]
    session.add(account)
    session.flush()
    return account


# Who


@pytest.mark.parametrize(
    ("role", "may"), [("deputy", True), ("focal_point", True), ("coordinator", True), ("reader", False)]
)
def test_who_may_answer_besides_the_owner(session: Session, role: str, may: bool) -> None:
    post = make_post(session)
    make_owner(session, [post])
    account = colleague(session, post, role)
    if may:
        assert say(session, account, given(session, post)).confirmed == [post.id]
    else:
        with pytest.raises(NotAllowed):
            say(session, account, given(session, post))


def test_whoever_was_asked_may_answer_until_somebody_has(session: Session) -> None:
    post = make_post(session)
    owner = make_owner(session, [post])
    asked = colleague(session, post, "reader")
    with pytest.raises(NotAllowed):
        say(session, asked, given(session, post))
    rounds.ask_now(session, owner.id, DAY)
    request = session.scalars(select(ConfirmationRequest)).one()
    session.add(Asked(request_id=request.id, account_id=asked.id, as_whom="head", step="institution", since_on=TODAY))
    session.flush()
    assert say(session, asked, given(session, post)).confirmed == [post.id]
    with pytest.raises(AlreadyAnswered):
        say(session, asked, given(session, post))
    with pytest.raises(NotAllowed):
        answering.answer(
            session, Answerer(asked, "signed_in"), [given(session, post)], now=NOW + timedelta(days=2), today=TODAY
        )


def test_a_colleague_cannot_end_an_appointment_alone(session: Session) -> None:
    post = make_post(session)
    registry.appoint(session, post, "Hana Holder (demo)", by="test", now=NOW, from_on=TODAY - timedelta(days=90))
    session.flush()
    make_owner(session, [post])
    deputy = colleague(session, post, "deputy")
    say(session, deputy, given(session, post, "left"))
    appointment = session.scalars(select(Appointment).where(Appointment.post_id == post.id)).one()
    assert appointment.until_on is None
    proposal = session.scalars(select(Proposal).where(Proposal.subject_id == post.id)).one()
    assert (proposal.state, proposal.after["holder"]) == ("waiting", "")


def test_an_owner_ends_it_the_same_day(session: Session) -> None:
    post = make_post(session)
    registry.appoint(session, post, "Hana Holder (demo)", by="test", now=NOW, from_on=TODAY - timedelta(days=90))
    session.flush()
    owner = make_owner(session, [post])
    say(session, owner, given(session, post, "left"))
    appointment = session.scalars(select(Appointment).where(Appointment.post_id == post.id)).one()
    assert not appointment.covers(TODAY)
    assert [f.kind for f in session.scalars(select(Finding).where(Finding.post_id == post.id))] == ["left"]


def test_nothing_is_written_when_one_of_many_has_changed(session: Session) -> None:
    posts = [make_post(session, title=title) for title in ("Return desk", "Arrival desk")]
    owner = make_owner(session, posts)
    answers = [given(session, post) for post in posts]
    posts[1].title = "Desk for arrivals"
    session.flush()
    with pytest.raises(EntriesChanged) as changed:
        say(session, owner, *answers)
    assert changed.value.post_ids == (posts[1].id,)
    assert session.scalar(select(func.count(Check.id))) == 0


# Keys


def test_a_new_secret_key_in_front_voids_no_letter(session: Session) -> None:
    post = make_post(session, confirmed_days_ago=80)
    owner = make_owner(session, [post])
    rounds.ask_now(session, owner.id, DAY)
    rounds.take_steps(session, DAY)
    assert letters.write_letters(session, DAY, desk()) == 1
    mail = newest(session, owner.id, "confirm")
    token, code = LINK.search(mail.text)[1].rsplit("/", 1)[1], CODE.search(mail.text)[1]  # type: ignore[index]
    rotated = desk(("n" * 40, *KEYS))
    letter = links.read(session, token, vault=rotated.vault, now=NOW)
    assert links.check_code(session, letter, code, now=NOW, desk=rotated) == "right"
    with pytest.raises(links.DeadLetter, match="unknown"):
        links.read(session, token, vault=desk(("n" * 40,)).vault, now=NOW)


# At the same moment


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def open_engine(request: pytest.FixtureRequest, tmp_path: Path, taxonomy: Taxonomy) -> Iterator[Engine]:
    """A database in which things are really committed."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'parallel.sqlite'}", pool_size=AT_ONCE)
    else:
        url = fresh_database(request.getfixturevalue("postgres_url"), "answering_test")
        engine = make_engine(url, pool_size=AT_ONCE)
    migrations.upgrade(engine)
    with Session(engine) as session:
        if session.get(Country, "RO") is None:
            registry.ensure_countries(session, taxonomy.participating)
        if not session.scalar(select(func.count(TaxonomyVersion.id))):
            sops.put_in_force(session, taxonomy, by="test", now=NOW)
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def letter_of(open_engine: Engine) -> tuple[str, str]:
    """A letter that is out: its id, and the one entry it is about."""
    with Session(open_engine) as session:
        post = make_post(session, make_institution(session), confirmed_days_ago=80)
        owner = make_owner(session, [post])
        rounds.ask_now(session, owner.id, DAY)
        rounds.take_steps(session, DAY)
        letters.write_letters(session, DAY, desk())
        session.commit()
        letter = session.scalars(select(ConfirmationLetter).where(ConfirmationLetter.account_id == owner.id)).one()
        return letter.id, post.id


def presses(engine: Engine, press: Callable[[Session, Barrier], bool]) -> int:
    """So many press, twenty at the same moment each time; how many were taken."""
    start = Barrier(AT_ONCE)

    def one(_number: int) -> bool:
        start.wait()
        with Session(engine) as session:
            return press(session, start)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(one, range(TIMES)))


def events(engine: Engine, post_id: str) -> tuple[int, int]:
    """Lines of history that say it was answered, and proofs."""
    with Session(engine) as session:
        lines = select(func.count()).where(Change.action == "answered", Change.subject_id == post_id)
        return session.scalar(lines) or 0, session.scalar(select(func.count()).where(Check.post_id == post_id)) or 0


def answers_of(session: Session, letter_id: str) -> tuple[Account, list[Given]]:
    letter = session.get_one(ConfirmationLetter, letter_id)
    return session.get_one(Account, letter.account_id), [
        Given(entry.post_id, "still_right", entry.digest) for entry in letter.entries
    ]


def test_a_hundred_presses_are_one_answer(open_engine: Engine, letter_of: tuple[str, str]) -> None:
    letter_id, post_id = letter_of

    def press(session: Session, _start: Barrier) -> bool:
        try:
            with transaction(session):
                account, answers = answers_of(session, letter_id)
                answering.answer(session, Answerer(account, "letter"), answers, now=NOW, today=TODAY)
        except AlreadyAnswered:
            return False
        return True

    assert presses(open_engine, press) == 1
    assert events(open_engine, post_id) == (1, 1)


def test_control_looking_first_and_writing_then_lets_several_through(
    open_engine: Engine, letter_of: tuple[str, str]
) -> None:
    letter_id, post_id = letter_of

    def press(session: Session, start: Barrier) -> bool:
        account, answers = answers_of(session, letter_id)
        who = Answerer(account, "letter")
        post = load_posts(session, [post_id])[post_id]
        is_answered = answering._is_answered(session, post, who, NOW)
        session.rollback()
        start.wait()
        if is_answered:
            return False
        with transaction(session):
            post = load_posts(session, [post_id])[post_id]
            answering._take(session, who, answers[0], post, answering.Answered(), now=NOW, today=TODAY)
        return True

    assert presses(open_engine, press) > 1
    assert events(open_engine, post_id)[0] > 1
