"""The list of countries, and one country with its gaps said plainly."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from directory.app import database
from directory.registry.models import LegalFooting, Network, NetworkMember
from tests.web.conftest import World
from tests.web.test_entries import text_of


def test_countries_are_listed_with_their_entries(client: FlaskClient) -> None:
    words = text_of(client.get("/countries").text)
    assert "Romania 5 entries" in words
    assert "Portugal nobody listed yet" in words


def test_a_country_shows_whom_to_call_first(client: FlaskClient, world: World) -> None:
    page = client.get("/countries/RO").text
    first = page.split('id="first"')[1].split("</section>")[0]
    assert f"/entries/{world.coordinator}" in first
    assert f"/entries/{world.hotline}" in first
    assert f"/entries/{world.return_desk}" not in first


def test_gaps_are_said_plainly(client: FlaskClient) -> None:
    words = text_of(client.get("/countries/RO").text)
    assert "Nobody is listed for:" in words
    assert "Escort and transport" in words


def test_a_country_without_entries_still_has_its_page(client: FlaskClient) -> None:
    words = text_of(client.get("/countries/PT").text)
    assert "No coordinator, focal point or hotline is listed here yet." in words


def test_legal_footing_and_networks_are_said(app: Flask, client: FlaskClient) -> None:
    assert "is not recorded yet" in text_of(client.get("/countries/BG").text)
    with app.app_context():
        session = database.session()
        session.add(LegalFooting(country_code="BG", kind="binding_act", title="Act on combating it"))
        session.add(Network(key="see", name="South-East circle", members=[NetworkMember(country_code="BG")]))
        session.commit()
    words = text_of(client.get("/countries/BG").text)
    assert "Bodies here must answer, by a binding act: Act on combating it." in words
    assert "South-East circle" in words


def test_embassies_abroad_are_counted_and_linked(client: FlaskClient) -> None:
    page = client.get("/countries/MD").text
    assert "1 post of its embassies and consulates abroad" in page
    assert client.get("/entries?country=MD&type=embassy_consulate").text.count("<article") == 1


def test_everything_can_be_opened_at_once(client: FlaskClient) -> None:
    assert '<details class="fold" open>' in client.get("/countries/RO?all=1").text
    assert '<details class="fold" open>' not in client.get("/countries/RO").text


def test_small_letters_lead_to_the_country_and_unknown_codes_to_nothing(client: FlaskClient) -> None:
    assert client.get("/countries/ro").location == "/countries/RO"
    for code in ("ZZ", "EU", "R", "ROM", "<x>"):
        assert client.get(f"/countries/{code}", follow_redirects=True).status_code == 404


def test_kosovo_has_its_footnote_again_when_its_card_was_kept(client: FlaskClient) -> None:
    for _ in range(2):
        assert 'id="footnote"' in client.get("/entries?country=XK").text
