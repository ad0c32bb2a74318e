"""The second import and the ones after: changed rows, changes made here, rows gone, taking back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.db import transaction
from directory.history.models import Change
from directory.registry import operations as registry
from directory.registry.models import Institution, Official, Post, Removal
from directory.registry.pictures import institution_values, post_values
from directory.registry.values import ContactValues, NameValues
from directory.sops.taxonomy import Taxonomy
from importers.models import ImportBatch, ImportedRecord
from importers.records import FileRefused
from importers.report import report_text
from importers.undo import UndoRefused, undo_batch
from tests.conftest import NOW
from tests.importers.conftest import Import, agree, contacts, import_into, post_of, reasons, row, write_json, write_list

LATER = NOW + timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


def edit_post(session: Session, post: Post, **changes: object) -> None:
    """A person changes the entry in the directory."""
    registry.set_post(session, post, replace(post_values(post), **changes), by="ana", now=NOW)


def test_the_same_list_again_changes_nothing(imported: Import, session: Session, path: Path) -> None:
    write_list(path, [row(id="1"), row(id="2", name_en="Border Police")])
    first = imported(path)
    lines = session.scalar(select(func.count()).select_from(Change))
    again = imported(path)
    assert (first.new_count, again.new_count, again.changed_count, again.unchanged_count) == (2, 0, 0, 2)
    assert session.scalar(select(func.count()).select_from(Change)) == lines
    assert again.batch_id == ""
    assert "This very file was imported on 2026-11-24" in report_text(again)


def test_a_changed_row_changes_only_its_field(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    revision = post_of(session, "1").revision
    report = imported(write_list(path, [row(phone="+44 1632 960200")]))
    assert report.changed_count == 1
    change = report.changes[0]
    assert change.field == "contact_points"
    assert "+441632960101" in change.before
    assert "+441632960200" in change.after
    assert report.waiting_count == 1
    assert contacts(post_of(session, "1"))["phone"] == "+441632960101", "the old number stands"
    assert agree(session) == 1
    post = post_of(session, "1")
    assert contacts(post) == {"phone": "+441632960200", "email": "desk@return.example.org"}
    assert post.revision > revision


def test_a_confirmed_contact_that_stays_keeps_its_confirmation(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    mail = next(p for p in post_of(session, "1").contact_points if p.kind == "email")
    mail.confirmed_at = NOW
    imported(write_list(path, [row(phone="+44 1632 960200")]))
    mail = next(p for p in post_of(session, "1").contact_points if p.kind == "email")
    assert mail.confirmed_at == NOW


def test_a_change_made_here_is_not_overwritten_by_an_unchanged_value(
    imported: Import, session: Session, path: Path
) -> None:
    imported(write_list(path, [row()]))
    post = post_of(session, "1")
    phone, mail = post_values(post).contact_points
    edit_post(session, post, title="Desk for returns", contact_points=(replace(phone, value="+441632960300"), mail))
    report = imported(write_list(path, [row(role="case_manager", email="new@return.example.org")]))
    assert agree(session) == 1
    post = post_of(session, "1")
    assert (post.title, post.role_key) == ("Desk for returns", "case_manager")
    assert contacts(post) == {"phone": "+441632960300", "email": "new@return.example.org"}
    assert report.is_whole


def test_a_contact_added_here_survives(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    post = post_of(session, "1")
    edit_post(
        session,
        post,
        contact_points=(*post_values(post).contact_points, ContactValues("hotline", "116000", hours="24/7")),
    )
    imported(write_list(path, [row(phone="+44 1632 960200")]))
    assert contacts(post_of(session, "1"))["hotline"] == "116000"
    assert agree(session) == 1
    assert contacts(post_of(session, "1")) == {
        "hotline": "116000",
        "phone": "+441632960200",
        "email": "desk@return.example.org",
    }


def test_where_both_changed_the_directory_s_value_stands_and_is_named(
    imported: Import, session: Session, path: Path
) -> None:
    imported(write_list(path, [row()]))
    post = post_of(session, "1")
    phone, mail = post_values(post).contact_points
    edit_post(session, post, title="Desk for returns", contact_points=(replace(phone, value="+441632960300"), mail))
    report = imported(write_list(path, [row(title="Returns", phone="+44 1632 960200")]))
    post = post_of(session, "1")
    assert (post.title, contacts(post)["phone"]) == ("Desk for returns", "+441632960300")
    kept = {(r.column, r.value) for r in report.remarks if r.verdict == "kept"}
    assert kept == {("title", "Returns"), ("phone", "+441632960200")}
    assert not report.is_whole
    assert "changed here to “Desk for returns” since the last import" in report_text(report)


def test_names_and_countries_served_follow_the_list(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row(name_local="Agenția", name_local_language="ro", serves="RO;Moldova")]))
    institution = post_of(session, "1").institution
    values = institution_values(institution)
    registry.set_institution(session, institution, replace(values, serves=(*values.serves, "BG")), by="ana", now=NOW)
    imported(write_list(path, [row(name_local="Agenția nouă", name_local_language="ro", serves="RO;Ukraine")]))
    assert agree(session) == 1
    institution = post_of(session, "1").institution
    assert [n.name for n in institution.names] == ["Return Agency", "Agenția nouă"]
    assert sorted(s.country_code for s in institution.serves) == ["BG", "RO", "UA"]


def test_a_row_that_is_gone_is_reported_and_nothing_removed(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row(id="1"), row(id="2", name_en="Border Police", country="BG")]))
    report = imported(write_list(path, [row(id="1")]))
    assert report.missing == [("2", "Border Police")]
    assert "No longer in the file (1); nothing is removed" in report_text(report)
    assert post_of(session, "2").title == "Return desk"
    assert imported(path, country="RO").missing == []


def test_a_refused_row_is_not_called_gone(imported: Import, path: Path) -> None:
    imported(write_list(path, [row()]))
    report = imported(write_list(path, [row(country="Nowhere")]))
    assert (report.refused_count, report.missing) == (1, [])


def test_what_was_removed_here_is_not_brought_back(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    registry.remove_post(session, post_of(session, "1"), reason="closed", by="ana", now=NOW)
    assert imported(path).unchanged_count == 1
    report = imported(write_list(path, [row(title="Returns")]))
    assert (report.removed_here_count, report.changed_count, report.new_count) == (1, 0, 0)
    assert session.scalar(select(func.count()).select_from(Post)) == 0


def test_a_newer_date_alone_gives_the_entry_a_newer_source(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row(checked_on="2026-01-31")]))
    report = imported(write_list(path, [row(checked_on="24.11.2026")]))
    assert [c.field for c in report.changes] == ["date of the source"]
    source = post_of(session, "1").source
    assert source is not None
    assert source.dated_on == date(2026, 11, 24)


def test_a_trial_changes_nothing_and_says_the_same(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    write_list(path, [row(title="Returns"), row(id="2", name_en="Police")])
    trial = imported(path, commit=False)
    assert (trial.new_count, trial.changed_count) == (1, 1)
    assert post_of(session, "1").title == "Return desk"
    assert session.scalar(select(func.count()).select_from(ImportedRecord)) == 1


# Officials


def test_an_official_is_put_into_the_post_unnamed_until_agreed(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row(official="Demo Person One")]))
    post = post_of(session, "1")
    assert not post.is_desk
    assert [(a.official.name, a.official.agreed_at) for a in post.appointments] == [("Demo Person One", None)]


def test_a_new_official_follows_the_old_one(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row(official="Demo Person One")]))
    report = imported(write_list(path, [row(official="Demo Person Two")]), now=LATER)
    session.expire_all()
    assert [a.official.name for a in post_of(session, "1").appointments] == ["Demo Person One"], "it waits"
    assert agree(session, now=LATER) == 1
    post = post_of(session, "1")
    assert [a.official.name for a in post.appointments if a.covers(LATER.date())] == ["Demo Person Two"]
    assert [c.field for c in report.changes] == ["official"]
    undo_batch(session, report.batch_id, "test", LATER + timedelta(days=1))
    session.expire_all()
    today = (LATER + timedelta(days=1)).date()
    assert [a.official.name for a in post_of(session, "1").appointments if a.covers(today)] == ["Demo Person One"]


def test_an_official_appointed_here_stays(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row(official="Demo Person One")]))
    post = post_of(session, "1")
    registry.relieve(session, post.appointments[0], until_on=NOW.date() - timedelta(days=1), by="ana", now=NOW)
    registry.appoint(session, post, "Demo Person Three", by="ana", now=NOW)
    report = imported(write_list(path, [row(official="Demo Person Two")]))
    assert [c for c, _ in [(r.column, r.value) for r in report.remarks]] == ["official"]
    holders = [a.official.name for a in post_of(session, "1").appointments if a.covers(NOW.date())]
    assert holders == ["Demo Person Three"]


# Taking back


def test_new_entries_are_taken_back_with_the_names_they_brought(imported: Import, session: Session, path: Path) -> None:
    report = imported(write_list(path, [row(official="Demo Person One")]))
    entry_id = post_of(session, "1").id
    undone = undo_batch(session, report.batch_id, "test", LATER)
    assert (undone.removed_count, undone.restored_count, undone.refused) == (1, 0, [])
    for model in (Post, Institution, Official, ImportedRecord):
        assert session.scalar(select(func.count()).select_from(model)) == 0
    assert session.get(Removal, entry_id) is not None
    assert imported(path).new_count == 1


def test_changed_entries_say_again_what_they_said(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row(checked_on="2026-01-31")]))
    post = post_of(session, "1")
    before = institution_values(post.institution), post_values(post), post.source_id
    report = imported(
        write_list(path, [row(name_en="Agency", title="Returns", phone="+44 1632 960200", sop="4;5")]), now=LATER
    )
    undone = undo_batch(session, report.batch_id, "test", LATER)
    assert (undone.removed_count, undone.restored_count, undone.refused) == (0, 1, [])
    session.expire_all()
    post = post_of(session, "1")
    assert (institution_values(post.institution), post_values(post), post.source_id) == before
    assert imported(path, now=LATER).changed_count == 1, "the list's news is news again"


def test_a_batch_is_taken_back_once(imported: Import, session: Session, path: Path) -> None:
    report = imported(write_list(path, [row()]))
    undo_batch(session, report.batch_id, "test", LATER)
    with pytest.raises(UndoRefused, match="was taken back on 2026-11-25 21:30 UTC already"):
        undo_batch(session, report.batch_id, "test", LATER)


@pytest.mark.parametrize("batch_id", ["nonsense", "6a0c7fd2-5e4f-4a8e-9b2e-0e2a5a3c9f11"])
def test_an_unknown_batch_is_refused(session: Session, batch_id: str) -> None:
    with pytest.raises(UndoRefused, match="There is no batch"):
        undo_batch(session, batch_id, "test", LATER)


def test_what_was_worked_on_since_is_left_and_named(imported: Import, session: Session, path: Path) -> None:
    rows = [row(id=str(n), name_en=f"Body {n}") for n in range(1, 6)]
    report = imported(write_list(path, rows))
    edit_post(session, post_of(session, "1"), title="Desk for returns")
    post_of(session, "2").confirmed_at = NOW
    third = post_of(session, "3")
    registry.add_post(session, third.institution, post_values(third), by="ana", now=NOW)
    fourth = post_of(session, "4").institution
    values = replace(institution_values(fourth), names=(NameValues("Body four", "en"),))
    registry.set_institution(session, fourth, values, by="ana", now=NOW)
    undone = undo_batch(session, report.batch_id, "test", LATER)
    assert undone.removed_count == 1
    assert [line.split(":")[0] for line in undone.refused] == ["row 2, 1", "row 3, 2", "row 4, 3", "row 5, 4"]
    assert session.scalars(select(Institution)).all()
    assert post_of(session, "1").title == "Desk for returns"


def test_a_change_edited_since_is_left_and_named(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    report = imported(write_list(path, [row(title="Returns")]), now=LATER)
    edit_post(session, post_of(session, "1"), area="Northern counties")
    undone = undo_batch(session, report.batch_id, "test", LATER)
    assert (undone.restored_count, len(undone.refused)) == (0, 1)
    assert "changed here since" in undone.refused[0]
    assert post_of(session, "1").title == "Returns"


def test_the_later_batch_comes_first(imported: Import, session: Session, path: Path) -> None:
    first = imported(write_list(path, [row()]))
    second = imported(write_list(path, [row(title="Returns")]), now=LATER)
    undone = undo_batch(session, second.batch_id, "test", LATER)
    assert undone.restored_count == 1
    third = imported(path, now=LATER)
    undone = undo_batch(session, first.batch_id, "test", LATER)
    assert undone.refused == [f"row 2, 1: batch {third.batch_id} changed it again: take that one back first"]


# All or nothing


def test_a_list_that_breaks_in_the_middle_leaves_nothing(database: Session, taxonomy: Taxonomy, tmp_path: Path) -> None:
    """The first rows are written, then the file turns out to be cut off."""
    items = [{"slug": f"a{n}", "relevant-countries": ["de"], "name": f"Body {n}", "sources": []} for n in range(1200)]
    path = write_json(tmp_path / "list.json", items)
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    with pytest.raises(FileRefused, match=r"list\.json, item 1200"), transaction(database):
        import_into(database, taxonomy, path, "authorities")
    _nothing_is_there(database)


def test_a_failure_of_ours_leaves_nothing(
    database: Session, taxonomy: Taxonomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_list(tmp_path / "list.csv", [row(id=str(n), name_en=f"Body {n}") for n in range(1200)])
    whole, calls = registry.add_entries, []

    def breaks_at_the_third(*args: object, **named: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("injected")
        return whole(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(registry, "add_entries", breaks_at_the_third)
    with pytest.raises(RuntimeError, match="injected"), transaction(database):
        import_into(database, taxonomy, path, "template")
    assert len(calls) == 3
    _nothing_is_there(database)


def _nothing_is_there(session: Session) -> None:
    for model in (Post, Institution, ImportBatch, ImportedRecord):
        assert session.scalar(select(func.count()).select_from(model)) == 0, model


def test_a_key_twice_in_one_list_is_refused_the_second_time(imported: Import, session: Session, path: Path) -> None:
    report = imported(write_list(path, [row(id="7"), row(id="8"), row(id="7", title="Another desk")]))
    assert (report.new_count, report.refused_count) == (2, 1)
    assert reasons(report) == [(4, "id", "stands in row 2 already")]
    assert post_of(session, "7").title == "Return desk"
