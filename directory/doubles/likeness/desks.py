"""Are two posts the same: the same institution, the same title, no other role and no other area."""

from __future__ import annotations

from directory.doubles.likeness import bodies
from directory.doubles.likeness.names import Comparison, Name, compare, parse
from directory.doubles.likeness.records import NOTHING_SHARED, Desk, Reason, Verdict

# An officer for returns and a return desk may be the same place under two words: somebody must say.
PLACES = frozenset({"officer", "desk", "unit", "department", "contact", "point", "service", "line", "hotline", "head",
                    "director", "coordinator", "specialist"})  # fmt: skip
SURE = 2


def judge_desks(
    left: Desk,
    right: Desk,
    common_lines: frozenset[str] = NOTHING_SHARED,
    *,
    houses: Verdict | None = None,
) -> Verdict:
    """One post or two. `houses`: what is known of their institutions already."""
    house = houses or bodies.judge_bodies(left.house, right.house)
    if house.answer == "different":
        return Verdict("different", (Reason("house"), *house.reasons))
    if left.role and right.role and left.role != right.role:
        return Verdict("different", (Reason("role"),))
    best = min((compare(a, b) for a in titles_of(left) for b in titles_of(right)), key=lambda found: found.weight)
    evidence = _lines(left, right, common_lines)
    if not best.is_equal:
        return _unlike(best, evidence, left, right)
    reasons = (_title_reason(best), *_role(left, right), *evidence)
    if house.answer == "ask":
        return Verdict("ask", (*reasons, Reason("maybe_house"), *house.reasons))
    reasons = (*reasons, Reason("same_house"))
    if best.loose and not evidence:
        return Verdict("ask", reasons)
    if best.typos and not evidence:
        return Verdict("ask", (Reason("spelling", ", ".join(best.typos)), *reasons))
    if _have_other_lines(left, right):
        return Verdict("ask", (*reasons, Reason("other_lines")))
    return Verdict("same", reasons)


def titles_of(desk: Desk) -> list[Name]:
    """Title and area taken apart, and each of two titles joined by a slash."""
    countries = [code for code in (desk.house.country, desk.house.host_country) if code]
    parts = [desk.title, *(desk.title.split(" / ") if " / " in desk.title else [])]
    return [parse(f"{part} {desk.area}".strip(), countries=countries) for part in parts]


def _role(left: Desk, right: Desk) -> tuple[Reason, ...]:
    return (Reason("same_role"),) if left.role and left.role == right.role else ()


def _lines(left: Desk, right: Desk, common_lines: frozenset[str]) -> tuple[Reason, ...]:
    phones, mails = left.phones & right.phones, left.mails & right.mails
    told = ["phone"] if phones - common_lines else []
    told += ["mail"] if mails - common_lines else []
    return tuple(Reason(code) for code in told)


def _have_other_lines(left: Desk, right: Desk) -> bool:
    """Both have numbers or addresses, and none in common."""
    ones, others = left.phones | left.mails, right.phones | right.mails
    return bool(ones) and bool(others) and not ones & others


def _title_reason(best: Comparison) -> Reason:
    if best.left.plain == best.right.plain:
        return Reason("same_name")
    return Reason("same_in_other_words", best.right.text)


def _unlike(best: Comparison, evidence: tuple[Reason, ...], left: Desk, right: Desk) -> Verdict:
    ones, others = best.only_left, best.only_right
    told = ", ".join(m.word for m in (*ones, *others))
    unsure = {m.key for m in (*ones, *others)} <= PLACES
    same_role = bool(left.role) and left.role == right.role
    if best.common and unsure and (ones and others) and (same_role or evidence):
        return Verdict("ask", (Reason("other_words", told), *evidence))
    if best.is_cross_language and len(best.common) >= SURE and ones and others:
        return Verdict("ask", (Reason("other_words", told), *evidence))
    names_only = all(m.group == "name" for m in (*ones, *others))
    if best.is_cross_language and names_only and (best.common or same_role or len(evidence) == SURE):
        return Verdict("ask", (Reason("other_words", told), *evidence))
    if best.common and names_only and evidence and not (ones and others):
        return Verdict("ask", (Reason("more_words", told), *evidence))
    if not best.common:
        return Verdict("different", (Reason("other_name"), *evidence))
    return Verdict("different", (Reason("word_that_matters", told), *evidence))
