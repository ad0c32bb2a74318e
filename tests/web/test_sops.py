"""Procedures and measures, with what is public text and what is reconstructed kept apart."""

from __future__ import annotations

from flask.testing import FlaskClient

from directory.sops.taxonomy import Taxonomy
from tests.web.conftest import World
from tests.web.test_entries import text_of


def test_the_five_procedures_list_their_measures(client: FlaskClient, taxonomy: Taxonomy) -> None:
    page = client.get("/sops").text
    for sop in taxonomy.sops:
        assert f'href="/sops/{sop.id}"' in page
        for measure in sop.measures:
            assert f'href="/sops/{sop.id}/measures/{measure.id}"' in page


def test_every_procedure_and_measure_has_a_page(client: FlaskClient, taxonomy: Taxonomy) -> None:
    for sop in taxonomy.sops:
        assert client.get(f"/sops/{sop.id}").status_code == 200
        for measure in sop.measures:
            page = client.get(f"/sops/{sop.id}/measures/{measure.id}")
            assert page.status_code == 200
            assert page.text.count("<li>") >= len(measure.steps)


def test_reconstructed_text_is_never_passed_off_as_public(client: FlaskClient, taxonomy: Taxonomy) -> None:
    for sop in taxonomy.sops:
        for measure in sop.measures:
            head = client.get(f"/sops/{sop.id}/measures/{measure.id}").text.split("entry-head")[1].split("</div>")[0]
            assert ("Public text" in head) is measure.is_public
            assert ("Reconstructed" in head) is not measure.is_public


def test_steps_for_children_are_marked(client: FlaskClient) -> None:
    steps = client.get("/sops/1/measures/1.1").text.split('class="todo"')[1].split("</ol>")[0].split("<li>")[1:]
    assert ["Children" in step for step in steps] == [False, False, True]


def test_a_country_chosen_brings_its_contacts_beside_the_measure(client: FlaskClient, world: World) -> None:
    page = client.get("/sops/4/measures/4.1?country=RO").text
    assert f"/entries/{world.return_desk}" in page
    assert '<option value="RO" selected>' in page
    assert f"/entries/{world.return_desk}" not in client.get("/sops/4/measures/4.1").text


def test_a_country_with_nobody_for_a_measure_says_so(client: FlaskClient) -> None:
    words = text_of(client.get("/sops/4/measures/4.1?country=PT").text)
    assert "Nobody is listed for this measure in Portugal." in words


def test_who_leads_is_shown_by_country(client: FlaskClient, world: World) -> None:
    page = client.get("/sops/4").text
    assert f"/entries/{world.return_desk}" in page.split("Romania</a></dt>")[1].split("</dd>")[0]
    assert "Nobody is listed." in page.split("Portugal</a></dt>")[1].split("</dd>")[0]


def test_odd_addresses_are_not_found_and_odd_countries_ignored(client: FlaskClient) -> None:
    for address in ("/sops/9", "/sops/x", "/sops/4/measures/1.1", "/sops/4/measures/9.9"):
        assert client.get(address).status_code == 404
    assert client.get("/sops/4/measures/4.1?country=<x>").status_code == 200
