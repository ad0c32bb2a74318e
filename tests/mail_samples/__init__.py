"""Messages that come back, each with what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
DAY = date(2026, 11, 24)
OWN_ADDRESS = "directory@directory.example"


@dataclass(frozen=True, slots=True)
class Sample:
    """A message as it arrives, and what it is."""

    name: str
    content: bytes
    expected: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.expected["kind"])


@lru_cache(maxsize=4)
def samples(folder: str) -> tuple[Sample, ...]:
    """All of `own`, `flufl` or `bounced`."""
    expected = yaml.safe_load((HERE / f"{folder}.yaml").read_text(encoding="utf-8"))
    files = {path.stem: path for path in (HERE / folder).iterdir()}
    assert set(files) == set(expected), "a message without an answer, or the reverse"
    return tuple(Sample(name, files[name].read_bytes(), answer) for name, answer in sorted(expected.items()))


def sample(name: str) -> bytes:
    """One of our own."""
    return (HERE / "own" / f"{name}.eml").read_bytes()
