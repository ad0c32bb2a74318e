"""Foreign vCard readers as judges: what each of them read, as (name, values) in order."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import vobject

Properties = list[tuple[str, tuple[str, ...]]]
HERE = Path(__file__).parent / "judges"
JARS = ("/usr/share/java/ez-vcard.jar", "/usr/share/java/vinnie.jar")


def missing(what: str) -> None:
    """Leave the test out; in CI nothing may be left out."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def with_ez_vcard(content: bytes) -> list[Properties]:
    """What ez-vcard (Java; DAVx5 uses it) reads. Its warnings stand as WARNING."""
    if not shutil.which("java") or not all(Path(jar).exists() for jar in JARS):
        missing("ez-vcard is not here: apt install libez-vcard-java libvinnie-java default-jdk-headless")
    command = ["java", "-Dfile.encoding=UTF-8", "-cp", ":".join(JARS), str(HERE / "Judge.java")]
    return _run(command, content)


def with_ical_js(content: bytes, script: Path) -> list[Properties]:
    """What ical.js (Thunderbird, Nextcloud) reads."""
    return _run(["node", str(HERE / "judge.mjs"), str(script)], content)


def with_vobject(content: bytes) -> list[Properties]:
    """What vobject itself reads back."""
    return [_read(card) for card in vobject.readComponents(content.decode())]


def _run(command: list[str], content: bytes) -> list[Properties]:
    done = subprocess.run(command, input=content, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    cards: list[Properties] = []
    for line in done.stdout.decode().splitlines():
        name, *values = line.split("\t")
        if name == "CARD":
            cards.append([])
        else:
            cards[-1].append((name, tuple(base64.b64decode(value).decode() for value in values)))
    return cards


def _read(card: vobject.base.Component) -> Properties:
    special: dict[str, Callable[[vobject.base.ContentLine], tuple[str, ...]]] = {
        "N": lambda line: (line.value.family, line.value.given),
        "ADR": lambda line: (line.value.street, line.value.country),
        "ORG": lambda line: tuple(line.value),
        "CATEGORIES": lambda line: tuple(line.value),
    }
    return [(line.name, special.get(line.name, lambda line: (line.value,))(line)) for line in card.getChildren()]
