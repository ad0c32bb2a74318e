"""Letters and the pages they lead to are whole in every language; nothing is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo

from directory.config import ROOT
from directory.languages import served
from directory.mail.outbox import render
from tests.leftovers import CODES, FOLDER, catalogue, wanted

FORMS = {"bs": 3, "cs": 3, "ro": 3, "sr": 3}  # the others have two
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
IN_ENGLISH = "%(in_english)s"  # the words of a library: no other language repeats them
LONGEST_LINE = 78  # a letter is written for 72 columns; names and days are filled in later


WANTED = wanted()


def forms_of(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string,)


def faults(code: str, known: Catalog) -> Iterator[str]:
    """What is missing or lost in a catalogue, in words."""
    for first, english in WANTED.items():
        message = known.get(first)
        if message is None or not all(forms_of(message)):
            yield f"{code}: no translation of {first!r}"
            continue
        if message.fuzzy:
            yield f"{code}: only a guess at {first!r}"
        needed = FORMS.get(code, 2) if len(english) > 1 else 1
        if len(forms_of(message)) != needed:
            yield f"{code}: {len(forms_of(message))} forms instead of {needed} of {first!r}"
        allowed = {p for form in english for p in PLACEHOLDER.findall(form)} - {IN_ENGLISH}
        for form in forms_of(message):
            said = set(PLACEHOLDER.findall(form))
            if said - allowed or (len(english) == 1 and said != allowed):
                yield f"{code}: other placeholders in {form!r}"
            if "\n" in first and max(len(line) for line in form.splitlines()) > LONGEST_LINE:
                yield f"{code}: a line too long for a letter in {form!r}"


@pytest.mark.parametrize("code", CODES)
def test_every_message_of_the_letters_has_its_translation(code: str) -> None:
    assert list(faults(code, catalogue(code))) == []


@pytest.mark.parametrize("code", CODES)
def test_every_catalogue_says_that_no_native_speaker_has_reviewed_it(code: str) -> None:
    text = (FOLDER / code / "LC_MESSAGES" / "messages.po").read_text(encoding="utf-8")
    assert "not yet reviewed by a native speaker" in text.partition("\nmsgid ")[0].lower()


@pytest.mark.parametrize("code", CODES)
def test_the_compiled_catalogue_is_that_of_the_source(code: str) -> None:
    """`make translations` compiles; what runs is what was written."""
    compiled = read_mo(BytesIO((FOLDER / code / "LC_MESSAGES" / "messages.mo").read_bytes()))
    for message in catalogue(code):
        if message.id and all(forms_of(message)):
            other = compiled.get(message.id if isinstance(message.id, str) else message.id[0])
            assert other is not None
            assert forms_of(other) == forms_of(message)


def test_control_what_is_missing_or_lost_is_found() -> None:
    known = Catalog(locale="ro")
    first, *_ = (message for message, forms in WANTED.items() if len(forms) == 1 and "%(" in message)
    known.add(first, "fără nimic")
    said = list(faults("ro", known))
    assert any("other placeholders" in fault for fault in said)
    assert len(said) == len(WANTED)


@pytest.mark.parametrize("code", ["en", *CODES])
@pytest.mark.parametrize("count", [1, 2, 5, 21])
def test_a_letter_of_each_number_of_entries_reads_in_each_language(code: str, count: int) -> None:
    entry = {
        "title": "Return desk", "institution": "Return Agency", "holder": "", "is_desk": True,
        "lines": [{"kind": "phone", "display": "+44 20 7946 0101", "label": ""}],
    }  # fmt: skip
    words = {
        "product": "TRM Directory", "name": "Olga Owner (demo)", "step": "ask", "own": [entry] * count, "others": [],
        "as_whom": "owner", "link": "https://directory.example.org/confirm/x", "code": "ABC234", "signer": "",
    }  # fmt: skip
    subject, text, html = render("confirm", code, words)
    assert str(count) in subject
    assert "%(" not in subject + text + html
    assert text.count("+44 20 7946 0101") == count
    assert re.search(r"^ {3}ABC234$", text, re.MULTILINE)
    if code != "en":
        assert subject != render("confirm", "en", words)[0]


def test_no_subject_names_what_must_not_be_named() -> None:
    forbidden = re.compile(
        r"traffick|trafic|трафик|traffico|tr[áa]fico|trgov\w+ ljud|трговин\w+ људ|трговија со луѓе|emberkeresked|menschenhandel|obchod\w* s lidmi|trafik",
        re.IGNORECASE,
    )
    subjects = {path.read_text(encoding="utf-8") for path in (ROOT / "templates" / "mail").glob("*/subject.txt")}
    for code in CODES:
        for message in catalogue(code):
            if message.id and any(str(message.id) in subject for subject in subjects):
                assert not any(forbidden.search(form) for form in forms_of(message)), (code, message.id)
    assert not any(forbidden.search(subject) for subject in subjects)


def test_who_speaks_a_sister_language_is_written_to_in_the_shared_one() -> None:
    assert [served(code) for code in ("hr", "sr-Latn", "cnr", "sr", "sr_RS", "ro-MD", "xx")] == [
        "bs", "bs", "bs", "sr", "sr", "ro", "en"
    ]  # fmt: skip
    assert Path(FOLDER / "messages.pot").exists()
