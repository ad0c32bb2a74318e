from __future__ import annotations

import pytest

from tests.unit.search.asking import read, table


@pytest.mark.parametrize(
    ("question", "sops"),
    [
        ("SOP 4 Romania", (4,)),
        ("sop4 Romania", (4,)),
        ("SOP2 and 3 Serbia", (2, 3)),
        ("SOP 1, 2 and 5", (1, 2, 5)),
        ("SOP no. 3", (3,)),
        ("SOP IV Kosovo", (4,)),
        ("СОП 4 Сърбия", (4,)),
        ("POS 2 Moldova", (2,)),
        ("SOP 3 et 4", (3, 4)),
        ("sop 2 si 4 albania", (2, 4)),
        ("standard operating procedure 5", (5,)),
        ("SOP 9", ()),
        ("4 women in Romania", ()),
        ("24/7 Serbia", ()),
        ("room 5", ()),
    ],
)
def test_sops_are_read_by_number_beside_their_word_only(question: str, sops: tuple[int, ...]) -> None:
    assert read(question).sops == sops


@pytest.mark.parametrize(
    ("question", "measures", "sops"),
    [
        ("measure 4.3 Kosovo", ("4.3",), (4,)),
        ("measures 4.1 and 4.2", ("4.1", "4.2"), (4,)),
        ("măsura 2.1 România", ("2.1",), (2,)),
        ("mjera 3.2 Hrvatska", ("3.2",), (3,)),
        ("misura 5.4", ("5.4",), (5,)),
        ("medida 1.1 Portugal", ("1.1",), (1,)),
        ("procedimento 4.3 Portugal", ("4.3",), (4,)),
        ("Maßnahme 4.3", ("4.3",), (4,)),
        ("version 4.3", (), ()),
    ],
)
def test_measures_are_read_and_bring_their_sop(question: str, measures: tuple[str, ...], sops: tuple[int, ...]) -> None:
    reading = read(question)
    assert (reading.measures, reading.sops) == (measures, sops)


ROLE_CASES = table("role")


@pytest.mark.parametrize(("role", "word"), ROLE_CASES, ids=[f"{role}-{word}" for role, word in ROLE_CASES])
def test_a_role_is_met_in_the_languages_of_the_region(role: str, word: str) -> None:
    assert role in read(word).roles
    assert role in read(f"{word} Albania").roles


GROUP_CASES = table("group")


@pytest.mark.parametrize(("groups", "word"), GROUP_CASES, ids=[word for _, word in GROUP_CASES])
def test_whom_an_entry_serves_is_met_in_many_languages(groups: str, word: str) -> None:
    assert " ".join(sorted(read(f"Albania {word}").target_groups)) == groups


HARM_CASES = table("harm")


@pytest.mark.parametrize(("harm", "word"), HARM_CASES, ids=[word for _, word in HARM_CASES])
def test_forms_of_exploitation_are_met_in_many_languages(harm: str, word: str) -> None:
    assert read(f"{word} NGO").exploitation == (harm,)


@pytest.mark.parametrize(
    "word",
    ["urgent", "tonight", "24/7", "now", "urgență", "diseară", "спешно", "довечера", "hitno", "noćas", "urgjente",
     "итно", "sürgős", "urgente", "stasera", "urgentní", "dringend", "heute Nacht", "ce soir",
     "επείγον", "on call", "weekend"],
)  # fmt: skip
def test_urgency_is_heard(word: str) -> None:
    assert read(f"shelter Albania {word}").urgent
    assert not read("shelter Albania").urgent


@pytest.mark.parametrize(
    "question",
    ["not police, an NGO in Tirana", "NGO, not the police, Tirana", "an NGO instead of police Tirana",
     "nu poliție, ONG Tirana", "ne policija, NVO Tirana", "nem rendőrség, civil szervezet Tirana",
     "non polizia, ONG Tirana", "não polícia, ONG Tirana", "nicht Polizei, NGO Tirana", "pas police, ONG Tirana"],
)  # fmt: skip
def test_what_stands_behind_a_not_is_not_asked_for(question: str) -> None:
    reading = read(question)
    assert not any("police" in role for role in reading.roles)
    assert "ngo" in reading.institution_types
    assert reading.countries == ("AL",)


@pytest.mark.parametrize(
    ("question", "roles"),
    [
        ("police Tirana", ("frontline_police",)),
        ("anti trafficking police Tirana", ("police_thb_investigator",)),
        ("reception at Prishtina airport for a returned minor", ("arrival_reception",)),
        ("focal point guardian Serbia", ("guardian",)),
        ("who takes over in Romania after the return, focal point", ("trm_focal_point",)),
        ("teacher suspects trafficking, hotline Moldova", ("hotline",)),
        ("hospital suspects trafficking Moldova who should we notify", ("hotline",)),
    ],
)
def test_words_beside_a_role_settle_which_one_is_meant(question: str, roles: tuple[str, ...]) -> None:
    assert read(question).roles == roles


@pytest.mark.parametrize(
    ("question", "role", "sop"),
    [
        ("shelter Albania", "shelter_intake", 2),
        ("prosecutor Albania", "prosecutor_thb", 5),
        ("hotline Albania", "hotline", 1),
    ],
)
def test_a_role_brings_the_procedure_it_works_in(question: str, role: str, sop: int) -> None:
    assert read(question).sops == (sop,)
    assert read(f"SOP 3 {question}").sops == (3,), "a number said is believed"


@pytest.mark.parametrize("question", ["gaurdian unacompanied minors serbia", "guardian unacompanied minors serbia"])
def test_slips_of_the_finger_in_roles_and_groups_are_forgiven(question: str) -> None:
    reading = read(question)
    assert reading.roles == ("guardian",)
    assert set(reading.target_groups) == {"children", "unaccompanied_children"}


def test_what_is_not_understood_is_left_as_words_to_look_for() -> None:
    reading = read("shelter Albania Vatra qqqq")
    assert "qqqq" in reading.words
    assert not reading.is_empty
    assert read("the shelter in Albania").ignored == ("the", "in")


def test_a_reading_is_written_out_whole() -> None:
    plain = read("shelter for boys Albania").to_json()
    assert plain["countries"] == ["AL"]
    assert plain["roles"] == ["shelter_intake"]
    assert plain["mentions"] == [{"country": "AL", "part": "wanted", "text": "Albania"}]
    assert plain["urgent"] is False
