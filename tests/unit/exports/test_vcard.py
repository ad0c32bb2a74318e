"""Cards: what they say, and that five kinds of readers would read the same."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.config import KOSOVO_FOOTNOTE
from directory.entries.entry import Entry, InstitutionName
from directory.exports import ExportContext, write_export
from directory.exports.card_writer import card_text
from directory.exports.vcard import card, card_name, note
from directory.sops.taxonomy import Taxonomy
from tests.unit.exports import readers
from tests.unit.exports.pictures import context_for, hostile_entry, make_entry, make_line

CARDS = 400


@pytest.fixture(scope="module")
def context(taxonomy: Taxonomy) -> ExportContext:
    return context_for(taxonomy)


@pytest.fixture(scope="module")
def hostile() -> list[Entry]:
    dice = random.Random(20261124)
    return [hostile_entry(dice) for _ in range(CARDS)]


def expected(entry: Entry, context: ExportContext) -> readers.Properties:
    """The text properties a reader must find, each once, whatever stands in the entry."""
    name = card_text(card_name(entry, context))
    texts = {
        "UID": [f"urn:uuid:{entry.id}"],
        "FN": [name],
        "N": ["", ""],
        "ORG": [name, card_text(entry.institution.name)],
        "TITLE": [card_text(entry.title)],
        "ROLE": [card_text(context.role(entry.role))],
        "NOTE": ["\n".join(line for part in note(entry, context).split("\n") if (line := card_text(part)))],
        "REV": ["2026-11-12T09:30:00Z"],
        "SOURCE": [f"https://directory.example.org/entries/{entry.id}"],
        "X-ABSHOWAS": ["COMPANY"],
    }
    kept = {key: [value for value in values if value or key == "N"] for key, values in texts.items()}
    return sorted((key, tuple(values)) for key, values in kept.items() if values)


def found(card: readers.Properties, names: set[str]) -> readers.Properties:
    return sorted((name, values) for name, values in card if name in names)


def assert_read_alike(entries: list[Entry], cards: list[readers.Properties], context: ExportContext) -> None:
    assert len(cards) == len(entries)
    for entry, read in zip(entries, cards, strict=True):
        wanted = expected(entry, context)
        assert found(read, {name for name, _ in wanted}) == wanted
        written = card(entry, context)
        properties = len(re.sub(r"\r\n ", "", written).split("\r\n")) - 3
        assert len([name for name, _ in read if name != "WARNING"]) in {properties, properties - 1}  # without VERSION
        assert [name for name, _ in read if name == "WARNING"] == []
        assert ("TEL", ("116000",)) in read
        assert ("TEL", ("+40213168400 ext. 12",)) in read
        assert not any("666" in value for name, values in read if name == "TEL" for value in values)


@pytest.fixture(scope="module")
def content(context: ExportContext, hostile: list[Entry]) -> bytes:
    return write_export("vcard", hostile, context=context)


@pytest.fixture(scope="module")
def read_by_vobject(content: bytes) -> list[readers.Properties]:
    return readers.with_vobject(content)


@pytest.fixture(scope="module")
def read_by_ez_vcard(content: bytes) -> list[readers.Properties]:
    return readers.with_ez_vcard(content)


@pytest.fixture(scope="module")
def read_by_ical_js(content: bytes, ical_js: Path) -> list[readers.Properties]:
    return readers.with_ical_js(content, ical_js)


@pytest.mark.parametrize("reader", ["vobject", "ez_vcard", "ical_js"])
def test_a_reader_finds_hostile_cards_as_they_were_meant(
    request: pytest.FixtureRequest, reader: str, context: ExportContext, hostile: list[Entry]
) -> None:
    assert_read_alike(hostile, request.getfixturevalue(f"read_by_{reader}"), context)


def test_all_readers_find_the_same_in_every_property(
    read_by_vobject: list[readers.Properties],
    read_by_ez_vcard: list[readers.Properties],
    read_by_ical_js: list[readers.Properties],
) -> None:
    for cards in zip(read_by_vobject, read_by_ez_vcard, read_by_ical_js, strict=True):
        first, second, third = (sorted(pair for pair in read if pair[0] != "VERSION") for read in cards)
        assert first == second == third


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.text(max_size=120), min_size=4, max_size=4))
def test_any_text_at_all_stays_a_value(taxonomy: Taxonomy, texts: list[str]) -> None:
    context = context_for(taxonomy)
    title, asks_for, label, postal = texts
    entry = make_entry(
        title=title, asks_for=asks_for, contact_lines=(make_line(label=label), make_line("postal", postal))
    )
    (read,) = readers.with_vobject(write_export("vcard", [entry], context=context))
    wanted = expected(entry, context)
    assert found(read, {name for name, _ in wanted}) == wanted


def test_what_readers_read_differently_is_written_otherwise() -> None:
    assert card_text("a; b\\") == "a, b/"
    assert card_text(" a\r\nb\tc\x00d\u202ee\u2028f\ud800 ") == "a b cde f\ufffd"
    assert card_text("a, “b”: c é 漢 😀 شع") == "a, “b”: c é 漢 😀 شع"


def test_a_card_is_written_as_vobject_writes_a_whole_one(content: bytes) -> None:
    """Lines are put together one by one, which is ten times faster; not a byte may differ."""
    cards = re.split(r"(?<=\r\nEND:VCARD\r\n)(?!$)", content.decode())
    assert len(cards) == CARDS
    for text in cards:
        assert vobject.readOne(text).serialize(lineLength=10**9) == re.sub(r"\r\n ", "", text)


def test_bytes_are_as_the_standard_wants_them(content: bytes) -> None:
    assert not content.startswith(b"\xef\xbb\xbf")
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    for line in lines:
        assert len(line) <= 75
        line.decode()  # no character is cut in two
        assert not re.search(rb"[\x00-\x1f\x7f]", line)


def test_a_card_names_the_post_first_and_its_country(context: ExportContext) -> None:
    entry = make_entry()
    assert card_name(entry, context) == "Return desk, Romania – Return Agency"
    text = card(entry, context)
    for line in ("N:;;;;", "TITLE:Return desk", "ROLE:Voluntary return contact", "X-ABSHOWAS:COMPANY"):
        assert f"\r\n{line}\r\n" in text
    assert "\r\nitem1.TEL;TYPE=WORK,VOICE,PREF:+40213168400\r\n" in text
    assert "\r\nitem1.X-ABLABEL:Desk\r\n" in text
    assert "\r\nCATEGORIES:Romania,SOP 4\r\n" in text


def test_a_named_official_stands_in_the_note_and_not_in_the_name(context: ExportContext) -> None:
    text = card(make_entry(official="Ana Pop", is_acting=True), context)
    assert "\r\nN:;;;;\r\n" in text
    assert "Held by Ana Pop (acting)." in note(make_entry(official="Ana Pop", is_acting=True), context)


def test_a_country_already_in_the_title_is_not_said_twice(context: ExportContext) -> None:
    assert card_name(make_entry(title="Embassy of Romania"), context) == "Embassy of Romania – Return Agency"


def test_a_long_name_is_cut_between_words_and_a_short_one_preferred(context: ExportContext) -> None:
    entry = make_entry(title="Desk for " + "very " * 30 + "long titles")
    assert len(card_name(entry, context)) < 160
    assert "very…, Romania" in card_name(entry, context)
    names = (InstitutionName("en", "official", "Return Agency"), InstitutionName("en", "short", "RA"))
    institution = make_entry().institution
    short = make_entry(institution=type(institution)("i", "Return Agency", "", "ngo", "", names, None, ""))
    assert card_name(short, context).endswith("– RA")


def test_an_unconfirmed_card_says_so_in_its_name_and_what_to_do(context: ExportContext) -> None:
    entry = make_entry(freshness="unconfirmed", confirmed_at=datetime(2026, 8, 1, tzinfo=UTC))
    assert "Return desk, Romania (not confirmed) – " in card_name(entry, context)
    assert "Not confirmed since 1 August 2026: check before you rely on it." in note(entry, context)


def test_a_fresh_card_says_who_confirmed_it_when(context: ExportContext) -> None:
    assert note(make_entry(), context).startswith("Confirmed by the owner on 12 November 2026.")


def test_an_overdue_card_says_so_in_its_note_only(context: ExportContext) -> None:
    entry = make_entry(freshness="overdue", confirmed_at=datetime(2026, 8, 20, tzinfo=UTC))
    assert "not confirmed" not in card_name(entry, context)
    assert "Not confirmed since 20 August 2026" in note(entry, context)


def test_a_demo_card_says_demo_in_its_name_and_note(context: ExportContext) -> None:
    entry = make_entry(demo=True)
    assert card_name(entry, context).startswith("DEMO ")
    assert note(entry, context).startswith("DEMO: ")


@pytest.mark.parametrize("where", [{"country": "XK"}, {"host_country": "XK"}, {"serves": ("XK",)}])
def test_kosovo_carries_its_footnote(context: ExportContext, where: dict[str, object]) -> None:
    assert KOSOVO_FOOTNOTE in note(make_entry(**where), context)
    assert KOSOVO_FOOTNOTE not in note(make_entry(), context)


def test_restricted_lines_never_travel(context: ExportContext) -> None:
    lines = (
        make_line("mobile", None, field_class="restricted", label="canary-label"),
        make_line("mobile", "+40722000001", field_class="restricted"),
        make_line("duty_phone", "+40722000002"),
        make_line("phone", "+40722000003", field_class="restricted"),
    )
    for kind in ("vcard", "csv"):
        content = write_export(kind, [make_entry(contact_lines=lines)], context=context)
        assert b"7220000" not in content
        assert b"canary" not in content


def test_what_no_property_can_hold_stands_in_the_note(context: ExportContext) -> None:
    lines = (make_line("email", "a,b@x.example"), make_line("web", "ftp://x.example"), make_line("phone", "ask Ana"))
    entry = make_entry(contact_lines=lines)
    text = card(entry, context)
    assert "EMAIL" not in text
    assert "\r\nURL" not in text
    assert "TEL" not in text
    for value in ("Mail a,b@x.example", "Website ftp://x.example", "Phone ask Ana"):
        assert value in note(entry, context)


def test_the_first_number_a_person_answers_is_the_preferred_one(context: ExportContext) -> None:
    lines = (make_line("fax", "+40213168401"), make_line("hotline", "116000", hours="24/7"), make_line())
    text = card(make_entry(contact_lines=lines), context)
    assert text.count("PREF") == 1
    assert "TYPE=WORK,VOICE,PREF:116000" in text
    assert "X-ABLABEL:Hotline 24/7" in text


def test_the_note_says_when_and_in_which_languages(context: ExportContext) -> None:
    line = make_line(
        display="+40 21 316 8400",
        hours="Mo-Fr 08:00-16:00; Sa 09:00-12:00",
        timezone="Europe/Bucharest",
        languages=("ro", "en"),
    )
    text = note(make_entry(contact_lines=(line,), asks_for="Planned date"), context)
    when = "Mon–Fri 08:00–16:00, Sat 09:00–12:00 (Bucharest time)"
    assert f"Phone +40 21 316 8400: {when} · Romanian, English" in text
    assert "Have ready: Planned date" in text
    assert "Source: Official list, 5 January 2026" in text


def test_the_same_entry_gives_the_same_bytes_whenever_it_is_taken(taxonomy: Taxonomy) -> None:
    first = context_for(taxonomy)
    later = ExportContext(first.base_url, taxonomy, datetime(2027, 1, 1, tzinfo=UTC), first.kosovo_footnote)
    assert card(make_entry(), first) == card(make_entry(), later)
