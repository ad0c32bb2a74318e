"""Whom an entry is for: pure functions over the target groups of its responsibilities and of a question.

A responsibility that names no group of a kind is for all of that kind: one for `children` alone is for boys and girls,
one without groups is for everybody. A question about boys wants `children` *and* `male`, never one of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from directory.entries.entry import Answerability

AGES = ("adults", "children")
SEXES = ("female", "male")
# An unaccompanied child is a child to whoever answers for children.
AS_CHILDREN = frozenset({"children", "unaccompanied_children"})


def covered(responsibilities: Iterable[Answerability]) -> set[str]:
    """Every age, sex and pair of both that is answered for, also by procedure: `children`, `4:children/male` …"""
    found: set[str] = set()
    for part in responsibilities:
        combinations = _combinations(part.target_groups)
        found |= combinations
        found |= {f"{part.sop}:{combination}" for combination in combinations}
    return found


def forms_covered(responsibilities: Sequence[Answerability], all_forms: Iterable[str]) -> set[str]:
    """The forms of exploitation answered for; all of them where a responsibility names none."""
    if any(not part.exploitation for part in responsibilities):
        return set(all_forms)
    return {form for part in responsibilities for form in part.exploitation}


def wanted(groups: Iterable[str], sops: Sequence[int]) -> tuple[str, ...]:
    """What must be covered for a question about these groups: alternatives, narrowed to its procedures."""
    asked = set(groups)
    if asked & AS_CHILDREN:
        asked.add("children")
    ages, sexes = [age for age in AGES if age in asked], [sex for sex in SEXES if sex in asked]
    if not ages and not sexes:
        return ()
    combinations = ["/".join(pair) for pair in product(ages, sexes)] or ages or sexes
    return tuple(f"{sop}:{c}" for sop in sops for c in combinations) if sops else tuple(combinations)


def special(groups: Iterable[str]) -> tuple[str, ...]:
    """Groups that only count where an entry names them: families, persons with disabilities …"""
    return tuple(group for group in groups if group not in {*AGES, *SEXES, *AS_CHILDREN})


def named_count(responsibilities: Iterable[Answerability], groups: Iterable[str], forms: Iterable[str]) -> int:
    """How many of the groups and forms asked about an entry names itself: it knows them best."""
    named = {value for part in responsibilities for value in (*part.target_groups, *part.exploitation)}
    return len(named & {*groups, *forms})


def _combinations(groups: Sequence[str]) -> set[str]:
    named = set(groups)
    if named & AS_CHILDREN:
        named.add("children")
    ages = [age for age in AGES if age in named] or list(AGES)
    sexes = [sex for sex in SEXES if sex in named] or list(SEXES)
    return {*ages, *sexes, *("/".join(pair) for pair in product(ages, sexes))}
