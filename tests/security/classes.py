"""What `field_classes.yaml` says of each column, and where it and the tables differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, MetaData

FILE = Path(__file__).with_name("field_classes.yaml")
CLASSES = ("structure", "public", "registered", "restricted", "private", "never")


@dataclass(frozen=True)
class Declared:
    """A column's classes, and the actions that open what is private in it."""

    classes: tuple[str, ...]
    actions: tuple[str, ...]

    @property
    def is_filled(self) -> bool:
        return self.classes != ("structure",)


@lru_cache(maxsize=1)
def declared() -> dict[tuple[str, str], Declared]:
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {(table, column): _read(value) for table, row in document.items() for column, value in row.items()}


def _read(value: Any) -> Declared:
    parts = value if isinstance(value, list) else [value]
    classes = tuple(next(iter(part)) if isinstance(part, dict) else part for part in parts)
    actions = tuple(action for part in parts if isinstance(part, dict) for action in part["private"])
    unknown = set(classes) - set(CLASSES)
    if unknown:
        raise ValueError(f"field_classes.yaml: no such class {unknown}")
    return Declared(classes, actions)


def differences(metadata: MetaData) -> list[str]:
    """Columns without a class, and classes without a column."""
    found = {(table.name, column.name) for table in metadata.sorted_tables for column in table.columns}
    missing = [f"{table}.{column} has no class" for table, column in sorted(found - set(declared()))]
    return missing + [f"{table}.{column} is no column" for table, column in sorted(set(declared()) - found)]


def filled_columns(metadata: MetaData) -> Iterator[Column[Any]]:
    """The columns that hold something worth a token."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            known = declared().get((table.name, column.name))
            if known and known.is_filled and not isinstance(column.type, Boolean | Date | DateTime | Integer):
                yield column
