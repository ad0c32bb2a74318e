"""Every link a page offers leads somewhere; first visits and later ones stay light."""

from __future__ import annotations

import gzip
import re
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

FIRST_VISIT = 20_000
MOST_PAGES = 700
MOST_FILES = 5  # a visitor may not take the whole directory along


def links_of(page: str) -> set[str]:
    return {unescape(found).split("#")[0] for found in re.findall(r'(?:href|src)="(/[^"]*)"', page)}


def is_file(address: str) -> bool:
    return address.split("?", maxsplit=1)[0].endswith((".vcf", ".csv", ".xlsx", ".json", ".pdf", ".svg"))


def test_every_link_leads_somewhere(client: FlaskClient) -> None:
    seen: set[str] = set()
    waiting = ["/"]
    files = 0
    while waiting and len(seen) < MOST_PAGES:
        address = waiting.pop(0)
        seen.add(address)
        files += is_file(address)
        if is_file(address) and files > MOST_FILES:
            continue
        response = client.get(address)
        assert response.status_code < 400, f"{address} answers {response.status_code}"
        if response.mimetype == "text/html":
            waiting += sorted(links_of(response.text) - seen - set(waiting))
    assert len(seen) > 100, "The crawl ended before it reached the measures"


def test_the_crawl_would_notice_a_dead_link(client: FlaskClient) -> None:
    assert "/nowhere" in links_of('<a href="/nowhere#x">')
    assert client.get("/nowhere").status_code == 404


def test_a_first_visit_is_light(client: FlaskClient) -> None:
    page = client.get("/entries?country=RO&sop=4")
    parts = [page.data, *(client.get(address).data for address in links_of(page.text) if address.startswith("/static"))]
    assert len(parts) == 4, "page, style, mark, print"
    assert sum(len(gzip.compress(part, 6)) for part in parts) < FIRST_VISIT


def test_static_files_are_kept_for_a_year_and_renamed_when_they_change(client: FlaskClient) -> None:
    style = next(address for address in links_of(client.get("/").text) if ".css" in address)
    kept = client.get(style).headers["Cache-Control"]
    assert "max-age=31536000" in kept
    assert "immutable" in kept
    assert "max-age=31536000" not in client.get(style.split("?")[0]).headers.get("Cache-Control", "")


def test_every_page_family_is_linked_from_the_start(app: Flask, client: FlaskClient) -> None:
    page = client.get("/").text
    for address in ("/countries", "/sops", "/how-we-read", "/entries?role=hotline&amp;urgent=1"):
        assert f'href="{address}"' in page
