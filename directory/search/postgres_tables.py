"""The tables of the PostgreSQL index, and an entry as a row of them."""

from __future__ import annotations

from typing import Any

from .port import FACETS, Document, Layer
from .terms import key_of, numbers_of, words_of

COLUMNS = (
    "id, keywords, leads, words_public, words_registered, head_public, head_registered, "
    "confirmed_on, is_duty, is_vacant"
)

PREPARE = """
SELECT pg_advisory_xact_lock(7746841);
CREATE TABLE IF NOT EXISTS search_state (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    version integer NOT NULL, generation bigint NOT NULL, rebuilt bigint NOT NULL, count integer NOT NULL
);
INSERT INTO search_state VALUES (true, 0, 0, 0, 0) ON CONFLICT DO NOTHING;
DROP TABLE IF EXISTS search_documents_next, search_words_next;
CREATE TABLE search_documents_next (
    id text COLLATE "C" NOT NULL,
    keywords text[] NOT NULL,
    leads text[] NOT NULL,
    words_public tsvector NOT NULL,
    words_registered tsvector NOT NULL,
    head_public text[] NOT NULL,
    head_registered text[] NOT NULL,
    confirmed_on integer NOT NULL,
    is_duty boolean NOT NULL,
    is_vacant boolean NOT NULL
);
CREATE TABLE search_words_next (
    layer text NOT NULL, key text NOT NULL, spelling text NOT NULL,
    count integer NOT NULL, changed bigint NOT NULL,
    PRIMARY KEY (layer, key, spelling)
);
"""

# Index names are free to repeat: the old ones go with the old tables.
FINISH = """
DROP TABLE IF EXISTS search_documents, search_words;
ALTER TABLE search_documents_next RENAME TO search_documents;
ALTER TABLE search_words_next RENAME TO search_words;
ALTER INDEX search_words_next_pkey RENAME TO search_words_pkey;
ALTER TABLE search_documents ADD CONSTRAINT search_documents_pkey PRIMARY KEY (id);
CREATE INDEX search_documents_keywords ON search_documents USING gin (keywords);
CREATE INDEX search_documents_words_public ON search_documents USING gin (words_public);
CREATE INDEX search_documents_words_registered ON search_documents USING gin (words_registered);
CREATE INDEX search_words_changed ON search_words (changed);
ANALYZE search_documents;
"""

INSERT = f"INSERT INTO search_documents ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608  # nosec B608

ADD_WORDS = """
INSERT INTO {table} AS known (layer, key, spelling, count, changed) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (layer, key, spelling) DO UPDATE SET count = known.count + excluded.count, changed = excluded.changed
"""


def row_of(document: Document) -> tuple[Any, ...]:
    """The entry as the columns of `COLUMNS`."""
    keywords = dict.fromkeys(f"{facet}:{value}" for facet in FACETS for value in document.keywords.get(facet, ()))
    return (
        document.id,
        list(keywords),
        list(document.leads),
        _vector(document, ["public"]),
        _vector(document, ["public", "registered"]),
        spelled_words(document, "public"),
        spelled_words(document, "registered"),
        document.confirmed_on,
        document.is_duty,
        document.is_vacant,
    )


def spelled_words(document: Document, layer: Layer) -> list[str]:
    """Heading and name words that the layer adds, as "key spelling"."""
    return sorted(f"{key_of(word)} {word}" for word in words_of(document, layer)[0])


def _vector(document: Document, layers: list[Layer]) -> str:
    """Keys of words, weighted A in heading and name, and phone numbers both ways round, as a tsvector."""
    parts = [words_of(document, layer) for layer in layers]
    heads = {key_of(word) for head, _ in parts for word in head}
    heads |= {number if number.startswith("<") else "#" + number for number in numbers_of(document)}
    texts = {key_of(word) for _, text in parts for word in text} - heads
    return " ".join([*(f"'{key}':1A" for key in sorted(heads)), *(f"'{key}':1" for key in sorted(texts))])
