"""A new row that may stand here already: it stays out with its reasons until somebody has said one, or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.doubles.models import KeptApart
from directory.proposals.models import Proposal
from directory.registry.models import Institution, Post
from directory.registry.values import ContactValues
from directory.sops.taxonomy import Taxonomy
from importers.mapping_file import read_mapping, shipped_kinds
from importers.matching import read_decisions
from importers.models import ImportedRecord
from importers.records import FileRefused
from importers.report import Report, report_text
from importers.run import Order, run_import
from importers.undo import undo_batch
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.importers.conftest import row, write_list

NAME = "State Agency for Demo Return"
LINE = ContactValues("phone", "+441632960100", is_published=True)
CELLS: dict[str, str] = {
    "id": "7", "country": "AL", "type": "migration_authority", "name_en": "Agency for Demo Return, State", "name_local": "",
    "title": "Return desk", "role": "return_officer", "phone": "+44 1632 960100", "email": "new@return.example.org",
}  # fmt: skip


@pytest.fixture
def entry(session: Session) -> Post:
    house = make_institution(session, NAME, country="AL", kind="migration_authority")
    return make_post(session, house, title="Return desk", contact_points=(LINE,))


def run(session: Session, taxonomy: Taxonomy, path: Path, **more: Any) -> Report:
    write_list(path, [row(**CELLS)])
    order = Order(path, read_mapping(shipped_kinds()["template"]), commit=True, **more)
    return run_import(session, order, taxonomy, by="test", now=NOW)


def count(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_it_stays_out_and_the_report_says_why_and_what_to_do(
    session: Session, taxonomy: Taxonomy, tmp_path: Path, entry: Post
) -> None:
    before = count(session, Post)
    report = run(session, taxonomy, tmp_path / "list.csv")
    assert (report.doubtful_count, report.new_count, report.is_whole) == (1, 0, False)
    assert count(session, Post) == before
    text = report_text(report)
    assert entry.id in text
    assert "same phone" in text
    assert "--decide FILE" in text


def test_control_another_name_is_simply_new(session: Session, taxonomy: Taxonomy, tmp_path: Path, entry: Post) -> None:
    path = tmp_path / "list.csv"
    write_list(path, [row(**CELLS | {"name_en": "Ministry of Demo Roads", "phone": "+44 1632 960555"})])
    order = Order(path, read_mapping(shipped_kinds()["template"]), commit=True)
    report = run_import(session, order, taxonomy, by="test", now=NOW)
    assert (report.doubtful_count, report.new_count) == (0, 1)


@pytest.mark.parametrize("more", [{"decisions": {"7": "new"}}, {"doubtful_is_new": True}])
def test_said_to_be_new_it_is_written_and_kept_apart(
    session: Session, taxonomy: Taxonomy, tmp_path: Path, entry: Post, more: dict[str, Any]
) -> None:
    report = run(session, taxonomy, tmp_path / "list.csv", **more)
    assert (report.new_count, report.doubtful_count) == (1, 0)
    pairs = {(kept.kind, frozenset((kept.first_id, kept.second_id))) for kept in session.scalars(select(KeptApart))}
    known = session.scalars(select(ImportedRecord).where(ImportedRecord.key == "7")).one()
    assert ("post", frozenset((entry.id, known.post_id))) in pairs
    assert ("institution", frozenset((entry.institution_id, known.institution_id))) in pairs
    assert run(session, taxonomy, tmp_path / "list.csv").unchanged_count == 1, "asked once only"


def test_said_to_be_the_entry_it_is_tied_and_its_number_waits(
    session: Session, taxonomy: Taxonomy, tmp_path: Path, entry: Post
) -> None:
    bodies, title = count(session, Institution), entry.institution.name
    report = run(session, taxonomy, tmp_path / "list.csv", decisions={"7": entry.id})
    assert (report.tied_count, report.new_count, report.waiting_count) == (1, 0, 1)
    assert count(session, Institution) == bodies
    assert entry.institution.name == title, "what stands here is not written over"
    assert [point.value for point in entry.contact_points] == [LINE.value]
    (proposal,) = session.scalars(select(Proposal)).all()
    lines = [line["value"] for line in proposal.after["contact_points"]]
    assert lines == [LINE.value, "new@return.example.org"]
    assert run(session, taxonomy, tmp_path / "list.csv").unchanged_count == 1
    undone = undo_batch(session, report.batch_id, by="test", now=NOW)
    assert (undone.restored_count, undone.withdrawn_count, undone.refused) == (1, 1, [])
    assert count(session, ImportedRecord) == 0
    assert session.get(Post, entry.id) is not None


def test_an_entry_that_is_not_there_is_refused(session: Session, taxonomy: Taxonomy, tmp_path: Path) -> None:
    missing = "5f0b4a52-8f5c-4f0e-9b6b-0d8a6a8f2a01"
    report = run(session, taxonomy, tmp_path / "list.csv", decisions={"7": missing})
    assert (report.refused_count, report.tied_count, report.new_count) == (1, 0, 0)


def test_the_file_of_decisions_is_read_or_refused_by_its_row(tmp_path: Path) -> None:
    path = tmp_path / "said.csv"
    path.write_text("key,decision\n7,New\n8,5F0B4A52-8f5c-4f0e-9b6b-0d8a6a8f2a01\n")
    assert read_decisions(path) == {"7": "new", "8": "5f0b4a52-8f5c-4f0e-9b6b-0d8a6a8f2a01"}
    for text, told in (
        ("key,decision\n7,yes\n", "row 2"),
        ("key,decision\n7,\n", "row 2"),
        ("a,b\n1,2\n", "key and decision"),
    ):
        path.write_text(text)
        with pytest.raises(FileRefused, match=told):
            read_decisions(path)
    with pytest.raises(FileRefused, match="cannot be read"):
        read_decisions(tmp_path / "none.csv")


@pytest.mark.parametrize("kind", ["json", "csv", "xlsx", "vcard"])
def test_a_file_of_our_own_finds_its_entries_again(
    session: Session, taxonomy: Taxonomy, tmp_path: Path, entry: Post, kind: str
) -> None:
    """Exported and imported where it came from: nothing new, nothing doubtful, nothing to ask."""
    from tests.importers.round_trips import entries_of, write

    before = count(session, Post)
    path = write(kind, entries_of(session), tmp_path, taxonomy)
    mapping = read_mapping(shipped_kinds()["vcard" if kind == "vcard" else "directory"])
    order = Order(path, mapping, commit=True, institution_type="migration_authority")
    report = run_import(session, order, taxonomy, by="test", now=NOW)
    assert (report.new_count, report.doubtful_count) == (0, 0), report_text(report)
    assert count(session, Post) == before
