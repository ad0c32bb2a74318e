"""One contract for every kind of mailbox: a message is shown until it is marked, whole or cut, in the order it came."""

from __future__ import annotations

import mailbox
import os
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest

from directory.config import BadSetting, read_settings
from directory.mail.received.files import MailFile, MailFolder
from directory.mail.received.imap import ImapMailbox
from directory.mail.received.mailbox import MOST_BYTES, Mailbox, MailboxAway, MemoryMailbox, build_mailbox
from tests.certificates import write_certificate
from tests.dovecot_server import PASSWORD, USER, Dovecot, DovecotMissing, dovecot_server
from tests.mail_samples import sample

COUNTER = count(1_764_000_000)  # a name is never given twice, or the server loses its way
ONE, TWO = sample("away_bare_sr_cyrl"), sample("hard_exim_unknown")


@dataclass(frozen=True, slots=True)
class Case:
    """A mailbox, and how a message gets into it."""

    box: Mailbox
    deliver: Callable[[bytes], None]

    def unread(self, limit: int = 100) -> list[bytes]:
        with self.box.open() as opened:
            return [arrived.content.replace(b"\r\n", b"\n").rstrip() for arrived in opened.unread(limit)]

    def mark(self, limit: int = 100) -> None:
        with self.box.open() as opened:
            opened.mark_read([arrived.name for arrived in opened.unread(limit)])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_certificate(tmp_path_factory.mktemp("tls") / "both.pem")
    path.chmod(0o644)
    return path


@pytest.fixture(scope="module")
def dovecot(certificate: Path) -> Iterator[Dovecot]:
    try:
        with dovecot_server(certificate) as server:
            yield server
    except DovecotMissing as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def imap(server: Dovecot, certificate: Path, **more: object) -> ImapMailbox:
    context = ssl.create_default_context(cafile=str(certificate))
    box = ImapMailbox("127.0.0.1", server.port, USER, PASSWORD, context=context)
    return replace(box, **more)


def _memory(_tmp_path: Path, _request: pytest.FixtureRequest) -> Case:
    box = MemoryMailbox()
    return Case(box, box.messages.append)


def _folder(tmp_path: Path, _request: pytest.FixtureRequest) -> Case:
    for part in ("new", "cur", "tmp"):
        (tmp_path / "mail" / part).mkdir(parents=True)
    names = iter(range(100))
    return Case(
        MailFolder(tmp_path / "mail"),
        lambda content: (tmp_path / "mail" / "new" / f"17640000{next(names):02}.M1.mx").write_bytes(content) and None,
    )


def _file(tmp_path: Path, _request: pytest.FixtureRequest) -> Case:
    path = tmp_path / "mbox"
    path.touch()

    def deliver(content: bytes) -> None:
        box = mailbox.mbox(path)
        box.lock()
        box.add(content)
        box.close()

    return Case(MailFile(path), deliver)


def _imap(_tmp_path: Path, request: pytest.FixtureRequest) -> Case:
    server: Dovecot = request.getfixturevalue("dovecot")
    for part in ("new", "cur"):
        for path in (server.maildir / part).iterdir():
            path.unlink()
    box = imap(server, request.getfixturevalue("certificate"))
    return Case(box, lambda content: server.deliver(content, f"{next(COUNTER)}.M1.mx"))


@pytest.fixture(params=[_memory, _folder, _file, _imap], ids=["memory", "maildir", "mbox", "imap"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    return request.param(tmp_path, request)


def test_an_empty_mailbox_holds_nothing(case: Case) -> None:
    assert case.unread() == []
    case.mark()


def test_messages_come_whole_and_in_order_and_reading_marks_nothing(case: Case) -> None:
    case.deliver(ONE)
    case.deliver(TWO)
    assert case.unread() == [ONE.rstrip(), TWO.rstrip()]
    assert case.unread() == [ONE.rstrip(), TWO.rstrip()]


def test_what_is_marked_is_not_shown_again_and_the_rest_is(case: Case) -> None:
    case.deliver(ONE)
    case.deliver(TWO)
    case.mark(limit=1)
    assert case.unread() == [TWO.rstrip()]
    case.deliver(ONE + b"again\n")
    assert case.unread() == [TWO.rstrip(), (ONE + b"again").rstrip()]
    case.mark()
    assert case.unread() == []


def test_not_more_is_read_than_asked_for(case: Case) -> None:
    for _ in range(3):
        case.deliver(ONE)
    assert len(case.unread(limit=2)) == 2


def test_a_giant_is_cut(case: Case) -> None:
    case.deliver(b"Subject: giant\n\n" + b"0123456789abcde\n" * 100_000)
    with case.box.open() as opened:
        (arrived,) = opened.unread(5)
        assert arrived.content.startswith(b"Subject: giant")
        assert len(arrived.content) <= MOST_BYTES
        opened.mark_read([arrived.name])
    assert case.unread() == []


def test_what_arrives_while_we_read_is_not_marked(case: Case) -> None:
    case.deliver(ONE)
    with case.box.open() as opened:
        names = [arrived.name for arrived in opened.unread(10)]
        case.deliver(TWO)
        opened.mark_read(names)
    assert case.unread() == [TWO.rstrip()]


def test_an_imap_server_nobody_vouches_for_is_not_spoken_to(dovecot: Dovecot) -> None:
    box = ImapMailbox("127.0.0.1", dovecot.port, USER, PASSWORD)
    with pytest.raises(MailboxAway, match="CERTIFICATE_VERIFY_FAILED"), box.open():
        pass


def test_a_plain_connection_switches_to_verified_tls(dovecot: Dovecot, certificate: Path) -> None:
    dovecot.deliver(ONE, f"{next(COUNTER)}.M1.mx")
    plain = {"port": dovecot.plain_port, "tls_from_start": False}
    with imap(dovecot, certificate, **plain).open() as opened:
        assert list(opened.unread(1))
        assert isinstance(opened.client.sock, ssl.SSLSocket)  # type: ignore[attr-defined]
    with pytest.raises(MailboxAway, match="CERTIFICATE"):
        replace(imap(dovecot, certificate, **plain), context=ssl.create_default_context()).open().__enter__()


def test_a_wrong_password_says_so_and_keeps_it_to_itself(dovecot: Dovecot, certificate: Path) -> None:
    with pytest.raises(MailboxAway) as said, imap(dovecot, certificate, password="open sesame").open():
        pass
    assert "AUTHENTICATIONFAILED" in str(said.value)
    assert "sesame" not in str(said.value)


def test_nobody_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    for box in (MailFolder(tmp_path), MailFile(tmp_path / "none"), ImapMailbox("127.0.0.1", 9, "u", "p")):
        with pytest.raises(MailboxAway), box.open():
            pass


def test_the_settings_choose_the_mailbox(tmp_path: Path) -> None:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(tmp_path)})
    assert build_mailbox(settings) is None
    assert build_mailbox(replace(settings, mailbox_url="maildir:///var/mail/bounce")) == MailFolder(
        Path("/var/mail/bounce")
    )
    assert build_mailbox(replace(settings, mailbox_url="mbox:///var/mail/b")) == MailFile(Path("/var/mail/b"))
    box = build_mailbox(replace(settings, mailbox_url="imaps://us%40er:p%3Ass@mail.example.org/Bounces/New"))
    assert isinstance(box, ImapMailbox)
    assert (box.host, box.port, box.user, box.password, box.folder) == (
        "mail.example.org", 993, "us@er", "p:ss", "Bounces/New",
    )  # fmt: skip
    assert not box.may_be_clear
    near = build_mailbox(replace(settings, mailbox_url="imap://u:p@127.0.0.1:1143"))
    assert isinstance(near, ImapMailbox)
    assert (near.port, near.folder, near.may_be_clear) == (1143, "INBOX", True)
    for bad in ("pop3://u:p@mail.example.org", "imaps://mail.example.org", "maildir://var/mail", "mbox:", "x"):
        with pytest.raises(BadSetting):
            build_mailbox(replace(settings, mailbox_url=bad))
