"""Two names side by side: what they share, and which words stand in one of them only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA

from directory.doubles.likeness.names import Name, are_two_languages, stands_for
from directory.doubles.likeness.words import Meaning, are_kin, is_ending, meanings

# Words that a name may have or lack without being another's.
WEAK = frozenset(
    {"affairs", "persons", "human", "organization", "institution", "combating", "point", "nations", "force"}
)
LONG, LONGER = 6, 10
BEGINNING = 3
SHORTEST_STEM = 4
_VOWELS = str.maketrans("", "", "aeiou")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two names share, what only one has, and how sure that is.

    `loose`: words of one language that mean much the same; `kin`: words two translators may have chosen for one thing.
    `short`: the short name that one of them uses.
    """

    left: Name
    right: Name
    common: tuple[Meaning, ...]
    only_left: tuple[Meaning, ...]
    only_right: tuple[Meaning, ...]
    typos: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    kin: tuple[str, ...] = ()
    short: str = ""
    is_cross_language: bool = False

    @property
    def is_equal(self) -> bool:
        """Nothing that counts stands in one of them only."""
        return not (self.only_left or self.only_right) and bool(self.common)

    @property
    def is_doubtful(self) -> bool:
        """One of them was called so once, or is only one of two names in one field."""
        return self.left.is_doubtful or self.right.is_doubtful

    @property
    def weight(self) -> tuple[int, int, int, int]:
        """The smaller, the closer."""
        both = bool(self.only_left) and bool(self.only_right)
        more = len(self.only_left) + len(self.only_right) + 2 * both
        return (more, self.is_doubtful, len(self.typos) + len(self.kin) + len(self.loose), -len(self.common))


def compare(left: Name, right: Name) -> Comparison:
    """Two names side by side."""
    left, short = _spelt_out(left, right)
    right, other_short = _spelt_out(right, left)
    common = [meaning for key, meaning in left.meanings.items() if key in right.meanings]
    ones = [m for key, m in left.meanings.items() if key not in right.meanings]
    others = [m for key, m in right.meanings.items() if key not in left.meanings]
    loose = _loosely_alike(left, right)
    is_cross = are_two_languages(left, right) or len(loose) == len(common) >= 2
    typos = _paired(ones, others, common, is_cross)
    kin: list[str] = []
    if is_cross:
        kin = _kin(ones, others, common)
    return Comparison(
        left,
        right,
        tuple(common),
        _that_count(ones, left, others),
        _that_count(others, right, ones),
        typos,
        () if is_cross else loose,
        tuple(kin),
        short or other_short,
        is_cross_language=is_cross,
    )


def _spelt_out(one: Name, other: Name) -> tuple[Name, str]:
    """The name with its short names written out, where the other's words spell them."""
    for acronym in sorted(one.acronyms):
        key = next((m.key for m in meanings(acronym)), "")
        if key in other.meanings or key not in one.meanings or acronym in other.words:
            continue
        if words := stands_for(acronym, other.words):
            rest = {k: m for k, m in one.meanings.items() if k != key}
            return replace(one, meanings=rest | {m.key: m for word in words for m in meanings(word)}), acronym
    return one, ""


def _paired(ones: list[Meaning], others: list[Meaning], common: list[Meaning], is_cross: bool) -> tuple[str, ...]:
    """Takes out what is one word with another ending or a slip of the pen, and tells the slips."""
    typos: list[str] = []
    for one in list(ones):
        twin = next((other for other in others if _is_bent(one, other)), None)
        slip = None if twin else next((other for other in others if _is_misspelt(one, other)), None)
        if (found := twin or slip) is None:
            continue
        ones.remove(one)
        others.remove(found)
        common.append(found if one.group == "name" else one)
        if slip or not is_cross:
            typos.append(f"{one.word} – {found.word}")
    return tuple(typos)


def _kin(ones: list[Meaning], others: list[Meaning], common: list[Meaning]) -> list[str]:
    told: list[str] = []
    sure = len(common)
    for one in [m for m in ones if m.key not in WEAK]:
        if len(told) >= sure:
            break  # what they share for certain must weigh as much
        twin = next((other for other in others if other.key not in WEAK and are_kin(one.key, other.key)), None)
        if twin is not None:
            ones.remove(one)
            others.remove(twin)
            common.append(one)
            told.append(f"{one.word} – {twin.word}")
    return told


def _that_count(ones: list[Meaning], name: Name, others: list[Meaning]) -> tuple[Meaning, ...]:
    """What must stand in both; a short name in brackets only where the other side has none."""
    are_named = any(other.word in name.bracketed or other.group == "name" for other in others)
    return tuple(m for m in ones if m.key not in WEAK and (are_named or m.word not in name.bracketed))


def _loosely_alike(left: Name, right: Name) -> tuple[str, ...]:
    """Words of one language that only mean much the same: a chief and a head may be two."""
    pairs = [(m.word, right.meanings[key].word) for key, m in left.meanings.items() if key in right.meanings]
    return tuple(f"{one} – {other}" for one, other in pairs if one[:BEGINNING] != other[:BEGINNING])


def _is_bent(one: Meaning, other: Meaning) -> bool:
    """One proper name with two endings: Split, Splitu."""
    if {one.group, other.group} != {"name"}:
        return False
    first, second = sorted((one.key, other.key), key=len)
    for cut in (0, 1):
        stem = first[: len(first) - cut]
        if len(stem) < SHORTEST_STEM or not second.startswith(stem):
            continue
        if is_ending(second[len(stem) :]) and (cut == 0 or is_ending(first[len(stem) :])):
            return True
    return _consonants(first) == _consonants(second) and min(len(first), len(second)) > SHORTEST_STEM


def _consonants(key: str) -> str:
    """What stays of a name in every case: Koper, Kopru; Kragujevac, Kragujevcu."""
    return key[:2] + key[2:].translate(_VOWELS)


def _is_misspelt(one: Meaning, other: Meaning) -> bool:
    if {one.group, other.group} & {"number", "place"} or "name" not in {one.group, other.group}:
        return False
    first, second = (one.key, other.key) if one.group == other.group == "name" else (one.word, other.word)
    shorter = min(len(first), len(second))
    if shorter < LONG or first[0] != second[0]:
        return False
    allowed = 2 if shorter >= LONGER else 1
    return OSA.distance(first, second, score_cutoff=allowed) <= allowed
