"""People who follow something get at most one letter a day about it, none when nothing changed, and never a number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from directory.accounts.models import Account
from directory.entries.answers import Desk
from directory.entries.queries import EntryCache
from directory.entries.viewer import Viewer
from directory.feeds import digests, following
from directory.feeds.models import Following
from directory.history import operations as history
from directory.history import sealing
from directory.mail.message import Sender, message_bytes
from directory.mail.models import OutgoingMail
from directory.registry import merging, operations
from directory.registry.models import Post
from directory.registry.pictures import post_values
from directory.registry.rules import FreshnessDays
from directory.registry.values import ContactValues
from directory.search.memory_index import MemoryIndex
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy
from directory.web.readings import reading_from_args
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.people import Member, make_account

KEYS = ("a key for tests that is long enough, truly",)
MONDAY = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
MOBILE = "+442079460188"


def retitle(session: Session, post: Post, title: str) -> None:
    operations.set_post(session, post, replace(post_values(post), title=title), by="test", now=NOW)
    session.commit()


@dataclass
class Desks:
    """Somebody who follows Romania, and the worker that writes to them."""

    session: Session
    taxonomy: Taxonomy
    member: Member

    def table(self) -> digests.Table:
        return digests.Table(KEYS, "https://directory.example", "Europe/Vienna", 8, 18, self._desk, self._read)

    def _desk(self, viewer: Viewer) -> Desk:
        today = MONDAY.date()
        return Desk(self.session, MemoryIndex(), viewer, MONDAY, today, FreshnessDays(), EntryCache(), self.taxonomy)

    def _read(self, filters: str) -> Reading | None:
        return reading_from_args(MultiDict(parse_qsl(filters)), self.taxonomy)

    def follow(self, filters: str = "country=RO", *, every: str = "daily", at: datetime = MONDAY) -> Following:
        self.seal()
        one = following.follow(self.session, self.member.id, filters=filters, label=filters, keys=KEYS, now=at)
        one.every = every
        self.session.commit()
        return one

    def seal(self) -> None:
        self.session.flush()
        sealing.seal(self.session, b"k" * 32, now=NOW)
        self.session.commit()

    def run(self, at: datetime) -> int:
        self.seal()
        return digests.write_due(self.session, self.table(), now=at)

    def letters(self) -> list[OutgoingMail]:
        wanted = select(OutgoingMail).where(OutgoingMail.letter == "digest").order_by(OutgoingMail.due_at)
        return list(self.session.scalars(wanted))


DAY = timedelta(days=1)


@pytest.fixture
def desks(session: Session, taxonomy: Taxonomy) -> Desks:
    return Desks(session, taxonomy, make_account(session, "Rea"))


def test_one_letter_a_day_about_all_that_is_followed(session: Session, desks: Desks) -> None:
    house = make_institution(session)
    old = make_post(session, house, title="Old desk", contact_points=(ContactValues("mobile", MOBILE),))
    closed = make_post(session, house, title="Closed desk")
    session.commit()
    desks.follow("country=RO")
    desks.follow("sop=4")
    assert desks.run(MONDAY + DAY) == 0, "nothing changed"
    make_post(session, house, title="New desk")
    operations.remove_post(session, closed, reason="closed", by="test", now=MONDAY)
    retitle(session, old, "Renamed desk")
    assert [desks.run(MONDAY + DAY), desks.run(MONDAY + DAY)] == [0, 0], "that day was looked at"
    assert [desks.run(MONDAY + 2 * DAY), desks.run(MONDAY + 2 * DAY)] == [1, 0]
    (letter,) = desks.letters()
    assert letter.subject == "What changed in the contact list (3 entries)"
    for words in ("New: New desk, Return Agency", "Removed: Closed desk, Return Agency", "Changed: Renamed desk"):
        assert words in letter.text
    assert f"https://directory.example/entries/{old.id}" in letter.html
    assert MOBILE not in letter.text + letter.html
    assert "7946" not in letter.text + letter.html, "never a number"
    assert desks.run(MONDAY + 3 * DAY) == 0, "what was told is not told again"


def test_a_confirmation_is_not_worth_a_letter(session: Session, desks: Desks) -> None:
    post = make_post(session)
    session.commit()
    desks.follow()
    post.confirmed_at = MONDAY
    operations.touch(session, [post.id], now=MONDAY)
    assert desks.run(MONDAY + DAY) == 0
    retitle(session, post, "The control")
    assert desks.run(MONDAY + 2 * DAY) == 1


def test_other_countries_are_not_told(session: Session, desks: Desks) -> None:
    desks.follow("country=RO")
    post = make_post(session, make_institution(session, country="BG"))
    session.commit()
    operations.remove_post(session, post, reason="closed", by="test", now=MONDAY)
    make_post(session, make_institution(session, country="BG"))
    session.commit()
    assert desks.run(MONDAY + DAY) == 0


def test_a_holder_is_named_to_nobody_and_a_vacancy_is_told(session: Session, desks: Desks) -> None:
    post = make_post(session, title="Officer", is_desk=False, phone=None, contact_points=())
    term = operations.appoint(session, post, "Ana Testescu", by="test", now=MONDAY, agreed_at=MONDAY)
    session.commit()
    desks.follow()
    operations.relieve(session, term, until_on=MONDAY.date() - 3 * DAY, by="test", now=MONDAY)
    session.commit()
    assert desks.run(MONDAY + DAY) == 1
    (letter,) = desks.letters()
    assert "Vacant: Officer" in letter.text
    assert "Testescu" not in letter.text + letter.html


def test_an_entry_that_became_one_with_another_leads_there(session: Session, desks: Desks) -> None:
    kept, gone = make_post(session, title="Kept"), make_post(session, title="Gone")
    session.commit()
    desks.follow()
    merging.unite_posts(session, kept, gone, post_values(kept), by="test", now=MONDAY)
    history.record(
        session, "merge", subject_type="post", subject_id=gone.id, by="test", now=MONDAY, after={"kept": kept.id}
    )
    session.commit()
    assert desks.run(MONDAY + DAY) == 1
    assert "Takes the place of another entry: Kept" in desks.letters()[0].text


def test_a_weekly_letter_comes_after_seven_days(session: Session, desks: Desks) -> None:
    desks.follow(every="weekly")
    make_post(session)
    session.commit()
    assert [desks.run(MONDAY + day * DAY) for day in range(8)] == [0, 0, 0, 0, 0, 0, 0, 1]


def test_letters_come_in_working_hours_and_still_one_a_day(session: Session, desks: Desks) -> None:
    post = make_post(session)
    session.commit()
    desks.follow()
    friday_night = MONDAY + timedelta(days=4, hours=12)
    retitle(session, post, "On Friday night")
    assert desks.run(friday_night) == 0, "the weekend's news comes with it"
    retitle(session, post, "On Saturday")
    assert [desks.run(friday_night + DAY), desks.run(friday_night + 2 * DAY), desks.run(MONDAY + 7 * DAY)] == [0, 1, 0]
    retitle(session, post, "On Monday")
    assert desks.run(MONDAY + 7 * DAY + timedelta(hours=12)) == 1
    first, second = desks.letters()
    assert first.due_at == datetime.fromisoformat("2026-11-30T07:00:00+00:00"), "Monday at eight in Vienna"
    assert second.due_at - first.due_at == DAY


def test_a_change_of_how_often_makes_no_second_letter_that_day(session: Session, desks: Desks) -> None:
    post = make_post(session)
    session.commit()
    desks.follow("country=RO")
    weekly = desks.follow("sop=4", every="weekly")
    retitle(session, post, "Changed")
    assert desks.run(MONDAY + DAY) == 1
    following.set_every(session, desks.member.id, weekly.id, "daily")
    session.commit()
    assert desks.run(MONDAY + DAY) == 0
    assert desks.run(MONDAY + 2 * DAY) == 1, "and what it had to tell comes the next day"


def test_an_account_that_is_closed_gets_nothing(session: Session, desks: Desks) -> None:
    desks.follow()
    make_post(session)
    session.execute(update(Account).where(Account.id == desks.member.id).values(state="frozen"))
    session.commit()
    assert desks.run(MONDAY + DAY) == 0


def test_the_header_stops_all_of_it_with_one_click(session: Session, desks: Desks) -> None:
    desks.follow("country=RO")
    desks.follow("sop=4")
    other = make_account(session, "Other")
    following.follow(session, other.id, filters="country=RO", label="x", keys=KEYS, now=MONDAY)
    make_post(session)
    session.commit()
    desks.run(MONDAY + DAY)
    letter = next(one for one in desks.letters() if one.to == desks.member.email)
    sent = message_bytes(letter, Sender("TRM Directory", "directory@directory.example", "directory.example")).decode()
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in sent
    token = letter.unsubscribe.rpartition("/")[2]
    assert letter.unsubscribe == f"https://directory.example/unsubscribe/{token}"
    assert letter.unsubscribe in sent.replace("\r\n ", "")
    assert following.stop_all(session, token + "x") == 0
    assert following.stop_all(session, token) == 2
    assert following.followed_by(session, desks.member.id) == []
    assert len(following.followed_by(session, other.id)) == 1


def test_the_link_of_an_old_letter_works_after_a_new_key(session: Session, desks: Desks) -> None:
    row = desks.follow()
    old = following.token_of([row], KEYS)
    both = ("a newer key that is long enough, truly", *KEYS)
    assert following.token_of([row], both) == old
    more = following.follow(session, desks.member.id, filters="sop=4", label="x", keys=both, now=MONDAY)
    assert following.token_of([row, more], both) == old, "also once something more is followed"
    following.stop(session, desks.member.id, more.id)
    new = following.token_of([row], ("a newer key that is long enough, truly",))
    assert new != old
    assert following.stop_all(session, new) == 1
