"""Two become one and two again: nothing lost, nothing doubled, no number moved by one person alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account, PostOwner
from directory.accounts.people import person_of
from directory.db import Base, new_id
from directory.doubles import journal, operations
from directory.doubles.models import KeptApart, Merge
from directory.doubles.operations import ChangedSince, MergeRefused
from directory.entries.changes import removed_since
from directory.history.models import Change, IndexChange
from directory.proposals import operations as proposals
from directory.proposals.actors import Actor
from directory.proposals.operations import holder_of
from directory.registry import operations as registry
from directory.registry.models import Appointment, ContactPoint, Institution, Post, Removal
from directory.registry.pictures import post_values
from directory.registry.values import ContactValues, NameValues, ResponsibilityValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.web.signed_in import make_account

LINE = ContactValues("phone", "+442079460101", hours="24/7", is_published=True)
OTHER = ContactValues("mobile", "+442079460111", label="Night")
MAIL = ContactValues("email", "desk@agency.example", is_published=True)


def actor(session: Session, role: str = "coordinator", country: str | None = "RO") -> Actor:
    account = make_account(session, role, country=country)
    return Actor(account.id, "form", person_of(session, account))


@pytest.fixture
def asker(session: Session) -> Actor:
    return actor(session)


@pytest.fixture
def second(session: Session) -> Actor:
    return actor(session)


def pair(session: Session, *, ones: Any = (LINE,), others: Any = (LINE, OTHER, MAIL), **more: Any) -> tuple[Post, Post]:
    house = make_institution(session)
    keep = make_post(session, house, contact_points=ones, area="west")
    more = {"sops": (4, 5), "asks_for": "A date"} | more
    gone = make_post(session, house, contact_points=others, **more)
    return keep, gone


def everything(session: Session) -> dict[str, list[Any]]:
    """Every row of every table but the books that only grow; counters left out."""
    session.flush()
    session.expire_all()
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name not in journal.LEFT_ALONE and not table.name.startswith("account"):
            columns = [c for c in table.columns if c.name not in journal.VOLATILE]
            found[table.name] = sorted(map(repr, session.execute(select(*columns)).all()))
    return found


def merged(session: Session, keep: Any, gone: Any, asker: Actor, second: Actor, **choices: Any) -> Merge:
    merge = operations.merge(session, keep, gone, choices=choices, actor=asker, now=NOW)
    if merge.state == "waiting":
        operations.agree(session, merge, actor=second, now=NOW)
    return merge


def values_of(post: Post) -> list[tuple[str, str]]:
    return [(point.kind, point.value) for point in post.contact_points]


def test_a_merge_that_adds_numbers_waits_and_nothing_moves_until_a_second_person_agrees(
    session: Session, asker: Actor, second: Actor
) -> None:
    keep, gone = pair(session)
    before = everything(session)
    merge = operations.merge(session, keep, gone, choices={}, actor=asker, now=NOW)
    assert merge.state == "waiting"
    assert keep.is_being_checked
    assert gone.is_being_checked
    after = everything(session)
    assert {name for name in before if before[name] != after[name]} == set()
    with pytest.raises(operations.OwnProposal):
        operations.agree(session, merge, actor=asker, now=NOW)
    operations.agree(session, merge, actor=second, now=NOW)
    assert values_of(keep) == [("phone", LINE.value), ("mobile", OTHER.value), ("email", MAIL.value)]
    assert (keep.area, keep.asks_for, sorted(r.sop for r in keep.responsibilities)) == ("west", "A date", [4, 5])
    assert not keep.is_being_checked


def test_of_two_that_say_the_same_numbers_one_person_makes_one(session: Session, asker: Actor) -> None:
    keep, gone = pair(session, others=(LINE,), title="Return desk (again)")
    gone_id = gone.id
    merge = operations.merge(session, keep, gone, choices={"title": "gone"}, actor=asker, now=NOW)
    assert merge.state == "standing"
    assert keep.title == "Return desk (again)"
    stub = session.get_one(Removal, gone_id)
    assert (stub.redirect_id, stub.reason) == (keep.id, "merged")
    assert [r.redirect for r in removed_since(session, NOW).removed if r.id == gone_id] == [keep.id]
    lines = session.scalars(select(Change).where(Change.subject_id == gone_id, Change.action == "merge")).all()
    assert [line.path for line in lines] == ["merge"]
    assert set(session.scalars(select(IndexChange.entry_id))) >= {keep.id, gone_id}


@pytest.mark.parametrize(
    "choices", [{}, {"title": "gone", "area": "gone"}, {"contact_points": "keep"}, {"holder": "gone"}]
)
def test_taken_back_everything_is_as_it_was(
    session: Session, asker: Actor, second: Actor, choices: dict[str, str]
) -> None:
    keep, gone = pair(session, is_desk=False, title="Officer")
    third = make_post(session, keep.institution, title="Third", phone=None)
    third.deputy_id, keep.deputy_id, gone.deputy_id = gone.id, gone.id, third.id
    registry.appoint(session, keep, "Jane Demo", by="test", now=NOW, from_on=date(2026, 1, 1))
    registry.appoint(session, gone, "Karl Demo", by="test", now=NOW, from_on=date(2026, 2, 1), contact_points=(MAIL,))
    registry.appoint(session, gone, "Old Demo", by="test", now=NOW, from_on=date(2024, 2, 1)).until_on = date(
        2025, 1, 1
    )
    gone.contact_points[1].confirmed_at = NOW
    session.flush()
    mine, shared = (
        make_account(session, "focal_point", owns=gone.id),
        make_account(session, "focal_point", owns=gone.id),
    )
    session.add(PostOwner(post_id=keep.id, account_id=shared.id))
    operations.keep_apart(session, gone, third, by="test", now=NOW)
    proposals.change_holder(session, gone, "Somebody Demo", actor=asker, now=NOW)
    earlier = Removal(entry_id=new_id(), at=NOW, reason="merged", redirect_id=gone.id)
    session.add(earlier)
    before, gone_id, revisions = everything(session), gone.id, (keep.revision, gone.revision)
    merge = merged(session, keep, gone, asker, second, **choices)
    assert everything(session) != before, "the control: it did something"
    assert session.get(Post, gone_id) is None
    assert set(session.scalars(select(PostOwner.account_id).where(PostOwner.post_id == keep.id))) == {
        mine.id,
        shared.id,
    }
    assert session.get_one(Removal, earlier.entry_id).redirect_id == keep.id, "one step, however long the chain"
    assert session.scalars(select(proposals.waiting_for.__globals__["Proposal"])).one().subject_id == keep.id
    assert session.get_one(Post, third.id).deputy_id == keep.id
    operations.undo(session, merge, actor=asker, now=NOW + timedelta(days=29))
    assert everything(session) == before
    restored = session.get_one(Post, gone_id)
    assert keep.revision > revisions[0], "no copy of the merged entry is taken for this one"
    assert restored.revision > revisions[1]
    with pytest.raises(operations.AlreadyDecided):
        operations.undo(session, merge, actor=asker, now=NOW)


def test_after_thirty_days_it_stays_and_what_undoing_needs_is_forgotten(
    session: Session, asker: Actor, second: Actor
) -> None:
    merge = merged(session, *pair(session), asker, second)
    late = NOW + timedelta(days=31)
    with pytest.raises(operations.AlreadyDecided):
        operations.undo(session, merge, actor=asker, now=late)
    assert operations.forget(session, now=NOW) == 0
    assert operations.forget(session, now=late + timedelta(days=1)) == 1
    assert merge.journal is None


def test_what_somebody_changed_since_is_not_written_over(session: Session, asker: Actor, second: Actor) -> None:
    keep, gone = pair(session)
    merge = merged(session, keep, gone, asker, second)
    registry.set_post(session, keep, replace(post_values(keep), area="north"), by="test", now=NOW)
    with pytest.raises(ChangedSince):
        operations.undo(session, merge, actor=asker, now=NOW)
    assert keep.area == "north"


def test_of_two_merges_the_later_is_taken_back_first(session: Session, asker: Actor, second: Actor) -> None:
    first, middle = pair(session, others=(LINE,))
    last = make_post(session, first.institution, title="Last", contact_points=(LINE,), sops=(4,), area="west")
    first_id, middle_id, last_id = first.id, middle.id, last.id
    early = merged(session, middle, first, asker, second)
    late = merged(session, last, middle, asker, second)
    assert {session.get_one(Removal, one).redirect_id for one in (first_id, middle_id)} == {last_id}
    with pytest.raises(ChangedSince):
        operations.undo(session, early, actor=asker, now=NOW)
    operations.undo(session, late, actor=asker, now=NOW)
    assert session.get_one(Removal, first_id).redirect_id == middle_id
    operations.undo(session, early, actor=asker, now=NOW)
    assert session.get(Removal, first_id) is None


def test_the_last_holder_is_kept_and_of_two_one_goes_on(session: Session, asker: Actor, second: Actor) -> None:
    keep, gone = pair(session, others=(LINE,), is_desk=False)
    registry.appoint(session, gone, "Karl Demo", by="test", now=NOW, from_on=date(2026, 2, 1))
    assert operations.needs_second(session, keep, gone, {}, NOW), "readers would see another holder"
    merged(session, keep, gone, asker, second)
    assert holder_of(keep, NOW.date()) == "Karl Demo"
    third = make_post(session, keep.institution, title="Officer", is_desk=False, contact_points=(LINE,), area="west")
    registry.appoint(session, third, "Jane Demo", by="test", now=NOW, from_on=date(2026, 3, 1))
    merged(session, keep, third, asker, second)
    held = session.scalars(select(Appointment).where(Appointment.post_id == keep.id)).all()
    assert [a.official.name for a in held if a.covers(NOW.date())] == ["Karl Demo"]
    assert {a.official.name for a in held} == {"Karl Demo", "Jane Demo"}


def test_institutions_become_one_with_posts_names_and_what_lies_below(
    session: Session, asker: Actor, second: Actor
) -> None:
    keep = make_institution(session, "Return Agency", contact_points=(LINE,))
    names = (NameValues("Agency for Return", "en"), NameValues("Agenția", "ro"))
    gone = make_institution(session, names=names, contact_points=(OTHER,), note="Kept")
    below = make_institution(session, "Branch")
    below.parent_id, keep.parent_id = gone.id, gone.id
    post, own = make_post(session, gone), make_post(session, keep)
    account = make_account(session, "focal_point", institution_id=gone.id)
    before, gone_id, confirmed = everything(session), gone.id, post.confirmed_at
    merge = merged(session, keep, gone, asker, second)
    assert session.get(Institution, gone_id) is None
    assert (session.get_one(Institution, below.id).parent_id, keep.parent_id) == (keep.id, None)
    assert {p.id for p in session.scalars(select(Post).where(Post.institution_id == keep.id))} == {post.id, own.id}
    assert [(n.name, n.kind) for n in keep.names] == [
        ("Return Agency", "official"), ("Agency for Return", "former"), ("Agenția", "official"),
    ]  # fmt: skip
    assert session.get_one(Account, account.id).grants[0].institution_id == keep.id
    assert {point.value for point in keep.contact_points} == {LINE.value, OTHER.value}
    assert session.get_one(Post, post.id).confirmed_at == confirmed, "moving house is no confirmation and takes none"
    operations.undo(session, merge, actor=asker, now=NOW)
    assert everything(session) == before


def test_a_number_keeps_its_row_and_its_confirmation(session: Session, asker: Actor, second: Actor) -> None:
    keep, gone = pair(session)
    moving = gone.contact_points[1]
    moving.confirmed_at, moving_id = NOW, moving.id
    session.flush()
    merged(session, keep, gone, asker, second)
    point = session.get_one(ContactPoint, moving_id)
    assert (point.post_id, point.confirmed_at) == (keep.id, NOW)


def test_what_waits_about_the_one_that_goes_waits_about_the_other(
    session: Session, asker: Actor, second: Actor
) -> None:
    keep, gone = pair(session)
    moved = replace(post_values(gone), contact_points=(replace(LINE, value="+442079460999"), OTHER, MAIL))
    outcome = proposals.change_post(session, gone, moved, actor=asker, now=NOW)
    assert outcome.proposal
    merge = merged(session, keep, gone, asker, second)
    assert keep.is_being_checked
    assert outcome.proposal.subject_id == keep.id
    proposals.accept(session, outcome.proposal, actor=second, now=NOW)
    assert "+442079460999" in [value for _, value in values_of(keep)]
    with pytest.raises(ChangedSince):
        operations.undo(session, merge, actor=asker, now=NOW)


def test_kept_apart_is_refused_for_good_through_merges_until_lifted(
    session: Session, asker: Actor, second: Actor
) -> None:
    keep, gone = pair(session, others=(LINE,))
    third = make_post(session, keep.institution, title="Third", contact_points=(LINE,), sops=(4,))
    kept = operations.keep_apart(session, third, gone, by="somebody", reason="two floors", now=NOW)
    again = operations.keep_apart(session, gone, third, by="else", now=NOW)
    assert again.id == kept.id
    with pytest.raises(MergeRefused, match="kept_apart"):
        operations.merge(session, gone, third, choices={}, actor=asker, now=NOW)
    merge = merged(session, keep, gone, asker, second)
    with pytest.raises(MergeRefused, match="kept_apart"):
        operations.merge(session, keep, third, choices={}, actor=asker, now=NOW)
    operations.undo(session, merge, actor=asker, now=NOW)
    kept = session.scalars(select(KeptApart)).one()
    operations.lift(session, kept, by="somebody", now=NOW)
    gone = session.get_one(Post, gone.id if gone in session else merge.gone_id)
    assert operations.merge(session, gone, third, choices={}, actor=asker, now=NOW)


def test_keeping_apart_ends_a_merge_that_waits(session: Session, asker: Actor, second: Actor) -> None:
    keep, gone = pair(session)
    merge = operations.merge(session, keep, gone, choices={}, actor=asker, now=NOW)
    operations.keep_apart(session, keep, gone, by=second.by, now=NOW, actor=second)
    assert merge.state == "refused"
    assert not keep.is_being_checked
    with pytest.raises(operations.AlreadyDecided):
        operations.agree(session, merge, actor=second, now=NOW)


@pytest.mark.parametrize("verb", ["refuse", "withdraw"])
def test_said_no_both_stay(session: Session, asker: Actor, second: Actor, verb: str) -> None:
    keep, gone = pair(session)
    before = everything(session)
    merge = operations.merge(session, keep, gone, choices={}, actor=asker, now=NOW)
    getattr(operations, verb)(session, merge, actor=second if verb == "refuse" else asker, now=NOW)
    assert (keep.is_being_checked, gone.is_being_checked) == (False, False)
    assert everything(session) == before


def test_who_agrees_to_what_changed_meanwhile_looks_again(session: Session, asker: Actor, second: Actor) -> None:
    keep, gone = pair(session)
    merge = operations.merge(session, keep, gone, choices={}, actor=asker, now=NOW)
    seen = (keep.revision, gone.revision)
    registry.set_post(session, gone, replace(post_values(gone), area="north"), by="test", now=NOW)
    with pytest.raises(operations.Outdated):
        operations.agree(session, merge, actor=second, now=NOW, seen=seen)
    operations.agree(session, merge, actor=second, now=NOW, seen=(keep.revision, gone.revision))


def test_only_who_may_and_only_what_belongs_together(session: Session, asker: Actor) -> None:
    keep, gone = pair(session, others=(LINE,))
    abroad = make_post(session, make_institution(session, country="AL"))
    secretariat = actor(session, "secretariat", None)
    for who in (actor(session, "reader", None), actor(session, country="AL"), actor(session, "focal_point", None)):
        with pytest.raises(operations.NotAllowed):
            operations.merge(session, keep, gone, choices={}, actor=who, now=NOW)
    with pytest.raises(operations.NotAllowed):
        operations.merge(session, keep, abroad, choices={}, actor=asker, now=NOW)
    for other, code in ((abroad, "country"), (keep, "itself")):
        with pytest.raises(MergeRefused, match=code):
            operations.merge(session, keep, other, choices={}, actor=secretariat, now=NOW)
    gone.is_demo = True
    with pytest.raises(MergeRefused, match="demo"):
        operations.merge(session, keep, gone, choices={}, actor=asker, now=NOW)


def test_no_process_agrees(session: Session, asker: Actor) -> None:
    merge = operations.merge(session, *pair(session), choices={}, actor=asker, now=NOW)
    with pytest.raises(operations.NotAllowed):
        operations.agree(session, merge, actor=Actor("console", "console"), now=NOW)


def test_duties_of_both_stay_so_no_route_is_lost(session: Session, asker: Actor, second: Actor) -> None:
    keep, gone = pair(session, responsibilities=(ResponsibilityValues(2, target_groups=("children",)),))
    merged(session, keep, gone, asker, second)
    assert sorted(r.sop for r in keep.responsibilities) == [2, 4]
