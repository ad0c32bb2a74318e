from __future__ import annotations

import itertools

import pytest

from tests.quality.quality import lines
from tests.unit.search.asking import countries, read, table

CASES = table("country")


@pytest.mark.parametrize(("code", "word"), CASES, ids=[f"{code}-{word}" for code, word in CASES])
def test_a_country_is_met_under_its_names_in_every_form(code: str, word: str) -> None:
    assert countries(word) == code


@pytest.mark.parametrize(
    ("typed", "meant"),
    [line.split("\t") for line in lines("typos.tsv")],
    ids=[line.split("\t")[0] for line in lines("typos.tsv")],
)
def test_a_slip_of_the_finger_finds_the_country(typed: str, meant: str) -> None:
    assert countries(typed) == meant.strip("-")


ALIKE = [
    ("Niger", "NE", "Nigeria", "NG"),
    ("Slovenia", "SI", "Slovakia", "SK"),
    ("Slovenija", "SI", "Slovensko", "SK"),
    ("Austria", "AT", "Australia", "AU"),
    ("Iran", "IR", "Iraq", "IQ"),
    ("Mali", "ML", "Malta", "MT"),
    ("Georgia", "GE", "Germany", "DE"),
    ("Guinea", "GN", "Guinea-Bissau", "GW"),
    ("Dominica", "DM", "Dominican Republic", "DO"),
    ("North Macedonia", "MK", "Moldova", "MD"),
    ("Montenegro", "ME", "Monaco", "MC"),
    ("Latvia", "LV", "Lithuania", "LT"),
    ("Sweden", "SE", "Switzerland", "CH"),
    ("Mauritius", "MU", "Mauritania", "MR"),
    ("Gambia", "GM", "Zambia", "ZM"),
    ("Ireland", "IE", "Iceland", "IS"),
    ("Romania", "RO", "Oman", "OM"),
    ("Sudan", "SD", "South Sudan", "SS"),
    ("Bucharest", "RO", "Budapest", "HU"),
    ("Budimpešta", "HU", "Bukurešt", "RO"),
    ("Македонија", "MK", "Молдавија", "MD"),
    ("Словакия", "SK", "Словения", "SI"),
    ("Schweden", "SE", "Schweiz", "CH"),
    ("Mali i Zi", "ME", "Mali", "ML"),
]


@pytest.mark.parametrize(("one", "first", "other", "second"), ALIKE)
def test_countries_that_look_alike_are_never_confused(one: str, first: str, other: str, second: str) -> None:
    assert (countries(one), countries(other)) == (first, second)


@pytest.mark.parametrize(
    "pair", list(itertools.combinations(["Slovenia", "Slovakia", "Romania", "Bulgaria", "Serbia", "Albania"], 2))
)
def test_two_countries_side_by_side_are_two(pair: tuple[str, str]) -> None:
    assert len(read(" ".join(pair)).countries) == 2
    assert len(read(f"shelter {pair[0].lower()} {pair[1].lower()}").countries) == 2


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("prosecutor ME", "ME"),
        ("hotline IT", "IT"),
        ("shelter AT", "AT"),
        ("return to AL", "AL"),
        ("border police RS", "RS"),
        ("DE police", "DE"),
        ("contact point MK", "MK"),
        ("UK return", "GB"),
        ("guardian in BG", "BG"),
        ("guardian in bg", "BG"),
        ("shelter in ro", "RO"),
        ("shelter in me", "ME"),
        ("BiH hotline", "BA"),
        ("ČR azylový dům", "CZ"),
        ("EL hotline", "GR"),
        ("XK focal point", "XK"),
    ],
)
def test_a_code_counts_in_capitals_or_after_in(question: str, code: str) -> None:
    assert countries(question) == code


@pytest.mark.parametrize(
    "question",
    [
        "who can tell me the hotline",
        "is it safe",
        "who is at the shelter",
        "there is no shelter",
        "numero de telefon al procurorului",
        "victime de trafic",
        "be a guardian",
        "who can help us",
        "does he need an interpreter",
        "a lawyer for me",
        "contact at the border",
        "nu se știe cine e tutorele",
        "ki a gyám es a bíró",
        "il tutore si occupa del minore",
        "IS IT SAFE",
        "WHO CAN TELL ME",
    ],
)
def test_small_words_are_not_codes_of_countries(question: str) -> None:
    assert countries(question) == ""


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("shelter in Split", "HR"),
        ("we must split the group", ""),
        ("police Nice", "FR"),
        ("a nice shelter", ""),
        ("Bar Montenegro shelter", "ME"),
        ("girl working in a bar", ""),
        ("Roma children begging", ""),
        ("tutore Roma", "IT"),
        ("Polish woman", "PL"),
        ("Turkey hotline", "TR"),
        ("can of turkey", ""),
    ],
)
def test_a_city_that_is_an_everyday_word_needs_its_capital_letter(question: str, code: str) -> None:
    assert countries(question) == code


@pytest.mark.parametrize(
    "question", ["ALBANIA", "albania", "Albania!", "  albania  ", "«Albania»", "Albania?", "(albania)"]
)
def test_neither_case_nor_signs_matter(question: str) -> None:
    assert countries(question) == "AL"


@pytest.mark.parametrize(
    ("question", "code"),
    [("DIICOT", "RO"), ("SPAK", "AL"), ("Telefono Azzurro", "IT"), ("APAV contact", "PT"), ("La Strada Praha", "CZ"),
     ("BKA", "DE"), ("ANITP", "RO"), ("DGASPC Iasi", "RO"), ("Solwodi", "DE"), ("OKIT", "HU")],
)  # fmt: skip
def test_a_body_known_in_one_country_stands_for_it(question: str, code: str) -> None:
    assert countries(question) == code


def test_a_city_is_also_a_word_to_look_for() -> None:
    reading = read("police Plovdiv")
    assert reading.countries == ("BG",)
    assert reading.words == ("plovdiv",)
