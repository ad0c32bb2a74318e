from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.search.question.guard import LONGEST_GUARDED
from directory.search.question.tokens import MOST_TOKENS, tokenize
from tests.quality.quality import HERE, load
from tests.unit.search.asking import read, reader

QUESTIONS = [question.text for question in load(HERE / "questions_tuning.tsv")]
PIECES = [word for text in QUESTIONS for word in text.split()]
HOSTILE = {
    "null bytes": "shel\x00ter\x00 Albania",
    "a lone surrogate": "shelter \ud800 Albania",
    "right-to-left marks": "\u202eshelter\u202c Albania",
    "zero width": "Alb\u200bania shel\u200dter",
    "soft hyphens": "Al\u00adba\u00adnia shelter",
    "decomposed accents": "shelter Alba\u0301nia",
    "a hundred accents": "shelter Albania a" + "\u0301" * 100,
    "emoji": "🙂 shelter 👩‍👧 Albania 🇦🇱",
    "markup": "<script>alert(1)</script> shelter Albania",
    "sql": "shelter Albania'; DROP TABLE entries; --",
    "a template": "shelter {{7*7}} ${7*7} %s Albania",
    "wildcards": "shelter* OR Albania~2 AND (field:* [a TO z])",
    "line breaks": "shelter\r\n\r\nAlbania\u2028\u2029",
    "tabs": "\tshelter\tAlbania\t",
    "full width": "ｓｈｅｌｔｅｒ　Ａｌｂａｎｉａ",
    "mathematical letters": "shelter 𝐀𝐥𝐛𝐚𝐧𝐢𝐚",
    "shouting": "SHELTER ALBANIA",
    "many spaces": "shelter" + " " * 400 + "Albania",
    "many signs": "shelter ?!?!?! ... /// Albania",
    "a byte order mark": "\ufeffshelter Albania",
}
LONG = {
    "one word": "a" * 50_000,
    "digits": "1" * 50_000,
    "spaces": " " * 50_000,
    "accents": "a" + "\u0301" * 50_000,
    "brackets": "(" * 50_000,
    "almost a phone number": "+" + "1 " * 25_000 + "x",
    "almost passports": "passport no no no " * 3_000,
    "almost case numbers": "case 1/1/1/1/1/1/1/1 " * 2_500,
    "almost dates of birth": "born 12.03.199 " * 3_500,
    "dates": "Ana Popescu 12.03.1999 " * 2_200,
    "capital codes": "AL RO BG " * 5_500,
    "countries": "from Albania to Romania in Serbia of Italy " * 1_200,
    "nots": "not not not police " * 2_600,
    "sops": "SOP 1 and 2 and " * 3_100,
    "invisible": "\u200b" * 49_999 + "a",
    "chinese": "中" * 50_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_strange_characters_do_not_hide_the_question(text: str) -> None:
    reading = read(text)
    assert "AL" in reading.countries
    assert "shelter_intake" in reading.roles


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_fifty_thousand_characters_are_read_in_bounded_work(text: str) -> None:
    assert len(text) >= 36_000
    start = time.process_time()
    reading = read(text)
    assert time.process_time() - start < 0.25
    assert len(reading.words) + len(reading.ignored) <= MOST_TOKENS


def test_a_question_is_cut_after_its_first_characters() -> None:
    assert read("shelter Albania " + "x " * 25_000).countries == ("AL",)
    assert read("x " * 25_000 + "shelter Albania").countries == ()
    assert len(tokenize("a b " * 1000)) == MOST_TOKENS


def test_a_passport_beyond_the_first_words_still_warns() -> None:
    assert read("shelter Albania " * 40 + "passport AB1234567").warnings == ("passport_number",)
    assert LONGEST_GUARDED >= 4_000


def _check(text: str) -> None:
    reading = reader().read(text)
    assert len(tokenize(text)) <= MOST_TOKENS
    assert all(word.strip() for word in (*reading.words, *reading.ignored))
    assert set(reading.sops) <= {1, 2, 3, 4, 5}
    assert len(set(reading.countries)) == len(reading.countries)
    assert all(len(code) == 2 and code.isupper() for code in (*reading.countries, *reading.host_countries))
    assert reading == reader().read(text), "the same answer for the same words"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=700))
def test_any_text_is_read(text: str) -> None:
    _check(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=80).map(" ".join))
def test_any_words_in_any_order_are_read(text: str) -> None:
    _check(text)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(QUESTIONS), st.data())
def test_a_broken_question_is_read(question: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(question)))
    _check(question[:start] + data.draw(st.text(max_size=5)) + question[start + data.draw(st.integers(0, 4)) :])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(QUESTIONS))
def test_spaces_around_and_invisible_marks_inside_change_nothing(question: str) -> None:
    assert read(f"  {question}\n") == read(question)
    assert read("\u200b".join(question)[:1900]) == read(question)
