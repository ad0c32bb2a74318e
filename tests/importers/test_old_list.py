"""Check my old list: current, changed, gone, unknown; nothing kept, nothing revealed, the corrected file."""

from __future__ import annotations

import csv
import io
import random
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from directory.app import create_app, database, prepare
from directory.config import read_settings
from directory.entries import answers
from directory.entries.answers import Desk
from directory.entries.viewer import Viewer
from directory.ports import FixedClock
from directory.registry import operations as registry
from directory.registry.models import Post, Removal
from directory.registry.values import ContactValues
from importers import old_list as old_lists
from importers import uploads
from importers.old_list import check, read_old
from importers.pages import attach, turns
from tests.conftest import NOW
from tests.factories import make_institution, make_post
from tests.web.checking_client import CheckingClient
from tests.web.signed_in import Signed, sign_in

PUBLIC_MAIL, HIDDEN = "desk@agency.example", "+442079460150"
HEADER = ("Organisation", "Job Title", "E-mail", "Phone", "Country", "ID", "Comment")
CASES = 500


@dataclass(frozen=True)
class World:
    desk: str
    gone: str
    moved: str
    signed_only: str


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("old")
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "test"})
    app = create_app(settings, clock=FixedClock(NOW))
    attach(app)
    app.testing = True
    app.test_client_class = CheckingClient
    with app.app_context():
        prepare(app)
        app.extensions["world"] = fill(database.session())
        database.session().commit()
        database.session.remove()
    yield app
    with app.app_context():
        database.engine.dispose()


def fill(session: Session) -> World:
    agency = make_institution(session, "Return Agency", kind="ngo")
    lines = (
        ContactValues("phone", "+442079460140", is_published=True),
        ContactValues("email", PUBLIC_MAIL, is_published=True),
        ContactValues("email", "inner@agency.example"),
        ContactValues("duty_phone", HIDDEN),
    )
    desk = make_post(session, agency, title="Return desk", contact_points=lines)
    inner = make_post(
        session, agency, title="Case unit", contact_points=(ContactValues("email", "unit@agency.example"),)
    )
    gone = make_post(session, make_institution(session, "Closed House"), title="Desk", phone="+442079460141")
    moved = make_post(session, make_institution(session, "Moved House"), title="Desk", phone="+442079460142")
    ids = World(desk.id, gone.id, moved.id, inner.id)
    registry.remove_entries(session, [gone], reason="closed", by="test", now=NOW)
    registry.remove_entries(session, [moved], reason="moved", by="test", now=NOW)
    session.get_one(Removal, ids.moved).redirect_id = ids.desk
    return ids


@pytest.fixture
def world(app: Flask) -> World:
    found: World = app.extensions["world"]
    return found


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app.test_client())


@dataclass
class Visitor:
    client: FlaskClient
    network: str = "192.0.2.1"

    def post(self, path: str, **data: object) -> TestResponse:
        page = self.client.get(path).text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        # Another network each time: how often one may ask is a test of its own.
        self.network = f"198.51.{random.randrange(100)}.{random.randrange(250)}"
        return self.client.post(path, data={"csrf_token": token, **data}, environ_base={"REMOTE_ADDR": self.network})


def sheet(*rows: Sequence[str], header: Sequence[str] = HEADER) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(header)
    writer.writerows([[*row, *[""] * (len(header) - len(row))] for row in rows])
    return target.getvalue().encode()


def bring(who: Visitor | Signed, content: bytes, name: str = "old.csv", want: str = "page") -> TestResponse:
    return who.post("/old-list", file=(io.BytesIO(content), name), want=want, country="RO")


def test_each_row_is_current_changed_gone_or_unknown(visitor: Visitor, world: World) -> None:
    content = sheet(
        ["Return Agency", "Return desk", PUBLIC_MAIL, "+44 20 7946 0140"],
        ["Return Agency", "Return desk", PUBLIC_MAIL, "+44 20 7946 0999"],
        ["Closed House", "", "", "", "", world.gone],
        ["Moved House", "", "", "", "", world.moved],
        ["Nobody’s House", "", "nobody@nowhere.example", ""],
        ["Return Agency", "Return desk", "", ""],
    )
    page = bring(visitor, content).text
    assert "1 row has changed" in page
    assert "+44 20 7946 0999" in page
    assert "2 entries are gone" in page
    assert f'→ <a href="/entries/{world.desk}">Return desk' in page
    assert "1 row is not found" in page
    assert "2 rows are current" in page


def test_the_corrected_sheet_holds_what_stands_here_and_runs_nothing(visitor: Visitor) -> None:
    content = sheet(
        ["Return Agency", "Return desk", PUBLIC_MAIL, "+44 20 7946 0999", "Romania", "", "=1+1"],
        ["Nobody’s House", "", "nobody@nowhere.example", "", "", "", "kept"],
    )
    answer = bring(visitor, content, want="file")
    assert answer.mimetype == "text/csv"
    first, second = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert first["Phone"] == "+44 20 7946 0140"
    assert first["E-mail"] == PUBLIC_MAIL
    assert first["Comment"] == "'=1+1"
    assert first["directory: state"] == "changed"
    assert "+44 20 7946 0999" in first["directory: what to know"]
    assert second["directory: state"] == "not found"
    assert second["Comment"] == "kept"


def test_a_workbook_comes_back_as_a_workbook_and_cards_as_cards(visitor: Visitor) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(["Return Agency", "Return desk", PUBLIC_MAIL, "+44 20 7946 0999"])
    written = io.BytesIO()
    book.save(written)
    answer = bring(visitor, written.getvalue(), "old.xlsx", want="file")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.values)
    assert rows[1][3] == "+44 20 7946 0140"
    assert rows[1][len(HEADER)] == "changed"
    card = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:;;;;\r\nFN:{name}\r\nORG:{name}\r\nTITLE:Return desk\r\n"
        "EMAIL:{mail}\r\nTEL:{phone}\r\nNOTE:mine\r\nEND:VCARD\r\n"
    )
    cards = card.format(name="Return Agency", mail=PUBLIC_MAIL, phone="+442079460999")
    cards += card.format(name="Nobody", mail="nobody@nowhere.example", phone="+442079460998")
    text = bring(visitor, cards.encode(), "old.vcf", want="file").data.decode()
    changed, unknown = text.split("END:VCARD")[:2]
    assert "tel:+442079460140" in changed.lower() or "+442079460140" in changed
    assert "X-DIRECTORY-STATE:changed" in changed
    assert "NOTE:mine" in unknown
    assert "X-DIRECTORY-STATE:not found" in unknown


def test_a_visitor_and_a_reader_see_their_own_layers(app: Flask, visitor: Visitor) -> None:
    content = sheet(["", "", "unit@agency.example", ""])
    assert "1 row is not found" in bring(visitor, content).text
    reader = sign_in(app, "reader")
    assert "1 row is current" in bring(reader, content).text


def test_nothing_of_the_list_is_kept(app: Flask, visitor: Visitor) -> None:
    bring(visitor, sheet(["A very own name of a list", "", "own-word@list.example", ""]))
    bring(visitor, sheet(["A very own name of a list", "", "own-word@list.example", ""]), want="file")
    folder: Path = app.extensions["site"].settings.data_dir
    assert list((folder / uploads.FOLDER).iterdir()) == []
    with app.app_context():
        database.session.remove()
    for file in folder.rglob("*"):
        if file.is_file():
            assert b"own-word@list.example" not in file.read_bytes(), file


def shuffled_cases(seed: int) -> Iterator[tuple[list[str], list[str]]]:
    """Rows twice: once with the hidden number, once with one nobody has."""
    chosen = random.Random(seed)
    names = ("Return Agency", "Nobody’s House", "", "Agency for Return")
    written = (HIDDEN, "+44 20 7946 0150", "0044 20 7946 0150", "tel:+442079460150", "(+44) 20-7946-0150")
    nonsense = ("+442079460850", "+44 20 7946 0850", "0044 20 7946 0850", "tel:+442079460850", "(+44) 20-7946-0850")
    for _ in range(CASES):
        name, title = chosen.choice(names), chosen.choice(("Return desk", "", "Case unit"))
        mail = chosen.choice((PUBLIC_MAIL, "inner@agency.example", "", "nobody@nowhere.example"))
        form = chosen.randrange(len(written))
        yield [name, title, mail, written[form]], [name, title, mail, nonsense[form]]


def asked(tmp_path: Path, desk: Desk, rows: Sequence[Sequence[str]]) -> list[tuple[object, ...]]:
    """What a reader learns, without what they wrote themselves."""
    path = tmp_path / "list.csv"
    path.write_bytes(sheet(*rows))
    return [
        (v.state, v.entry, frozenset(s[-3:] == "850" or s[-3:] == "150" or s for s in v.stale))
        for v in check(read_old(path, "RO"), desk)
    ]


@pytest.mark.parametrize("layer", ["public", "registered", "coordinator"])
def test_a_hidden_number_answers_like_one_nobody_has(app: Flask, tmp_path: Path, layer: str) -> None:
    viewer = Viewer("public") if layer == "public" else Viewer("registered", may_reveal=layer == "coordinator")
    with app.app_context():
        desk = app.extensions["site"].desk(database.session(), viewer)
        cases = list(shuffled_cases(20261124))
        hidden, nonsense = (asked(tmp_path, desk, [case[side] for case in cases]) for side in (0, 1))
        differing = [place for place in range(CASES) if hidden[place] != nonsense[place]]
        assert differing == []
        print(f"\nold list, {layer}: {CASES} cases, {len(differing)} differences")
        database.session.remove()


def test_control_a_match_by_a_hidden_number_is_found(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaking(self: old_lists._Matches, row: old_lists.OldRow, entries: Sequence[object]) -> object:
        if HIDDEN in row.wanted:
            with app.app_context():
                (found,) = database.session().scalars(select(Post).where(Post.title == "Return desk"))
                return answers.one_entry(found.id, self._desk)
        return None

    monkeypatch.setattr(old_lists._Matches, "_best", leaking)
    with app.app_context():
        desk = app.extensions["site"].desk(database.session(), Viewer("registered"))
        cases = list(shuffled_cases(1))[:40]
        hidden, nonsense = (asked(tmp_path, desk, [case[side] for case in cases]) for side in (0, 1))
        assert hidden != nonsense
        database.session.remove()


def test_the_hidden_number_stands_in_no_answer(app: Flask) -> None:
    """Neither on the page nor in the file, for anybody: those who may reveal it do so on its own page."""
    content = sheet(["Return Agency", "Return desk", PUBLIC_MAIL, "+44 20 7946 0999"])
    for role in ("reader", "coordinator", "secretariat"):
        who = sign_in(app, role, country="RO" if role == "coordinator" else None)
        page, file = bring(who, content), bring(who, content, want="file")
        for answer in (page, file):
            assert answer.status_code == 200
            assert "9460150" not in answer.text.replace(" ", "")
            assert "inner@agency.example" in answer.text


def test_entries_shown_count_against_the_day(app: Flask) -> None:
    from directory.history.models import AccessRecord

    who = sign_in(app, "reader")
    bring(who, sheet(["Return Agency", "Return desk", PUBLIC_MAIL, ""]), want="file")
    with app.app_context():
        records = database.session().scalars(select(AccessRecord).where(AccessRecord.account_id == who.account_id))
        assert [(record.kind, record.path) for record in records] == [("export", "old_list")]
        database.session.remove()
    for _ in range(2):
        bring(who, sheet(["Return Agency", "Return desk", PUBLIC_MAIL, ""]), want="file")
    assert bring(who, sheet(["Return Agency", "Return desk", PUBLIC_MAIL, ""]), want="file").status_code == 429


def test_a_network_asks_only_so_often(app: Flask) -> None:
    client = app.test_client()
    token = client.get("/old-list").text.split('name="csrf_token" value="')[1].split('"')[0]
    codes = []
    for _ in range(12):
        form = {"csrf_token": token, "file": (io.BytesIO(sheet(["x"])), "a.csv")}
        codes.append(client.post("/old-list", data=form, environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code)
    assert codes[0] == 200
    assert codes[-1] == 429


@pytest.mark.parametrize(
    ("content", "name", "status", "said"),
    [
        (b"", "a.csv", 422, "is empty"),
        (b"a,b\n", "a.csv", 422, "has no rows"),
        (b'{"entries": []}', "a.json", 422, "is JSON"),
        (b"%PDF-1.7", "a.pdf", 422, "is a PDF"),
        (b"Name\n" + b"x\n" * 2001, "a.csv", 422, "more than 2,000 rows"),
    ],
)
def test_a_bad_file_gets_a_sentence(visitor: Visitor, content: bytes, name: str, status: int, said: str) -> None:
    answer = bring(visitor, content, name)
    assert answer.status_code == status
    assert said in answer.text


def test_a_list_as_large_as_an_archive_is_not_even_taken_in(visitor: Visitor) -> None:
    token = visitor.client.get("/old-list").text.split('name="csrf_token" value="')[1].split('"')[0]
    part = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    body = (part + head).encode() + b"x" * (6 * 1024 * 1024) + b"\r\n--x--\r\n"
    answer = visitor.client.post("/old-list", data=body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert "more than can be taken in" in answer.text


def test_without_a_file_it_asks_for_one(visitor: Visitor) -> None:
    assert "Choose a file" in visitor.post("/old-list", want="page").text


def test_a_long_list_is_taken_in(visitor: Visitor) -> None:
    rows = [[f"House {n} of Advice", "Desk", f"d{n}@house.example", f"+44 1632 960{n % 1000:03d}"] for n in range(2000)]
    content = sheet(*rows)
    assert len(content) > 100_000
    assert "2000 rows are not found" in bring(visitor, content).text


def test_many_bad_files_at_once_leave_others_unharmed(app: Flask) -> None:
    """Five bring a bomb together: each gets a sentence, and the directory answers all the while."""
    bombs = [zip_bomb(), b"PK\x03\x04" + b"\x00" * 200_000, ("[" * 100_000).encode(), cards_bomb(), quoted_bomb()]
    names = ("a.xlsx", "b.xlsx", "c.json", "d.vcf", "e.csv")
    told: dict[str, int] = {}

    def one(content: bytes, name: str) -> None:
        told[name] = bring(Visitor(app.test_client()), content, name).status_code

    threads = [threading.Thread(target=one, args=pair) for pair in zip(bombs, names, strict=True)]
    for thread in threads:
        thread.start()
    answers_meanwhile = [app.test_client().get("/countries").status_code for _ in range(5)]
    for thread in threads:
        thread.join()
    assert answers_meanwhile == [200] * 5
    assert set(told) == set(names)
    assert set(told.values()) <= {200, 422, 503}, told
    assert told["a.xlsx"] in {422, 503}


def test_control_the_turns_are_counted(app: Flask, monkeypatch: pytest.MonkeyPatch, visitor: Visitor) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.01)
    with turns.turn(), turns.turn():
        answer = bring(visitor, sheet(["x"]))
    assert answer.status_code == 503
    assert "Other files are being read" in answer.text
    assert bring(visitor, sheet(["x"])).status_code == 200


def zip_bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/worksheets/sheet1.xml", b" " * (60 * 1024 * 1024))
    return target.getvalue()


def cards_bomb() -> bytes:
    return b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\n" + b"NOTE:" + b"y" * 3_000_000 + b"\r\nEND:VCARD\r\n"


def quoted_bomb() -> bytes:
    return b"Company,Phone\r\n" + b'"' + b"x" * 3_000_000
