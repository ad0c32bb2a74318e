"""Carry a merge out: what hangs on the one that goes moves, and every row that changes is kept as it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from directory.accounts.models import AccountGrant, Invitation, PostOwner
from directory.doubles import journal, persons, uniting
from directory.doubles.models import KeptApart, Merge
from directory.history import operations as history
from directory.proposals import standing
from directory.proposals.models import Proposal
from directory.registry import merging
from directory.registry import operations as registry
from directory.registry.models import Institution, Official, Post
from directory.registry.pictures import institution_values, post_values
from directory.registry.values import InstitutionValues, PostValues

Side = Post | Institution | Official
TABLES: dict[str, Any] = {"post": Post, "institution": Institution, "official": Official}
OPEN = ("waiting", "scheduled")


class MergeRefused(Exception):
    """These two cannot become one.

    `code`: `kept_apart`, `itself`, `country`, `demo`, `waiting`, `accounts` or `erased`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def carry_out(session: Session, merge: Merge, keep: Side, gone: Side, *, by: str, now: datetime) -> None:
    """The rows move; each is kept in the journal as it was and as it became."""
    ids = _all_about(keep, gone)
    with history.on_path(session, "merge"):
        before = journal.picture(session, ids)
        _move(session, merge, keep, gone, by=by, now=now)
        after = journal.picture(session, ids)
    merge.journal = journal.changes(before, after, always=(merge.keep_id,) if merge.kind == "official" else ())
    merge.state = "standing"
    session.flush()
    for entry in shown_with(session, session.get_one(table_of(merge.kind), merge.keep_id), now=now):
        mark_as_waiting(session, entry, now=now)


def shown_with(session: Session, row: Side, *, now: datetime) -> list[Post | Institution]:
    """Where readers see it: itself, or the posts an official holds."""
    if isinstance(row, Official):
        return [*persons.held_posts(session, [row.id], today=now.date())]
    return [row]


def united(keep: Side, gone: Side, choices: Mapping[str, Any]) -> PostValues | InstitutionValues:
    """What the one that stays would say."""
    if isinstance(keep, Post) and isinstance(gone, Post):
        return uniting.chosen(post_values(keep), post_values(gone), choices)
    if isinstance(keep, Institution) and isinstance(gone, Institution):
        return uniting.chosen(institution_values(keep), institution_values(gone), choices)
    raise MergeRefused("itself")


def mark_as_waiting(session: Session, row: Post | Institution, *, now: datetime) -> None:
    """Marked as being checked while something guarded waits, and only then."""
    kind = kind_of(row)
    proposed = select(Proposal.id).where(
        Proposal.subject_type == kind, Proposal.subject_id == row.id, Proposal.state == "waiting", Proposal.is_guarded
    )
    ids = [row.id, *(persons.officials_in(row, today=now.date()) if isinstance(row, Post) else ())]
    asked = select(Merge.id).where(Merge.state == "waiting", or_(Merge.keep_id.in_(ids), Merge.gone_id.in_(ids)))
    waits = any(session.scalar(found.limit(1)) is not None for found in (proposed, asked))
    standing.mark(session, row, being_checked=waits, now=now)


def kind_of(row: Side) -> str:
    """`post`, `institution` or `official`."""
    return next(kind for kind, table in TABLES.items() if isinstance(row, table))


def table_of(kind: str) -> Any:
    """The model of a kind."""
    return TABLES[kind]


def tell_posts(session: Session, merge: Merge, action: str, official_ids: list[str], *, by: str, now: datetime) -> None:
    """A line in the history of each post they hold or held, without name or reason: its owner reads it too."""
    posts = sorted({term.post_id for term in persons.terms_of(session, official_ids)})
    told = [(post_id, {"merge": merge.id}) for post_id in posts]
    history.record_many(session, action, subject_type="post", subjects=told, by=by, now=now)


def _all_about(keep: Side, gone: Side) -> dict[str, list[str]]:
    about = kind_of(keep)
    return {kind: [keep.id, gone.id] if kind == about else [] for kind in TABLES}


def _move(session: Session, merge: Merge, keep: Side, gone: Side, *, by: str, now: datetime) -> None:
    keep_id, gone_id = keep.id, gone.id
    _move_kept_apart(session, keep_id, gone_id)
    if isinstance(keep, Official) and isinstance(gone, Official):
        persons.unite(session, merge, keep, gone, now=now)
        tell_posts(session, merge, "same_person", [keep_id], by=by, now=now)
        return
    after = united(keep, gone, merge.choices)
    _move_proposals(session, keep_id, gone_id)
    if isinstance(keep, Post) and isinstance(gone, Post) and isinstance(after, PostValues):
        _end_one_holder(session, keep, gone, merge.choices, by=by, now=now)
        _unite_owners(session, keep_id, gone_id)
        merging.unite_posts(session, keep, gone, after, by=by, now=now)
    elif isinstance(keep, Institution) and isinstance(gone, Institution) and isinstance(after, InstitutionValues):
        for column in (AccountGrant.institution_id, Invitation.institution_id):
            session.execute(update(column.class_).where(column == gone_id).values(institution_id=keep_id))
        merging.unite_institutions(session, keep, gone, after, by=by, now=now)


def _end_one_holder(
    session: Session, keep: Post, gone: Post, choices: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """A post has one holder: of two the chosen one stays; the last of either is never lost."""
    day = now.date()
    mine, others = ([a for a in post.appointments if a.covers(day)] for post in (keep, gone))
    if not (mine and others):
        return
    for appointment in mine if choices.get("holder") == uniting.GONE else others:
        until = max(day - timedelta(days=1), (appointment.from_on or day) - timedelta(days=1))
        registry.relieve(session, appointment, until_on=until, by=by, now=now)


def _unite_owners(session: Session, keep_id: str, gone_id: str) -> None:
    owners = set(session.scalars(select(PostOwner.account_id).where(PostOwner.post_id == keep_id)))
    for account_id in session.scalars(select(PostOwner.account_id).where(PostOwner.post_id == gone_id)).all():
        if account_id not in owners:
            session.add(PostOwner(post_id=keep_id, account_id=account_id))
    session.flush()


def _move_proposals(session: Session, keep_id: str, gone_id: str) -> None:
    """What waits about the one that goes waits about the one that stays."""
    waiting = update(Proposal).where(Proposal.subject_id == gone_id, Proposal.state.in_(OPEN))
    session.execute(waiting.values(subject_id=keep_id))


def _move_kept_apart(session: Session, keep_id: str, gone_id: str) -> None:
    """Whoever is kept apart from the one that goes is kept apart from the one that stays."""
    about = or_(KeptApart.first_id == gone_id, KeptApart.second_id == gone_id)
    for kept in session.scalars(select(KeptApart).where(about, KeptApart.lifted_at.is_(None))).all():
        other = kept.second_id if kept.first_id == gone_id else kept.first_id
        first, second = sorted((keep_id, other))
        twin = select(KeptApart).where(KeptApart.first_id == first, KeptApart.second_id == second)
        known = session.scalars(twin).first()
        if known is None:
            kept.first_id, kept.second_id = first, second
        elif known.lifted_at is not None:
            known.lifted_by = known.lifted_at = None
        session.flush()
