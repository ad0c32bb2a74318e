"""Imports on the pages: upload, columns, preview, decisions, the second person, undo; real files, a real worker."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from directory import worker
from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.ports import FixedClock
from directory.proposals.models import Proposal
from directory.registry import operations as registry
from directory.registry.models import Post
from importers import background, runs, uploads
from importers.models import ImportBatch, ImportedRecord, ImportRun
from importers.pages import attach
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.importers.conftest import row, write_list
from tests.web.checking_client import CheckingClient
from tests.web.signed_in import Signed, sign_in

HOME = "/coordination/imports"
OUTLOOK = (
    "Firma;Position;Vorname;Nachname;E-Mail-Adresse;Telefon geschäftlich;Land/Region geschäftlich;Bemerkung\r\n"
    "Büro für Rückkehr;Leiterin Rückkehr;Ana;Beispiel;ana@buero.example;+44 1632 960201;Rumänien;=1+1\r\n"
    "Büro für Schutz;;Ion;Muster;ion@buero.example;+44 1632 960202;Rumänien;\r\n"
)


def app_in(folder: Path) -> Flask:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "test"})
    app = create_app(settings, clock=FixedClock(NOW))
    attach(app)
    app.testing = True
    app.test_client_class = CheckingClient
    return app


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as it is before anything was imported."""
    folder = tmp_path_factory.mktemp("prepared")
    app = app_in(folder)
    with app.app_context():
        prepare(app)
        database.session.remove()
        database.engine.dispose()
    return folder


@pytest.fixture
def app(tmp_path: Path, prepared: Path) -> Iterator[Flask]:
    shutil.copytree(prepared, tmp_path / "site")
    app = app_in(tmp_path / "site")
    yield app
    with app.app_context():
        database.engine.dispose()


@pytest.fixture
def ana(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="RO", name="Ana Example")


@pytest.fixture
def ion(app: Flask) -> Signed:
    return sign_in(app, "coordinator", country="RO", name="Ion Example")


def upload(who: Signed, content: bytes, name: str, **more: str) -> TestResponse:
    form = {"list": "The old list", "country": "RO", **more}
    return who.post(f"{HOME}/new", file=(io.BytesIO(content), name), **form)


def listed(tmp_path: Path, *rows: dict[str, str]) -> bytes:
    return write_list(tmp_path / "list.csv", rows).read_bytes()


def place(answer: TestResponse) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].removesuffix("/columns")


def work(app: Flask) -> None:
    with app.app_context():
        background.work(database.session(), app.extensions["site"])
        database.session.remove()


def state(app: Flask, path: str) -> str:
    with app.app_context():
        found = database.session().get_one(ImportRun, path.rsplit("/", 1)[-1]).state
        database.session.remove()
        return found


def count(app: Flask, table: type) -> int:
    with app.app_context():
        return database.session().scalar(select(func.count()).select_from(table)) or 0


def brought(app: Flask, who: Signed, content: bytes, name: str = "list.csv", **more: str) -> str:
    path = place(upload(who, content, name, **more))
    work(app)
    return path


def let_in(app: Flask, path: str, who: Signed, second: Signed) -> None:
    who.post(path, decision="commit")
    second.post(path, decision="agree")
    work(app)


def test_a_list_is_read_shown_agreed_to_by_a_second_person_and_written(
    app: Flask, ana: Signed, ion: Signed, tmp_path: Path
) -> None:
    path = brought(app, ana, listed(tmp_path, row(), row(id="2", name_en="Other Agency", country="Moldova")))
    page = ana.client.get(path).text
    assert "New: 1" in page
    assert "Refused: 1" in page
    assert "another country than the one you import for" in ana.client.get(f"{path}/refused").text
    assert "Return Agency" in ana.client.get(f"{path}/new").text
    assert count(app, Post) == 0, "nothing is written by looking"
    ana.post(path, decision="commit")
    assert state(app, path) == "waiting_second"
    assert ana.post(path, decision="agree").status_code == 409
    work(app)
    assert count(app, Post) == 0
    assert "Let the batch in" in ion.client.get(path).text
    ion.post(path, decision="agree")
    work(app)
    assert state(app, path) == "done"
    with app.app_context():
        (post,) = database.session().scalars(select(Post))
        assert post.confirmed_at is None, "imported is never confirmed"
        assert post.source is not None
        assert post.source.name == "The old list"
    assert not (app.extensions["site"].settings.data_dir / uploads.FOLDER / path.rsplit("/", 1)[-1]).exists()
    assert "Agreed by Ion Example" in ana.client.get(path).text


def test_a_table_with_german_headers_gets_suggestions_that_are_remembered(app: Flask, ana: Signed, ion: Signed) -> None:
    path = place(upload(ana, OUTLOOK.encode("cp1252"), "kontakte.csv"))
    page = ana.client.get(f"{path}/columns").text
    chosen = re.findall(r'<label for="column-(\d+)">([^<]+)</label>.*?<option value="(\w*)" selected', page, re.DOTALL)
    assert [meaning for _place, _name, meaning in chosen] == [
        "name", "title", "given_name", "family_name", "email", "phone", "country", "note",
    ]  # fmt: skip
    assert "which is a guess" in page
    said = {f"column-{number}": meaning for number, _name, meaning in chosen}
    refused = ana.post(f"{path}/columns", **said, title="Contact point")
    assert refused.status_code == 422
    assert "kind of institution" in refused.text
    taken = ana.post(f"{path}/columns", **{**said, "column-7": ""}, title="Contact point", type="ngo")
    assert taken.status_code == 303, taken.text
    work(app)
    assert state(app, path) == "previewed", ana.client.get(path).text
    assert "Leiterin Rückkehr" in ana.client.get(f"{path}/new").text
    assert "Contact point" in ana.client.get(f"{path}/new").text
    let_in(app, path, ana, ion)
    with app.app_context():
        posts = {post.title: post for post in database.session().scalars(select(Post))}
        assert set(posts) == {"Leiterin Rückkehr", "Contact point"}
        points = posts["Leiterin Rückkehr"].contact_points
        assert {point.value for point in points} == {"ana@buero.example", "+441632960201"}
        assert not any(point.is_published for point in points)
    again = place(upload(ion, OUTLOOK.encode("cp1252"), "kontakte-neu.csv"))
    page = ion.client.get(f"{again}/columns").text
    assert "filled in as they were then" in page
    chosen = re.findall(r'<label for="column-7">[^<]+</label>.*?<option value="(\w*)" selected', page, re.DOTALL)
    assert chosen == [""], "what was answered last time, not the suggestion"


def test_a_changed_number_waits_and_undo_takes_all_of_it_back(
    app: Flask, ana: Signed, ion: Signed, tmp_path: Path
) -> None:
    first = brought(app, ana, listed(tmp_path, row()))
    let_in(app, first, ana, ion)
    second = brought(
        app, ana, listed(tmp_path, row(phone="+44 1632 960109", area="Everywhere"), row(id="2", name_en="B"))
    )
    page = ana.client.get(f"{second}/changed").text
    assert "+44 1632 960101" in page
    assert "+44 1632 960109" in page
    assert "waits for a second person" in page
    let_in(app, second, ana, ion)
    with app.app_context():
        session = database.session()
        (waiting,) = session.scalars(select(Proposal).where(Proposal.state == "waiting"))
        assert waiting.by == ana.account_id
        changed = session.get_one(Post, waiting.subject_id)
        assert changed.area == "Everywhere", "a plain field stands at once"
        assert {"+441632960101"} <= {point.value for point in changed.contact_points}
    ion.post(second, decision="undo")
    work(app)
    assert state(app, second) == "undone"
    with app.app_context():
        (post,) = database.session().scalars(select(Post))
        assert post.area == ""
    assert count(app, ImportedRecord) == 1
    assert "1 entries taken out, 1 set back" in ana.client.get(second).text


def test_the_same_list_again_changes_nothing(app: Flask, ana: Signed, ion: Signed, tmp_path: Path) -> None:
    let_in(app, brought(app, ana, listed(tmp_path, row())), ana, ion)
    again = brought(app, ana, listed(tmp_path, row()))
    page = ana.client.get(again).text
    assert "Unchanged: 1" in page
    assert "There is nothing to write" in page
    assert count(app, ImportBatch) == 1


def test_a_doubtful_row_stays_out_until_somebody_says(app: Flask, ana: Signed, ion: Signed, tmp_path: Path) -> None:
    with app.app_context():
        house = make_institution(database.session(), "Return Agency", kind="ngo")
        post = make_post(database.session(), house, title="Return desk", phone="+441632960101")
        database.session().commit()
        post_id = post.id
    path = brought(app, ana, listed(tmp_path, row()))
    page = ana.client.get(f"{path}/doubtful").text
    assert "What is it?" in page
    assert " checked" not in page, "nothing is chosen beforehand"
    assert ana.post(f"{path}/answers", **{"row-2": "11111111-1111-4111-8111-111111111111"}).status_code == 422
    ana.post(f"{path}/answers", **{"row-2": post_id})
    assert state(app, path) == "mapped"
    work(app)
    assert "Changed: 1" in ana.client.get(path).text
    ana.post(path, decision="commit")
    work(app)
    assert state(app, path) == "done", "nothing new: no second person for the batch"
    assert count(app, Post) == 1


@pytest.mark.parametrize("agreed", [True, False])
def test_of_a_doubtful_rows_person_only_a_name_one_may_see_is_compared(
    app: Flask, ana: Signed, ion: Signed, tmp_path: Path, agreed: bool
) -> None:
    with app.app_context():
        session = database.session()
        house = make_institution(session, "Return Agency", kind="ngo")
        post = make_post(session, house, title="Return desk", phone="+441632960101", is_desk=False)
        registry.appoint(session, post, "Zora Example", by="test", now=NOW, agreed_at=NOW if agreed else None)
        session.commit()
    path = brought(app, ana, listed(tmp_path, row(official="Z. Example")))
    page = ana.client.get(f"{path}/doubtful").text
    assert "What is it?" in page
    assert ("the person: Perhaps the same; an initial stands for a name" in page) == agreed
    if agreed:
        ana.post(f"{path}/answers", **{"row-2": "new"})
        work(app)
        ana.post(path, decision="commit")
        ion.post(path, decision="agree")
        work(app)
        assert "suggested to you, never merged by themselves" in ana.client.get(path).text
        page = ana.client.get("/coordination/doubles").text
        assert "Zora Example<br>Z. Example" in page, "afterwards they are suggested as one person"


def test_one_countrys_import_never_touches_anothers(app: Flask, ana: Signed, ion: Signed, tmp_path: Path) -> None:
    let_in(app, brought(app, ana, listed(tmp_path, row())), ana, ion)
    vera = sign_in(app, "coordinator", country="MD")
    ours = listed(tmp_path, row(country="Moldova", area="Mine"))
    path = brought(app, vera, ours, country="MD")
    assert "New: 1" in vera.client.get(path).text, "the same id in the same template is another row"
    assert ana.client.get(path).status_code == 404
    assert upload(vera, ours, "list.csv", country="RO").status_code == 422
    assert vera.client.get(HOME).text.count("card") < ana.client.get(HOME).text.count("card") + 3


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "empty.csv", "is empty"),
        (b"%PDF-1.7 nothing", "list.pdf", "is a PDF"),
        (b"PK\x03\x04 not a book", "list.xlsx", "list.xlsx"),
        (b"\x1f\x8b\x08 packed", "list.csv", "is compressed"),
        (b"<html><table>", "list.xls", "is a web page"),
        (b"\x00" * 50_000, "list.csv", "has no rows"),
    ],
)
def test_a_bad_file_is_refused_with_a_sentence_and_leaves_nothing(
    app: Flask, ana: Signed, content: bytes, name: str, said: str
) -> None:
    answer = upload(ana, content, name)
    assert answer.status_code == 422
    assert said in answer.text
    folder = app.extensions["site"].settings.data_dir / uploads.FOLDER
    assert not folder.exists() or list(folder.iterdir()) == []
    assert count(app, ImportRun) == 0


def test_the_form_says_what_is_missing(app: Flask, ana: Signed) -> None:
    assert "Choose a file" in ana.post(f"{HOME}/new", list="x", country="RO").text
    assert "what the list is called" in upload(ana, b"a,b\n1,2\n", "a.csv", list="").text
    assert "2026-11-24" in upload(ana, b"a,b\n1,2\n", "a.csv", date="yesterday").text
    for _ in range(runs.MOST_AT_ONCE):
        assert upload(ana, b"Company,Phone\nA,1\n", "a.csv").status_code == 303
    assert "wait already" in upload(ana, b"Company,Phone\nA,1\n", "a.csv").text


def test_the_file_is_readable_by_nobody_else_and_keeps_a_harmless_name(app: Flask, ana: Signed) -> None:
    path = place(upload(ana, b"Company,Phone\nA,1\n", "../../etc/pass wd;rm.csv"))
    (file,) = (app.extensions["site"].settings.data_dir / uploads.FOLDER / path.rsplit("/", 1)[-1]).iterdir()
    assert file.name == "pass wd_rm.csv"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_restricted_number_stands_in_no_preview_in_full(app: Flask, ana: Signed, ion: Signed, tmp_path: Path) -> None:
    let_in(app, brought(app, ana, listed(tmp_path, row(duty_phone="+44 1632 960155"))), ana, ion)
    path = brought(app, ana, listed(tmp_path, row(duty_phone="+44 1632 960166")))
    page = ana.client.get(f"{path}/changed").text
    assert "… 55" in page
    assert "… 66" in page
    assert "960155" not in page.replace(" ", "")
    folder = app.extensions["site"].settings.data_dir / uploads.FOLDER / path.rsplit("/", 1)[-1]
    kept = b"".join(file.read_bytes() for file in folder.glob("*.lines"))
    assert b"960155" not in kept.replace(b" ", b"")


def test_refused_rows_come_as_a_sheet_that_runs_nothing(app: Flask, ana: Signed, tmp_path: Path) -> None:
    path = brought(app, ana, listed(tmp_path, row(country='=HYPERLINK("https://x.example")')))
    sheet = ana.client.get(f"{path}/refused.csv")
    assert sheet.mimetype == "text/csv"
    assert "\"'=HYPERLINK" in sheet.text


def test_who_does_not_import_finds_nothing_here(app: Flask) -> None:
    for role in ("reader", "admin", "auditor"):
        assert sign_in(app, role).client.get(HOME).status_code == 404
        assert sign_in(app, role).client.get(f"{HOME}/new").status_code == 404
    assert app.test_client().get(HOME).status_code == 303
    stale = sign_in(app, "coordinator", country="RO", at=NOW.replace(hour=3))
    assert stale.client.get(f"{HOME}/new").status_code in {302, 303}


def test_an_import_let_be_leaves_nothing_behind(app: Flask, ana: Signed, tmp_path: Path) -> None:
    path = brought(app, ana, listed(tmp_path, row()))
    ana.post(path, decision="discard")
    assert state(app, path) == "discarded"
    assert list((app.extensions["site"].settings.data_dir / uploads.FOLDER).iterdir()) == []
    assert ana.post(path, decision="commit").status_code == 409


def test_cards_and_our_own_files_need_no_columns(app: Flask, ana: Signed) -> None:
    card = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Office\r\nN:;;;;\r\nORG:Return Agency\r\nTITLE:Desk\r\n"
        "TEL;TYPE=WORK:+441632960101\r\nEND:VCARD\r\n"
    )
    path = brought(app, ana, card.encode(), "cards.vcf", type="ngo")
    assert "New: 1" in ana.client.get(path).text


def test_a_long_list_is_taken_in(app: Flask, ana: Signed, tmp_path: Path) -> None:
    path = brought(app, ana, listed(tmp_path, *(row(id=str(n), name_en=f"Agency {n}") for n in range(1500))))
    assert "New: 1500" in ana.client.get(path).text
    assert "Page 2 of 30" in ana.client.get(f"{path}/new?page=2").text


def test_the_worker_runs_the_imports_in_its_own_round(app: Flask, ana: Signed, tmp_path: Path) -> None:
    path = place(upload(ana, listed(tmp_path, row()), "list.csv"))
    page = ana.client.get(path)
    assert page.headers["Refresh"] == "3"
    assert "<progress" in page.text
    worker.run_due(app)
    assert state(app, path) == "previewed"
    assert "Refresh" not in ana.client.get(path).headers
