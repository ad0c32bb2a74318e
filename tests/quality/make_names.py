"""Writes names.txt: invented people, among them many whose names are also countries, cities or peoples."""

from __future__ import annotations

import random
from pathlib import Path

HERE = Path(__file__).parent


def parts() -> tuple[list[str], list[str]]:
    """First names and surnames, from name_parts.txt."""
    _, given, family = HERE.joinpath("name_parts.txt").read_text("utf-8").split("# ")
    return given.split()[1:], family.split()[1:]


def names(count: int = 1500, seed: int = 3) -> list[str]:
    draw = random.Random(seed)
    given, family = parts()
    made = dict.fromkeys(f"{draw.choice(given)} {draw.choice(family)}" for _ in range(count * 2))
    return list(made)[:count]


if __name__ == "__main__":
    head = "# Made by make_names.py: nobody here exists on purpose.\n"
    HERE.joinpath("names.txt").write_text(head + "\n".join(names()) + "\n", encoding="utf-8")
