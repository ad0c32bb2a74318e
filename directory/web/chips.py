"""The reading as chips: what was understood, each removable by a link to the address without it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from babel import Locale
from flask_babel import gettext as _

from directory.registry.countries import country_name
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy
from directory.web import current
from directory.web.readings import reading_to_args


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing understood: its words, its kind in words, and the address of the answer without it."""

    label: str
    kind: str
    without: str


def chips_of(reading: Reading, taxonomy: Taxonomy, locale: str = "en") -> list[Chip]:
    """The chips of a reading, in the order of the reading's fields."""
    args = reading_to_args(reading)
    chips = []
    for place, (name, value) in enumerate(args):
        rest = args[:place] + args[place + 1 :]
        label, kind = _words(name, value, taxonomy, locale)
        chips.append(Chip(label, kind, f"/entries?{urlencode(rest)}" if rest else "/entries"))
    return chips


def _words(name: str, value: str, taxonomy: Taxonomy, locale: str) -> tuple[str, str]:
    if name in {"country", "host"}:
        label = country_name(value, kosovo=current.site().settings.kosovo_name)
        return label, _("Country") if name == "country" else _("Where it sits")
    if name == "sop":
        sop = taxonomy.sop(int(value))
        return _("%(name)s (SOP %(number)s)", name=sop.name if sop else "", number=value), _("Procedure")
    if name == "measure":
        measure = taxonomy.measure(value)
        return f"{value} {measure.name if measure else ''}".strip(), _("Measure")
    if name == "language":
        return Locale("en").languages.get(value, value), _("Language")
    if name == "urgent":
        return _("Urgent"), _("Duty lines first")
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
