"""The search index in PostgreSQL, for installations that have it anyway: one store less to look after.

Words come folded from Python, so neither a text search configuration nor `unaccent` is needed: `tsvector` serves as
a list of keys with a weight. Slips are looked up in the same `Vocabulary` as everywhere, kept per process and
brought up to date from the words changed since; `pg_trgm` is not used, because a share of common trigrams misses
short names and could not give the answers of the other adapters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from . import ranking
from .port import FACETS, Document, Hits, IndexBusy, IndexState, IndexUnusable, Layer, Query
from .postgres_tables import ADD_WORDS, COLUMNS, FINISH, INSERT, PREPARE, row_of, spelled_words
from .terms import LAYERS, Attempt, Term, attempts, backwards, has_words, read_terms
from .vocabulary import Vocabulary, nearest

VERSION = 2
_BUSY = {"55P03", "57014"}  # lock_not_available, query_canceled
_NO_TABLE = "42P01"


class PostgresIndex:
    """The adapter. Threads may share it. It is unusable until the first `rebuild`, which makes its tables."""

    def __init__(self, database: Engine | str, lock_seconds: float = 10.0) -> None:
        engine = create_engine(database) if isinstance(database, str) else database
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._lock_milliseconds = int(lock_seconds * 1000)
        self._lock = RLock()
        self._words = _KnownWords()
        self._whole: tuple[int, dict[str, dict[str, int]]] = (-1, {})

    def search(self, query: Query) -> Hits:
        """Find entries. Raises IndexUnusable."""
        with _told_plainly(), self._reading.connect() as connection:
            return _Search(self, connection, query).hits()

    def update(self, documents: Sequence[Document], removed: Sequence[str] = ()) -> None:
        """Replace these documents and drop the removed ids, in one transaction."""
        latest = {document.id: document for document in documents}
        with _told_plainly(), self._engine.begin() as connection:
            generation = self._begin(connection)
            gone = connection.exec_driver_sql(
                "DELETE FROM search_documents WHERE id = ANY(%s) RETURNING head_public, head_registered",
                ([*removed, *latest],),
            ).all()
            rows = [row_of(document) for document in latest.values()]
            if rows:
                connection.exec_driver_sql(INSERT, rows)
            _count_words(connection, latest.values(), gone, generation)
            connection.exec_driver_sql(
                "UPDATE search_state SET generation = %s, count = count + %s", (generation, len(rows) - len(gone))
            )

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Replace everything, in new tables that take the place of the old at the end; updates wait meanwhile."""
        with self._engine.begin() as connection:
            connection.exec_driver_sql(PREPARE)
            generation = connection.exec_driver_sql("SELECT generation FROM search_state FOR UPDATE").scalar_one() + 1
            count, words = _copy(connection, ranking.unique(documents))
            if words:
                connection.exec_driver_sql(ADD_WORDS.format(table="search_words_next"), _word_rows(words, generation))
            connection.exec_driver_sql(FINISH)
            connection.exec_driver_sql(
                "UPDATE search_state SET version = %s, generation = %s, count = %s, rebuilt = %s",
                (VERSION, generation, count, generation),
            )
        return count

    def state(self) -> IndexState:
        """How the index stands."""
        try:
            with _told_plainly(), self._reading.connect() as connection:
                count = self.generation(connection)[2]
        except IndexUnusable as problem:
            return IndexState(is_usable=False, count=0, version=VERSION, problem=str(problem))
        return IndexState(is_usable=True, count=count, version=VERSION)

    def generation(self, connection: Connection) -> tuple[int, int, int]:
        """The number of the last change, that of the last rebuild, and how many entries there are."""
        row = connection.exec_driver_sql("SELECT version, generation, rebuilt, count FROM search_state").one()
        if row[0] != VERSION:
            raise IndexUnusable(f"The search index has version {row[0]}, this program reads {VERSION}")
        return row[1], row[2], row[3]

    def _begin(self, connection: Connection) -> int:
        """Be the only writer; the number of the change about to be made."""
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {self._lock_milliseconds}")  # nosemgrep: sql-from-strings
        row = connection.exec_driver_sql("SELECT version, generation FROM search_state FOR UPDATE").one()
        if row[0] != VERSION:
            raise IndexUnusable(f"The search index has version {row[0]}, this program reads {VERSION}")
        return int(row[1]) + 1

    def known_words(self, connection: Connection) -> _KnownWords:
        """Heading and name words as of now."""
        with self._lock:
            self._words.follow(connection, *self.generation(connection)[:2])
            return self._words

    def whole_counts(self, connection: Connection) -> dict[str, dict[str, int]]:
        """Facet counts over everything, kept until something changes."""
        generation = self.generation(connection)[0]
        if self._whole[0] != generation:
            rows = connection.exec_driver_sql(
                "SELECT keyword, count(*) FROM search_documents, unnest(keywords) AS keyword GROUP BY keyword"
            ).all()
            self._whole = (generation, _counts({row[0]: row[1] for row in rows}))
        return self._whole[1]


class _KnownWords:
    """The words of headings and names and their spellings, per layer, as of one generation."""

    def __init__(self) -> None:
        self._generation = -1
        self._spelled: dict[Layer, dict[str, set[str]]] = {layer: {} for layer in LAYERS}
        self._vocabularies: dict[Layer, Vocabulary] = {}

    def follow(self, connection: Connection, generation: int, rebuilt: int) -> None:
        if generation == self._generation:
            return
        if self._generation < rebuilt:
            self._spelled = {layer: {} for layer in LAYERS}
            self._generation = -1
        rows = connection.exec_driver_sql(
            "SELECT layer, key, spelling, count FROM search_words WHERE changed > %s", (self._generation,)
        )
        for layer, key, spelling, count in rows:
            spellings = self._spelled[layer].setdefault(key, set())
            (spellings.add if count else spellings.discard)(spelling)
            if not spellings:
                del self._spelled[layer][key]
        self._vocabularies = {}
        self._generation = generation

    def spellings(self, key: str, layer: Layer) -> tuple[str, ...]:
        return tuple(sorted(set().union(*(self._spelled[one].get(key, ()) for one in LAYERS[layer]))))

    def within(self, key: str, distance: int, layer: Layer) -> list[str]:
        return [word for one in LAYERS[layer] for word in self._vocabulary(one).within(key, distance)]

    def _vocabulary(self, layer: Layer) -> Vocabulary:
        if layer not in self._vocabularies:
            self._vocabularies[layer] = Vocabulary(self._spelled[layer])
        return self._vocabularies[layer]


@dataclass
class _Search:
    """One query on the way to its hits."""

    index: PostgresIndex
    connection: Connection
    query: Query

    def hits(self) -> Hits:
        if not has_words(self.query.words):
            return self._ask(Attempt(()))
        terms = read_terms(self.query.words)
        for attempt in attempts(terms, self) if terms else ():
            found = self._ask(attempt)
            if found.total:
                return found
        return Hits(facets=ranking.no_counts())

    def count(self, term: Term) -> int:
        sql = f"SELECT count(*) FROM search_documents WHERE {self._vector} @@ %s::tsquery"  # noqa: S608 - two names  # nosec B608
        return int(self.connection.exec_driver_sql(sql, (_anywhere(term),)).scalar_one())

    def near(self, key: str, slips: int) -> Mapping[str, tuple[str, ...]]:
        words, layer = self.index.known_words(self.connection), self.query.layer
        return nearest(key, slips, lambda k, d: words.within(k, d, layer), lambda k: words.spellings(k, layer))

    @property
    def _vector(self) -> str:
        return "words_public" if self.query.layer == "public" else "words_registered"

    def _ask(self, attempt: Attempt) -> Hits:
        conditions, given = self._conditions(attempt.terms)
        order, ordered_by = self._order(attempt.terms)
        is_whole = not conditions
        counts = "NULL" if is_whole else _COUNTS
        vector = f", {self._vector}" if attempt.terms else ""
        sql = _ASK.format(vector=vector, where=" AND ".join(conditions) or "true", order=order, counts=counts)
        page = (max(self.query.limit, 0), max(self.query.offset, 0))
        ids, total, counted = self.connection.exec_driver_sql(sql, (*given, *ordered_by, *page)).one()
        return Hits(
            ids=tuple(ids or ()),
            total=total,
            facets=self.index.whole_counts(self.connection) if is_whole else _counts(counted or {}),
            corrected=attempt.corrected,
            dropped=attempt.dropped,
        )

    def _conditions(self, terms: tuple[Term, ...]) -> tuple[list[str], list[Any]]:
        filters = ranking.filters_of(self.query)
        conditions = ["keywords && %s::text[]"] * len(filters)
        given: list[Any] = [
            [f"{facet}:{value}" for value in _storable(values) if facet in FACETS] for facet, values in filters.items()
        ]
        if terms:
            conditions.append(f"{self._vector} @@ %s::tsquery")
            given.append(" & ".join(f"({_anywhere(term)})" for term in terms))
        return conditions, given

    def _order(self, terms: tuple[Term, ...]) -> tuple[str, list[Any]]:
        """The order of `ranking`, as SQL."""
        points: list[str] = []
        given: list[Any] = []
        for term in terms:
            whole, begun = _whole(term, "A"), _key(term.begins, "*A")
            points.append(
                f"CASE WHEN {self._vector} @@ %s::tsquery THEN {ranking.WHOLE}"
                + (f" WHEN {self._vector} @@ %s::tsquery THEN {ranking.BEGUN}" if begun else "")
                + " ELSE 0 END"
            )
            given += [whole, begun] if begun else [whole]
        steps = [f"({' + '.join(points)}) DESC"] if points else []
        steps.append("is_vacant")
        if self.query.urgent:
            steps.append("is_duty DESC")
        if wanted := ranking.wanted_sops(self.query):
            steps.append("(leads && %s::text[]) DESC")
            given.append(_storable(wanted))
        return ", ".join([*steps, "confirmed_on DESC", "id"]), given


_COUNTS = """(SELECT jsonb_object_agg(keyword, n) FROM
    (SELECT keyword, count(*) AS n FROM hits, unnest(keywords) AS keyword GROUP BY keyword) AS counted)"""
_ASK = """
WITH hits AS MATERIALIZED (
    SELECT id, keywords, leads, is_vacant, is_duty, confirmed_on{vector} FROM search_documents WHERE {where}
)
SELECT
    ARRAY(SELECT id FROM hits ORDER BY {order} LIMIT %s OFFSET %s),
    (SELECT count(*) FROM hits),
    {counts}
"""


def _key(key: str, how: str = "") -> str:
    """A key as a word of a tsquery; keys are plain letters and digits and the one sign of a number."""
    return f"'{key}':{how}" if key and how else f"'{key}'" if key else ""


def _whole(term: Term, weight: str = "") -> str:
    ways = [_key(key, weight) for key in term.whole]
    if term.number:
        ways += [_key(way, "*" + weight) for way in ("#" + term.number, backwards(term.number))]
    return " | ".join(ways)


def _anywhere(term: Term) -> str:
    ways = [_whole(term), _key(term.begins, "*"), " & ".join(_key(part) for part in term.parts)]
    return " | ".join(f"({way})" for way in ways if way)


def _storable(values: Iterable[str]) -> list[str]:
    """The values that PostgreSQL could hold at all; no entry has the others."""
    return [value for value in values if "\0" not in value and value == value.encode(errors="ignore").decode()]


def _counts(counted: Mapping[str, int]) -> dict[str, dict[str, int]]:
    counts = ranking.no_counts()
    for keyword, count in counted.items():
        facet, _, value = keyword.partition(":")
        if facet in counts:
            counts[facet][value] = count
    return counts


def _count_words(connection: Connection, added: Iterable[Document], gone: Sequence[Any], generation: int) -> None:
    words: Counter[tuple[str, str]] = Counter()
    for document in added:
        for layer in LAYERS:
            words.update((layer, word) for word in spelled_words(document, layer))
    for row in gone:
        for layer, spelled in zip(LAYERS, row, strict=True):
            words.subtract((layer, word) for word in spelled)
    changed = _word_rows({word: n for word, n in words.items() if n}, generation)
    if changed:
        connection.exec_driver_sql(ADD_WORDS.format(table="search_words"), changed)


def _word_rows(words: Mapping[tuple[str, str], int], generation: int) -> list[tuple[Any, ...]]:
    return [(layer, *word.split(" "), n, generation) for (layer, word), n in sorted(words.items())]


def _copy(connection: Connection, documents: Iterable[Document]) -> tuple[int, Counter[tuple[str, str]]]:
    words: Counter[tuple[str, str]] = Counter()
    count = 0
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY search_documents_next ({COLUMNS}) FROM STDIN") as copy:
        for document in documents:
            copy.write_row(row_of(document))
            count += 1
            for layer in LAYERS:
                words.update((layer, word) for word in spelled_words(document, layer))
    return count, words


@contextmanager
def _told_plainly() -> Iterator[None]:
    """A lock not got is IndexBusy; whatever else the database says is an index that cannot be used."""
    try:
        yield
    except DBAPIError as problem:
        state = getattr(problem.orig, "sqlstate", None)
        if state in _BUSY:
            raise IndexBusy("Another process is writing the search index") from problem
        if state == _NO_TABLE:
            raise IndexUnusable("There is no search index yet") from problem
        raise IndexUnusable(f"The search index cannot be read ({type(problem.orig).__name__})") from problem
