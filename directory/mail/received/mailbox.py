"""The mailbox that reports and answers arrive in. A message counts as read only once what it says is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from directory.config import LOOPBACK, BadSetting, Settings

MOST_BYTES = 1_000_000


class MailboxAway(Exception):
    """The mailbox cannot be reached or opened just now; the message says why."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it lies there: `name` is the mailbox's own, `content` its first megabyte."""

    name: str
    content: bytes


class OpenMailbox(Protocol):
    """An open mailbox."""

    def unread(self, limit: int) -> Iterator[Arrived]:
        """The messages nobody has read, oldest first. Raises MailboxAway."""

    def mark_read(self, names: Iterable[str]) -> None:
        """Do not show these again. Raises MailboxAway."""


class Mailbox(Protocol):
    """Somewhere messages arrive."""

    def open(self) -> AbstractContextManager[OpenMailbox]:
        """The mailbox, until the end of the block. Raises MailboxAway."""


@dataclass(slots=True)
class MemoryMailbox:
    """Keeps messages in a list, for tests."""

    messages: list[bytes] = field(default_factory=list)
    read: set[str] = field(default_factory=set)

    def open(self) -> MemoryMailbox:
        """Itself."""
        return self

    def __enter__(self) -> MemoryMailbox:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def unread(self, limit: int) -> Iterator[Arrived]:
        """Those not marked."""
        names = [str(number) for number in range(len(self.messages)) if str(number) not in self.read]
        for name in names[:limit]:
            yield Arrived(name, self.messages[int(name)][:MOST_BYTES])

    def mark_read(self, names: Iterable[str]) -> None:
        """Mark them."""
        self.read |= set(names)


def build_mailbox(settings: Settings) -> Mailbox | None:
    """The mailbox the settings name, if they name one. Raises BadSetting."""
    if not settings.mailbox_url:
        return None
    from directory.mail.received.files import MailFile, MailFolder  # noqa: PLC0415 - only where it is used
    from directory.mail.received.imap import ImapMailbox  # noqa: PLC0415

    parts = urlsplit(settings.mailbox_url)
    path = Path(unquote(parts.path))
    if parts.scheme in {"maildir", "mbox"} and path.is_absolute() and not parts.netloc:
        return MailFolder(path) if parts.scheme == "maildir" else MailFile(path)
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username:
        raise BadSetting(
            "DIRECTORY_MAILBOX_URL must look like imaps://user:password@mail.example.org/INBOX, "
            "maildir:///path or mbox:///path, or be empty"
        )
    return ImapMailbox(
        parts.hostname,
        parts.port or (993 if parts.scheme == "imaps" else 143),
        unquote(parts.username),
        unquote(parts.password or ""),
        unquote(parts.path.strip("/")) or "INBOX",
        tls_from_start=parts.scheme == "imaps",
        may_be_clear=parts.hostname in LOOPBACK,
    )
