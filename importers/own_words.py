"""The directory's own plain phrases back to what they say: responsibilities, hours, languages, as its files write them.

Exports speak English sentences so that people can read them. What does not fit them exactly is left as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

from directory.registry.hours import BadHours, read_hours
from directory.registry.values import BadValue
from directory.sops.taxonomy import Taxonomy, build, read_file
from importers.cleaners import read_language
from importers.records import RowAnswer, RowLine

LEVELS = {"Leads": "leads", "Supports": "supports", "Is informed": "informed"}
KINDS = {
    "Hotline": "hotline",
    "Phone": "phone",
    "Fax": "fax",
    "Mail": "email",
    "Encrypted mail": "secure_mail",
    "Website": "web",
    "Address": "postal",
}
PARTED = " | "
_WITHIN = " · "
_DAYS = {"Mon": "Mo", "Tue": "Tu", "Wed": "We", "Thu": "Th", "Fri": "Fr", "Sat": "Sa", "Sun": "Su"}
_ZONE = re.compile(r"(.*) \((.+) time\)")


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a line beside its value."""

    label: str = ""
    hours: str = ""
    timezone: str = ""
    languages: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def _taxonomy() -> Taxonomy:
    return build(read_file())


@lru_cache(maxsize=1)
def _beginnings() -> Mapping[str, tuple[str, str, str]]:
    """Every way such a sentence can begin: level, SOP and measure by the words for them."""
    found: dict[str, tuple[str, str, str]] = {}
    for said, level in LEVELS.items():
        for sop in _taxonomy().sops:
            start = f"{said} SOP {sop.label}"
            found[start] = level, str(sop.id), ""
            for measure in sop.measures:
                found[f"{start}, measure {measure.id} {measure.name}"] = level, str(sop.id), measure.id
    return found


def answer_of(sentence: str) -> RowAnswer | None:
    """The responsibility that `Leads SOP 4 …, measure 4.3 …: children (Cluj)` speaks of; None where it is none."""
    text = sentence.strip().removesuffix(".")
    fitting = (start for start in _beginnings() if text.startswith(start))
    start = max(fitting, key=len, default=None)
    if start is None:
        return None
    level, sop, measure = _beginnings()[start]
    rest = text.removeprefix(start)
    groups: list[str] = []
    forms: list[str] = []
    if rest.startswith(": "):
        groups, forms, rest = _whom(rest.removeprefix(": "))
    area = rest.strip()
    if area and not (area.startswith("(") and area.endswith(")")):
        return None
    return RowAnswer(sop, measure, level, area[1:-1], tuple(groups), tuple(forms))


def _whom(text: str) -> tuple[list[str], list[str], str]:
    """Labels from the beginning of the text, as ids, and what is left."""
    kinds = (_taxonomy().target_groups, _taxonomy().exploitation_forms)
    found: tuple[list[str], list[str]] = ([], [])
    while True:
        terms = [(term.label, place, term.id) for place, kind in enumerate(kinds) for term in kind.values()]
        candidates = [term for term in terms if text.startswith(term[0])]
        if not candidates:
            return found[0], found[1], text
        label, place, term = max(candidates, key=lambda item: len(item[0]))
        found[place].append(term)
        text = text.removeprefix(label)
        if not text.startswith(", "):
            return found[0], found[1], text
        text = text.removeprefix(", ")


def about_of(text: str) -> About:
    """`Press desk · Mon–Fri 08:00–16:00 (Tirane time) · Romanian`, taken apart from the end."""
    parts = text.split(_WITHIN) if text else []
    languages: tuple[str, ...] = ()
    hours = timezone = ""
    if parts and (codes := _languages(parts[-1])):
        languages = codes
        parts.pop()
    if parts and (found := _hours(parts[-1])):
        hours, timezone = found
        parts.pop()
    return About(_WITHIN.join(parts), hours, timezone, languages)


def _languages(text: str) -> tuple[str, ...]:
    try:
        return tuple(read_language(name) for name in text.split(", "))
    except BadValue:
        return ()


def _hours(text: str) -> tuple[str, str] | None:
    if text == "day and night":
        return "24/7", ""
    zoned = _ZONE.fullmatch(text)
    plain, place = (zoned[1], zoned[2]) if zoned else (text, "")
    for long, short in _DAYS.items():
        plain = re.sub(rf"\b{long}\b", short, plain)
    plain = plain.replace("–", "-").replace(", ", "; ")
    try:
        read_hours(plain)
    except BadHours:
        return None
    return plain, _zones().get(place, "")


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """Zones by the name of their city; of two the one that is no old name of the other."""
    return {zone.rpartition("/")[2].replace("_", " "): zone for zone in sorted(available_timezones(), reverse=True)}


def lines_of(kind: str, values: str, about: str, *, column: str, published: bool) -> Iterator[RowLine]:
    """The lines in a cell, each with what the cell beside it says of it."""
    # A cell's ends are trimmed, so that nothing said of the first value leaves a sign without its blank.
    told: Sequence[str] = f" {about} ".split(PARTED) if about else []
    for place, value in enumerate(filter(None, values.split(PARTED))):
        more = about_of(told[place].strip() if place < len(told) else "")
        text = value.replace(" / ", "\n") if kind == "postal" else value
        yield RowLine(kind, text, column, more.label, more.hours, more.timezone, more.languages, published)


def answers_of(sentences: Iterable[str]) -> tuple[list[RowAnswer], list[str]]:
    """The responsibilities, and the sentences that are none."""
    found = [(sentence, answer_of(sentence)) for sentence in sentences if sentence.strip()]
    return [answer for _, answer in found if answer], [sentence for sentence, answer in found if not answer]
