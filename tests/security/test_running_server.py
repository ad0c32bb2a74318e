"""The running server: made-up requests from its own document, and a log that never tells what was asked."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from directory.serve import EmbeddedServer
from tests.security.long import IS_LONG
from tests.security.server import Server, make_lasting, running
from tests.security.site import Site, canary_site

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method,negative_data_rejection"
CONFIG = Path(__file__).with_name("schemathesis.toml")
SECONDS, EXAMPLES = (600, 300) if IS_LONG else (60, 6)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with canary_site(tmp_path_factory.mktemp("running")) as made:
        make_lasting(made.folder)
        yield made


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[Server]:
    with running(site.folder) as started:
        yield started


@pytest.mark.parametrize("who", ["anonymous", "read:registered", "write:coordinator"])
def test_made_up_requests_find_nothing(site: Site, server: Server, who: str, tmp_path: Path) -> None:
    document, report = f"{server.address}/api/v1/openapi.json", tmp_path / "events.ndjson"
    key = ["-H", f"Authorization: Bearer {site.world.keys[who]}"] if who in site.world.keys else []
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(CONFIG), "run", document, "--checks", CHECKS, "-n", str(EXAMPLES), "--phases",
            "examples,coverage,fuzzing", "--seed", "4", "--generation-database", "none", "--no-color",
            "--report", "ndjson", "--report-ndjson-path", str(report), *key,
        ],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    print("\n" + "\n".join(done.stdout.splitlines()[-14:]))
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert report.stat().st_size > 1000


def test_the_log_tells_no_question_and_no_value(site: Site, server: Server) -> None:
    """Every way to ask, with words that could be a victim's: none of them reaches the log, nor does an address."""
    secret = "zqvictimname"
    for path in (
        "/entries?words=",
        "/api/v1/entries?words=",
        "/entries.csv?words=",
        "/sign-in?next=/",
        "/nothing?",
        "/entries/x?q=",
        "/api/v1/entries?cursor=",
    ):
        _get(f"{server.address}{path}{secret}")
    for path, body in (
        ("/search", urlencode({"q": secret}).encode()),
        ("/sign-in", urlencode({"email": f"{secret}@people.example", "password": secret}).encode()),
    ):
        _get(f"{server.address}{path}", body)
    _get(f"{server.address}/api/v1/ask", json.dumps({"question": secret}).encode(), "application/json")
    told = server.log.read_text(encoding="utf-8", errors="replace")
    assert "Listening at" in told, "the log is not the server's"
    assert secret not in told
    assert "?" not in told.replace("?v=", ""), "a query string stands in the log"
    assert list(site.book.found_in(told.encode())) == []


def _get(address: str, body: bytes | None = None, kind: str = "application/x-www-form-urlencoded") -> int:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, body, {"Content-Type": kind}), timeout=20
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_embedded_server_logs_no_requests(site: Site) -> None:
    settings = EmbeddedServer(site.app, 8000).cfg
    assert settings.accesslog is None
    assert settings.loglevel == "warning"
    assert not settings.forwarded_allow_ips or settings.forwarded_allow_ips != ["*"]
