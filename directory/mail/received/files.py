"""Mailboxes that are files on this machine: a Maildir, or one mbox file."""

from __future__ import annotations

import hashlib
import mailbox
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from directory.mail.received.mailbox import MOST_BYTES, Arrived, MailboxAway


@dataclass(slots=True)
class MailFolder:
    """A Maildir: what is new lies in `new`, what was read moves to `cur`."""

    folder: Path

    @contextmanager
    def open(self) -> Iterator[MailFolder]:
        """Itself, if it is one."""
        if not all((self.folder / part).is_dir() for part in ("new", "cur")):
            raise MailboxAway(f"{self.folder} is no Maildir: it lacks the folders new and cur")
        yield self

    def unread(self, limit: int) -> Iterator[Arrived]:
        """The files in `new`; their names begin with the time they came."""
        try:
            for path in sorted((self.folder / "new").iterdir())[:limit]:
                if path.is_file() and not path.name.startswith("."):
                    with path.open("rb") as file:
                        yield Arrived(path.name, file.read(MOST_BYTES))
        except OSError as error:
            raise MailboxAway(str(error)) from error

    def mark_read(self, names: Iterable[str]) -> None:
        """Move them on, as seen."""
        for name in names:
            source = self.folder / "new" / name
            try:
                source.rename(self.folder / "cur" / f"{name.partition(':')[0]}:2,S")
            except FileNotFoundError:
                continue  # somebody else was quicker
            except OSError as error:
                raise MailboxAway(str(error)) from error


@dataclass(slots=True)
class MailFile:
    """One mbox file, as a mail server of this machine writes it. Messages are named by place and content."""

    file: Path

    @contextmanager
    def open(self) -> Iterator[MailFile]:
        """Itself; the file is locked only while it is read or written."""
        if not self.file.is_file():
            raise MailboxAway(f"There is no file {self.file}")
        yield self

    def unread(self, limit: int) -> Iterator[Arrived]:
        """Those without the mark R in their Status."""
        with self._locked() as box:
            waiting: list[Arrived] = []
            for key in box.keys():  # noqa: SIM118 - a mailbox iterates over messages, not keys
                if len(waiting) < limit and "R" not in box.get_message(key).get_flags():
                    waiting.append(Arrived(*_named(box, key)))
        yield from waiting

    def mark_read(self, names: Iterable[str]) -> None:
        """Mark those that are still what and where they were."""
        with self._locked() as box:
            keys = {str(key): key for key in box.keys()}  # noqa: SIM118
            for name in names:
                key = keys.get(name.partition(".")[0])
                if key is not None and _named(box, key)[0] == name:
                    message = box.get_message(key)
                    message.add_flag("RO")
                    box[key] = message
            box.flush()

    @contextmanager
    def _locked(self) -> Iterator[mailbox.mbox]:
        try:
            box = mailbox.mbox(self.file, create=False)
            try:
                box.lock()
                yield box
            finally:
                box.close()  # writes what is left to write, and gives the lock back
        except (OSError, mailbox.Error) as error:
            raise MailboxAway(f"{type(error).__name__}: {error}") from error


def _named(box: mailbox.mbox, key: str) -> tuple[str, bytes]:
    with box.get_file(key) as file:
        content = file.read(MOST_BYTES)
    return f"{key}.{hashlib.sha256(content).hexdigest()[:16]}", content
