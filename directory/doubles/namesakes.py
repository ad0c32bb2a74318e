"""Which officials of one country may be one person: suggested with reasons, decided by somebody who knows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.doubles import persons
from directory.doubles.likeness import bodies
from directory.doubles.likeness.persons import judge_persons, words_of
from directory.doubles.likeness.records import Body, Person, Verdict
from directory.registry import rules
from directory.registry.models import Appointment, Institution, Official, Post

BLOCK = 60  # so many names that begin alike are compared with one another; more need a second word in common
FIRST_LETTERS = 3
ORDER = {"same": 0, "ask": 1, "different": 2}
NO_HOUSE, ONE_HOUSE = Verdict("different"), Verdict("same")


@dataclass(frozen=True, slots=True)
class Held:
    """An official with the terms they hold and held."""

    official: Official
    terms: tuple[Appointment, ...]

    @property
    def houses(self) -> tuple[Institution, ...]:
        """Where they work and worked."""
        return tuple({term.post.institution_id: term.post.institution for term in self.terms}.values())


def alike(session: Session, country: str) -> Iterator[tuple[str, str, Verdict]]:
    """Pairs of officials of one country that may be one person, the fuller name first.

    Who also stands in another country's posts is left out.
    """
    people = _people(session, country)
    known: dict[tuple[str, str], Verdict] = {}
    for couple in _couples(people):
        one, other = sorted(couple, key=lambda held: (-len(held.official.name), held.official.id))
        if one.official.is_demo == other.official.is_demo:
            verdict = _judged(one, other, known)
            if verdict.answer != "different":
                yield one.official.id, other.official.id, verdict


def verdict_on(session: Session, left: Official, right: Official) -> Verdict:
    """What the matcher says of this pair."""
    one, other = (Held(who, tuple(persons.terms_of(session, [who.id]))) for who in (left, right))
    return _judged(one, other, {})


def _people(session: Session, country: str) -> list[Held]:
    of_country = (
        select(Appointment.official_id)
        .join(Post, Post.id == Appointment.post_id)
        .join(Institution, Institution.id == Post.institution_id)
    )
    here = of_country.where(Institution.country_code == country)
    elsewhere = of_country.where(Institution.country_code != country)
    found = persons.terms().join(Official, Official.id == Appointment.official_id)
    terms = session.scalars(
        found.where(
            Appointment.official_id.in_(here), Appointment.official_id.not_in(elsewhere), Official.name != ""
        ).order_by(Appointment.official_id, Appointment.id)
    ).all()
    grouped: dict[str, list[Appointment]] = defaultdict(list)
    for term in terms:
        grouped[term.official_id].append(term)
    return [Held(terms[0].official, tuple(terms)) for terms in grouped.values()]


def _couples(people: Sequence[Held]) -> Iterator[tuple[Held, Held]]:
    """Those whose names have a beginning in common; of beginnings that many have, two."""
    blocks: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(people):
        for beginning in {word[:FIRST_LETTERS] for word in words_of(one.official.name) if len(word) > 1}:
            blocks[beginning].append(place)
    seen: set[tuple[int, int]] = set()
    often: dict[tuple[int, int], int] = defaultdict(int)
    for places in blocks.values():
        for pair in combinations(places, 2):
            if len(places) <= BLOCK:
                seen.add(pair)
            else:
                often[pair] += 1
    seen |= {pair for pair, count in often.items() if count > 1}
    for left, right in sorted(seen):
        yield people[left], people[right]


def _judged(one: Held, other: Held, known: dict[tuple[str, str], Verdict]) -> Verdict:
    at_best = judge_persons(_person(one), _person(other), houses=ONE_HOUSE)
    if at_best.answer == "different":
        return at_best  # most pairs end here, before institutions are compared
    if not one.terms or not other.terms:
        return judge_persons(_person(one), _person(other), houses=NO_HOUSE)
    houses = [_house(a, b, known) for a in one.houses for b in other.houses]
    return judge_persons(_person(one), _person(other), houses=min(houses, key=lambda found: ORDER[found.answer]))


def _house(one: Institution, other: Institution, known: dict[tuple[str, str], Verdict]) -> Verdict:
    if one.id == other.id:
        return Verdict("same")
    key = (min(one.id, other.id), max(one.id, other.id))
    if key not in known:
        known[key] = bodies.judge_bodies(_body(one), _body(other))
    return known[key]


def _body(house: Institution) -> Body:
    names = tuple(name.name for name in house.names)
    return Body(names, house.country_code, house.host_country_code or "", house.type, house.city)


def _person(one: Held) -> Person:
    """With the addresses that stand at their posts: the matcher takes those that speak of the name."""
    points = [point for term in one.terms for point in (*term.contact_points, *term.post.contact_points)]
    mails = frozenset(point.value.lower() for point in points if point.kind in rules.MAILS)
    return Person(one.official.name, mails=mails)
