"""Are two officials the same person: names in any order and script, with initials, patronymics and a second surname.

The same name is never enough by itself: in another institution it may be somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from directory.doubles.likeness import bodies
from directory.doubles.likeness.records import NOTHING_SHARED, Person, Reason, Verdict
from directory.doubles.likeness.words import around_persons, script_of
from directory.search.folding import skeleton, split_words

_BRACKETED = re.compile(r"\([^()]*\)")
_DOUBLED = re.compile(r"(.)\1+")
_ACADEMIC = re.compile(r"\bMag\.?\s?a\b\.?", re.IGNORECASE)
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
    generations = (_generation(left.name), _generation(right.name))
    told_apart = Reason("further_name", " – ".join(filter(None, generations)))
    if all(generations) and generations[0] != generations[1]:
        return Verdict("different", (told_apart,))
    matched, initials, only_left, only_right = _paired(ones, others)
    _unite(matched, only_left, only_right, _has_hard_g(left, right))
    own = _own_lines(left, right, common_lines)
    house = houses or _houses(left, right)
    if only_left and only_right:
        return _unlike(left, right, matched, only_left, only_right, own, house)
    if not matched or len(matched) + len(initials) < 2:
        return Verdict("different", (Reason("other_name"),))
    extra = only_left or only_right
    if extra or initials:
        first = Reason("further_name", " ".join(extra)) if extra else Reason("initial", ", ".join(initials))
        return _near(first, own, house)
    if generations[0] != generations[1]:
        return _near(told_apart, (), house)
    return _full(left, right, own, house)


def words_of(name: str) -> list[str]:
    """The name's words without titles, one spelling for every script; what stands in brackets falls away."""
    plain = _ACADEMIC.sub(" ", _BRACKETED.sub(" ", name))
    words = split_words(plain) or split_words(name)
    around = around_persons()
    aside = around.titles | around.elder | around.younger
    return [skeleton(word) or word for word in words if word not in aside or len(words) < 2]


def _generation(name: str) -> str:
    words, around = set(split_words(name)), around_persons()
    return "sen." if words & around.elder else "jun." if words & around.younger else ""


def _has_hard_g(left: Person, right: Person) -> bool:
    """One of the names is Ukrainian in Cyrillic, whose г is written g or h."""
    countries = {person.house.country for person in (left, right) if person.house}
    is_read = script_of(left.name) != script_of(right.name)
    return is_read and ("UA" in countries or any(letter in "іїєґІЇЄҐ" for letter in left.name + right.name))


def _unite(matched: list[str], only_left: list[str], only_right: list[str], has_hard_g: bool) -> None:
    """Takes out what is one name written in one word and in two, or with another letter for one sound."""
    if only_left and only_right and "".join(only_left) == "".join(only_right):
        matched += only_left
        only_left.clear()
        only_right.clear()
    for word in list(only_left) if has_hard_g else ():
        twin = next((other for other in only_right if _soft(other) == _soft(word)), None)
        if twin is not None:
            matched.append(word)
            only_left.remove(word)
            only_right.remove(twin)


def _soft(word: str) -> str:
    return word.replace("g", "h").replace("hh", "h")


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
    if _are_doubled_otherwise(left.name, right.name):
        return Verdict("ask", (Reason("spelling", right.name),))
    if house is not None and house.answer == "same":
        return Verdict("same", (name, Reason("same_house")))
    return Verdict(
        "ask", (name, Reason("namesake") if house is None or house.answer == "different" else Reason("maybe_house"))
    )


def _are_doubled_otherwise(left: str, right: str) -> bool:
    """In one script a doubled letter may be another name: Béla and Bella."""
    if script_of(left) != script_of(right):
        return False
    ones, others = sorted(split_words(left)), sorted(split_words(right))
    return ones != others and [_DOUBLED.sub(r"\1", w) for w in ones] == [_DOUBLED.sub(r"\1", w) for w in others]


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
    house: Verdict | None,
) -> Verdict:
    told = f"{' '.join(only_left)} – {' '.join(only_right)}"
    scripts = script_of(left.name) != script_of(right.name)
    close = all(max(fuzz.ratio(a, b) for b in only_right) >= CLOSE for a in only_left)
    rest = {*only_left, *only_right}
    variants = len(only_left) == len(only_right) == 1 and any(rest <= names for names in around_persons().first_names)
    if variants and matched and (house is None or house.answer != "different"):
        return Verdict("ask", (Reason("spelling", told), *own))
    if own and matched:
        return Verdict("ask", (Reason("surname", told), *own))
    is_he_and_she = any(f"{a}a" == b or f"{b}a" == a for a in only_left for b in only_right)
    if scripts and close and not is_he_and_she and len(only_left) == len(only_right):
        return Verdict("ask", (Reason("spelling", told),))
    return Verdict("different", (Reason("first_name", told),))
