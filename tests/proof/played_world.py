"""The people of `two_years`: who leaves, who answers, who is rung, what readers see."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

import tests.conftest  # noqa: F401 - the tables must be known
from directory.accounts import invitations
from directory.accounts.letters import Post as Sender
from directory.accounts.models import Account, PostOwner
from directory.accounts.people import person_of
from directory.accounts.vault import Vault
from directory.confirmations import answering, calls, letters, links, outcomes, running
from directory.confirmations.answering import AlreadyAnswered, Answerer, EntriesChanged, Given
from directory.confirmations.models import CallTask
from directory.confirmations.rounds import Day
from directory.confirmations.rules import Timeline
from directory.confirmations.snapshots import digest, load_posts, snapshot
from directory.db import transaction
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.proposals import operations as proposals
from directory.proposals.actors import Actor
from directory.registry import operations as registry
from directory.registry.models import Appointment, Official, Post
from directory.registry.rules import FreshnessDays, hides_holder
from directory.registry.values import ContactValues, InstitutionValues, NameValues, PostValues, ResponsibilityValues

LEAVE_A_YEAR = 0.20
SAY_SO, BOUNCE = 0.40, 0.35  # the rest falls silent
ANSWER_MAIL, AT_FIRST = 0.60, 0.50
CALL_SETTLES, CALL_WITHIN_DAYS = 0.85, 10
REPORTS_PER_1000 = 2.0
REPORT_IS_RIGHT = 0.5  # the other half of the bad reports are about entries that are right
TRY_AGAIN_DAYS = 14  # a call that settled nothing stays on the list
SECOND_WITHIN_DAYS = 5
FILLED_AFTER_DAYS = 14
START = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
KEYS = ("k" * 40,)
DESK = letters.Desk(Vault(KEYS), letters.code_key(KEYS), "https://directory.example.org", "Europe/Vienna", 0, 24)
COUNTRIES = ("AL", "BA", "BG", "HR", "MD", "ME", "MK", "PT", "RO", "RS", "IT", "CZ", "HU", "XK")
DAYS = FreshnessDays()


@dataclass
class Person:
    """A holder in the played world: in office or gone, and how they take letters."""

    account_id: str
    post_id: str
    left_as: str = ""
    closes_on: int = 10**6  # the day their address closes


@dataclass
class Figures:
    """What is measured."""

    wrong_shares: list[float] = field(default_factory=list)
    hidden_shares: list[float] = field(default_factory=list)
    stale_shares: list[float] = field(default_factory=list)  # in the list at all, shown or hidden
    letters: Counter[tuple[str, str]] = field(default_factory=Counter)  # (account, quarter)
    twice_a_day: int = 0
    calls: int = 0
    bounces: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class World:
    """The directory and the people around it."""

    def __init__(self, session: Session, owners: int, *, seed: int, is_asked: bool = True) -> None:
        self.session, self.random, self.is_asked = session, random.Random(seed), is_asked
        self.people: dict[str, Person] = {}  # by post: who the directory says holds it
        self.agenda: dict[int, list[Callable[[datetime], None]]] = defaultdict(list)
        self.reporters: list[str] = []
        self.coordinators: dict[str, str] = {}
        self.by_account: dict[str, str] = {}
        self.figures = Figures()
        self.day = 0
        self.rung: set[str] = set()
        self.vacated: set[str] = set()
        self._people_the_registry(owners)

    # -- the beginning: every entry right, confirmed on some day of the last quarter --
    def _people_the_registry(self, owners: int) -> None:
        session = self.session
        with transaction(session):
            for code in COUNTRIES:
                self.coordinators[code] = self._account(f"coordinator.{code.lower()}", "coordinator", country=code)
            self.secretary = self._account("secretary", "secretariat")
            self.reporters = [self._account(f"reader{n}", "reader", country="RO") for n in range(40)]
        for start in range(0, owners, 250):
            with transaction(session):
                for number in range(start, min(start + 250, owners)):
                    self._entry(number)

    def _account(
        self, local: str, role: str | None, *, country: str | None = None, institution: str | None = None
    ) -> str:
        account = Account(
            email=f"{local}@ministry{len(self.by_account) % 500}.example", name=f"{local} (demo)", created_at=START
        )
        self.session.add(account)
        self.session.flush()
        if role:
            invitations.give(self.session, account, role, country, institution, by="played", post=Sender("", START))
        return account.id

    def _entry(self, number: int) -> None:
        session, country = self.session, COUNTRIES[number // 10 % len(COUNTRIES)]
        if number % 10 == 0:
            names = (NameValues(f"Authority {number} (demo)", "en"),)
            values = InstitutionValues(country=country, type="ngo", names=names)
            self.body = registry.add_institution(session, values, by="played", now=START)
        line = ContactValues("phone", f"+4420794{number:05d}", is_published=True)
        values_of_post = PostValues(
            title=f"Officer {number}", role="return_officer", contact_points=(line,),
            responsibilities=(ResponsibilityValues(4),),
        )  # fmt: skip
        post = registry.add_post(session, self.body, values_of_post, by="played", now=START)
        post.confirmed_at, post.confirmation_method = START - timedelta(days=number % 76), "signed_in"
        role = {0: "focal_point", 1: "deputy"}.get(number % 10)
        self._appoint(post, f"owner{number}", role)

    def _appoint(self, post: Post, local: str, role: str | None, now: datetime = START) -> None:
        account_id = self._account(local, role, institution=post.institution_id if role else None)
        appointment = registry.appoint(
            self.session, post, f"{local} (demo)", by="played", now=now, from_on=now.date(), agreed_at=now
        )
        self.session.get_one(Account, account_id).official_id = appointment.official_id
        self.session.add(PostOwner(post_id=post.id, account_id=account_id))
        self.people[post.id] = Person(account_id, post.id)
        self.by_account[account_id] = post.id

    # -- one day --
    def live(self, day: int) -> None:
        """People leave, answer, are rung; the product takes its steps; readers look."""
        self.day, now = day, START + timedelta(days=day)
        self._leave(now)
        for happening in self.agenda.pop(day, ()):
            happening(now)
        if self.is_asked:
            running.run(self.session, Day(now, now.date(), Timeline()), DESK, limit=10**6)
            self._take_letters(now)
            self._take_calls(now)
        self._report(now)
        self._look(now)

    def _later(self, days: int, happening: Callable[[datetime], None]) -> None:
        self.agenda[self.day + max(days, 1)].append(happening)

    def _leave(self, now: datetime) -> None:
        for person in self.people.values():
            if person.left_as or self.random.random() >= LEAVE_A_YEAR / 365:
                continue
            draw = self.random.random()
            person.left_as = "said" if draw < SAY_SO else "bounces" if draw < SAY_SO + BOUNCE else "silent"
            if person.left_as == "bounces":
                person.closes_on = self.day + self.random.randint(1, 30)
            if person.left_as == "said" and self.is_asked:
                self._later(self.random.randint(1, 7), lambda at, p=person: self._say_left(p, at))  # type: ignore[misc]

    def _say_left(self, person: Person, now: datetime) -> None:
        self._answer(person.account_id, self._shown(person.post_id, now), "left", "signed_in", now)

    def _shown(self, post_id: str, now: datetime) -> dict[str, str]:
        posts = load_posts(self.session, [post_id])
        return {post.id: digest(snapshot(post, now.date())) for post in posts.values()}

    def _take_letters(self, now: datetime) -> None:
        """Letters of the day arrive: some come back, some are answered, some are not read."""
        with transaction(self.session):
            sent = self.session.scalars(select(OutgoingMail).where(OutgoingMail.state == "queued")).all()
            for mail in sent:
                mail.state, mail.sent_at = "sent", now
            found = [(m.id, m.letter, m.account_id, m.to, m.text) for m in sent]
        rounds_today = Counter(
            account for _, letter, account, _, _ in found if letter in {"confirm", "calls", "term_ends"}
        )
        self.figures.twice_a_day += sum(count > 1 for count in rounds_today.values())
        for mail_id, letter, account_id, to, text in found:
            if letter != "confirm" or account_id is None:
                continue
            self.figures.letters[account_id, f"{now.year}-{(now.month + 2) // 3}"] += 1
            self._take_letter(mail_id, account_id, to, text, now)

    def _take_letter(self, mail_id: str, account_id: str, to: str, text: str, now: datetime) -> None:
        person = self.people.get(self.by_account[account_id])
        if person is None or person.account_id != account_id:
            return
        if self.day >= person.closes_on:
            self._come_back(mail_id, to, now)
            return
        if person.left_as:
            return
        draw = random.Random(f"{account_id}:{now.year}:{now.timetuple().tm_yday // 76}").random()
        is_first = "We have asked before" not in text
        answers = draw < ANSWER_MAIL * AT_FIRST or (draw < ANSWER_MAIL and not is_first)
        if answers:
            token = re.search(r"/confirm/(\S+)", text)
            code = re.search(r"^ {3}([A-Z2-9]{6})$", text, re.MULTILINE)
            assert token
            assert code
            self._later(self.random.randint(1, 5), lambda at: self._use_link(token[1], code[1], at))

    def _come_back(self, mail_id: str, to: str, now: datetime) -> None:
        """The mail server says that nobody is there; how such a report is read is tried elsewhere, on real ones."""
        self.figures.bounces += 1
        with transaction(self.session):
            self.session.add(
                ReceivedMail(
                    message_hash=f"{self.figures.bounces:064}",
                    kind="hard",
                    status="5.1.1",
                    outgoing_mail_id=mail_id,
                    recipient=to,
                    received_at=now,
                )
            )

    def _use_link(self, token: str, code: str, now: datetime) -> None:
        """The owner opens the link, types the code and says what is true."""
        session = self.session
        try:
            letter = links.read(session, token, vault=DESK.vault, now=now)
        except links.DeadLetter:
            return
        post_id = self.by_account[letter.account_id]
        if self.people[post_id].left_as or self.people[post_id].account_id != letter.account_id:
            return
        with transaction(session):
            assert links.check_code(session, letter, code, now=now, desk=DESK) == "right"
        own = {entry.post_id: entry.digest for entry in letter.entries if entry.as_whom == "owner"}
        self._answer(letter.account_id, own, "still_right", "letter", now)

    def _answer(self, account_id: str, shown: Mapping[str, str], choice: str, method: str, now: datetime) -> None:
        session = self.session
        try:
            with transaction(session):
                given = [Given(post_id, choice, seen) for post_id, seen in shown.items()]
                who = Answerer(session.get_one(Account, account_id), method)
                done = answering.answer(session, who, given, now=now, today=now.date())
        except (AlreadyAnswered, EntriesChanged):
            return
        for post_id in done.left:
            if method == "call":
                self._later(self.random.randint(1, SECOND_WITHIN_DAYS), lambda at, p=post_id: self._agree(p, at))  # type: ignore[misc]
                continue
            self.vacated.add(post_id)
            self._later(FILLED_AFTER_DAYS, lambda at, p=post_id: self._fill(p, at))  # type: ignore[misc]

    def _take_calls(self, now: datetime) -> None:
        fresh = self.session.scalars(
            select(CallTask).where(CallTask.settled_at.is_(None), CallTask.tell_on <= now.date())
        ).all()
        for task in fresh:
            if task.id in self.rung or task.reason in {"left", "note", "refused", "last_route"}:
                continue
            self.rung.add(task.id)
            self.figures.calls += 1
            self._later(TRY_AGAIN_DAYS, lambda _at, t=task.id: self.rung.discard(t))  # type: ignore[misc]
            if self.random.random() < CALL_SETTLES:
                self._later(
                    self.random.randint(1, CALL_WITHIN_DAYS),
                    lambda at, p=task.post_id, c=task.country_code: self._ring(p, c, at),  # type: ignore[misc]
                )

    def _ring(self, post_id: str, country: str, now: datetime) -> None:
        """The coordinator reaches the desk and hears who is there."""
        person = self.people.get(post_id)
        if person is None or post_id in self.vacated:
            return
        choice = "left" if person.left_as else "still_right"
        self._answer(self.coordinators[country], self._shown(post_id, now), choice, "call", now)

    def _agree(self, post_id: str, now: datetime) -> None:
        """The second person agrees to what the coordinator heard: the post falls vacant."""
        session = self.session
        try:
            with transaction(session):
                person = person_of(session, session.get_one(Account, self.secretary))
                for proposal in proposals.waiting_for(session, "post", post_id):
                    proposals.accept(session, proposal, actor=Actor(self.secretary, "form", person), now=now)
        except proposals.Outdated:  # the holder said so too, meanwhile
            return
        self.vacated.add(post_id)
        self._later(FILLED_AFTER_DAYS, lambda at: self._fill(post_id, at))

    def _fill(self, post_id: str, now: datetime) -> None:
        """Somebody follows: agreed to be named, accepted by a second person; signs in with an account of their own."""
        session = self.session
        with transaction(session):
            post = session.get_one(Post, post_id)
            if any(a.covers(now.date()) for a in post.appointments):
                return
            self.vacated.discard(post_id)
            gone = self.people[post_id]
            session.execute(update(Account).where(Account.id == gone.account_id).values(state="closed"))
            local = f"owner{post.title.removeprefix('Officer ')}.{self.day}"
            number = int(post.title.removeprefix("Officer "))
            self._appoint(post, local, {0: "focal_point", 1: "deputy"}.get(number % 10), now)
            post.confirmed_at, post.confirmation_method = now, "signed_in"
            calls.settle(session, post_id, "decided", by="played", now=now)
            answering.settle_findings(session, post, by="played", now=now)

    def _report(self, now: datetime) -> None:
        """Readers who met the wrong person, or think so, tap."""
        expected = REPORTS_PER_1000 * len(self.people) / 1000
        count = int(expected) + (self.random.random() < expected % 1)
        wrong = [p.post_id for p in self.people.values() if p.left_as]
        everything = list(self.people)
        for _ in range(count):
            pool = wrong if wrong and self.random.random() < REPORT_IS_RIGHT else everything
            self._tap(self.random.choice(pool), self.random.choice(self.reporters), now)

    def _tap(self, post_id: str, reader: str, now: datetime) -> None:
        if self.is_asked:
            with transaction(self.session):
                post = self.session.get_one(Post, post_id)
                day = Day(now, now.date(), Timeline())
                outcomes.report(self.session, post, "wrong_person", account_id=reader, day=day)

    def _look(self, now: datetime) -> None:
        """The share of entries that show somebody who is no longer there."""
        today = now.date()
        rows = self.session.execute(
            select(Post.id, Post.confirmed_at, Post.keeps_holder, Appointment.official_id)
            .join(Appointment, Appointment.post_id == Post.id)
            .join(Official, Official.id == Appointment.official_id)
            .where(Official.agreed_at.is_not(None))
            .where((Appointment.until_on.is_(None)) | (Appointment.until_on >= today))
        )
        wrong = hidden = stale = 0
        for post_id, confirmed_at, keeps, _official in rows:
            stale += bool(self.people[post_id].left_as)
            if hides_holder(confirmed_at.date() if confirmed_at else None, today, DAYS) and not keeps:
                hidden += 1
            elif self.people[post_id].left_as:
                wrong += 1
        self.session.rollback()
        self.figures.wrong_shares.append(wrong / len(self.people))
        self.figures.stale_shares.append(stale / len(self.people))
        self.figures.hidden_shares.append(hidden / len(self.people))
