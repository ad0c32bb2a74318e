"""No way around the second person: who calls what writes numbers is listed by name, and every way in is tried.

The first half reads the code; the second lets one person with every right there is knock on every door that changes
something, and looks whether a number that readers see has moved.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import select
from werkzeug.routing import Rule

import importers.cli
from directory.accounts import api_keys, sessions
from directory.accounts.models import Account, AccountGrant, PostOwner
from directory.accounts.people import person_of
from directory.app import create_app, database, prepare
from directory.config import ROOT, read_settings
from directory.db import new_id
from directory.ports import FixedClock
from directory.registry import operations as registry
from directory.registry.models import ContactPoint, Post
from directory.registry.pictures import post_values
from directory.web.access import public
from tests.conftest import NOW
from tests.importers.conftest import row, write_list
from tests.web.changing import MOBILE, NEW, OLD, edit_form, form_of, new_entry, proposals_about, row_with
from tests.web.signed_in import Signed

# What writes a post, an institution or who holds one.
WRITERS = {
    "set_post", "set_institution", "appoint", "relieve", "remove_post", "remove_entries", "add_institution", "add_post",
    "add_entries",
}  # fmt: skip
HOME = "directory.registry.operations"
ALLOWED: dict[str, tuple[set[str], str]] = {
    "directory/proposals/operations.py": ({"set_post", "set_institution"}, "the gate: only the part that is not guarded"),
    "directory/proposals/standing.py": (
        {"set_post", "set_institution", "appoint", "relieve", "remove_post"},
        "the gate: what a second person has agreed to, or goes back to what stood",
    ),
    "directory/registry/demo/loader.py": (
        {"add_institution", "add_post", "appoint", "relieve"},
        "new invented entries, in demo mode on loopback only",
    ),
    "directory/confirmations/leaving.py": ({"relieve"}, "the owner says who has left: no number comes in"),
    "directory/privacy/erasing.py": ({"relieve"}, "a person is taken out: no number comes in"),
    "directory/doubles/carrying.py": (
        {"relieve"},
        "a merge: of two holders one goes on, after a second person agreed",
    ),
    "directory/registry/merging.py": (
        {"set_post", "set_institution"},
        "a merge: a second person agreed, or nothing guarded differs",
    ),
    "importers/writing.py": ({"add_entries", "appoint"}, "new entries: the batch is the decision; the holder of a new one"),
    "importers/undo.py": ({"remove_entries"}, "new entries of a batch go again"),
}  # fmt: skip
# Rows and columns behind those operations, and the only other file that touches them.
ROWS = re.compile(
    r"\bContactPoint\(|\b(?:insert|update)\((?:ContactPoint|Appointment|Official)\b|\.contact_points\s*=[^=]"
    r"|\.contact_points\.(?:append|extend|insert|remove|clear|pop)\("
)
MAY_TOUCH_ROWS = {
    "directory/registry/operations.py": "the operations themselves",
    "directory/registry/models.py": "the table",
    "directory/registry/merging.py": "lines move from the one to the other, as they are",
    "directory/privacy/erasing.py": "the lines of a person who is taken out are emptied",
}


def sources() -> dict[str, str]:
    files = [*ROOT.glob("directory/**/*.py"), *ROOT.glob("importers/**/*.py"), ROOT / "wsgi.py"]
    found = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files}
    return {name: text for name, text in found.items() if "/migrations/" not in name}


def writers_in(code: str) -> set[str]:
    """The writers a module names, however it has imported them: called, passed on or looked up by name."""
    tree = ast.parse(code)
    modules, named = set(), dict[str, str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == HOME:
            named |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == HOME.rpartition(".")[0]:
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == "operations"}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == HOME}
    found = {"*"} if "*" in named.values() else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in modules:
            found |= {node.attr} & WRITERS
        elif isinstance(node, ast.Name) and named.get(node.id) in WRITERS:
            found.add(named[node.id])
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr" and node.args:
            found |= {"getattr"} if ast.unparse(node.args[0]) in modules else set()
    return found


def bypasses(files: dict[str, str]) -> list[str]:
    """Every writer named outside the list."""
    return [
        f"{name} names {writer}"
        for name, code in sorted(files.items())
        if name != "directory/registry/operations.py"
        for writer in sorted(writers_in(code) - ALLOWED.get(name, (set(), ""))[0])
    ]


def test_only_the_listed_modules_write_what_readers_see() -> None:
    assert bypasses(sources()) == [], "Go through directory.proposals.operations, or list it with the reason"


def test_the_list_names_nothing_that_is_not_there() -> None:
    files = sources()
    assert {name: names for name, (names, _) in ALLOWED.items() if writers_in(files[name]) != names} == {}


def test_only_the_listed_modules_touch_the_rows() -> None:
    touching = {name for name, code in sources().items() if ROWS.search(code)}
    assert touching <= set(MAY_TOUCH_ROWS)


def test_only_the_doubles_call_what_makes_one_of_two() -> None:
    naming = {name for name, code in sources().items() if re.search(r"\bmerging\b.*import|import.*\bmerging\b", code)}
    assert naming == {"directory/doubles/carrying.py", "directory/doubles/persons.py"}


@pytest.mark.parametrize(
    "planted",
    [
        "from directory.registry import operations\noperations.set_post(1, 2, 3)",
        "from directory.registry import operations as registry\nact = registry.set_institution",
        "from directory.registry.operations import set_post as change\nchange()",
        "import directory.registry.operations as r\nr.appoint()",
        "import directory.registry.operations\ndirectory.registry.operations.add_post()",
        "from directory.registry import operations\ngetattr(operations, 'set_' + 'post')",
        "from directory.registry.operations import *",
    ],
)
def test_control_a_planted_bypass_is_found(planted: str) -> None:
    assert len(bypasses(sources() | {"directory/web/planted.py": planted})) == 1


def test_control_a_planted_row_is_found() -> None:
    for code in (
        "ContactPoint(kind='phone')",
        "post.contact_points = []",
        "update(ContactPoint)",
        "p.contact_points.append(1)",
    ):
        assert ROWS.search(code)


# Every door that changes something


@dataclass
class Everything:
    """One person with every right there is, and what they would change."""

    app: Flask
    account_id: str
    entry_id: str
    institution_id: str
    mobile_id: str
    key: str

    def signed_in(self) -> Signed:
        """A new session: some of the doors end the one that knocks."""
        with self.app.app_context():
            session = database.session()
            account = session.get_one(Account, self.account_id)
            token = sessions.open_session(session, account, device="test", now=NOW, factor=True)
            session.commit()
        client = self.app.test_client()
        client.set_cookie("session", token)
        return Signed(client, self.account_id)

    def shown(self) -> list[tuple[str, str, bool]]:
        """Every number and address there is, and whether everybody sees it."""
        with self.app.app_context():
            points = database.session().scalars(select(ContactPoint).order_by(ContactPoint.id))
            return [(point.kind, point.value, point.is_published) for point in points]


def make_app(folder: Path) -> Flask:
    settings, _ = read_settings({"DIRECTORY_DATA_DIR": str(folder), "DIRECTORY_PASSWORD_COST": "test"})
    app = create_app(settings, clock=FixedClock(NOW))
    importers.cli.attach(app)
    with app.app_context():
        prepare(app)
    return app


def make_everything(app: Flask) -> Everything:
    entry_id, institution_id = new_entry(app)
    with app.app_context():
        session = database.session()
        account = Account(id=new_id(), email="all@people.example", name="Everything", created_at=NOW)
        roles = [("secretariat", None, None), ("coordinator", "RO", None), ("focal_point", None, institution_id)]
        account.grants = [
            AccountGrant(role=role, country_code=country, institution_id=body, granted_at=NOW, granted_by="test")
            for role, country, body in [*roles, ("admin", None, None)]
        ]
        session.add(account)
        session.flush()
        session.add(PostOwner(post_id=entry_id, account_id=account.id))
        session.flush()
        scopes = ("read:registered", "write")
        person = person_of(session, account)
        _, key = api_keys.make_key(session, account.id, name="k", scopes=scopes, days=9, person=person, now=NOW)
        mobile = session.scalars(select(ContactPoint.id).where(ContactPoint.value == MOBILE)).one()
        session.commit()
        return Everything(app, account.id, entry_id, institution_id, mobile, key)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    app = make_app(tmp_path_factory.mktemp("paths"))
    yield make_everything(app)
    with app.app_context():
        database.engine.dispose()


def doors(app: Flask) -> list[tuple[Rule, str]]:
    """Every route with every method that changes something."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"})
    ]


def address(rule: Rule, all_: Everything) -> str:
    """The rule's address with ids that fit: the entry, its institution, the newest proposal about either."""
    waiting = [*proposals_about(all_.app, all_.entry_id), *proposals_about(all_.app, all_.institution_id)]
    known = {
        "entry_id": all_.entry_id,
        "institution_id": all_.institution_id,
        "contact_id": all_.mobile_id,
        "account_id": all_.account_id,
        "proposal_id": waiting[-1].id if waiting else new_id(),
    }
    return re.sub(
        r"<(?:[^:>]+:)?(\w+)>",
        lambda found: known.get(found[1], new_id() if found[1].endswith("_id") else "x"),
        rule.rule,
    )


def changed_form(who: Signed, all_: Everything, path: str) -> dict[str, Any]:
    """Every field of both forms with the numbers replaced, and every name a careless view might read."""
    found: dict[str, Any] = {}
    pages = [f"/institutions/{all_.institution_id}/edit", f"/entries/{all_.entry_id}/edit"]
    for page in sorted(pages, key=lambda page: page == path):  # the door's own form last: its revision counts
        found |= edit_form(who, page)
    for name, value in list(found.items()):
        if name.endswith("-value") and str(value).startswith("+"):
            found[name] = NEW
        elif name.endswith("-published"):
            found[name] = "1"
    careless = ("value", "phone", "number", "hotline", "mobile", "contact", "new", "after", "contact_points[0].value")
    return found | dict.fromkeys(careless, NEW) | {"decision": "accept", "reason": "Because", "is_published": "1"}


def knock(rule: Rule, method: str, all_: Everything) -> list[int]:
    """Send it as a form by somebody signed in, as JSON with their key, and as JSON with the session."""
    who, path = all_.signed_in(), address(rule, all_)
    form = changed_form(who, all_, path)
    with all_.app.app_context():
        revision = database.session().get_one(Post, all_.entry_id).revision
    line = {"kind": "phone", "replaces": OLD, "value": NEW, "published": True}
    body = {"contact_points": [line]} if "api" in rule.endpoint else {"contact_points": [line], "value": NEW}
    match = {"If-Match": f'"{revision}"'}
    sent = [
        who.client.open(path, method=method, data=form),
        who.client.open(path, method=method, json=body, headers=match | {"Authorization": f"Bearer {all_.key}"}),
        all_.signed_in().client.open(path, method=method, json=body, headers=match),
    ]
    return [answer.status_code for answer in sent]


def test_one_person_with_every_right_moves_no_number_at_any_door(everything: Everything) -> None:
    before = everything.shown()
    answers = {}
    for rule, method in doors(everything.app):
        answers[rule.endpoint] = knock(rule, method, everything)
        assert everything.shown() == before, f"{method} {rule.rule} moved what readers see"
        assert max(answers[rule.endpoint]) < 500, rule.rule
    assert answers["change_entry"][0] == 200, "the control: the form was taken, and waits"
    assert answers["change_institution"][0] == 200
    assert answers["api.change_entry"][1] == 202
    assert answers["decide_proposal"][0] == 409, "one's own"


def test_control_a_door_that_moves_a_number_is_found(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    all_ = make_everything_with(app)
    before = all_.shown()
    rule = next(rule for rule, _ in doors(app) if rule.endpoint == "planted")
    knock(rule, "POST", all_)
    assert all_.shown() != before
    with app.app_context():
        database.engine.dispose()


def make_everything_with(app: Flask) -> Everything:
    """The same with a careless view."""
    from dataclasses import replace

    @public
    def planted(entry_id: object) -> str:
        session = database.session()
        post = session.get_one(Post, str(entry_id))
        first, *rest = post_values(post).contact_points
        wanted = replace(post_values(post), contact_points=(replace(first, value=request.form["value"]), *rest))
        registry.set_post(session, post, wanted, by="planted", now=NOW)
        session.commit()
        return ""

    app.add_url_rule("/planted/<uuid:entry_id>", "planted", planted, methods=["POST"])
    return make_everything(app)


def test_what_one_proposed_one_cannot_accept_by_any_spelling(everything: Everything) -> None:
    who = everything.signed_in()
    path = f"/entries/{everything.entry_id}/edit"
    form = edit_form(who, path)
    who.client.post(path, data=form | {f"{row_with(form, OLD)}-value": NEW})
    proposal = proposals_about(everything.app, everything.entry_id)[-1]
    page = f"/coordination/proposals/{proposal.id}"
    token = {"csrf_token": form["csrf_token"]}
    tries: list[dict[str, Any]] = [
        {"decision": "accept"},
        {"decision": ["refuse", "accept"]},
        {"decision": "accept", "by": new_id(), "decided_by": new_id()},
    ]
    before = everything.shown()
    for data in tries:
        assert who.client.post(page, data=token | data).status_code in {400, 409}
    assert who.client.post(f"{page}/return", data=token).status_code == 409
    assert everything.shown() == before
    assert form_of(who.client.get(page).text, f"/account/proposals/{proposal.id}/withdrawal")


def test_the_import_console_moves_no_number_either(everything: Everything, tmp_path: Path) -> None:
    runner, path = everything.app.test_cli_runner(), tmp_path / "list.csv"

    def run(**cells: str) -> str:
        arguments = ["import", str(write_list(path, [row(**cells)])), "--as", "template", "--commit"]
        result = runner.invoke(args=arguments)
        assert result.exit_code == 0, result.output
        return result.output

    run()
    before = everything.shown()
    output = run(phone="+44 1632 960200", email="other@return.example.org", mobile="+44 1632 960300")
    assert re.search(r"waiting for a second person +1", output)
    assert everything.shown() == before
    batch = re.search(r"batch ([0-9a-f-]{36})", output)
    assert batch
    assert runner.invoke(args=["import-undo", batch[1]]).exit_code == 0
    assert everything.shown() == before
