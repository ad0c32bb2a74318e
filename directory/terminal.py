"""What `flask ask` and the reports print: aligned, counted, with what to do next."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime

from directory.config import Settings
from directory.entries.answers import is_reachable
from directory.entries.asking import Asked
from directory.entries.entry import ContactLine, Entry
from directory.exports.words import fallback_words, filter_words, freshness_words
from directory.registry import rules
from directory.registry.countries import KOSOVO, country_name
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
    lines = ["Read as: " + filter_words(question.reading, taxonomy, kosovo=settings.kosovo_name)]
    if question.unknown:
        lines.append("No entry here mentions: " + ", ".join(question.unknown))
    more = answer.total - len(answer.entries)
    lines += ["", *_numbered(answer.entries, settings, now)]
    if answer.entries:
        lines += [f"{answer.total} found" + (f", {more} more: use --limit" if more else ""), ""]
    if answer.fallback:
        lines += [fallback_words(answer.fallback.reason.key, answer.fallback.reason.left_out), ""]
        lines += _numbered(answer.fallback.entries, settings, now)
    elif not answer.entries:
        lines.append("Nobody is listed for this. Ask like this: who handles return in Romania")
    shown = [*answer.entries, *(answer.fallback.entries if answer.fallback else ())]
    if any(KOSOVO in (entry.country, entry.host_country) for entry in shown):
        lines.append(settings.kosovo_footnote)
    return "\n".join(lines).rstrip()


def _numbered(entries: Sequence[Entry], settings: Settings, now: datetime) -> list[str]:
    return [text for place, entry in enumerate(entries, 1) for text in (*_entry_lines(place, entry, settings, now), "")]


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
