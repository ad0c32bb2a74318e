"""Letters: written once, sent at most twice, never lost, never with a header of somebody else's making."""

from __future__ import annotations

import email
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email import policy
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from directory.alone import alone
from directory.config import BadSetting, read_settings
from directory.db import transaction
from directory.mail import outbox
from directory.mail.adapters import Envelope, FileMailer, MemoryMailer, NotSent, Refused, SmtpMailer, build_mailer
from directory.mail.message import Sender, message_bytes, sender_of
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.mail.outbox import BadLetter
from directory.mail.pace import Pace
from directory.mail.sending import GIVE_UP_AFTER, UNSURE_AFTER, claim, send_due
from tests.conftest import NOW

SENDER = Sender("TRM Directory", "directory@example.org", "example.org")
WORDS = {"product": "TRM Directory", "name": "Ana", "base_url": "https://example.org", "at": NOW}


@pytest.fixture
def box(engine: Engine) -> Iterator[Session]:
    """A session that commits, as sending does; the outbox is emptied afterwards."""
    with Session(engine) as session:
        yield session
        with transaction(session):
            session.execute(delete(OutgoingMail))
            session.execute(delete(ReceivedMail))


def put(session: Session, key: str = "k", letter: str = "password_changed", **more: object) -> OutgoingMail:
    to = str(more.pop("to", "ana@ministry.example"))
    with transaction(session):
        return outbox.queue(session, letter, to=to, key=key, now=NOW, **{**WORDS, **more})  # type: ignore[arg-type]


def state(session: Session) -> tuple[str, int]:
    session.rollback()
    row = session.scalars(select(OutgoingMail).execution_options(populate_existing=True)).one()
    return row.state, row.transmission_count


class Broken:
    """A mailer that fails before or after the body began."""

    def __init__(self, error: Exception, *, after_body: bool = False) -> None:
        self.error, self.after_body, self.bodies = error, after_body, 0

    def deliver(self, envelope: Envelope, before_body: Callable[[], None]) -> None:
        if self.after_body:
            before_body()
            self.bodies += 1
        raise self.error


def test_the_same_key_is_one_letter(session: Session) -> None:
    first = outbox.queue(session, "password_changed", to="ana@ministry.example", key="k", now=NOW, **WORDS)
    again = outbox.queue(session, "password_changed", to="ion@ministry.example", key="k", now=NOW, **WORDS)
    assert first.id == again.id
    assert session.scalar(select(func.count()).select_from(OutgoingMail)) == 1
    assert again.to == "ana@ministry.example"


@pytest.mark.parametrize("bad", ["\r\nBcc: all@evil.example", "\n", "\x00", "\x85", "\u2028", "\u2029", "\r"])
def test_no_header_can_be_smuggled_in(session: Session, bad: str) -> None:
    with pytest.raises(BadLetter):
        outbox.queue(session, "password_changed", to=f"ana@ministry.example{bad}", key="k", now=NOW, **WORDS)
    with pytest.raises(BadLetter):
        outbox.queue(session, "invitation", to="ana@ministry.example", key="k", now=NOW, inviter="Ion", link="x",
                     **{**WORDS, "product": f"TRM{bad}Directory"})  # fmt: skip
    row = OutgoingMail(id="1", to="ana@ministry.example", subject=f"Hello{bad}", text="", html="", queued_at=NOW)
    with pytest.raises(BadLetter):
        message_bytes(row, SENDER)


@pytest.mark.parametrize(
    "bad", ["", "ana", "ana@", "@example.org", "ana@ministry.example, ion@evil.example", "<ana@x.example>"]
)
def test_only_one_plain_address_is_taken(session: Session, bad: str) -> None:
    with pytest.raises(BadLetter):
        outbox.queue(session, "password_changed", to=bad, key="k", now=NOW, **WORDS)


def test_the_message_has_exactly_our_headers(session: Session) -> None:
    row = outbox.queue(session, "password_changed", to="ana@ministry.example", key="k", now=NOW, **WORDS)
    raw = message_bytes(row, SENDER)
    assert raw == message_bytes(row, SENDER), "a second attempt sends the same bytes"
    message = email.message_from_bytes(raw, policy=policy.default)
    assert [name.lower() for name, _ in message.items()] == [
        "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version",
        "content-type", "content-language",
    ]  # fmt: skip
    assert message["Message-ID"] == f"<{row.id}@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = message.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert html.get_content_type() == "text/html"


def test_names_are_escaped_in_html_and_left_alone_in_text(session: Session) -> None:
    words = {**WORDS, "name": "<b>Ana</b> & Ion"}
    row = outbox.queue(session, "password_changed", to="ana@ministry.example", key="k", now=NOW, **words)
    assert "<b>Ana</b> & Ion" in row.text
    assert "&lt;b&gt;Ana&lt;/b&gt; &amp; Ion" in row.html


def test_sent_once_and_only_once(box: Session) -> None:
    mailer = MemoryMailer()
    put(box)
    assert send_due(box, mailer, SENDER, now=NOW) == 1
    assert send_due(box, mailer, SENDER, now=NOW + timedelta(days=1)) == 0
    assert [one.recipient for one in mailer.sent] == ["ana@ministry.example"]
    assert state(box) == ("sent", 1)


def test_what_opens_something_is_forgotten_once_sent(box: Session) -> None:
    mailer = MemoryMailer()
    put(box, letter="recovery", link="https://example.org/recover/TOKEN")
    send_due(box, mailer, SENDER, now=NOW)
    assert b"TOKEN" in mailer.sent[0].content
    row = box.scalars(select(OutgoingMail)).one()
    assert row.text == row.html == ""


def test_an_outage_only_delays(box: Session) -> None:
    broken, mailer = Broken(NotSent("refused")), MemoryMailer()
    put(box)
    for hour in range(24):
        assert send_due(box, broken, SENDER, now=NOW + timedelta(hours=hour)) == 0
    assert state(box) == ("queued", 0)
    assert send_due(box, mailer, SENDER, now=NOW + timedelta(hours=25)) == 1


def test_after_three_days_of_outage_it_gives_up_visibly(box: Session) -> None:
    put(box)
    send_due(box, Broken(NotSent("refused")), SENDER, now=NOW + GIVE_UP_AFTER)
    assert state(box)[0] == "given_up"


def test_an_address_the_server_refuses_is_not_tried_again(box: Session) -> None:
    put(box)
    send_due(box, Broken(Refused("550 no such user")), SENDER, now=NOW)
    assert state(box) == ("refused", 0)


def test_a_server_that_takes_and_never_answers_gets_two_copies_and_no_third(box: Session) -> None:
    silent = Broken(TimeoutError(), after_body=True)
    put(box)
    for minutes in range(0, 600, 5):
        send_due(box, silent, SENDER, now=NOW + timedelta(minutes=minutes))
    assert silent.bodies == 2
    assert state(box) == ("uncertain", 2)


def test_the_second_copy_waits_half_an_hour(box: Session) -> None:
    silent = Broken(TimeoutError(), after_body=True)
    put(box)
    send_due(box, silent, SENDER, now=NOW)
    send_due(box, silent, SENDER, now=NOW + UNSURE_AFTER - timedelta(seconds=1))
    assert silent.bodies == 1


def test_a_crash_between_claim_and_mark_loses_nothing(box: Session) -> None:
    put(box)
    assert claim(box, now=NOW), "a sender takes the row and dies"
    mailer = MemoryMailer()
    assert send_due(box, mailer, SENDER, now=NOW) == 0, "for a few minutes it is taken"
    assert send_due(box, mailer, SENDER, now=NOW + timedelta(minutes=6)) == 1


def test_a_slow_sender_whose_row_was_taken_over_sends_nothing(box: Session, engine: Engine) -> None:
    put(box)

    class Slow(MemoryMailer):
        def deliver(self, envelope: Envelope, before_body: Callable[[], None]) -> None:
            with Session(engine) as other:
                send_due(other, quick, SENDER, now=NOW + timedelta(minutes=6))
            super().deliver(envelope, before_body)

    quick, slow = MemoryMailer(), Slow()
    send_due(box, slow, SENDER, now=NOW, limit=1)
    assert (len(quick.sent), len(slow.sent)) == (1, 0)
    assert state(box) == ("sent", 1)


def test_two_senders_share_the_letters(box: Session, engine: Engine) -> None:
    for n in range(10):
        put(box, key=f"k{n}", to=f"ana{n}@ministry.example")
    one, two = MemoryMailer(), MemoryMailer()
    with Session(engine) as other:
        for _ in range(10):
            send_due(box, one, SENDER, now=NOW, limit=1)
            send_due(other, two, SENDER, now=NOW, limit=1)
    assert len(one.sent) == len(two.sent) == 5
    assert len({envelope.recipient for envelope in one.sent + two.sent}) == 10


def test_files_are_written_whole_under_the_letters_own_name(tmp_path: Path) -> None:
    mailer, envelope = FileMailer(tmp_path / "mail"), Envelope("abc", "a@x.example", "b@x.example", b"content")
    mailer.deliver(envelope, lambda: None)
    mailer.deliver(envelope, lambda: None)
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "mail").iterdir()] == [("abc.eml", b"content")]


def test_the_settings_choose_the_mailer(tmp_path: Path) -> None:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(tmp_path)})
    assert build_mailer(settings) == FileMailer(tmp_path / "mail")
    server = build_mailer(replace(settings, mail_url="smtp://us%40er:p%3Ass@mail.example.org"))
    assert isinstance(server, SmtpMailer)
    assert (server.host, server.port, server.user, server.password) == ("mail.example.org", 587, "us@er", "p:ss")
    assert build_mailer(replace(settings, mail_url="smtps://mail.example.org")).port == 465  # type: ignore[attr-defined]
    with pytest.raises(BadSetting):
        build_mailer(replace(settings, mail_url="http://mail.example.org"))
    assert (
        sender_of(replace(settings, base_url="https://directory.example.org")).address
        == "directory@directory.example.org"
    )


PACE = Pace(per_domain_per_minute=3, per_second=2)


def _sent_to(mailer: MemoryMailer) -> list[str]:
    return [envelope.recipient for envelope in mailer.sent]


def test_one_mail_domain_is_not_flooded_and_others_do_not_wait(box: Session) -> None:
    for n in range(5):
        put(box, key=f"a{n}", letter="left_told", to=f"a{n}@ministry.example", title="T", institution="I", link="x")
    put(box, key="b", letter="left_told", to="b@police.example", title="T", institution="I", link="x")
    mailer = MemoryMailer()
    for second in range(10):
        send_due(box, mailer, SENDER, now=NOW + timedelta(seconds=second), pace=PACE)
    assert len([to for to in _sent_to(mailer) if to.endswith("@ministry.example")]) == 3
    assert "b@police.example" in _sent_to(mailer)
    for second in range(60, 70):
        send_due(box, mailer, SENDER, now=NOW + timedelta(seconds=second), pace=PACE)
    assert len(mailer.sent) == 6


def test_so_many_letters_a_second_and_no_more(box: Session) -> None:
    for n in range(5):
        put(box, key=f"a{n}", letter="left_told", to=f"a@ministry{n}.example", title="T", institution="I", link="x")
    mailer = MemoryMailer()
    counts = [send_due(box, mailer, SENDER, now=NOW + timedelta(seconds=n), pace=PACE) for n in range(4)]
    assert counts == [2, 2, 1, 0]


def test_control_without_a_pace_all_go_at_once(box: Session) -> None:
    for n in range(5):
        put(box, key=f"a{n}", letter="left_told", to=f"a{n}@ministry.example", title="T", institution="I", link="x")
    assert send_due(box, MemoryMailer(), SENDER, now=NOW) == 5


def test_the_pace_holds_across_senders(box: Session, engine: Engine) -> None:
    for n in range(12):
        put(box, key=f"a{n}", letter="left_told", to=f"a{n}@ministry.example", title="T", institution="I", link="x")
    mailers = [MemoryMailer() for _ in range(4)]

    def sender(mailer: MemoryMailer) -> None:
        with Session(engine) as session:
            send_due(session, mailer, SENDER, now=NOW, pace=Pace(per_domain_per_minute=3, per_second=100))

    threads = [Thread(target=sender, args=(mailer,)) for mailer in mailers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(mailer.sent) for mailer in mailers) == 3


def test_a_letter_about_somebodys_access_goes_first_and_at_any_pace(box: Session) -> None:
    for n in range(6):
        put(box, key=f"a{n}", letter="left_told", to=f"a{n}@ministry.example", title="T", institution="I", link="x")
    with transaction(box):
        later = NOW + timedelta(hours=9)
        urgent = outbox.queue(
            box, "recovery", to="ion@ministry.example", key="u", now=NOW, not_before=later, link="x", **WORDS
        )  # type: ignore[arg-type]
        assert urgent.due_at == NOW
    mailer = MemoryMailer()
    send_due(box, mailer, SENDER, now=NOW + timedelta(seconds=1), pace=PACE)
    assert _sent_to(mailer)[0] == "ion@ministry.example"
    put(box, key="u2", letter="new_sign_in", to="eva@ministry.example", browser="D", system="")
    assert send_due(box, mailer, SENDER, now=NOW + timedelta(seconds=1), pace=PACE) == 1
    assert _sent_to(mailer)[-1] == "eva@ministry.example"


def test_a_letter_is_kept_back_until_its_hour(box: Session) -> None:
    morning = NOW + timedelta(hours=10)
    put(box, letter="left_told", title="T", institution="I", link="x", not_before=morning)
    assert send_due(box, MemoryMailer(), SENDER, now=morning - timedelta(seconds=1)) == 0
    assert send_due(box, MemoryMailer(), SENDER, now=morning) == 1


def test_who_asks_stands_in_from_and_reply_to(box: Session) -> None:
    row = put(box, letter="left_told", title="T", institution="I", link="x", reply_to="coordinator@ministry.example",
              from_name="Čedomir, for the TRM Directory")  # fmt: skip
    message = email.message_from_bytes(message_bytes(row, SENDER), policy=policy.default)
    assert message["From"].addresses[0].addr_spec == "directory@example.org"
    assert message["From"].addresses[0].display_name == "Čedomir, for the TRM Directory"
    assert message["Reply-To"] == "coordinator@ministry.example"
    for bad in ({"from_name": "a\r\nBcc: x@evil.example"}, {"reply_to": "a@b.example\r\nBcc: x@evil.example"}):
        with pytest.raises(BadLetter):
            put(box, key="bad", letter="left_told", title="T", institution="I", link="x", **bad)


def test_a_return_path_that_cannot_be_used_refuses_the_start(tmp_path: Path) -> None:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(tmp_path), "DIRECTORY_RETURN_PATH": "no address"})
    with pytest.raises(BadSetting, match="RETURN_PATH"):
        sender_of(settings, [b"k" * 32])
    good = sender_of(replace(settings, return_path="bounce@example.org"), [b"k" * 32])
    assert good.envelope_address("0b7d3f1e-5f3c-4b62-9f63-3a4e6a1f0c11").startswith("bounce+")
    assert sender_of(replace(settings, return_path="")).envelope_address("x") == good.address


HOLDER = """
import sys
from pathlib import Path
from directory.alone import alone
with alone(Path(sys.argv[1])) as is_alone:
    print(is_alone, flush=True)
    sys.stdin.read()
"""


def test_on_sqlite_one_sender_at_a_time_and_a_dead_one_blocks_nobody(tmp_path: Path) -> None:
    lock = tmp_path / "sending.lock"
    with alone(lock) as first, alone(lock) as second:
        assert (first, second) == (True, False)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin
    assert holder.stdout
    assert holder.stdout.readline() == b"True\n"
    with alone(lock) as meanwhile:
        assert not meanwhile
    holder.kill()
    holder.wait(10)
    holder.stdin.close()
    holder.stdout.close()
    with alone(lock) as after:
        assert after
