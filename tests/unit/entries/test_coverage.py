from __future__ import annotations

import pytest

from directory.entries import coverage
from directory.entries.entry import Answerability


def part(*groups: str, sop: int = 2, exploitation: tuple[str, ...] = ()) -> Answerability:
    return Answerability(sop, None, "leads", "", groups, exploitation)


def answers(asked: tuple[str, ...], *listed: Answerability, sops: tuple[int, ...] = (2,)) -> bool:
    wanted = coverage.wanted(asked, sops)
    return not wanted or bool(set(wanted) & coverage.covered(listed))


BOYS, GIRLS, WOMEN = ("children", "male"), ("children", "female"), ("adults", "female")


@pytest.mark.parametrize(
    ("asked", "listed", "expected"),
    [
        (BOYS, part(*BOYS), True),
        (BOYS, part(*GIRLS), False),
        (BOYS, part("children"), True),
        (BOYS, part("male"), True),
        (BOYS, part("adults", "male"), False),
        (BOYS, part(), True),
        (GIRLS, part("families", "adults", "female"), False),
        (WOMEN, part("adults", "female"), True),
        (WOMEN, part("adults", "children", "female"), True),
        (WOMEN, part("male"), False),
        (("children",), part("unaccompanied_children"), True),
        (("unaccompanied_children", "children"), part("children"), True),
        (("unaccompanied_children",), part("adults"), False),
        ((), part("adults"), True),
        (("lgbti",), part("adults"), True),
    ],
)
def test_who_is_for_whom(asked: tuple[str, ...], listed: Answerability, expected: bool) -> None:
    assert answers(asked, listed) is expected


def test_for_one_procedure_does_not_mean_for_another() -> None:
    listed = (part("female", "adults", sop=2), part(sop=5))
    assert not answers(BOYS, *listed, sops=(2,))
    assert answers(BOYS, *listed, sops=(5,))
    assert answers(BOYS, *listed, sops=())


def test_special_groups_count_only_where_they_are_named() -> None:
    assert coverage.special(("adults", "female", "families", "lgbti")) == ("families", "lgbti")


def test_who_names_no_form_of_exploitation_answers_for_all() -> None:
    assert coverage.forms_covered([part()], ["labour", "sexual"]) == {"labour", "sexual"}
    assert coverage.forms_covered([part(exploitation=("labour",))], ["labour", "sexual"]) == {"labour"}


def test_who_names_the_group_knows_it_best() -> None:
    assert coverage.named_count([part(*BOYS)], BOYS, ()) > coverage.named_count([part("children")], BOYS, ())
