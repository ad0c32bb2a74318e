"""Evolution's address book, without its window: `python -m tests.proof.phone_books.evolution [entries]`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.proof.phone_books.program import Found, Seen

PACKAGES = "evolution-data-server gir1.2-ebook-1.2 gir1.2-ebookcontacts-1.2 gir1.2-edataserver-1.2 python3-gi dbus"
PYTHON = "/usr/bin/python3"  # Debian's: it alone has gi
CLIENT = Path(__file__).with_name("evolution_client.py")
PATIENCE, STILL = 60, 0.3


class Evolution:
    """One address book of Evolution's."""

    name = "Evolution"

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process, self._log = process, log
        self.version = _version()

    def discover(self, address: str) -> list[Found]:
        return [Found(**one) for one in self._say("discover", address)]

    def open(self, book: Found) -> None:
        self._say("open", book.name, book.address)

    def wait(self) -> None:
        """It does not say when it is done: until it holds cards and their number stands still."""
        start, before = time.monotonic(), -1
        while ((now := self.count()) != before or not now) and time.monotonic() - start < PATIENCE:
            before = now
            time.sleep(STILL)

    def sync(self) -> None:
        self._say("sync")

    def count(self) -> int:
        return int(self._say("count"))

    def card(self, entry_id: str) -> Seen | None:
        told = self._say("card", entry_id)
        return Seen(**{name: tuple(v) if isinstance(v, list) else v for name, v in told.items()}) if told else None

    def refusals(self) -> dict[str, str]:
        found: dict[str, str] = self._say("refusals")
        return found

    def _say(self, step: str, *given: object) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([step, *given]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"Evolution ended at the step {step}: {self._log.read_text()[-300:]}")
        told = json.loads(line)
        if "error" in told:
            raise RuntimeError(f"{step}: {told['error']}")
        return told["answer"]


@contextmanager
def program(user: str, token: str) -> Iterator[Evolution]:
    """Evolution on a bus of its own with a fresh home."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_RUNTIME_DIR": folder, "GSETTINGS_BACKEND": "memory", "LANG": "C.UTF-8"}  # fmt: skip
        log_file = Path(folder, "evolution.log")
        command = ["dbus-run-session", "--", PYTHON, str(CLIENT), user, token]
        with (
            log_file.open("w") as log,
            subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True) as process,
        ):  # fmt: skip
            try:
                yield Evolution(process, log_file)
            finally:
                if process.stdin:
                    process.stdin.close()
                process.wait(30)


def _version() -> str:
    """The package's; the library itself does not tell Python."""
    query = ["dpkg-query", "-W", "-f", "${Version}", "evolution-data-server"]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout.partition("-")[0]


def missing() -> str:
    """What to install, empty where everything is here."""
    words = "import gi; [gi.require_version(one, '1.2') for one in ('EBook', 'EBookContacts', 'EDataServer')]"
    factory = Path("/usr/libexec/evolution-addressbook-factory")
    is_here = bool(shutil.which("dbus-run-session")) and Path(PYTHON).exists() and factory.exists()
    if is_here and not subprocess.run([PYTHON, "-c", words], capture_output=True, check=False).returncode:
        return ""
    return f"Evolution is not here: apt install {PACKAGES}"


if __name__ == "__main__":
    from tests.proof.phone_books.scenario import main

    raise SystemExit(main(program, missing))
