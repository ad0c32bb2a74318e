"""A reading in an address and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy, build, read_file
from directory.web.readings import PARAMETERS, reading_from_args, reading_to_args, unknown_values

TAXONOMY = build(read_file())


def some(ids: list[str] | list[int]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(st.sampled_from(ids), max_size=3, unique=True).map(tuple)


READINGS = st.builds(
    Reading,
    countries=some(["RO", "BG", "XK"]),
    host_countries=some(["IT", "XK"]),
    sops=some([1, 2, 3, 4, 5]),
    measures=some([m.id for sop in TAXONOMY.sops for m in sop.measures]),
    roles=some(list(TAXONOMY.roles)),
    institution_types=some(list(TAXONOMY.institution_types)),
    target_groups=some(list(TAXONOMY.target_groups)),
    exploitation=some(list(TAXONOMY.exploitation_forms)),
    languages=some(["ro", "en", "sr-Latn"]),
    urgent=st.booleans(),
    words=some(["Cluj", "București", "a+b&c=d", "漢"]),
)


@settings(max_examples=100, deadline=None)
@given(reading=READINGS)
def test_a_reading_comes_back_from_its_address(reading: Reading) -> None:
    args: MultiDict[str, str] = MultiDict(reading_to_args(reading))
    assert reading_from_args(args, TAXONOMY) == reading
    assert unknown_values(args, TAXONOMY) == []


def test_names_are_those_of_the_contract() -> None:
    assert (
        *("country", "host", "sop", "measure", "role", "type", "group", "exploitation", "language", "urgent", "words"),
    ) == PARAMETERS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "ZZ"),
        ("country", ""),
        ("host", "Romania"),
        ("sop", "9"),
        ("sop", "٤"),
        ("sop", "-1"),
        ("sop", "9" * 5000),
        ("measure", "9.9"),
        ("role", "nobody"),
        ("type", "x"),
        ("group", "x"),
        ("exploitation", "x"),
        ("language", "romanian!"),
        ("urgent", "yes"),
        ("words", "a\x00b"),
        ("words", "x" * 101),
    ],
)
def test_what_nobody_knows_is_left_out_and_named(taxonomy: Taxonomy, name: str, value: str) -> None:
    args: MultiDict[str, str] = MultiDict([("country", "RO"), (name, value)])
    assert reading_from_args(args, taxonomy) == Reading(countries=("RO",))
    assert [(unknown.name, unknown.value) for unknown in unknown_values(args, taxonomy)] == [(name, value)]


def test_case_doubles_and_blanks_do_not_matter(taxonomy: Taxonomy) -> None:
    args: MultiDict[str, str] = MultiDict(
        [("country", "ro"), ("country", " RO "), ("measure", "4.c"), ("words", "a  b a")]
    )
    assert reading_from_args(args, taxonomy) == Reading(countries=("RO",), measures=("4.C",), words=("a", "b"))


def test_no_more_words_than_a_question_has(taxonomy: Taxonomy) -> None:
    args: MultiDict[str, str] = MultiDict([("words", " ".join(f"w{n}" for n in range(500)))])
    assert len(reading_from_args(args, taxonomy).words) == 20
    assert len(unknown_values(args, taxonomy)) == 480
