"""Questions are posted; the address of the answer holds the reading and nothing that was typed."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.web.test_entries import text_of

HOSTILE = [
    "",
    " ",
    "?",
    "x" * 2000,
    "return " * 400,
    "\x00\x01\x02",
    "ret\x00urn Romania",
    "\u202eainamor ni nruter\u202c",
    "\u2028\u2029",
    "' OR 1=1 --",
    "'; DROP TABLE post; --",
    '" OR ""="',
    "{{ 7*7 }} {% for x in ().__class__.__bases__ %}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "<script>alert(1)</script>",
    "](javascript:alert(1))",
    "../../etc/passwd",
    "%00%0d%0aSet-Cookie: a=b",
    "Romania\r\nLocation: https://elsewhere.example",
    "title:* AND (country:RO OR [a TO z])",
    'a* b? c~ d^5 "open',
    "((((((((((((",
    "NOT NOT NOT",
    "🚨🏠👦",
    "ﷺ" * 50,
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "κρατική υπηρεσία επιστροφών",
    "كيف أعود إلى رومانيا",
    "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "1" * 300,
    "a " * 1000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_question_breaks_a_page(client: FlaskClient, text: str) -> None:
    response = client.post("/search", data={"q": text})
    assert response.status_code in {303, 422}
    if response.status_code == 303:
        assert response.location.startswith("/entries")
        page = client.get(response.location)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "49" not in text_of(page.text).replace("49 ", "")


def test_a_question_without_its_field_is_no_error(client: FlaskClient) -> None:
    assert client.post("/search").location == "/entries"
    assert client.post("/search", data=b"\xff\xfe", content_type="text/plain").location == "/entries"


def test_the_address_holds_the_reading_not_the_question(client: FlaskClient) -> None:
    response = client.post("/search", data={"q": "who handles return in Romania please xylophone"})
    assert response.status_code == 303
    assert "country=RO" in response.location
    assert "sop=4" in response.location
    for typed in ("who", "handles", "please", "xylophone"):
        assert typed not in response.location


def test_a_word_no_entry_knows_is_said_once(client: FlaskClient) -> None:
    response = client.post("/search", data={"q": "return Romania xylophonist"})
    first = text_of(client.get(response.location).text)
    assert "No entry knows “xylophonist”, so it was left out." in first
    assert "xylophonist" not in text_of(client.get(response.location).text)


def test_a_word_of_an_entry_stays(client: FlaskClient) -> None:
    location = client.post("/search", data={"q": "Helpline"}).location
    assert "National" not in location
    assert client.get(location).status_code == 200


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("passport AB1234567 shelter Albania", "a passport or document number"),
        ("Maria Popescu born 12.03.2009 return Romania", "a name with a date of birth"),
    ],
)
def test_what_looks_like_a_person_is_stopped_and_not_repeated(client: FlaskClient, text: str, kind: str) -> None:
    response = client.post("/search", data={"q": text})
    assert response.status_code == 422
    assert '<h1 id="guarded">Nothing was searched or stored</h1>' in response.text
    assert kind in response.text
    for typed in ("AB1234567", "Popescu", "2009"):
        assert typed not in response.text
    assert "Set-Cookie" not in response.headers


def test_the_rest_of_a_stopped_question_is_offered(client: FlaskClient) -> None:
    page = client.post("/search", data={"q": "passport AB1234567 shelter Albania"}).text
    address = re.search(r'class="button button-main" href="([^"]+)"', page)
    assert address
    assert "country=AL" in address[1]
    assert client.get(address[1].replace("&amp;", "&")).status_code == 200


def test_a_question_from_another_site_is_refused(client: FlaskClient) -> None:
    assert client.post("/search", data={"q": "x"}, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert client.post("/search", data={"q": "x"}, headers={"Origin": "http://localhost"}).status_code == 303


def test_two_sides_are_labelled_once(client: FlaskClient) -> None:
    location = client.post("/search", data={"q": "return from Kosovo to Romania"}).location
    page = client.get(location).text
    assert {"Romania", "Kosovo*"} == set(re.findall(r'<h2 class="side">([^<]+?)(?: <span|</h2>)', page))


def test_how_we_read_shows_words_by_language(client: FlaskClient) -> None:
    page = client.get("/how-we-read?language=ro").text
    assert "returnare" in page
    assert "returnare" not in client.get("/how-we-read").text
    assert client.get("/how-we-read?language=<x>").status_code == 200


def test_every_language_has_its_words(client: FlaskClient) -> None:
    for language in set(re.findall(r"/how-we-read\?language=(\w+)", client.get("/how-we-read").text)):
        assert client.get(f"/how-we-read?language={language}").text.count("<dt>") > 40
