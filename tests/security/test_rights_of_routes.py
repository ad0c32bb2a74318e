"""The rights file crossed with the routes: every view that asks it, called by everybody about everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from directory.accounts.people import FILE
from directory.app import database
from directory.confirmations.models import CallTask, Drill
from directory.doubles.models import KeptApart, Merge
from directory.proposals.models import Proposal
from directory.registry.models import Appointment, Institution, Post
from directory.web import access
from directory.web.access import Access
from importers.models import ImportRun
from tests.security.crawl import arguments, fields, ids_of, routes
from tests.security.site import Site
from tests.security.world import ROLES

ACTIONS: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["actions"]
PLAIN_ROLE = {"coordinator_abroad": "coordinator"}
HOME = {"focal_point", "deputy"}
COUNTRY = {"coordinator": "RO", "coordinator_abroad": "MD"}
VIEWERS = ("anonymous", "unfinished", *ROLES)
MOST = 4  # sets of arguments a route


@dataclass(frozen=True)
class Call:
    """What the guard was asked and what it said."""

    action: str
    verdict: str
    is_open: bool


def cell(role: str, action: str, relation: str) -> str:
    """Read from the file without the code that the application reads it with."""
    row = ACTIONS[action][PLAIN_ROLE.get(role, role)]
    value = row[relation] if isinstance(row, dict) else row
    return {True: "yes", False: "no"}.get(value, value)


def relation(role: str, place: tuple[str | None, str | None]) -> str:
    """How a subject of that country and institution stands to somebody of the world, worked out by hand."""
    country, institution = place
    if role in HOME and institution == "home":
        return "own"
    return "country" if role in COUNTRY and COUNTRY[role] == country else "other"


def place_of(site: Site, action: str, args: dict[str, str], role: str) -> tuple[str | None, str | None]:
    """Country and name of the institution that a call is about."""
    names = {v: k for k, v in site.world.institutions.items()}
    with site.app.app_context():
        session = database.session()
        proposal = session.get(Proposal, args["proposal_id"]) if "proposal_id" in args else None
        for name, table in (("merge_id", Merge), ("kept_apart_id", KeptApart), ("run_id", ImportRun)):
            if name in args:
                found = session.get(table, args[name])
                return (found.country_code, None) if found else (None, None)
        drill = session.get(Drill, args["drill_id"]) if "drill_id" in args else None
        if drill is not None:
            args = {"entry_id": drill.post_id}
        task = session.get(CallTask, args["task_id"]) if "task_id" in args else None
        if task is not None:
            args = {"entry_id": task.post_id}
        entry_id = args.get("entry_id") or (proposal.subject_id if proposal and proposal.subject_type == "post" else "")
        post = session.get(Post, entry_id) if entry_id else None
        if "official_id" in args and "entry_id" not in args:
            held = select(Appointment.post_id).where(Appointment.official_id == args["official_id"])
            entry_id = session.scalars(held).first() or ""
            post = session.get(Post, entry_id) if entry_id else None
        house_id = args.get("institution_id") or (post.institution_id if post else "")
        house = session.get(Institution, house_id) if house_id else None
        if house is not None:
            return house.country_code, names.get(house.id)
    if set(args) <= SCOPE_IN_QUERY:
        args = {}
    # No subject in the address: a coordinator is asked about the own country, whatever else there is.
    return (None, None) if args or action not in OF_OWN_COUNTRY else (COUNTRY.get(role), None)


# The guard asks about the own country; whether the thing is of that country is part of the query (tested below).
SCOPE_IN_QUERY = {"alarm_id", "mail_id", "received_id"}
OF_OWN_COUNTRY = {action for action, row in ACTIONS.items() if isinstance(row["coordinator"], dict)}


def guarded(app: Flask) -> Iterator[tuple[Rule, str, Access]]:
    for rule, method in routes(app):
        declared = getattr(app.view_functions[rule.endpoint], "access", None)
        if isinstance(declared, Access):
            yield rule, method, declared


@pytest.fixture
def calls(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What the guard says, noted; the view behind it is not run."""
    noted: list[Call] = []
    original = access._refuse_verdict

    def noting(action: str, about: Any, *, fresh: bool) -> Any:
        try:
            refusal = original(action, about, fresh=fresh)
        finally:
            noted.append(Call(action, str(access.verdict()), False))
        if refusal is None:
            noted[-1] = Call(action, noted[-1].verdict, True)
            return ("passed", 299)
        return refusal

    monkeypatch.setattr(access, "_refuse_verdict", noting)
    return noted


def test_every_view_that_asks_gets_what_the_file_says(site: Site, calls: list[Call]) -> None:
    ids, wrong, count = ids_of(site.app, site.world), [], 0
    for rule, method, declared in guarded(site.app):
        if declared.kind != "allowed" or rule.rule.startswith("/api/"):
            continue
        for args, role, is_fresh in product(arguments(rule, ids)[:: _step(rule, ids)], VIEWERS, (True, False)):
            count += 1
            wrong += _tried(site, calls, rule, method, declared, args, role, is_fresh=is_fresh)
    print(f"\nrights: {count} calls over the guarded routes")
    assert count > 500
    assert wrong == [], "\n".join(wrong)


def _step(rule: Rule, ids: Any) -> int:
    return max(1, len(arguments(rule, ids)) // MOST)


def _tried(
    site: Site, calls: list[Call], rule: Rule, method: str, declared: Access, args: dict[str, str], role: str,
    *, is_fresh: bool,
) -> list[str]:  # fmt: skip
    calls.clear()
    if role in {"anonymous", "unfinished"} and not is_fresh:
        return []
    client = site.client(role if is_fresh else f"{role}:stale")
    path = site.app.url_map.bind("localhost").build(rule.endpoint, args, append_unknown=False)
    answer = client.open(path, method=method, data=fields() if method != "GET" else None)
    plain = "anonymous" if role in {"anonymous", "unfinished"} else role
    wanted = cell(plain, declared.action, relation(role, place_of(site, declared.action, args, role)))
    needs_fresh = declared.is_fresh or wanted.startswith("factor")
    expected = _expected(role, wanted, is_fresh=is_fresh or not needs_fresh)
    got = f"{answer.status_code} {answer.headers.get('Location', '').split('?')[0]}".strip()
    said = calls[0].verdict if calls else "not asked"
    return (
        []
        if (got, said) == (expected, wanted)
        else [f"{method} {path} as {role}: {said} → {got}, wanted {wanted} → {expected}"]
    )


def _expected(role: str, wanted: str, *, is_fresh: bool) -> str:
    if wanted == "no":
        return {"anonymous": "303 /sign-in", "unfinished": "303 /sign-in/code"}.get(role, "404")
    return "299" if is_fresh else "303 /step-up"


def test_views_without_a_subject_ask_for_as_much_as_they_declare(site: Site) -> None:
    ids, wrong = ids_of(site.app, site.world), []
    for rule, method, declared in guarded(site.app):
        if declared.kind in {"public", "allowed", "subscriber"}:  # the last has its own proof: tests/adapters
            continue
        path = site.app.url_map.bind("localhost").build(rule.endpoint, arguments(rule, ids)[0], append_unknown=False)
        for who, place in _refusals(declared).items():
            answer = site.client(who).open(path, method=method, data=fields() if method != "GET" else None)
            got = answer.headers.get("Location", "").split("?")[0]
            if (answer.status_code, got) != (303, place):
                wrong.append(f"{method} {path} as {who}: {answer.status_code} {got}, wanted 303 {place}")
            site.restore()
    assert wrong == [], "\n".join(wrong)


def test_programs_get_what_the_file_says(site: Site) -> None:
    """The same cells through keys: a key of each role that can have one, made to write, on every entry."""
    ids, wrong, count = ids_of(site.app, site.world), [], 0
    for rule, method, declared in guarded(site.app):
        if declared.kind != "allowed" or not rule.rule.startswith("/api/"):
            continue
        for args, role in product(arguments(rule, ids)[:: _step(rule, ids)], ROLES):
            count += 1
            path = site.app.url_map.bind("localhost").build(rule.endpoint, args, append_unknown=False)
            code = site.client(f"write:{role}").open(path, method=method, json={}).status_code
            may_have_key = cell(role, "make_api_key", "own") != "no"
            wanted = cell(role, declared.action, relation(role, place_of(site, declared.action, args, role)))
            known = place_of(site, declared.action, args, role) != (None, None)
            expected = {401} if not may_have_key else {404} if wanted == "no" or not known else {400, 428}
            wrong += [] if code in expected else [f"{method} {path} with the key of {role}: {code}, wanted {expected}"]
            assert site.client("read:registered").open(path, method=method, json={}).status_code == 403
            assert site.client("anonymous").open(path, method=method, json={}).status_code == 401
    assert count > 10
    assert wrong == [], "\n".join(wrong)


def test_a_thing_of_another_country_answers_like_none(site: Site) -> None:
    """Ids that only a query can tell apart: one that is there but not theirs, one that never was."""
    ids, compared = ids_of(site.app, site.world), 0
    for rule, method, _declared in guarded(site.app):
        names = rule.arguments - set(rule.defaults or ())
        if len(names) != 1 or not next(iter(names)).endswith("_id") or rule.endpoint in OPEN_TO_ALL:
            continue
        name = next(iter(names))
        adapter = site.app.url_map.bind("localhost")
        for args in arguments(rule, ids)[:6]:
            data = fields() if method != "GET" else None
            theirs, none = (
                adapter.build(rule.endpoint, {name: one}, append_unknown=False) for one in (args[name], NOBODY)
            )
            for who in ("reader", "focal_point", "coordinator_abroad"):
                answer, nothing = (site.client(who).open(path, method=method, data=data) for path in (theirs, none))
                site.restore()
                if answer.status_code == 404 and (rule.endpoint, who) not in MAY_SEE_SOME:
                    compared += 1
                    assert answer.text.replace(args[name], NOBODY) == nothing.text, f"{method} {theirs} as {who}"
    assert compared > 30


NOBODY = "00000000-0000-4000-8000-000000000000"
# A coordinator sees the invitations to the own country, and is told when one of them waits for nobody.
MAY_SEE_SOME = {("approve", "coordinator_abroad")}
OPEN_TO_ALL = {"entry", "entry_card", "api.entry", "institution"}


def _refusals(declared: Access) -> dict[str, str]:
    found = {"anonymous": "/sign-in"}
    if declared.kind != "unfinished":
        found["unfinished"] = "/sign-in/code"
    if declared.is_fresh:
        found["reader:stale"] = "/step-up"
    return found


def test_control_a_view_that_asks_for_less_is_found(site: Site, calls: list[Call]) -> None:
    """A planted view declares another action than it asks for: the matrix sees the difference."""
    declared = Access("allowed", "start_round")
    rule = next(r for r in site.app.url_map.iter_rules() if r.endpoint == "my_data")
    assert _tried(site, calls, rule, "GET", declared, {}, "reader", is_fresh=True)
