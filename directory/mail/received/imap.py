"""A mailbox on an IMAP server, over verified TLS; what was read there is marked as seen."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from directory.mail.received.mailbox import MOST_BYTES, Arrived, MailboxAway

SECONDS = 30
_TROUBLE = (OSError, imaplib.IMAP4.error)


@dataclass(slots=True)
class ImapMailbox:
    """`imaps` is TLS from the start, `imap` switches to it; only this machine's own server may do without."""

    host: str
    port: int
    user: str
    password: str
    folder: str = "INBOX"
    tls_from_start: bool = True
    may_be_clear: bool = False
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    @contextmanager
    def open(self) -> Iterator[OpenImap]:
        """Signed in, with the folder selected."""
        client = self._connected()
        try:
            yield OpenImap(client)
        finally:
            with suppress(*_TROUBLE):
                client.logout()
            with suppress(*_TROUBLE):
                client.shutdown()

    def _connected(self) -> imaplib.IMAP4:
        client: imaplib.IMAP4 | None = None
        try:
            if self.tls_from_start:
                client = imaplib.IMAP4_SSL(self.host, self.port, ssl_context=self.context, timeout=SECONDS)
            else:
                client = imaplib.IMAP4(self.host, self.port, timeout=SECONDS)
                if not self.may_be_clear or "STARTTLS" in client.capabilities:
                    client.starttls(ssl_context=self.context)
            client.login(_quoted(self.user), self.password)  # it quotes the password only
            _ok(client.select(_quoted(self.folder)))
        except (*_TROUBLE, MailboxAway, UnicodeError) as error:
            if client is not None:
                with suppress(*_TROUBLE):
                    client.shutdown()
            raise MailboxAway(f"{type(error).__name__}: {error}") from error
        return client


@dataclass(slots=True)
class OpenImap:
    """The selected folder. Messages are named by their UID."""

    client: imaplib.IMAP4

    def unread(self, limit: int) -> Iterator[Arrived]:
        """Fetched without being marked, and not more of each than a megabyte."""
        try:
            found = _ok(self.client.uid("SEARCH", "UNSEEN"))
            for name in found[0].split()[:limit] if found and found[0] else []:
                answer = _ok(self.client.uid("FETCH", name.decode(), f"(BODY.PEEK[]<0.{MOST_BYTES}>)"))
                for content in (part[1] for part in answer if isinstance(part, tuple)):
                    yield Arrived(name.decode(), content)
        except _TROUBLE as error:
            raise MailboxAway(f"{type(error).__name__}: {error}") from error

    def mark_read(self, names: Iterable[str]) -> None:
        """Seen, in the server's own sense."""
        known = list(names)
        try:
            for start in range(0, len(known), 100):
                _ok(self.client.uid("STORE", ",".join(known[start : start + 100]), "+FLAGS.SILENT", r"(\Seen)"))
        except _TROUBLE as error:
            raise MailboxAway(f"{type(error).__name__}: {error}") from error


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    kind, content = answer
    if kind != "OK":
        raise MailboxAway(f"The server says {kind}: {content!r}"[:300])
    return content


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
