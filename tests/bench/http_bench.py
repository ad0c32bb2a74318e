"""From HTTP request to rendered answer, beside a bare Flask page served the same way in the same run."""

from __future__ import annotations

import argparse
import csv
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.world import build_app

ROOT = Path(__file__).resolve().parent.parent.parent
QUESTIONS = ROOT / "tests" / "quality" / "questions_tuning.tsv"
PASSES = 3


def main(sizes: list[int]) -> None:
    """Print the table."""
    print("\nPages: HTTP request to rendered answer, milliseconds (one client, keep-alive)")
    print(f"{'entries':>9}  {'what':<36} {'p50':>7} {'p95':>7} {'p99':>7}   against the bare page, p95")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            build_app(Path(folder), size)
            with _served(folder) as port, _bare() as bare_port:
                _table(size, port, bare_port)


def _table(size: int, port: int, bare_port: int) -> None:
    questions = _questions()
    directory, bare = http.client.HTTPConnection("127.0.0.1", port), http.client.HTTPConnection("127.0.0.1", bare_port)
    answers = [_location(directory, question) for question in questions]
    _get(bare, "/")
    first = [_timed(lambda a=address: _get(directory, a)) for address in answers]
    bare.close()  # idle since: the server may have hung up; the next request connects anew
    times: dict[str, list[float]] = {"bare Flask page": [], "question posted, read, redirected": [], "answer page": []}
    for _ in range(PASSES):
        for question, address in zip(questions, answers, strict=True):
            times["bare Flask page"].append(_timed(lambda: _get(bare, "/")))
            times["question posted, read, redirected"].append(_timed(lambda q=question: _location(directory, q)))
            times["answer page"].append(_timed(lambda a=address: _get(directory, a)))
    times["question to rendered answer"] = [
        a + b for a, b in zip(times["question posted, read, redirected"], times["answer page"], strict=True)
    ]
    times["answer page, its entries first read"] = first
    yardstick = _percentiles(times["bare Flask page"])[1]
    for what, measured in times.items():
        p50, p95, p99 = _percentiles(measured)
        print(f"{size:>9}  {what:<36} {p50:>7.2f} {p95:>7.2f} {p99:>7.2f}   {p95 / yardstick:>5.1f} ×")


def _questions() -> list[str]:
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["question"] for row in rows if "pii" not in row["note"]][:200]


def _location(connection: http.client.HTTPConnection, question: str) -> str:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/search", urlencode({"q": question}), headers)
    response = connection.getresponse()
    response.read()
    assert response.status == 303, f"{question}: {response.status}"
    return response.getheader("Location") or "/"


def _get(connection: http.client.HTTPConnection, address: str) -> None:
    connection.request("GET", address)
    response = connection.getresponse()
    response.read()
    assert response.status == 200, f"{address}: {response.status}"


def _timed(action) -> float:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def _percentiles(times: list[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(times, n=100)
    return statistics.median(times), cuts[94], cuts[98]


@contextmanager
def _served(folder: str) -> Iterator[int]:
    port = _free_port()
    environment = os.environ | {"DIRECTORY_DATA_DIR": folder, "DIRECTORY_LOG_LEVEL": "ERROR"}
    command = [str(Path(sys.executable).with_name("flask")), "up", "--port", str(port)]
    with _running(command, port, environment):
        yield port


@contextmanager
def _bare() -> Iterator[int]:
    port = _free_port()
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    command = [gunicorn, "tests.bench.bare:app", "-b", f"127.0.0.1:{port}", "-k", "gthread", "--threads", "8"]
    with _running([*command, "--no-control-socket"], port, dict(os.environ)):
        yield port


@contextmanager
def _running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    main(parser.parse_args().sizes)
