"""A system that is told: a real server on loopback that keeps what arrives, and says what it is told to say."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


@dataclass
class Listener:
    """What arrived, and the status it answers; `location` makes it a redirect."""

    url: str = ""
    port: int = 0
    status: int = 204
    location: str = ""
    arrived: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.arrived]


def is_genuine(secret: str, header: str, body: bytes, now: int, *, within: int = 300) -> bool:
    """What a receiver writes to check a delivery, from the page that documents it and nothing else."""
    parts = dict(part.split("=", 1) for part in header.split(","))
    expected = hmac.new(secret.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, parts["v1"]) and abs(now - int(parts["t"])) <= within


@contextmanager
def listening(certificate: Path | None = None) -> Iterator[Listener]:
    """A server for as long as the block lasts."""
    told = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.arrived.append((self.path, dict(self.headers), body))
            self.send_response(told.status)
            if told.location:
                self.send_header("Location", told.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a handshake that is broken off is the point
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    told.port = server.server_port
    told.url = f"http{'s' if certificate else ''}://127.0.0.1:{told.port}/changes"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def dripping() -> Iterator[int]:
    """A server that answers one byte at a time, for ever; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_ones: list[socket.socket] = []

    def serve() -> None:
        try:
            while True:
                peer, _ = listener.accept()
                open_ones.append(peer)
                peer.settimeout(0.05)
                Thread(target=_drip, args=(peer,), daemon=True).start()
        except OSError:
            return

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for peer in open_ones:
            peer.close()


def _drip(peer: socket.socket) -> None:
    from time import sleep

    try:
        peer.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            peer.sendall(b"x")
            sleep(0.02)
    except OSError:
        return
