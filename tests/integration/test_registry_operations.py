from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directory.entries import queries
from directory.history.models import Change, IndexChange
from directory.registry import operations
from directory.registry.models import ContactPoint, Removal
from directory.registry.pictures import institution_values, post_values
from directory.registry.values import BadValue, ContactValues, NameValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post

TODAY = NOW.date()
LATER = NOW + timedelta(hours=1)


def queued(session: Session) -> list[str]:
    return list(session.scalars(select(IndexChange.entry_id)))


def test_a_new_post_is_not_confirmed_has_history_and_waits_for_the_index(session: Session) -> None:
    post = make_post(session, confirmed_days_ago=None)
    (entry,) = queries.load(session, [post.id], today=TODAY)
    assert entry.confirmed_at is None
    assert queued(session) == [post.id]
    actions = session.scalars(select(Change.action).where(Change.subject_id == post.id)).all()
    assert actions == ["add"]


def test_setting_the_same_values_changes_nothing(session: Session) -> None:
    post = make_post(session)
    assert not operations.set_post(session, post, post_values(post), by="test", now=LATER)
    assert not operations.set_institution(
        session, post.institution, institution_values(post.institution), by="test", now=LATER
    )
    assert post.revision == 1


def test_a_renamed_institution_changes_all_its_entries_and_their_deputies(session: Session) -> None:
    agency = make_institution(session)
    first, second = make_post(session, agency), make_post(session, agency, title="Deputy desk")
    elsewhere = make_post(session, title="Noise")
    elsewhere.deputy_id = second.id
    session.flush()
    values = institution_values(agency)
    renamed = type(values)(**{**_fields(values), "names": (NameValues("Renamed", "en"),)})
    assert operations.set_institution(session, agency, renamed, by="test", now=LATER)
    session.expire_all()
    assert [post.revision for post in (first, second, elsewhere)] == [2, 2, 2]
    assert {first.id, second.id, elsewhere.id} <= set(queued(session))
    change = session.scalars(select(Change).where(Change.action == "change")).one()
    assert set(change.after or {}) == {"names"}


def test_a_contact_point_that_stays_keeps_its_confirmation(session: Session) -> None:
    post = make_post(session)
    point = post.contact_points[0]
    point.confirmed_at = NOW
    session.flush()
    values = post_values(post)
    more = (*values.contact_points, ContactValues("email", "desk@agency.ro.example", is_published=True))
    changed = type(values)(**{**_fields(values), "contact_points": more})
    assert operations.set_post(session, post, changed, by="test", now=LATER)
    assert [(p.kind, p.confirmed_at) for p in post.contact_points] == [("phone", NOW), ("email", None)]


def test_a_removed_entry_leaves_a_stub_without_a_name_or_number(session: Session) -> None:
    post = make_post(session)
    post_id = post.id
    operations.remove_post(session, post, reason="closed", by="test", now=LATER)
    assert queries.load(session, [post_id], today=TODAY) == []
    stub = session.get_one(Removal, post_id)
    assert (stub.reason, stub.redirect_id) == ("closed", None)
    assert not session.scalars(select(ContactPoint).where(ContactPoint.post_id == post_id)).all()


def test_a_shelter_never_gets_an_address(session: Session) -> None:
    with pytest.raises(BadValue, match="intake line"):
        make_institution(session, "House", kind="shelter", contact_points=(ContactValues("postal", "Street 1"),))


def test_a_contact_point_belongs_to_exactly_one(session: Session) -> None:
    post = make_post(session)
    session.add(ContactPoint(kind="phone", value="+442079460199", post_id=post.id, institution_id=post.institution_id))
    with pytest.raises(IntegrityError):
        session.flush()


def test_an_appointment_shows_from_its_first_to_its_last_day(session: Session) -> None:
    post = make_post(session, is_desk=False)
    appointment = operations.appoint(session, post, "Invented Person", by="test", now=NOW, from_on=TODAY, agreed_at=NOW)
    appointment.until_on = TODAY + timedelta(days=3)
    session.flush()
    seen = {
        shift: queries.load(session, [post.id], today=TODAY + timedelta(days=shift))[0].is_vacant
        for shift in (-1, 0, 3, 4)
    }
    assert seen == {-1: True, 0: False, 3: False, 4: True}


def test_loading_keeps_the_order_and_leaves_out_unknown_ids(session: Session) -> None:
    first, second = make_post(session), make_post(session)
    unknown = "00000000-0000-4000-8000-000000000000"
    loaded = queries.load(session, [second.id, unknown, first.id], today=TODAY)
    assert [entry.id for entry in loaded] == [second.id, first.id]


def test_a_cached_picture_is_not_shown_after_an_edit(session: Session) -> None:
    post, cache = make_post(session), queries.EntryCache()
    queries.load(session, [post.id], today=TODAY, cache=cache)
    values = post_values(post)
    operations.set_post(session, post, type(values)(**{**_fields(values), "title": "New title"}), by="t", now=LATER)
    session.expire_all()
    assert queries.load(session, [post.id], today=TODAY, cache=cache)[0].title == "New title"


def _fields(values: object) -> dict[str, object]:
    return {name: getattr(values, name) for name in values.__dataclass_fields__}  # type: ignore[attr-defined]
