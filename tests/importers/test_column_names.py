"""Columns of lists that programs and ministries write are suggested right, and nobody's home number is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from importers.columns import suggest
from importers.records import Row

LAYOUTS: dict[str, str] = yaml.safe_load((Path(__file__).parent / "column_layouts.yaml").read_text(encoding="utf-8"))
SAMPLES = {
    "phone": "+44 20 7946 0101", "mobile": "+44 20 7946 0102", "fax": "+44 20 7946 0103", "hotline": "116000",
    "email": "desk@agency.example", "web": "https://agency.example/a", "country": "Romania", "city": "Town",
    "checked_on": "2026-11-01", "date": "1970-05-01", "key": "1", "": "", "?": "",
}  # fmt: skip


def columns_of(layout: str) -> list[tuple[str, str]]:
    pairs = (part.rpartition("=") for part in layout.split(";") if part.strip())
    return [(name.strip().strip('"'), meaning.strip()) for name, _, meaning in pairs]


def suggested(columns: list[tuple[str, str]]) -> dict[str, str]:
    row = Row(2, {name: SAMPLES.get(meaning.lstrip("-"), "Text") for name, meaning in columns})
    return suggest([name for name, _ in columns], [row])


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_column_means_what_it_says(name: str) -> None:
    columns = columns_of(LAYOUTS[name])
    found = suggested(columns)
    wanted = {column: "" if meaning.startswith("-") else meaning for column, meaning in columns if meaning != "?"}
    assert {column: found[column] for column in wanted} == wanted


def test_longer_names_are_known_by_one_of_their_words() -> None:
    columns = [("Name der Organisation", "name"), ("Служебен факс", "fax"), ("Telephone (office hours)", "phone")]
    assert suggested(columns) == dict(columns)


@pytest.mark.parametrize(
    "header", ["Home Phone", "Telefon privat", "Téléphone (domicile)", "Kućni telefon", "Домашен телефон"]
)
def test_a_number_at_home_is_never_suggested(header: str) -> None:
    assert suggested([("Firma", "name"), (header, "-phone")])[header] == ""


def test_the_same_number_without_home_in_its_name_is() -> None:
    """The control: it is the name that keeps it out."""
    assert suggested([("Firma", "name"), ("Anruf", "phone")])["Anruf"] == "phone"
