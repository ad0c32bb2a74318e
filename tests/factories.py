"""Small worlds for tests: institutions and posts made through the same operations the product uses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from directory.registry import operations
from directory.registry.models import Institution, Post
from directory.registry.values import (
    ContactValues,
    InstitutionValues,
    NameValues,
    PostValues,
    ResponsibilityValues,
)
from tests.conftest import NOW

DESK_NUMBER = "+442079460101"


def make_institution(
    session: Session, name: str = "Return Agency", *, country: str = "RO", kind: str = "ngo", **more: Any
) -> Institution:
    names = more.pop("names", (NameValues(name, "en"),))
    values = InstitutionValues(country=country, type=kind, names=names, **more)
    return operations.add_institution(session, values, by="test", now=NOW)


def make_post(
    session: Session,
    institution: Institution | None = None,
    *,
    title: str = "Return desk",
    role: str | None = "return_officer",
    sops: tuple[int, ...] = (4,),
    confirmed_days_ago: int | None = 12,
    phone: str | None = DESK_NUMBER,
    is_published: bool = True,
    now: datetime = NOW,
    **more: Any,
) -> Post:
    contacts = more.pop("contact_points", None)
    if contacts is None:
        contacts = (ContactValues("phone", phone, hours="24/7", is_published=is_published),) if phone else ()
    values = PostValues(
        title=title,
        role=role,
        is_desk=more.pop("is_desk", True),
        contact_points=contacts,
        responsibilities=more.pop("responsibilities", tuple(ResponsibilityValues(sop) for sop in sops)),
        **more,
    )
    post = operations.add_post(session, institution or make_institution(session), values, by="test", now=now)
    if confirmed_days_ago is not None:
        post.confirmed_at = now - timedelta(days=confirmed_days_ago)
        post.confirmation_method = "signed_in"
    session.flush()
    return post
