"""Two records of one person become one and two again: terms, lines, account; never named on a word that was not theirs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.confirmations import agreeing
from directory.doubles import operations, persons, queries
from directory.doubles.models import KeptApart, Merge
from directory.doubles.operations import ChangedSince, MergeRefused
from directory.entries import queries as entries
from directory.entries.visibility import visible
from directory.history.models import Change
from directory.mail.models import OutgoingMail
from directory.privacy.erasing import erase_official, where_found
from directory.privacy.words import Words
from directory.proposals.actors import Actor
from directory.registry import operations as registry
from directory.registry.models import Appointment, Institution, Official, Post
from directory.registry.rules import FreshnessDays
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.integration.test_agreeing import CODE, DESK, LINK, READER, write, written
from tests.integration.test_merging import actor, everything
from tests.web.signed_in import make_account

MOBILE = ContactValues("mobile", "+442079460151")
MAIL = ContactValues("email", "ana.demo@agency.example")
LATER = NOW + timedelta(days=3)


@pytest.fixture
def asker(session: Session) -> Actor:
    return actor(session)


@pytest.fixture
def second(session: Session) -> Actor:
    return actor(session)


def hold(
    session: Session,
    name: str = "Ana Demo",
    *,
    house: Institution | None = None,
    post: Post | None = None,
    lines: tuple[ContactValues, ...] = (),
    agreed: bool = False,
    first: date | None = date(2026, 1, 1),
) -> Appointment:
    post = post or make_post(session, house or make_institution(session), title="Officer", is_desk=False)
    return registry.appoint(
        session, post, name, by="test", now=NOW, from_on=first, contact_points=lines, agreed_at=NOW if agreed else None
    )


def merged(session: Session, keep: Official, gone: Official, asker: Actor, second: Actor, **choices: Any) -> Merge:
    merge = operations.merge(session, keep, gone, choices=choices, actor=asker, now=NOW)
    if merge.state == "waiting":
        operations.agree(session, merge, actor=second, now=NOW)
    return merge


def named(session: Session, post_id: str) -> str | None:
    session.expire_all()
    (stored,) = entries.load(session, [post_id], today=NOW.date())
    return visible(stored, READER, today=NOW.date(), days=FreshnessDays()).official


def pairs(session: Session, country: str = "RO") -> set[frozenset[str]]:
    found = queries.suggestions(session, country)
    return {frozenset((one.left_id, one.right_id)) for one in found if one.kind == "official"}


def test_who_may_be_one_person_is_suggested_with_reasons_and_nothing_happens_by_itself(session: Session) -> None:
    house = make_institution(session)
    one, other = hold(session, house=house), hold(session, "Demo, Ana", house=house)
    far = hold(session, "Ana Demo", house=make_institution(session, "Police of the North"))
    hold(session, "Boris Beispiel", house=house)
    found = {
        frozenset((s.left_id, s.right_id)): s.verdict
        for s in queries.suggestions(session, "RO")
        if s.kind == "official"
    }
    same = found[frozenset((one.official_id, other.official_id))]
    assert same.answer == "same"
    assert {reason.code for reason in same.reasons} == {"same_in_other_words", "same_house"}
    assert found[frozenset((one.official_id, far.official_id))].answer == "ask", "a name alone is never enough"
    assert len(found) == 3, "Boris is nobody else"
    assert session.scalars(select(Merge)).all() == []


def test_nobody_is_suggested_across_a_border_or_between_demo_and_real(session: Session) -> None:
    here, there = hold(session), hold(session, house=make_institution(session, country="MD"))
    assert pairs(session) == pairs(session, "MD") == set()
    both = hold(session)
    assert pairs(session) == {frozenset((here.official_id, both.official_id))}, "the control"
    both.official.is_demo = True
    session.flush()
    assert pairs(session) == set()
    both.official.is_demo = False
    hold(session, post=there.post).official_id = both.official_id
    session.flush()
    assert pairs(session) == set(), "somebody who also stands elsewhere is not this country's affair"
    assert persons.country_of(session, both.official_id) is None


def test_a_merge_that_changes_a_name_waits_and_nothing_moves_until_a_second_person_agrees(
    session: Session,
    asker: Actor,
    second: Actor,
) -> None:
    keep, gone = hold(session), hold(session, "A. Demo", lines=(MOBILE,))
    before = everything(session)
    merge = operations.merge(session, keep.official, gone.official, choices={}, actor=asker, now=NOW)
    assert merge.state == "waiting"
    assert (keep.post.is_being_checked, gone.post.is_being_checked) == (True, True)
    after = everything(session)
    assert {name for name in before if before[name] != after[name]} == set()
    assert pairs(session) == set(), "what waits is not suggested again"
    with pytest.raises(operations.OwnProposal):
        operations.agree(session, merge, actor=asker, now=NOW)
    operations.agree(session, merge, actor=second, now=NOW)
    assert {a.post_id for a in persons.terms_of(session, [keep.official_id])} == {keep.post_id, gone.post_id}
    assert [p.value for p in session.get_one(Appointment, gone.id).contact_points] == [MOBILE.value]
    assert (keep.post.is_being_checked, gone.post.is_being_checked) == (False, False)
    told = select(Change).where(Change.subject_id == gone.post_id, Change.action == "same_person")
    assert [line.path for line in session.scalars(told)] == ["merge"]


def test_two_that_say_the_same_become_one_at_once(session: Session, asker: Actor) -> None:
    keep, gone = hold(session), hold(session)
    gone_id = gone.official_id
    merge = operations.merge(session, keep.official, gone.official, choices={}, actor=asker, now=NOW)
    assert merge.state == "standing"
    assert session.get(Official, gone_id) is None


@pytest.mark.parametrize("choices", [{}, {"name": "gone"}])
@pytest.mark.parametrize(("mine", "theirs"), [(True, False), (False, True), (True, True), (False, False)])
def test_taken_back_everything_is_as_it_was(
    session: Session,
    asker: Actor,
    second: Actor,
    choices: dict[str, str],
    mine: bool,
    theirs: bool,
) -> None:
    keep = hold(session, lines=(MAIL,), agreed=mine)
    gone = hold(session, "A. Demo", lines=(MOBILE,), agreed=theirs)
    twice = hold(session, post=keep.post, lines=(MOBILE, MAIL), first=date(2025, 6, 1))
    twice.official.agreed_at = gone.official.agreed_at
    session.flush()
    merged(session, gone.official, twice.official, asker, second)
    account = make_account(session, "focal_point")
    account.official_id = gone.official_id
    third = hold(session, "Ana B. Demo")
    operations.keep_apart(session, gone.official, third.official, by="test", now=NOW)
    before, gone_id, account_id = everything(session), gone.official_id, account.id
    merge = merged(session, keep.official, gone.official, asker, second, **choices)
    assert everything(session) != before, "the control: it did something"
    assert session.get(Official, gone_id) is None
    assert session.get_one(Account, account_id).official_id == keep.official_id
    assert keep.official.name == ("A. Demo" if choices else "Ana Demo")
    assert (keep.official.agreed_at is not None) == (mine and theirs)
    term = next(t for t in persons.terms_of(session, [keep.official_id]) if t.post_id == keep.post_id)
    assert (term.id, term.from_on) == (keep.id, date(2025, 6, 1)), "of two terms in one post one is left"
    assert [p.value for p in term.contact_points] == [MAIL.value, MOBILE.value]
    with pytest.raises(MergeRefused, match="kept_apart"):
        operations.merge(session, keep.official, third.official, choices={}, actor=asker, now=NOW)
    operations.undo(session, merge, actor=asker, now=NOW + timedelta(days=29))
    assert everything(session) == before
    assert session.get_one(Account, account_id).official_id == gone_id
    with pytest.raises(operations.AlreadyDecided):
        operations.undo(session, merge, actor=asker, now=NOW)


def test_of_a_yes_and_no_word_nobody_is_named_until_asked_again(
    session: Session,
    asker: Actor,
    second: Actor,
) -> None:
    keep, gone = hold(session, lines=(MAIL,), agreed=True), hold(session, lines=(MAIL,))
    keep.official.agreed_at = None
    session.flush()
    assert write(session) == 2
    for letter in written(session):
        letter.state = "sent"
    agreeing.answer(session, keep, agrees=True, now=NOW)
    assert named(session, keep.post_id) == "Ana Demo"
    merge = merged(session, keep.official, gone.official, asker, second)
    assert (named(session, keep.post_id), named(session, gone.post_id)) == (None, None)
    assert agreeing.state(session, keep) == "asked"
    assert write(session) == 2, "asked again, in each post"
    assert write(session) == 0, "and once"
    assert len({letter.key for letter in written(session)}) == 4
    mail = next(m for m in written(session) if m.key == f"agree:{gone.id}")
    assert LINK.search(mail.text)
    code = CODE.search(mail.text)
    assert code
    assert agreeing.is_code(session, gone, code[1], now=NOW, desk=DESK)
    agreeing.answer(session, gone, agrees=True, now=LATER)
    assert (named(session, keep.post_id), named(session, gone.post_id)) == ("Ana Demo", "Ana Demo")
    operations.undo(session, merge, actor=asker, now=LATER)
    session.expire_all()
    assert keep.official_id != gone.official_id
    assert named(session, keep.post_id) == "Ana Demo", "what was said before the two were taken for one"
    assert named(session, gone.post_id) == "Ana Demo", "said in that person's own letter"


def test_a_no_said_as_one_stays_a_no_of_whoever_said_it(
    session: Session,
    asker: Actor,
    second: Actor,
) -> None:
    keep, gone = hold(session, agreed=True), hold(session, "A. Demo", agreed=True)
    merge = merged(session, keep.official, gone.official, asker, second)
    assert named(session, gone.post_id) == "Ana Demo"
    assert session.scalars(select(OutgoingMail)).all() == []
    agreeing.answer(session, gone, agrees=False, now=LATER)
    operations.undo(session, merge, actor=asker, now=LATER)
    assert (named(session, keep.post_id), named(session, gone.post_id)) == ("Ana Demo", None)


def test_two_who_both_sign_in_stay_two_until_one_account_rests(
    session: Session,
    asker: Actor,
    second: Actor,
) -> None:
    keep, gone = hold(session), hold(session)
    accounts = [make_account(session, "focal_point") for _ in range(2)]
    for account, appointment in zip(accounts, (keep, gone), strict=True):
        account.official_id = appointment.official_id
    session.flush()
    before = everything(session)
    with pytest.raises(MergeRefused, match="accounts"):
        operations.merge(session, keep.official, gone.official, choices={}, actor=asker, now=NOW)
    assert everything(session) == before
    accounts[1].state = "frozen"
    session.flush()
    merge = operations.merge(session, keep.official, gone.official, choices={}, actor=asker, now=NOW)
    assert merge.state == "waiting", "an account that reaches on takes two people, though every word is the same"
    accounts[1].state = "active"
    session.flush()
    with pytest.raises(MergeRefused, match="accounts"):
        operations.agree(session, merge, actor=second, now=NOW)
    accounts[1].state = "frozen"
    session.flush()
    operations.agree(session, merge, actor=second, now=NOW)
    assert {session.get_one(Account, a.id).official_id for a in accounts} == {keep.official_id}
    assert [session.get_one(Account, a.id).state for a in accounts] == ["active", "frozen"]


def test_only_who_may_and_only_what_belongs_together(
    session: Session,
    asker: Actor,
    second: Actor,
) -> None:
    keep, gone = hold(session), hold(session)
    abroad = hold(session, house=make_institution(session, country="MD"))
    for role, country in (("reader", None), ("focal_point", None), ("coordinator", "MD"), ("auditor", None)):
        with pytest.raises(operations.NotAllowed):
            operations.merge(
                session, keep.official, gone.official, choices={}, actor=actor(session, role, country), now=NOW
            )
    with pytest.raises(operations.NotAllowed):
        operations.merge(session, keep.official, abroad.official, choices={}, actor=asker, now=NOW)
    secretariat = actor(session, "secretariat", None)
    for other, code in ((abroad, "country"), (keep, "itself")):
        with pytest.raises(MergeRefused, match=code):
            operations.merge(session, keep.official, other.official, choices={}, actor=secretariat, now=NOW)
    kept = operations.keep_apart(session, keep.official, gone.official, by=asker.by, now=NOW, actor=asker)
    assert pairs(session) == set()
    with pytest.raises(MergeRefused, match="kept_apart"):
        operations.merge(session, keep.official, gone.official, choices={}, actor=asker, now=NOW)
    operations.lift(session, kept, by=asker.by, now=NOW)
    gone.official.is_demo = True
    with pytest.raises(MergeRefused, match="demo"):
        operations.merge(session, keep.official, gone.official, choices={}, actor=asker, now=NOW)
    gone.official.is_demo, gone.official.name = False, ""
    with pytest.raises(MergeRefused, match="erased"):
        operations.merge(session, keep.official, gone.official, choices={}, actor=asker, now=NOW)


def test_who_agrees_to_what_changed_meanwhile_looks_again(
    session: Session,
    asker: Actor,
    second: Actor,
) -> None:
    keep, gone = hold(session), hold(session, "A. Demo")
    merge = operations.merge(session, keep.official, gone.official, choices={}, actor=asker, now=NOW)
    seen = tuple(operations.seen_of(session, one.official) for one in (keep, gone))
    registry.relieve(session, gone, until_on=NOW.date(), by="test", now=NOW)
    with pytest.raises(operations.Outdated):
        operations.agree(session, merge, actor=second, now=NOW, seen=seen)  # type: ignore[arg-type]
    assert merge.state == "waiting"


@pytest.mark.parametrize("verb", ["refuse", "withdraw"])
def test_said_no_both_stay(session: Session, asker: Actor, second: Actor, verb: str) -> None:
    keep, gone = hold(session), hold(session, "A. Demo")
    before = everything(session)
    merge = operations.merge(session, keep.official, gone.official, choices={}, actor=asker, now=NOW)
    getattr(operations, verb)(session, merge, actor=second if verb == "refuse" else asker, now=NOW)
    assert (keep.post.is_being_checked, gone.post.is_being_checked) == (False, False)
    assert everything(session) == before


def test_what_was_worked_on_since_is_not_written_over(
    session: Session,
    asker: Actor,
    second: Actor,
) -> None:
    keep, gone = hold(session), hold(session, "A. Demo")
    merge = merged(session, keep.official, gone.official, asker, second)
    registry.relieve(session, gone, until_on=NOW.date(), by="test", now=NOW)
    with pytest.raises(ChangedSince):
        operations.undo(session, merge, actor=asker, now=NOW)


def test_who_is_taken_out_is_taken_out_under_every_name(
    session: Session,
    asker: Actor,
    second: Actor,
) -> None:
    keep, middle, gone = hold(session), hold(session, "Ana Beispiel"), hold(session, "Anna-Maria Muster")
    merged(session, middle.official, gone.official, asker, second)
    merged(session, keep.official, middle.official, asker, second)
    words = Words(["Ana Demo", "Ana Beispiel", "Anna-Maria Muster"])
    assert where_found(session, words), "the control"
    erase_official(session, keep.official, by="test", now=NOW, reason="asked for it")
    assert where_found(session, words) == {}


def test_what_a_merge_keeps_for_undoing_holds_no_account(
    session: Session,
    asker: Actor,
    second: Actor,
) -> None:
    keep, gone = hold(session), hold(session)
    account = make_account(session, "focal_point", name="Ana Account")
    account.official_id = gone.official_id
    session.flush()
    merge = merged(session, keep.official, gone.official, asker, second)
    lines = [line for line in merge.journal or [] if line[0] == "account"]
    assert [set(line[1]) for line in lines] == [{"id", "official_id"}]
    assert {line[0] for line in merge.journal or []} == {"account", "appointment", "official"}
    assert session.scalars(select(KeptApart)).all() == []


def test_one_name_many_times_does_not_compare_all_with_all(session: Session) -> None:
    house = make_institution(session)
    for number in range(70):
        hold(session, f"Maria N{number:02}x", house=house)
    assert pairs(session) == set()
    one, other = hold(session, "Maria Example", house=house), hold(session, "Maria Example", house=house)
    assert pairs(session) == {frozenset((one.official_id, other.official_id))}
