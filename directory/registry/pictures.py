"""What a row says, as the same plain values one writes with: so that a change is a comparison."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from directory.registry.models import ContactPoint, Institution, Post, Responsibility
from directory.registry.values import (
    ContactValues,
    InstitutionValues,
    NameValues,
    PostValues,
    ResponsibilityValues,
)


def institution_values(institution: Institution) -> InstitutionValues:
    """The institution as values."""
    return InstitutionValues(
        country=institution.country_code,
        type=institution.type,
        names=tuple(NameValues(n.name, n.language, n.kind) for n in institution.names),
        host_country=institution.host_country_code,
        city=institution.city,
        serves=tuple(s.country_code for s in institution.serves),
        note=institution.note,
        contact_points=tuple(contact_values(c) for c in institution.contact_points),
        responsibilities=tuple(_responsibility_values(r) for r in institution.responsibilities),
        source_url=institution.source_url,
    )


def post_values(post: Post) -> PostValues:
    """The post as values; its holder is not part of it."""
    return PostValues(
        title=post.title,
        role=post.role_key,
        area=post.area,
        is_desk=post.is_desk,
        asks_for=post.asks_for,
        contact_points=tuple(contact_values(c) for c in post.contact_points),
        responsibilities=tuple(_responsibility_values(r) for r in post.responsibilities),
    )


def contact_values(point: ContactPoint) -> ContactValues:
    """The contact point as values."""
    return ContactValues(
        kind=point.kind,
        value=point.value,
        label=point.label,
        hours=point.hours,
        timezone=point.timezone,
        languages=tuple(point.languages),
        is_published=point.is_published,
    )


def _responsibility_values(row: Responsibility) -> ResponsibilityValues:
    return ResponsibilityValues(
        sop=row.sop,
        measure=row.measure,
        level=row.level,
        area=row.area,
        target_groups=tuple(row.target_groups),
        exploitation=tuple(row.exploitation),
    )


def differences(
    before: InstitutionValues | PostValues, after: InstitutionValues | PostValues
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, before and after. Order counts only where it means something (names, contacts)."""
    old, new = _plain(before), _plain(after)
    differing = [key for key in new if old[key] != new[key]]
    return {key: old[key] for key in differing}, {key: new[key] for key in differing}


def _plain(values: InstitutionValues | PostValues) -> dict[str, Any]:
    plain = asdict(values)
    plain["responsibilities"] = sorted(plain["responsibilities"], key=repr)
    if "serves" in plain:
        plain["serves"] = sorted(plain["serves"])
        plain["host_country"] = None if plain["host_country"] == plain["country"] else plain["host_country"]
    return plain
