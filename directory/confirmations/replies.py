"""What comes back by mail has its effect: a missing person is asked about elsewhere, an absence is waited for, an
answer goes to the coordinator. Nothing that comes by mail ever confirms an entry or hides one.

Only reports that our own signature ties to a letter count; what the breaker holds (`mail.holding`) is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.accounts.models import Account
from directory.confirmations import calls, mailboxes, owners, rounds, rules
from directory.confirmations.mailboxes import Mailbox
from directory.confirmations.models import CallTask, ConfirmationRequest, Finding, RequestedEntry
from directory.confirmations.rounds import Day
from directory.confirmations.snapshots import load_posts
from directory.history import operations as history
from directory.mail import holding, queries, receiving
from directory.mail.breaker import Limits
from directory.mail.models import OutgoingMail, ReceivedMail
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.search.question.guard import without_personal_data

BY = "worker"
MOST_NOTE, MOST_NOTES = 1000, 4000
LONGEST_WAIT = timedelta(days=21)
FEWEST_AWAY = 3


def settle(session: Session, day: Day, *, limit: int = 200, limits: Limits | None = None) -> int:
    """Act on up to `limit` messages nobody has acted on yet; returns how many."""
    new = holding.waiting(session, now=day.now, limits=limits or Limits())[:limit]
    take: Mapping[str, Callable[[Session, ReceivedMail, Day], str]] = {
        "hard": _missing,
        "soft": _not_now,
        "auto_reply": _away,
        "reply": _answered,
    }
    for report in new:
        note = take[report.kind](session, report, day)
        receiving.settle(session, report, by=BY, now=day.now, note=note)
    return len(new)


def _missing(session: Session, report: ReceivedMail, day: Day) -> str:
    """Nobody is there: every entry that rests on this address has a finding, and others are asked the same day."""
    letter = _letter(session, report.outgoing_mail_id)
    if letter is None or not letter.to:
        return "It is about no letter of ours."
    box = mailboxes.resting_on(session, letter.to, today=day.today)
    posts = load_posts(session, sorted(box.post_ids))
    fresh = [post for post in posts.values() if _find(session, post, box, report, day)]
    if not posts:
        return "No entry rests on this address any more."
    if fresh:
        _ask_others(session, box, fresh, day)
    return f"{len(fresh)} entries marked." if len(fresh) != 1 else "One entry marked."


def _find(session: Session, post: Post, box: Mailbox, report: ReceivedMail, day: Day) -> bool:
    """One open finding for each entry and address, and a task for the coordinator. False where there is one."""
    same = select(Finding.id).where(
        Finding.post_id == post.id,
        Finding.kind == "bounced",
        Finding.value == box.address,
        Finding.settled_at.is_(None),
    )
    if session.scalars(same).first() is not None:
        return False
    finding = Finding(post_id=post.id, kind="bounced", value=box.address, method="mail", by=BY, since_at=day.now)
    finding.evidence = report.evidence
    session.add(finding)
    session.flush()
    told = {"finding": "bounced", "status": report.status}
    history.record(session, "finding", subject_type="post", subject_id=post.id, by=BY, now=day.now, after=told)
    if not post.reachability and post.id in box.shown_on:
        post.reachability = f"mail:{day.today.isoformat()}"
        session.flush()
        registry.touch(session, [post.id], now=day.now)
    note = f"Mail to {box.address} comes back ({report.status or 'no such address'}). What the server wrote is kept."
    key = f"bounced:{post.id}:{finding.id}"
    calls.open_today(session, post, "bounced", key=key, now=day.now, today=day.today, note=note)
    return True


def _ask_others(session: Session, box: Mailbox, posts: Sequence[Post], day: Day) -> None:
    """An owner whose own mail still works is asked today; where it does not, the deputy and the focal point are."""
    found = {post.id: owners.owner_of(session, post, today=day.today) for post in posts}
    for owner in sorted({owner for owner in found.values() if owner}):
        rounds.ask_now(session, owner, day)
    unreachable = [post.id for post in posts if found[post.id] in box.account_ids]
    if unreachable:
        rounds.hasten(session, unreachable, day)


def _not_now(session: Session, report: ReceivedMail, day: Day) -> str:
    """A full mailbox or a server that is away: on three different days it counts as nobody there."""
    letter = _letter(session, report.outgoing_mail_id)
    if letter is None:
        return "It is about no letter of ours."
    days = len(queries.soft_days(session, letter.to, now=day.now))
    if days < queries.SOFT_DAYS_COUNT_AS_HARD:
        return f"Not delivered for now: {days} of {queries.SOFT_DAYS_COUNT_AS_HARD} days."
    if _is_their_server(session, letter.domain, day):
        return "Most mail to that domain is not delivered for now: it is their server, nobody was marked."
    return _missing(session, report, day)


def _away(session: Session, report: ReceivedMail, day: Day) -> str:
    """Out of the office: never an answer. The reminder waits for the day after the return, so far as it may."""
    letter = _letter(session, report.outgoing_mail_id)
    note = ["An automatic answer: it confirms nothing."]
    if report.names_deputy:
        note.append("It names somebody who stands in: look whether the entry says so.")
    if letter is not None and report.return_on is not None:
        back_on = report.return_on + timedelta(days=1)
        request = _waiting_for_reminder(session, letter)
        if request is not None and _postpone(request, back_on, day):
            note.append(f"The reminder waits until {back_on.isoformat()}.")
    return " ".join(note)


def _postpone(request: ConfirmationRequest, back_on: date, day: Day) -> bool:
    """Not beyond the day of the next step, which writes to the owner anyway, nor longer than three weeks."""
    deputy_on = rules.step_on(request.opened_on, "deputy", day.line)
    wanted = min(back_on, day.today + LONGEST_WAIT)
    if request.next_on is None or wanted <= request.next_on:
        return False
    if wanted >= deputy_on:
        request.next_step, request.next_on = "deputy", max(deputy_on, day.today)
    else:
        request.next_on = wanted
    return True


def _answered(session: Session, report: ReceivedMail, day: Day) -> str:
    """Somebody wrote: the coordinator reads it today and rings. It never confirms."""
    letter = _letter(session, report.outgoing_mail_id) or _letter(session, report.mentions_mail_id)
    if letter is None:
        return "It answers no letter of ours: read it here."
    posts = _posts_of(session, letter, day)
    if not posts:
        return "No entry belongs to that letter any more: read it here."
    post = min(posts, key=lambda one: (one.title, one.id))
    text = screened(f"{report.subject}\n{report.evidence}")
    note = f"{report.sender or 'Somebody'} answered the letter by mail:\n{text}"
    _note_reply(session, post, note, report, day)
    return "On the call list of the coordinator."


def _note_reply(session: Session, post: Post, note: str, report: ReceivedMail, day: Day) -> None:
    """One task for an entry: a second answer is added to it, so that nobody can fill a call list by mail."""
    waiting = session.scalars(
        select(CallTask).where(
            CallTask.post_id == post.id, CallTask.reason == "reply", CallTask.settled_at.is_(None)
        )
    ).first()  # fmt: skip
    if waiting is not None:
        waiting.note = f"{waiting.note}\n\n{note}"[:MOST_NOTES]
        return
    key = f"reply:{report.id}"
    calls.open_today(session, post, "reply", key=key, now=day.now, today=day.today, note=note)


def screened(text: str) -> str:
    """The text without what looks like somebody's papers, date of birth or case, and no longer than a note."""
    kept, found = without_personal_data(text, lambda first, second: bool(first and second))
    short = kept.strip()[:MOST_NOTE]
    return f"{short}\n(What looked like a case or a person's papers was left out.)" if found else short


def settle_changed(session: Session, day: Day, *, limit: int = 500) -> int:
    """Findings about an address that the entry and its owner no longer have are settled. Returns how many."""
    findings = session.scalars(
        select(Finding)
        .where(Finding.kind == "bounced", Finding.settled_at.is_(None))
        .order_by(Finding.since_at, Finding.id)
    ).all()
    posts = load_posts(session, sorted({finding.post_id for finding in findings}))
    gone = [f for f in findings if not mailboxes.rests_on(session, posts[f.post_id], f.value, today=day.today)][:limit]
    for finding in gone:
        finding.settled_at, finding.settled_by = day.now, BY
    session.flush()
    _clear(session, {finding.post_id: posts[finding.post_id] for finding in gone}, day)
    rounds.ask_owners_again(session, [finding.post_id for finding in gone], day)
    return len(gone)


def _clear(session: Session, posts: Mapping[str, Post], day: Day) -> None:
    """Readers are told no longer, where no other address of the entry is in question."""
    open_ones = select(Finding.post_id).where(
        Finding.post_id.in_(posts), Finding.kind == "bounced", Finding.settled_at.is_(None)
    )
    still = set(session.scalars(open_ones))
    cleared = [post for post in posts.values() if post.id not in still and post.reachability.startswith("mail:")]
    for post in cleared:
        post.reachability = ""
    session.flush()
    if cleared:
        registry.touch(session, [post.id for post in cleared], now=day.now)


def _letter(session: Session, mail_id: str | None) -> OutgoingMail | None:
    return session.get(OutgoingMail, mail_id) if mail_id else None


def _waiting_for_reminder(session: Session, letter: OutgoingMail) -> ConfirmationRequest | None:
    """The open request of the person that letter went to, where a reminder comes next."""
    return session.scalars(
        select(ConfirmationRequest)
        .join(Account, Account.id == ConfirmationRequest.account_id)
        .where(
            ConfirmationRequest.state == "open",
            ConfirmationRequest.next_step == "remind",
            func.lower(Account.email) == letter.to.lower(),
        )
    ).first()


def _is_their_server(session: Session, domain: str, day: Day) -> bool:
    """Most of those we wrote to at that domain cannot be reached for now: that is a server, not people."""
    since = day.now - queries.SOFT_WITHIN
    people = func.count(func.distinct(func.lower(OutgoingMail.to)))
    written = select(people).where(OutgoingMail.domain == domain, OutgoingMail.taken_at > since)
    soft = (
        select(people)
        .join(ReceivedMail, ReceivedMail.outgoing_mail_id == OutgoingMail.id)
        .where(OutgoingMail.domain == domain, ReceivedMail.kind == "soft", ReceivedMail.received_at > since)
        .where(ReceivedMail.state != "ignored")
    )
    away = session.scalar(soft) or 0
    return away >= FEWEST_AWAY and 2 * away > (session.scalar(written) or 0)


def _posts_of(session: Session, letter: OutgoingMail, day: Day) -> list[Post]:
    """What the letter's reader is asked about; else what rests on the address it went to."""
    asked = session.scalars(
        select(RequestedEntry.post_id)
        .join(ConfirmationRequest)
        .where(ConfirmationRequest.state == "open", ConfirmationRequest.account_id == letter.account_id)
    ).all()
    ids = set(asked) or set(mailboxes.resting_on(session, letter.to, today=day.today).post_ids)
    return list(load_posts(session, sorted(ids)).values())
