"""Two records of one person as pages write them: side by side, and what would move. Numbers are counted, not shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from directory.accounts.people import rights
from directory.accounts.policy import Subject
from directory.doubles import persons
from directory.registry.models import Appointment, Official
from directory.web import current
from directory.web.translating import gettext as _
from directory.web.translating import ngettext
from directory.web.words import country_word, day_words


@dataclass(frozen=True, slots=True)
class Term:
    """A post somebody holds or held."""

    title: str
    href: str
    house: str
    when: str
    lines: str


@dataclass(frozen=True, slots=True)
class PersonSide:
    """One of the two records."""

    name: str
    place: str
    word: str
    account: str
    terms: tuple[Term, ...]


def may_know(country: str | None) -> bool:
    """Names of a country's officials stand here for those who read the history of its entries: they stand there too."""
    return rights().may(current.person(), "read_history", Subject(country=country)) != "no"


def name_of(official: Official) -> str:
    """The name, or a phrase for somebody who was taken out."""
    return official.name or _("Somebody who was taken out")


def side_of(official: Official) -> PersonSide:
    """One of the two."""
    session = current.session()
    terms = persons.terms_of(session, [official.id])
    signs_in = bool(persons.signs_in(session, official.id))
    word = _("Not named to readers: has not agreed")
    if official.agreed_at is not None:
        word = _("Agreed to be named on %(day)s", day=day_words(official.agreed_at))
    return PersonSide(
        name=name_of(official),
        place=country_word(persons.country_of(session, official.id) or ""),
        word=word,
        account=_("Signs in with an account") if signs_in else _("Has no account"),
        terms=tuple(_term(term) for term in terms),
    )


def _term(term: Appointment) -> Term:
    count = len(term.contact_points)
    return Term(
        title=term.post.title,
        href=f"/entries/{term.post_id}",
        house=term.post.institution.name,
        when=_when(term),
        lines=ngettext("%(num)d number or address of their own", "%(num)d numbers and addresses of their own", count)
        if count
        else "",
    )


def _when(term: Appointment) -> str:
    if term.from_on and term.until_on:
        return _("%(first)s to %(last)s", first=day_words(term.from_on), last=day_words(term.until_on))
    if term.until_on:
        return _("until %(last)s", last=day_words(term.until_on))
    return _("since %(first)s", first=day_words(term.from_on)) if term.from_on else _("holds it")


def moves(keep: Official, gone: Official, choices: Mapping[str, object] | None) -> list[str]:
    """What making them one changes, a sentence each; with `choices` once somebody has asked for it."""
    session = current.session()
    others = persons.terms_of(session, [gone.id])
    points = sum(len(term.contact_points) for term in others)
    told = [
        ngettext(
            "%(num)d post moves to the record that stays.",
            "%(num)d posts move to the record that stays.",
            len({term.post_id for term in others}),
        ),
        ngettext(
            "%(num)d number or address of theirs goes along.",
            "%(num)d numbers and addresses of theirs go along.",
            points,
        )
        if points
        else _("No number or address moves."),
    ]
    told += [
        _(
            "Both stand in “%(title)s” at the same time: one term is left, as long as both, with the numbers of both.",
            title=post.title,
        )
        for post in persons.held_by_both(session, keep, gone)
    ]
    if choices is not None and keep.name != gone.name:
        chosen = gone.name if choices.get("name") == persons.GONE else keep.name
        told.append(_("The name is %(name)s.", name=chosen))
    return [*told, _word_words(keep, gone), *_account_words(keep, gone)]


def _word_words(keep: Official, gone: Official) -> str:
    count = sum(one.agreed_at is not None for one in (keep, gone))
    if count == 1:
        return _(
            "Only one of the two agreed to be named: nobody sees the name until the person has been asked again."
            " The letter goes out by itself."
        )
    return _("The name stays shown: both agreed.") if count else _("The name stays hidden: neither agreed.")


def _account_words(keep: Official, gone: Official) -> list[str]:
    session = current.session()
    if persons.signs_in(session, gone.id):
        return [_("The account moves too: whoever signs in with it is asked about all these posts.")]
    if persons.signs_in(session, keep.id):
        return [_("Whoever signs in is asked about all these posts from then on.")]
    return []


def both_sign_in(keep: Official, gone: Official) -> bool:
    """Then they stay two, until one of the accounts is put to rest."""
    session = current.session()
    return bool(persons.signs_in(session, keep.id) and persons.signs_in(session, gone.id))
