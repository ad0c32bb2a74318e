"""What comes back is stored once, tied to its letter only by our own signature, and held where it is too much."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from directory.accounts.grounds import EVERYWHERE, Ground
from directory.confirmations import held_reports
from directory.db import new_id, transaction
from directory.history.models import Alarm, Change
from directory.mail import holding, outbox, queries, receiving
from directory.mail.adapters import Envelope, MemoryMailer, Refused
from directory.mail.breaker import Limits
from directory.mail.message import Sender
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.mail.received.mailbox import Arrived, MailboxAway, MemoryMailbox
from directory.mail.received.slip import Reader
from directory.mail.return_address import ReturnAddresses
from directory.mail.sending import send_due
from tests.conftest import NOW
from tests.mail_samples import OWN_ADDRESS, sample

RETURNS = ReturnAddresses("bounce@directory.example", (b"k" * 32,))
FORGER = ReturnAddresses("bounce@directory.example", (b"x" * 32,))
SENDER = Sender("TRM Directory", OWN_ADDRESS, "directory.example", RETURNS)
READER = Reader(RETURNS, "directory.example", (OWN_ADDRESS,))
WORDS = {"product": "TRM Directory", "name": "Ana", "base_url": "https://example.org", "at": NOW}
TODAY = date(2026, 11, 24)
SAMPLE_ADDRESS = re.compile(rb"bounce\+[a-z2-7]{26}\.[a-z]{16}@directory\.example")


@pytest.fixture
def box(engine: Engine) -> Iterator[Session]:
    """A session that commits; the tables are emptied afterwards."""
    with Session(engine) as session:
        yield session
        with transaction(session):
            for model in (ReceivedMail, OutgoingMail, Alarm):
                session.execute(delete(model))


def sent(session: Session, *addresses: str, at: datetime = NOW) -> dict[str, str]:
    """Letters that went out to these; returns their ids."""
    letters = {to: new_id() for to in addresses}
    with transaction(session):
        for to, mail_id in letters.items():
            session.add(
                OutgoingMail(
                    id=mail_id, key=mail_id, letter="left_told", to=to, domain=outbox.domain_of(to), subject="", text="", html="",
                    queued_at=at, due_at=at, state="sent", transmission_count=1, taken_at=at, sent_at=at,
                )
            )  # fmt: skip
    return letters


def report(mail_id: str, name: str = "hard_exim_unknown", returns: ReturnAddresses = RETURNS, n: int = 0) -> bytes:
    """A report that a server sends to the letter's return address."""
    content = SAMPLE_ADDRESS.sub(returns.of(mail_id).encode(), sample(name))
    return content.replace(b"Message-ID: <", f"Message-ID: <{n}".encode(), 1)


def run(session: Session, *messages: bytes, now: datetime = NOW, **more: object) -> receiving.Received:
    return receiving.receive(session, MemoryMailbox(list(messages)), READER, now=now, today=TODAY, **more)  # type: ignore[arg-type]


def stored(session: Session) -> list[ReceivedMail]:
    session.rollback()
    return list(session.scalars(select(ReceivedMail).order_by(ReceivedMail.received_at, ReceivedMail.kind)))


def test_a_report_is_tied_to_its_letter(box: Session) -> None:
    mail_id = sent(box, "ana@ministry.example")["ana@ministry.example"]
    assert run(box, report(mail_id)).counts == {"new": 1}
    (row,) = stored(box)
    assert (row.kind, row.state, row.outgoing_mail_id, row.domain) == ("hard", "new", mail_id, "ministry.example")
    assert (row.status, row.recipient) == ("5.1.1", "ana@ministry.example")
    assert "User unknown" in row.evidence


def test_the_letter_went_out_with_its_return_address_and_hides_it_from_readers(box: Session) -> None:
    mailer = MemoryMailer()
    with transaction(box):
        row = outbox.queue(
            box, "left_told", to="ana@ministry.example", key="k", now=NOW, title="T", institution="I", link="x", **WORDS
        )  # type: ignore[arg-type]
    mail_id = row.id
    send_due(box, mailer, SENDER, now=NOW)
    (envelope,) = mailer.sent
    assert envelope.sender == RETURNS.of(mail_id)
    assert b"bounce+" not in envelope.content


@pytest.mark.slow
def test_a_thousand_forged_old_and_replayed_reports_tie_to_nothing(box: Session) -> None:
    random = Random(23)
    old = sent(box, *(f"old{n}@ministry{n}.example" for n in range(10)), at=NOW - timedelta(days=15))
    fresh = sent(box, *(f"new{n}@ministry{n}.example" for n in range(10)))
    with transaction(box):
        unsent = outbox.queue(
            box, "left_told", to="not@yet.example", key="u", now=NOW, title="T", institution="I", link="x", **WORDS
        ).id  # type: ignore[arg-type]
    true = [report(mail_id, n=n) for n, mail_id in enumerate(fresh.values())]
    assert run(box, *true).counts == {"new": 10}, "the control: true reports count"

    def bad(n: int) -> bytes:
        mail_id = random.choice(list(fresh.values()))
        return [
            lambda: report(mail_id, returns=FORGER, n=n),
            lambda: report(str(uuid4()), n=n),
            lambda: report(random.choice(list(old.values())), n=n),
            lambda: report(unsent, n=n),
            lambda: report(mail_id, n=n),
            lambda: report(mail_id).replace(RETURNS.of(mail_id).encode(), OWN_ADDRESS.encode()) + b"%d\n" % n,
            lambda: report(mail_id, n=n).replace(b"bounce+", b"bounce+a"),
        ][n % 7]()

    messages = [bad(n) for n in range(1000)]
    done = run(box, *messages, limit=2000)
    assert done.counts == {"ignored": 1000}
    counted = box.scalars(select(ReceivedMail).where(ReceivedMail.state != "ignored")).all()
    assert len(counted) == 10
    tied = box.scalars(select(ReceivedMail).where(ReceivedMail.outgoing_mail_id.is_not(None))).all()
    assert {row.id for row in tied} == {row.id for row in counted}


def test_a_letter_counts_for_so_many_days(box: Session) -> None:
    mail_id = sent(box, "ana@ministry.example")["ana@ministry.example"]
    assert run(box, report(mail_id), now=NOW + timedelta(days=14, seconds=1)).counts == {"ignored": 1}
    assert run(box, report(mail_id, n=2), now=NOW + timedelta(days=14)).counts == {"new": 1}


def test_a_second_report_of_the_kind_is_a_replay_and_another_kind_is_not(box: Session) -> None:
    mail_id = sent(box, "ana@ministry.example")["ana@ministry.example"]
    run(box, report(mail_id, "soft_exim_warning"), report(mail_id, n=1), report(mail_id, n=2))
    found = sorted((row.kind, row.state) for row in stored(box))
    assert found == [("hard", "ignored"), ("hard", "new"), ("soft", "new")]


def test_a_crash_before_the_mark_reads_the_same_again_and_stores_it_once(box: Session) -> None:
    mail_id = sent(box, "ana@ministry.example")["ana@ministry.example"]

    class Dies(MemoryMailbox):
        def mark_read(self, names: Iterable[str]) -> None:
            raise MailboxAway("the cable")

    mailbox = Dies([report(mail_id)])
    for _ in range(3):
        with pytest.raises(MailboxAway):
            receiving.receive(box, mailbox, READER, now=NOW, today=TODAY)
    again = receiving.receive(box, MemoryMailbox(mailbox.messages), READER, now=NOW, today=TODAY)
    assert again.total == 0
    assert [row.state for row in stored(box)] == ["new"]


def test_a_crash_before_the_commit_marks_nothing(box: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = MemoryMailbox([sample("reply_de")])
    with monkeypatch.context() as broken:
        broken.setattr(receiving, "hold_if_too_many", lambda *_a, **_k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            receiving.receive(box, mailbox, READER, now=NOW, today=TODAY)
    assert not mailbox.read
    assert stored(box) == []
    assert receiving.receive(box, mailbox, READER, now=NOW, today=TODAY).total == 1


def test_the_same_message_by_another_way_is_the_same(box: Session) -> None:
    one = sample("reply_de")
    other = b"Received: from elsewhere.example by mail.directory.example\nX-Spam-Score: 0\n" + one.replace(
        b"\n", b"\r\n"
    )
    assert run(box, one, other).total == 1


def test_answers_wait_for_a_person_and_absences_without_a_letter_do_not(box: Session) -> None:
    mail_id = sent(box, "ana@ministry.example")["ana@ministry.example"]
    known = sample("reply_de").replace(b"0b7d3f1e-5f3c-4b62-9f63-3a4e6a1f0c11", mail_id.encode())
    run(box, known, sample("reply_fr"), sample("away_bare_hu"), report(mail_id, "away_exchange_sr_cyrl"))
    found = {(row.kind, row.state, row.outgoing_mail_id, row.mentions_mail_id) for row in stored(box)}
    assert found == {
        ("reply", "new", None, mail_id),
        ("reply", "new", None, None),
        ("auto_reply", "ignored", None, None),
        ("auto_reply", "new", mail_id, None),
    }
    away = next(row for row in stored(box) if row.outgoing_mail_id)
    assert away.return_on == date(2027, 1, 5)
    assert "marija.petrovic@ministry.example" in away.names_deputy


def test_nothing_counts_without_a_return_path(box: Session) -> None:
    mail_id = sent(box, "ana@ministry.example")["ana@ministry.example"]
    reader = Reader(None, "directory.example", (OWN_ADDRESS,))
    receiving.receive(box, MemoryMailbox([report(mail_id)]), reader, now=NOW, today=TODAY)
    assert [row.state for row in stored(box)] == ["ignored"]


def test_a_refusal_at_the_door_is_a_report_too(box: Session) -> None:
    class Door:
        def deliver(self, envelope: Envelope, before_body: Callable[[], None]) -> None:
            raise Refused({"a": "550 5.1.1 no such user", "b": "550 5.7.1 blocked\x00"}[envelope.recipient[0]])

    with transaction(box):
        for to in ("a@ministry.example", "b@ministry.example"):
            outbox.queue(box, "left_told", to=to, key=to, now=NOW, title="T", institution="I", link="x", **WORDS)  # type: ignore[arg-type]
    send_due(box, Door(), SENDER, now=NOW)
    assert [(row.kind, row.recipient, row.state) for row in stored(box)] == [
        ("hard", "a@ministry.example", "new"), ("policy", "b@ministry.example", "new"),
    ]  # fmt: skip
    assert all(row.outgoing_mail_id for row in stored(box))


def test_twenty_missing_people_a_day_count_and_the_twenty_first_holds_them_all(box: Session) -> None:
    letters = sent(box, *(f"a{n}@ministry{n}.example" for n in range(22)))
    messages = [report(mail_id, n=n) for n, mail_id in enumerate(letters.values())]
    assert run(box, *messages[:20]).held_because == ""
    assert {row.state for row in stored(box)} == {"new"}
    done = run(box, messages[20], now=NOW + timedelta(hours=1))
    assert "21 letters" in done.held_because
    assert [row.state for row in stored(box)] == ["held"] * 21
    alarm = box.scalars(select(Alarm)).one()
    assert (alarm.kind, alarm.note) == ("bounces_held", done.held_because)
    with transaction(box):
        assert holding.waiting(box, now=NOW + timedelta(hours=1), limits=Limits()) == []


def test_one_run_of_too_many_marks_nobody(box: Session) -> None:
    letters = sent(box, *(f"a{n}@ministry{n}.example" for n in range(21)))
    run(box, *(report(mail_id, n=n) for n, mail_id in enumerate(letters.values())))
    assert {row.state for row in stored(box)} == {"held"}


def test_a_fifth_of_one_domain_holds_only_from_five_letters_on(box: Session) -> None:
    letters = sent(box, *(f"a{n}@ministry.example" for n in range(9)), *(f"b{n}@small.example" for n in range(4)))
    run(box, *(report(letters[f"b{n}@small.example"], n=n) for n in range(4)))
    assert {row.state for row in stored(box)} == {"new"}, "four letters are too few to judge by"
    run(box, report(letters["a0@ministry.example"], n=10))
    assert {row.state for row in stored(box)} == {"new"}, "one in nine is below a fifth"
    done = run(box, report(letters["a1@ministry.example"], n=11))
    assert "2 of 9 letters to ministry.example" in done.held_because
    assert {row.state for row in stored(box)} == {"held"}


def test_other_failures_do_not_count_towards_the_breaker(box: Session) -> None:
    letters = sent(box, *(f"a{n}@ministry{n}.example" for n in range(30)))
    run(box, *(report(mail_id, "policy_qmail_refused", n=n) for n, mail_id in enumerate(letters.values())))
    assert {row.state for row in stored(box)} == {"new"}


def test_a_person_lets_held_reports_through_or_drops_them(box: Session) -> None:
    letters = sent(box, *(f"a{n}@ministry{n}.example" for n in range(21)))
    run(box, *(report(mail_id, n=n) for n, mail_id in enumerate(letters.values())))
    ids = [row.id for row in stored(box)]
    with transaction(box):
        assert holding.release(box, ids[:2], by="someone", now=NOW) == 2
        assert holding.dismiss(box, ids[2:], by="someone", now=NOW) == 19
        assert holding.release(box, ids[2:], by="someone", now=NOW) == 0
    with transaction(box):
        waiting = holding.waiting(box, now=NOW, limits=Limits())
        assert {row.id for row in waiting} == set(ids[:2])
        receiving.settle(box, waiting[0], by="job", now=NOW, note="done")
    with transaction(box):
        assert len(holding.waiting(box, now=NOW, limits=Limits())) == 1
    actions = box.scalars(select(Change.action).where(Change.subject_id.in_(ids))).all()
    assert (actions.count("release_report"), actions.count("dismiss_report")) == (2, 19)


def test_what_was_set_aside_is_held_again_and_what_was_ignored_from_the_start_is_not(box: Session) -> None:
    letters = sent(box, *(f"a{n}@ministry{n}.example" for n in range(21)))
    messages = [report(mail_id, n=n) for n, mail_id in enumerate(letters.values())]
    run(box, *messages)
    run(box, report(next(iter(letters.values())), n=99), now=NOW + timedelta(minutes=1))
    *rows, replay = stored(box)
    held, domains_aside = [row.id for row in rows], {row.domain for row in rows[:3]}
    assert replay.state == "ignored"
    assert held_reports.count(box, EVERYWHERE) == 21
    with transaction(box):
        assert holding.dismiss(box, held[:3], by="someone", now=NOW) == 3
    assert held_reports.count(box, EVERYWHERE) == 18
    assert {one.domain for one in held_reports.set_aside(box, EVERYWHERE, now=NOW)} == domains_aside
    with transaction(box):
        assert holding.hold_again(box, [*held, replay.id], by="someone", now=NOW) == 3
        assert holding.hold_again(box, held, by="someone", now=NOW) == 0
    back = [row for row in stored(box) if row.id in held[:3]]
    assert {(row.state, row.settled_by, row.settled_at) for row in back} == {("held", "", None)}
    assert all("21 letters" in row.note for row in back)
    domains = held_reports.held(box, EVERYWHERE)
    assert len(domains) == 21
    assert [one.since_at for one in domains] == [NOW] * 21
    nowhere = Ground(is_everywhere=False, countries=frozenset({"RO"}))
    assert held_reports.held(box, nowhere) == []
    assert held_reports.those_held(box, held, nowhere) == []
    assert len(held_reports.those_held(box, held, EVERYWHERE)) == 21


def test_what_came_back_is_counted_by_kind(box: Session) -> None:
    letters = sent(box, *(f"a{n}@ministry{n}.example" for n in range(4)))
    first, second, third, fourth = letters.values()
    run(box, report(first, n=1), report(second, n=2), report(third, "policy_qmail_refused", n=3))
    run(box, report(first, n=4), now=NOW + timedelta(minutes=1))
    run(box, report(fourth, n=5), now=NOW + timedelta(days=2))
    since = NOW - timedelta(days=1)
    assert queries.report_counts(box, since=since) == {"hard": 3, "policy": 1}, "the second about a letter is a replay"
    assert queries.report_counts(box, since=NOW + timedelta(days=1)) == {"hard": 1}
    assert queries.report_counts(box, since=since, which=ReceivedMail.outgoing_mail_id == third) == {"policy": 1}


def test_three_different_days_of_soft_failures(box: Session) -> None:
    for day in (0, 1, 1, 5, 40):
        at = NOW + timedelta(days=day, minutes=len(stored(box)))
        mail_id = sent(box, "ana@ministry.example", at=at)["ana@ministry.example"]
        run(box, report(mail_id, "soft_qmail_quota", n=day), now=at)
    assert len(stored(box)) == 5
    days = queries.soft_days(box, "Ana@Ministry.example", now=NOW + timedelta(days=6))
    assert len(days) == 3
    assert queries.soft_days(box, "ana@ministry.example", now=NOW + timedelta(days=41)) == [
        (NOW + timedelta(days=40)).date()
    ]
    assert queries.soft_days(box, "ion@ministry.example", now=NOW) == []


def test_after_half_a_year_the_words_are_forgotten(box: Session) -> None:
    run(box, sample("reply_de"))
    with transaction(box):
        assert receiving.forget(box, now=NOW + timedelta(days=179)) == 0
        assert receiving.forget(box, now=NOW + timedelta(days=181)) == 1
    (row,) = stored(box)
    assert (row.evidence, row.sender, row.subject, row.kind) == ("", "", "", "reply")


def test_hostile_messages_are_stored_and_stop_nothing(box: Session) -> None:
    hostile = [b"", b"\x00" * 99, b"From: \x00a@b.example\nSubject: \xff\x00\xd0\n\n\x00\xff", sample("reply_de")]
    assert run(box, *hostile).total == 4
    assert run(box, *hostile).total == 0


def test_the_mailbox_is_not_open_while_the_database_is_locked(box: Session, engine: Engine) -> None:
    """Reading over a slow line must hold up no writer."""

    class Slow(MemoryMailbox):
        def unread(self, limit: int) -> Iterator[Arrived]:
            for arrived in MemoryMailbox.unread(self, limit):
                sent(other, f"{arrived.name}@ministry.example", at=NOW + timedelta(seconds=int(arrived.name)))
                yield arrived

    with Session(engine) as other:
        done = receiving.receive(box, Slow([sample("reply_de"), sample("reply_fr")]), READER, now=NOW, today=TODAY)
    assert done.total == 2


def test_letters_that_need_a_look_are_listed(box: Session) -> None:
    sent(box, "ana@ministry.example")
    with transaction(box):
        for state in ("uncertain", "refused", "given_up", "queued"):
            row = outbox.queue(
                box,
                "left_told",
                to=f"{state}@ministry.example",
                key=state,
                now=NOW,
                title="T",
                institution="I",
                link="x",
                **WORDS,
            )  # type: ignore[arg-type]
            row.state = state
    later = NOW + timedelta(hours=2)
    assert {row.state for row in queries.letters(box)} == {"uncertain", "refused", "given_up"}
    counts = {one.state: (one.count, one.oldest_age) for one in queries.letter_counts(box, now=later)}
    assert counts["sent"] == (1, timedelta(hours=2))
    assert queries.oldest_due_age(box, now=later) == timedelta(hours=2)
    run(box, sample("reply_de"))
    assert queries.report_counts(box, since=NOW - timedelta(days=1)) == {"reply": 1}
    assert len(queries.reports(box, ["new"], ["reply"])) == 1
    assert queries.reports(box, ["held"]) == []
