"""Where letters go: a folder of .eml files, memory for tests, or a mail server over verified TLS."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from directory.config import BadSetting, Settings

SECONDS = 30


class NotSent(Exception):
    """Certainly not sent, and worth another try later."""


class Refused(Exception):
    """Certainly not sent, and the server says it never will be."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is handed to an adapter: `name` is unique to the letter."""

    name: str
    sender: str
    recipient: str
    content: bytes


class Mailer(Protocol):
    """Delivers letters."""

    def deliver(self, envelope: Envelope, before_body: Callable[[], None]) -> None:
        """Hand the letter over; `before_body` is called when only the body is left to send.

        Raises NotSent or Refused where it is certain that nothing arrived; after any other error nobody knows.
        """


@dataclass(slots=True)
class FileMailer:
    """Each letter a file in a folder; a letter sent twice is one file."""

    folder: Path

    def deliver(self, envelope: Envelope, before_body: Callable[[], None]) -> None:
        """Write the file, whole or not at all."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / f"{envelope.name}.part"
            part.write_bytes(envelope.content)
        except OSError as error:
            raise NotSent(str(error)) from error
        before_body()
        part.replace(self.folder / f"{envelope.name}.eml")


@dataclass(slots=True)
class MemoryMailer:
    """Keeps letters in a list, for tests."""

    sent: list[Envelope] = field(default_factory=list)

    def deliver(self, envelope: Envelope, before_body: Callable[[], None]) -> None:
        """Keep it."""
        before_body()
        self.sent.append(envelope)


@dataclass(slots=True)
class SmtpMailer:
    """A mail server: `smtp://` begins in the clear and must then switch to TLS, `smtps://` is TLS from the start.

    The server's certificate is always verified; only this machine's own server may be spoken to without TLS.
    """

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls_from_start: bool = False
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def deliver(self, envelope: Envelope, before_body: Callable[[], None]) -> None:
        """Connect, say from whom to whom, then send the body."""
        client = self._connected()
        try:
            self._address(client, envelope)
            before_body()
            self._send_body(client, envelope.content)
        finally:
            client.close()

    def _connected(self) -> smtplib.SMTP:
        client: smtplib.SMTP | None = None
        try:
            if self.tls_from_start:
                client = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=self.context)
            else:
                client = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
                client.ehlo_or_helo_if_needed()
                if self.host not in {"127.0.0.1", "localhost", "::1"} or client.has_extn("starttls"):
                    client.starttls(context=self.context)
            if self.user:
                client.login(self.user, self.password)
            client.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            if client is not None:
                client.close()
            raise NotSent(f"{type(error).__name__}: {error}") from error
        return client

    @staticmethod
    def _address(client: smtplib.SMTP, envelope: Envelope) -> None:
        try:
            code, said = client.mail(envelope.sender)
            _refuse_bad(min(code, 499), said)  # about us, not about the letter: worth another try
            _refuse_bad(*client.rcpt(envelope.recipient))
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error

    @staticmethod
    def _send_body(client: smtplib.SMTP, content: bytes) -> None:
        try:
            code, said = client.data(content)
        except smtplib.SMTPDataError as error:
            code, said = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""
        _refuse_bad(code, said)


def _refuse_bad(code: int, said: bytes) -> None:
    words = f"{code} {said.decode('utf-8', 'replace')}"
    if code >= 500:
        raise Refused(words)
    if code >= 300:
        raise NotSent(words)


def build_mailer(settings: Settings) -> Mailer:
    """The adapter the settings ask for. Raises BadSetting."""
    if not settings.mail_url:
        return FileMailer(settings.data_dir / "mail")
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "file":
        return FileMailer(Path(unquote(parts.path)))
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise BadSetting("DIRECTORY_MAIL_URL must look like smtp://user:password@mail.example.org:587, or be empty")
    return SmtpMailer(
        parts.hostname,
        parts.port or (465 if parts.scheme == "smtps" else 587),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tls_from_start=parts.scheme == "smtps",
    )


# What an adapter may raise after the body began: nobody knows then whether the letter arrived.
UNSURE = (OSError, smtplib.SMTPException)
