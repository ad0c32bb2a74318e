"""An entry with everything that programs read differently, and what a person has to see of it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from directory.ports import SystemClock
from directory.registry.values import ContactValues, NameValues
from tests.factories import make_institution, make_post
from tests.proof.phone_books.program import Seen

NAME = "Birou de primire, Brčko și Θεσσαλονίκη, Romania (not confirmed) – Asistență, București, secția A/B"
EXPECTED = Seen(
    listed=NAME,
    name=NAME,
    organisation=f"{NAME} / Asistență, București, secția A/B",
    title="Birou de primire, Brčko și Θεσσαλονίκη",
    role="Voluntary return contact",
    note="",  # compared line by line
    numbers=("+442079460111", "+442079460110 ext. 12", "+442079460112"),
    mails=("primire@birou.ro.example",),
    pages=("https://birou.ro.example/%C8%99tiri",),
)
NOTED = ("Never confirmed by its owner: check before you rely on it.", "Local name: Установа за помоћ „Вардар“")


def add(session: Session) -> str:
    """Into the directory; returns its id."""
    names = (NameValues("Asistență; București, secția A\\B", "en"), NameValues("Установа за помоћ „Вардар“", "sr"))
    lines = (
        ContactValues("phone", "+442079460110;ext=12", hours="Mo-Fr 08:00-16:00", timezone="Europe/Bucharest"),
        ContactValues("hotline", "+442079460111", hours="24/7", languages=("ro", "en")),
        ContactValues("fax", "+442079460112"),
        ContactValues("email", "primire@birou.ro.example", is_published=True),
        ContactValues("web", "https://birou.ro.example/știri"),
        ContactValues("postal", "Strada Lungă 1; 010101 București"),
    )
    post = make_post(
        session, make_institution(session, names=names, city="București"), title=EXPECTED.title,
        contact_points=lines, confirmed_days_ago=None, now=SystemClock().now(),
    )  # fmt: skip
    return post.id


def faults(seen: Seen | None) -> list[str]:
    """What a person would see otherwise than meant."""
    if seen is None:
        return ["the card with everything hard in it is not there"]
    shown = replace(seen, note="")
    told = [
        f"{name} is {getattr(shown, name)!r}, meant is {getattr(EXPECTED, name)!r}"
        for name in Seen.__slots__
        if getattr(shown, name) != getattr(EXPECTED, name)
    ]
    return told + [f"the note lacks {words!r}" for words in NOTED if words not in seen.note]
