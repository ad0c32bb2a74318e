"""What a book may hold, its token as people type it, where a device stands, when a card is another one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from directory.phonebooks import rules
from directory.phonebooks.rules import BadContents, Contents, Mark
from directory.registry.rules import FreshnessDays
from directory.web.carddav import places

DAYS = FreshnessDays()
TODAY = date(2026, 11, 24)


def mark(**more: object) -> Mark:
    values: dict[str, object] = {"entry_id": "e", "revision": 3, "method": "letter", "others": (), "holders": ()}
    confirmed = datetime(2026, 11, 1, tzinfo=UTC)
    return Mark(**{**values, "confirmed_at": confirmed, **more})  # type: ignore[arg-type]


def etag(on: date = TODAY, **more: object) -> str:
    return rules.etag_of(mark(**more), "frame", on, DAYS)


def test_a_day_alone_changes_no_card() -> None:
    assert len({etag(TODAY + timedelta(days=n)) for n in range(40)}) == 1


def test_each_change_of_state_is_one_other_card() -> None:
    found = [etag(TODAY + timedelta(days=n)) for n in range(400)]
    changes = [day for day, (a, b) in enumerate(pairwise(found)) if a != b]
    assert len(changes) == 5, "due, overdue, unconfirmed, holder hidden, dormant"


@pytest.mark.parametrize(
    "other",
    [
        {"revision": 4},
        {"method": "call"},
        {"confirmed_at": datetime(2026, 11, 2, tzinfo=UTC)},
        {"confirmed_at": None},
        {"holders": ("a",)},
        {"others": ("mail:2026-10-03",)},
        {"entry_id": "f"},
    ],
)
def test_whatever_a_card_tells_changes_its_etag(other: dict[str, object]) -> None:
    assert etag(**other) != etag()


def test_a_card_sent_again_has_another_etag() -> None:
    assert rules.shown_etag("abc", 0) == "abc"
    assert len({rules.shown_etag("abc", again) for again in range(5)}) == 5


def test_a_token_is_long_and_may_be_typed_any_way() -> None:
    token = rules.new_token()
    plain = rules.plain_token(token)
    assert len(set(plain)) > 8
    assert len(plain) == 28
    for typed in (token.upper(), token.replace("-", " "), f"  {token}\n", token.replace("-", "–")):
        assert rules.plain_token(typed) == plain
    assert len({rules.new_token() for _ in range(100)}) == 100


@pytest.mark.parametrize("token", ["", "x", "urn:x-phone-book:", "urn:x-phone-book:-1", "urn:x-phone-book:9", "urn:x-phone-book:1 or 1", "urn:x-phone-book:" + "9" * 50, "data:,3"])  # fmt: skip
def test_a_place_nobody_gave_out_is_none(token: str) -> None:
    assert rules.sequence_of(token, 8) is None


def test_a_place_is_read_back() -> None:
    assert [rules.sequence_of(rules.sync_token(place), 8) for place in range(9)] == list(range(9))


def test_a_token_of_a_book_that_moved_lately_tells_from_further_back_and_is_another_with_each_move() -> None:
    assert rules.sequence_of(rules.sync_token(8, 5), 8) == 5
    assert rules.sequence_of(rules.sync_token(8, 5), 7) is None, "nobody gave it out"
    assert rules.sync_token(8, 8) == rules.sync_token(8)
    assert len({rules.sync_token(newest, 5) for newest in range(6, 9)}) == 3


def test_contents_are_stored_without_doubles_and_read_back() -> None:
    contents = rules.checked(Contents(("RO", "AL", "RO"), ("sop=4", "sop=4"), ("a", "a", "b")))
    assert contents == Contents(("AL", "RO"), ("sop=4",), ("a", "b"))
    assert rules.contents_of(contents.to_json()) == contents
    assert rules.contents_of({"countries": "RO", "answers": [1, None, "x"]}) == Contents((), ("x",), ())


@pytest.mark.parametrize(
    "contents",
    [
        Contents(tuple(f"{number:02d}" for number in range(61))),
        Contents((), tuple(f"sop={number}" for number in range(11))),
        Contents((), ("x" * 501,)),
        Contents((), (), tuple(map(str, range(501)))),
    ],
)
def test_a_book_has_its_limits(contents: Contents) -> None:
    with pytest.raises(BadContents, match="at most"):
        rules.checked(contents)


def test_hotlines_never_wait_and_favourites_come_first() -> None:
    new = ["a", "b", "c", "h"]
    assert rules.allowed_now(new, free=frozenset("h"), first=frozenset("c"), room=2) == ["h", "c", "a"]
    assert rules.allowed_now(new, free=frozenset("h"), first=frozenset(), room=-5) == ["h"]


BOOK, ENTRY = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.mark.parametrize(
    ("href", "is_known"),
    [
        (places.card(BOOK, ENTRY), True),
        (f"https://contacts.example{places.card(BOOK, ENTRY)}", True),
        (places.card(BOOK, ENTRY.upper()), True),
        (places.card(BOOK, ENTRY).replace("-", "%2D"), True),
        (places.card(ENTRY, BOOK), False),
        (places.book(BOOK), False),
        (places.card(BOOK, "../../x"), False),
        ("", False),
        ("http://[::1", False),
        ("\x00", False),
    ],
)
def test_an_address_names_a_card_of_that_book_or_nothing(href: str, is_known: bool) -> None:
    assert places.entry_in(href, BOOK) == (ENTRY if is_known else None)
