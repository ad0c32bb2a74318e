"""What an item of HSDS says and no field of an entry carries: each value with the names that lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from importers.json_tree import text_of
from importers.records import Row

MOST = 300  # of one item; what is more is counted
_MOST_DEPTH = 12
# Ids and the like tie the file's parts to one another, and say nothing of an office.
_TIES = frozenset(
    {"id", "metadata", "services", "organization", "last_modified", "extent_type", "is_primary", "status", "code"}
)
_UNDERSTOOD = ("phones.type",)


def rest_of(item: dict[str, Any], row: Row) -> list[tuple[str, str]]:
    """The values of the item that the row carries nowhere."""
    carried = _carried(row)
    found = [(path, text) for path, text in _leaves(item, "", 0) if text.casefold() not in carried]
    kept = list(dict.fromkeys(found))
    return [*kept[:MOST], ("further values", f"{len(kept) - MOST:,}")] if len(kept) > MOST else kept


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in _TIES and not name.endswith("_id"):
                yield from _leaves(inner, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path, depth + 1)
    elif not path.endswith(_UNDERSTOOD) and (text := text_of(value).strip()):
        yield path, text


def _carried(row: Row) -> str:
    said: list[str] = []
    for cell in row.cells.values():
        said += [cell] if isinstance(cell, str) else cell
    said += [text for line in row.lines for text in (line.value, line.label, line.hours, *line.languages)]
    said += [remark.value for remark in row.unread]
    return "\n".join(said).casefold()
