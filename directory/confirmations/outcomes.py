"""One tap after using an entry: two who met a wrong person open a check the same day; what visitors say is a note.

Nothing is asked about a case, and there is no room to write about one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from directory.accounts.limits import Limit
from directory.confirmations import calls, owners, rounds, rules
from directory.confirmations.models import CallTask, Finding, OutcomeReport
from directory.confirmations.rounds import Day
from directory.history import operations as history
from directory.registry import operations as registry
from directory.registry.models import Post

OUTCOMES = ("reached", "no_answer", "wrong_person", "gone")
BAD_WITHIN, SILENT_WITHIN, REACHED_WITHIN = timedelta(days=30), timedelta(days=14), timedelta(days=90)
SILENT_READERS = 3
VISITOR_LIMITS = (Limit("outcome:n", 10, timedelta(hours=1), 6), Limit("outcome:n:day", 40, timedelta(days=1), 24))
READER_LIMITS = (Limit("outcome:a", 60, timedelta(days=1), 24),)
BY = "reader"


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody met: a signed-in reader, or, without an account, a visitor."""

    outcome: str
    at: datetime
    account_id: str | None


@dataclass(frozen=True, slots=True)
class Reached:
    """How many signed-in readers reached an entry lately, and when the last one did."""

    readers: int
    last_at: datetime | None


def report(session: Session, post: Post, outcome: str, *, account_id: str | None, day: Day) -> None:
    """Note what somebody met; a second report of the same account that day replaces the first."""
    if outcome not in OUTCOMES:
        raise ValueError(outcome)
    if account_id is not None:
        lock = select(Post.id).where(Post.id == post.id).with_for_update(key_share=True)
        session.execute(lock)  # two at once count as two; a request that is being opened need not wait for us
        midnight = datetime.combine(day.now.astimezone(UTC).date(), time(), UTC)
        session.execute(
            delete(OutcomeReport).where(
                OutcomeReport.post_id == post.id,
                OutcomeReport.account_id == account_id,
                OutcomeReport.at >= midnight,
                OutcomeReport.at < midnight + timedelta(days=1),
            )
        )
    session.add(OutcomeReport(post_id=post.id, account_id=account_id, outcome=outcome, at=day.now))
    session.flush()
    if account_id is not None:
        _open_check(session, post, day)
        _note_silence(session, post, day)


def _open_check(session: Session, post: Post, day: Day) -> None:
    """Two readers met somebody else, or nobody any more: readers are told, the owner is asked, somebody rings today."""
    last = _newest_finding(session, post)
    if last is not None and last.settled_at is None:
        return
    since = _since(post, day.now - BAD_WITHIN, last.settled_at if last else None)
    if not rules.opens_check(_last_words(session, post, since)):
        return
    finding = Finding(post_id=post.id, kind="reported", method="use", by=BY, since_at=day.now)
    session.add(finding)
    post.reachability = f"reported:{day.today.isoformat()}"
    session.flush()
    told = {"finding": "reported"}
    history.record(session, "finding", subject_type="post", subject_id=post.id, by=BY, now=day.now, after=told)
    registry.touch(session, [post.id], now=day.now)
    key = f"reported:{post.id}:{finding.id}"
    note = "Two readers met a wrong person, or nobody any more."
    calls.open_task(
        session, post, "reported", key=key, now=day.now, tell_on=day.today, due_on=day.today, note=note
    )  # fmt: skip
    owner = owners.owner_of(session, post, today=day.today)
    if owner is not None:
        rounds.ask_now(session, owner, day)


def _note_silence(session: Session, post: Post, day: Day) -> None:
    """Three readers got no answer within a fortnight: the coordinator is told; readers are not, they may try again."""
    last = session.scalars(
        select(CallTask)
        .where(CallTask.post_id == post.id, CallTask.key.startswith(f"no_answer:{post.id}:", autoescape=True))
        .order_by(CallTask.opened_at.desc())
        .limit(1)
    ).first()
    if last is not None and last.settled_at is None:
        return
    since = _since(post, day.now - SILENT_WITHIN, last.settled_at if last else None)
    said = [outcome for outcome, _ in _last_words(session, post, since)]
    if said.count("no_answer") < SILENT_READERS:
        return
    key = f"no_answer:{post.id}:{day.now.isoformat()}"
    note = "Three readers got no answer within fourteen days."
    calls.open_today(session, post, "note", key=key, now=day.now, today=day.today, note=note)


def _since(post: Post, earliest: datetime, settled_at: datetime | None) -> datetime:
    """What was said before somebody confirmed or looked no longer counts."""
    return max(at for at in (earliest, post.confirmed_at, settled_at) if at is not None)


def _last_words(session: Session, post: Post, since: datetime) -> list[tuple[str, str | None]]:
    """The last outcome of each signed-in reader since then: whoever got through after all takes back the rest."""
    rows = session.execute(
        select(OutcomeReport.outcome, OutcomeReport.account_id)
        .where(
            OutcomeReport.post_id == post.id,
            OutcomeReport.account_id.is_not(None),
            OutcomeReport.at > since,
        )
        .order_by(OutcomeReport.at, OutcomeReport.id)
    )
    return [(outcome, account) for account, outcome in {account: outcome for outcome, account in rows}.items()]


def _newest_finding(session: Session, post: Post) -> Finding | None:
    return session.scalars(
        select(Finding)
        .where(Finding.post_id == post.id, Finding.kind == "reported")
        .order_by(Finding.since_at.desc(), Finding.id)
        .limit(1)
    ).first()


def of_entry(session: Session, post_id: str, *, limit: int = 50) -> list[Report]:
    """What readers and visitors said about an entry, newest first: for those who look after its country only."""
    rows = session.scalars(
        select(OutcomeReport)
        .where(OutcomeReport.post_id == post_id)
        .order_by(OutcomeReport.at.desc(), OutcomeReport.id)
        .limit(limit)
    )
    return [Report(row.outcome, row.at, row.account_id) for row in rows]


def counted(reports: Sequence[Report]) -> tuple[Counter[str], Counter[str]]:
    """How often each outcome was met, by signed-in readers and by visitors."""
    readers = Counter(one.outcome for one in reports if one.account_id is not None)
    return readers, Counter(one.outcome for one in reports if one.account_id is None)


def reached(session: Session, post_id: str, *, now: datetime) -> Reached:
    """How many different signed-in readers reached it in the last ninety days: a number and a day, nobody's name."""
    count, last_at = session.execute(
        select(func.count(func.distinct(OutcomeReport.account_id)), func.max(OutcomeReport.at)).where(
            OutcomeReport.post_id == post_id,
            OutcomeReport.outcome == "reached",
            OutcomeReport.account_id.is_not(None),
            OutcomeReport.at > now - REACHED_WITHIN,
        )
    ).one()
    return Reached(count, last_at)
