"""Which addresses a webhook may have, how a delivery is signed, how long to wait after a failure: plain values only."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

MOST_WEBHOOKS = 5
MOST_FOLLOWED = 30
LONGEST_URL = 500
LONGEST_FILTERS = 500
EVERY_DAYS = {"weekly": 7, "daily": 1}
SIGNATURE_HEADER = "Directory-Signature"
SECRET_PREFIX = "trmwh_"  # noqa: S105 - one found in somebody's code is known for what it is  # nosec B105
GIVE_UP_AFTER = timedelta(days=3)
_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=3))
_LONGEST_PAUSE = timedelta(hours=6)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NAT64 = IPv6Network("64:ff9b::/96")
_PORTS = {"https": 443, "http": 80}


class BadAddress(Exception):
    """Nothing may be sent to that address; the message says why."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The hosts webhooks may have, as listed; `on_loopback`: this installation serves this machine only."""

    hosts: tuple[str, ...] = ()
    on_loopback: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send: taken apart once, so that what was checked is what is used."""

    scheme: str
    host: str
    port: int
    path: str


def hosts_of(setting: str) -> tuple[str, ...]:
    """The listed hosts, `name` or `name:port`, in small letters."""
    return tuple(part for part in setting.lower().replace(",", " ").split() if part)


def target_of(url: str, allowed: Allowed) -> Target:
    """The address taken apart, where it may be sent to. Raises BadAddress."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise BadAddress("Give an address of at most 500 plain characters, such as https://cases.example.org/changes.")
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise BadAddress("This is no address: its host or port cannot be read.") from error
    host = parts.hostname or ""
    if "@" in parts.netloc or parts.fragment or "#" in url:
        raise BadAddress("The address must hold no user name, no password and no #.")
    _check_scheme(parts.scheme, host, allowed)
    if not _is_listed(host, port, parts.scheme, allowed):
        raise BadAddress("This host is not on the list of hosts that may be told. Ask whoever runs the directory.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path)


def _check_scheme(scheme: str, host: str, allowed: Allowed) -> None:
    is_own_machine = allowed.on_loopback and host in _LOOPBACK
    if scheme != "https" and not (scheme == "http" and is_own_machine):
        raise BadAddress("The address must begin with https://.")
    if not is_own_machine and (host == "localhost" or host.endswith(".localhost")):
        raise BadAddress("This is the directory's own machine.")
    if not is_own_machine and (_looks_like_number(host) or not _NAME.fullmatch(host)):
        raise BadAddress("Give the host by its name, not by a number.")


def _looks_like_number(host: str) -> bool:
    """An IP address in any spelling a resolver takes for one: dotted, decimal, hexadecimal, IPv6."""
    return ":" in host or re.fullmatch(r"(0x[0-9a-f]*|\d+)", host.rpartition(".")[2]) is not None


def _is_listed(host: str, port: int, scheme: str, allowed: Allowed) -> bool:
    spelled = f"[{host}]" if ":" in host else host
    is_usual = port == _PORTS[scheme]
    return f"{spelled}:{port}" in allowed.hosts or (is_usual and spelled in allowed.hosts)


def usable_address(found: Sequence[str], target: Target, allowed: Allowed) -> str:
    """The resolved address to connect to. Raises BadAddress where any of them lies within: then the name is a trick."""
    addresses = [ip_address(text.partition("%")[0]) for text in found]
    if not addresses:
        raise BadAddress("The host has no address.")
    if allowed.on_loopback and target.host in _LOOPBACK:
        is_fine = all(address.is_loopback for address in addresses)
    else:
        is_fine = all(_is_public(address) for address in addresses)
    if not is_fine:
        raise BadAddress("The host leads into a network that is not public.")
    return found[0]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Out on the open network, and no IPv6 address that carries one of IPv4 in it: that may lead anywhere."""
    if isinstance(address, IPv6Address):
        carries = address.ipv4_mapped or address.sixtofour or address.teredo or address in _NAT64
        if carries:
            return False
    return address.is_global and not address.is_multicast


def new_secret() -> str:
    """256 random bits, shown once."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def signature(secret: str, body: bytes, at: int) -> str:
    """The header's value: `t=<unix seconds>,v1=<hmac-sha256 of "t.body" in hex>`."""
    mark = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mark}"


def pause_after(failed_count: int) -> timedelta:
    """How long to wait after so many failures in a row: from a minute to six hours."""
    return _PAUSES[failed_count - 1] if 0 < failed_count <= len(_PAUSES) else _LONGEST_PAUSE
