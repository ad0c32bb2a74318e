"""A second client, from another house: tsdav finds the book, fetches it and follows it by sync tokens."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.test_carddav_vdirsyncer import Place, change, place  # noqa: F401 - the running server
from tests.unit.exports import readers

PROGRAM = Path(__file__).with_name("tsdav_client.mjs")


@pytest.fixture(scope="session")
def tsdav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tsdav, fetched through npm."""
    if not shutil.which("npm"):
        readers.missing("tsdav is not here: npm is needed to fetch it")
    folder = tmp_path_factory.mktemp("tsdav")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefer-offline", "tsdav@2.3.4"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    if done.returncode:
        readers.missing(f"tsdav could not be fetched: {done.stderr.decode()[-200:]}")
    package = json.loads((folder / "node_modules/tsdav/package.json").read_text("utf-8"))
    return folder / "node_modules/tsdav" / package["module"]


def test_tsdav_finds_the_book_follows_it_by_token_and_may_not_write(place: Place, tsdav: Path) -> None:  # noqa: F811
    command = ["node", str(PROGRAM), str(tsdav), place.server.address, place.user, place.token]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as client:
        assert client.stdin
        assert client.stdout

        def told() -> dict[str, Any]:
            line = client.stdout.readline()  # type: ignore[union-attr]
            assert line, client.stderr.read() if client.stderr else ""
            found: dict[str, Any] = json.loads(line)
            return found

        def say(step: str) -> dict[str, Any]:
            client.stdin.write(step + "\n")  # type: ignore[union-attr]
            client.stdin.flush()  # type: ignore[union-attr]
            return told()

        first = told()
        assert place.ids["desk"] in first["cards"]
        assert place.ids["line"] in first["cards"]
        assert "+44" in first["cards"][place.ids["line"]]
        assert say("sync") == {"created": 0, "updated": [], "deleted": []}
        change(place, "Return desk, renamed for a second client", gone=place.ids["line"])
        second = say("sync")
        assert place.ids["desk"] in second["updated"]
        assert any(place.ids["line"] in url for url in second["deleted"])
        assert say("write")["status"] in {403, 404}, "a card of its own finds no place here"
        client.stdin.close()
