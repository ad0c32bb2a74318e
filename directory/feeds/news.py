"""What history says happened to entries since a place in it: new, changed, vacant, gone. A confirmation is no news."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.history.models import Change, ChangeSeal
from directory.registry.models import Institution, Post, Removal

ACTIONS = ("add", "change", "appoint", "relieve", "remove", "merge")
MOST_LINES = 20_000  # more is an import: the letter says so by its number


@dataclass(frozen=True, slots=True)
class Gone:
    """An entry that is no more, as far as history still tells."""

    entry_id: str
    title: str
    role: str
    institution_id: str
    redirect_id: str | None


@dataclass(slots=True)
class News:
    """Ids by what happened, each once; `until` is the place looked up to."""

    until: int
    new: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    gone: dict[str, Gone] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """Entries that still stand and have something to tell."""
        return sorted(self.new | self.changed)


def since(session: Session, place: int, *, until: int) -> News:
    """Everything sealed behind `place`, up to `until`."""
    news = News(until)
    houses: set[str] = set()
    for action, kind, subject_id, before in _lines(session, place, until):
        if kind == "institution":
            houses.add(subject_id)
        elif action == "add":
            news.new.add(subject_id)
        elif action == "remove":
            told = before or {}
            news.gone[subject_id] = Gone(
                subject_id,
                str(told.get("title", "")),
                str(told.get("role") or ""),
                str(told.get("institution", "")),
                None,
            )
        else:
            news.changed.add(subject_id)
    news.changed |= _posts_of(session, houses)
    _settle(session, news)
    return news


def _lines(session: Session, place: int, until: int) -> Iterable[tuple[str, str, str, dict[str, Any] | None]]:
    statement = (
        select(Change.action, Change.subject_type, Change.subject_id, Change.before)
        .join(ChangeSeal, ChangeSeal.change_sequence == Change.sequence)
        .where(ChangeSeal.position > place, ChangeSeal.position <= until)
        .where(Change.action.in_(ACTIONS), Change.subject_type.in_(("post", "institution")))
        .order_by(ChangeSeal.position)
        .limit(MOST_LINES)
    )
    return (tuple(row) for row in session.execute(statement))


def _posts_of(session: Session, houses: set[str]) -> set[str]:
    """The entries of these bodies: they show their name and their lines."""
    found: set[str] = set()
    ids = sorted(houses)
    for start in range(0, len(ids), 500):
        found |= set(session.scalars(select(Post.id).where(Post.institution_id.in_(ids[start : start + 500]))))
    return found


def _settle(session: Session, news: News) -> None:
    """What came and went between two letters is no news; what is new has not also changed; where the gone went."""
    touched = sorted(news.new | news.changed | set(news.gone))
    standing: set[str] = set()
    stubs: dict[str, str | None] = {}
    for start in range(0, len(touched), 500):
        part = touched[start : start + 500]
        standing |= set(session.scalars(select(Post.id).where(Post.id.in_(part))))
        for removal in session.scalars(select(Removal).where(Removal.entry_id.in_(part))):
            stubs[removal.entry_id] = removal.redirect_id
    gone = {one: news.gone.get(one) for one in touched if one not in standing and one not in news.new}
    news.gone = {
        one: Gone(one, told.title, told.role, told.institution_id, stubs.get(one))
        if told
        else _unnamed(one, stubs.get(one))
        for one, told in gone.items()
    }
    news.new &= standing
    news.changed = (news.changed & standing) - news.new


def _unnamed(entry_id: str, redirect_id: str | None) -> Gone:
    return Gone(entry_id, "", "", "", redirect_id)


def country_of_house(session: Session, institution_id: str) -> tuple[str, str]:
    """The country and the name of a body, also of one that is gone, from its last line of history; empty if unknown."""
    house = session.get(Institution, institution_id) if institution_id else None
    if house is not None:
        return house.country_code, house.name
    last = select(Change.before).where(Change.subject_id == institution_id, Change.action == "remove")
    told = (session.scalar(last.order_by(Change.sequence.desc()).limit(1)) if institution_id else None) or {}
    return str(told.get("country", "")), str(told.get("name", ""))
