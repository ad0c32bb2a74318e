"""Other engines asked the same questions, each in the best form we found: what our figures are held against.

They answer the same filters, words, total, facets and page. Their order is simpler (vacancy, then day) and slips
are looked up in the same vocabulary; both are to their advantage.
"""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import Any

from directory.search.port import FACETS, Document, Query
from directory.search.ranking import filters_of
from directory.search.terms import LAYERS, Term, backwards, key_of, numbers_of, read_terms, words_of
from directory.search.vocabulary import Vocabulary, nearest

Answer = tuple[list[str], int]


def head_keys(document: Document, layer: str) -> set[str]:
    return {key_of(word) for one in LAYERS[layer] for word in words_of(document, one)[0]}


def text_keys(document: Document, layer: str) -> set[str]:
    keys = {key_of(word) for one in LAYERS[layer] for word in words_of(document, one)[1]}
    return keys | {number.replace("<", "r") for number in numbers_of(document)}


class Slips:
    """The words of heading and name per layer, to mend what the engine does not know."""

    def __init__(self, documents: list[Document]) -> None:
        self._known = {layer: Vocabulary(k for d in documents for k in head_keys(d, layer)) for layer in LAYERS}

    def mended(self, terms: tuple[Term, ...], layer: str) -> tuple[Term, ...]:
        def near(term: Term) -> tuple[str, ...]:
            found = nearest(term.whole[0], term.slips, self._known[layer].within, lambda key: (key,))
            return tuple(found) or term.whole

        return tuple(Term(t.typed, near(t) if t.whole and t.slips else t.whole, number=t.number) for t in terms)


def alternatives(term: Term) -> tuple[list[str], list[str]]:
    """Keys to be found whole, and beginnings."""
    begins = [term.begins] if term.begins else []
    if term.number:
        begins += [term.number, backwards(term.number).replace("<", "r")]
    return list(term.whole), begins


class Sqlite:
    """Keywords in a clustered table, words in FTS5 with prefix indexes, entries numbered in their order."""

    name = "SQLite FTS5"
    with_counts = True

    def __init__(self, folder: Path) -> None:
        self.database = sqlite3.connect(folder / "fts.sqlite", isolation_level=None)
        self.database.executescript(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
            PRAGMA cache_size = -200000; PRAGMA mmap_size = 2000000000;
            CREATE TABLE entry (number INTEGER PRIMARY KEY, id TEXT UNIQUE, is_vacant INT, confirmed_on INT);
            CREATE TABLE value (keyword TEXT, number INT, PRIMARY KEY (keyword, number)) WITHOUT ROWID;
            CREATE INDEX value_number ON value (number, keyword);
            CREATE VIRTUAL TABLE words USING fts5(
                head_public, text_public, head_registered, text_registered,
                content='', prefix='3 4 5', detail=column);
            """
        )

    def build(self, documents: list[Document]) -> None:
        self.slips = Slips(documents)
        self.database.execute("BEGIN")
        ordered = sorted(documents, key=lambda d: (d.is_vacant, -d.confirmed_on, d.id))
        for number, document in enumerate(ordered, 1):
            self._add(number, document)
        self.database.execute("COMMIT")
        self.database.execute("INSERT INTO words(words) VALUES ('optimize')")
        self.database.execute("ANALYZE")
        self.next = len(documents) + 1
        self.now = {document.id: (number, document) for number, document in enumerate(ordered, 1)}

    def _columns(self, document: Document) -> list[str]:
        return [" ".join(keys(document, layer)) for layer in LAYERS for keys in (head_keys, text_keys)]

    def _add(self, number: int, document: Document) -> None:
        run = self.database.execute
        run("INSERT INTO entry VALUES (?, ?, ?, ?)", (number, document.id, document.is_vacant, document.confirmed_on))
        values = {f"{facet}:{value}" for facet in FACETS for value in document.keywords.get(facet, ())}
        self.database.executemany("INSERT INTO value VALUES (?, ?)", [(value, number) for value in sorted(values)])
        run("INSERT INTO words(rowid, head_public, text_public, head_registered, text_registered) "
            "VALUES (?, ?, ?, ?, ?)", (number, *self._columns(document)))  # fmt: skip

    def update(self, document: Document) -> None:
        number, old = self.now[document.id]
        run = self.database.execute
        run("BEGIN")
        run("INSERT INTO words(words, rowid, head_public, text_public, head_registered, text_registered) "
            "VALUES ('delete', ?, ?, ?, ?, ?)", (number, *self._columns(old)))  # fmt: skip
        run("DELETE FROM value WHERE number = ?", (number,))
        run("DELETE FROM entry WHERE number = ?", (number,))
        self._add(self.next, document)
        self.now[document.id] = (self.next, document)
        self.next += 1
        run("COMMIT")

    def search(self, query: Query) -> Answer:
        terms = read_terms(query.words)
        answer = self._ask(query, terms)
        return answer if answer[1] or not terms else self._ask(query, self.slips.mended(terms, query.layer))

    def _ask(self, query: Query, terms: tuple[Term, ...]) -> Answer:
        sources, given = [], []
        if terms:
            match = " AND ".join(f"({' OR '.join(self._either(term))})" for term in terms)
            sources.append("SELECT rowid AS number FROM words WHERE words MATCH ?")
            given.append(f"{{head_{query.layer} text_{query.layer}}}: ({match})")
        for facet, values in filters_of(query).items():
            sources.append(f"SELECT DISTINCT number FROM value WHERE keyword IN ({','.join('?' * len(values))})")
            given += [f"{facet}:{value}" for value in values]
        return self._answer(sources or ["SELECT number FROM entry"], given, query)

    def _answer(self, sources: list[str], given: list[Any], query: Query) -> Answer:
        run = self.database.execute
        run("CREATE TEMP TABLE IF NOT EXISTS hits (number INTEGER PRIMARY KEY)")
        run("DELETE FROM hits")
        total = run(f"INSERT INTO hits {' INTERSECT '.join(sources)}", given).rowcount
        ids = run(
            "SELECT id FROM hits JOIN entry USING (number) ORDER BY is_vacant, confirmed_on DESC, id LIMIT ? OFFSET ?",
            (query.limit, query.offset),
        ).fetchall()
        if self.with_counts:
            run("SELECT keyword, count(*) FROM hits CROSS JOIN value USING (number) GROUP BY keyword").fetchall()
        return [row[0] for row in ids], total

    def _either(self, term: Term) -> list[str]:
        whole, begins = alternatives(term)
        return [f'"{key}"' for key in whole] + [f'"{key}"*' for key in begins]


class Tantivy:
    """Rust, memory-mapped, columns for facets; asked as its own documentation shows."""

    name = "tantivy"

    def __init__(self, folder: Path) -> None:
        import tantivy

        self.t = tantivy
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for facet in FACETS:
            builder.add_text_field(facet, fast=True, tokenizer_name="raw", index_option="basic")
        for layer in LAYERS:
            for part in ("head", "text"):
                builder.add_text_field(f"{part}_{layer}", tokenizer_name="whitespace", index_option="basic")
        builder.add_unsigned_field("rank", fast=True)
        self.schema = builder.build()
        self.index = tantivy.Index(self.schema, path=str(folder))
        self.counts = {facet: {"terms": {"field": facet, "size": 100}} for facet in FACETS}

    def build(self, documents: list[Document]) -> None:
        self.slips = Slips(documents)
        writer = self.index.writer(200_000_000, 1)
        for document in documents:
            writer.add_document(self._document(document))
        writer.commit()
        writer.wait_merging_threads()
        self.writer = self.index.writer(50_000_000, 1)
        self._reload()

    def _reload(self) -> None:
        self.index.reload()
        self.searcher = self.index.searcher()

    def _document(self, document: Document) -> Any:
        made = self.t.Document()
        made.add_text("id", document.id)
        for facet in FACETS:
            for value in document.keywords.get(facet, ()):
                made.add_text(facet, value)
        for layer in LAYERS:
            made.add_text(f"head_{layer}", " ".join(head_keys(document, layer)))
            made.add_text(f"text_{layer}", " ".join(text_keys(document, layer)))
        made.add_unsigned("rank", document.confirmed_on + (0 if document.is_vacant else 1_000_000))
        return made

    def update(self, document: Document) -> None:
        self.writer.delete_documents("id", document.id)
        self.writer.add_document(self._document(document))
        self.writer.commit()
        self._reload()

    def search(self, query: Query) -> Answer:
        terms = read_terms(query.words)
        answer = self._ask(query, terms)
        return answer if answer[1] or not terms else self._ask(query, self.slips.mended(terms, query.layer))

    def _ask(self, query: Query, terms: tuple[Term, ...]) -> Answer:
        q, must = self.t.Query, self.t.Occur.Must
        parts = [q.term_set_query(self.schema, f, list(values)) for f, values in filters_of(query).items()]
        parts += [self._either(term, query.layer) for term in terms]
        asked = q.boolean_query([(must, part) for part in parts]) if parts else q.all_query()
        found = self.searcher.search(asked, query.limit, offset=query.offset, order_by_field="rank")
        self.searcher.aggregate(asked, self.counts)
        return [self.searcher.doc(address)["id"][0] for _, address in found.hits], found.count

    def _either(self, term: Term, layer: str) -> Any:
        q, fields = self.t.Query, (f"head_{layer}", f"text_{layer}")
        whole, begins = alternatives(term)
        ways = [q.term_set_query(self.schema, field, whole) for field in fields if whole]
        ways += [q.regex_query(self.schema, field, f"{begin}.*") for field in fields for begin in begins]
        return q.boolean_query([(self.t.Occur.Should, way) for way in ways])


def one_slip_names(documents: list[Document], n: int, seed: int = 3) -> list[tuple[str, str]]:
    """Mistyped surnames with the key each stands for."""
    from tests.bench.synthetic import mistyped

    draw = random.Random(seed)
    found = []
    while len(found) < n:
        name = draw.choice(documents).name.get("public", "").split()
        words = list(words_of(Document("", name={"public": name[-1]}), "public")[0]) if name else []
        if len(words) == 1 and len(words[0]) >= 5:
            found.append((mistyped(words[0], draw), key_of(words[0])))
    return found
