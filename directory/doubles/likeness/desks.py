"""Are two posts the same: the same institution, the same title, no other role and no other area."""

from __future__ import annotations

from directory.doubles.likeness import bodies
from directory.doubles.likeness.names import Name, names_of, parse
from directory.doubles.likeness.records import NOTHING_SHARED, Desk, Reason, Verdict
from directory.doubles.likeness.sides import Comparison, compare

# An officer for returns and a return desk may be the same place under two words: somebody must say.
PLACES = frozenset({"officer", "desk", "unit", "department", "contact", "point", "service", "hotline", "head",
                    "directorate", "coordinator", "specialist"})  # fmt: skip
# A title that needs no further word: who is on duty is the duty officer.
SAID_ALONE = frozenset({"duty", "consular", "hotline"})
UNTOLD = frozenset({"acting", "former"})  # of the one who holds the post, not of the post
# Words that make another post of it in any language.
TOLD = frozenset({"deputy", "assistant", "acting", "former", "secretary", "trainee"})
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
    is_bare = {m.key for m in best.common} <= {"head"} and best.left.plain != best.right.plain
    if best.kin or is_bare or (best.loose and not evidence):
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
    rest = (*ones, *others)
    told = ", ".join(m.word for m in rest)
    same_role = bool(left.role) and left.role == right.role
    if best.common and not (ones and others):
        if {m.key for m in rest} <= _of_houses(left, right) | UNTOLD:
            return Verdict("ask", (Reason("more_words", told), *evidence))
        if _may_be_left_out(best, evidence, is_known=same_role):
            return Verdict("ask", (Reason("more_words", told), *evidence))
    is_one_role = same_role and best.is_cross_language and not any(m.key in TOLD or m.group == "number" for m in rest)
    if is_one_role or _may_be_other_words(best, evidence, same_role=same_role):
        return Verdict("ask", (Reason("other_words", told), *evidence))
    if not best.common:
        return Verdict("different", (Reason("other_name"), *evidence))
    return Verdict("different", (Reason("word_that_matters", told), *evidence))


def _of_houses(left: Desk, right: Desk) -> set[str]:
    """What the institution is called already: a title may say it again."""
    return {key for desk in (left, right) for name in names_of(desk.house) for key in name.meanings}


def _may_be_left_out(best: Comparison, evidence: tuple[Reason, ...], *, is_known: bool) -> bool:
    rest = {m.key for m in (*best.only_left, *best.only_right)}
    names_only = all(m.group == "name" for m in (*best.only_left, *best.only_right))
    is_duty = any(m.key in SAID_ALONE for m in best.common)
    return bool((evidence or is_known) and names_only) or (rest <= PLACES and (is_duty or bool(evidence) or is_known))


def _may_be_other_words(best: Comparison, evidence: tuple[Reason, ...], *, same_role: bool) -> bool:
    ones, others = best.only_left, best.only_right
    if not (ones and others):
        names_only = all(m.group == "name" for m in (*ones, *others))
        return best.is_cross_language and names_only and bool(best.common or same_role or len(evidence) == SURE)
    is_place = {m.key for m in (*ones, *others)} <= PLACES
    if best.common and is_place and (same_role or evidence):
        return True
    if best.is_cross_language and len(best.common) >= SURE:
        return True
    names_only = all(m.group == "name" for m in (*ones, *others))
    return best.is_cross_language and names_only and bool(best.common or same_role or len(evidence) == SURE)
