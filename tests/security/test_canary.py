"""No value reaches anybody above its class: every column filled with a token, every route walked by everybody."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Column, MetaData, Table, Text

from directory.app import database
from directory.db import Base
from directory.entries import indexing, visibility
from directory.search.port import Document
from tests.conftest import NOW
from tests.security.classes import declared, differences, filled_columns
from tests.security.crawl import NoArguments, arguments, ids_of
from tests.security.site import Site
from tests.security.tokens import Eyes
from tests.security.walk import Walk, walk_everything, walk_pages

# Routes that no crawl can bring to a good answer, and why; they are walked all the same.
NEVER_RIGHT = {
    "passkey_answer": "the answer of a device to a question of the moment",
    "add_passkey": "the answer of a device to a question of the moment",
    "passkey_question": "passkeys need a name, not the address 127.0.0.1",
    "begin_passkey": "passkeys need a name, not the address 127.0.0.1",
    "answer_succeed": "the code of a letter follows from the letter; pages try it",
    "upload_import": "a file goes with it; the pages' own tests bring one",
    "check_old_list": "a file goes with it; the pages' own tests bring one",
    "decide_doubts": "the preview lies in a file; the pages' own tests make one",
    "answer_agree": "the code of a letter follows from the letter; pages try it",
    "letters": "in the demo only",
    "letter": "in the demo only",
    "letter_html": "in the demo only",
    **{
        f"carddav_{place}_{method}": "a phone book takes no change"
        for place in ("root", "principal", "home", "book", "card")
        for method in ("put", "delete")
    },
}


@pytest.fixture(scope="module")
def walk(canary: Site) -> Walk:
    return walk_everything(canary)


def test_every_column_has_a_class() -> None:
    assert differences(Base.metadata) == [], "Give the column its class in tests/security/field_classes.yaml"


def test_control_a_new_column_without_a_class_is_found() -> None:
    other = MetaData()
    for table in Base.metadata.sorted_tables:
        table.to_metadata(other)
    Table("post", other, Column("home_address", Text), extend_existing=True)
    assert differences(other) == ["post.home_address has no class"]


def test_every_column_worth_hiding_holds_a_token_of_each_of_its_classes(site: Site) -> None:
    book = [*site.book.tokens.values(), *site.book.literals.values()]
    found = {(token.column, token.field_class) for token in book}
    wanted = {
        (f"{column.table.name}.{column.name}", field_class)
        for column in filled_columns(Base.metadata)
        for field_class in declared()[column.table.name, column.name].classes
    }
    assert wanted - found == set()


def test_every_route_was_walked(site: Site, walk: Walk) -> None:
    every = {
        (rule.endpoint, method)
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or ())
        if method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }
    assert every - walk.visited == set()
    assert {name for name, _ in every - walk.answered} <= set(NEVER_RIGHT), (
        "no crawler ever saw the good answer of these"
    )


def test_nothing_above_its_class_was_shown(walk: Walk) -> None:
    print(f"\n{walk.summary()}")
    assert walk.leaks == [], "\n".join(walk.leaks)


def test_public_values_were_seen_by_everybody(site: Site, walk: Walk) -> None:
    """The control of the search itself: what may be seen is found, by each kind of viewer, in each column."""
    public = {t.column for t in site.book.tokens.values() if t.field_class == "public"} - {
        "role.label",
        "source.licence",
    }
    seen = {token.column for token in walk.seen["anonymous"] if token.field_class == "public"}
    assert public - seen <= {"legal_footing.url", "source.url", "institution.source_url"}
    assert {t.field_class for t in walk.seen["reader"]} >= {"public", "registered"}
    assert {t.field_class for t in walk.seen["coordinator"]} >= {"public", "registered", "private"}


def test_a_phone_book_was_asked_in_every_way_and_gave_what_its_owner_reads(walk: Walk) -> None:
    assert {
        (f"carddav_{place}_asked", "PROPFIND") for place in ("root", "principal", "home", "book", "card")
    } <= walk.answered
    assert {("carddav_book_report", "REPORT"), ("carddav_book", "GET"), ("carddav_card", "GET")} <= walk.answered
    for name in ("book:reader", "book:coordinator"):
        assert {t.field_class for t in walk.seen[name]} >= {"public", "registered"}
        assert "official.name" in {t.column for t in walk.seen[name]}


def test_restricted_values_came_from_the_reveal_page_only(walk: Walk) -> None:
    assert walk.revealed, "nobody revealed anything: the crawl proves nothing about it"
    assert {path.split("/")[3] if path.startswith("/entries/") else path.split("/")[4] for path in walk.revealed} <= {
        "reveal",
        "numbers",
    }


def test_the_index_keeps_nothing_restricted_or_private(site: Site) -> None:
    files = [
        path
        for path in site.folder.rglob("*")
        if path.is_file() and path.suffix not in {".sqlite", ".sqlite-wal", ".sqlite-shm", ".eml"}
    ]
    content = b"\n".join(path.read_bytes() for path in files)
    found = list(site.book.found_in(content))
    assert {t.field_class for t in found} == {"public", "registered"}, (
        "nothing found: the index is not readable as it lies"
    )


def _documents(site: Site) -> list[Document]:
    with site.app.app_context():
        running = site.app.extensions["site"]
        session = database.session()
        return list(
            indexing.all_documents(session, running.taxonomy(session), today=running.today(), days=running.days)
        )


def _above_layer(site: Site, documents: list[Document]) -> list[str]:
    registered, public = Eyes("index", "registered"), Eyes("index")
    wrong = []
    for made in documents:
        wrong += site.book.above(repr(made).encode(), registered)
        open_part = replace(
            made, name={k: v for k, v in made.name.items() if k == "public"}, text={"public": made.text["public"]}
        )
        wrong += site.book.above(repr(open_part).encode(), public)
    return [f"{token.column}: {token.text}" for token in wrong]


def test_each_layer_of_a_document_holds_its_layer_only(site: Site) -> None:
    assert _above_layer(site, _documents(site)) == []


def test_the_log_tells_no_value(site: Site, walk: Walk) -> None:
    lines = "\n".join(walk.log)
    assert "walked" in lines, "the control line is missing: nothing was logged"
    told = set(site.book.found_in(lines.encode()))
    assert not told, [line for line in walk.log if told & set(site.book.found_in(line.encode()))]


def test_letters_tell_only_what_their_reader_may_see(walk: Walk) -> None:
    assert walk.letters > 5
    assert walk.letter_leaks == [], "\n".join(walk.letter_leaks)


@pytest.mark.parametrize("name", ["_may_name", "_visible_line"])
def test_control_a_planted_leak_is_found(site: Site, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    planted = {"_may_name": lambda holder, _viewer: holder is not None, "_visible_line": lambda line, _viewer: line}
    monkeypatch.setattr(visibility, name, planted[name])
    found = walk_pages(
        site,
        ["anonymous", "reader", "book:reader"],
        ["entry", "entry_card", "api.entry", "entries_csv", "carddav_book"],
    )
    if name == "_may_name":
        assert "official.name" in {token.column for _, token in found.leaks_of("book:reader")}
    assert {token.column for _, token in found.leaks_of("anonymous")} >= {
        "_may_name": {"official.name"},
        "_visible_line": {"contact_point.value"},
    }[name]
    assert {endpoint for endpoint, _ in found.leaks_of("anonymous")} >= {"entry", "entry_card", "api.entry"}


def test_control_a_template_that_shows_a_private_field_is_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    note = next(t for t in site.book.tokens.values() if t.column == "institution.note")
    monkeypatch.setitem(site.app.jinja_env.globals, "locale_planted", note.text)
    monkeypatch.setattr(site.app, "template_context_processors", {**site.app.template_context_processors})
    site.app.view_functions["robots"], kept = (
        (lambda: f"<!-- {note.text.upper()} -->"),
        site.app.view_functions["robots"],
    )
    try:
        found = walk_pages(site, ["anonymous"], ["robots"])
    finally:
        site.app.view_functions["robots"] = kept
    assert [(endpoint, token.column) for endpoint, token in found.leaks_of("anonymous")] == [
        ("robots", "institution.note")
    ]


def test_control_a_route_without_arguments_fails(site: Site) -> None:
    app = Flask("planted")
    app.add_url_rule("/planted/<mystery>", "planted", lambda mystery: mystery)
    rule = next(r for r in app.url_map.iter_rules() if r.endpoint == "planted")
    with pytest.raises(NoArguments, match="mystery"):
        arguments(rule, ids_of(site.app, site.world))


def test_eyes_follow_the_rights_file(site: Site) -> None:
    """The judge itself: whom it lets see an agreed and a not agreed name."""
    names = {t.field_class: t for t in site.book.tokens.values() if t.column == "official.name"}
    assert not site.eyes["anonymous"].may_see(names["registered"])
    assert site.eyes["reader"].may_see(names["registered"])
    assert not site.eyes["reader"].may_see(names["private"])
    assert NOW - timedelta(days=1) < NOW
    logging.getLogger("directory").debug("judged")
