"""The labelled questions as a gate. The held-out ones are counted by the scorer only, never looked at here."""

from __future__ import annotations

from functools import cache

import pytest

from directory.search.question import Lexicon, Reader, shipped_lexicon
from directory.search.question.lexicon import load_words
from directory.search.question.stems import Stems
from tests.quality.quality import FIELDS, HERE, Question, Tally, judge, load
from tests.unit.search.asking import read, reader

TUNING = load(HERE / "questions_tuning.tsv")


@cache
def tally() -> Tally:
    return Tally(reader(), TUNING)


@pytest.mark.parametrize(
    ("part", "least"),
    [
        ("whole", 0.95),
        ("countries", 0.97),
        ("sops", 0.97),
        ("roles", 0.95),
        ("types", 0.95),
        ("groups", 0.97),
        ("strict", 0.93),
    ],
)
def test_the_tuning_questions_are_read_right(part: str, least: float) -> None:
    assert tally().count >= 200
    assert tally().right[part] / tally().count >= least


@pytest.mark.parametrize("language", sorted({question.language for question in TUNING}))
def test_no_language_is_left_behind(language: str) -> None:
    right, count = tally().by_language[language]
    assert right >= 0.85 * count


def test_a_reader_without_words_scores_low() -> None:
    rules = {**shipped_lexicon().rules}
    knowing_nothing = Tally(Reader(Lexicon(Stems(load_words("endings.yaml")), rules=rules)), TUNING)
    assert knowing_nothing.right["whole"] / knowing_nothing.count < 0.1
    assert knowing_nothing.right["countries"] / knowing_nothing.count < 0.15


def test_a_label_that_is_not_met_is_counted_as_wrong() -> None:
    labels = {name: frozenset[str]() for name in FIELDS} | {"countries": frozenset({"RO"})}
    question = Question("x", "en", "hotline Albania", labels, frozenset(), "")
    right = judge(question, read(question.text))
    assert (right["countries"], right["roles"]) == (False, False)
    assert right["groups"]


def test_the_words_understood_can_be_listed() -> None:
    pages = shipped_lexicon().describe()
    assert {"role", "sop", "type", "group", "exploitation", "country"} <= pages.keys()
    assert "Albanien" in pages["country"]["AL"]["de"]
    assert len(pages["role"]["prosecutor_thb"]) >= 14
