"""An institution and its posts."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.web.conftest import World
from tests.web.test_entries import text_of


def test_an_institution_shows_both_names_and_its_posts(client: FlaskClient, world: World) -> None:
    page = client.get(f"/institutions/{world.institution}").text
    assert "<h1>Return Agency</h1>" in page
    assert 'lang="ro">Agenția pentru Întoarcere' in page
    assert "Migration authority · " in text_of(page)
    assert "3 posts" in text_of(page)
    assert page.count("<article") == 3


def test_an_unknown_institution_is_not_found(client: FlaskClient, world: World) -> None:
    assert client.get(f"/institutions/{world.return_desk}").status_code == 404
    assert client.get("/institutions/not-an-id").status_code == 404
