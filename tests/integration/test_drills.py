"""Duty lines are tested twice a year: planned once, recorded once, and only the line's own dates move."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from directory.confirmations import drills
from directory.confirmations.models import CallTask, Check, ConfirmationRequest, Drill, Finding
from directory.entries import queries
from directory.entries.viewer import PUBLIC, Viewer
from directory.entries.visibility import visible
from directory.registry.models import ContactPoint, Post
from directory.registry.operations import appoint, set_post
from directory.registry.pictures import post_values
from directory.registry.rules import FreshnessDays
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.integration.test_confirmations import WORKING_MORNING, day_of
from tests.integration.test_replies import World

HOTLINE = ContactValues("hotline", "+442079460103", hours="24/7")
DUTY = ContactValues("duty_phone", "+442079460104", hours="24/7")
INTAKE = ContactValues("intake_phone", "+442079460105", hours="Mo-Fr 08:00-16:00")
PLAIN = ContactValues("phone", "+442079460106", hours="24/7")
DAY = day_of(WORKING_MORNING)


@pytest.fixture
def post(session: Session) -> Post:
    """A post with a hotline and a plain number; its institution has a duty phone, its holder an intake line."""
    body = make_institution(session, contact_points=(DUTY,))
    post = make_post(session, body, contact_points=(HOTLINE, PLAIN), is_desk=False)
    make_post(session, body, title="Another desk")
    appoint(session, post, "Hanna Holder (demo)", by="test", now=NOW, contact_points=(INTAKE,))
    session.commit()
    return post


def point(session: Session, value: str) -> ContactPoint:
    return session.scalars(select(ContactPoint).where(ContactPoint.value == value)).one()


def drill_of(session: Session, value: str) -> Drill:
    return session.scalars(select(Drill).where(Drill.contact_point_id == point(session, value).id)).one()


def record(session: Session, drill: Drill, outcome: str, *, at: datetime = WORKING_MORNING, **more: object) -> None:
    options: dict[str, object] = {"method": "call", "seconds": None, "by": "tester", **more}
    drills.record(session, drill, outcome, day=day_of(at), **options)  # type: ignore[arg-type]
    session.commit()


def test_every_duty_line_is_planned_once_each_half_year(session: Session, post: Post) -> None:
    assert drills.plan(session, DAY) == 3
    assert drills.plan(session, DAY) == 0
    planned = list(session.scalars(select(Drill)))
    assert {drill.contact_point_id for drill in planned} == {
        point(session, line.value).id for line in (HOTLINE, DUTY, INTAKE)
    }
    assert {drill.half_year for drill in planned} == {"2026-H2"}
    assert all(NOW.date() <= drill.planned_on <= date(2026, 12, 31) for drill in planned)
    assert drill_of(session, INTAKE.value).planned_on.weekday() < 5
    assert drill_of(session, INTAKE.value).post_id == post.id
    assert drills.plan(session, day_of(WORKING_MORNING + timedelta(days=60))) == 3
    missed = select(Drill.outcome).where(Drill.half_year == "2026-H2")
    assert set(session.scalars(missed)) == {"missed"}


def test_a_line_of_an_institution_is_planned_once_however_many_posts_it_has(session: Session, post: Post) -> None:
    drills.plan(session, DAY)
    assert drill_of(session, DUTY.value).country_code == "RO"


def test_a_line_of_somebody_who_left_is_not_planned(session: Session, post: Post) -> None:
    post.appointments[0].until_on = NOW.date() - timedelta(days=1)
    session.flush()
    assert drills.plan(session, DAY) == 2


def test_the_week_holds_what_is_due_of_the_own_country(session: Session, post: Post) -> None:
    drills.plan(session, DAY)
    drill = drill_of(session, HOTLINE.value)
    session.execute(Drill.__table__.update().values(planned_on=date(2026, 12, 20)))
    for planned, is_in in ((date(2026, 11, 2), True), (date(2026, 11, 29), True), (date(2026, 11, 30), False)):
        session.refresh(drill)
        drill.planned_on = planned
        session.flush()
        assert (drill in drills.of_week(session, {"RO"}, NOW.date())) is is_in
    drill.planned_on = NOW.date()
    session.flush()
    assert drills.of_week(session, None, NOW.date()) == [drill]
    assert drills.of_week(session, {"MD"}, NOW.date()) == []
    assert drills.of_week(session, set(), NOW.date()) == []


def test_an_answer_proves_the_line_and_not_the_entry(session: Session, post: Post) -> None:
    drills.plan(session, DAY)
    confirmed_at, revision = post.confirmed_at, post.revision
    record(session, drill_of(session, HOTLINE.value), "answered", seconds=20)
    session.expire_all()
    line = point(session, HOTLINE.value)
    assert (line.answered_at, line.answer_seconds) == (WORKING_MORNING, 20)
    assert (line.confirmed_at, line.confirmation_method) == (WORKING_MORNING, "drill_call")
    assert session.get_one(Post, post.id).confirmed_at == confirmed_at
    assert session.get_one(Post, post.id).revision > revision
    check = session.scalars(select(Check)).one()
    assert (check.method, check.outcome, check.seconds, check.by) == ("drill_call", "answered", 20, "tester")
    assert point(session, PLAIN.value).answered_at is None


def test_readers_learn_it_with_the_line_and_only_where_they_see_the_line(session: Session, post: Post) -> None:
    drills.plan(session, DAY)
    record(session, drill_of(session, HOTLINE.value), "answered", seconds=20)
    record(session, drill_of(session, DUTY.value), "answered", seconds=7, method="message")
    stored = queries.load(session, [post.id], today=NOW.date())[0]
    seconds = {}
    for name, viewer in (("public", PUBLIC), ("reader", Viewer(layer="registered", may_reveal=True))):
        entry = visible(stored, viewer, today=NOW.date(), days=FreshnessDays())
        seconds[name] = {line.kind: line.answer_seconds for line in entry.contact_lines if line.answered_at}
    assert seconds == {"public": {"hotline": 20}, "reader": {"hotline": 20, "duty_phone": 7}}


def test_a_line_of_an_institution_moves_all_its_entries(session: Session, post: Post) -> None:
    drills.plan(session, DAY)
    other = session.scalars(select(Post).where(Post.title == "Another desk")).one()
    revision = other.revision
    record(session, drill_of(session, DUTY.value), "answered", seconds=3)
    session.expire_all()
    assert other.revision > revision


def test_another_number_has_no_proof(session: Session, post: Post) -> None:
    drills.plan(session, DAY)
    record(session, drill_of(session, HOTLINE.value), "answered", seconds=20)
    values = post_values(post)
    wanted = replace(values, contact_points=(ContactValues("hotline", "+442079460109", hours="24/7"),))
    set_post(session, post, wanted, by="test", now=NOW)
    session.flush()
    assert point(session, "+442079460109").answered_at is None
    assert drills.coverage(session, NOW.date()) == drills.Coverage(3, 0)
    assert drills.plan(session, DAY) == 1


def test_nobody_answering_twice_is_a_task_and_no_finding(session: Session, post: Post) -> None:
    drills.plan(session, DAY)
    drill = drill_of(session, HOTLINE.value)
    record(session, drill, "no_answer", seconds=60)
    assert (drill.settled_at, drill.planned_on) == (None, NOW.date() + timedelta(days=3))
    assert session.scalars(select(CallTask)).all() == [], "the control: once is no reason"
    record(session, drill, "no_answer", at=WORKING_MORNING + timedelta(days=3))
    assert drill.outcome == "no_answer"
    task = session.scalars(select(CallTask)).one()
    assert (task.reason, task.tell_on) == ("note", NOW.date() + timedelta(days=3))
    assert session.scalars(select(Finding)).all() == []
    assert session.get_one(Post, post.id).reachability == ""
    assert point(session, HOTLINE.value).answered_at is None


def test_a_wrong_number_is_a_finding_and_asked_about_today(session: Session) -> None:
    world = World(session)
    values = post_values(world.post)
    set_post(session, world.post, replace(values, contact_points=(HOTLINE,)), by="test", now=NOW)
    drills.plan(session, DAY)
    drill = drill_of(session, HOTLINE.value)
    record(session, drill, "wrong")
    finding = session.scalars(select(Finding)).one()
    assert (finding.kind, finding.value) == ("wrong", point(session, HOTLINE.value).id)
    task = session.scalars(select(CallTask)).one()
    assert (task.tell_on, task.due_on) == (NOW.date(), NOW.date())
    assert session.scalars(select(ConfirmationRequest.account_id)).all() == [world.owner.id]


def test_a_test_is_recorded_once(session: Session, post: Post) -> None:
    drills.plan(session, DAY)
    drill = drill_of(session, HOTLINE.value)
    record(session, drill, "answered", seconds=5)
    with pytest.raises(drills.AlreadySettled):
        record(session, drill, "wrong")
    assert len(session.scalars(select(Check)).all()) == 1


@pytest.mark.parametrize(("outcome", "method"), [("maybe", "call"), ("answered", "drum"), ("missed", "call")])
def test_what_is_no_outcome_or_method_is_refused(session: Session, post: Post, outcome: str, method: str) -> None:
    drills.plan(session, DAY)
    with pytest.raises(ValueError, match="by"):
        record(session, drill_of(session, HOTLINE.value), outcome, method=method)


def test_seconds_are_kept_within_reason(session: Session, post: Post) -> None:
    drills.plan(session, DAY)
    for line, given, kept in ((HOTLINE, 10**6, 3600), (DUTY, -4, 0), (INTAKE, None, None)):
        record(session, drill_of(session, line.value), "answered", seconds=given)
        assert point(session, line.value).answer_seconds == kept


def test_the_share_of_proven_lines_counts_half_a_year(session: Session, post: Post) -> None:
    hotline = make_post(session, make_institution(session, "Helpline", country="MD"), contact_points=(HOTLINE,))
    drills.plan(session, DAY)
    assert drills.coverage(session, NOW.date()) == drills.Coverage(4, 0)
    line = hotline.contact_points[0]
    drill = session.scalars(select(Drill).where(Drill.contact_point_id == line.id)).one()
    record(session, drill, "answered", seconds=2)
    assert drills.coverage(session, NOW.date()) == drills.Coverage(4, 1)
    assert drills.coverage(session, NOW.date()).percent == 25
    planned_on = min(drill.planned_on for drill in session.scalars(select(Drill)) if drill.settled_at is None)
    assert drills.coverage_by_country(session, NOW.date()) == {
        "MD": drills.CountryCoverage(1, 1, never=0, next_on=None),
        "RO": drills.CountryCoverage(3, 0, never=3, next_on=planned_on),
    }
    assert list(drills.coverage_by_country(session, NOW.date(), {"MD"})) == ["MD"]
    assert drills.coverage_by_country(session, NOW.date(), set()) == {}
    later = drills.coverage_by_country(session, NOW.date() + timedelta(days=184))["MD"]
    assert (later.proven, later.never) == (0, 0), "it answered once, too long ago"
    assert drills.coverage(session, NOW.date(), {"MD"}).percent == 100
    assert drills.coverage(session, NOW.date() + timedelta(days=183), {"MD"}).proven == 1
    assert drills.coverage(session, NOW.date() + timedelta(days=184), {"MD"}).proven == 0
    assert drills.coverage(session, NOW.date(), {"AL"}).percent == 100


def test_a_test_follows_a_body_that_moves_to_another_country(session: Session, post: Post) -> None:
    drills.plan(session, DAY)
    drill = drill_of(session, HOTLINE.value)
    drill.planned_on = NOW.date()
    record(session, drill, "no_answer", seconds=60)
    before = drill.planned_on
    post.institution.country_code, drill.planned_on = "AT", NOW.date()
    session.commit()
    assert drill in drills.of_week(session, {"AT"}, NOW.date())
    assert drills.of_week(session, {"RO"}, NOW.date()) == []
    record(session, drill, "answered", at=datetime.combine(before, WORKING_MORNING.timetz()))
    assert drills.done(session, {"AT"}) == [drill]
    assert drills.done(session, {"RO"}) == []
    assert list(drills.coverage_by_country(session, NOW.date())) == ["AT"]


def test_the_second_try_keeps_the_holidays_of_the_country_it_moved_to(session: Session, post: Post) -> None:
    """24 May is a holiday in Bulgaria and none in Romania; the intake line keeps office hours."""
    morning = datetime(2027, 5, 21, 9, tzinfo=WORKING_MORNING.tzinfo)
    drills.plan(session, day_of(morning))
    drill = drill_of(session, INTAKE.value)
    record(session, drill, "no_answer", at=morning)
    assert drill.planned_on == date(2027, 5, 24), "the control"
    session.execute(delete(Check))
    post.institution.country_code = "BG"
    session.commit()
    record(session, drill, "no_answer", at=morning)
    assert drill.planned_on == date(2027, 5, 25)
