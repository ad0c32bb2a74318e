"""Mapping files: what is misspelt is named with its place; the shipped ones are sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.orm import Session

from directory.sops.taxonomy import Taxonomy
from importers.mapping_file import BadMapping, read_mapping, shipped_kinds
from importers.run import vocabulary_of
from tests.importers.conftest import Import, contacts, post_of

SMALL: dict[str, Any] = {
    "kind": "small",
    "title": "A small list",
    "format": "csv",
    "source": {"name": "Small list"},
    "key": "no",
    "fields": {
        "country": "land",
        "type": {"value": "ngo"},
        "title": {"value": "Desk"},
        "names": [{"column": "name"}],
        "contact_points": [{"kind": "phone", "column": "phone"}],
    },
}


def write(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "small.yaml"
    text = document if isinstance(document, str) else yaml.safe_dump(document, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    return path


def changed(**parts: Any) -> dict[str, Any]:
    return {**SMALL, **parts}


def fields(**parts: Any) -> dict[str, Any]:
    return changed(fields={**SMALL["fields"], **parts})


def test_a_mapping_of_one_s_own(imported: Import, session: Session, tmp_path: Path) -> None:
    mapping = read_mapping(write(tmp_path, SMALL))
    path = tmp_path / "list.csv"
    path.write_text("no,land,name,phone\n7,Албанија,Qendra,+355 4 227 7777\n", encoding="utf-8")
    report = imported(path, mapping)
    assert (report.new_count, report.remarks) == (1, [])
    post = post_of(session, "7", "small")
    assert (post.institution.country_code, post.institution.name) == ("AL", "Qendra")
    assert contacts(post) == {"phone": "+35542277777"}
    assert not post.contact_points[0].is_published, "nothing is public unless the mapping says so"


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("kind: [", "cannot be read as a mapping"),
        ("- a\n- b", "must be a mapping of names to values"),
        (changed(colour="red"), "has “colour”, which is not known here; known are kind, title"),
        (changed(formt="csv"), "did you mean “format”?"),
        ({k: v for k, v in SMALL.items() if k != "key"}, "lacks “key”"),
        (changed(format="xml"), "format is “xml”; it must be one of csv, json"),
        (changed(encoding="latin-99"), "encoding is “latin-99”, which is no encoding"),
        (changed(separator=",,"), "separator is “,,”; one sign is expected"),
        (changed(source={"name": "x", "date": "soon"}), "source.date is “soon”; a day such as 2022-11-16"),
        (changed(ignore=["land"]), "ignore names columns that are used: land"),
        (changed(countries={"aliases": {"Norge": False}}), "countries.aliases.Norge is “False”; a code such as AL"),
        (changed(countries={"aliases": {"Utopia": "UT"}}), "countries.aliases.Utopia is “UT”"),
        (changed(clean={"phone": "scrub"}), "clean.phone has the cleaner “scrub”; known are mail_link"),
        (changed(dates={"file": "../x", "key": "a", "date": "b", "match": "c"}), "dates.file must be a bare file name"),
        (fields(telephone="phone"), "fields has “telephone”, which is not known here"),
        (fields(names="name"), "fields.names must be a list"),
        (fields(contact_points=[{"column": "phone"}]), "fields.contact_points[1] needs a kind, one of hotline"),
        (fields(contact_points=[{"kind": "telex", "column": "x"}]), "fields.contact_points[1].kind is “telex”"),
        (fields(title={"column": "a", "value": "b"}), "fields.title needs exactly one of column, pattern, value"),
        (fields(title={"pattern": "Desk {"}), "“{” is out of place"),
        (fields(title={"pattern": "Desk [ {a}"}), "“[” without “]” after it"),
        (fields(title={"column": "a", "table": "kinds"}), "tables holds no table “kinds”, which a asks for"),
        (fields(title={"column": "a", "at_most": 0}), "fields.title.at_most is “0”; a whole number from 1"),
        (changed(title=7), "title is “7”; a text is expected"),
        (changed(kind=""), "kind is “”; a text is expected"),
        ("kind: small\nyes: 1", "which YAML does not read as text: put it in quotation marks"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, document: Any, says: str) -> None:
    with pytest.raises(BadMapping) as caught:
        read_mapping(write(tmp_path, document))
    assert says in str(caught.value)
    assert "small.yaml" in str(caught.value)


def test_a_mapping_that_is_a_book_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="a mapping is a page of YAML"):
        read_mapping(write(tmp_path, "#" * 600_000))


def test_a_mapping_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="cannot be read as a mapping"):
        read_mapping(tmp_path / "none.yaml")


@pytest.mark.parametrize("kind", shipped_kinds())
def test_shipped_mappings_use_the_taxonomy_s_words(kind: str, taxonomy: Taxonomy) -> None:
    mapping = read_mapping(shipped_kinds()[kind])
    words = vocabulary_of(taxonomy)
    assert mapping.kind == kind
    for value, known in ((mapping.fields.type, words.types), (mapping.fields.role, words.roles)):
        if value.constant:
            assert value.constant in known
        if value.table:
            assert {pattern.fill(lambda _: "") for pattern in mapping.tables[value.table].words.values()} <= known


@pytest.mark.parametrize("kind", shipped_kinds())
def test_every_option_is_explained(kind: str) -> None:
    """docs/importing.md names every word the shipped mappings use."""
    text = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    document = yaml.safe_load(shipped_kinds()[kind].read_text(encoding="utf-8"))
    for word in [*document, *document["fields"]]:
        assert f"`{word}`" in text, f"{word} is not explained"
