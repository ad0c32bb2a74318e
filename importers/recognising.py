"""Which kind of list a file is, by what stands in it: one of ours, one we know, cards, HSDS, or somebody's table."""

from __future__ import annotations

from pathlib import Path

from importers.files import Content, inspect
from importers.mapping_file import read_mapping, shipped_kinds
from importers.own_reader import NEEDED
from importers.reading import look_at
from importers.records import FileRefused, Limits

HEAD = 256 * 1024


def kind_of(path: Path, limits: Limits) -> str:
    """`csv` for a table whose columns somebody has to explain, else the kind. Raises FileRefused."""
    facts = inspect(path, "auto", limits.megabytes)
    if facts.content == "vcard":
        return "vcard"
    if facts.content == "json":
        with path.open("rb") as file:
            head = file.read(HEAD)
        return "directory" if b'"entries"' in head and b'"made_for"' in head else "hsds"
    sample = look_at(path, limits)
    if not sample.rows:
        raise FileRefused(f"{path.name} has no rows: its first row must name the columns, and rows must follow")
    return kind_of_header(sample.columns)


def content_of(path: Path, limits: Limits) -> Content:
    """What the file is by its bytes. Raises FileRefused."""
    return inspect(path, "auto", limits.megabytes).content


def kind_of_header(columns: tuple[str, ...]) -> str:
    """The kind of a table by its columns."""
    if set(columns) >= NEEDED:
        return "directory"
    for name, path in shipped_kinds().items():
        mapping = read_mapping(path)
        if mapping.format != "csv":
            continue
        needed = set(mapping.key) | ({"type", "title"} if "*" in mapping.optional else mapping.known - mapping.optional)
        if needed <= set(columns) <= mapping.known:
            return name
    return "csv"
