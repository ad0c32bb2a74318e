"""What an import changes of what readers see waits for a second person, and taking the batch back reaches it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.history.models import Change
from directory.proposals.models import Proposal
from importers.report import report_text
from importers.undo import undo_batch
from tests.conftest import NOW
from tests.importers.conftest import Import, agree, contacts, post_of, row, write_list

LATER = NOW + timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


def waiting(session: Session) -> list[Proposal]:
    return list(session.scalars(select(Proposal).where(Proposal.state == "waiting")))


def test_a_changed_number_waits_and_is_counted_also_in_a_trial(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    write_list(path, [row(phone="+44 1632 960200", hours="24/7", area="West")])
    trial = imported(path, commit=False)
    assert (trial.waiting_count, waiting(session)) == (1, [])
    report = imported(path)
    assert (report.changed_count, report.waiting_count) == (1, 1)
    assert re.search(r"waiting for a second person +1", report_text(report))
    assert "What waits stands at /coordination" in report_text(report)
    session.expire_all()
    post = post_of(session, "1")
    assert contacts(post)["phone"] == "+441632960101"
    assert (post.area, post.is_being_checked) == ("West", True)
    (proposal,) = waiting(session)
    assert (proposal.path, proposal.by, proposal.is_guarded) == ("import", "test", True)
    again = imported(path)
    assert (again.waiting_count, again.batch_id, len(waiting(session))) == (0, "", 1)


def test_the_batch_is_recorded_with_its_path_and_what_waits(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    imported(write_list(path, [row(phone="+44 1632 960200")]))
    lines = session.scalars(select(Change).where(Change.action == "import").order_by(Change.sequence)).all()
    assert [(line.path, line.after["waiting"]) for line in lines if line.after] == [("import", 0), ("import", 1)]
    assert set(session.scalars(select(Change.path).where(Change.by == "test", Change.action == "add"))) == {"import"}


def test_taking_back_withdraws_what_waits(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    report = imported(write_list(path, [row(phone="+44 1632 960200", area="West")]), now=LATER)
    undone = undo_batch(session, report.batch_id, "console", LATER)
    assert (undone.restored_count, undone.withdrawn_count, undone.refused) == (1, 1, [])
    session.expire_all()
    post = post_of(session, "1")
    assert (waiting(session), post.area, post.is_being_checked) == ([], "", False)
    assert contacts(post)["phone"] == "+441632960101"


def test_taking_back_takes_along_what_was_agreed_to(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    report = imported(write_list(path, [row(phone="+44 1632 960200", area="West")]), now=LATER)
    agree(session, now=LATER)
    assert contacts(post_of(session, "1"))["phone"] == "+441632960200"
    undone = undo_batch(session, report.batch_id, "console", LATER)
    assert (undone.restored_count, undone.withdrawn_count, undone.refused) == (1, 0, [])
    session.expire_all()
    post = post_of(session, "1")
    assert (contacts(post)["phone"], post.area) == ("+441632960101", "")
    assert waiting(session) == []


def test_what_was_agreed_to_long_ago_stays_and_is_named(imported: Import, session: Session, path: Path) -> None:
    imported(write_list(path, [row()]))
    report = imported(write_list(path, [row(phone="+44 1632 960200")]), now=LATER)
    agree(session, now=LATER)
    undone = undo_batch(session, report.batch_id, "console", LATER + timedelta(days=31))
    assert undone.restored_count == 0
    assert "over thirty days ago" in undone.refused[0]
    assert contacts(post_of(session, "1"))["phone"] == "+441632960200"
