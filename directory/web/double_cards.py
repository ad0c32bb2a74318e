"""Doubles as pages write them: two sides, what differs, what waits, what can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import select

from directory.doubles import queries
from directory.doubles.models import KeptApart, Merge
from directory.entries import answers, overview
from directory.registry.models import Institution, Post
from directory.web import current, quotas, shown
from directory.web.double_words import answer_word, reason_words
from directory.web.history import names_of
from directory.web.history_words import who_words
from directory.web.translating import gettext as _
from directory.web.words import country_word, role_word, type_word

BELOW = "/coordination/doubles"
FIELDS = {"post": ("title", "role", "area", "asks_for"), "institution": ("names", "type", "city", "note")}
MOST_CARDS = 4


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair in a list."""

    href: str
    left: str
    right: str
    place: str
    answer: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """A merge or a pair kept apart, in a list."""

    id: str
    title: str
    href: str
    who: str
    at: datetime
    is_own: bool
    reason: str


@dataclass(frozen=True, slots=True)
class FieldPair:
    """A field in which the two differ."""

    name: str
    label: str
    left: str
    right: str
    is_other: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, as whoever looks may see it."""

    title: str
    href: str
    place: str
    cards: tuple[Markup, ...]
    more_count: int


def side_of(row: Post | Institution) -> Side:
    """One of the two, with its first entries as whoever looks may see them."""
    desk = current.desk()
    if isinstance(row, Post):
        entry = answers.one_entry(row.id, desk)
        entries = [entry] if entry else []
        title, href, body = row.title, f"/entries/{row.id}", row.institution
    else:
        entries = [e for e in overview.entries_of_institution(row.id, desk) if e.institution.id == row.id]
        title, href, body = row.name, f"/institutions/{row.id}", row
    quotas.give(entries[:MOST_CARDS], path="page")
    cards = tuple(one.html for one in shown.cards(entries[:MOST_CARDS], desk, level=3))
    place = " · ".join(
        part
        for part in (body.name if isinstance(row, Post) else "", body.city, country_word(body.country_code))
        if part
    )
    return Side(title, href, place, cards, max(0, len(entries) - MOST_CARDS))


def fields_of(
    kind: str, keep: Post | Institution, gone: Post | Institution, choices: Mapping[str, object]
) -> list[FieldPair]:
    """The fields in which the two differ."""
    labels = {
        "title": _("Title"), "role": _("Role"), "area": _("Area"), "asks_for": _("Asks for"), "names": _("Main name"),
        "type": _("Kind of body"), "city": _("City"), "note": _("Note"),
    }  # fmt: skip
    found = []
    for name in FIELDS[kind]:
        left, right = _field_word(name, keep), _field_word(name, gone)
        if left != right:
            found.append(FieldPair(name, labels[name], left, right, choices.get(name) == "gone"))
    return found


def _field_word(name: str, row: Post | Institution) -> str:
    if isinstance(row, Post):
        return role_word(row.role_key) if name == "role" and row.role_key else str(getattr(row, name, None) or "")
    if name == "names":
        return row.name
    return type_word(row.type) if name == "type" else str(getattr(row, name))


def rows_of(found: Sequence[queries.Suggestion]) -> dict[str, Post | Institution]:
    """What the suggestions are about, by id."""
    session = current.session()
    ids = {
        kind: {i for s in found if s.kind == kind for i in (s.left_id, s.right_id)} for kind in ("post", "institution")
    }
    rows: dict[str, Post | Institution] = {}
    rows |= {row.id: row for row in session.scalars(select(Post).where(Post.id.in_(ids["post"])))}
    return rows | {
        row.id: row for row in session.scalars(select(Institution).where(Institution.id.in_(ids["institution"])))
    }


def pair_of(one: queries.Suggestion, rows: dict[str, Post | Institution]) -> Pair:
    """A suggestion in words."""
    left, right = rows[one.left_id], rows[one.right_id]
    path = "entries" if one.kind == "post" else "institutions"
    reasons = tuple(reason_words(reason) for reason in one.verdict.reasons)
    place = left.institution.name if isinstance(left, Post) else left.city
    href = f"{BELOW}/{path}/{left.id}/{right.id}"
    return Pair(href, _title(left), _title(right), place, answer_word(one.verdict.answer), reasons)


def _title(row: Post | Institution | None) -> str:
    if row is None:
        return _("An entry that is gone")
    return row.title if isinstance(row, Post) else row.name


def past_of(merges: Sequence[Merge]) -> list[Past]:
    """Merges in words."""
    names = names_of({merge.by for merge in merges})
    found = []
    for merge in merges:
        title = _title(row_of(merge.kind, merge.keep_id))
        own = merge.by == current.person().account_id
        href, who = f"{BELOW}/merges/{merge.id}", who_words(merge.by, names)
        found.append(Past(merge.id, title, href, who, merge.at, own, merge.reason))
    return found


def apart_of(pairs: Sequence[KeptApart]) -> list[Past]:
    """Pairs kept apart, in words."""
    names = names_of({kept.by for kept in pairs})
    found = []
    for kept in pairs:
        title = " – ".join(_title(row_of(kept.kind, one)) for one in (kept.first_id, kept.second_id))
        found.append(Past(kept.id, title, "", who_words(kept.by, names), kept.at, is_own=False, reason=kept.reason))
    return found


def row_of(kind: str, row_id: str) -> Post | Institution | None:
    """The post or institution with that id."""
    session = current.session()
    return session.get(Post, row_id) if kind == "post" else session.get(Institution, row_id)
