"""The letter to a person whom somebody else has entered: goes out by itself, in the same transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from directory.mail import outbox
from directory.registry import rules
from directory.registry.models import Appointment


def tell_who_was_entered(session: Session, appointment: Appointment, *, now: datetime) -> None:
    """Queue the letter `entered` to the official's own mail address, once; without an address nobody can be told."""
    to = next((point.value for point in appointment.contact_points if point.kind in rules.MAILS), None)
    if to is None:
        return
    outbox.queue(
        session,
        "entered",
        to=to,
        key=f"entered:{appointment.id}",
        now=now,
        product="TRM Directory",
        name=appointment.official.name,
        post=appointment.post.title,
        institution=appointment.post.institution.name,
    )
