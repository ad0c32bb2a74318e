"""Patterns such as `Embassy of {sender}[ to {elsewhere}] in {city|host}`: read once, filled row by row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Lookup = Callable[[str], str]
_TOKEN = re.compile(r"\{([^{}\[\]]+)\}|(\[)|(\])|([^{}\[\]]+)|(.)", re.DOTALL)


class BadPattern(ValueError):
    """A pattern that cannot be read."""


@dataclass(frozen=True, slots=True)
class Blank:
    """`{city|host}`: the first of these columns that says something."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text with blanks; a part in square brackets is left out when one of its blanks is empty."""

    parts: tuple[str | Blank | Pattern, ...]

    @property
    def names(self) -> frozenset[str]:
        """Every column the pattern asks for."""
        found: set[str] = set()
        for part in self.parts:
            if isinstance(part, Blank):
                found.update(part.names)
            elif isinstance(part, Pattern):
                found |= part.names
        return frozenset(found)

    def fill(self, look_up: Lookup) -> str:
        """The text, or nothing at all when a blank outside square brackets is empty."""
        written = []
        for part in self.parts:
            if isinstance(part, str):
                written.append(part)
            elif isinstance(part, Pattern):
                written.append(part.fill(look_up))
            else:
                said = next((text for name in part.names if (text := look_up(name))), "")
                if not said:
                    return ""
                written.append(said)
        return "".join(written)


def read_pattern(text: str) -> Pattern:
    """The pattern. Raises BadPattern naming the sign that is out of place."""
    stack: list[list[str | Blank | Pattern]] = [[]]
    for match in _TOKEN.finditer(text):
        names, opens, closes, plain, stray = match.groups()
        if stray:
            raise BadPattern(f"“{text}”: “{stray}” is out of place; a blank is written {{column}}")
        if opens:
            stack.append([])
        elif closes:
            if len(stack) == 1:
                raise BadPattern(f"“{text}”: “]” without “[” before it")
            inner = Pattern(tuple(stack.pop()))
            stack[-1].append(inner)
        else:
            stack[-1].append(plain or Blank(tuple(name.strip() for name in names.split("|"))))
    if len(stack) > 1:
        raise BadPattern(f"“{text}”: “[” without “]” after it")
    return Pattern(tuple(stack[0]))
