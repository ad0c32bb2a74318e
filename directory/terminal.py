"""What `flask ask` and the reports print: aligned, counted, with what to do next."""

from __future__ import annotations

import shutil
from datetime import datetime

from directory.config import Settings
from directory.entries.answers import Fallback, is_reachable
from directory.entries.asking import Asked
from directory.entries.entry import ContactLine, Entry
from directory.exports.words import freshness_words
from directory.registry import rules
from directory.registry.countries import KOSOVO, country_name
from directory.search.reading import Reading
from directory.sops.operations import TaxonomyChanges
from directory.sops.taxonomy import Taxonomy

SHAPES = {"confirmed": "●", "due": "●", "overdue": "◐", "unconfirmed": "○", "dormant": "○"}
WARNINGS = {
    "passport_number": "a passport or identity number",
    "birth_date_with_name": "a person's date of birth",
    "case_number": "a case number",
}


def answer_text(asked: Asked, taxonomy: Taxonomy, settings: Settings, now: datetime) -> str:
    """The answer as a small table with the reading on top."""
    question, answer = asked.question, asked.answer
    if question.is_guarded:
        found = " and ".join(WARNINGS.get(key, key) for key in question.reading.warnings)
        return f"This looks like {found}. Nothing was searched or kept.\nAsk again without it."
    lines = [reading_text(question.reading, taxonomy, settings)]
    if question.unknown:
        lines.append("No entry mentions: " + ", ".join(question.unknown))
    lines.append("")
    if answer.entries:
        shown = answer.entries
        more = answer.total - len(shown)
        tail = f"{answer.total} found" + (f", {more} more: use --limit" if more > 0 else "")
    elif answer.fallback:
        lines += [_fallback_words(answer.fallback, question.reading), ""]
        shown, tail = answer.fallback.entries, ""
    else:
        shown, tail = (
            (),
            "Nobody is listed for this. Ask for a country, a procedure or a role: who handles return in Romania",
        )
    for place, entry in enumerate(shown, 1):
        lines += [*_entry_lines(place, entry, settings, now), ""]
    if any(KOSOVO in (e.country, e.host_country) for e in shown):
        lines += [settings.kosovo_footnote, ""]
    return "\n".join([*lines, tail]).rstrip()


def reading_text(reading: Reading, taxonomy: Taxonomy, settings: Settings) -> str:
    """`Read as: Romania · SOP 4 Return and social inclusion · Return officer`."""
    parts = [country_name(code, kosovo=settings.kosovo_name) for code in reading.countries]
    parts += [f"in {country_name(code, kosovo=settings.kosovo_name)}" for code in reading.host_countries]
    parts += [f"SOP {sop.label}" for number in reading.sops if (sop := taxonomy.sop(number))]
    parts += [f"measure {measure}" for measure in reading.measures]
    for values, table in (
        (reading.roles, taxonomy.roles),
        (reading.institution_types, taxonomy.institution_types),
        (reading.target_groups, taxonomy.target_groups),
        (reading.exploitation, taxonomy.exploitation_forms),
    ):
        parts += [table[value].label for value in values if value in table]
    parts += [f"language {code}" for code in reading.languages]
    parts += ["urgent"] if reading.urgent else []
    parts += [f"“{word}”" for word in reading.words]
    return "Read as: " + (" · ".join(parts) if parts else "nothing the directory knows")


def _fallback_words(fallback: Fallback, reading: Reading) -> str:
    names = {
        "words": "these words",
        "languages": "this language",
        "exploitation": "this form of exploitation",
        "target_groups": "this group",
        "institution_types": "this kind of institution",
        "measures": "this measure",
        "host_countries": "that place",
    }
    if fallback.reason.key == "without":
        left_out = " and ".join(names[name] for name in fallback.reason.left_out)
        return f"Nobody is listed for exactly this. Without {left_out}:"
    if fallback.reason.key == "other_roles":
        return "Nobody is listed in this role. Others who answer for the same procedure:"
    if fallback.reason.key == "last_resort":
        return "Nobody is listed for this. The coordinator, the focal point or a hotline can say who:"
    return f"Nobody is listed for this. What is listed for {', '.join(reading.countries)}:"


def _entry_lines(place: int, entry: Entry, settings: Settings, now: datetime) -> list[str]:
    width = max(60, min(shutil.get_terminal_size((100, 20)).columns, 100))
    mark = "DEMO  " if entry.demo else ""
    head = f"{place:>2}  {mark}{entry.title}" + ("  (vacant)" if entry.is_vacant else "")
    state = f"{SHAPES[entry.freshness]} {freshness_words(entry)}"
    where = country_name(entry.country, kosovo=settings.kosovo_name)
    if entry.host_country:
        where += f", in {country_name(entry.host_country, kosovo=settings.kosovo_name)}"
    lines = [f"{head:<{max(20, width - len(state) - 1)}} {state}", f"    {entry.institution.name} · {where}"]
    if entry.institution.local_name:
        lines.append(f"    {entry.institution.local_name}")
    lines += [_line_text(line) for line in entry.contact_lines if line.value and line.kind not in {"postal", "fax"}]
    if is_reachable(entry, now):
        lines.append("    open now")
    return lines


def _line_text(line: ContactLine) -> str:
    label = "" if line.kind in rules.MAILS | {"web"} else line.kind.replace("_", " ")
    detail = " · ".join(part for part in (label, line.label, line.hours, " ".join(line.languages)) if part)
    return f"    {line.display:<32} {detail}".rstrip()


def taxonomy_changes_text(changes: TaxonomyChanges, *, committed: bool) -> str:
    """What a newer taxonomy adds, changes and removes, and what to do next."""
    if changes.is_empty:
        return "This version is the same as the one in force."
    lines = []
    for word, by_kind in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)):
        for kind, keys in by_kind.items():
            shown = ", ".join(keys[:8]) + (" …" if len(keys) > 8 else "")
            lines.append(f"{word:<8} {len(keys):>4} {kind.replace('_', ' '):<20} {shown}")
    for role, count in changes.kept_roles.items():
        lines.append(f"kept     role {role}: {count} posts still hold it; give them another role")
    lines.append("In force now." if committed else "Nothing was changed. Add --commit to put it in force.")
    return "\n".join(lines)
