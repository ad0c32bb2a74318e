"""sqlmap against the running directory, every parameter of search, entries and API: `python -m tests.proof.sql_injection`.

Only loopback is ever scanned. Before, the same scanner must find a page that is open on purpose.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.security.server import free_port, make_lasting, running
from tests.security.site import canary_site

SECONDS = 360  # for all targets together
FOUND = "identified the following injection point"


@dataclass(frozen=True)
class Target:
    """An address with every parameter it reads, or a form, or a body."""

    name: str
    path: str
    body: str = ""
    headers: str = ""


TARGETS = [
    Target("answer page", "/entries?country=RO&sop=4&role=return_officer&words=police&page=1&language=ro"),
    Target("question", "/search", "q=who+handles+return+in+Romania"),
    Target("api entries", "/api/v1/entries?country=RO&words=police&limit=20"),
    Target("api walk", "/api/v1/entries?changed_since=2020-01-01&limit=2&sop=4"),
    Target(
        "api question", "/api/v1/ask", '{"question": "police Romania", "limit": 5}', "Content-Type: application/json"
    ),
    Target("sheet", "/entries.csv?country=RO&words=police&host=IT&type=ngo"),
    Target("one entry", "/api/v1/entries/{entry}*"),
    Target("country", "/countries/RO*"),
    Target("sign in", "/sign-in", "email=somebody%40people.example&password=x&next=/"),
]


def scan(address: str, target: Target, seconds: float, folder: Path) -> tuple[bool, int, str]:
    """Whether something was found, how many requests were sent, and what was said last."""
    command = [
        "sqlmap", "-u", address + target.path, "--batch", "--level", "2", "--risk", "1", "--threads", "4", "--flush-session",
        "--output-dir", str(folder), "--disable-coloring", "--timeout", "10", "--retries", "1", "--technique", "BEUS", "--skip-waf",
        "--ignore-code", "401,404,422,429", "-v", "1",
    ]  # fmt: skip
    command += ["--data", target.body] if target.body else []
    command += ["--headers", target.headers] if target.headers else []
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=max(20, seconds), check=False, stdin=subprocess.DEVNULL
        )
        said = done.stdout
    except subprocess.TimeoutExpired as late:
        said = (
            (late.stdout or b"").decode("utf-8", "replace") if isinstance(late.stdout, bytes) else (late.stdout or "")
        )
        said += "\n[stopped: the time is up]"
    requests = sum(path.stat().st_size for path in folder.rglob("log"))
    return FOUND in said, requests, said


def control(folder: Path) -> bool:
    """The page that is open on purpose is found open."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.proof.vulnerable", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(2)
        return scan(f"http://127.0.0.1:{port}", Target("control", "/entries?id=1"), 120, folder)[0]
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)


def main() -> int:
    """0 when the control was found and nothing else was."""
    if shutil.which("sqlmap") is None:
        print("sqlmap is missing: apt-get install sqlmap")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not control(folder / "control"):
            print("sql injection: the control was not found, the scanner proves nothing")
            return 1
        print("sql injection: the control was found")
        return _scan_directory(folder)


def _scan_directory(folder: Path) -> int:
    (folder / "site").mkdir()
    with canary_site(folder / "site") as site:
        make_lasting(site.folder)
        entry = site.world.posts["agreed"]
    found, end = 0, time.monotonic() + SECONDS
    with running(folder / "site", workers=2) as server:
        for place, target in enumerate(TARGETS):
            share = (end - time.monotonic()) / (len(TARGETS) - place)
            filled = Target(target.name, target.path.replace("{entry}", entry), target.body, target.headers)
            started = time.monotonic()
            is_open, _size, said = scan(server.address, filled, share, folder / f"target{place}")
            found += is_open
            tested = said.count("does not seem to be injectable") + said.count("does not appear to be dynamic")
            told = "FOUND" if is_open else "nothing"
            print(
                f"sql injection: {target.name:<14} {told}, {tested} parameters judged, {time.monotonic() - started:.0f} s",
                flush=True,
            )
            print(said[-1500:] if is_open else "", end="")
        errors = server.log.read_text(encoding="utf-8", errors="replace").count("Unexpected")
    print(f"sql injection: {len(TARGETS)} targets, {found} findings, {errors} server errors")
    return int(bool(found or errors))


if __name__ == "__main__":
    sys.exit(main())
