"""One contract for every search index: same entries, same question, same answer."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from rapidfuzz.distance import OSA
from sqlalchemy import create_engine

from directory.search.memory_index import MemoryIndex
from directory.search.port import COUNTED, Document, IndexUnusable, Query
from directory.search.postgres_index import PostgresIndex
from directory.search.vocabulary import Vocabulary
from directory.search.whoosh_index import WhooshIndex
from tests.adapters.search_oracle import Oracle
from tests.bench import synthetic

TODAY = synthetic.TODAY


@pytest.fixture(scope="session")
def search_engine(postgres_url):
    engine = create_engine(postgres_url)
    yield engine
    engine.dispose()


@pytest.fixture(params=["memory", "whoosh", pytest.param("postgres", marks=pytest.mark.postgres)])
def index(request, tmp_path):
    match request.param:
        case "memory":
            made = MemoryIndex()
        case "whoosh":
            made = WhooshIndex(tmp_path / "index")
        case _:
            made = PostgresIndex(request.getfixturevalue("search_engine"))
    made.rebuild([])
    return made


def entry(id_: str, **fields) -> Document:
    fields = {"confirmed_on": TODAY - 10, **fields}
    for part in ("heading", "name", "text"):
        if isinstance(fields.get(part), str):
            fields[part] = {"public": fields[part]}
    if "keywords" in fields:
        fields["keywords"] = {f: (v,) if isinstance(v, str) else v for f, v in fields["keywords"].items()}
    return Document(id=id_, **fields)


def ask(index, *words, **fields):
    return index.search(Query(words=words, today=TODAY, **fields))


# Narrowing


def test_values_of_one_facet_are_alternatives_and_facets_narrow_one_another(index):
    index.update(
        [
            entry("a", keywords={"country": "BG", "sop": ("1", "4")}),
            entry("b", keywords={"country": "RO", "sop": "4"}),
            entry("c", keywords={"country": "RO", "sop": "5"}),
        ]
    )
    assert ask(index, filters={"country": ("BG", "RO"), "sop": ("4",)}).ids == ("a", "b")


def test_an_empty_filter_narrows_nothing_and_an_unknown_value_finds_nothing(index):
    index.update([entry("a", keywords={"country": "BG"})])
    assert ask(index, filters={"country": ()}).ids == ("a",)
    assert ask(index, filters={"country": ("XX",)}).total == 0
    assert ask(index, filters={"no such facet": ("BG",)}).total == 0


def test_every_word_must_be_in_the_entry(index):
    index.update([entry("a", name="Ivan Petrov", text="Sofia"), entry("b", name="Ivan Kolev", text="Varna")])
    assert ask(index, "ivan", "sofia").ids == ("a",)


def test_a_name_is_found_across_scripts_and_spellings(index):
    index.update([entry("a", name="Ђорђе Ђорђевић"), entry("b", name="Юлия Шевченко"), entry("c", name="Hans Müller")])
    for typed in ("Đorđević", "Djordjevic", "Dordevic", "Ѓорѓевиќ", "djordjević"):
        assert ask(index, typed).ids == ("a",), typed
    assert ask(index, "julija").ids == ("b",)
    assert ask(index, "MUELLER").ids == ("c",)


def test_only_the_last_word_may_be_unfinished(index):
    index.update([entry("a", name="Anastasia Petrova")])
    assert ask(index, "anastasia", "pet").ids == ("a",)
    hits = ask(index, "anast", "petrova")
    assert hits.dropped == ("anast",)
    assert ask(index, "pe").total == 0


@pytest.mark.parametrize(
    "typed",
    [("359888123456",), ("+359 888 123 456",), ("00359888123456",), ("0888", "123", "456"), ("123456",), ("35988",)],
)
def test_a_number_is_found_by_how_it_begins_or_ends_however_it_is_written(index, typed):
    index.update([entry("a", phones=("359888123456",)), entry("b", phones=("40212223344",))])
    assert ask(index, *typed).ids == ("a",)


def test_four_digits_or_the_middle_of_a_number_find_nothing(index):
    index.update([entry("a", phones=("359888123456",))])
    assert ask(index, "3456").total == 0
    assert ask(index, "88812345").total == 0


def test_short_numbers_are_words_and_repeated_digits_count(index):
    index.update([entry("a", heading="Emergency 112"), entry("b", heading="Room 12")])
    assert ask(index, "112").ids == ("a",)
    assert ask(index, "12").ids == ("b",)


# Layers


def test_a_registered_viewer_searches_both_layers_and_a_public_one_only_his(index):
    index.update([entry("a", name={"registered": "Vesna Hidden"}, heading="Police Varna")])
    assert ask(index, "vesna", "varna", layer="registered").ids == ("a",)
    assert ask(index, "vesna").total == 0


def test_a_hidden_value_answers_like_nonsense(index):
    shown = [entry(f"s{i}", heading=f"Office {w}", text="open daily") for i, w in enumerate(("vesela", "rosen", "kam"))]
    hidden = {"name": {"registered": "Vesna Zlatarova"}, "text": {"registered": "secret 99887766 mail"}}
    bare = [entry("h", heading="Police")]
    for words in (("zlatarova",), ("zlatarov",), ("vesna",), ("secret",), ("office", "zlatarova"), ("99887766",),
                  ("daily", "secret", "office"), ("zlat",)):  # fmt: skip
        index.rebuild([*shown, *bare])
        without = ask(index, *words)
        index.rebuild([*shown, replace(bare[0], **hidden)])
        assert ask(index, *words) == without, words


# Slips


def test_a_slip_in_a_name_is_forgiven_and_told(index):
    index.update([entry("a", name="Иван Шевченко"), entry("b", name="Maria Popescu")])
    hits = ask(index, "shevchneko")
    assert (hits.ids, hits.corrected) == (("a",), {"shevchneko": ("sevcenko",)})


def test_short_words_are_forgiven_one_slip_only(index):
    index.update([entry("a", name="Petra")])
    assert ask(index, "petar").ids == ("a",)
    assert ask(index, "patar").total == 0


def test_when_nothing_has_all_words_the_unknown_and_then_the_commonest_go_first(index):
    index.update([entry("a", name="Ivan", heading="Police Sofia"), entry("b", heading="Police Varna")])
    hits = ask(index, "ivan", "xyzzyqq", "police", "varna")
    assert hits.dropped
    assert "xyzzyqq" in hits.dropped
    assert hits.ids


def test_words_nobody_knows_find_nothing_rather_than_everything(index):
    index.update([entry("a", name="Ivan", keywords={"country": "BG"})])
    assert ask(index, "xyzzyqq").total == 0
    assert ask(index, "xyzzyqq", "qqqwww", filters={"country": ("BG",)}).total == 0
    assert ask(index, "!!!").total == 0
    assert ask(index, " ").total == 1


@pytest.mark.parametrize(
    "odd",
    ["*", "a*", "[bad to worse]", "NOT NOT NOT", "name:(", '"', "x~2", "\\", "'; drop table x; --", "a" * 5000, "\x00",
     "%", "&|!<->", "\ud800", "ا" * 300, "1" * 400, ":*", "a:*b", "é" * 1000, "😀"],
)  # fmt: skip
def test_odd_words_never_raise(index, odd):
    index.update([entry("a", name="Ivan")])
    index.search(Query(words=(odd, odd), today=TODAY))
    index.search(Query(words=tuple(odd) * 3, filters={odd: (odd,)}, prefer_sops=(odd,), today=TODAY))


# Order


def test_names_come_before_text_then_filled_duty_lead_and_the_freshest(index):
    index.update(
        [
            entry("text", text="Petrov", confirmed_on=TODAY),
            entry("never", name="Petrov", confirmed_on=0),
            entry("stale", name="Petrov", confirmed_on=TODAY - 400),
            entry("fresh", name="Petrov", confirmed_on=TODAY - 2),
            entry("leads", name="Petrov", leads=("4",), confirmed_on=TODAY - 300),
            entry("duty", name="Petrov", is_duty=True, confirmed_on=0),
            entry("vacant", name="Petrov", is_vacant=True, is_duty=True, leads=("4",), confirmed_on=TODAY),
        ]
    )
    hits = ask(index, "petrov", urgent=True, prefer_sops=("4",))
    assert hits.ids == ("duty", "leads", "fresh", "stale", "never", "vacant", "text")


def test_pages_follow_one_another_and_the_total_counts_all(index):
    index.update([entry(f"{i:03}", heading="Police") for i in range(250)])
    pages = [ask(index, "police", offset=offset, limit=40) for offset in range(0, 280, 40)]
    assert [id_ for page in pages for id_ in page.ids] == [f"{i:03}" for i in range(250)]
    assert {page.total for page in pages} == {250}
    assert ask(index, limit=0).ids == ()


# Change


def test_a_replaced_entry_is_found_as_it_is_now_and_a_removed_one_no_more(index):
    index.update([entry("a", name="Ivan Petrov", keywords={"country": "BG"}), entry("b", name="Petrov")])
    index.update([entry("a", name="Ivan Kolev", keywords={"country": "RO"})], removed=["b", "never there"])
    hits = ask(index)
    assert hits.ids == ("a",)
    assert hits.facets["country"] == {"RO": 1}
    assert ask(index, "petrov").total == 0
    assert ask(index, "petrof").corrected == {}
    assert index.state().count == 1


def test_of_one_id_given_twice_the_later_update_and_the_first_of_a_rebuild_count(index):
    index.update([entry("a", name="Old"), entry("a", name="New")])
    assert ask(index, "new").ids == ("a",)
    assert index.rebuild([entry("a", name="First"), entry("a", name="Second")]) == 1
    assert ask(index, "first").total == 1


def test_a_rebuild_replaces_everything(index):
    index.update([entry("a"), entry("b")])
    assert index.rebuild(iter([entry("c")])) == 1
    assert ask(index).ids == ("c",)
    assert index.state().is_usable


# Against the oracle


def _questions(documents: list[Document], draw: random.Random, n: int) -> list[Query]:
    asked = synthetic.queries(documents, n, seed=draw.randrange(10**6))
    found = []
    for query in asked:
        words = list(query.words)
        if words and draw.random() < 0.4:
            words.insert(0, draw.choice(("police", "zzzzqq", "112", "Ivan", "Мария", "office", "12345")))
        found.append(
            replace(
                query,
                words=tuple(words),
                prefer_sops=("2", "5") if draw.random() < 0.2 else (),
                stale_after=draw.choice((30, 104, 400)),
                offset=draw.choice((0, 0, 0, 15)),
                limit=draw.choice((5, 20, 1000)),
            )
        )
    return found


@pytest.mark.parametrize("seed", range(3))
def test_random_directories_are_searched_as_by_looking_at_every_entry(index, seed):
    draw = random.Random(seed)
    documents = list(synthetic.documents(240, seed))
    now = {d.id: d for d in documents[:160]}
    index.rebuild(documents[:160])
    for step in range(4):
        changed = [
            replace(other, id=draw.choice(documents).id) for other in synthetic.documents(12, seed=seed * 100 + step)
        ]
        gone = draw.sample(sorted(now), 9)
        index.update(changed, removed=gone)
        now = {id_: d for id_, d in now.items() if id_ not in gone} | {d.id: d for d in changed}
        oracle = Oracle(list(now.values()))
        for query in _questions(list(now.values()), draw, 40):
            assert index.search(query) == oracle.search(query), query
    assert index.state().count == len(now)


def test_entries_with_two_of_the_wanted_values_are_counted_once(index):
    documents = list(synthetic.documents(90))
    index.rebuild(documents)
    index.update(documents[:9], removed=[documents[20].id])
    oracle = Oracle([d for d in documents if d.id != documents[20].id])
    asked = [("sop", ("1", "2")), ("sop", ("1", "1")), ("language", ("en", "fr")), ("country", ("BG", "RO"))]
    for facet, values in asked:
        query = Query(filters={facet: values}, today=TODAY)
        assert index.search(query) == oracle.search(query)


def test_every_single_slip_is_found_by_the_halves_of_the_word():
    draw = random.Random(1)
    words = sorted({"".join(draw.choices("abcd", k=draw.randint(3, 9))) for _ in range(3000)})
    vocabulary = Vocabulary(words)
    for word in draw.sample(words, 60):
        for typed in (word, synthetic.mistyped(word, draw), synthetic.mistyped(word, draw)):
            for distance in (1, 2):
                near = {other for other in words if OSA.distance(typed, other) <= distance}
                assert set(vocabulary.within(typed, distance)) == near, (typed, distance)


def test_facets_count_all_hits_of_every_facet(index):
    documents = list(synthetic.documents(120))
    index.rebuild(documents)
    hits = index.search(Query(today=TODAY, limit=3))
    assert set(hits.facets) == set(COUNTED)
    assert sum(hits.facets["country"].values()) == 120


# What only files can suffer


def test_an_index_that_is_not_there_is_unusable_rather_than_empty(tmp_path):
    index = WhooshIndex(tmp_path / "nowhere")
    assert not index.state().is_usable
    with pytest.raises(IndexUnusable):
        index.search(Query())
    with pytest.raises(IndexUnusable):
        index.update([entry("a")])
