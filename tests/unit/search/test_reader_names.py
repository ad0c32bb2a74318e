from __future__ import annotations

import pytest

from directory.search.question import Reader, shipped_lexicon
from tests.quality.make_names import names
from tests.quality.quality import lines, names_misread
from tests.unit.search.asking import countries, read, reader


def test_hardly_any_name_is_misread_as_a_country() -> None:
    people = lines("names.txt")
    assert len(people) == 1500
    assert len(names_misread(reader(), people)) <= 0.001 * len(people)


def test_nor_is_any_of_names_the_rules_were_not_made_with() -> None:
    assert len(names_misread(reader(), names(1500, seed=77))) <= 3


@pytest.mark.parametrize(
    "name",
    ["Sofia Rossi", "sofia rossi", "Luc Berlin", "Andrei Braga", "Jürgen Schweizer", "Stefan Holanda", "Milan Franke",
     "Marko Horvat", "Siena Braga", "Albana Müller", "Georgia Papadopoulou", "Roman Kováč", "Maria Holland",
     "Ana Munteanu", "Popescu Maria", "Иванка Георгиева", "Chad Brown", "Franco Trento", "Martin Turek"],
)  # fmt: skip
def test_a_persons_name_is_only_words_to_look_for(name: str) -> None:
    reading = read(name)
    assert reading.words == tuple(name.lower().split())
    assert (reading.countries, reading.languages, reading.roles, reading.target_groups) == ((), (), (), ())


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Vienna Austria", "AT"),
        ("Paris France", "FR"),
        ("Ireland Dublin", "IE"),
        ("Albania Serbia", "AL RS"),
        ("Georgia Germany", "GE DE"),
        ("Albania Wien", "AL AT"),
        ("Albania Lisboa", "AL PT"),
        ("Roma Romania", "IT RO"),
        ("Elena Romania", "RO"),
        ("Sofia police", "BG"),
        ("lawyer Milan", "IT"),
        ("shelter in Georgia", "GE"),
        ("Jordan", "JO"),
        ("Albanian prosecutor", "AL"),
    ],
)
def test_two_countries_or_a_city_and_its_country_are_no_name(question: str, wanted: str) -> None:
    assert countries(question) == wanted


@pytest.mark.parametrize("name", ["marko", "Kristina", "robert", "Francesca", "Emilija", "Driton", "Wanda"])
def test_a_first_name_is_no_slip_of_the_finger(name: str) -> None:
    assert countries(name) == ""
    assert read(name).words == (name.lower(),)


def test_a_name_of_the_directory_alone_is_that_persons() -> None:
    knowing = Reader(shipped_lexicon(), names=frozenset({"albanese"}))
    assert knowing.read("Albanese").countries == ()
    assert knowing.read("lawyer in Albania").countries == ("AL",)


@pytest.mark.parametrize(
    ("typed", "digits"),
    [("+355 4 222 3344", "35542223344"), ("0040 21 311-8982", "0040213118982"), ("(021) 311.89.82", "0213118982"),
     ("116 000", "116000")],
)  # fmt: skip
def test_a_phone_number_is_looked_for_by_its_digits(typed: str, digits: str) -> None:
    reading = read(typed)
    assert reading.words == (digits,)
    assert reading.countries == ()


@pytest.mark.parametrize(
    "question",
    [
        "police",
        "polizia",
        "полиция",
        "policija",
        "rendőrség",
        "shelter",
        "who helps",
        "hotline",
        "child",
        "guardian 24/7",
    ],
)
def test_a_question_without_a_country_has_none(question: str) -> None:
    assert countries(question) == ""


@pytest.mark.parametrize(
    "question", ["qwertz uiop", "asdf", "xxxxxx yyyyyy", "lorem ipsum dolor", "zzz 123 zzz", "блабла"]
)
def test_nonsense_means_nothing_and_is_left_as_words(question: str) -> None:
    reading = read(question)
    assert (reading.countries, reading.roles, reading.sops) == ((), (), ())
    assert reading.words


@pytest.mark.parametrize("question", ["", " ", "?", "...", "\n\t", "🙂", "\u200b"])
def test_an_empty_question_gives_an_empty_reading(question: str) -> None:
    assert read(question).is_empty
