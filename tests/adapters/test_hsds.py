"""The public layer for other registries: valid by the published schemas of HSDS 3.0, with stable ids and no street."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import Engine

from directory.entries.entry import Entry
from directory.exports import ExportContext, write_export
from directory.exports.hsds import service
from directory.sops.taxonomy import Taxonomy
from tests.adapters.demo import public_demo
from tests.importers.conftest import SHARED
from tests.unit.exports.pictures import context_for, formula_entries, hostile_entry, make_entry, make_line

SCHEMAS = SHARED / "hsds-schemas"
needs_schemas = pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"the published schemas are not at {SCHEMAS}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def context(taxonomy: Taxonomy) -> ExportContext:
    return context_for(taxonomy)


@pytest.fixture(scope="module")
def demo_entries(sqlite_engine: Engine, taxonomy: Taxonomy) -> list[Entry]:
    return public_demo(sqlite_engine, taxonomy)


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / "service_with_definitions.json").read_text("utf-8"))
    return schema


@pytest.fixture(scope="module")
def strict(whole: dict[str, Any]) -> Draft202012Validator:
    """The published schema, and a name nobody has published counts as a fault."""
    schema = copy.deepcopy(whole)
    for part in (schema, *schema["definitions"].values()):
        part["additionalProperties"] = False
    return Draft202012Validator(schema, format_checker=FormatChecker(["uuid", "email", "date-time"]))


def faults(validator: Draft202012Validator, shape: Any) -> list[str]:
    return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(shape)]


def parts(shape: Any) -> Iterator[dict[str, Any]]:
    if isinstance(shape, dict):
        yield shape
        shape = list(shape.values())
    if isinstance(shape, list):
        for inner in shape:
            yield from parts(inner)


@needs_schemas
def test_every_demo_entry_is_valid_by_the_published_schemas(
    strict: Draft202012Validator, demo_entries: list[Entry], context: ExportContext
) -> None:
    shape = json.loads(write_export("hsds", demo_entries, context=context))
    assert shape["total_items"] == len(shape["contents"]) == len(demo_entries)
    for one in shape["contents"]:
        assert faults(strict, one) == []


@needs_schemas
def test_hostile_entries_are_valid_too(strict: Draft202012Validator, context: ExportContext) -> None:
    dice = random.Random(5)
    for entry in [*formula_entries(), *(hostile_entry(dice) for _ in range(60))]:
        one = json.loads(json.dumps(service(entry, context)))
        # Ids of bodies and lines are uuids in the registry; the hostile ones are not what is tested here.
        one["organization_id"] = one["organization"]["id"] = one["service_at_locations"][0]["location"][
            "organization_id"
        ] = one["id"]
        one["organization"].pop("parent_organization_id", None)
        assert faults(strict, one) == []


@needs_schemas
def test_the_schemas_notice_what_is_wrong(strict: Draft202012Validator, context: ExportContext) -> None:
    good = service(make_entry(contact_lines=(make_line(), make_line("email", "desk@return.example"))), context)
    assert faults(strict, good) == []
    for path, value in (("status", "open"), ("id", "7"), ("email", "no mail"), ("name", None), ("street", "Strada 1")):
        assert faults(strict, {**good, path: value}), path
    assert faults(strict, {**good, "phones": [{"number": "1"}]})


def test_ids_are_uuids_and_the_same_every_time(context: ExportContext, taxonomy: Taxonomy) -> None:
    entry = make_entry(contact_lines=(make_line(hours="Mo-Fr 08:00-16:00; Sa 09:00-12:00", languages=("ro",)),))
    first = service(entry, context)
    assert first == service(entry, context_for(taxonomy))
    ids = [part["id"] for part in parts(first)]
    assert all(UUID.fullmatch(found) for found in ids)
    assert len(set(ids)) == len(ids)


def test_an_entry_becomes_a_service_of_its_body(context: ExportContext) -> None:
    line = make_line(
        value="+40213168400;ext=12",
        hours="Mo-Fr 08:00-16:00; Sa 09:00-12:00",
        timezone="Europe/Bucharest",
        languages=("ro",),
    )
    one = service(make_entry(contact_lines=(line, make_line("hotline", "116000", hours="24/7"))), context)
    assert one["name"] == "Return desk"
    assert one["organization"]["name"] == "Return Agency"
    assert one["description"] == "Leads SOP 4 Return and social inclusion"
    assert one["url"] == f"https://directory.example.org/entries/{one['id']}"
    assert one["assured_date"] == "2026-11-12"
    first, second = one["phones"]
    assert (first["number"], first["extension"], first["type"]) == ("+40213168400", 12, "voice")
    assert first["languages"][0]["name"] == "Romanian"
    assert (second["number"], second["type"]) == ("116000", "hotline")
    week = [(found["byday"], found["opens_at"], found["closes_at"]) for found in one["schedules"]]
    assert week == [
        ("MO,TU,WE,TH,FR", "08:00", "16:00"),
        ("SA", "09:00", "12:00"),
        ("MO,TU,WE,TH,FR,SA,SU", "00:00", "23:59"),
    ]
    codes = {part["taxonomy_term"]["code"] for part in one["attributes"]}
    assert codes == {"trm-sop:4", "trm-role:return_officer", "trm-institution-type:migration_authority"}


def test_hours_nobody_can_read_give_no_schedule(context: ExportContext) -> None:
    assert "schedules" not in service(make_entry(contact_lines=(make_line(hours="by appointment"),)), context)


def test_nothing_has_a_street_and_a_shelter_not_even_a_city(context: ExportContext) -> None:
    postal = make_line("postal", "Strada Exemplu 1")
    open_body = service(make_entry(contact_lines=(postal,)), context)
    (place,) = open_body["service_at_locations"]
    assert place["location"]["name"] == "București, Romania"
    assert "Strada" not in json.dumps(open_body)
    house = make_entry().institution
    shelter = type(house)(house.id, "House", "", "shelter", "București", (), None, "")
    (hidden,) = service(make_entry(institution=shelter, contact_lines=(postal,)), context)["service_at_locations"]
    assert hidden["location"]["name"] == "Romania"
    assert hidden["location"]["location_type"] == "virtual"


def test_what_must_be_known_first_is_the_alert(context: ExportContext) -> None:
    alert = service(make_entry(demo=True, freshness="overdue", is_vacant=True, country="XK"), context)["alert"]
    for words in ("DEMO", "Not confirmed since 12 November 2026", "vacant", "UNSCR 1244/1999"):
        assert words in alert
    assert "alert" not in service(make_entry(), context)


def test_restricted_lines_are_not_there_at_all(context: ExportContext) -> None:
    hidden = (make_line("mobile", "+40722000001"), make_line("phone", "+40722000002", field_class="restricted"))
    assert b"7220000" not in write_export("hsds", [make_entry(contact_lines=hidden)], context=context)
