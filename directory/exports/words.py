"""Plain phrases that cards, sheets, JSON and terminal share: freshness, kinds of lines, hours, languages, filters.

English only: what is written here travels in files and into other software. Pages translate their own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import chain
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date

from directory.entries.entry import Answerability, ContactLine, Entry
from directory.registry import rules
from directory.registry.countries import KOSOVO, country_name
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy, Term

KIND_LABELS = {
    "hotline": "Hotline",
    "phone": "Phone",
    "duty_phone": "Duty phone",
    "direct_phone": "Direct line",
    "mobile": "Mobile",
    "intake_phone": "Intake line",
    "fax": "Fax",
    "email": "Mail",
    "secure_mail": "Encrypted mail",
    "web": "Website",
    "postal": "Address",
}
LEVELS = {"leads": "Leads", "supports": "Supports", "informed": "Is informed"}
# How a confirmation came in, as it stands after "Confirmed".
METHODS = {
    "signed_in": "by the owner",
    "letter": "by the owner",
    "link": "by the owner",
    "owner": "by the owner",
    "call": "in a call with read-back",
    "signed_letter": "by a signed letter",
    "drill_call": "in a test call",
    "drill_message": "in a test message",
}
# What the answer leaves out when nobody is listed for the question as read (answers.Reason.left_out).
LEFT_OUT = {
    "words": "the remaining words",
    "languages": "the language",
    "exploitation": "the form of exploitation",
    "target_groups": "the group of people",
    "institution_types": "the kind of institution",
    "measures": "the measure",
    "host_countries": "the place",
}
_DAYS = {"Mo": "Mon", "Tu": "Tue", "We": "Wed", "Th": "Thu", "Fr": "Fri", "Sa": "Sat", "Su": "Sun"}
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
# Controls, byte-order marks, and the marks that turn the direction of text: they could show a number backwards.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def plain_line(text: str) -> str:
    """The text on one line: breaks become a blank, control and direction marks go, ends are trimmed."""
    if text.isprintable():  # then there is none of them
        return text.strip()
    return _SURROGATES.sub("\ufffd", _UNSEEN.sub("", _BREAKS.sub(" ", text))).strip()


def day_words(day: date | datetime | None) -> str:
    """`12 November 2026`; empty for none. The day of an instant is the one in UTC, as for freshness."""
    if day is None:
        return ""
    plain = day.astimezone(UTC).date() if isinstance(day, datetime) else day
    return format_date(plain, "d MMMM y", locale="en")


def moment_words(moment: datetime) -> str:
    """`24 November 2026, 21:30 UTC`."""
    return f"{day_words(moment)}, {moment.astimezone(UTC):%H:%M} UTC"


def local_moment_words(moment: datetime, zone: str) -> str:
    """`24 November 2026, 22:30 in Vienna`; empty where that is the same as UTC."""
    if zone in {"", "UTC"}:
        return ""
    local = moment.astimezone(ZoneInfo(zone))
    place = zone.rpartition("/")[2].replace("_", " ")
    return f"{format_date(local.date(), 'd MMMM y', locale='en')}, {local:%H:%M} in {place}"


def is_unconfirmed(entry: Entry) -> bool:
    """So long without a confirmation that its name has to say so."""
    return entry.freshness in {"unconfirmed", "dormant"}


def freshness_words(entry: Entry) -> str:
    """`Confirmed by the owner on 12 November 2026`, or since when it is not and what to do about it."""
    if entry.confirmed_at is None:
        return "Never confirmed by its owner: check before you rely on it"
    if entry.freshness in {"confirmed", "due"}:
        by = METHODS.get(entry.method or "", "")
        return " ".join(part for part in ("Confirmed", by, "on", day_words(entry.confirmed_at)) if part)
    return f"Not confirmed since {day_words(entry.confirmed_at)}: check before you rely on it"


def travelling_lines(entry: Entry) -> list[ContactLine]:
    """The lines that may leave in a file: never a restricted one, whatever the viewer may reveal."""
    return [
        line
        for line in entry.contact_lines
        if line.value and line.field_class != "restricted" and line.kind not in rules.RESTRICTED
    ]


def hours_words(text: str) -> str:
    """`day and night`, or `Mon–Fri 08:00–16:00, Sat 09:00–12:00`."""
    if text.strip() == "24/7":
        return "day and night"
    named = re.sub(r"\b(Mo|Tu|We|Th|Fr|Sa|Su)\b", lambda found: _DAYS[found[0]], plain_line(text))
    return re.sub(r"(?<=\w)-(?=\w)", "–", re.sub(r"\s*;\s*", ", ", named))


@lru_cache(maxsize=512)
def language_name(code: str) -> str:
    """`Romanian` for `ro`; the code itself where the name is not known."""
    return str(Locale("en").languages.get(code.replace("-", "_")) or plain_line(code))


def line_words(line: ContactLine) -> str:
    """What one has to know of a line beside its value: its label, hours with the zone, languages."""
    hours = hours_words(line.hours)
    if hours and line.timezone and hours != "day and night":
        hours = f"{hours} ({line.timezone.rpartition('/')[2].replace('_', ' ')} time)"
    tongues = ", ".join(language_name(code) for code in line.languages)
    return " · ".join(part for part in (plain_line(line.label), hours, tongues) if part)


def responsibility_words(part: Answerability, taxonomy: Taxonomy) -> str:
    """`Leads SOP 4 Return and social inclusion, measure 4.3 Travel documents: children (Cluj)`."""
    sop = taxonomy.sop(part.sop)
    measure = taxonomy.measure(part.measure) if part.measure else None
    words = f"{LEVELS.get(part.level, part.level)} SOP {sop.label if sop else part.sop}"
    if part.measure:
        words += f", measure {part.measure} {measure.name if measure else ''}".rstrip()
    whom = [
        *labels(part.target_groups, taxonomy.target_groups),
        *labels(part.exploitation, taxonomy.exploitation_forms),
    ]
    if whom:
        words += f": {', '.join(whom)}"
    return words + (f" ({plain_line(part.area)})" if part.area else "")


def labels(ids: Iterable[str], terms: Mapping[str, Term]) -> list[str]:
    """The labels of these ids; an id the taxonomy no longer knows stands for itself."""
    return [terms[term_id].label if term_id in terms else term_id for term_id in ids]


def names_kosovo(entry: Entry) -> bool:
    """Kosovo is named in the entry, so its footnote has to stand with it."""
    return KOSOVO in {entry.country, entry.host_country, *entry.serves}


def filter_words(reading: Reading, taxonomy: Taxonomy, *, kosovo: str = "Kosovo*") -> str:
    """The filter of a file in words: `Romania · 4 Return and social inclusion`; `everything` where there is none."""
    parts: list[Sequence[str]] = [
        [country_name(code, kosovo=kosovo) for code in reading.countries],
        [f"in {country_name(code, kosovo=kosovo)}" for code in reading.host_countries],
        [f"SOP {sop.label}" for number in reading.sops if (sop := taxonomy.sop(number))],
        [f"measure {measure}" for measure in reading.measures],
        labels(reading.roles, taxonomy.roles),
        labels(reading.institution_types, taxonomy.institution_types),
        labels(reading.target_groups, taxonomy.target_groups),
        labels(reading.exploitation, taxonomy.exploitation_forms),
        [language_name(code) for code in reading.languages],
        ["urgent"] if reading.urgent else [],
        [f"“{plain_line(word)}”" for word in reading.words],
    ]
    return " · ".join(chain.from_iterable(parts)) or "everything"


def fallback_words(key: str, left_out: Sequence[str] = ()) -> str:
    """Why other entries are shown than those asked for (the key and parts of answers.Reason)."""
    if key == "without":
        without = " and ".join(LEFT_OUT.get(name, name) for name in left_out)
        return f"Nobody is listed for exactly this. These are listed without {without}."
    sentences = {
        "other_roles": "Nobody is listed in that role. These answer for the same procedure there.",
        "last_resort": "Nobody is listed for this. Ask the country's coordinator, focal point or hotline.",
        "country_only": "Nobody is listed for this. These are the entries of the country.",
    }
    return sentences.get(key, "Nobody is listed for exactly this. These come nearest.")
