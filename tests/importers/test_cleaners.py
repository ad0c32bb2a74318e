"""Small cleaners, patterns and country names, by examples."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.registry.values import BadValue
from importers.cleaners import CLEANERS, mail_link, plain, read_date, read_language, read_yes_no, unguard
from importers.patterns import read_pattern
from importers.places import Countries


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a \u00a0 b\t", "a b"),
        ("<p>Tel: <b>1</b></p>", "Tel: 1"),
        ("a < b and c > d", "a < b and c > d"),
        ("Desk <desk@example.org>", "Desk <desk@example.org>"),
        ('<img src="x" onerror="y">photo</a> - <a rel="z">by', "photo - by"),
        ("<!-- note -->x", "x"),
        ("Fish &amp; Chips &#233; &nope;", "Fish & Chips é &nope;"),
        ("https://a.org/?a=1&copy=2", "https://a.org/?a=1&copy=2"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\ufeffa\u200b", "a"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(st.text())
def test_plain_text_is_as_plain_as_it_gets_in_shape(text: str) -> None:
    cleaned = plain(text)
    assert cleaned == cleaned.strip()
    assert "\u00a0" not in cleaned


@given(st.text(max_size=40))
def test_unguard_takes_off_exactly_what_an_export_puts_on(text: str) -> None:
    guarded = f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "'")) else text
    if not text.startswith("'"):
        assert unguard(guarded) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mailto:a@b.org", "a@b.org"),
        ("MAILTO:a@b.org?subject=x", "a@b.org"),
        ("Name <a@b.org>", "a@b.org"),
        ("a@b.org", "a@b.org"),
    ],
)
def test_mail_link(text: str, expected: str) -> None:
    assert mail_link(text) == expected


def test_ends_of_addresses() -> None:
    assert CLEANERS["web_address"]("https://a.org/x.,") == "https://a.org/x"
    assert CLEANERS["last_part"]("http://www.wikidata.org/entity/Q42/") == "Q42"
    assert CLEANERS["phone_link"]("tel:+41") == "+41"


@pytest.mark.parametrize("text", ["2026-11-24", "24.11.2026", "24/11/2026", "2026-11-24T08:00:00+01:00"])
def test_dates(text: str) -> None:
    assert read_date(text) == date(2026, 11, 24)


@pytest.mark.parametrize("text", ["", "soon", "11/24/2026", "31.02.2026", "2026-13-01"])
def test_no_dates(text: str) -> None:
    with pytest.raises(BadValue):
        read_date(text)


def test_languages_and_yes() -> None:
    assert [read_language(text) for text in ("sq", "SR_Latn", "Albanian", "zh")] == ["sq", "sr-Latn", "sq", "zh"]
    assert [read_yes_no(text) for text in ("Yes", "no", "", "x", "TRUE")] == [True, False, False, True, True]


@pytest.mark.parametrize(
    ("pattern", "cells", "expected"),
    [
        ("Embassy of {a}[ to {b}] in {c|d}", {"a": "A", "b": "B", "c": "C"}, "Embassy of A to B in C"),
        ("Embassy of {a}[ to {b}] in {c|d}", {"a": "A", "d": "D"}, "Embassy of A in D"),
        ("Embassy of {a} in {c|d}", {"a": "A"}, ""),
        ("[{a}][, {b}[ ({c})]]", {"a": "A", "b": "B"}, "A, B"),
        ("Desk", {}, "Desk"),
        ("", {}, ""),
    ],
)
def test_patterns(pattern: str, cells: dict[str, str], expected: str) -> None:
    assert read_pattern(pattern).fill(lambda name: cells.get(name, "")) == expected


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Kosovo", "XK"),
        ("de", "DE"),
        ("Scotland", None),
        ("Beijing", None),
        ("European Union", None),
        ("Guinea", "GN"),
        ("Guinea-Bissau", "GW"),
        ("Sovereign Military Order of Malta", None),
        ("Texas", None),
        (" the  Moon ", "RO"),
        ("", None),
    ],
)
def test_countries(name: str, code: str | None) -> None:
    assert Countries({"The Moon": "RO"}, frozenset({"Texas"})).code(name) == code
