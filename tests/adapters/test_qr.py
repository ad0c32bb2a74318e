"""Codes on a screen or on paper, as two cameras' software reads them from a poor picture."""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import segno
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from sqlalchemy import Engine

from directory.entries.entry import Entry
from directory.exports import ExportContext
from directory.exports.qr import MOST_BYTES, code_of, code_svg, short_card
from directory.sops.taxonomy import Taxonomy
from tests.adapters.demo import public_demo
from tests.adapters.qr_pictures import MODULE, by_zxing, picture
from tests.unit.exports.pictures import context_for, hostile_entry, make_entry, make_line
from tests.unit.exports.readers import missing

SAMPLE = 60
OTHER_LETTERS = (
    ("Отдел за връщане и закрила", "Държавна агенция за закрила"),
    ("Τμήμα επιστροφής", "Υπουργείο Μετανάστευσης"),
    ("Müller-Straße und Zürich", "Bundesamt für Fremdenwesen"),
    ("Birou pentru întoarcere și şedere", "Agenția Națională Țară"),
    ("Վերադարձի բաժին", "Միգրացիոն ծառայություն"),
)


@pytest.fixture(scope="module")
def context(taxonomy: Taxonomy) -> ExportContext:
    return context_for(taxonomy)


@pytest.fixture(scope="module")
def demo_entries(sqlite_engine: Engine, taxonomy: Taxonomy) -> list[Entry]:
    return public_demo(sqlite_engine, taxonomy)


@pytest.fixture(scope="module")
def sample(demo_entries: list[Entry]) -> list[Entry]:
    return random.Random(20261124).sample(demo_entries, SAMPLE)


def photographed(drawn: Image.Image, dice: random.Random) -> Image.Image:
    """The same picture held askew, out of focus, in poor light and with noise."""
    held = drawn.convert("L").rotate(dice.uniform(-7, 7), Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    soft = held.filter(ImageFilter.GaussianBlur(1.0)).point(lambda value: int(40 + value * 0.7))
    noise = Image.frombytes("L", soft.size, dice.randbytes(soft.width * soft.height))
    return Image.blend(soft, noise, 0.12)


def by_zbar(pictures: list[Image.Image], folder: Path) -> list[str]:
    """ZBar, another reader altogether."""
    if not shutil.which("zbarimg"):
        missing("ZBar is not here: apt install zbar-tools")
    found = []
    for number, one in enumerate(pictures):
        path = folder / f"{number:03}.png"
        one.save(path)
        command = ["zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", str(path)]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        found.append(done.stdout.decode("utf-8", "replace").removesuffix("\n"))
    return found


def lines(text: str) -> list[str]:
    """A card line by line, for a failure one can read."""
    return text.split("\r\n")


def test_two_readers_read_every_card_of_a_sample_from_a_poor_picture(
    sample: list[Entry], context: ExportContext, tmp_path: Path
) -> None:
    dice = random.Random(7)
    cards = [short_card(entry, context) for entry in sample]
    pictures = [photographed(picture(code_of(card)), dice) for card in cards]
    assert [lines(text) for text in by_zxing(pictures)] == [lines(card) for card in cards]
    assert [lines(text) for text in by_zbar(pictures, tmp_path)] == [lines(card) for card in cards]


def test_every_demo_entry_fits_and_no_restricted_number_is_in_it(
    demo_entries: list[Entry], context: ExportContext
) -> None:
    cut = 0
    for entry in demo_entries:
        card = short_card(entry, context)
        assert len(card.encode()) <= MOST_BYTES
        read = vobject.readOne(card)
        assert read.fn.value.startswith("DEMO ")
        cut += "…" in card
        if entry.freshness in {"unconfirmed", "dormant"}:
            assert "(not confirmed)" in read.fn.value
    assert cut < len(demo_entries)


@pytest.mark.parametrize(("title", "body"), OTHER_LETTERS)
def test_letters_of_every_script_come_through_both_readers(
    context: ExportContext, tmp_path: Path, title: str, body: str
) -> None:
    institution = make_entry().institution
    entry = make_entry(title=title, institution=type(institution)("i", body, "", "ngo", "", (), None, ""))
    card = short_card(entry, context)
    assert title.split(maxsplit=1)[0] in card
    one = [photographed(picture(code_of(card)), random.Random(1))]
    assert lines(by_zxing(one)[0]) == lines(card)
    assert lines(by_zbar(one, tmp_path)[0]) == lines(card)


def test_without_saying_utf_8_a_reader_takes_letters_for_others(context: ExportContext, tmp_path: Path) -> None:
    wrong = 0
    for title, _body in OTHER_LETTERS:
        card = short_card(make_entry(title=title), context)
        plain = segno.make_qr(card, encoding="utf-8", eci=False, error="l")
        kept = io.BytesIO()
        plain.save(kept, kind="png", scale=MODULE)
        one = [Image.open(kept).convert("L")]
        wrong += lines(by_zxing(one)[0]) != lines(card) or lines(by_zbar(one, tmp_path)[0]) != lines(card)
    assert wrong, "Neither reader needs to be told: the marker could go"


def test_a_picture_too_poor_is_noticed(context: ExportContext, tmp_path: Path) -> None:
    """The control of the control: what cannot be read counts as not read."""
    ruined = [picture(code_of(short_card(make_entry(), context))).filter(ImageFilter.GaussianBlur(12))]
    assert by_zxing(ruined) == [""]
    assert by_zbar(ruined, tmp_path) == [""]


def test_the_picture_is_the_code_segno_makes(context: ExportContext) -> None:
    card = short_card(make_entry(), context)
    code = code_of(card)
    assert by_zxing([picture(code)]) == [card]
    assert code.size <= 61, "more squares than a camera takes from a small code"
    svg = code_svg(code, "Desk <b>&").decode()
    assert code.path in svg
    assert "<title>Desk &lt;b&gt;&amp;</title>" in svg
    assert "script" not in svg


def test_a_short_card_holds_what_one_dials_and_how_far_it_can_be_trusted(context: ExportContext) -> None:
    lines_of_entry = (
        make_line("fax", "+40213168401"),
        make_line("hotline", "116000"),
        make_line(),
        make_line("email", "desk@return.example"),
        make_line("mobile", "+40722000001", field_class="restricted"),
    )
    entry = make_entry(contact_lines=lines_of_entry, freshness="unconfirmed", demo=True)
    read = lines(short_card(entry, context))
    assert read == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "N:DEMO Return desk\\, Romania (not confirmed);;;;",
        "FN:DEMO Return desk\\, Romania (not confirmed)",
        "ORG:Return Agency",
        "TEL:116000",
        "EMAIL:desk@return.example",
        "END:VCARD",
    ]


def test_restricted_numbers_are_never_in_a_code(context: ExportContext) -> None:
    hidden = (
        make_line("mobile", "+40722000001"),
        make_line("phone", "+40722000002", field_class="restricted"),
        make_line("duty_phone", None, field_class="restricted"),
    )
    card = short_card(make_entry(contact_lines=hidden), context)
    assert "7220000" not in card
    assert f"URL:https://directory.example.org/entries/{make_entry().id}" in card


def test_a_long_name_is_cut_rather_than_the_code_made_larger(context: ExportContext) -> None:
    institution = make_entry().institution
    body = "National Agency " * 12
    entry = make_entry(
        title="Desk for the very long titles of this world, second floor",
        institution=type(institution)("i", body, "", "ngo", "", (), None, ""),
        contact_lines=(make_line(), make_line("email", "a-rather-long-mailbox-of-some-department@return.example")),
        freshness="dormant",
        country="BA",
        demo=True,
    )
    card = short_card(entry, context)
    assert len(card.encode()) <= MOST_BYTES
    assert "(not confirmed)" in card
    assert "Bosnia & Herzegovina" in card
    assert "TEL:+40213168400" in card


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_whatever_an_entry_holds_its_card_is_one_card_and_small(taxonomy: Taxonomy, seed: int) -> None:
    context = context_for(taxonomy)
    card = short_card(hostile_entry(random.Random(seed)), context)
    assert len(card.encode()) <= MOST_BYTES
    (read,) = vobject.readComponents(card)
    assert [line.name for line in read.getChildren()] in (
        ["VERSION", "N", "FN", "ORG", "TEL", "EMAIL"],
        ["VERSION", "N", "FN", "TEL", "EMAIL"],
        ["VERSION", "N", "FN", "TEL"],
        ["VERSION", "N", "FN", "ORG", "TEL"],
    )
    assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f\u2028\u202e]", card)
