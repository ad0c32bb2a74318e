"""Two become one, two again, or stay apart for good. Never by itself: a person says so, and of numbers a second one.

Posts, institutions and officials go the same way. Of two officials neither is named unless both had agreed, and two
who both sign in stay two: accounts are never made one.

A merge after which readers of either see the same numbers, role, country and holder stands at once. Any other waits,
and both entries stay as they are until a second person agrees. Thirty days long one click takes it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from directory.accounts.people import rights
from directory.accounts.policy import Subject
from directory.db import new_id
from directory.doubles import journal, persons, uniting
from directory.doubles.carrying import (
    MergeRefused,
    Side,
    carry_out,
    kind_of,
    mark_as_waiting,
    shown_with,
    table_of,
    tell_posts,
    united,
)
from directory.doubles.journal import ChangedSince
from directory.doubles.models import KeptApart, Merge
from directory.history import operations as history
from directory.proposals import actors, rules, standing
from directory.proposals.actors import (
    RETURN_WITHIN,
    Actor,
    AlreadyDecided,
    NotAllowed,
    Outdated,
    OwnProposal,
)
from directory.proposals.operations import holder_of
from directory.registry import operations as registry
from directory.registry.models import Institution, Official, Post
from directory.registry.pictures import institution_values, post_values
from directory.registry.values import InstitutionValues, PostValues

__all__ = [
    "AlreadyDecided",
    "ChangedSince",
    "MergeRefused",
    "NotAllowed",
    "Outdated",
    "OwnProposal",
    "agree",
    "forget",
    "keep_apart",
    "lift",
    "may_undo",
    "merge",
    "refuse",
    "seen_of",
    "subject_of",
    "undo",
    "united",
    "withdraw",
]


def merge(
    session: Session,
    keep: Side,
    gone: Side,
    *,
    choices: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> Merge:
    """Make one of two of a kind, or ask a second person to agree. Raises MergeRefused or NotAllowed.

    Two institutions bring all their posts; two officials their terms, lines and the account. `choices`: per field
    `gone` where the other's value shall stay; of posts `holder` too; `contact_points: keep` leaves the other's lines
    out; of officials `name` alone.
    """
    for row in sorted((keep, gone), key=lambda one: one.id):
        standing.lock(session, row)
    _check(session, actor, "merge_entries", keep)
    _check(session, actor, "merge_entries", gone)
    _refuse_impossible(session, keep, gone)
    waits = needs_second(session, keep, gone, choices, now)
    made = Merge(
        id=new_id(),
        kind=kind_of(keep),
        keep_id=keep.id,
        gone_id=gone.id,
        country_code=subject_of(session, keep).country or "",
        state="waiting" if waits else "standing",
        choices=dict(choices),
        reason=reason,
        by=actor.by,
        at=now,
    )
    session.add(made)
    session.flush()
    _record(session, "ask_merge" if waits else "merge", made, by=actor.by, now=now)
    if not waits:
        carry_out(session, made, keep, gone, by=actor.by, now=now)
        return made
    for entry in [entry for row in (keep, gone) for entry in shown_with(session, row, now=now)]:
        standing.mark(session, entry, being_checked=True, now=now)
    return made


def agree(session: Session, merge: Merge, *, actor: Actor, now: datetime, seen: tuple[int, int] | None = None) -> None:
    """A second person agrees: the two become one. With `seen` only if both still are what that person saw."""
    keep, gone = _check_decider(session, merge, actor)
    if seen is not None and seen != (seen_of(session, keep), seen_of(session, gone)):
        raise Outdated
    _refuse_impossible(session, keep, gone, but=merge.id)
    _decide(session, merge, "standing", "agree_merge", actor=actor, now=now)
    carry_out(session, merge, keep, gone, by=f"{merge.by} with {actor.by}", now=now)


def refuse(session: Session, merge: Merge, *, actor: Actor, now: datetime) -> None:
    """A second person disagrees: both stay."""
    _check_decider(session, merge, actor)
    _decide(session, merge, "refused", "refuse_merge", actor=actor, now=now)
    _unmark(session, merge, now=now)


def withdraw(session: Session, merge: Merge, *, actor: Actor, now: datetime) -> None:
    """Whoever asked takes it back before anybody agreed."""
    standing.lock(session, merge)
    if merge.by != actor.by:
        raise NotAllowed
    if merge.state != "waiting":
        raise AlreadyDecided
    _decide(session, merge, "withdrawn", "withdraw_merge", actor=actor, now=now)
    _unmark(session, merge, now=now)


def undo(session: Session, merge: Merge, *, actor: Actor, now: datetime) -> None:
    """Two again, as they were: ids, numbers, owners, holders, links. Raises AlreadyDecided or ChangedSince."""
    standing.lock(session, merge)
    if not may_undo(merge, now):
        raise AlreadyDecided
    table = table_of(merge.kind)
    keep = session.get(table, merge.keep_id)
    if keep is None:
        raise ChangedSince(merge.kind)
    _check(session, actor, "merge_entries", keep)
    standing.lock(session, keep)
    lines = merge.journal or []
    journal.restore(session, lines, now=now)
    persons.give_back_words(session, lines, since=merge.decided_at or merge.at)
    gone = session.get_one(table, merge.gone_id)
    merge.state, merge.undone_by, merge.undone_at, merge.journal = "undone", actor.by, now, None
    session.flush()
    for row in (keep, gone):
        for entry in shown_with(session, row, now=now):
            mark_as_waiting(session, entry, now=now)
        _look_again(session, row, now=now)
    _record(session, "undo_merge", merge, by=actor.by, now=now)
    if isinstance(keep, Official):
        tell_posts(session, merge, "two_persons", [keep.id, gone.id], by=actor.by, now=now)


def may_undo(merge: Merge, now: datetime) -> bool:
    """It stands, and not so long that people have come to rely on it."""
    since = merge.decided_at or merge.at
    return merge.state == "standing" and merge.journal is not None and now - since <= RETURN_WITHIN


def keep_apart(
    session: Session, one: Side, other: Side, *, by: str, reason: str = "", now: datetime, actor: Actor | None = None
) -> KeptApart:
    """These two are not the same: never suggested again, and never merged until it is lifted."""
    if one.id == other.id or type(one) is not type(other):
        raise MergeRefused("itself")
    if actor is not None:
        _check(session, actor, "merge_entries", one)
        _check(session, actor, "merge_entries", other)
    first, second = sorted((one.id, other.id))
    found = session.scalars(select(KeptApart).where(KeptApart.first_id == first, KeptApart.second_id == second)).first()
    if found is not None and found.lifted_at is None:
        return found
    kept = found or KeptApart(id=new_id(), first_id=first, second_id=second, kind=kind_of(one))
    kept.country_code, kept.by, kept.at, kept.reason = subject_of(session, one).country or "", by, now, reason
    kept.lifted_by = kept.lifted_at = None
    session.add(kept)
    session.flush()
    _record_pair(session, "keep_apart", kept, by=by, now=now, reason=reason)
    for merge in _waiting_between(session, first, second):
        _decide(session, merge, "refused", "refuse_merge", actor=Actor(by, "merge"), now=now)
        _unmark(session, merge, now=now)
    return kept


def lift(session: Session, kept: KeptApart, *, by: str, now: datetime) -> None:
    """They may be suggested and merged again."""
    if kept.lifted_at is not None:
        return
    kept.lifted_by, kept.lifted_at = by, now
    session.flush()
    _record_pair(session, "lift_apart", kept, by=by, now=now)


def forget(session: Session, *, now: datetime) -> int:
    """Empty the journals of merges that can no longer be taken back; returns how many."""
    old = now - RETURN_WITHIN - timedelta(days=1)
    since = or_(Merge.decided_at < old, (Merge.decided_at.is_(None)) & (Merge.at < old))
    rows = session.scalars(select(Merge).where(Merge.journal.is_not(None), since)).all()
    found = [merge for merge in rows if merge.journal is not None]
    for merge in found:
        merge.journal = None
    session.flush()
    return len(found)


def seen_of(session: Session, row: Side) -> int:
    """A number that changes with what somebody agrees to."""
    return persons.mark_of(session, row) if isinstance(row, Official) else row.revision


def subject_of(session: Session, row: Side) -> Subject:
    """What is merged, as the policy sees it."""
    return persons.subject_of(session, row.id) if isinstance(row, Official) else actors.subject_of(row)


def needs_second(session: Session, keep: Side, gone: Side, choices: Mapping[str, Any], now: datetime) -> bool:
    """Readers of either would see another number, address, role, country or holder, or an account would reach on."""
    if isinstance(keep, Official) and isinstance(gone, Official):
        return persons.needs_second(session, keep, gone)
    after = united(keep, gone, choices)
    if isinstance(keep, Post) and isinstance(gone, Post) and isinstance(after, PostValues):
        same_holder = holder_of(keep, now.date()) == holder_of(gone, now.date())
        same_house = keep.institution_id == gone.institution_id
        is_guarded = uniting.is_guarded(post_values(keep), post_values(gone), after)
        return is_guarded or not same_holder or not same_house
    if isinstance(keep, Institution) and isinstance(gone, Institution) and isinstance(after, InstitutionValues):
        return uniting.is_guarded(institution_values(keep), institution_values(gone), after)
    raise MergeRefused("itself")


def _refuse_impossible(session: Session, keep: Side, gone: Side, *, but: str = "") -> None:
    if keep.id == gone.id or type(keep) is not type(gone):
        raise MergeRefused("itself")
    country = subject_of(session, keep).country
    if country != subject_of(session, gone).country or country is None:
        raise MergeRefused("country")
    if keep.is_demo != gone.is_demo:
        raise MergeRefused("demo")
    first, second = sorted((keep.id, gone.id))
    apart = select(KeptApart.id).where(
        KeptApart.first_id == first, KeptApart.second_id == second, KeptApart.lifted_at.is_(None)
    )
    if session.scalar(apart) is not None:
        raise MergeRefused("kept_apart")
    ids = (keep.id, gone.id)
    waiting = select(Merge.id).where(Merge.state == "waiting", or_(Merge.keep_id.in_(ids), Merge.gone_id.in_(ids)))
    if any(found != but for found in session.scalars(waiting)):
        raise MergeRefused("waiting")
    if isinstance(keep, Official) and isinstance(gone, Official):
        if not (keep.name and gone.name):
            raise MergeRefused("erased")
        if persons.signs_in(session, keep.id) and persons.signs_in(session, gone.id):
            raise MergeRefused("accounts")


def _check_decider(session: Session, merge: Merge, actor: Actor) -> tuple[Side, Side]:
    standing.lock(session, merge)
    if merge.state != "waiting":
        raise AlreadyDecided
    if actor.person.account_id is None:
        raise NotAllowed  # a process asks; deciding takes a person
    if not rules.may_decide(merge.by, actor.by):
        raise OwnProposal
    keep, gone = (session.get(table_of(merge.kind), one) for one in (merge.keep_id, merge.gone_id))
    if keep is None or gone is None:
        raise Outdated
    for row in (keep, gone):
        _check(session, actor, "decide_proposal", row)
    return keep, gone


def _check(session: Session, actor: Actor, action: str, row: Side) -> None:
    if not actor.is_process and rights().may(actor.person, action, subject_of(session, row)) == "no":
        raise NotAllowed
    if actor.is_process and action == "decide_proposal":
        raise NotAllowed


def _decide(session: Session, merge: Merge, state: str, action: str, *, actor: Actor, now: datetime) -> None:
    merge.state, merge.decided_by, merge.decided_at = state, actor.by, now
    session.flush()
    _record(session, action, merge, by=actor.by, now=now)


def _unmark(session: Session, merge: Merge, *, now: datetime) -> None:
    for one in (merge.keep_id, merge.gone_id):
        row = session.get(table_of(merge.kind), one)
        for entry in shown_with(session, row, now=now) if row is not None else ():
            mark_as_waiting(session, entry, now=now)


def _look_again(session: Session, row: Side, *, now: datetime) -> None:
    if isinstance(row, Official):
        registry.touch(session, sorted({term.post_id for term in persons.terms_of(session, [row.id])}), now=now)
    elif isinstance(row, Post):
        registry.touch(session, [row.id], now=now)
    else:
        registry.touch_institution(session, row, now=now)


def _waiting_between(session: Session, first: str, second: str) -> list[Merge]:
    both = (first, second)
    found = select(Merge).where(Merge.state == "waiting", Merge.keep_id.in_(both), Merge.gone_id.in_(both))
    return list(session.scalars(found))


def _record(session: Session, action: str, merge: Merge, *, by: str, now: datetime) -> None:
    for subject_id, other_id in ((merge.keep_id, merge.gone_id), (merge.gone_id, merge.keep_id)):
        told = {"merge": merge.id, "other": other_id, "kept": merge.keep_id}
        history.record(
            session, action, subject_type=merge.kind, subject_id=subject_id, by=by, now=now, after=told,
            reason=merge.reason, path="merge",
        )  # fmt: skip


def _record_pair(session: Session, action: str, kept: KeptApart, *, by: str, now: datetime, reason: str = "") -> None:
    for subject_id, other_id in ((kept.first_id, kept.second_id), (kept.second_id, kept.first_id)):
        history.record(
            session, action, subject_type=kept.kind, subject_id=subject_id, by=by, now=now,
            after={"other": other_id}, reason=reason, path="merge",
        )  # fmt: skip
