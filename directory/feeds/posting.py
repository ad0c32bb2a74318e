"""One delivery to one address: over verified TLS, to the address that was checked, within ten seconds, no redirects."""

from __future__ import annotations

import contextlib
import http.client  # nosemgrep: outgoing-requests
import socket
import ssl
from collections.abc import Callable, Mapping
from threading import Timer

from directory.feeds.rules import Allowed, BadAddress, Target, target_of, usable_address

SECONDS = 10.0
MOST_READ = 1024
Resolver = Callable[[str, int], list[str]]


class NotDelivered(Exception):
    """The other side has not said that it has it; the message is short and for the owner."""


def resolve(host: str, port: int) -> list[str]:
    """Every address the name has now. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allowed: Allowed,
    resolver: Resolver = resolve,
    trust: ssl.SSLContext | None = None,
    seconds: float = SECONDS,
) -> int:
    """Send it and return the status, one of 200 to 299. Raises NotDelivered for anything else.

    The name is looked up once: the addresses found are checked, and one of those is connected to.
    """
    try:
        target = target_of(url, allowed)
        address = usable_address(resolver(target.host, target.port), target, allowed)
    except (BadAddress, OSError, UnicodeError) as error:
        raise NotDelivered("address not usable") from error
    connection = _Pinned(target, address, seconds, trust)
    # A server that drips byte by byte keeps every single read below its limit: the clock runs for the whole.
    clock = Timer(seconds, connection.cut)
    clock.daemon = True
    clock.start()
    try:
        connection.request("POST", target.path, body, headers={"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        answer.read(MOST_READ)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotDelivered("certificate not valid" if isinstance(error, ssl.SSLError) else "no answer") from error
    finally:
        clock.cancel()
        connection.close()
    if connection.is_cut:
        raise NotDelivered("no answer in time")
    if not 200 <= answer.status < 300:
        raise NotDelivered(f"answered {answer.status}")
    return answer.status


class _Pinned(http.client.HTTPConnection):
    """Connects to the checked address; the certificate must still be the name's."""

    def __init__(self, target: Target, address: str, seconds: float, trust: ssl.SSLContext | None) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self._target, self._address, self.is_cut = target, address, False
        self._trust = trust or ssl.create_default_context()

    def connect(self) -> None:
        """Open it."""
        self.sock = socket.create_connection((self._address, self._target.port), self.timeout)
        if self._target.scheme == "https":
            self.sock = self._trust.wrap_socket(self.sock, server_hostname=self._target.host)

    def cut(self) -> None:
        """The time is over, whatever has come of the answer."""
        self.is_cut = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
