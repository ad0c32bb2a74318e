"""Doubles as pages write them: two sides, what differs, what waits, what can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import select

from directory.doubles import persons, queries
from directory.doubles.carrying import TABLES, table_of
from directory.doubles.carrying import Side as Row
from directory.doubles.models import KeptApart, Merge
from directory.entries import answers, overview
from directory.registry.models import Institution, Official, Post
from directory.web import current, double_people, quotas, shown
from directory.web.double_words import answer_word, reason_words
from directory.web.history import names_of
from directory.web.history_words import who_words
from directory.web.translating import gettext as _
from directory.web.words import country_word, role_word, type_word

BELOW = "/coordination/doubles"
FIELDS = {
    "post": ("title", "role", "area", "asks_for"),
    "institution": ("names", "type", "city", "note"),
    "official": ("name",),
}
PATHS = {"post": "entries", "institution": "institutions", "official": "people"}
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
    is_person: bool = False


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
    """One of the two entries or institutions, with its first entries as whoever looks may see them."""
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


def rows_of(found: Sequence[queries.Suggestion]) -> dict[str, Row]:
    """What the suggestions are about, by id."""
    session, rows = current.session(), dict[str, Row]()
    for kind, table in TABLES.items():
        ids = {i for s in found if s.kind == kind for i in (s.left_id, s.right_id)}
        rows |= {row.id: row for row in session.scalars(select(table).where(table.id.in_(ids)))}
    return rows


def pairs_of(found: Sequence[queries.Suggestion], country: str) -> list[tuple[str, Pair]]:
    """The suggestions of a country in words, each with its verdict; people only where whoever looks may know names."""
    found = [one for one in found if one.kind != "official" or double_people.may_know(country)]
    rows = rows_of(found)
    places = _places([row for row in rows.values() if isinstance(row, Official)])
    return [(one.verdict.answer, _pair(one, rows, places)) for one in found]


def _places(officials: Sequence[Official]) -> dict[str, str]:
    """For each official the newest post, with its institution."""
    found: dict[str, str] = {}
    for term in persons.terms_of(current.session(), [official.id for official in officials]):
        found.setdefault(term.official_id, f"{term.post.title}, {term.post.institution.name}")
    return found


def _pair(one: queries.Suggestion, rows: Mapping[str, Row], places: Mapping[str, str]) -> Pair:
    left, right = rows[one.left_id], rows[one.right_id]
    reasons = tuple(reason_words(reason) for reason in one.verdict.reasons)
    if isinstance(left, Official):
        place = " · ".join(dict.fromkeys(places.get(row.id, "") for row in (left, right)))
    else:
        place = left.institution.name if isinstance(left, Post) else left.city
    href, answer = f"{BELOW}/{PATHS[one.kind]}/{left.id}/{right.id}", answer_word(one.verdict.answer)
    return Pair(href, _title(left), _title(right), place, answer, reasons, is_person=one.kind == "official")


def _title(row: Row | None) -> str:
    if row is None:
        return _("An entry that is gone")
    if isinstance(row, Official):
        return double_people.name_of(row)
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


def row_of(kind: str, row_id: str) -> Row | None:
    """The post, institution or official with that id."""
    found: Row | None = current.session().get(table_of(kind), row_id)
    return found
