"""What the import tests share: the real lists, small lists written on the spot, one way to import them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory import migrations
from directory.accounts.policy import Grant, Person
from directory.db import make_engine, new_id
from directory.proposals import operations as proposals
from directory.proposals.models import Proposal
from directory.proposals.operations import Actor
from directory.registry import operations as registry
from directory.registry.models import Post
from directory.sops import operations as sops
from directory.sops.taxonomy import Taxonomy
from importers.mapping import ImportMapping
from importers.mapping_file import read_mapping, shipped_kinds
from importers.models import ImportedRecord
from importers.report import Report
from importers.run import Order, run_import
from tests.conftest import NOW

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
EMBASSIES = SHARED / "embassies" / "database_of_embassies.csv"
AUTHORITIES = SHARED / "authorities" / "supervisory-authorities.json"

Import = Callable[..., Report]
needs_real_lists = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the real lists are not at {SHARED}")


def shipped(kind: str) -> ImportMapping:
    return read_mapping(shipped_kinds()[kind])


def import_into(
    session: Session,
    taxonomy: Taxonomy,
    path: Path,
    mapping: ImportMapping | str,
    *,
    commit: bool = True,
    now: datetime = NOW,
    **more: Any,
) -> Report:
    chosen = shipped(mapping) if isinstance(mapping, str) else mapping
    return run_import(session, Order(path, chosen, commit, **more), taxonomy, by="test", now=now)


@pytest.fixture
def imported(session: Session, taxonomy: Taxonomy) -> Import:
    """`imported(path, mapping, commit=…)` in the test's session."""

    def run(path: Path, mapping: ImportMapping | str = "template", **more: Any) -> Report:
        report = import_into(session, taxonomy, path, mapping, **more)
        session.flush()
        return report

    return run


@pytest.fixture
def database(tmp_path: Path, taxonomy: Taxonomy) -> Iterator[Session]:
    """A session on a database of its own, for what must survive or undo a real commit."""
    engine = make_engine(f"sqlite:///{tmp_path / 'own.sqlite'}")
    migrations.upgrade(engine)
    with Session(engine) as session:
        registry.ensure_countries(session, taxonomy.participating)
        sops.put_in_force(session, taxonomy, by="test", now=NOW)
        session.commit()
        yield session
    engine.dispose()


BASE_ROW = {
    "id": "1",
    "country": "Romania",
    "name_en": "Return Agency",
    "type": "ngo",
    "title": "Return desk",
    "role": "return_officer",
    "sop": "4",
    "phone": "+44 1632 960101",
    "email": "desk@return.example.org",
    "public": "yes",
}


def row(**cells: str) -> dict[str, str]:
    """A row of the template: the usual one, but for these cells."""
    return {**BASE_ROW, **cells}


def write_list(path: Path, rows: Sequence[dict[str, str]], separator: str = ",") -> Path:
    """A list in the template's form, with the columns its rows use."""
    header = list(dict.fromkeys(name for cells in rows for name in cells))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_json(path: Path, items: Any) -> Path:
    path.write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")
    return path


def post_of(session: Session, key: str, kind: str = "template") -> Post:
    """The entry a row became."""
    found = select(ImportedRecord.post_id).where(ImportedRecord.kind == kind, ImportedRecord.key == key)
    return session.get_one(Post, session.scalars(found).one())


def contacts(post: Post) -> dict[str, str]:
    return {point.kind: point.value for point in post.contact_points}


def reasons(report: Report, verdict: str = "refused") -> list[tuple[int, str, str]]:
    return [(r.row, r.column, r.reason) for r in report.remarks if r.verdict == verdict]


def agree(session: Session, *, now: datetime = NOW) -> int:
    """A second person agrees to everything that waits; returns how much that was."""
    decider = Person(new_id(), (Grant("secretariat"),))
    waiting = list(session.scalars(select(Proposal).where(Proposal.state == "waiting")))
    for proposal in waiting:
        proposals.accept(session, proposal, actor=Actor(str(decider.account_id), "form", decider), now=now)
    session.expire_all()
    return len(waiting)
