"""What changed since an instant: exact on both databases, also where many changed at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from directory.entries import changes
from directory.entries.answers import Desk
from directory.entries.changes import Place
from directory.entries.queries import EntryCache
from directory.entries.viewer import PUBLIC
from directory.registry import operations
from directory.registry.models import Institution, Post
from directory.registry.rules import FreshnessDays
from directory.search.memory_index import MemoryIndex
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy, build, read_file
from tests.conftest import NOW
from tests.factories import make_institution, make_post

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(
        session, MemoryIndex(), PUBLIC, NOW, date(2026, 11, 24), FreshnessDays(), EntryCache(), build(read_file())
    )


@pytest.fixture
def ids(session: Session) -> list[str]:
    """Twenty entries at four instants, a microsecond apart, in the order of change."""
    office = make_institution(session, country="BG")
    posts = [make_post(session, office, title=f"Desk {number}") for number in range(20)]
    for number, post in enumerate(posts):
        post.changed_at = NOW + timedelta(microseconds=number // 5)
    session.flush()
    return [post.id for post in sorted(posts, key=lambda post: (post.changed_at, post.id))]


def walk(desk: Desk, taxonomy: Taxonomy, *, since: datetime, limit: int, reading: Reading | None = None) -> list[str]:
    found: list[str] = []
    after: Place | None = None
    while True:
        page = changes.changed_entries(
            reading or Reading(countries=("BG",)), desk, taxonomy, since=since, after=after, limit=limit
        )
        found += [entry.id for entry in page.entries]
        after = page.after
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 3, 5, 20, 100])
def test_pages_join_without_gap_or_overlap(desk: Desk, ids: list[str], taxonomy: Taxonomy, limit: int) -> None:
    assert walk(desk, taxonomy, since=LONG_AGO, limit=limit) == ids


def test_an_instant_is_met_to_the_microsecond(desk: Desk, ids: list[str], taxonomy: Taxonomy) -> None:
    assert walk(desk, taxonomy, since=NOW + timedelta(microseconds=2), limit=100) == ids[10:]
    assert walk(desk, taxonomy, since=NOW + timedelta(microseconds=4), limit=100) == []


def test_filters_are_those_of_the_index(desk: Desk, ids: list[str], taxonomy: Taxonomy) -> None:
    for reading in (Reading(countries=("RO",)), Reading(sops=(1,)), Reading(roles=("hotline",), countries=("BG",))):
        assert not set(walk(desk, taxonomy, since=LONG_AGO, limit=100, reading=reading)) & set(ids)
    both = Reading(countries=("BG", "RO"), sops=(4,), roles=("return_officer",), institution_types=("ngo",))
    assert walk(desk, taxonomy, since=LONG_AGO, limit=7, reading=both) == ids


def test_what_is_removed_is_named_from_then_on(session: Session, ids: list[str]) -> None:
    post = session.get(Post, ids[0])
    assert post is not None
    operations.remove_post(session, post, reason="closed", by="test", now=NOW)
    (gone,) = changes.removed_since(session, NOW).removed
    assert (gone.id, gone.at, gone.redirect) == (ids[0], NOW, None)
    assert changes.removed_since(session, NOW + timedelta(seconds=1)).removed == ()


def test_a_walk_while_entries_change_misses_nothing_and_repeats_nothing(
    session: Session, desk: Desk, ids: list[str], taxonomy: Taxonomy
) -> None:
    """Between the pages entries change, behind the walk and before it, some are new and some go."""
    copy: dict[str, int] = {}
    given: list[tuple[str, int]] = []
    after, turn, office = None, 0, make_institution(session, country="BG")
    gone: set[str] = set()
    while True:
        page = changes.changed_entries(Reading(countries=("BG",)), desk, taxonomy, since=LONG_AGO, after=after, limit=3)
        given += [(entry.id, entry.revision) for entry in page.entries]
        copy |= {entry.id: entry.revision for entry in page.entries}
        after = page.after
        if after is None:
            break
        turn += 1
        if turn <= 5:
            moment = NOW + timedelta(minutes=turn)
            operations.touch(session, [ids[turn], ids[19 - turn]], now=moment)
            make_post(session, office, title=f"New {turn}", now=moment)
        if turn in {1, 2}:  # one the walk has given, one it has not come to
            gone.add(ids[(turn - 1) * 10])
            leaving = session.get_one(Post, ids[(turn - 1) * 10])
            operations.remove_post(session, leaving, reason="closed", by="test", now=NOW)
    standing = {
        post.id: post.revision
        for post in session.query(Post).where(Post.institution_id.in_(_houses(session, ids, office)))
    }
    assert {one: revision for one, revision in copy.items() if one not in gone} == standing, "nothing is missed"
    assert len(given) == len(set(given)), "nothing comes twice as it was"
    named = {one.id for one in changes.removed_since(session, NOW).removed}
    assert gone <= named, "and the next walk, from where this one began, names what went meanwhile"


def _houses(session: Session, ids: list[str], office: Institution) -> list[str]:
    return [*{post.institution_id for post in session.query(Post).where(Post.id.in_(ids))}, office.id]


@pytest.mark.parametrize("limit", [1, 2, 5, 7, 100])
def test_what_is_gone_comes_in_pages_too(session: Session, ids: list[str], limit: int) -> None:
    for number, one in enumerate(ids[:7]):
        moment = NOW + timedelta(minutes=number // 3)
        operations.remove_post(session, session.get_one(Post, one), reason="closed", by="test", now=moment)
    found: list[str] = []
    after, pages = None, 0
    while True:
        page = changes.removed_since(session, NOW, after=after, limit=limit)
        assert len(page.removed) <= limit
        found += [one.id for one in page.removed]
        after, pages = page.after, pages + 1
        if after is None:
            break
    assert sorted(found) == sorted(ids[:7])
    assert pages == -(-7 // limit)
