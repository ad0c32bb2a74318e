"""What follows by itself: decided corrections confirm their entry, known ends are announced, coordinators are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.confirmations import answering, calls, owners, rules
from directory.confirmations.letters import Desk, is_waiting, queue_to
from directory.confirmations.models import CallTask, EndNotice, Finding
from directory.confirmations.rounds import Day
from directory.confirmations.snapshots import current_appointment
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Appointment, Post

BY = "worker"
AGREED = frozenset({"accepted", "scheduled"})
BATCH = 500


def settle_corrections(session: Session, day: Day, *, limit: int = 200) -> int:
    """An owner asked for a change and it is decided: agreed to, the entry counts as confirmed by that answer, also
    where the change has its day yet to come; refused, somebody rings. Returns how many were settled."""
    findings = session.scalars(
        select(Finding).where(Finding.kind == "changed", Finding.settled_at.is_(None)).order_by(Finding.since_at)
    ).all()
    known = _states(session, findings)
    states_of = [(finding, {known[i] for i in finding.value.split() if i in known}) for finding in findings]
    decided = [(finding, states) for finding, states in states_of if "waiting" not in states][:limit]
    for finding, states in decided:
        post = session.get_one(Post, finding.post_id)
        finding.settled_at, finding.settled_by = day.now, BY
        if states <= AGREED:
            _count_as_confirmed(session, finding, post, day)
        else:
            calls.open_today(session, post, "refused", key=f"refused:{finding.id}", now=day.now, today=day.today)
    session.flush()
    return len(decided)


def _states(session: Session, findings: Sequence[Finding]) -> dict[str, str]:
    """What has become of the proposals that these findings wait for."""
    ids, found = [one for finding in findings for one in finding.value.split()], dict[str, str]()
    for start in range(0, len(ids), BATCH):
        some = Proposal.id.in_(ids[start : start + BATCH])
        found |= {row[0]: row[1] for row in session.execute(select(Proposal.id, Proposal.state).where(some))}
    return found


def _count_as_confirmed(session: Session, finding: Finding, post: Post, day: Day) -> None:
    """The owner's answer dates it, not the decision: that is when somebody who knows looked."""
    if post.confirmed_at is not None and post.confirmed_at >= finding.since_at:
        return
    appointment = current_appointment(post, day.today)
    lines = [*post.contact_points, *(appointment.contact_points if appointment else ())]
    answering.mark_confirmed(post, lines, method=finding.method, now=finding.since_at)
    calls.settle(session, post.id, "corrected", by=BY, now=day.now)
    session.flush()
    registry.touch(session, [post.id], now=day.now)


def tell_coordinators(session: Session, day: Day, desk: Desk) -> int:
    """One letter a day to each coordinator of a country with new calls to make or decisions to take.

    The country that has waited longest comes first: whoever coordinates two hears of the second the next day.
    """
    tasks = session.scalars(
        select(CallTask)
        .where(CallTask.told_at.is_(None), CallTask.settled_at.is_(None), CallTask.tell_on <= day.today)
        .where(CallTask.country_code.in_(owners.coordinated(session)))
        .order_by(CallTask.tell_on, CallTask.opened_at, CallTask.country_code, CallTask.id)
    ).all()
    by_country: dict[str, list[CallTask]] = defaultdict(list)
    for task in tasks:
        by_country[task.country_code].append(task)
    told = 0
    for country, theirs in by_country.items():
        people = owners.coordinators(session, country)
        sent = [_tell(session, account, len(theirs), country, day, desk) for account in people]
        told += sum(sent)
        if any(sent):
            for task in theirs:
                task.told_at = day.now
    return told


def _tell(session: Session, account: Account, count: int, country: str, day: Day, desk: Desk) -> bool:
    """False where something else goes to this person that day: tomorrow, then."""
    if is_waiting(session, account.id, day):
        return False
    link = f"{desk.base_url}/coordination/calls?country={country}"
    mail = queue_to(session, "calls", account, day, desk, count=count, country=country, link=link)
    return mail.queued_at == day.now and link in mail.text


def announce_ends(session: Session, day: Day, desk: Desk) -> int:
    """Somebody's time in a post ends in 30, 14 or 2 days: they, or who owns the entry, are asked who follows."""
    last = day.today + timedelta(days=max(rules.END_NOTICE_DAYS))
    ending = session.scalars(
        select(Appointment)
        .where(Appointment.until_on >= day.today, Appointment.until_on <= last)
        .order_by(Appointment.until_on, Appointment.id)
    ).all()
    sent: dict[tuple[str, date | None], list[int]] = defaultdict(list)
    notices = select(EndNotice.appointment_id, EndNotice.until_on, EndNotice.days_before)
    for appointment_id, until_on, before in session.execute(notices.where(EndNotice.until_on >= day.today)):
        sent[appointment_id, until_on].append(before)
    told = 0
    for appointment in sorted(ending, key=lambda a: len(sent[a.id, a.until_on])):  # never announced: first
        assert appointment.until_on is not None
        days_before = rules.notice_due(appointment.until_on, day.today, sent[appointment.id, appointment.until_on])
        if days_before is not None:
            told += _announce(session, appointment, days_before, day, desk)
    return told


def _announce(session: Session, appointment: Appointment, days_before: int, day: Day, desk: Desk) -> bool:
    post = appointment.post
    owner_id = owners.owner_of(session, post, today=day.today)
    people = owners.coordinators(session, post.institution.country_code)[:1]
    if owner_id is not None:
        people = [session.get_one(Account, owner_id)]
    if not people or appointment.until_on is None or is_waiting(session, people[0].id, day):
        return False
    link = f"{desk.base_url}/entries/{post.id}/edit"
    mail = queue_to(
        session,
        "term_ends",
        people[0],
        day,
        desk,
        title=post.title,
        institution=post.institution.name,
        until_on=appointment.until_on,
        link=link,
    )
    if mail.letter != "term_ends" or mail.queued_at != day.now or link not in mail.text:
        return False
    notice = EndNotice(appointment_id=appointment.id, until_on=appointment.until_on, days_before=days_before)
    notice.at = day.now
    session.add(notice)
    session.flush()
    return True
