"""Which entries and officials of a country may be doubles, worked out on looking; what waits; what can go back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from directory.accounts import grounds
from directory.accounts.grounds import Ground, within
from directory.accounts.policy import Person
from directory.doubles import namesakes
from directory.doubles.likeness.blocking import Pool
from directory.doubles.likeness.desks import judge_desks
from directory.doubles.likeness.records import Body, Desk, Verdict
from directory.doubles.models import KeptApart, Merge
from directory.proposals.actors import RETURN_WITHIN
from directory.registry import rules
from directory.registry.models import ContactPoint, Institution, Official, Post

MOST = 200
MOST_POSTS = 60  # of one institution compared with one another; more are a list of their own
ORDER = {"same": 0, "ask": 1}
SAME_HOUSE = Verdict("same")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two that may be the same, and why."""

    kind: str
    left_id: str
    right_id: str
    verdict: Verdict


def ground_of(person: Person) -> Ground:
    """Where this person may merge."""
    return grounds.ground_of(person, "merge_entries")


def suggestions(session: Session, country: str) -> list[Suggestion]:
    """Pairs of one country, the surest first; what is kept apart or waits already is left out.

    Many institutions that look alike leave room for people, and the other way round.
    """
    bodies = list(session.scalars(_bodies(country)))
    silent = _silent(session, country)
    found = [one for one in _of_institutions(bodies) if frozenset((one.left_id, one.right_id)) not in silent]
    for body in bodies:
        found += [one for one in _of_posts(body) if frozenset((one.left_id, one.right_id)) not in silent]
    alike = (Suggestion("official", *pair) for pair in namesakes.alike(session, country))
    people = [one for one in alike if frozenset((one.left_id, one.right_id)) not in silent]
    return _surest([*_surest(found)[:MOST], *_surest(people)[:MOST]])


def _surest(found: Iterable[Suggestion]) -> list[Suggestion]:
    return sorted(found, key=lambda one: ORDER[one.verdict.answer])


def waiting(session: Session, ground: Ground) -> list[Merge]:
    """Merges that wait for a second person, the oldest first."""
    statement = select(Merge).where(Merge.state == "waiting", within(ground, Merge.country_code))
    return list(session.scalars(statement.order_by(Merge.at, Merge.id).limit(MOST)))


def undoable(session: Session, ground: Ground, *, now: datetime) -> list[Merge]:
    """Merges that can be taken back, the newest first."""
    since = or_(Merge.decided_at >= now - RETURN_WITHIN, Merge.decided_at.is_(None) & (Merge.at >= now - RETURN_WITHIN))
    statement = select(Merge).where(Merge.state == "standing", since, within(ground, Merge.country_code))
    return list(session.scalars(statement.order_by(Merge.at.desc(), Merge.id).limit(MOST)))


def kept_apart(session: Session, ground: Ground) -> list[KeptApart]:
    """Pairs somebody said are not the same, the newest first."""
    statement = select(KeptApart).where(KeptApart.lifted_at.is_(None), within(ground, KeptApart.country_code))
    return list(session.scalars(statement.order_by(KeptApart.at.desc(), KeptApart.id).limit(MOST)))


def verdict_on(session: Session, kind: str, left_id: str, right_id: str) -> Verdict:
    """What the matcher says of this pair."""
    if kind == "institution":
        pair = session.scalars(_loaded().where(Institution.id.in_((left_id, right_id)))).all()
        found = list(_judged([body_of(one) for one in pair], pair)) if len(pair) == len({left_id, right_id}) else []
        return found[0].verdict if found else Verdict("different")
    if kind == "official":
        return namesakes.verdict_on(session, *(session.get_one(Official, one) for one in (left_id, right_id)))
    posts = [session.get_one(Post, one) for one in (left_id, right_id)]
    left, right = (desk_of(post) for post in posts)
    same_house = posts[0].institution_id == posts[1].institution_id
    return judge_desks(left, right, houses=SAME_HOUSE if same_house else None)


def body_of(institution: Institution) -> Body:
    """The institution as the matcher takes it; with one post only, that post's lines speak for it too."""
    points: list[ContactPoint] = list(institution.contact_points)
    if len(institution.posts) == 1:
        points += institution.posts[0].contact_points
    return Body(
        names=tuple(name.name for name in institution.names),
        country=institution.country_code,
        host_country=institution.host_country_code or "",
        type=institution.type,
        city=institution.city,
        phones=_values(points, rules.NUMBERS),
        mails=_values(points, rules.MAILS),
        webs=_values(points, ("web",)),
    )


def desk_of(post: Post) -> Desk:
    """The post as the matcher takes it."""
    names = tuple(name.name for name in post.institution.names)
    house = Body(
        names, post.institution.country_code, post.institution.host_country_code or "", city=post.institution.city
    )
    phones, mails = _values(post.contact_points, rules.NUMBERS), _values(post.contact_points, rules.MAILS)
    return Desk(post.title, house, post.role_key or "", post.area, phones, mails)


def _values(points: Iterable[ContactPoint], kinds: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(kinds)
    return frozenset(point.value.lower() for point in points if point.kind in wanted)


def _loaded() -> Select[Any]:
    return select(Institution).options(
        selectinload(Institution.names),
        selectinload(Institution.contact_points),
        selectinload(Institution.posts).selectinload(Post.contact_points),
    )


def _bodies(country: str) -> Select[Any]:
    return _loaded().where(Institution.country_code == country).order_by(Institution.id)


def _of_institutions(bodies: Sequence[Institution]) -> Iterable[Suggestion]:
    return _judged([body_of(body) for body in bodies], bodies)


def _judged(values: Sequence[Body], rows: Sequence[Institution]) -> Iterable[Suggestion]:
    for found in Pool(values).pairs():
        left, right = rows[found.left], rows[found.right]
        if left.is_demo == right.is_demo and left.parent_id != right.id and right.parent_id != left.id:
            yield Suggestion("institution", left.id, right.id, found.verdict)


def _of_posts(body: Institution) -> Iterable[Suggestion]:
    if len(body.posts) > MOST_POSTS:
        return
    desks = [(post, desk_of(post)) for post in sorted(body.posts, key=lambda post: post.id)]
    for (left, one), (right, other) in combinations(desks, 2):
        verdict = judge_desks(one, other, houses=SAME_HOUSE)
        if verdict.answer != "different" and left.is_demo == right.is_demo:
            yield Suggestion("post", left.id, right.id, verdict)


def _silent(session: Session, country: str) -> set[frozenset[str]]:
    """Pairs about which nothing is suggested: kept apart, or waiting for a second person."""
    apart = select(KeptApart.first_id, KeptApart.second_id).where(KeptApart.lifted_at.is_(None))
    asked = select(Merge.keep_id, Merge.gone_id).where(Merge.state == "waiting", Merge.country_code == country)
    return {frozenset(pair) for statement in (apart, asked) for pair in session.execute(statement).all()}
