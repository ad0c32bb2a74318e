"""The canary finds a token also where a file packs it; without opening it would pass everything."""

from __future__ import annotations

import pytest

from directory.exports import write_export
from directory.exports.qr import code_of, code_svg, short_card
from directory.sops.taxonomy import Taxonomy
from tests.security.opening import opened
from tests.security.tokens import Book, Token
from tests.unit.exports.pictures import context_for, make_entry, make_line

TITLE, NUMBER = "zqbcdfghjk", "+442079460199"
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "qr": "image/svg+xml",
}


@pytest.fixture(scope="module")
def book() -> Book:
    book = Book()
    for text in (TITLE, NUMBER):
        book.add(Token(text, "post.title", "restricted"))
    return book


@pytest.mark.parametrize("kind", TYPES)
def test_a_token_in_a_packed_file_is_found(taxonomy: Taxonomy, book: Book, kind: str) -> None:
    entry, context = make_entry(title=TITLE, contact_lines=(make_line(value=NUMBER),)), context_for(taxonomy)
    packed = (
        code_svg(code_of(short_card(entry, context)), "")
        if kind == "qr"
        else write_export(kind, [entry], context=context)
    )
    assert {token.text for token in book.found_in(opened(TYPES[kind], packed))} == {TITLE, NUMBER}
    assert not list(book.found_in(packed)), "It is not packed: nothing to open"


def test_what_is_not_packed_stays_as_it_is() -> None:
    assert opened("text/html", b"<p>") == b"<p>"
    assert opened("application/pdf", b"") == b""
