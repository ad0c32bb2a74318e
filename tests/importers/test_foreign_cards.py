"""Cards as other programs write them: what each taught the reader, with invented people and numbers."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from directory.sops.taxonomy import Taxonomy
from importers.building import Builder
from importers.records import Limits, Notice, Remark, Row, RowItem
from importers.run import vocabulary_of
from importers.vcard_reader import read_cards
from tests.importers.conftest import shipped

OFFICE = "FN:DEMO Office\r\nORG:DEMO Office\r\nTITLE:Desk\r\n"


def read(path: Path, *lines: str, letters: str = "utf-8", encoding: str = "auto", ends: str = "\r\n") -> list[RowItem]:
    """What comes of one card of an office with these lines."""
    text = "BEGIN:VCARD\r\nVERSION:3.0\r\n" + OFFICE + "".join(f"{line}\r\n" for line in lines) + "END:VCARD\r\n"
    path.write_bytes(text.replace("\r\n", ends).encode(letters))
    return list(read_cards(path, Limits(), {"encoding": encoding}))


def rows(items: list[RowItem]) -> list[Row]:
    return [item for item in items if isinstance(item, Row)]


def left_out(row: Row) -> dict[str, str]:
    return {remark.column: remark.value for remark in row.unread}


@pytest.mark.parametrize("letters", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8-sig", "utf-32-be"])
@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r", "\r\r\n"])
def test_letters_of_two_bytes_are_known_without_a_mark(tmp_path: Path, letters: str, ends: str) -> None:
    """An old Macintosh's address book and Entourage write so."""
    [row] = rows(read(tmp_path / "a.vcf", "NOTE:Întoarcere", letters=letters, ends=ends))
    assert (row.cells["org"], row.cells["remark"]) == ("DEMO Office", "Întoarcere")


@pytest.mark.parametrize(
    ("letters", "word"),
    [("cp1252", "Rückkehr für Straße"), ("cp1250", "Služba Poliţia Bucureşti"), ("cp1251", "Министерство София")],
)
def test_undeclared_letters_are_guessed_by_the_words_and_may_be_chosen(tmp_path: Path, letters: str, word: str) -> None:
    items = read(tmp_path / "a.vcf", f"NOTE:{word}", letters=letters)
    assert rows(items)[0].cells["remark"] == word
    assert any(letters in item.text and "guess" in item.text for item in items if isinstance(item, Notice))
    chosen = read(tmp_path / "a.vcf", f"NOTE:{word}", letters=letters, encoding=letters)
    assert rows(chosen)[0].cells["remark"] == word
    assert not [item for item in chosen if isinstance(item, Notice)]


def test_a_folded_picture_of_any_size_costs_nothing(tmp_path: Path) -> None:
    packed = base64.b64encode(bytes(range(256)) * 12_000).decode()
    folded = "\r\n ".join(packed[at : at + 74] for at in range(0, len(packed), 74))
    [row] = rows(read(tmp_path / "a.vcf", f"PHOTO;ENCODING=b;TYPE=JPEG:{folded}", "TEL:+44 20 7946 0101"))
    assert [line.value for line in row.lines] == ["+44 20 7946 0101"]
    assert left_out(row) == {"PHOTO": ""}


def test_a_picture_elsewhere_is_named_by_its_address(tmp_path: Path) -> None:
    [row] = rows(read(tmp_path / "a.vcf", "PHOTO;VALUE=uri:https://agency.example/a.jpg"))
    assert left_out(row) == {"PHOTO": "https://agency.example/a.jpg"}


def test_a_label_goes_with_its_line_wherever_that_goes(tmp_path: Path) -> None:
    card = (
        "item1.TEL:+44 20 7946 0101", "item1.X-ABLabel:Night",
        "item2.X-ABDATE:2026-01-01", "item2.X-ABLabel:_$!<Anniversary>!$_",
        "item3.X-ABLabel:Loose",
        "TEL;X-Bereitschaft:+44 20 7946 0102",
    )  # fmt: skip
    [row] = rows(read(tmp_path / "a.vcf", *card))
    assert [(line.value, line.label) for line in row.lines] == [
        ("+44 20 7946 0101", "Night"),
        ("+44 20 7946 0102", "Bereitschaft"),
    ]
    assert left_out(row) == {"X-ABDATE": "2026-01-01 (Anniversary)", "X-ABLABEL": "Loose"}


def test_a_name_said_otherwise_is_told(tmp_path: Path) -> None:
    person = ("N:Person;Demo;;;", "SORT-STRING:Demosort")
    [row] = rows(read(tmp_path / "a.vcf", *person))
    assert row.cells["person"] == "Demo Person"
    assert left_out(row) == {"SORT-STRING": "Demosort", "FN": "DEMO Office"} or "SORT-STRING" in left_out(row)


def test_more_fields_than_a_name_or_an_address_has_are_kept_or_told(tmp_path: Path) -> None:
    [row] = rows(read(tmp_path / "a.vcf", "N:A;B;;;;Second;III", "ADR:;;Street 1;Bucharest;;010;Romania;Floor 3"))
    assert left_out(row)["N"] == "Second; III"
    assert "Floor 3" in row.lines[0].value


def test_one_body_with_two_titles_is_two_posts_of_it(tmp_path: Path) -> None:
    found = rows(read(tmp_path / "a.vcf", "TITLE:Spokesperson"))
    assert [(row.cells["org"], row.cells["post"]) for row in found] == [
        ("DEMO Office", "Desk"),
        ("DEMO Office", "Spokesperson"),
    ]


def test_the_same_in_another_language_is_no_second_body(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf"
    path.write_text(
        "BEGIN:VCARD\nVERSION:4.0\nFN:DEMO\nORG;ALTID=1;LANGUAGE=en:DEMO Office\nORG;ALTID=1;LANGUAGE=fr:DEMO Bureau\n"
        "END:VCARD\n"
    )
    [row] = rows(list(read_cards(path, Limits(), {})))
    assert (row.cells["org"], left_out(row)["ORG"]) == ("DEMO Office", "DEMO Bureau")


def test_what_only_builds_a_card_is_told_once_for_the_file(tmp_path: Path) -> None:
    items = read(tmp_path / "a.vcf", "REV:2026-01-01T00:00:00Z", "PRODID:-//DEMO//EN")
    assert [item.text for item in items if isinstance(item, Notice)] == [
        "Not kept, for it says only how a card is built: PRODID, REV"
    ]


def test_lines_outside_of_any_card_are_told_in_their_words(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf"
    path.write_text(f"BEGIN:VCARD\n{OFFICE}END:VCARD\nTEL:+44 20 7946 0101\n")
    [remark] = [item for item in read_cards(path, Limits(), {}) if isinstance(item, Remark)]
    assert (remark.reason, remark.value) == ("1 line stands outside of any card", "TEL:+44 20 7946 0101")


def test_of_several_addresses_the_first_in_a_country_counts(tmp_path: Path, taxonomy: Taxonomy) -> None:
    builder = Builder(shipped("vcard"), vocabulary_of(taxonomy), institution_type="ngo")
    [row] = rows(read(tmp_path / "a.vcf", "ADR:;;Street 1;Town;;;Nowhereland", "ADR:;;Street 2;Town;;;U.S.A."))
    record, _ = builder.build(row)
    assert record is not None
    assert record.institution.country == "US"


def test_a_card_without_a_body_is_refused_and_says_what_to_do(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path = tmp_path / "a.vcf"
    path.write_text("BEGIN:VCARD\nVERSION:3.0\nN:Person;Demo;;;\nFN:Demo Person\nTEL:+44 20 7946 0101\nEND:VCARD\n")
    [row] = rows(list(read_cards(path, Limits(), {})))
    record, remarks = Builder(shipped("vcard"), vocabulary_of(taxonomy), country="RO", institution_type="ngo").build(
        row
    )
    assert record is None
    assert [(r.column, r.advice) for r in remarks] == [("org", "Fill it in on the card, and import it again")]
    assert "names no body (ORG)" in remarks[0].reason


def test_a_card_that_never_ends_holds_no_other_up(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf"
    card = f"BEGIN:VCARD\n{OFFICE}END:VCARD\n"
    path.write_text(f"BEGIN:VCARD\n{OFFICE}" + card * 500)
    items = list(read_cards(path, Limits(), {}))
    assert len({row.number for row in rows(items)}) == 500
    assert [item.row for item in items if isinstance(item, Remark)] == [1]
