"""The reading as chips: what was understood, each removable by a link to the address without it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy
from directory.web.readings import reading_to_args
from directory.web.translating import gettext as _
from directory.web.words import country_word, language_word


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing understood: its parameter, its words, its kind in words, the address of the answer without it."""

    parameter: str
    label: str
    kind: str
    without: str


def chips_of(reading: Reading, taxonomy: Taxonomy) -> list[Chip]:
    """The chips of a reading, in the order of the reading's fields. A type that a role implies has none of its own."""
    args = reading_to_args(reading)
    said = taxonomy.said_types(reading.institution_types, reading.roles)
    chips = []
    for place, (name, value) in enumerate(args):
        if name == "type" and value not in said:
            continue
        rest = args[:place] + args[place + 1 :]
        if name == "role":
            implied = taxonomy.paired_types.get(value, ())
            rest = [arg for arg in rest if arg[0] != "type" or arg[1] in said or arg[1] not in implied]
        label, kind = _words(name, value, taxonomy)
        chips.append(Chip(name, label, kind, f"/entries?{urlencode(rest)}" if rest else "/entries"))
    return chips


def _words(name: str, value: str, taxonomy: Taxonomy) -> tuple[str, str]:
    if name in {"country", "host"}:
        return country_word(value), _("Country") if name == "country" else _("Where it sits")
    if name == "sop":
        sop = taxonomy.sop(int(value))
        return _("%(name)s (SOP\u00a0%(number)s)", name=sop.name if sop else "", number=value), _("Procedure")
    if name == "measure":
        measure = taxonomy.measure(value)
        return f"{value} {measure.name if measure else ''}".strip(), _("Measure")
    if name == "language":
        return language_word(value), _("Language")
    if name == "urgent":
        return _("Urgent"), _("Lines answered day and night first")
    if name == "words":
        return f"“{value}”", _("Words")
    terms = {
        "role": (taxonomy.roles, _("Role")),
        "type": (taxonomy.institution_types, _("Kind of institution")),
        "group": (taxonomy.target_groups, _("For")),
        "exploitation": (taxonomy.exploitation_forms, _("Form of exploitation")),
    }
    table, kind = terms[name]
    return (table[value].label if value in table else value), kind
