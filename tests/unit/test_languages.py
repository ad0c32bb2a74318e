"""Whose language is which, Serbian in both scripts, and sentences about values that wait for their language."""

from __future__ import annotations

import pytest

from directory.languages import LANGUAGES, cyrillic, locale_of, wished
from directory.registry.faults import Fault
from directory.registry.values import BadValue, clean_contact
from directory.sops.taxonomy import build, read_file


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (["ru", "hr-HR", "de"], "bs"), (["sr-Latn-RS", "sr"], "bs"), (["sr-RS"], "sr"), (["pt-BR"], "pt"), (["*", "fr"], "fr"),
        (["en-GB", "de"], "en"), (["nl", "ru"], "en"), ([], "en"), (["x" * 5000, "ro"], "ro"),
    ],
)  # fmt: skip
def test_the_first_language_we_write_in_is_taken(read: list[str], written: str) -> None:
    assert wished(read) == written


def test_serbian_is_the_same_word_in_both_scripts() -> None:
    said = cyrillic("Dugoročna pomoć i socijalno uključivanje; Njegoš, LJUBAV, Džep, đak (SOP 4)")
    assert said == "Дугорочна помоћ и социјално укључивање; Његош, ЉУБАВ, Џеп, ђак (СОП 4)"


def test_each_procedure_has_its_name_in_each_language() -> None:
    sops = build(read_file()).sops
    for sop in sops:
        names = {code: sop.name_in(code) for code in LANGUAGES}
        assert names["en"] == sop.name_in("xx") == sop.name
        assert all(names.values())
    assert [sops[3].name_in(code) for code in ("sr", "bs", "de")] == [
        "Повратак и социјално укључивање", "Povratak i socijalno uključivanje", "Rückkehr und soziale Inklusion"
    ]  # fmt: skip


def test_names_of_countries_are_those_of_portugal() -> None:
    assert locale_of("pt") == "pt_PT"
    assert locale_of("sr") == "sr"


def test_what_is_wrong_reads_in_english_and_can_be_said_anew() -> None:
    with pytest.raises(BadValue) as found:
        clean_contact("phone", "50 % off", region="RO")
    fault = found.value
    assert str(fault) == "“50 % off” is no phone number: write it as +country number"
    assert fault.message % fault.said == str(fault)
    assert fault.said == {"text": "50 % off"}
    assert str(Fault("100 % of it")) == "100 % of it"
