"""Lists to print: what stands on the paper, that nothing is fetched, and that a machine without Pango says so."""

from __future__ import annotations

import http.server
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import weasyprint
import zxingcpp
from PIL import Image

from directory.exports import CannotExport, ExportContext, pdf_file, write_export
from directory.exports.pdf_file import LONGEST_DUTIES, MOST_PRINTED, page_of, printed_list
from directory.sops.taxonomy import Taxonomy
from tests.unit.exports.pictures import (
    Answerability,
    context_for,
    formula_entries,
    hostile_entry,
    make_entry,
    make_line,
)
from tests.unit.exports.readers import missing

PAGE = "https://directory.example.org/entries?country=RO&sop=4"


@pytest.fixture(scope="module")
def context(taxonomy: Taxonomy) -> ExportContext:
    return context_for(taxonomy, timezone="Europe/Vienna", page_url=PAGE)


def poppler(command: str, content: bytes, folder: Path, *options: str) -> Path:
    if not shutil.which(command):
        missing(f"{command} is not here: apt install poppler-utils")
    (folder / "list.pdf").write_bytes(content)
    target = folder / "list.out"
    subprocess.run([command, *options, str(folder / "list.pdf"), str(target)], check=True, timeout=60)
    return target


def text_of(content: bytes, folder: Path) -> str:
    return poppler("pdftotext", content, folder, "-layout").read_text("utf-8")


def test_a_list_says_who_how_to_reach_them_and_how_far_to_trust_it(context: ExportContext, tmp_path: Path) -> None:
    entries = [
        make_entry(demo=True, asks_for="Country of return"),
        make_entry(title="Отдел за връщане", freshness="overdue", country="XK"),
        make_entry(
            title="Τμήμα επιστροφής", is_vacant=True, contact_lines=(make_line("email", "desk@return.example"),)
        ),
    ]
    text = text_of(printed_list(entries, context), tmp_path)
    for words in (
        "Romania · SOP 4 Return and social inclusion",
        "3 entries · made for a visitor without sign-in",
        "As of 24 November 2026, 21:30 UTC (24 November 2026, 22:30 in Vienna)",
        "Page 1 of 1",
        "+40 21 316 8400",
        "Confirmed by the owner on 12 November 2026",
        "Not confirmed since 12 November 2026: check before you rely on it",
        "DEMO",
        "Have ready: Country of return",
        "Отдел за връщане",
        "Τμήμα επιστροφής",
        "vacant at present",
        "desk@return.example",
        "UNSCR 1244/1999",
    ):
        assert words in text


def test_many_entries_fill_numbered_pages(context: ExportContext, tmp_path: Path) -> None:
    text = text_of(printed_list([make_entry(title=f"Desk {n}") for n in range(25)], context), tmp_path)
    assert all(f"Desk {n}" in text for n in range(25))
    last = text.count("\f")
    assert last > 1
    assert all(f"Page {n} of {last}" in text for n in range(1, last + 1))
    assert text.count("As of 24 November 2026") == last + 1  # on every page, and in the head


def test_the_code_on_paper_leads_to_the_same_list(context: ExportContext, tmp_path: Path) -> None:
    target = poppler("pdftoppm", printed_list([make_entry()], context), tmp_path, "-r", "100", "-png", "-singlefile")
    with Image.open(target.with_name("list.out.png")) as paper:
        (found,) = zxingcpp.read_barcodes(paper.convert("L"))
    assert found.text == PAGE


def test_a_number_dials_where_the_list_is_read_on_a_phone(context: ExportContext) -> None:
    page = page_of(
        [make_entry(contact_lines=(make_line(value="+40213168400;ext=12"), make_line(value="ask Ana")))], context
    )
    assert page.count('href="') == 1
    assert 'href="tel:+40213168400"' in page


def test_hostile_entries_are_text_on_paper_and_nothing_else(context: ExportContext) -> None:
    dice = random.Random(11)
    entries = [*formula_entries(), *(hostile_entry(dice) for _ in range(20)), make_entry(title="<img src=x><b>bold")]
    assert "&lt;img src=x&gt;&lt;b&gt;bold" in page_of(entries, context)
    assert printed_list(entries, context).startswith(b"%PDF-")


def test_long_duties_are_counted_and_restricted_lines_never_printed(context: ExportContext) -> None:
    duties = tuple(Answerability(number, None, "leads", "", (), ()) for number in (1, 2, 3, 4, 5))
    hidden = (make_line("mobile", "+40722000001"), make_line("phone", "+40722000002", field_class="restricted"))
    page = page_of([make_entry(responsibilities=duties, contact_lines=hidden)], context)
    assert f"and {5 - LONGEST_DUTIES} more on the site" in page
    assert "7220000" not in page


@pytest.fixture
def tempting() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that notes who asks."""
    asked: list[str] = []

    class Noting(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_words: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Noting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_a_list_fetches_nothing_from_network_or_disk(tempting: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = tempting
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>canary</text></svg>')
    markup = (
        f'<img src="{address}/i"><img src="{secret.as_uri()}"><link rel="stylesheet" href="{address}/s.css"><p>text'
    )
    fetcher = pdf_file._refusing(weasyprint)
    refused = weasyprint.HTML(string=markup, url_fetcher=fetcher).write_pdf()
    assert asked == []
    assert b"canary" not in refused
    weasyprint.HTML(string=markup).write_pdf()  # the control: without the refusal it asks
    assert asked


def test_a_machine_without_pango_says_so_and_what_to_do(
    context: ExportContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(CannotExport, match=r"libpangoft2-1\.0-0.*spreadsheet"):
        write_export("pdf", [make_entry()], context=context)


def test_the_library_is_not_loaded_before_a_list_is_made() -> None:
    code = "import sys, directory.exports; print('weasyprint' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "False"


def test_more_than_a_list_holds_is_refused(context: ExportContext) -> None:
    with pytest.raises(CannotExport, match=f"holds at most {MOST_PRINTED}"):
        write_export("pdf", [make_entry()] * (MOST_PRINTED + 1), context=context)
