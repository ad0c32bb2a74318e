"""Values as plain JSON and back: for proposals, imports and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from directory.registry.values import (
    ContactValues,
    InstitutionValues,
    NameValues,
    PostValues,
    ResponsibilityValues,
)

_INNER: dict[str, type[Any]] = {
    "names": NameValues,
    "contact_points": ContactValues,
    "responsibilities": ResponsibilityValues,
}


def plain(values: Any) -> dict[str, Any]:
    """Values as JSON would hold them; what equals its default is left out."""
    written = {}
    for field in fields(values):
        value = getattr(values, field.name)
        if field.default is MISSING or value != field.default:
            written[field.name] = plain_value(value)
    return written


def plain_value(value: Any) -> Any:
    """One field's value as JSON would hold it."""
    if isinstance(value, tuple):
        return [plain(item) if is_dataclass(item) else item for item in value]
    return value


def institution_of(content: Mapping[str, Any]) -> InstitutionValues:
    """The institution a content speaks of."""
    return InstitutionValues(**restored(content))


def post_of(content: Mapping[str, Any]) -> PostValues:
    """The post a content speaks of."""
    return PostValues(**restored(content))


def restored(content: Mapping[str, Any]) -> dict[str, Any]:
    """Plain fields as the values they were made of."""
    found: dict[str, Any] = {}
    for name, value in content.items():
        if name in _INNER:
            found[name] = tuple(_INNER[name](**restored(item)) for item in value)
        else:
            found[name] = tuple(value) if isinstance(value, list) else value
    return found
