"""What is the same, what is not, and what somebody must say: with reasons, in many languages."""

from __future__ import annotations

import random

import pytest

from directory.doubles.likeness.blocking import Pool
from directory.doubles.likeness.bodies import judge_bodies
from directory.doubles.likeness.desks import judge_desks
from directory.doubles.likeness.persons import judge_persons
from directory.doubles.likeness.records import TEXTS, Body, Desk, Person
from directory.search.folding import fold
from tests.quality.pairs import HELD_OUT, TUNING, load, misses, naive_score, score

PHONE = frozenset({"+442079460101"})
MAIL = frozenset({"desk@agency.example"})


def body(name: str, *more: str, country: str = "RO", **known: object) -> Body:
    return Body((name, *more), country=country, **known)  # type: ignore[arg-type]


def codes(found: object) -> list[str]:
    return [reason.code for reason in found.reasons]  # type: ignore[attr-defined]


def test_the_labelled_pairs_are_many_and_of_every_kind() -> None:
    pairs = [*load(TUNING), *load(HELD_OUT)]
    assert len(pairs) >= 300
    assert {pair.kind for pair in pairs} == {"institution", "post", "official"}
    share = sum(pair.is_same for pair in pairs) / len(pairs)
    assert 0.45 < share < 0.55


@pytest.mark.parametrize("path", [TUNING, HELD_OUT], ids=["tuning", "held out"])
def test_same_means_same_and_hardly_one_is_overlooked(path: object) -> None:
    found = score(load(path))  # type: ignore[arg-type]
    assert found.precision >= 0.99
    assert found.recall >= 0.95
    assert found.asked <= 0.20


def test_control_letters_alike_are_worse() -> None:
    pairs = load(HELD_OUT)
    assert naive_score(pairs).precision < score(pairs).precision - 0.3


def test_of_the_tuning_pairs_none_that_differs_is_called_the_same() -> None:
    assert [line for line in misses(load(TUNING)) if ": same, " in line] == []


def test_every_reason_has_words() -> None:
    for pair_of_names in (("Ministry of Interior", "Ministerul de Interne"), ("Court of Cluj", "Court of Iași")):
        found = judge_bodies(body(pair_of_names[0]), body(pair_of_names[1]))
        assert found.reasons
        assert all(reason.code in TEXTS and reason.text for reason in found.reasons)


def test_a_switchboard_is_no_sameness() -> None:
    ones, others = (
        body(f"Ministry of Labour, Department of {what}", phones=PHONE, mails=MAIL) for what in ("Roads", "Schools")
    )
    assert judge_bodies(ones, others).answer != "same"
    shared = judge_bodies(ones, others, PHONE | MAIL)
    assert shared.answer == "different"
    assert "shared_line" in codes(shared)


def test_a_word_that_matters_is_named() -> None:
    found = judge_bodies(body("Police Directorate"), body("Regional Police Directorate", phones=PHONE))
    assert found.answer == "different"
    assert found.text.startswith("the name differs by a word that matters: “regional”")


@pytest.mark.parametrize(
    ("one", "other"), [("NE", "NG"), ("GN", "GW"), ("CG", "CD"), ("MK", "GR"), ("KP", "KR"), ("DM", "DO")]
)
def test_states_of_like_names_stay_two(one: str, other: str) -> None:
    assert judge_bodies(body("Embassy", country=one), body("Embassy", country=other)).answer == "different"


def test_a_second_name_decides() -> None:
    assert judge_bodies(body("AGD", "Agency for Demo"), body("Agency for Demo")).answer == "same"


def test_same_title_in_two_houses_are_two_posts_and_other_numbers_ask() -> None:
    house, other = body("Ministry of Justice"), body("Ministry of Health")
    desk = Desk("Duty officer", house, phones=PHONE)
    assert judge_desks(desk, Desk("Duty officer", other)).answer == "different"
    assert judge_desks(desk, Desk("Duty officer", house)).answer == "same"
    asked = judge_desks(desk, Desk("Duty officer", house, phones=frozenset({"+442079460102"})))
    assert asked.answer == "ask"
    assert "other_lines" in codes(asked)


def test_a_name_alone_is_never_enough_for_a_person() -> None:
    one, other = body("Ministry of Justice"), body("Ministry of Health")
    assert judge_persons(Person("Ana Demo", one), Person("Ana Demo", other)).answer == "ask"
    assert judge_persons(Person("Ana Demo"), Person("Ana Demo")).answer == "ask"
    assert judge_persons(Person("A. Demo", one), Person("Ana Demo", one)).answer == "ask"
    own = frozenset({"ana.demo@justice.example"})
    assert judge_persons(Person("A. Demo", mails=own), Person("Ana Demo", mails=own)).answer == "same"
    shared = frozenset({"office@justice.example"})
    assert judge_persons(Person("A. Demo", mails=shared), Person("Ana Demo", mails=shared)).answer == "ask"


@pytest.mark.parametrize("name", ["", "—", "123", "٣", "中文机构", "Å", "x" * 3000, "🙂", "/ / /", "()"])
def test_odd_names_are_judged_without_a_fuss(name: str) -> None:
    for found in (
        judge_bodies(body(name), body("Ministry of Justice")),
        judge_bodies(body(name), body(name)),
        judge_persons(Person(name), Person("Ana Demo")),
        judge_desks(Desk(name, body("Agency")), Desk("Head", body("Agency"))),
    ):
        assert found.answer in {"same", "ask", "different"}


def test_who_is_left_and_who_is_right_makes_no_difference() -> None:
    for pair in [*load(TUNING), *load(HELD_OUT)]:
        if pair.kind == "institution":
            left, right = pair.left.body, pair.right.body
            assert judge_bodies(left, right).answer == judge_bodies(right, left).answer, pair.note


@pytest.mark.parametrize(
    "name", ["Agenția Națională de Probă", "Belügyi Próba Hivatal", "Министерство на пробите", "Στάδιο Δοκιμής"]
)
def test_signs_make_no_difference(name: str) -> None:
    assert judge_bodies(body(name), body(fold(name))).answer in {"same", "ask"}
    assert judge_bodies(body(name), body(name.upper())).answer == "same"


def test_a_pool_finds_what_comparing_all_with_all_finds() -> None:
    pairs = [pair for pair in load(TUNING) if pair.kind == "institution"]
    bodies = [side.body for pair in pairs for side in (pair.left, pair.right)]
    random.Random(7).shuffle(bodies)
    pool = Pool(bodies)
    found = {(one.left, one.right) for one in pool.pairs() if one.verdict.answer == "same"}
    whole = {
        (left, right)
        for left in range(len(bodies))
        for right in range(left + 1, len(bodies))
        if judge_bodies(bodies[left], bodies[right], pool.common_lines).answer == "same"
    }
    assert len(whole) > 20, "the control: there is something to find"
    assert len(whole - found) <= 0.05 * len(whole)
    assert found <= whole
