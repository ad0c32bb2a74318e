"""The directory as it runs: gunicorn on loopback over a data folder, and what it wrote to its log."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60


@dataclass(frozen=True)
class Server:
    """Where it listens, and where it logs."""

    port: int
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def make_lasting(folder: Path) -> None:
    """The keys of the world outlive the day the world was made on."""
    with sqlite3.connect(folder / "directory.sqlite") as connection:
        connection.execute("UPDATE api_key SET expires_at = '2099-01-01 00:00:00'")


@contextmanager
def running(folder: Path, *, workers: int = 1) -> Iterator[Server]:
    """Start it as an administrator would, wait until it answers, end it."""
    port, log = free_port(), folder / "server.log"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("DIRECTORY_")},
        "DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "test", "DIRECTORY_BASE_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "wsgi:app",
        "-b",
        f"127.0.0.1:{port}",
        "-w",
        str(workers),
        "--threads",
        "4",
        "--timeout",
        "120",
    ]
    with log.open("wb") as lines:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=lines, stderr=lines, start_new_session=True
        )
        try:
            _wait(f"http://127.0.0.1:{port}/live", process)
            yield Server(port, log)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("The server does not answer")
