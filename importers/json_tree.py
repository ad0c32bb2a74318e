"""A whole JSON file as a tree of plain values, bounded in size and depth, for readers that are kept apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from importers.records import FileRefused, Limits

_MEGABYTE = 1024 * 1024
MOST_IN_A_TEXT = 128 * 1024


def read_tree(path: Path, limits: Limits) -> Any:
    """What the file holds. Raises FileRefused with a sentence; too deep a tree ends in RecursionError."""
    try:
        if path.stat().st_size > limits.unpacked_megabytes * _MEGABYTE:
            raise FileRefused(f"{path.name} has more than {limits.unpacked_megabytes} MB: split it")
        return json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise FileRefused(f"{path.name} is not UTF-8 at byte {error.start}, as JSON has to be") from error
    except ValueError as error:
        raise FileRefused(f"{path.name} is no JSON: {error}") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def text_of(value: Any) -> str:
    """A plain value as text; nothing for none, and for what is no plain value."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[:MOST_IN_A_TEXT]


def items_of(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list; of nothing, none."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
