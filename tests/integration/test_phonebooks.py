"""Whatever happens to the directory, from every token ever given a device ends with what the book holds now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from directory.db import new_id
from directory.entries.viewer import Viewer
from directory.history.access import Asker
from directory.phonebooks import bookkeeping, operations
from directory.phonebooks.cards import CardShelf, cards
from directory.phonebooks.models import Subscription, SubscriptionCard
from directory.phonebooks.selection import Selection
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.values import ContactValues
from directory.sops.taxonomy import Taxonomy
from tests.conftest import NOW
from tests.factories import make_post
from tests.integration.phonebook_world import PUBLIC, Device, World


@pytest.fixture
def world(session: Session, taxonomy: Taxonomy) -> World:
    return World(session, taxonomy)


@pytest.mark.parametrize("seed", range(3))
def test_from_every_old_token_a_device_ends_with_what_the_book_holds_now(
    session: Session, taxonomy: Taxonomy, seed: int
) -> None:
    world, devices = World(session, taxonomy, seed), [Device(0)]
    for _ in range(30):
        world.anything()
        for device in world.draw.sample(devices, min(2, len(devices))):
            world.follow(device, limit=world.draw.choice([None, None, 2]))
        if world.draw.random() < 0.4:
            fresh = Device(0)
            world.follow(fresh)
            devices.append(fresh)
    for device in devices:
        world.follow(device)
    truth = world.truth()
    given = cards(session, sorted(truth), world.book(), world.context, world.shelf)
    for device in devices:
        assert device.cards.keys() == truth.keys()
        assert device.cards == {card.entry_id: card.etag for card in given}
    assert {card.entry_id: card.text for card in given} == truth


@pytest.mark.parametrize("seed", range(10, 12))
def test_one_etag_never_stands_for_two_texts_and_a_changed_text_is_always_announced(
    session: Session, taxonomy: Taxonomy, seed: int
) -> None:
    world, texts, held = World(session, taxonomy, seed), dict[str, str](), Device(0)
    for _ in range(30):
        world.anything()
        world.follow(held)
        now = {
            card.entry_id: card for card in cards(session, sorted(held.cards), world.book(), world.context, world.shelf)
        }
        truth = world.truth()
        for entry_id, card in now.items():
            assert texts.setdefault(f"{entry_id} {card.etag}", card.text) == card.text
            assert held.cards[entry_id] == card.etag
            assert truth[entry_id] == card.text, "what is handed out is the entry as it stands"
        assert now.keys() == truth.keys()


@pytest.mark.parametrize("seed", range(20, 23))
def test_a_device_that_asks_for_the_token_last_misses_no_edit_that_came_meanwhile(
    session: Session, taxonomy: Taxonomy, seed: int
) -> None:
    """As Thunderbird does: it lists the book, fetches every card, then asks where it stands."""
    world, device = World(session, taxonomy, seed), Device(0)
    for _ in range(10):
        world.anything()
    world.days_pass()
    world.follow(device)
    listed, newest = dict(device.cards), device.token
    for _ in range(6):
        world.draw.choice(
            [world.add, world.rename, world.other_duties, world.remove, world.move_house, world.confirm]
        )()
        session.flush()
    world.follow(device)
    assert device.cards != listed, "something has to have come"
    row = session.get_one(Subscription, world.book_id)
    late = Device(bookkeeping.listed_from(session, row, now=world.now), listed)
    assert newest <= late.token < row.sequence
    world.follow(late)
    assert late.cards == device.cards
    assert bookkeeping.listed_from(session, row, now=world.now + timedelta(hours=2)) == row.sequence


def test_control_a_book_that_forgets_departures_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(0)
    world.follow(device)
    monkeypatch.setattr(bookkeeping._Moves, "gone", property(lambda _: [], lambda *_: None), raising=False)
    kept = next(iter(device.cards))
    registry.remove_post(world.session, world.session.get_one(Post, kept), reason="gone", by="test", now=world.now)
    world.follow(device)
    assert device.cards.keys() != world.truth().keys()


def test_nothing_moves_without_a_reason(world: World) -> None:
    for post in world.posts():
        post.confirmed_at = NOW - timedelta(days=5)
    world.session.flush()
    first = world.sync()
    assert world.sync() == first
    book, row = world.book(), world.session.get_one(Subscription, world.book_id)
    assert not bookkeeping.is_behind(world.session, row, book)
    world.day += 1
    assert bookkeeping.is_behind(world.session, row, world.book()), "a new day is looked at once"
    assert world.sync() == first, "and tells nothing"
    world.rename()
    world.session.flush()
    assert bookkeeping.is_behind(world.session, row, world.book())


def test_an_entry_exchanged_for_another_in_the_same_instant_is_noticed(world: World) -> None:
    world.selection = Selection(countries=("AL",))
    house = world.houses[1]
    old = make_post(world.session, house, title="Old")
    world.sync()
    registry.remove_post(world.session, old, reason="gone", by="test", now=world.now)
    new = make_post(world.session, house, title="New")
    device = Device(0)
    world.follow(device)
    assert new.id in device.cards
    assert old.id not in device.cards


def test_lost_rights_take_the_values_along(world: World) -> None:
    post = make_post(world.session, world.houses[1], title="Office", phone="+442079460777", is_published=False)
    world.sync()
    before = cards(world.session, [post.id], world.book(), world.context, world.shelf)[0]
    world.viewer = PUBLIC
    place = world.session.get_one(Subscription, world.book_id).sequence
    world.sync()
    told = bookkeeping.changes_since(world.session, world.book_id, place)
    after = cards(world.session, [post.id], world.book(), world.context, world.shelf)[0]
    assert "442079460777" in before.text
    assert "442079460777" not in after.text
    assert post.id in {change.entry_id for change in told}, "and the device is told"


def test_restricted_values_never_travel_whoever_owns_the_book(world: World) -> None:
    lines = (ContactValues("mobile", "+442079460888"), ContactValues("phone", "+442079460778"))
    post = make_post(world.session, world.houses[1], contact_points=lines)
    world.viewer = Viewer("registered", may_reveal=True)
    world.sync()
    text = cards(world.session, [post.id], world.book(), world.context, world.shelf)[0].text
    assert "442079460778" in text
    assert "442079460888" not in text


def test_an_entry_long_silent_says_so_in_its_name(world: World) -> None:
    post = make_post(world.session, world.houses[1], confirmed_days_ago=103)
    world.sync()
    assert "(not confirmed)" not in cards(world.session, [post.id], world.book(), world.context, world.shelf)[0].text
    world.day += 2
    world.sync()
    assert "(not confirmed)" in cards(world.session, [post.id], world.book(), world.context, world.shelf)[0].text


def test_new_cards_wait_for_the_next_day_once_the_quota_is_used_up(session: Session, taxonomy: Taxonomy) -> None:
    world = World(session, taxonomy, quota=3)
    world.selection = Selection(countries=("XK",))
    posts = [make_post(session, world.houses[3], title=f"Desk {n}") for n in range(7)]
    hotline = make_post(session, world.houses[3], title="Line", role="hotline")
    device = Device(0)
    held = []
    for _ in range(4):
        for _again in range(3):
            world.follow(device)
        held.append(len(device.cards))
        world.day += 1
    total = len(world.truth())
    free = sum(post.role_key == "hotline" for post in world.posts() if post.institution_id == world.houses[3].id)
    assert held == [min(total, free + 3 * day) for day in range(1, 5)]
    assert hotline.id in device.cards
    assert len(posts) == 7


def test_changes_of_known_cards_never_wait(session: Session, taxonomy: Taxonomy) -> None:
    world = World(session, taxonomy, quota=1)
    world.selection = Selection(countries=("XK",))
    post = make_post(session, world.houses[3], title="Old name", role="hotline")
    device = Device(0)
    world.follow(device)
    make_post(session, world.houses[3])
    make_post(session, world.houses[3])
    before = device.cards[post.id]
    world.set(post, title="New name")
    world.follow(device)
    assert device.cards[post.id] != before


def test_the_same_entry_on_a_second_device_counts_once(session: Session, taxonomy: Taxonomy) -> None:
    from directory.accounts import quotas

    world = World(session, taxonomy)
    world.sync()
    used = quotas.used(session, Asker(world.account_id), "cards", now=world.now)
    second = new_id()
    session.add(
        Subscription(
            id=second, account_id=world.account_id, token_hash=new_id(), name="B", contents={}, created_at=NOW,
            expires_at=NOW,
        )
    )  # fmt: skip
    session.flush()
    world.book_id = second
    world.sync()
    assert quotas.used(session, Asker(world.account_id), "cards", now=world.now) == used > 0


def test_a_device_that_changed_its_copy_gets_the_true_card_under_another_etag(world: World) -> None:
    device = Device(0)
    world.follow(device)
    entry_id, before = next(iter(device.cards.items()))
    assert operations.undo(world.session, world.book_id, entry_id, now=world.now)
    invented = new_id()
    device.cards[invented] = "mine"
    assert operations.undo(world.session, world.book_id, invented, now=world.now)
    world.follow(device)
    assert device.cards[entry_id] != before
    assert invented not in device.cards
    given = cards(world.session, [entry_id], world.book(), world.context, world.shelf)
    assert given[0].etag == device.cards[entry_id]


def test_a_device_cannot_change_its_copy_without_end(world: World) -> None:
    world.sync()
    answers = [operations.undo(world.session, world.book_id, new_id(), now=world.now) for _ in range(101)]
    assert answers == [True] * 100 + [False]


@pytest.fixture
def statements(session: Session) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE")):
            seen.append(statement)

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_ten_times_the_entries_take_as_many_statements(
    session: Session, taxonomy: Taxonomy, statements: list[str]
) -> None:
    def counted(count: int) -> list[int]:
        world = World(session, taxonomy)
        world.selection = Selection(countries=("XK",))
        for number in range(count):
            make_post(session, world.houses[3], title=f"Desk {number}")
        session.flush()
        found = []
        for act in (
            world.sync,
            world.sync,
            lambda: bookkeeping.changes_since(session, world.book_id, 0),
            lambda: cards(session, [p.id for p in world.posts()], world.book(), world.context, CardShelf()),
        ):
            session.expire_all()
            statements.clear()
            act()
            found.append(len(statements))
        return found

    few, many = counted(4), counted(40)
    assert few == many
    assert max(few) < 40


def test_the_text_of_a_card_is_stored_nowhere() -> None:
    names = {column.name for column in SubscriptionCard.__table__.columns}
    assert names == {"subscription_id", "entry_id", "etag", "revision", "sequence", "again", "gone_at"}
