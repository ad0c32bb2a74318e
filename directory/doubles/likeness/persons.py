"""Are two officials the same person: names in any order and script, with initials, patronymics and a second surname.

The same name is never enough by itself: in another institution it may be somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from directory.doubles.likeness import bodies
from directory.doubles.likeness.records import NOTHING_SHARED, Person, Reason, Verdict
from directory.doubles.likeness.words import script_of
from directory.search.folding import skeleton, split_words

TITLES = frozenset({
    "dr", "prof", "mag", "mgr", "ing", "mba", "ma", "msc", "phd", "phdr", "judr", "mudr", "rndr", "bc", "ba",
    "dipl", "av", "avv", "dott", "dottssa", "doc", "dkfm", "mr", "mrs", "ms", "miss", "herr", "frau", "gospodin",
    "gospoda", "gda", "sc", "jur", "ll", "llm", "sig", "sra", "doamna", "domnul", "dl", "dna", "kapitan",
    "captain", "col", "maj", "lt",
})  # fmt: skip
CLOSE = 85


def judge_persons(
    left: Person,
    right: Person,
    common_lines: frozenset[str] = NOTHING_SHARED,
    *,
    houses: Verdict | None = None,
) -> Verdict:
    """One person or two."""
    ones, others = words_of(left.name), words_of(right.name)
    matched, initials, only_left, only_right = _paired(ones, others)
    own = _own_lines(left, right, common_lines)
    house = houses or _houses(left, right)
    if only_left and only_right:
        return _unlike(left, right, matched, only_left, only_right, own)
    if not matched or len(matched) + len(initials) < 2:
        return Verdict("different", (Reason("other_name"),))
    extra = only_left or only_right
    if extra or initials:
        first = Reason("further_name", " ".join(extra)) if extra else Reason("initial", ", ".join(initials))
        return _near(first, own, house)
    return _full(left, right, own, house)


def words_of(name: str) -> list[str]:
    """The name's words without titles, one spelling for every script."""
    return [skeleton(word) or word for word in split_words(name) if word not in TITLES or len(name.split()) < 2]


def _paired(ones: Sequence[str], others: Sequence[str]) -> tuple[list[str], list[str], list[str], list[str]]:
    """Words that are the same, initials that fit, and what is left on either side."""
    left, right = list(ones), list(others)
    matched = []
    for word in list(left):
        if word in right:
            matched.append(word)
            left.remove(word)
            right.remove(word)
    initials = []
    for word in list(left):
        twin = next((w for w in right if w[0] == word[0] and 1 in {len(w), len(word)}), None)
        if twin is not None:
            initials.append(max(word, twin, key=len))
            left.remove(word)
            right.remove(twin)
    return matched, initials, left, right


def _own_lines(left: Person, right: Person, common_lines: frozenset[str]) -> tuple[Reason, ...]:
    """Ways in that are one person's alone: a mail address must speak of the name, a phone may be the switchboard."""
    mails = {m for m in (left.mails & right.mails) - common_lines if _speaks_of(m, left) and _speaks_of(m, right)}
    return (Reason("mail"),) if mails else ()


def _speaks_of(mail: str, person: Person) -> bool:
    local = skeleton(mail.partition("@")[0])
    return any(len(word) >= 3 and word in local for word in words_of(person.name))


def _houses(left: Person, right: Person) -> Verdict | None:
    if left.house is None or right.house is None:
        return None
    return bodies.judge_bodies(left.house, right.house)


def _full(left: Person, right: Person, own: tuple[Reason, ...], house: Verdict | None) -> Verdict:
    is_plain = left.name.casefold() == right.name.casefold()
    name = Reason("same_name") if is_plain else Reason("same_in_other_words", right.name)
    if own:
        return Verdict("same", (name, *own))
    if house is not None and house.answer == "same":
        return Verdict("same", (name, Reason("same_house")))
    return Verdict(
        "ask", (name, Reason("namesake") if house is None or house.answer == "different" else Reason("maybe_house"))
    )


def _near(first: Reason, own: tuple[Reason, ...], house: Verdict | None) -> Verdict:
    if own:
        return Verdict("same", (first, *own))
    if house is not None and house.answer == "different":
        return Verdict("different", (first, Reason("house")))
    return Verdict("ask", (first, *((Reason("same_house"),) if house and house.answer == "same" else ())))


def _unlike(
    left: Person,
    right: Person,
    matched: Sequence[str],
    only_left: Sequence[str],
    only_right: Sequence[str],
    own: tuple[Reason, ...],
) -> Verdict:
    told = f"{' '.join(only_left)} – {' '.join(only_right)}"
    scripts = script_of(left.name) != script_of(right.name)
    close = all(max(fuzz.ratio(a, b) for b in only_right) >= CLOSE for a in only_left)
    if own and matched:
        return Verdict("ask", (Reason("surname", told), *own))
    if scripts and close and len(only_left) == len(only_right):
        return Verdict("ask", (Reason("spelling", told),))
    return Verdict("different", (Reason("first_name", told),))
