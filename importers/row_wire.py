"""Rows as lines of JSON and back, for the pipe between the reader that is kept apart and the import itself."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from importers.records import FileRefused, Notice, Remark, Row, RowAnswer, RowItem, RowLine

END = "end"


def to_wire(item: RowItem) -> str:
    """One line, without its end."""
    if isinstance(item, Row):
        return json.dumps(["row", _shape(item)], ensure_ascii=True)
    return json.dumps(["remark" if isinstance(item, Remark) else "notice", asdict(item)], ensure_ascii=True)


def told(name: str, **more: object) -> str:
    """A line that is no row: that the reader is done, or refuses the file."""
    return json.dumps([name, more], ensure_ascii=True)


def from_wire(line: bytes) -> RowItem | None:
    """What the line says; None for the end. Raises FileRefused where the reader refuses, ValueError for nonsense."""
    name, shape = json.loads(line)
    if name == "row":
        return _row(shape)
    if name == "remark":
        return Remark(**shape)
    if name == "notice":
        return Notice(**shape)
    if name == "refused":
        raise FileRefused(shape["reason"])
    if name != END:
        raise ValueError(name)
    return None


def _shape(row: Row) -> dict[str, Any]:
    """Only what the row has: most rows have nothing but cells."""
    shape: dict[str, Any] = {"number": row.number, "cells": row.cells}
    for name in ("numbers", "faults"):
        if value := getattr(row, name):
            shape[name] = sorted(value) if name == "numbers" else value
    for name in ("lines", "answers", "unread"):
        if value := getattr(row, name):
            shape[name] = [asdict(item) for item in value]
    return shape


def _row(shape: dict[str, Any]) -> Row:
    return Row(
        number=shape["number"],
        cells={name: cell if isinstance(cell, str) else tuple(cell) for name, cell in shape["cells"].items()},
        numbers=frozenset(shape.get("numbers", ())),
        faults=shape.get("faults", {}),
        lines=tuple(RowLine(**_tuples(item)) for item in shape.get("lines", ())),
        answers=tuple(RowAnswer(**_tuples(item)) for item in shape.get("answers", ())),
        unread=tuple(Remark(**item) for item in shape.get("unread", ())),
    )


def _tuples(shape: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in shape.items()}
