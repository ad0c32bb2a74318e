"""Answers and single entries, as people read them."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from directory import worker
from directory.app import database
from directory.registry import operations
from directory.registry.models import Post, Removal
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.web.conftest import World


def text_of(page: str) -> str:
    """The words of the content, without tags."""
    content = page.split("<main")[1].split("</main>", maxsplit=1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


def card_of(page: str, entry_id: str) -> str:
    return next(card for card in page.split("<article")[1:] if f"/entries/{entry_id}" in card).split("</article>")[0]


def test_an_answer_gives_the_post_its_number_and_how_to_save_it(client: FlaskClient, world: World) -> None:
    card = card_of(client.get("/entries?country=RO&sop=4").text, world.return_desk)
    assert "Return desk" in card
    assert 'href="tel:+442079460101"' in card
    assert "+44 20 7946 0101" in card
    assert f'href="/entries/{world.return_desk}.vcf"' in card
    assert '<span class="local" lang="ro">Agenția pentru Întoarcere</span>' in card
    assert "Confirmed 12 days ago" in card
    assert "Open now" in card
    assert "day and night" in card


def test_what_was_understood_can_be_taken_away(client: FlaskClient) -> None:
    page = client.get("/entries?country=RO&sop=4").text
    assert 'href="/entries?sop=4" aria-label="Remove: Romania"' in page
    assert 'href="/entries?country=RO" aria-label="Remove: Return and social inclusion (SOP\u00a04)"' in page


def test_a_stale_entry_says_so_in_words(client: FlaskClient, world: World) -> None:
    card = card_of(client.get("/entries?country=RO&sop=4").text, world.stale)
    assert "Not confirmed for 110 days" in card
    assert "Confirmed 110" not in card


def test_a_vacant_post_says_so(client: FlaskClient, world: World) -> None:
    assert "Nobody holds this post now." in card_of(client.get("/entries?country=RO&sop=4").text, world.vacant)
    assert "Vacant" in text_of(client.get(f"/entries/{world.vacant}").text)
    assert "Vacant" not in text_of(client.get(f"/entries/{world.return_desk}").text)


def test_an_answer_about_two_countries_has_a_part_for_each(client: FlaskClient) -> None:
    page = client.get("/entries?country=RO&country=XK&country=AL&sop=4").text
    assert re.findall(r'<h2 class="side">([^<]+)</h2>', page) == ["Romania", "Kosovo*", "Albania"]
    assert "Nobody is listed for this in Albania." in text_of(page)


def test_an_empty_cell_says_why_and_who_stands_in(client: FlaskClient, world: World) -> None:
    page = client.get("/entries?country=AL&sop=2&group=female").text
    assert "<h1>Nobody is listed for this</h1>" in page
    assert "Nobody is listed for Women and girls here." in text_of(page)
    assert card_of(page, world.boys_shelter)


def test_a_role_nobody_holds_leads_to_others_of_the_procedure(client: FlaskClient, world: World) -> None:
    page = client.get("/entries?country=RO&sop=4&role=transport_escort").text
    assert "No “Escort and transport” is listed in Romania." in text_of(page)
    assert card_of(page, world.return_desk)


def test_a_country_without_anybody_gets_a_way_on_never_an_empty_page(client: FlaskClient) -> None:
    page = client.get("/entries?country=PT&sop=5").text
    assert "Take something away above" in text_of(page)
    assert '<a href="/countries/RO">Romania</a>' in page


def test_an_answer_without_a_country_offers_to_choose_one(client: FlaskClient) -> None:
    page = client.get("/entries?sop=4").text
    assert 'href="/entries?country=RO&amp;sop=4"' in page
    assert "Choose a country" not in text_of(client.get("/entries?country=RO&sop=4").text)


def test_a_small_answer_can_be_taken_along(client: FlaskClient) -> None:
    page = client.get("/entries?country=RO&sop=4").text
    assert 'href="/entries.vcf?country=RO&amp;sop=4"' in page
    assert 'href="/entries.csv?country=RO&amp;sop=4"' in page


def test_a_long_answer_has_pages_and_says_why_it_makes_no_file(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        session = database.session()
        office = make_institution(session, "Large Office", country="HU")
        for number in range(45):
            make_post(session, office, title=f"Desk {number:02}", role="social_worker", sops=(3,))
        session.commit()
    worker.run_due(app)
    page = client.get("/entries?country=HU").text
    assert "A file holds at most 25 entries." in text_of(page)
    assert "entries.vcf" not in page
    assert "Page 1 of 3" in page
    last = client.get("/entries?country=HU&page=3").text
    assert '<ol class="cards cards-numbered" start="41">' in last
    assert last.count("<article") == 5
    assert "The answer ends before this page." in text_of(client.get("/entries?country=HU&page=9").text)


def test_odd_page_numbers_open_the_first_page(client: FlaskClient) -> None:
    for page in ("0", "-1", "x", "", "99999999999999999999"):
        assert client.get(f"/entries?country=RO&page={page}").status_code == 200


def test_no_reading_tells_how_to_ask(client: FlaskClient) -> None:
    page = client.get("/entries").text
    assert "<h1>Ask who handles it</h1>" in page
    assert "<h1>Ask who handles it</h1>" in client.get("/entries?country=ZZ&sop=77&nonsense=1").text


def test_an_entry_shows_all_that_is_open(client: FlaskClient, world: World) -> None:
    page = client.get(f"/entries/{world.return_desk}").text
    words = text_of(page)
    assert "<title>Return desk, Return Agency, Romania" in page
    assert "Country of return and planned date" in words
    assert "Confirmed by its owner, signed in, on 12 November 2026" in words
    assert "Leads the whole procedure" in words
    assert 'href="tel:+442079460101"' in page


def test_a_restricted_line_is_absent_not_masked(client: FlaskClient, world: World) -> None:
    page = client.get(f"/entries/{world.boys_shelter}").text
    assert "442079460104" not in page.replace(" ", "")
    assert "intake@house.al.example" in page


def test_an_embassy_is_shown_under_the_country_it_answers_for(client: FlaskClient) -> None:
    words = text_of(client.get("/entries?country=MD").text)
    assert "Moldova, in Italy" in words


def test_an_entry_that_is_gone_says_so(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        session = database.session()
        session.add(Removal(entry_id="5f0b4a52-8f5c-4f0e-9b6b-0d8a6a8f2a01", at=NOW, reason="closed"))
        session.commit()
    response = client.get("/entries/5f0b4a52-8f5c-4f0e-9b6b-0d8a6a8f2a01")
    assert response.status_code == 410
    assert "Do not use a number you saved from it." in text_of(response.text)


def test_an_entry_that_moved_leads_on(app: Flask, client: FlaskClient, world: World) -> None:
    with app.app_context():
        session = database.session()
        session.add(
            Removal(
                entry_id="5f0b4a52-8f5c-4f0e-9b6b-0d8a6a8f2a02", at=NOW, reason="merged", redirect_id=world.return_desk
            )
        )
        session.commit()
    response = client.get("/entries/5f0b4a52-8f5c-4f0e-9b6b-0d8a6a8f2a02")
    assert response.status_code == 301
    assert response.location == f"/entries/{world.return_desk}"


def test_what_was_written_once_changes_when_the_entry_does(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        post = make_post(database.session(), title="Before", role="psychologist", sops=(2,))
        post_id = post.id
        database.session().commit()
    worker.run_due(app)
    address = "/entries?country=RO&role=psychologist"
    assert "Before" in client.get(address).text
    with app.app_context():
        post = database.session().get_one(Post, post_id)
        post.title = "After"
        operations.touch(database.session(), [post_id], now=NOW)
        database.session().commit()
    page = client.get(address).text
    assert "After" in page
    assert "Before" not in page


def test_words_of_an_entry_cannot_become_markup(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        post = make_post(
            database.session(), title='<script>alert("x")</script> & "desk"', role="interpreter", asks_for="{{ 7*7 }}"
        )
        post_id = post.id
        database.session().commit()
    worker.run_due(app)
    for address in (f"/entries/{post_id}", "/entries?country=RO&role=interpreter", "/countries/RO"):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in client.get(f"/entries/{post_id}").text
