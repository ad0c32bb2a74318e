"""A queued row as the bytes that go out: the same bytes at every attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from directory.config import BadSetting, Settings
from directory.mail.models import OutgoingMail
from directory.mail.outbox import BadLetter, has_control
from directory.mail.return_address import BadReturnPath, ReturnAddresses


class _OnOneLine(UnstructuredHeader, BaseHeader):
    """An address for programs: folded, it would be written as an encoded word, which no mail program takes for one."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _OnOneLine)
_POLICY = SMTP.clone(header_factory=_HEADERS)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the name and address in `From`, and the domain of our message ids."""

    name: str
    address: str
    domain: str
    returns: ReturnAddresses | None = None

    def envelope_address(self, mail_id: str) -> str:
        """Where the servers on the way send their reports about a letter; no reader sees it."""
        return self.returns.of(mail_id) if self.returns else self.address


def sender_of(settings: Settings, keys: Sequence[bytes] = ()) -> Sender:
    """The sender the settings name; by default `directory@` our own host. `keys` sign return addresses."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    domain = host if "." in host and not host.replace(".", "").isdigit() else "localhost.localdomain"
    address = settings.mail_from or f"directory@{domain}"
    return Sender("TRM Directory", address, domain, return_addresses(settings, keys))


def return_addresses(settings: Settings, keys: Sequence[bytes]) -> ReturnAddresses | None:
    """The return addresses the settings ask for, if they do. Raises BadSetting."""
    if not settings.return_path or not keys:
        return None
    try:
        return ReturnAddresses(settings.return_path, tuple(keys))
    except BadReturnPath as error:
        raise BadSetting(f"DIRECTORY_RETURN_PATH: {error}") from error


def ascii_address(address: str) -> str:
    """The address as every mail server takes it. Raises BadLetter where it cannot be written so."""
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True).ascii_email
    except EmailNotValidError as error:
        raise BadLetter(f"Not an address: {error}") from error
    if found is None:
        raise BadLetter("The address holds letters that mail servers do not take")
    return found


def message_bytes(row: OutgoingMail, sender: Sender) -> bytes:
    """The letter: plain text first, marked as sent by a machine. Raises BadLetter rather than break a header."""
    name, reply_to = row.from_name or sender.name, row.reply_to or ""
    if any(has_control(value) for value in (row.subject, row.to, name, reply_to)):
        raise BadLetter("A control character in a header")
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(name, addr_spec=sender.address)
    if reply_to:
        message["Reply-To"] = Address(addr_spec=ascii_address(reply_to))
    message["To"] = Address(addr_spec=ascii_address(row.to))
    message["Subject"] = row.subject
    message["Date"] = format_datetime(row.queued_at)
    message["Message-ID"] = f"<{row.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if row.unsubscribe:
        message["List-Unsubscribe"] = f"<{row.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(row.text)
    message.add_alternative(row.html, subtype="html")
    message["Content-Language"] = row.language
    message.set_boundary(f"=_{row.id}")
    return message.as_bytes()
