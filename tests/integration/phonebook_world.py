"""A phone book over a small directory in which anything may happen, and what is true of it without the bookkeeping."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.db import new_id
from directory.entries.answers import Desk
from directory.entries.changes import _matching
from directory.entries.queries import EntryCache, load
from directory.entries.viewer import Viewer
from directory.entries.visibility import visible
from directory.exports.context import ExportContext
from directory.exports.vcard import card as card_of
from directory.history.access import Asker
from directory.phonebooks import bookkeeping, operations, rules
from directory.phonebooks.bookkeeping import Book
from directory.phonebooks.cards import CardShelf
from directory.phonebooks.models import Subscription
from directory.phonebooks.selection import Selection
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.pictures import institution_values, post_values
from directory.registry.rules import FreshnessDays
from directory.registry.values import ContactValues, ResponsibilityValues
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy
from tests.conftest import NOW
from tests.factories import make_institution, make_post

SELECTION = Selection(
    countries=("AL",),
    readings=(
        Reading(countries=("RO",), sops=(4,)),
        Reading(roles=("hotline",)),
        Reading(countries=("MD",), target_groups=("children",)),
        Reading(countries=("MD",), languages=("uk",)),
    ),
)
REGISTERED, PUBLIC = Viewer("registered"), Viewer("public")


@dataclass
class Device:
    """A phone: it applies what it is told since its last token."""

    token: int
    cards: dict[str, str] = field(default_factory=dict)


class World:
    """A book over a small directory in which anything may happen."""

    def __init__(self, session: Session, taxonomy: Taxonomy, seed: int = 0, *, quota: int = 10_000) -> None:
        self.session, self.draw, self.day, self.viewer = session, random.Random(seed), 0, REGISTERED
        self.taxonomy, self.quota, self.selection, self.shelf = taxonomy, quota, SELECTION, CardShelf(50)
        self.texts: dict[str, str] = {}
        account = Account(id=new_id(), email=f"{new_id()}@people.example", name="Somebody", created_at=NOW)
        session.add(account)
        session.flush()
        self.account_id = account.id
        self.book_id = new_id()
        session.add(
            Subscription(
                id=self.book_id, account_id=account.id, token_hash=new_id(), name="A phone", contents={},
                created_at=NOW, expires_at=NOW + timedelta(days=365),
            )
        )  # fmt: skip
        session.flush()
        self.houses = [make_institution(session, f"House {c}", country=c) for c in ("RO", "AL", "MD", "XK")]
        for _ in range(6):
            self.add()

    @property
    def now(self) -> datetime:
        return NOW + timedelta(days=self.day)

    @property
    def context(self) -> ExportContext:
        return ExportContext("https://contacts.example", self.taxonomy, self.now, "")

    def book(self) -> Book:
        desk = Desk(
            self.session, None, self.viewer, self.now, self.now.date(), FreshnessDays(), EntryCache(), self.taxonomy  # type: ignore[arg-type]
        )  # fmt: skip
        frame = rules.digest([self.viewer.layer, self.taxonomy.version])
        return Book(self.book_id, self.selection, desk, frame, Asker(self.account_id), self.quota)

    # What may happen

    def posts(self) -> list[Post]:
        return list(self.session.scalars(select(Post).order_by(Post.title, Post.id)))

    def one(self) -> Post:
        return self.draw.choice(self.posts() or [self.add()])

    def add(self) -> Post:
        draw = self.draw
        line = ContactValues(
            "phone",
            f"+4420794601{draw.randrange(10, 99)}",
            languages=draw.choice([(), ("uk",)]),
            is_published=draw.random() < 0.5,
        )
        duties = tuple(
            ResponsibilityValues(sop, target_groups=draw.choice([(), ("children",), ("adults",)]))
            for sop in draw.sample((1, 2, 4), 2)
        )
        return make_post(
            self.session, draw.choice(self.houses), title=f"Desk {draw.randrange(10_000)}", role=draw.choice(["hotline", "return_officer", None]),
            contact_points=(line,), responsibilities=duties, confirmed_days_ago=draw.choice([None, 5, 74, 103, 118, 178]), now=self.now,
        )  # fmt: skip

    def set(self, post: Post, **more: Any) -> None:
        registry.set_post(self.session, post, replace(post_values(post), **more), by="test", now=self.now)

    def rename(self) -> None:
        self.set(self.one(), title=f"Desk {self.draw.randrange(10_000)}")

    def other_role(self) -> None:
        self.set(self.one(), role=self.draw.choice(["hotline", "return_officer"]))

    def other_duties(self) -> None:
        self.set(
            self.one(), responsibilities=tuple(ResponsibilityValues(sop) for sop in self.draw.sample((1, 2, 4), 1))
        )

    def remove(self) -> None:
        registry.remove_post(self.session, self.one(), reason="gone", by="test", now=self.now)

    def move_house(self) -> None:
        house = self.draw.choice(self.houses)
        values = replace(institution_values(house), country=self.draw.choice(["RO", "AL", "MD", "XK"]))
        registry.set_institution(self.session, house, values, by="test", now=self.now)

    def appoint(self) -> None:
        start = self.now.date() + timedelta(days=self.draw.choice([-3, 0, 2]))
        post = self.one()
        if not any(a.until_on is None or a.until_on >= start for a in post.appointments):
            registry.appoint(
                self.session, post, f"Person {self.draw.randrange(99)}", by="test", now=self.now, from_on=start,
                agreed_at=self.now,
            )  # fmt: skip

    def relieve(self) -> None:
        post = self.one()
        for appointment in post.appointments:
            if appointment.until_on is None:
                until = max(self.now.date(), appointment.from_on or self.now.date()) + timedelta(days=3)
                registry.relieve(self.session, appointment, until_on=until, by="test", now=self.now)

    def confirm(self) -> None:
        post = self.one()
        post.confirmed_at, post.confirmation_method = self.now, "letter"
        self.session.flush()
        registry.touch(self.session, [post.id], now=self.now)

    def days_pass(self) -> None:
        self.day += self.draw.choice([1, 1, 3, 20])

    def other_rights(self) -> None:
        self.viewer = self.draw.choice([REGISTERED, PUBLIC])

    def other_contents(self) -> None:
        self.selection = self.draw.choice(
            [SELECTION, Selection(countries=("RO",)), Selection(favourites=tuple(p.id for p in self.posts()[:3]))]
        )

    def undone(self) -> None:
        operations.undo(self.session, self.book_id, self.draw.choice([self.one().id, new_id()]), now=self.now)

    def anything(self) -> None:
        happenings: list[Callable[[], Any]] = [
            self.add, self.add, self.rename, self.other_role, self.other_duties, self.remove, self.move_house, self.appoint, self.appoint, self.relieve,
            self.confirm, self.days_pass, self.other_rights, self.other_contents, self.undone,
        ]  # fmt: skip
        self.draw.choice(happenings)()
        self.session.flush()

    # What the device does, and what is true

    def sync(self) -> int:
        bookkeeping.bring_up_to_date(self.session, self.book(), now=self.now)
        return self.session.get_one(Subscription, self.book_id).sequence

    def follow(self, device: Device, *, limit: int | None = None) -> None:
        newest = self.sync()
        changes = bookkeeping.changes_since(self.session, self.book_id, device.token, limit=limit)
        for change in changes:
            if change.is_gone:
                device.cards.pop(change.entry_id, None)
            else:
                device.cards[change.entry_id] = change.etag
        device.token = changes[-1].sequence if limit and len(changes) == limit else newest

    def truth(self) -> dict[str, str]:
        """Worked out entry by entry, without the bookkeeping."""
        ids = [post.id for post in self.posts()]
        desk = self.book().desk
        stored = load(self.session, ids, today=desk.today)
        wanted = {e.id for e in stored if e.country in self.selection.countries or e.id in self.selection.favourites}
        from directory.entries.answers import to_query

        for reading in self.selection.readings:
            filters = to_query(reading, desk, limit=0).filters
            wanted |= {entry.id for entry in _matching(ids, filters, desk, self.taxonomy)}
        shown = [visible(e, self.viewer, today=desk.today, days=desk.days) for e in stored if e.id in wanted]
        return {entry.id: card_of(entry, self.context) for entry in shown}
