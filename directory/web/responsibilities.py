"""What a post answers for, in words: short for a list, in full for its page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from directory.entries.entry import Answerability, Entry
from directory.web import current
from directory.web.translating import gettext as _
from directory.web.translating import locale_name

LEVELS = ("leads", "supports", "informed")


@dataclass(frozen=True, slots=True)
class Words:
    """One level and what it covers: `Leads`, `Return and social inclusion (SOP 4)`."""

    level: str
    what: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One procedure with its measures, each with its level and whom it is for."""

    sop: int
    name: str
    level: str
    measure: str
    measure_name: str
    limits: str


def level_word(level: str) -> str:
    """The level as a word before a colon."""
    return {"leads": _("Leads"), "supports": _("Supports"), "informed": _("Is informed")}.get(level, level)


def procedure_word(number: int) -> str:
    """`Return and social inclusion (SOP 4)`, in the reader's language."""
    sop = current.taxonomy().sop(number)
    name = sop.name_in(locale_name()) if sop else ""
    return _("%(name)s (SOP\u00a0%(number)s)", name=name, number=number).strip()


def short(entry: Entry) -> tuple[Words, ...]:
    """Level by level, the procedures a post answers for; a procedure is named once, at its highest level."""
    seen: set[int] = set()
    found = []
    for level in LEVELS:
        numbers = sorted({r.sop for r in entry.responsibilities if r.level == level} - seen)
        if numbers:
            seen.update(numbers)
            found.append(Words(level_word(level), _procedures(numbers, level, entry.responsibilities)))
    return tuple(found)


def _procedures(numbers: list[int], level: str, rows: Iterable[Answerability]) -> str:
    taxonomy = current.taxonomy()
    if len(numbers) == len(taxonomy.sops):
        return _("all procedures (SOP %(first)s to %(last)s)", first=numbers[0], last=numbers[-1])
    measures = {n: sorted({r.measure for r in rows if r.sop == n and r.level == level and r.measure}) for n in numbers}
    parts = []
    for number in numbers:
        label = procedure_word(number)
        only = measures[number] and all(r.measure for r in rows if r.sop == number and r.level == level)
        parts.append(f"{label}: {', '.join(measures[number])}" if only else label)
    return " · ".join(parts)


def audience(entry: Entry) -> str:
    """For whom, where and against what, over all responsibilities: `Children (under 18) · Cluj`."""
    rows = entry.responsibilities
    groups = dict.fromkeys(group for row in rows for group in row.target_groups)
    forms = dict.fromkeys(form for row in rows for form in row.exploitation)
    areas = dict.fromkeys(area for area in (entry.area, *(row.area for row in rows)) if area)
    return _limits(groups, forms, areas)


def _limits(groups: Iterable[str], forms: Iterable[str], areas: Iterable[str]) -> str:
    taxonomy = current.taxonomy()
    labels = [terms[key].label if key in terms else key for terms, keys in (
        (taxonomy.target_groups, groups), (taxonomy.exploitation_forms, forms)) for key in keys]  # fmt: skip
    return " · ".join([*labels, *areas])


def shared_limits(details: Sequence[Detail]) -> str:
    """For whom and where, when that is the same for everything the post answers for: said once then."""
    limits = {detail.limits for detail in details}
    return limits.pop() if len(limits) == 1 and len(details) > 1 else ""


def details(entry: Entry) -> list[Detail]:
    """Every responsibility in full, in the order of the procedures."""
    taxonomy = current.taxonomy()
    found = []
    for row in entry.responsibilities:
        sop = taxonomy.sop(row.sop)
        measure = taxonomy.measure(row.measure) if row.measure else None
        found.append(
            Detail(
                sop=row.sop,
                name=sop.name if sop else "",
                level=level_word(row.level),
                measure=row.measure or "",
                measure_name=measure.name if measure else "",
                limits=_limits(row.target_groups, row.exploitation, [row.area] if row.area else []),
            )
        )
    return found
