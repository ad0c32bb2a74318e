"""What a row that says something else than at the last import would change here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.db import new_id
from directory.proposals import rules
from directory.registry.models import Appointment, Institution, Post, Removal
from directory.registry.pictures import differences, institution_values, post_values
from directory.registry.plain import institution_of, post_of
from directory.registry.values import InstitutionValues, PostValues
from importers.content import Kept, content_of, merge, told
from importers.models import ImportedRecord
from importers.records import ImportRecord, Remark


@dataclass(frozen=True, slots=True)
class Change:
    """One entry as it stands, what it becomes, and what of the list's is held back."""

    known: ImportedRecord
    record: ImportRecord
    post: Post
    institution_before: InstitutionValues
    post_before: PostValues
    institution: InstitutionValues
    post_values: PostValues
    kept: tuple[Kept, ...]
    official: str | None

    @property
    def remarks(self) -> Iterator[Remark]:
        """What is kept as it stands here, for the report."""
        advice = "Ask which is right, and change it here if the list is"
        for kept in self.kept:
            reason = f"changed here to “{kept.here}” since the last import"
            yield Remark(self.record.row, "kept", kept.field, kept.there, reason, advice)

    @property
    def waiting_count(self) -> int:
        """How much of it a second person must agree to: the institution's part, the post's, the holder."""
        parts = (
            bool(rules.split(self.institution_before, self.institution)[1]),
            bool(rules.split(self.post_before, self.post_values)[1]),
            self.official is not None,
        )
        return sum(parts)

    @property
    def told(self) -> Iterator[tuple[str, str, str]]:
        """Field, before and after, for each that changes."""
        pairs: tuple[tuple[Any, Any], ...] = (
            (self.institution_before, self.institution),
            (self.post_before, self.post_values),
        )
        for before, after in pairs:
            was, becomes = differences(before, after)
            yield from ((name, told(was[name]), told(becomes[name])) for name in becomes)
        if self.official is not None:
            yield "official", told(self.known.content.get("official", "")), told(self.official)
        dates = self.known.content.get("dated_on", ""), content_of(self.record).get("dated_on", "")
        if dates[0] != dates[1]:
            yield "date of the source", told(dates[0]), told(dates[1])


def compare(session: Session, moved: Sequence[tuple[ImportedRecord, ImportRecord]], today: date) -> list[Change]:
    """The changes; an entry that somebody removed here is left out, one that was merged is followed."""
    ids = [known.post_id for known, _ in moved if known.post_id]
    posts = load_posts(session, ids)
    led_on = where_they_went(session, [one for one in ids if one not in posts])
    followed = load_posts(session, list(led_on.values()))
    posts |= {old: followed[new] for old, new in led_on.items() if new in followed}
    return [_change(known, record, posts[known.post_id], today) for known, record in moved if known.post_id in posts]


def where_they_went(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """For entries that became part of another: which."""
    if not ids:
        return {}
    stubs = select(Removal).where(Removal.entry_id.in_(ids), Removal.redirect_id.is_not(None))
    return {stub.entry_id: stub.redirect_id for stub in session.scalars(stubs) if stub.redirect_id}


def tied(session: Session, kind: str, pairs: Sequence[tuple[ImportRecord, str]], today: date) -> list[Change]:
    """What tying rows to entries changes: nothing but lines that the entry lacks. Left out: ids nobody knows."""
    posts = load_posts(session, [post_id for _, post_id in pairs])
    found = []
    for record, post_id in pairs:
        if post_id in posts:
            post = posts[post_id]
            content = _as_it_stands(record, post)
            known = ImportedRecord(
                id=new_id(),
                kind=kind,
                key=record.key,
                content=content,
                institution_id=post.institution_id,
                post_id=post_id,
            )
            found.append(_change(known, record, post, today))
    return found


def _as_it_stands(record: ImportRecord, post: Post) -> dict[str, Any]:
    """The row as if it had been imported before, without the lines that the entry has not."""
    content = content_of(record)
    here = {(point.kind, point.value) for point in (*post.contact_points, *post.institution.contact_points)}
    for part in ("institution", "post"):
        lines = content[part].get("contact_points", [])
        standing = [line for line in lines if (line["kind"], line["value"]) in here]
        content[part] = content[part] | {"contact_points": standing}
    return content


def load_posts(session: Session, ids: Sequence[str]) -> dict[str, Post]:
    """Posts with everything their pictures show, in a few statements."""
    if not ids:
        return {}
    institution = joinedload(Post.institution)
    query = select(Post).where(Post.id.in_(ids)).options(
        selectinload(Post.contact_points),
        selectinload(Post.responsibilities),
        selectinload(Post.appointments).joinedload(Appointment.official),
        institution.selectinload(Institution.names),
        institution.selectinload(Institution.serves),
        institution.selectinload(Institution.contact_points),
        institution.selectinload(Institution.responsibilities),
    )  # fmt: skip
    return {post.id: post for post in session.scalars(query).unique()}


def _change(known: ImportedRecord, record: ImportRecord, post: Post, today: date) -> Change:
    institution_before, post_before = institution_values(post.institution), post_values(post)
    old_institution, old_post = institution_of(known.content["institution"]), post_of(known.content["post"])
    institution, kept = merge(old_institution, record.institution, institution_before)
    changed_post, more = merge(old_post, record.post, post_before)
    official, held_back = _official(known.content.get("official", ""), record.official, post, today)
    return Change(
        known=known,
        record=record,
        post=post,
        institution_before=institution_before,
        post_before=post_before,
        institution=institution,
        post_values=changed_post,
        kept=(*kept, *more, *held_back),
        official=official,
    )


def _official(was: str, says: str, post: Post, today: date) -> tuple[str | None, list[Kept]]:
    """Who takes the post, None for no change; somebody appointed here since the last import stays."""
    holders = [a.official.name for a in post.appointments if a.covers(today)]
    if was == says or says in holders:
        return None, []
    if holders != ([was] if was else []):
        return None, [Kept("official", told(holders), told(says))]
    return says, []
