"""A real SMTP conversation on loopback: the certificate is verified, or nothing is sent."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from directory.mail.adapters import Envelope, NotSent, Refused, SmtpMailer
from tests.certificates import write_certificate

LETTER = Envelope(
    "abc", "directory@example.org", "ana@ministry.example", b"Subject: Hello\r\n\r\nGood day.\r\n.\r\nend\r\n"
)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Sink:
    """Keeps what arrives; refuses one address."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # type: ignore[no-untyped-def]  # noqa: N802
        if address.startswith("gone@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # type: ignore[no-untyped-def]  # noqa: N802
        self.kept.append(envelope.content)
        return "250 taken"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody but us vouches for."""
    return write_certificate(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def server(sink: Sink, certificate: Path) -> Iterator[Controller]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    controller = Controller(sink, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True)
    controller.start()
    yield controller
    controller.stop()


def mailer(server: Controller, **more: object) -> SmtpMailer:
    port = server.port
    return SmtpMailer("127.0.0.1", port, **more)  # type: ignore[arg-type]


def test_an_unknown_certificate_is_refused_and_nothing_is_sent(server: Controller, sink: Sink) -> None:
    began: list[bool] = []
    with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
        mailer(server).deliver(LETTER, lambda: began.append(True))
    assert not began
    assert not sink.kept


def test_control_the_same_server_vouched_for_gets_the_letter(server: Controller, sink: Sink, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    began: list[bool] = []
    mailer(server, context=context).deliver(LETTER, lambda: began.append(True))
    assert began == [True]
    assert sink.kept == [LETTER.content]


def test_an_unknown_recipient_is_refused_before_the_body(server: Controller, sink: Sink, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    began: list[bool] = []
    gone = Envelope("abc", LETTER.sender, "gone@ministry.example", LETTER.content)
    with pytest.raises(Refused, match="550"):
        mailer(server, context=context).deliver(gone, lambda: began.append(True))
    assert not began


def test_nobody_listening_is_certainly_not_sent() -> None:
    with pytest.raises(NotSent):
        SmtpMailer("127.0.0.1", 9).deliver(LETTER, lambda: None)
