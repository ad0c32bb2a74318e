"""A proposal from both sides: one's own list, the letters that tell of it, and the API that makes one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks
from sqlalchemy import select

from directory.app import database
from directory.db import new_id
from directory.mail.models import OutgoingMail
from directory.registry.models import ContactPoint, Post
from tests.web.changing import (
    LINES,
    MAILBOX,
    MOBILE,
    NEW,
    OLD,
    edit_form,
    new_entry,
    post_of,
    proposals_about,
    propose_number,
    row_with,
    send,
    values_of,
)
from tests.web.conftest import World
from tests.web.signed_in import Signed, sign_in

STANDS = [line.value for line in LINES]


@pytest.fixture
def entry(app: Flask) -> tuple[str, str]:
    return new_entry(app)


@pytest.fixture
def owner(app: Flask, entry: tuple[str, str]) -> Signed:
    return sign_in(app, "focal_point", institution_id=entry[1], name="Fabian Owner")


def letters(app: Flask, proposal_id: str) -> dict[str, OutgoingMail]:
    """The letters about a proposal, by address."""
    with app.app_context():
        session = database.session()
        rows = session.scalars(select(OutgoingMail).where(OutgoingMail.key.contains(proposal_id)))
        found = {f"{row.letter}:{row.to}": row for row in rows}
        session.expunge_all()
        return found


def address_of(app: Flask, who: Signed) -> str:
    from directory.accounts.models import Account

    with app.app_context():
        return database.session().get_one(Account, who.account_id).email


# One's own


def test_ones_own_proposals_are_listed_and_can_be_withdrawn(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    proposal_id = propose_number(app, owner, entry[0])
    page = owner.client.get("/account/proposals").text
    assert "waits for a second person" in page
    path = f"/account/proposals/{proposal_id}/withdrawal"
    stranger = sign_in(app, "secretariat")
    assert stranger.post(path).status_code == 404
    assert proposals_about(app, entry[0])[0].state == "waiting"
    assert owner.post(path).status_code == 303
    assert proposals_about(app, entry[0])[0].state == "withdrawn"
    assert "being checked" not in owner.client.get(f"/entries/{entry[0]}").text
    assert owner.post(path).status_code == 409


def test_ones_own_list_never_tells_what_was_there_before(app: Flask, entry: tuple[str, str]) -> None:
    reader = sign_in(app, "reader", country="BG")
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(reader, path)
    hidden = next(n for n, kind in form.items() if n.endswith("-kind") and kind == "mobile")[: -len("-kind")]
    send(reader, path, form, **{f"{hidden}-value": NEW})
    page = reader.client.get("/account/proposals").text
    assert MOBILE[-3:] not in re.sub(r"[0-9a-f-]{36}", "", page)


# Letters


def test_the_old_mailbox_and_the_coordinators_are_told_once(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    coordinator, other = sign_in(app, "coordinator", country="RO"), sign_in(app, "coordinator", country="BG")
    proposal_id = propose_number(app, owner, entry[0])
    propose_number(app, owner, entry[0])
    found = letters(app, proposal_id)
    assert f"change_proposed:{MAILBOX}" in found
    assert f"change_proposed:{address_of(app, coordinator)}" in found
    assert f"change_proposed:{address_of(app, other)}" not in found
    told = found[f"change_proposed:{address_of(app, coordinator)}"]
    assert f"/coordination/proposals/{proposal_id}" in told.text
    assert "+44 20 7946 0101 -> +44 20 7946 0999" in told.text


def test_a_changed_mail_address_is_told_to_the_old_one_not_the_new(
    app: Flask, entry: tuple[str, str], owner: Signed
) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    send(owner, path, form, **{f"{row_with(form, MAILBOX)}-value": "thief@else.example"})
    found = letters(app, proposals_about(app, entry[0])[0].id)
    assert f"change_proposed:{MAILBOX}" in found
    assert not any("thief@else.example" in name for name in found)


def test_letters_are_calm_and_hold_no_restricted_number(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    coordinator = sign_in(app, "coordinator", country="RO")
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    hidden = next(n for n, kind in form.items() if n.endswith("-kind") and kind == "mobile")[: -len("-kind")]
    send(owner, path, form, holder="named", holder_name="Invented Person", **{f"{hidden}-value": NEW})
    for proposal in proposals_about(app, entry[0]):
        coordinator.post(f"/coordination/proposals/{proposal.id}", decision="accept", note="Called +44 20 7946 0999")
        found = letters(app, proposal.id)
        assert {name.split(":")[0] for name in found} == {"change_proposed", "change_decided"}
        for letter in found.values():
            whole = letter.subject + letter.text + letter.html
            digits = re.sub(r"\D", "", re.sub(r"[0-9a-f-]{36}", "", whole))
            assert NEW[-6:] not in digits
            assert MOBILE[-6:] not in digits
            assert "Invented Person" not in whole
            assert "traffick" not in whole.lower()
            assert set(re.findall(r"https?://([^/\s\"<]+)", whole)) <= {"127.0.0.1:8000"}
            assert set(re.findall(r"https?://[^\s\"<]+", letter.text)) == set(
                re.findall(r'href="([^"]+)"', letter.html)
            )


@pytest.mark.parametrize(
    ("decision", "sentence"), [("accept", "A second person has agreed"), ("refuse", "It was not accepted")]
)
def test_proposer_and_owner_are_told_what_was_decided(app: Flask, decision: str, sentence: str) -> None:
    entry_id, body_id = new_entry(app)
    owner = sign_in(app, "focal_point", institution_id=body_id)
    reader = sign_in(app, "reader", country="RO")
    proposal_id = propose_number(app, reader, entry_id)
    sign_in(app, "coordinator", country="RO").post(f"/coordination/proposals/{proposal_id}", decision=decision)
    found = letters(app, proposal_id)
    for who, words in ((owner, "details of yours"), (reader, "you asked to change")):
        told = found[f"change_decided:{address_of(app, who)}"].text
        assert sentence in told
        assert words in told


def test_where_no_other_coordinator_is_the_secretariat_is_told(app: Flask) -> None:
    entry_id, _ = new_entry(app, country="MD")
    secretariat = sign_in(app, "secretariat")
    alone = sign_in(app, "coordinator", country="MD")
    proposal_id = propose_number(app, alone, entry_id)
    assert f"change_proposed:{address_of(app, secretariat)}" in letters(app, proposal_id)


# API


def make_key(who: Signed, *scopes: str) -> str:
    page = who.post("/account/api-keys", name="A program", scope=list(scopes), days=30)
    found = re.search(r"<code[^>]*>(trm_[^<]+)</code>", page.text)
    assert found, page.text
    return found[1]


@pytest.fixture
def key(owner: Signed) -> str:
    return make_key(owner, "read:registered", "write")


def patch(app: Flask, key: str | None, entry_id: str, body: Any, *, match: str | None = "") -> Any:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if match is not None:
        headers["If-Match"] = match or f'"{post_of(app, entry_id)["revision"]}"'
    data = body if isinstance(body, str) else json.dumps(body)
    return app.test_client().patch(
        f"/api/v1/entries/{entry_id}", data=data, headers=headers, content_type="application/json"
    )


def test_plain_fields_stand_and_come_back(app: Flask, entry: tuple[str, str], key: str) -> None:
    answer = patch(app, key, entry[0], {"title": "Returns desk", "asks_for": "The day\nand place"})
    assert answer.status_code == 200, answer.text
    assert answer.json["post"]["title"] == "Returns desk"
    assert answer.headers["ETag"] == f'"{answer.json["revision"]}"'
    again = patch(app, key, entry[0], {"area": "West"}, match=answer.headers["ETag"])
    assert again.status_code == 200


def test_a_number_waits_and_the_answer_says_so(app: Flask, entry: tuple[str, str], key: str) -> None:
    line = {"kind": "phone", "replaces": OLD, "value": "+44 20 7946 0999", "hours": "24/7"}
    answer = patch(app, key, entry[0], {"contact_points": [line], "title": "Returns", "reason": "Moved"})
    assert answer.status_code == 202, answer.text
    proposal = proposals_about(app, entry[0])[0]
    assert answer.json["proposal"]["id"] == proposal.id
    assert answer.json["proposal"]["fields"] == ["contact_points"]
    assert answer.json["entry"]["post"]["title"] == "Returns"
    assert (proposal.path, proposal.reason) == ("api", "Moved")
    assert values_of(app, entry[0]) == STANDS
    assert [line["value"] for line in proposal.after["contact_points"]] == [NEW, MAILBOX, MOBILE]


def test_a_lines_plain_parts_stand_and_lines_not_named_stay(app: Flask, entry: tuple[str, str], key: str) -> None:
    answer = patch(app, key, entry[0], {"contact_points": [{"kind": "phone", "value": OLD, "hours": "24/7"}]})
    assert answer.status_code == 200, answer.text
    with app.app_context():
        points = {p.value: p for p in database.session().get_one(Post, entry[0]).contact_points}
    assert list(points) == STANDS
    assert (points[OLD].hours, points[OLD].label, points[OLD].languages) == ("24/7", "Desk", ["ro"])


def test_a_line_is_taken_away_only_by_two(app: Flask, entry: tuple[str, str], key: str) -> None:
    answer = patch(app, key, entry[0], {"contact_points": [{"kind": "phone", "value": OLD, "remove": True}]})
    assert answer.status_code == 202
    assert values_of(app, entry[0]) == STANDS


@pytest.mark.parametrize(
    ("match", "status"), [(None, 428), ("*", 428), ('"0"', 412), ('"x"', 412), ('W/"1"', 412), ('"1", "2"', 412)]
)
def test_without_the_newest_revision_nothing_is_written(
    app: Flask, entry: tuple[str, str], key: str, match: str | None, status: int
) -> None:
    before = post_of(app, entry[0])
    answer = patch(app, key, entry[0], {"title": "X"}, match=match)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert post_of(app, entry[0]) == before


@pytest.mark.parametrize(
    ("body", "status", "parameter"),
    [
        ("no json", 400, None),
        ([], 400, None),
        ({}, 400, None),
        ({"title": ""}, 400, "title"),
        ({"title": 7}, 400, "title"),
        ({"revision": 9}, 400, "revision"),
        ({"confirmed_at": "2026-01-01T00:00:00Z"}, 400, "confirmed_at"),
        ({"is_demo": True}, 400, "is_demo"),
        ({"role": "hotline"}, 400, "role"),
        ({"contact_points": {}}, 400, "contact_points"),
        ({"contact_points": [{"kind": "phone"}]}, 400, "contact_points[0].value"),
        ({"contact_points": [{"kind": "phone", "value": "12"}]}, 400, "contact_points[0].value"),
        ({"contact_points": [{"kind": "phone", "value": OLD, "hours": "x"}]}, 400, "contact_points[0].hours"),
        ({"contact_points": [{"kind": "phone", "value": OLD, "post_id": "1"}]}, 400, "contact_points[0].post_id"),
        ({"contact_points": [{"kind": "phone", "value": NEW, "replaces": "+442079460000"}]}, 409, "contact_points[0]"),
        ({"contact_points": [{"kind": "mobile", "value": NEW, "replaces": MOBILE}]}, 409, "contact_points[0]"),
        ({"contact_points": [{"kind": "mobile", "value": MOBILE, "remove": True}]}, 409, "contact_points[0]"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_a_problem_by_name(
    app: Flask, entry: tuple[str, str], key: str, body: Any, status: int, parameter: str | None
) -> None:
    before = post_of(app, entry[0])
    answer = patch(app, key, entry[0], body)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json.get("parameter") == parameter
    assert post_of(app, entry[0]) == before
    assert proposals_about(app, entry[0]) == []


def test_who_may_not_write(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    assert patch(app, None, entry[0], {"title": "X"}).status_code == 401
    assert patch(app, "trm_nonsense", entry[0], {"title": "X"}).status_code == 401
    assert patch(app, make_key(owner, "read:registered"), entry[0], {"title": "X"}).status_code == 403
    key = make_key(owner, "read:registered", "write")
    assert patch(app, key, new_id(), {"title": "X"}, match='"1"').status_code == 404
    assert post_of(app, entry[0])["title"] == "Return desk"


def test_a_cookie_alone_writes_nothing_through_the_api(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    answer = owner.client.patch(
        f"/api/v1/entries/{entry[0]}",
        json={"title": "X"},
        headers={"If-Match": f'"{post_of(app, entry[0])["revision"]}"'},
    )
    assert answer.status_code == 401


def test_a_readers_key_only_proposes(app: Flask, entry: tuple[str, str]) -> None:
    key = make_key(sign_in(app, "reader", country="BG"), "read:registered", "write")
    answer = patch(app, key, entry[0], {"title": "Returns"})
    assert answer.status_code == 202
    assert post_of(app, entry[0])["title"] == "Return desk"


def test_a_key_learns_nothing_of_a_restricted_number_by_adding_it(app: Flask) -> None:
    told = []
    for guess in (MOBILE, NEW):
        entry_id, _ = new_entry(app)
        key = make_key(sign_in(app, "reader", country="BG"), "read:registered", "write")
        answer = patch(app, key, entry_id, {"contact_points": [{"kind": "mobile", "value": guess}]})
        shape = answer.json
        told.append((answer.status_code, shape["proposal"]["fields"], len(shape["entry"]["contact_points"])))
    assert told[0] == told[1]


def test_the_rows_confirmation_is_not_touched(app: Flask, entry: tuple[str, str], key: str) -> None:
    with app.app_context():
        before = {p.id: (p.confirmed_at, p.is_published) for p in database.session().scalars(select(ContactPoint))}
    patch(app, key, entry[0], {"contact_points": [{"kind": "phone", "value": OLD, "label": "Front desk"}]})
    with app.app_context():
        after = {p.id: (p.confirmed_at, p.is_published) for p in database.session().scalars(select(ContactPoint))}
    assert after == before


def test_it_stands_in_the_document(app: Flask, world: World) -> None:
    document = app.test_client().get("/api/v1/openapi.json").json
    operation = document["paths"]["/entries/{entry_id}"]["patch"]
    assert set(operation["responses"]) == {
        "200", "202", "400", "401", "403", "404", "409", "412", "413", "415", "428", "429"
    }  # fmt: skip


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_made_up_changes_get_what_the_document_says(
    app: Flask, entry: tuple[str, str], key: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operation = schema["/entries/{entry_id}"]["PATCH"]

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Case) -> None:
        case.path_parameters = {"entry_id": entry[0]}
        headers = {"Authorization": f"Bearer {key}", "If-Match": f'"{post_of(app, entry[0])["revision"]}"'}
        answered = [not_a_server_error, checks.status_code_conformance, checks.content_type_conformance]
        case.call_and_validate(headers=headers, checks=[*answered, checks.response_schema_conformance])

    run()
    assert values_of(app, entry[0])[:1] == [OLD]
