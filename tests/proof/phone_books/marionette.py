"""Thunderbird without a window, told what to do in its own JavaScript over Marionette."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from tests.security.server import free_port

START_SECONDS = 60
SETTINGS: dict[str, Any] = {
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "toolkit.telemetry.enabled": False,
}
WRAPPED = """
const told = arguments[arguments.length - 1];
(async () => {%s})().then(answer => told({answer}), error => told({error: String(error)}));
"""


class Marionette:
    """The protocol: each message is its length, a colon, and JSON."""

    def __init__(self, port: int) -> None:
        self._socket = self._connect(port)
        self._file: BinaryIO = self._socket.makefile("rb")
        self._count = 0
        self._read()
        self._send("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        self._send("Marionette:SetContext", {"value": "chrome"})
        self._send("WebDriver:SetTimeouts", {"script": 600_000})

    def run(self, script: str, *given: object) -> Any:
        """What a script returns; it may await. Raises RuntimeError with the program's words."""
        sent = {"script": WRAPPED % script, "args": list(given), "sandbox": "system", "newSandbox": False}
        told = self._send("WebDriver:ExecuteAsyncScript", sent)["value"]
        if "error" in told:
            raise RuntimeError(told["error"])
        return told.get("answer")

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    @staticmethod
    def _connect(port: int) -> socket.socket:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port))
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def _send(self, name: str, named: dict[str, Any]) -> Any:
        self._count += 1
        text = json.dumps([0, self._count, name, named]).encode()
        self._socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, answer = self._read()
        if error:
            raise RuntimeError(f"{name}: {error['message']}")
        return answer

    def _read(self) -> Any:
        length = b""
        while (digit := self._file.read(1)) != b":":
            if not digit:
                raise RuntimeError("Thunderbird has ended")
            length += digit
        return json.loads(self._file.read(int(length)))


@contextmanager
def thunderbird(folder: Path) -> Iterator[Marionette]:
    """A fresh profile in that folder, and the program over it."""
    program, port = shutil.which("thunderbird"), free_port()
    assert program
    profile = folder / "profile"
    profile.mkdir(parents=True)
    kept = {**SETTINGS, "marionette.port": port}
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in kept.items())
    (profile / "user.js").write_text("".join(lines))
    command = [program, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "-profile"]
    environment = os.environ | {"HOME": str(folder)}
    with (folder / "thunderbird.log").open("wb") as log:
        process = subprocess.Popen([*command, str(profile)], env=environment, stdout=log, stderr=log)
        try:
            marionette = Marionette(port)
            yield marionette
            marionette.close()
        finally:
            process.terminate()
            process.wait(30)
