"""Human services data from elsewhere: services become entries of their organizations, the rest is told."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from directory.sops.taxonomy import Taxonomy
from importers.building import Builder
from importers.hsds_reader import read_hsds
from importers.records import FileRefused, Limits, Row
from importers.run import vocabulary_of
from tests.importers.conftest import Import, contacts, post_of, reasons, shipped, write_json

BODY = {"id": "o1", "name": "Demo Council", "description": "An invented body", "website": "https://council.example.org"}
SERVICE: dict[str, Any] = {
    "id": "s1",
    "organization": BODY,
    "name": "Return desk",
    "description": "Advice before a return",
    "status": "active",
    "email": "desk@council.example",
    "fees_description": "none",
    "assured_date": "2026-10-01",
    "phones": [
        {"id": "p1", "number": "+44 20 7946 0150", "extension": 12, "type": "voice", "languages": [{"code": "ro"}]},
        {"id": "p2", "number": "116000", "type": "hotline", "description": "Day and night"},
        {"id": "p3", "number": "+44 20 7946 0151", "type": "cell"},
        {"id": "p4", "number": "12", "type": "pager"},
    ],
    "contacts": [{"id": "c1", "name": "Demo Person", "phones": [{"id": "p5", "number": "+44 20 7946 0152"}]}],
    "service_areas": [{"id": "a1", "extent": "RO", "extent_type": "ISO 3166-1 alpha-2", "description": "Cluj"}],
    "service_at_locations": [
        {
            "location": {
                "addresses": [
                    {"address_1": "Street 1", "city": "Cluj", "postal_code": "400000", "country": "RO"},
                ]
            }
        }
    ],
    "attributes": [{"id": "t1", "taxonomy_term": {"code": "X:1", "name": "Something else"}}],
}


ODD: tuple[Any, ...] = (None, 7, "text", [], {}, [1], [[]], {"a": {"b": []}})


def read(imported: Import, tmp_path: Path, tree: Any, **more: Any) -> Any:
    return imported(write_json(tmp_path / "services.json", tree), "hsds", institution_type="ngo", **more)


def test_a_service_becomes_an_entry(imported: Import, session: Session, tmp_path: Path) -> None:
    report = read(imported, tmp_path, SERVICE)
    assert (report.new_count, report.refused_count) == (1, 0)
    post = post_of(session, "s1", "hsds")
    assert (post.title, post.area, post.institution.name, post.institution.city) == (
        *("Return desk", "Cluj", "Demo Council", "Cluj"),
    )
    assert contacts(post) == {
        "phone": "+442079460150;ext=12",
        "hotline": "116000",
        "mobile": "+442079460151",
        "direct_phone": "+442079460152",
        "email": "desk@council.example",
        "web": "https://council.example.org",
        "postal": "Street 1\n400000 Cluj",
    }
    assert [a.official.name for a in post.appointments] == ["Demo Person"]
    assert (post.confirmed_at, post.source.name, str(post.source.dated_on)) == (
        *(None, "Human services data (HSDS 3)", "2026-10-01"),
    )
    assert not any(point.is_published for point in post.contact_points)


def test_what_has_no_place_is_told(imported: Import, tmp_path: Path) -> None:
    report = read(imported, tmp_path, SERVICE)
    assert {(r.column, r.value) for r in report.remarks} == {
        ("attributes", "Something else"),
        ("phones", "12"),
        ("fees_description", "none"),
    }


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param([SERVICE], id="list"),
        pytest.param({"total_items": 1, "contents": [SERVICE]}, id="page"),
        pytest.param({**BODY, "services": [{**SERVICE, "organization": None}]}, id="organization"),
        pytest.param(
            {"organizations": [BODY], "services": [{**SERVICE, "organization": None, "organization_id": "o1"}]},
            id="side-by-side",
        ),
    ],
)
def test_the_shapes_that_are_taken(imported: Import, session: Session, tmp_path: Path, tree: Any) -> None:
    assert read(imported, tmp_path, tree).new_count == 1
    assert post_of(session, "s1", "hsds").institution.name == "Demo Council"


@pytest.mark.parametrize(
    ("tree", "says"),
    [({}, "is no JSON|holds no service"), ([], "holds no service"), ([1, "x", None], "holds no service"),
     ({"contents": []}, "holds no service")],
)  # fmt: skip
def test_a_file_without_services(imported: Import, tmp_path: Path, tree: Any, says: str) -> None:
    with pytest.raises(FileRefused, match=says):
        read(imported, tmp_path, tree)


def test_a_part_of_another_shape_never_stops_the_reader(tmp_path: Path, taxonomy: Taxonomy) -> None:
    """Each part of a service in eight other shapes: a row, or a sentence."""
    builder = Builder(shipped("hsds"), vocabulary_of(taxonomy), country="RO", institution_type="ngo")
    count = 0
    for name, odd in itertools.product((*SERVICE, "organization_id"), ODD):
        path = write_json(tmp_path / "services.json", [{**SERVICE, name: odd}, {**SERVICE, "id": "good"}])
        for row in read_hsds(path, Limits(), {}):
            assert isinstance(row, Row)
            record, remarks = builder.build(row)
            assert record or remarks
            count += record is not None
    assert count > len(ODD) * len(SERVICE)


def test_a_service_without_country_takes_the_one_given(imported: Import, tmp_path: Path) -> None:
    bare = {"id": "s1", "name": "Desk", "organization": BODY}
    assert read(imported, tmp_path, bare, country="RO").new_count == 1
    other = read(imported, tmp_path, {**bare, "id": "s2"})
    assert [(column, reason) for _, column, reason in reasons(other)] == [("country", "is empty: no country")]


def test_a_second_time_changes_nothing_and_a_change_is_seen(imported: Import, tmp_path: Path) -> None:
    read(imported, tmp_path, SERVICE)
    again = read(imported, tmp_path, SERVICE)
    assert (again.new_count, again.changed_count, again.unchanged_count) == (0, 0, 1)
    moved = read(imported, tmp_path, {**SERVICE, "name": "Return and advice desk"})
    assert [(change.field, change.after) for change in moved.changes] == [("title", "Return and advice desk")]
