"""Cards in: every card read or refused with a reason, every value taken or told, and none of them hangs."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from importers.files import inspect
from importers.reading import open_rows
from importers.records import FileRefused, Limits, Notice, Remark, Row, RowItem
from importers.vcard_fallback import Property
from importers.vcard_meaning import rows_of
from importers.vcard_reader import Card, cards_of, read_cards
from tests.importers.conftest import SHARED, Import, contacts, post_of, reasons, shipped
from tests.unit.exports import readers

CARDS = Path(__file__).parent / "cards"
OWN = sorted(CARDS.glob("*.vcf"))
ANDROID = sorted((SHARED / "vcards-android").glob("*.vcf"))
needs_android_s = pytest.mark.skipif(not ANDROID, reason="Android's cards are not here")
# What ez-vcard shows of properties that an entry has no place for: told in the report, never compared.
NO_PLACE = {"WARNING", "Photo", "Sound", "Birthday", "Anniversary", "Agent", "Impp", "REV", "PRODID"}
# Where the two differ: a line of 2.1 that goes on behind a backslash, a backslash before a plain letter, a blank.
DIFFERENT = {"Hermann v. Brevern\\", "A;BC;D:E\\", '"Omega"<omega@example.com>'}


def through_the_door(path: Path, **limits: int) -> list[RowItem]:
    """As an import reads it, in a process of its own."""
    mapping = shipped("vcard")
    return list(open_rows(inspect(path, mapping.encoding, 64), mapping, lambda _: None, Limits(**limits)))


def read(path: Path) -> list[RowItem]:
    return list(read_cards(path, Limits(), {}))


def rows(path: Path) -> list[Row]:
    return [item for item in read(path) if isinstance(item, Row)]


def carried(card: Card) -> str:
    """Everything that leaves the reader for a card: cells, lines, responsibilities, and what is told."""
    said: list[str] = []
    for row in rows_of(card.number, card.properties, card.unread):
        said += map(str, row.cells.values())
        said += [line.value for line in row.lines]
        said += [f"SOP {answer.sop}" for answer in row.answers]
        said += [remark.value for remark in row.unread]
    return "\n".join(said)


def values_of(one: Property) -> Iterator[str]:
    yield from (part.strip().removeprefix("tel:") for part in one.parts if part.strip())


@pytest.mark.parametrize("path", [*OWN, *ANDROID], ids=lambda path: path.stem)
def test_as_many_lines_come_out_as_went_in(path: Path) -> None:
    for card in cards_of(path):
        assert len(card.properties) + len([one for one in card.unread if not one[0]]) == card.line_count


@pytest.mark.parametrize("path", [*OWN, *ANDROID], ids=lambda path: path.stem)
def test_no_value_is_silently_lost(path: Path) -> None:
    technical = {"VERSION", "PRODID", "REV", "X-ABLABEL", "X-ABSHOWAS", "KIND", "SORT-STRING", "X-REDUCTION"}
    for card in cards_of(path):
        if card.problem:
            continue
        everything = carried(card)
        for one in card.properties:
            if one.name in technical or one.name == "N":
                continue
            for value in values_of(one):
                assert value[:200] in everything, f"{path.name}: {one.name} {value}"
        for _, text, reason in card.unread:
            assert text in everything, reason


@needs_android_s
def test_the_thirty_nine_cards_are_read(tmp_path: Path) -> None:
    """In a process with three seconds of computing for all of them; as many as the collection's notes count."""
    path = tmp_path / "all.vcf"
    path.write_bytes(b"\r\n".join(path.read_bytes() for path in ANDROID))
    items = through_the_door(path, seconds=3)
    assert (len(ANDROID), len({item.number for item in items if isinstance(item, Row)})) == (35, 39)
    assert not [item for item in items if isinstance(item, Remark)]


@needs_android_s
def test_a_foreign_reader_finds_no_value_that_ours_does_not() -> None:
    """ez-vcard's 38 cards (the nested ones come as one) against ours, value by value."""
    paths = [path for path in ANDROID if path.stem != "v21_nest"]
    texts = [path.read_bytes().decode(letters_of(path)).strip() for path in paths]
    theirs = readers.with_ez_vcard("\r\n".join(texts).encode())
    ours = [card for path in paths for card in cards_of(path)]
    assert len(theirs) == len(ours) == 36
    compared, missing = 0, set()
    for foreign, own in zip(theirs, ours, strict=True):
        known = {value.strip() for one in own.properties for value in (*one.parts, one.text, one.value)}
        values = [value for name, found in foreign if name not in NO_PLACE for value in found if value.strip()]
        compared += len(values)
        missing |= {value for value in values if value.strip() not in known}
    assert compared > 150
    assert missing <= DIFFERENT


def letters_of(path: Path) -> str:
    return "cp932" if b"SHIFT_JIS" in path.read_bytes() else "utf-8"


@needs_android_s
def test_what_the_collection_s_notes_promise() -> None:
    by_name = {path.stem: path for path in ANDROID}
    japanese = rows(by_name["v21_japanese_1"])[0]
    assert (japanese.cells["family"], japanese.lines[0].value) == ("安藤ロイド", "0300000000")
    assert len(rows(by_name["v21_multiple_entry"])) == 3
    assert rows(by_name["v30_japanese"])[0].cells["fn"] == "伊能 圭一 伊予"
    posts = [(row.cells["title"], row.cells["org"]) for row in rows(by_name["v21_pref_handling"])]
    assert posts == [("Engineer", "Company"), ("Blogger", "Mystery"), ("Poet", "Poetry")]
    assert [row.cells["family"] for row in rows(by_name["v21_nest"])] == ["parent", "nest1", "nest2"]


def test_quoted_printable_lines_go_on_and_bare_types_are_kept() -> None:
    row = rows(CARDS / "outlook_quoted_printable.vcf")[0]
    assert row.cells["remark"].startswith("First line of an invented note\nSecond line, with a comma; and a semicolon")
    assert row.cells["remark"].endswith("last line")
    assert (row.cells["person"], row.cells["title"]) == ("Jörg (DEMO) Müller", "Rückkehrberater, Leitung")
    lines = [(line.kind, line.value) for line in row.lines]
    assert lines == [
        ("direct_phone", "+44 20 7946 0101"),
        ("mobile", "+44 20 7946 0103"),
        ("fax", "+44 20 7946 0104"),
        ("postal", "Straße 1\n010101 Bukarest\nRomania"),
        ("email", "returns@office.example"),
    ]
    told = {remark.column: remark.reason for remark in row.unread}
    assert "is a private one" in told["TEL"]
    assert set(told) == {"TEL", "BDAY", "X-MS-OL-DEFAULT-POSTAL-ADDRESS"}


def test_a_picture_without_folding_goes_and_the_rest_stays() -> None:
    row = rows(CARDS / "iphone_photo.vcf")[0]
    assert [(line.kind, line.value, line.label) for line in row.lines] == [
        ("hotline", "116000", "Hotline"),
        ("phone", "+44 20 7946 0111", "Work"),
        ("web", "http://helpline.example.org/a", "HomePage"),
    ]
    assert [(remark.column, remark.reason) for remark in row.unread] == [("PHOTO", "pictures are not kept")]
    assert row.cells["org"] == "Demo Helpline for Workers"


def test_a_profile_line_costs_nothing() -> None:
    assert rows(CARDS / "lotus_profile.vcf")[0].cells["title"] == "Desk officer"


def test_letters_whose_second_byte_is_a_backslash_stay_whole() -> None:
    row = rows(CARDS / "shift_jis.vcf")[0]
    assert (row.cells["org"], row.cells["title"], row.cells["person"]) == ("見本事務所", "担当表", "予能 見本")


def test_a_card_inside_a_card_is_one_of_its_own() -> None:
    found = [(row.cells["title"], [line.value for line in row.lines]) for row in rows(CARDS / "nested.vcf")]
    assert found == [("Front desk", ["+44 20 7946 0120"]), ("Deputy", ["+44 20 7946 0121"])]


def test_a_bare_comma_cuts_no_value() -> None:
    row = rows(CARDS / "commas.vcf")[0]
    assert row.cells["fn"] == "Demo, Jane"
    assert row.cells["org"] == "Demo, Sons and Partners"
    assert row.cells["remark"] == "One, two, three; four\nfive"
    assert row.lines[0].value == "https://agency.example.org/list?a=1,2"
    assert [answer.sop for answer in row.answers] == ["4"]
    assert [remark.value for remark in row.unread] == ["Friends"]


def test_a_bare_reader_cuts_it() -> None:
    """The control: what vobject makes of the same card by itself."""
    [card] = readers.vobject.readComponents((CARDS / "commas.vcf").read_text(encoding="utf-8"))
    assert card.fn.value == "Demo"


def test_letters_that_nobody_declared_are_said_to_be_guessed() -> None:
    items = read(CARDS / "western_undeclared.vcf")
    assert [row.cells["org"] for row in items if isinstance(row, Row)] == ["Büro für Rückkehr (DEMO)"]
    assert any("not say in which letters" in item.text for item in items if isinstance(item, Notice))


def test_utf_16_and_version_4() -> None:
    row = rows(CARDS / "utf16.vcf")[0]
    assert row.cells["org"] == "Birou demo „Întoarcere”"
    assert [line.value for line in row.lines] == ["+44-20-7946-0141"]
    assert [(r.column, r.reason) for r in row.unread] == [
        ("TEL", "is no telephone number"),
        ("LANG", "is not understood, or has no place in an entry"),
    ]


def test_nul_bytes_go() -> None:
    row = rows(CARDS / "nul_bytes.vcf")[0]
    assert (row.cells["org"], row.lines[0].value) == ("Demo Office", "+44 20 7946 0131")


def test_a_broken_card_costs_only_itself() -> None:
    items = read(CARDS / "one_broken.vcf")
    assert [row.cells["title"] for row in items if isinstance(row, Row)] == ["First desk", "Third desk"]
    refused = [(item.row, item.reason) for item in items if isinstance(item, Remark)]
    assert refused == [(2, "is empty"), (4, "the file ends before the card does: its END:VCARD is missing")]
    first = next(item for item in items if isinstance(item, Row))
    assert [(r.value, r.column, r.reason) for r in first.unread] == [
        ("this line is no property", "a line", "has no name before a colon"),
        ("Demo One", "FN", "says the name in another way than N, ORG and TITLE, which stand"),
    ]


def hostile(line: str) -> bytes:
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Demo\r\nORG:Demo\r\nTITLE:Desk\r\n{line}\r\nEND:VCARD\r\n".encode()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("TEL" + ";a=b" * 2000, id="2000-parameters-no-colon"),
        pytest.param("TEL" + ";a=b" * 2000 + ":1", id="2000-parameters"),
        pytest.param("TEL" + ";x" * 2000, id="2000-flags"),
        pytest.param("TEL;TYPE=" + "a," * 4000, id="4000-values"),
        pytest.param('TEL;TYPE="' + 'a";"' * 2000, id="stray-quotes"),
        pytest.param("TEL;" + "=" * 5000 + ":1", id="equals"),
        pytest.param("NOTE:" + "\\" * 60_000, id="backslashes"),
        pytest.param("NOTE:" + "x" * 900_000, id="one-long-line"),
        pytest.param("NOTE:x\r\n" + " y\r\n" * 30_000, id="30000-folds"),
        pytest.param("NOTE;ENCODING=QUOTED-PRINTABLE:" + "=\r\n" * 30_000, id="30000-soft-breaks"),
        pytest.param("N:" + ";" * 50_000, id="50000-fields"),
        pytest.param("CATEGORIES:" + "SOP 4," * 10_000, id="10000-categories"),
        pytest.param("X-" + "a-" * 20_000 + ":1", id="endless-name"),
        pytest.param("FN;CHARSET=zlib:x", id="letters-that-unpack"),
        pytest.param("FN;CHARSET=../../etc:x", id="letters-that-are-a-path"),
        pytest.param("NOTE;ENCODING=BASE64:!!!", id="bad-base64"),
        pytest.param("BEGIN:VCARD\r\n" * 3000 + "END:VCARD\r\n" * 3000, id="3000-in-one-another"),
    ],
)
def test_a_hostile_line_costs_itself_and_never_time(tmp_path: Path, line: str) -> None:
    path = tmp_path / "hostile.vcf"
    path.write_bytes(hostile(line))
    items = through_the_door(path, seconds=3)
    assert [item.cells["title"] for item in items if isinstance(item, Row) and item.number == 1][:1] == ["Desk"]


def test_the_same_line_hangs_a_bare_reader(tmp_path: Path) -> None:
    """The control: 28 parameters keep vobject busy until its two seconds of computing are over."""
    path = tmp_path / "hostile.vcf"
    path.write_bytes(hostile("TEL" + ";a=b" * 28))
    program = f"import vobject; vobject.readOne(open({str(path)!r}).read())"
    done = subprocess.run([sys.executable, "-c", program], preexec_fn=two_seconds, check=False, capture_output=True)
    assert done.returncode == -signal.SIGXCPU
    assert rows(path)


def two_seconds() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (2, 3))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"BEGIN:VCARD\r\n" * 3, "no rows"),
        (b"FN:nobody\r\n", "holds no vCard"),
        (b"%PDF-1.7", "is a PDF"),
        (b"PK\x03\x04", "is a workbook by its content, and vCards is expected"),
    ],
)
def test_a_file_that_holds_no_card(imported: Import, tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "cards.vcf"
    path.write_bytes(content)
    if says == "no rows":
        assert imported(path, "vcard").refused_count == 3
        return
    with pytest.raises(FileRefused, match=says):
        imported(path, "vcard")


def test_a_card_becomes_an_entry_with_the_type_and_country_given(
    imported: Import, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "cards.vcf"
    path.write_bytes((CARDS / "iphone_photo.vcf").read_bytes() + (CARDS / "outlook_quoted_printable.vcf").read_bytes())
    report = imported(path, "vcard", country="RO", institution_type="ngo")
    assert (report.new_count, report.refused_count) == (2, 0), report.remarks
    again = imported(path, "vcard", country="RO", institution_type="ngo")
    assert (again.new_count, again.changed_count, again.unchanged_count) == (0, 0, 2)
    key = rows(CARDS / "outlook_quoted_printable.vcf")[0].cells["key"]
    post = post_of(session, str(key), "vcard")
    assert (post.institution.type, post.institution.country_code, post.confirmed_at) == ("ngo", "RO", None)
    assert contacts(post)["mobile"] == "+442079460103"
    assert all(not point.is_published for point in post.contact_points)


def test_a_card_without_a_kind_of_institution_says_what_to_do(imported: Import, tmp_path: Path) -> None:
    report = imported(CARDS / "no_name.vcf", "vcard", country="RO")
    assert [reason for _, column, reason in reasons(report) if column == "type"]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(noise=st.binary(max_size=400))
def test_any_bytes_in_a_card_end_in_a_card_or_a_reason(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "noise.vcf"
    path.write_bytes(b"BEGIN:VCARD\r\nFN:Demo\r\n" + noise + b"\r\nEND:VCARD\r\n")
    for card in cards_of(path):
        assert card.problem or len(card.properties) + len([o for o in card.unread if not o[0]]) == card.line_count
        if not card.problem:
            list(rows_of(card.number, card.properties, card.unread))
