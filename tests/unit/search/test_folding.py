from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.search.folding import fold, skeleton, split_words
from tests.quality.quality import lines

ROWS = [line.split() for line in lines("scripts.txt")]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Đorđević", "dordevic"),
        ("Шумен", "sumen"),
        ("Größe", "grosse"),
        ("Țurcanu Ştefan", "turcanu stefan"),
        ("Łódź", "lodz"),
        ("İstanbul", "istanbul"),
        ("Ærø", "aero"),
        ("Þórr", "thorr"),
        ("Ћирић", "ciric"),
        ("Љубљана", "ljubljana"),
        ("Ќосев", "kjosev"),
        ("Ѓорче", "gjorce"),
        ("щука", "stuka"),
        ("Юлия", "yuliya"),
        ("Ельбасан", "elbasan"),
        ("Αθήνα", "athina"),
        ("Μπουένος", "bouenos"),
        ("Ντίνα", "dina"),
        ("αυτός ευρώ", "aftos evro"),
        ("άγγελος", "angelos"),
        ("l’aéroport", "l'aeroport"),
        ("Jean–Luc", "jean-luc"),
        ("soft\u00adhyphen", "softhyphen"),
        ("ｆｕｌｌ width", "full width"),
        ("", ""),
        ("24/7", "24/7"),
    ],
)
def test_every_script_has_one_plain_spelling(text: str, plain: str) -> None:
    assert fold(text) == plain


@pytest.mark.parametrize("letter", ["ș", "ş", "š", "Ş", "ś"])
def test_signs_above_and_below_do_not_part_letters(letter: str) -> None:
    assert fold(letter) == "s"


def test_composed_and_decomposed_letters_fold_alike() -> None:
    assert fold("Ta\u0301bor") == fold("T\u00e1bor") == "tabor"
    assert fold("Μαρι\u0301α") == fold("Μαρία")


@given(st.text(max_size=200))
def test_folded_text_is_ascii_and_stays_as_it_is_when_folded_again(text: str) -> None:
    once = fold(text)
    assert once.isascii()
    assert fold(once) == once


def test_long_texts_are_folded_like_short_ones() -> None:
    assert fold("Đorđe " * 100) == "dorde " * 100


def test_apostrophes_and_hyphens_part_words() -> None:
    assert split_words("l'aéroport Jean-Luc e‑mail") == ["l", "aeroport", "jean", "luc", "e", "mail"]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_name_meets_itself_in_every_script(row: list[str]) -> None:
    assert len({skeleton(name) for name in row}) == 1


@pytest.mark.parametrize(
    "row",
    [
        ["Ђорђевић", "Đorđević", "Djordjevic", "Dordevic", "Ѓорѓевиќ", "Gjorgjevikj"],
        ["Юлия", "Julija", "Iulia", "Yuliya"],
        ["Müller", "Mueller", "Muller"],
        ["Hoxha", "Hodža", "Хоџа"],
        ["Šehić", "Shehić", "Шехић"],
        ["Magyar", "Madar"],
        ["Kovač", "Kovach", "Ковач"],
    ],
)
def test_orthographies_meet(row: list[str]) -> None:
    assert len({skeleton(name) for name in row}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Petrović", "Petrov"),
        ("Marin", "Marina"),
        ("Ivan", "Ivana"),
        ("Jovanović", "Ivanović"),
        ("Nikolić", "Nikolovski"),
        ("Stojanov", "Stojanovski"),
        ("Horvat", "Hrvat"),
        ("Milan", "Milena"),
        ("Popa", "Popescu"),
        ("Hasan", "Husein"),
        ("Georgiev", "Grigoriev"),
        ("Elena", "Alina"),
    ],
)
def test_unlike_names_stay_apart(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_few_of_the_many_names_share_a_key() -> None:
    names = {fold(word) for line in lines("names.txt") for word in line.split()}
    keys = {skeleton(name) for name in names}
    assert len(keys) > 0.85 * len(names)
