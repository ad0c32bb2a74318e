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
from tests.quality.pairs import AUTHORS, HELD_OUT, SECOND_TUNING, TUNING, load, misses, naive_score, score

PHONE = frozenset({"+442079460101"})
MAIL = frozenset({"desk@agency.example"})


def body(name: str, *more: str, country: str = "RO", **known: object) -> Body:
    return Body((name, *more), country=country, **known)  # type: ignore[arg-type]


def codes(found: object) -> list[str]:
    return [reason.code for reason in found.reasons]  # type: ignore[attr-defined]


def test_the_labelled_pairs_are_many_and_of_every_kind() -> None:
    for first, second in AUTHORS.values():
        pairs = [*load(first), *load(second)]
        assert len(pairs) >= 300
        assert {pair.kind for pair in pairs} == {"institution", "post", "official"}
        share = sum(pair.label == "same" for pair in pairs) / len(pairs)
        assert 0.45 < share < 0.55


@pytest.mark.parametrize("path", [path for both in AUTHORS.values() for path in both], ids=lambda path: path.stem)
def test_same_means_same_and_hardly_one_is_overlooked(path: object) -> None:
    found = score(load(path))  # type: ignore[arg-type]
    assert found.precision >= 0.99
    assert found.recall >= (0.93 if "second" in path.stem else 0.95)  # type: ignore[attr-defined]
    assert found.asked <= 0.20


def test_control_letters_alike_are_worse() -> None:
    pairs = load(HELD_OUT)
    assert naive_score(pairs).precision < score(pairs).precision - 0.3


def test_of_the_tuning_pairs_none_that_differs_is_called_the_same() -> None:
    for path in (TUNING, SECOND_TUNING):
        told = [pair for pair in load(path) if pair.label != "ask"]
        assert [line for line in misses(told) if ": same, " in line] == []


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
    for pair in (pair for both in AUTHORS.values() for path in both for pair in load(path)):
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


@pytest.mark.parametrize(
    ("short", "full", "country"),
    [
        ("ANITP", "Agenția Națională Împotriva Traficului de Persoane", "RO"),
        ("МВР", "Ministry of Interior", "BG"),
        ("LPD Tirol", "Landespolizeidirektion Tirol", "AT"),
        ("BAMF", "Federal Office for Migration and Refugees", "DE"),
        ("IOM", "Међународна организација за миграције", "RS"),
    ],
)
def test_a_short_name_is_the_full_one_in_its_state(short: str, full: str, country: str) -> None:
    assert judge_bodies(body(short, country=country), body(full, country=country)).answer == "same"


def test_a_short_name_of_three_letters_nobody_knows_is_asked_about() -> None:
    found = judge_bodies(body("FIA", country="MK"), body("Financial Intelligence Agency", country="MK"))
    assert found.answer == "ask"
    assert codes(found)[0] == "short_name"


def test_what_stands_in_brackets_is_not_the_institution() -> None:
    whole = body("Ministry of Interior", country="AL")
    for part in ("Anti-Trafficking Unit (Ministry of Interior)", "Ministry of Interior / Anti-Trafficking Unit"):
        assert judge_bodies(body(part, country="AL"), whole).answer == "different"
    told = body("Federal Criminal Police Office (Bundeskriminalamt, BKA)", country="DE")
    assert judge_bodies(told, body("Bundeskriminalamt", country="DE")).answer == "same"


def test_what_two_translators_may_have_chosen_is_asked_about_and_never_joined() -> None:
    one, other = body("Zavod za zapošljavanje", country="ME"), body("Employment Agency", country="ME")
    assert judge_bodies(one, other).answer == "ask"
    both = body("Inspectoratul General pentru Imigrări"), body("UNHCR Representation in Romania")
    assert judge_bodies(*both).answer == "different", "kin alone is nothing in common"


def test_a_town_s_police_is_not_the_state_s() -> None:
    town = body("Police Directorate Split", country="HR", city="Split")
    assert judge_bodies(town, body("Ravnateljstvo policije", country="HR")).answer == "ask"
    assert judge_bodies(town, body("Policijska uprava Split", country="HR", city="Split")).answer == "same"


def test_a_state_named_like_a_word_takes_no_word_away() -> None:
    one = body("Nacionalna služba za zapošljavanje", country="RS")
    assert judge_bodies(one, body("National Employment Service", country="RS")).answer == "same"


def test_a_country_told_by_one_side_only_is_asked_about() -> None:
    assert judge_bodies(body("Ministry of Justice", country=""), body("Ministry of Justice")).answer == "ask"


def test_the_same_number_is_the_same_however_it_is_written() -> None:
    ways = ("+44 20 7946 0101", "0044 20 79460101", "+44 (0)20 7946-0101")
    assert {Person("Ana Demo", phones=frozenset({way})).phones for way in ways} == {PHONE}
    assert Person("Ana Demo", phones=frozenset({"@ana_demo"})).phones == {"@ana_demo"}


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("Demo János id.", "ifj. Demo János", "different"),
        ("Demo János", "ifj. Demo János", "ask"),
        ("Demo Béla", "Demo Bella", "ask"),
        ("Anamaria Demo", "Ana-Maria Demo", "same"),
        ("Сергій Демо", "Serhii Demo", "same"),
        ("Іван Демо", "Ivana Demo", "different"),
        ("Ion Demo", "Ioan Demo", "ask"),
    ],
)
def test_names_of_people_that_are_nearly_one(one: str, other: str, answer: str) -> None:
    house = body("Ministry of Justice", country="UA")
    assert judge_persons(Person(one, house), Person(other, house)).answer == answer


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("Referatsleiterin", "Head of Division", "same"),
        ("Osztályvezető", "Osztályvezető-helyettes", "different"),
        ("Drejtor", "Zëvendësdrejtor", "different"),
        ("Head of Unit", "Acting Head of Unit", "ask"),
        ("Head of Unit 1", "Head of Unit 2", "different"),
        ("Hotline 24/7", "24h hotline", "same"),
    ],
)
def test_titles_of_posts_in_two_languages(one: str, other: str, answer: str) -> None:
    house = body("Ministry of Justice")
    assert judge_desks(Desk(one, house), Desk(other, house)).answer == answer
