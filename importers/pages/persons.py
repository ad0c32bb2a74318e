"""Whether the person a doubtful row names may hold the entry it looks like: a hint, never a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from directory.doubles.likeness.persons import judge_persons
from directory.doubles.likeness.records import Person
from directory.doubles.namesakes import ONE_HOUSE
from directory.entries import answers
from directory.web import current, quotas
from directory.web.double_words import answer_word, reason_words
from directory.web.translating import gettext as _


def holders_of(lines: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """For each entry that a row with a person may be its holder, where whoever looks may see the name."""
    ids = {one["id"] for line in lines if line.get("official") for one in line.get("candidates", ())}
    if not ids:
        return {}
    found = [entry for entry in answers.entries_with(sorted(ids), current.desk()) if entry.official]
    quotas.give(found, path="page")
    return {entry.id: entry.official for entry in found if entry.official}


def person_words(named: str, holder: str) -> str:
    """The verdict with its reasons; empty where there is nobody to compare."""
    if not (named and holder):
        return ""
    verdict = judge_persons(Person(named), Person(holder), houses=ONE_HOUSE)
    told = "; ".join([answer_word(verdict.answer), *(reason_words(one) for one in verdict.reasons)])
    return _("the person: %(verdict)s", verdict=told)
