"""The start page: ask, the hotlines, the countries, the procedures, how fresh the list is."""

from __future__ import annotations

import html
import re

from flask import Flask
from flask.testing import FlaskClient

from directory.app import database
from tests.factories import make_post


def test_the_page_asks_who_handles_what(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "<h1>Who handles what, in which country?</h1>" in page
    assert re.search(r'<form class="ask ask-big" action="/search" method="post"', page)
    assert 'autocomplete="off"' in page


def test_hotlines_are_one_tap_away(client: FlaskClient) -> None:
    assert '<p class="urgent"><a href="/entries?role=hotline&amp;urgent=1">' in client.get("/").text


def test_every_example_leads_to_an_answer(client: FlaskClient) -> None:
    block = client.get("/").text.split('class="examples"')[1].split("</p>")[0]
    addresses = [html.unescape(found) for found in re.findall(r'href="([^"]+)"', block)]
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith("/entries?"), f"{address} holds nothing that was understood"
        assert client.get(address).status_code == 200


def test_the_share_of_fresh_entries_is_said_and_not_rounded_up(app: Flask, client: FlaskClient) -> None:
    # Eight entries: one never confirmed, one confirmed 110 days ago. One more, stale too: six of nine are 66.7 %.
    assert "<b>75 %</b> of 8 entries confirmed in the last 90 days" in client.get("/").text
    with app.app_context():
        make_post(database.session(), confirmed_days_ago=95)
        database.session().commit()
    assert "<b>66 %</b> of 9 entries" in client.get("/").text


def test_countries_that_take_part_are_listed_and_no_others(client: FlaskClient) -> None:
    page = client.get("/").text
    assert '<a href="/countries/RO">Romania</a>' in page
    assert '<a href="/countries/DE">' not in page


def test_kosovo_carries_its_footnote(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "Kosovo*" in page
    assert "UNSCR 1244" in page.split('id="footnote"')[1]


def test_a_page_without_kosovo_has_no_footnote(client: FlaskClient) -> None:
    assert 'id="footnote"' not in client.get("/sops").text


def test_a_visitor_finds_the_way_in(client: FlaskClient) -> None:
    assert '<a href="/sign-in">Sign in</a>' in client.get("/").text
    assert client.get("/sign-in").status_code == 200
