"""How a round goes: who was asked, what answered it, where it stands still; and how fresh each country has been.

Counted in entries, by the country they are in. Only reads.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.accounts.grounds import Ground, within
from directory.confirmations import owners, rules
from directory.confirmations.models import (
    Asked,
    Check,
    ConfirmationLetter,
    ConfirmationRequest,
    ConfirmationRound,
    Finding,
    LetterEntry,
    RequestedEntry,
)
from directory.mail.models import OutgoingMail
from directory.registry.models import Institution, Post
from directory.registry.rules import FreshnessDays, FreshnessState, freshness

CURVE_DAYS = 105  # until a coordinator was told and has rung


@dataclass(slots=True)
class Standing:
    """One round in one country, or in all of them: each number counts entries.

    `answered` is by what brought the answer: the step of the letter, or `call`, `signed_letter`, `visit`, `signed_in`.
    `open` is by the last step taken.
    """

    asked: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    silent: int = 0
    withdrawn: int = 0
    days_to_answer: Counter[int] = field(default_factory=Counter)
    opened_on: date | None = None  # when the first of them was asked

    @property
    def answered_count(self) -> int:
        """All that were answered."""
        return sum(self.answered.values())

    @property
    def percent(self) -> int:
        """Whole percent answered, rounded down."""
        return self.answered_count * 100 // self.asked if self.asked else 0

    def curve(self, days: int = CURVE_DAYS) -> list[int]:
        """Percent answered by each day since the owner was first asked."""
        found, total = [], 0
        for day in range(days + 1):
            total += self.days_to_answer.get(day, 0)
            found.append(total * 100 // self.asked if self.asked else 0)
        return found


def quarters(session: Session) -> list[str]:
    """The rounds there are, newest first."""
    return list(session.scalars(select(ConfirmationRound.quarter).order_by(ConfirmationRound.quarter.desc())))


def standings(session: Session, quarter: str, ground: Ground) -> dict[str, Standing]:
    """How that round stands, by country."""
    rows = session.execute(
        select(
            Institution.country_code,
            RequestedEntry.request_id,
            RequestedEntry.post_id,
            RequestedEntry.answered_at,
            RequestedEntry.method,
            ConfirmationRequest.opened_on,
            ConfirmationRequest.state,
            ConfirmationRequest.next_step,
        )
        .join(ConfirmationRequest, ConfirmationRequest.id == RequestedEntry.request_id)
        .join(Post, Post.id == RequestedEntry.post_id)
        .join(Institution, Institution.id == Post.institution_id)
        .where(ConfirmationRequest.quarter == quarter, within(ground, Institution.country_code))
    ).all()
    letters = _letters(session, quarter)
    found: dict[str, Standing] = defaultdict(Standing)
    for country, request_id, post_id, answered_at, method, opened_on, state, next_step in rows:
        one = found[country]
        one.asked += 1
        one.opened_on = min(one.opened_on or opened_on, opened_on)
        if answered_at is not None:
            one.answered[_brought(method, letters.get((request_id, post_id), ()), answered_at)] += 1
            one.days_to_answer[max(0, (answered_at.date() - opened_on).days)] += 1
        elif state == "open":
            one.open[_last_step(next_step)] += 1
        elif state == "silent":
            one.silent += 1
        else:
            one.withdrawn += 1
    return dict(found)


def together(some: Iterable[Standing]) -> Standing:
    """Several countries as one."""
    whole = Standing()
    for one in some:
        whole.asked += one.asked
        days = [day for day in (whole.opened_on, one.opened_on) if day is not None]
        whole.opened_on = min(days, default=None)
        whole.answered += one.answered
        whole.open += one.open
        whole.silent += one.silent
        whole.withdrawn += one.withdrawn
        whole.days_to_answer += one.days_to_answer
    return whole


def _letters(session: Session, quarter: str) -> dict[tuple[str, str], list[tuple[datetime, str]]]:
    """The letters about each entry of a round: when, at which step."""
    rows = session.execute(
        select(LetterEntry.request_id, LetterEntry.post_id, ConfirmationLetter.written_at, ConfirmationLetter.step)
        .join(ConfirmationLetter, ConfirmationLetter.id == LetterEntry.letter_id)
        .join(ConfirmationRequest, ConfirmationRequest.id == LetterEntry.request_id)
        .where(ConfirmationRequest.quarter == quarter)
        .order_by(ConfirmationLetter.written_at)
    )
    found: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
    for request_id, post_id, written_at, step in rows:
        found[request_id, post_id].append((written_at, step))
    return found


def _brought(method: str | None, letters: Sequence[tuple[datetime, str]], answered_at: datetime) -> str:
    """What brought an answer: a call is a call; whoever answers on a page does so after the newest letter."""
    if method in {"call", "signed_letter", "visit"}:
        return method
    before = [step for written_at, step in letters if written_at <= answered_at]
    return before[-1] if before else "signed_in"


def _last_step(next_step: str | None) -> str:
    """The step last taken in a request whose next one is known; `opened` before the first."""
    if next_step is None:
        return rules.STEPS[-1]
    place = rules.STEPS.index(next_step)
    return rules.STEPS[place - 1] if place else "opened"


def bounced(session: Session, ground: Ground) -> int:
    """Entries whose owner's mail comes back now."""
    statement = (
        select(func.count(func.distinct(Finding.post_id)))
        .join(Post, Post.id == Finding.post_id)
        .join(Institution, Institution.id == Post.institution_id)
        .where(Finding.kind == "bounced", Finding.settled_at.is_(None), within(ground, Institution.country_code))
    )
    return session.scalar(statement) or 0


def uncertain(session: Session, quarter: str, ground: Ground) -> int:
    """Letters of the round of which nobody knows whether they went out."""
    statement = (
        select(func.count(func.distinct(OutgoingMail.id)))
        .join(ConfirmationLetter, ConfirmationLetter.mail_id == OutgoingMail.id)
        .join(Asked, Asked.letter_id == ConfirmationLetter.id)
        .join(ConfirmationRequest, ConfirmationRequest.id == Asked.request_id)
        .join(LetterEntry, LetterEntry.letter_id == ConfirmationLetter.id)
        .join(Post, Post.id == LetterEntry.post_id)
        .join(Institution, Institution.id == Post.institution_id)
        .where(
            OutgoingMail.state == "uncertain",
            ConfirmationRequest.quarter == quarter,
            within(ground, Institution.country_code),
        )
    )
    return session.scalar(statement) or 0


def unasked(session: Session, ground: Ground, *, today: date) -> dict[str, tuple[int, bool]]:
    """Entries nobody owns, by country, and whether somebody there rings about them: else nobody is asked at all."""
    rung = owners.coordinated(session)
    found = Counter(
        one.country for one in owners.held(session, today=today) if one.owner is None and ground.covers(one.country)
    )
    return {country: (count, country in rung) for country, count in sorted(found.items())}


def fresh_now(
    session: Session, ground: Ground, *, today: date, days: FreshnessDays
) -> dict[str, Counter[FreshnessState]]:
    """How many entries of each country are in which state today."""
    rows = session.execute(
        select(Institution.country_code, Post.confirmed_at)
        .join(Post, Post.institution_id == Institution.id)
        .where(within(ground, Institution.country_code))
    )
    found: dict[str, Counter[FreshnessState]] = defaultdict(Counter)
    for country, confirmed_at in rows:
        found[country][freshness(confirmed_at.date() if confirmed_at else None, today, days)] += 1
    return dict(found)


def month_ends(today: date, count: int = 6) -> list[date]:
    """The last days of the months before this one, oldest first, and today."""
    found, day = [today], today.replace(day=1)
    for _ in range(count - 1):
        day -= timedelta(days=1)
        found.append(day)
        day = day.replace(day=1)
    return found[::-1]


def fresh_on(
    session: Session, ground: Ground, on: Sequence[date], *, overdue: int
) -> Mapping[str, list[tuple[int, int]]]:
    """For each country and day: how many entries had been confirmed within the last quarter, and how many there were.

    What was confirmed on a day is known from the checks; before there were any, from the last confirmation alone.
    """
    posts = session.execute(
        select(Post.id, Institution.country_code, Post.added_at, Post.confirmed_at)
        .join(Institution, Institution.id == Post.institution_id)
        .where(within(ground, Institution.country_code))
    ).all()
    confirmed: dict[str, list[date]] = defaultdict(list)
    since = datetime.combine(min(on) - timedelta(days=overdue), datetime.min.time()).astimezone()
    checks = select(Check.post_id, Check.at).where(Check.outcome == "right", Check.at >= since)
    for post_id, at in session.execute(checks):
        confirmed[post_id].append(at.date())
    counted: dict[str, list[list[int]]] = defaultdict(lambda: [[0, 0] for _ in on])
    for post_id, country, added_at, confirmed_at in posts:
        days = [*confirmed.get(post_id, ()), *([confirmed_at.date()] if confirmed_at else ())]
        for place, day in enumerate(on):
            if added_at.date() <= day or any(one <= day for one in days):
                counted[country][place][1] += 1
                counted[country][place][0] += any(0 <= (day - one).days < overdue for one in days)
    return {country: [(good, whole) for good, whole in pairs] for country, pairs in sorted(counted.items())}
