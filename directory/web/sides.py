"""A question about two countries: the answer in parts, one for each, labelled with the side it is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from directory.entries.answers import Answer
from directory.search.reading import Mention
from directory.web.shown import Shown
from directory.web.translating import gettext as _
from directory.web.words import country_word


@dataclass(frozen=True, slots=True)
class Side:
    """One country's part of an answer. `first` is the place of its first entry in the whole."""

    code: str
    name: str
    part: str
    first: int
    cards: tuple[Shown, ...]


def sides_of(answer: Answer, cards: Sequence[Shown], mentions: Sequence[Mention], *, offset: int) -> list[Side]:
    """The entries country by country, in the order asked; a single part without a name for one country or none.

    On the first page a country that was asked for and has nobody gets an empty part: that is said, not skipped.
    """
    asked = answer.reading.countries
    if len(asked) < 2:
        return [Side("", "", "", offset + 1, tuple(cards))]
    counts = answer.facets.get("country", {})
    codes = list(dict.fromkeys(card.country for card in cards))
    if offset == 0:
        codes += [code for code in asked if code not in codes and not counts.get(code)]
    sides = []
    place = offset + 1
    for code in codes:
        own = tuple(card for card in cards if card.country == code)
        sides.append(Side(code, country_word(code), _part(code, mentions), place, own))
        place += len(own)
    return sides


def _part(code: str, mentions: Sequence[Mention]) -> str:
    words = {
        "sending": _("the sending side"),
        "receiving": _("the receiving side"),
        "either": _("one of the two sides you named"),
        "nationality": _("the person's country"),
    }
    return next((words[m.part] for m in mentions if m.country == code and m.part in words), "")
