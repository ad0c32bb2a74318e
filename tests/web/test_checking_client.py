"""The client that looks at every page: each of its checks finds the page that breaks it."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string
from sqlalchemy import text

from directory.app import database
from tests.web.checking_client import BadPage, CheckingClient, QueriesWhileRendering, findings

GOOD = """<!doctype html><html lang="en"><head><title>Romania – TRM Directory</title></head><body>
<a href="#main">Skip</a><header><a href="/">Home</a></header>
<main id="main"><h1>Romania</h1><form action="/search"><label for="q">Ask</label><input id="q" name="q"></form></main>
<footer>TRM</footer></body></html>"""


def test_a_good_page_passes() -> None:
    assert findings(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("<h1>Romania</h1>", "", "has 0 h1"),
        ("<h1>Romania</h1>", "<h1>Romania</h1><h1>Two</h1>", "has 2 h1"),
        ("<h1>Romania</h1>", "<h1>Bulgaria</h1>", "does not begin with"),
        ("</form>", "</form><h3>Deep</h3>", "skips from h1 to h3"),
        ('<label for="q">Ask</label>', "", "has no label"),
        ("</form>", '</form><p id="q">again</p>', "stands 2 times"),
        ("</form>", '</form><p aria-labelledby="nobody">x</p>', "which is not there"),
        ("</form>", '</form><p style="color:red">x</p>', "inline style"),
        ("</form>", "</form><script>alert(1)</script>", "inline script"),
        ("</form>", '</form><button onclick="x()">x</button>', "has onclick"),
        ("</form>", '</form><img src="https://elsewhere.example/x.png" alt="">', "loads https://elsewhere"),
        ("</form>", '</form><a href="/countries"></a>', "has no words"),
        ("</form>", '</form><a href="/x"><span aria-hidden="true">→</span></a>', "has no words"),
        ("</form>", '</form><a href="javascript:alert(1)">x</a>', "leads to “javascript"),
        ("</form>", '</form><a href="#nowhere">x</a>', "link to #nowhere"),
        ("</form>", "</form><p><div>x</div></p>", "unexpected-end-tag"),
        ("</form>", "</form><p>Kosovo*</p>", "footnote"),
        ('<html lang="en">', "<html>", "no lang"),
        ("<footer>TRM</footer>", "", "has 0 footer"),
    ],
)
def test_a_bad_page_is_found(old: str, new: str, found: str) -> None:
    assert any(found in finding for finding in findings(GOOD.replace(old, new, 1)))


def test_the_client_refuses_a_bad_page() -> None:
    app = Flask("bad")
    app.test_client_class = CheckingClient
    app.add_url_rule("/", "bad", lambda: "<p>no frame at all")
    with pytest.raises(BadPage, match="has 0 h1"):
        app.test_client().get("/")


def test_a_query_while_rendering_is_noticed(app: Flask) -> None:
    watch: QueriesWhileRendering = app.extensions["watch"]
    with app.test_request_context("/"):
        database.session().execute(text("select 1"))
        assert not watch.statements
        render_template_string("{{ run() }}", run=lambda: database.session().execute(text("select 2")) and "")
    assert watch.statements == ["select 2"]
    watch.statements.clear()
