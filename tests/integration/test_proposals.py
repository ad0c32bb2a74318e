"""Two pairs of eyes: what one person can do alone, and what takes a second."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from directory.accounts.policy import Grant, Person
from directory.entries import queries
from directory.history.models import Change
from directory.proposals import operations
from directory.proposals.models import Proposal
from directory.proposals.operations import Actor, AlreadyDecided, NotAllowed, Outdated, OwnProposal
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.registry.pictures import institution_values, post_values
from tests.conftest import NOW
from tests.factories import DESK_NUMBER, make_post

NEW_NUMBER = "+442079460999"
TODAY = NOW.date()


def actor(
    role: str, *, country: str | None = "RO", by: str = "", owns: Post | None = None, path: str = "form"
) -> Actor:
    name = by or f"00000000-0000-4000-8000-{abs(hash((role, country, bool(owns)))) % 10**12:012d}"
    institution = owns.institution_id if owns and role in {"focal_point", "deputy"} else None
    grant = Grant(role, country if role in {"coordinator", "reader"} else None, institution)
    return Actor(name, path, Person(name, (grant,), frozenset({owns.id} if owns else ())))


def with_number(post: Post, number: str = NEW_NUMBER):
    values = post_values(post)
    return replace(values, contact_points=(replace(values.contact_points[0], value=number),))


def seen_number(session: Session, post: Post) -> str | None:
    session.expire_all()
    (entry,) = queries.load(session, [post.id], today=TODAY)
    return entry.contact_lines[0].value


EVERYBODY = ["reader", "focal_point", "deputy", "coordinator", "secretariat", "admin", "auditor"]


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("path", ["form", "api", "import", "merge", "console", "letter"])
def test_nobody_changes_a_number_alone_on_any_path(session: Session, role: str, path: str) -> None:
    post = make_post(session)
    outcome = operations.change_post(session, post, with_number(post), actor=actor(role, owns=post, path=path), now=NOW)
    assert outcome.proposal is not None
    assert outcome.proposal.is_guarded
    assert seen_number(session, post) == DESK_NUMBER
    assert queries.load(session, [post.id], today=TODAY)[0].is_being_checked


@pytest.mark.parametrize("path", ["import", "merge", "console"])
def test_a_process_without_a_person_changes_no_number_either(session: Session, path: str) -> None:
    post = make_post(session)
    outcome = operations.change_post(session, post, with_number(post), actor=Actor("console", path), now=NOW)
    assert outcome.proposal is not None
    assert seen_number(session, post) == DESK_NUMBER


def test_the_control_the_low_level_operation_does_change_it(session: Session) -> None:
    post = make_post(session)
    registry.set_post(session, post, with_number(post), by="test", now=NOW)
    assert seen_number(session, post) == NEW_NUMBER


def test_a_visitor_proposes_nothing(session: Session) -> None:
    post = make_post(session)
    with pytest.raises(NotAllowed):
        operations.change_post(session, post, with_number(post), actor=Actor("visitor", "form"), now=NOW)


def test_an_owner_edits_plain_fields_at_once_and_a_reader_only_proposes(session: Session) -> None:
    post = make_post(session)
    wanted = replace(post_values(post), title="Returns desk")
    proposed = operations.change_post(session, post, wanted, actor=actor("reader"), now=NOW)
    assert not proposed.is_changed
    assert proposed.proposal is not None
    assert not proposed.proposal.is_guarded
    done = operations.change_post(session, post, wanted, actor=actor("focal_point", owns=post), now=NOW)
    assert done.is_changed
    assert done.proposal is None
    assert post.title == "Returns desk"


def propose(session: Session, post: Post, who: Actor) -> Proposal:
    proposal = operations.change_post(session, post, with_number(post), actor=who, now=NOW).proposal
    assert proposal is not None
    return proposal


def test_a_second_person_accepts_and_the_new_number_stands(session: Session) -> None:
    post = make_post(session)
    proposal = propose(session, post, actor("focal_point", owns=post))
    operations.accept(session, proposal, actor=actor("coordinator"), now=NOW)
    assert seen_number(session, post) == NEW_NUMBER
    assert not queries.load(session, [post.id], today=TODAY)[0].is_being_checked
    assert {"propose", "accept", "change"} <= {c.action for c in session.query(Change).filter_by(subject_id=post.id)}


def test_nobody_decides_on_their_own_proposal(session: Session) -> None:
    post, coordinator = make_post(session), actor("coordinator")
    proposal = propose(session, post, coordinator)
    with pytest.raises(OwnProposal):
        operations.accept(session, proposal, actor=coordinator, now=NOW)
    assert seen_number(session, post) == DESK_NUMBER


@pytest.mark.parametrize(
    "decider",
    [
        pytest.param(actor("coordinator", country="BG"), id="another country's coordinator"),
        pytest.param(actor("admin"), id="admin"),
        pytest.param(actor("reader"), id="reader"),
        pytest.param(actor("auditor"), id="auditor"),
        pytest.param(Actor("console", "console"), id="the console"),
    ],
)
def test_who_may_not_decide(session: Session, decider: Actor) -> None:
    post = make_post(session)
    proposal = propose(session, post, actor("focal_point", owns=post))
    with pytest.raises(NotAllowed):
        operations.accept(session, proposal, actor=decider, now=NOW)
    assert proposal.state == "waiting"


def test_refused_or_withdrawn_leaves_what_stood_and_takes_the_mark_away(session: Session) -> None:
    post, owner = make_post(session), None
    owner = actor("focal_point", owns=post)
    operations.refuse(session, propose(session, post, owner), actor=actor("secretariat"), now=NOW, note="Not theirs")
    assert seen_number(session, post) == DESK_NUMBER
    operations.withdraw(session, propose(session, post, owner), actor=owner, now=NOW)
    assert not queries.load(session, [post.id], today=TODAY)[0].is_being_checked


def test_a_decision_is_taken_once(session: Session) -> None:
    post = make_post(session)
    proposal = propose(session, post, actor("focal_point", owns=post))
    operations.accept(session, proposal, actor=actor("coordinator"), now=NOW)
    with pytest.raises(AlreadyDecided):
        operations.refuse(session, proposal, actor=actor("secretariat"), now=NOW)


def test_what_changed_meanwhile_is_not_overwritten(session: Session) -> None:
    post = make_post(session)
    proposal = propose(session, post, actor("focal_point", owns=post))
    registry.set_post(session, post, with_number(post, "+442079460555"), by="test", now=NOW)
    with pytest.raises(Outdated):
        operations.accept(session, proposal, actor=actor("coordinator"), now=NOW)
    assert seen_number(session, post) == "+442079460555"
    assert proposal.state == "outdated"


def test_an_edit_of_an_old_revision_is_refused(session: Session) -> None:
    post = make_post(session)
    with pytest.raises(Outdated):
        operations.change_post(
            session,
            post,
            replace(post_values(post), title="X"),
            actor=actor("secretariat"),
            now=NOW,
            revision=post.revision - 1,
        )


def test_one_click_returns_to_what_stood_within_thirty_days(session: Session) -> None:
    post = make_post(session)
    proposal = propose(session, post, actor("focal_point", owns=post))
    operations.accept(session, proposal, actor=actor("coordinator"), now=NOW)
    with pytest.raises(AlreadyDecided):
        operations.take_back(session, proposal, actor=actor("coordinator"), now=NOW + timedelta(days=31))
    operations.take_back(session, proposal, actor=actor("coordinator"), now=NOW + timedelta(days=3))
    assert seen_number(session, post) == DESK_NUMBER


def test_a_holder_is_proposed_and_then_appointed(session: Session) -> None:
    post = make_post(session, is_desk=False)
    outcome = operations.change_holder(session, post, "Invented Person", actor=actor("focal_point", owns=post), now=NOW)
    assert queries.load(session, [post.id], today=TODAY)[0].is_vacant
    assert outcome.proposal is not None
    operations.accept(session, outcome.proposal, actor=actor("coordinator"), now=NOW)
    session.expire_all()
    (entry,) = queries.load(session, [post.id], today=TODAY)
    assert entry.holder is not None
    assert entry.holder.name == "Invented Person"
    assert entry.holder.agreed_at is None, "named to readers only after agreeing"


def test_an_institutions_country_waits_and_its_note_does_not(session: Session) -> None:
    post = make_post(session)
    institution = post.institution
    wanted = replace(institution_values(institution), country="BG", note="Moved")
    outcome = operations.change_institution(session, institution, wanted, actor=actor("coordinator"), now=NOW)
    assert (institution.country_code, institution.note) == ("RO", "Moved")
    assert outcome.proposal is not None
    assert set(outcome.proposal.after) == {"country"}


def test_the_same_proposal_twice_is_one(session: Session) -> None:
    post = make_post(session)
    owner = actor("focal_point", owns=post)
    assert propose(session, post, owner).id == propose(session, post, owner).id
