"""The Entry of the contract, key by key; and files as a whole."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from directory.config import KOSOVO_FOOTNOTE
from directory.entries.entry import Answerability, Deputy, SourcePart
from directory.exports import CannotExport, ExportContext, write_export
from directory.exports.json_entry import entry_json
from directory.sops.taxonomy import Taxonomy
from tests.unit.exports.pictures import context_for, make_entry, make_line

ENTRY_KEYS = {
    "id",
    "url",
    "demo",
    "country",
    "host_country",
    "serves",
    "institution",
    "post",
    "official",
    "responsibilities",
    "contact_points",
    "deputy",
    "freshness",
    "reachability",
    "sources",
    "revision",
    "changed_at",
}
POINT_KEYS = {
    "kind",
    "value",
    "display",
    "label",
    "hours",
    "timezone",
    "languages",
    "confirmed_at",
    "method",
    "restricted",
}


@pytest.fixture(scope="module")
def context(taxonomy: Taxonomy) -> ExportContext:
    return context_for(taxonomy)


def test_an_entry_has_the_keys_of_the_contract(context: ExportContext) -> None:
    shape = entry_json(
        make_entry(
            responsibilities=(Answerability(4, "4.3", "leads", "Cluj", ("children",), ("labour",)),),
            deputy=Deputy("d", "Head", "Return Agency"),
            official="Ana Pop",
            sources=(SourcePart("List", date(2026, 1, 5), "https://list.example"),),
        ),
        context,
    )
    assert set(shape) == ENTRY_KEYS
    assert set(shape["institution"]) == {"id", "name", "local_name", "type"}
    assert {"title", "role", "area", "vacant"} <= set(shape["post"])
    assert shape["official"]["name"] == "Ana Pop"
    assert shape["responsibilities"] == [
        {
            "sop": 4,
            "measure": "4.3",
            "level": "leads",
            "area": "Cluj",
            "target_groups": ["children"],
            "exploitation": ["labour"],
        }
    ]
    assert set(shape["contact_points"][0]) == POINT_KEYS
    assert shape["freshness"] == {"state": "confirmed", "confirmed_at": "2026-11-12T09:30:00Z", "method": "signed_in"}
    assert shape["sources"] == [{"name": "List", "date": "2026-01-05", "url": "https://list.example"}]
    assert shape["url"] == f"https://directory.example.org/entries/{shape['id']}"
    assert shape["deputy"]["post"] == {"title": "Head"}
    assert shape["changed_at"] == "2026-11-12T09:30:00Z"


def test_phones_are_plain_in_value_and_spaced_in_display(context: ExportContext) -> None:
    (point,) = entry_json(make_entry(), context)["contact_points"]
    assert point["value"] == "+40213168400"
    assert point["display"] == "+40 21 316 8400"
    assert point["restricted"] is False


def test_a_restricted_line_has_no_value_and_says_so(context: ExportContext) -> None:
    entry = make_entry(contact_lines=(make_line("mobile", None, display="", field_class="restricted"),))
    (point,) = entry_json(entry, context)["contact_points"]
    assert set(point) == POINT_KEYS - {"value", "display"}
    assert point["restricted"] is True


def test_a_line_that_answered_a_test_says_when_and_how_fast(context: ExportContext) -> None:
    at = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)
    lines = (make_line("hotline", answered_at=at, answer_seconds=20), make_line("duty_phone", None, answered_at=at))
    proven, hidden = entry_json(make_entry(contact_lines=lines), context)["contact_points"]
    assert proven["drill"] == {"answered_at": "2026-10-05T09:30:00Z", "seconds": 20}
    assert hidden["drill"] == {"answered_at": "2026-10-05T09:30:00Z", "seconds": None}
    assert set(hidden) == POINT_KEYS - {"value", "display"} | {"drill"}


def test_nothing_known_is_null_and_times_are_utc(context: ExportContext) -> None:
    entry = make_entry(confirmed_at=None, method=None, freshness="unconfirmed", sources=(SourcePart("x", None, ""),))
    shape = entry_json(entry, context)
    assert shape["freshness"] == {"state": "unconfirmed", "confirmed_at": None, "method": None}
    assert shape["official"] is None
    assert shape["deputy"] is None
    assert shape["sources"][0]["date"] is None


def test_kosovo_carries_its_footnote(context: ExportContext) -> None:
    assert entry_json(make_entry(serves=("XK",)), context)["footnote"] == KOSOVO_FOOTNOTE
    assert "footnote" not in entry_json(make_entry(), context)


def test_a_file_says_for_whom_when_and_which_filter(context: ExportContext) -> None:
    shape = json.loads(write_export("json", [make_entry(), make_entry(title="\ud800")], context=context))
    assert shape["file"] == {
        "made_for": "a visitor without sign-in",
        "made_at": "2026-11-24T21:30:00Z",
        "filter": "Romania · SOP 4 Return and social inclusion",
        "entry_count": 2,
    }
    assert len(shape["entries"]) == 2


@pytest.mark.parametrize("kind", ["vcard", "csv", "xlsx", "pdf"])
def test_an_empty_file_is_refused(context: ExportContext, kind: str) -> None:
    with pytest.raises(CannotExport, match="nothing to put into a file"):
        write_export(kind, [], context=context)


def test_an_empty_list_is_still_json(context: ExportContext) -> None:
    assert json.loads(write_export("json", [], context=context))["entries"] == []
    assert json.loads(write_export("hsds", [], context=context))["empty"] is True


def test_a_kind_that_is_not_there_names_those_that_are(context: ExportContext) -> None:
    with pytest.raises(CannotExport, match=r"“odt” is no kind.*vcard, csv, xlsx, json, hsds, pdf"):
        write_export("odt", [make_entry()], context=context)


def test_files_know_neither_database_nor_web() -> None:
    code = "import sys, directory.exports; print([m for m in ('sqlalchemy', 'flask') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_instant_elsewhere_is_told_in_utc(context: ExportContext) -> None:
    moment = datetime.fromisoformat("2026-11-24T23:30:00.5+02:00")
    assert entry_json(make_entry(changed_at=moment), context)["changed_at"] == "2026-11-24T21:30:00Z"
    assert moment.astimezone(UTC) < datetime(2026, 11, 25, tzinfo=UTC)
