"""What the tests of files share: the reader that Thunderbird and Nextcloud use."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.exports import readers


@pytest.fixture(scope="session")
def ical_js(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ical.js, fetched through npm."""
    if not shutil.which("npm"):
        readers.missing("ical.js is not here: npm is needed to fetch it")
    folder = tmp_path_factory.mktemp("ical")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefer-offline", "ical.js@2.2.1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    if done.returncode:
        readers.missing(f"ical.js could not be fetched: {done.stderr.decode()[-200:]}")
    return folder / "node_modules/ical.js/dist/ical.js"
