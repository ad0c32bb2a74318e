"""A queued row as the bytes that go out: the same bytes at every attempt."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from directory.config import Settings
from directory.mail.models import OutgoingMail
from directory.mail.outbox import BadLetter, has_control


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the name and address in `From`, and the domain of our message ids."""

    name: str
    address: str
    domain: str


def sender_of(settings: Settings) -> Sender:
    """The sender the settings name; by default `directory@` our own host."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    domain = host if "." in host and not host.replace(".", "").isdigit() else "localhost.localdomain"
    return Sender("TRM Directory", settings.mail_from or f"directory@{domain}", domain)


def message_bytes(row: OutgoingMail, sender: Sender) -> bytes:
    """The letter: plain text first, marked as sent by a machine. Raises BadLetter rather than break a header."""
    if has_control(row.subject) or has_control(row.to):
        raise BadLetter("A control character in a header")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(addr_spec=row.to)
    message["Subject"] = row.subject
    message["Date"] = format_datetime(row.queued_at)
    message["Message-ID"] = f"<{row.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row.text)
    message.add_alternative(row.html, subtype="html")
    message["Content-Language"] = row.language
    message.set_boundary(f"=_{row.id}")
    return message.as_bytes()
