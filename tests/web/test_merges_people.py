"""Two records of one person on pages: suggested to those who know the name, merged by two, and no oracle for others."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from directory.accounts.models import Account
from directory.app import database
from directory.db import new_id
from directory.doubles.models import KeptApart, Merge
from directory.registry import operations as registry
from directory.registry.models import Appointment, Official
from directory.registry.values import ContactValues
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.web.merging import BELOW, decide
from tests.web.signed_in import Signed, make_account, sign_in

LINE = ContactValues("mobile", "+442079460181")
MAIL = ContactValues("email", "zora.demo@demo-border.example")
NOBODY = "00000000-0000-4000-8000-000000000000"


def hold(
    app: Flask, name: str, country: str = "BG", *, unit: str = "Demo", agreed: bool = False, account: bool = False
) -> tuple[str, str]:
    """Ids of a new official and of the post they hold."""
    with app.app_context():
        session = database.session()
        house = make_institution(session, f"Border Unit {unit}", country=country)
        post = make_post(session, house, title=f"Officer {new_id()[:4]}", is_desk=False, phone=None)
        appointment = registry.appoint(
            session, post, name, by="test", now=NOW, from_on=date(2026, 1, 1), agreed_at=NOW if agreed else None,
            contact_points=(LINE, MAIL),
        )  # fmt: skip
        if account:
            make_account(session, "focal_point").official_id = appointment.official_id
        session.commit()
        return appointment.official_id, post.id


@pytest.fixture
def people(app: Flask) -> tuple[str, str]:
    """Two records of one person; only the first has agreed to be named."""
    unit = new_id()[:8]
    return hold(app, f"Zora Demo{unit}", unit=unit, agreed=True)[0], hold(app, f"Z. Demo{unit}", unit=unit)[0]


@pytest.fixture
def coordinator(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="BG", name="Cora Coordinator")


@pytest.fixture
def colleague(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="BG", name="Carl Coordinator")


def path_of(people: tuple[str, str]) -> str:
    return f"{BELOW}/people/{people[0]}/{people[1]}"


def ask(who: Signed, people: tuple[str, str], **more: Any) -> str:
    answer = who.post(path_of(people), decision="merge", reason="One person, two lists", **more)
    assert answer.status_code == 303, answer.text
    with who.client.application.app_context():
        return database.session().scalars(select(Merge.id).where(Merge.keep_id == people[0])).one()


def named(app: Flask, official_id: str) -> list[str]:
    """What a signed-in reader sees at the posts of that official."""
    reader = sign_in(app, "reader")
    with app.app_context():
        session = database.session()
        name = session.get_one(Official, official_id).name
        posts = session.scalars(select(Appointment.post_id).where(Appointment.official_id == official_id)).all()
    return [post_id for post_id in posts if name in reader.client.get(f"/entries/{post_id}").text]


def test_the_same_person_is_suggested_with_reasons_side_by_side_and_what_moves(
    app: Flask, people: tuple[str, str], coordinator: Signed
) -> None:
    page = coordinator.client.get(BELOW).text
    assert f"{BELOW}/people/" in page
    assert "an initial stands for a name" in page
    assert "same institution" in page
    page = coordinator.client.get(path_of(people)).text
    assert page.count("2 numbers and addresses of their own") == 2
    assert "1 post moves to the record that stays." in page
    assert "2 numbers and addresses of theirs go along." in page
    assert "nobody sees the name until the person has been asked again" in page
    assert "a second person agrees" in page
    assert "020 7946 0181" not in page
    assert "20 7946 0181" not in page, "numbers are counted, not shown"
    assert MAIL.value not in page


def test_two_people_make_it_one_person_and_one_click_takes_it_back(
    app: Flask, people: tuple[str, str], coordinator: Signed, colleague: Signed
) -> None:
    keep, gone = people
    assert len(named(app, keep)) == 1
    merge_id = ask(coordinator, people)
    assert decide(coordinator, merge_id, "agree").status_code == 409, "one's own"
    page = colleague.client.get(f"{BELOW}/merges/{merge_id}").text
    assert "The name is Zora Demo" in page
    assert "One person, two lists" in page
    assert len(named(app, keep)) == 1, "until then both stay"
    assert decide(colleague, merge_id, "agree").status_code == 303
    with app.app_context():
        session = database.session()
        assert session.get(Official, gone) is None
        posts = session.scalars(select(Appointment.post_id).where(Appointment.official_id == keep)).all()
    assert len(posts) == 2
    assert named(app, keep) == [], "the stricter word stands"
    assert "they are the same person" in coordinator.client.get(f"/entries/{posts[0]}/history").text
    assert "can be taken back" in coordinator.client.get(BELOW).text
    assert coordinator.post(f"{BELOW}/merges/{merge_id}/undo").status_code == 303
    assert len(named(app, keep)) == 1
    assert named(app, gone) == []
    assert "two again" in coordinator.client.get(f"{BELOW}/merges/{merge_id}").text


def test_what_was_changed_since_it_was_looked_at_is_looked_at_again(
    app: Flask, people: tuple[str, str], coordinator: Signed, colleague: Signed
) -> None:
    merge_id = ask(coordinator, people)
    answer = colleague.post(f"{BELOW}/merges/{merge_id}", decision="agree", keep_revision="1", gone_revision="1")
    assert answer.status_code == 409
    with app.app_context():
        assert database.session().get_one(Merge, merge_id).state == "waiting"


def test_two_persons_are_never_asked_about_again_until_lifted(
    app: Flask, people: tuple[str, str], coordinator: Signed
) -> None:
    one, other = people
    assert coordinator.post(path_of(people), decision="apart", reason="Mother and daughter").status_code == 303
    page = coordinator.client.get(BELOW).text
    assert "Mother and daughter" in page
    assert f"{one}/{other}" not in page
    assert f"{other}/{one}" not in page
    assert coordinator.post(path_of(people), decision="merge").status_code == 409
    with app.app_context():
        kept_id = database.session().scalars(select(KeptApart.id).where(KeptApart.kind == "official")).all()[-1]
    assert coordinator.post(f"{BELOW}/apart/{kept_id}/lift").status_code == 303
    page = coordinator.client.get(BELOW).text
    assert f"{one}/{other}" in page or f"{other}/{one}" in page


def test_two_who_both_sign_in_are_told_what_to_do(app: Flask, coordinator: Signed) -> None:
    name = f"Yana Demo{new_id()[:4]}"
    pair = hold(app, name, account=True)[0], hold(app, name, account=True)[0]
    page = coordinator.client.get(path_of(pair)).text
    assert "freeze the other under Coordination, People" in page
    assert "The same person" not in page
    assert "Two persons: never ask again" in page
    answer = coordinator.post(path_of(pair), decision="merge")
    assert answer.status_code == 409
    assert "two accounts are never made one" in answer.text
    with app.app_context():
        held = select(Account.official_id).where(Account.official_id.in_(pair))
        assert sorted(map(str, database.session().scalars(held))) == sorted(pair)


def test_an_odd_form_asks_again_and_looking_writes_nothing(
    app: Flask, people: tuple[str, str], coordinator: Signed
) -> None:
    def counts() -> list[int]:
        with app.app_context():
            session = database.session()
            return [len(session.scalars(select(table.id)).all()) for table in (Merge, KeptApart, Official)]

    before = counts()
    assert 'href="/coordination/doubles">Not now' in coordinator.client.get(path_of(people)).text
    coordinator.client.get(BELOW)
    assert coordinator.post(path_of(people), decision="perhaps").status_code == 422
    assert coordinator.post(path_of(people), decision="merge", reason="x" * 501).status_code == 422
    assert counts() == before


@pytest.mark.parametrize(
    ("role", "country"),
    [("reader", None), ("focal_point", None), ("coordinator", "AL"), ("admin", None), ("auditor", None)],
)
def test_to_others_the_pages_are_not_there(
    app: Flask, people: tuple[str, str], coordinator: Signed, role: str, country: str | None
) -> None:
    who = sign_in(app, role, country=country)
    merge_id = ask(coordinator, people)
    for path in (path_of(people), f"{BELOW}/merges/{merge_id}"):
        assert who.client.get(path).status_code == 404
        assert who.post(path, decision="merge").status_code == 404
    with app.app_context():
        name = database.session().get_one(Official, people[0]).name
    assert name in coordinator.client.get(BELOW).text, "the control"
    assert name not in who.client.get(f"{BELOW}?country=BG").text


def test_a_person_of_another_country_answers_like_nobody(
    app: Flask, people: tuple[str, str], coordinator: Signed
) -> None:
    """One who is there, unpublished and of the same name, and one who never was: no page tells them apart."""
    with app.app_context():
        name = database.session().get_one(Official, people[0]).name
    abroad, _post = hold(app, name, "MD")
    assert abroad not in coordinator.client.get(BELOW).text
    for theirs, nobody in (
        ((people[0], abroad), (people[0], NOBODY)),
        ((abroad, people[0]), (NOBODY, people[0])),
        ((abroad, abroad), (NOBODY, NOBODY)),
    ):
        for decision in ("", "merge", "apart"):
            answers = [
                coordinator.post(path_of(pair), decision=decision)
                if decision
                else coordinator.client.get(path_of(pair))
                for pair in (theirs, nobody)
            ]
            assert [answer.status_code for answer in answers] == [404, 404]
            assert answers[0].text.replace(abroad, NOBODY) == answers[1].text
    secretariat = sign_in(app, "secretariat")
    assert secretariat.client.get(path_of((people[0], abroad))).status_code == 200, "the control"
    assert secretariat.post(path_of((people[0], abroad)), decision="merge").status_code == 409
