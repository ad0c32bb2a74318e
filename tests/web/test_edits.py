"""Correct an entry: what stands at once, what waits, what is never lost, shown or changed by the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from directory.app import database
from directory.db import new_id
from directory.registry import operations as registry
from directory.registry.models import ContactPoint, Institution, Post
from directory.registry.pictures import institution_values, post_values
from directory.registry.values import ContactValues, NameValues, ResponsibilityValues
from tests.conftest import NOW
from tests.web.changing import (
    LINES,
    MAILBOX,
    MOBILE,
    NEW,
    OLD,
    body_values,
    edit_form,
    form_of,
    new_entry,
    post_of,
    proposals_about,
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
    return sign_in(app, "focal_point", institution_id=entry[1])


@pytest.fixture(scope="module")
def reader(app: Flask, world: World) -> Signed:
    return sign_in(app, "reader", country="BG")


def test_an_untouched_form_changes_nothing(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    path = f"/entries/{entry[0]}/edit"
    answer = send(owner, path, edit_form(owner, path))
    assert "Nothing was changed" in answer.text
    assert proposals_about(app, entry[0]) == []


def test_an_owners_words_and_hours_stand_at_once(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    row = row_with(form, OLD)
    answer = send(owner, path, form, title="Returns desk", **{f"{row}-hours": "24/7", f"{row}-languages": "ro, en"})
    assert "<h1>Saved</h1>" in answer.text
    page = owner.client.get(f"/entries/{entry[0]}").text
    assert "Returns desk" in page
    assert "day and night" in page
    assert values_of(app, entry[0]) == STANDS


def test_a_number_waits_and_readers_see_the_old_one(
    app: Flask, entry: tuple[str, str], owner: Signed, client: FlaskClient
) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    answer = send(owner, path, form, title="Returns desk", **{f"{row_with(form, OLD)}-value": "+44 20 7946 0999"})
    assert "Your change waits for a second person" in answer.text
    assert "Readers see the old number until then" in answer.text
    assert "The rest of what you sent is saved" in answer.text
    page = client.get(f"/entries/{entry[0]}").text
    assert f"tel:{OLD}" in page
    assert "A change is being checked." in page
    assert "Returns desk" in page
    assert NEW not in page
    (proposal,) = proposals_about(app, entry[0])
    assert (proposal.state, proposal.is_guarded, proposal.path) == ("waiting", True, "form")


def test_a_readers_words_wait_too(app: Flask, entry: tuple[str, str], reader: Signed) -> None:
    path = f"/entries/{entry[0]}/edit"
    answer = send(reader, path, edit_form(reader, path), title="Returns desk", reason="Heard on the phone")
    assert "Your change waits for a second person" in answer.text
    assert post_of(app, entry[0])["title"] == "Return desk"
    (proposal,) = proposals_about(app, entry[0])
    assert (proposal.after, proposal.is_guarded, proposal.reason) == (
        {"title": "Returns desk"}, False, "Heard on the phone"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("title", "Desk: now +44 20 7946 0999"),
        ("asks_for", "Call 0040 21 123 45 67 first"),
        ("area", "write to other@agency.ro.example"),
        ("label", "moved to 020 7946 0999"),
    ],
)
def test_a_number_in_the_words_waits_as_well(
    app: Flask, entry: tuple[str, str], owner: Signed, client: FlaskClient, field: str, text: str
) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    name = f"{row_with(form, OLD)}-label" if field == "label" else field
    assert "waits for a second person" in send(owner, path, form, **{name: text}).text
    assert text not in client.get(f"/entries/{entry[0]}").text
    assert proposals_about(app, entry[0])[0].is_guarded


def test_a_restricted_number_is_not_in_the_form_and_kept_unless_replaced(
    app: Flask, entry: tuple[str, str], owner: Signed, reader: Signed
) -> None:
    path = f"/entries/{entry[0]}/edit"
    for who in (owner, reader):
        page = who.client.get(path).text
        assert MOBILE not in page
        assert "There is one, and it is not shown here." in page
    form = edit_form(owner, path)
    hidden = next(n for n, kind in form.items() if n.endswith("-kind") and kind == "mobile")[: -len("-kind")]
    send(owner, path, form, **{f"{hidden}-hours": "24/7"})
    assert values_of(app, entry[0]) == STANDS


@pytest.mark.parametrize("stale", [False, True])
@pytest.mark.parametrize("how", ["instead", "beside"])
def test_a_guess_at_a_restricted_number_answers_like_a_wrong_one(app: Flask, how: str, stale: bool) -> None:
    """Right or wrong: the same words, a proposal, the mark. So nobody learns a number by asking whether it is it."""
    told = []
    for guess in (MOBILE, NEW):
        entry_id, _ = new_entry(app)
        asker = sign_in(app, "reader", country="RO")
        path = f"/entries/{entry_id}/edit"
        form = edit_form(asker, path)
        rows = [n[: -len("-kind")] for n, kind in form.items() if n.endswith("-kind")]
        row = next(r for r in rows if form[f"{r}-kind"] == "mobile") if how == "instead" else rows[-1]
        changes = {f"{row}-value": guess, f"{row}-kind": "mobile"} | ({"revision": "1000"} if stale else {})
        answer = send(asker, path, form, **changes)
        page = asker.client.get(f"/entries/{entry_id}").text
        own = asker.client.get("/account/proposals").text
        states = [(p.state, p.is_guarded) for p in proposals_about(app, entry_id)]
        told.append([_alike(text, entry_id, guess) for text in (answer.text, own)] + ["being checked" in page, states])
    assert told[0] == told[1]


def _alike(text: str, entry_id: str, guess: str) -> str:
    import re

    from directory.entries.queries import display_of

    text = re.sub(r'name="csrf_token" value="[^"]+"', "", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", text)
    for shown in (guess, display_of("mobile", guess)):
        text = text.replace(shown, "GUESS")
    return text


def test_a_line_the_person_does_not_see_is_not_touched(app: Flask, entry: tuple[str, str]) -> None:
    admin = sign_in(app, "admin")  # reads the public layer only
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(admin, path)
    assert MAILBOX not in str(form)
    send(admin, path, form, title="Other", **{f"{row_with(form, OLD)}-remove": "1"})
    (proposal,) = proposals_about(app, entry[0])
    assert [line["value"] for line in proposal.after["contact_points"]] == [MAILBOX, MOBILE]


def change_meanwhile(app: Flask, entry_id: str, **changes: Any) -> None:
    """Somebody else changes the entry, by the low-level operation."""
    with app.app_context():
        session = database.session()
        post = session.get_one(Post, entry_id)
        registry.set_post(session, post, replace(post_values(post), **changes), by="test", now=NOW)
        session.commit()


def test_a_stale_form_shows_both_and_keeps_what_was_typed(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    change_meanwhile(app, entry[0], title="Changed by another", area="North")
    answer = send(owner, path, form, title="Mine", asks_for="The day")
    assert answer.status_code == 409
    assert "Somebody changed this while you were writing" in answer.text
    assert "Changed by another" in answer.text
    assert 'value="Mine"' in answer.text
    assert post_of(app, entry[0])["title"] == "Changed by another"
    again = send(owner, path, form_of(answer.text, path))
    assert "<h1>Saved</h1>" in again.text
    after = post_of(app, entry[0])
    assert (after["title"], after["asks_for"]) == ("Mine", "The day")
    assert after["area"] == "North", "what was not touched follows what stands"


def test_of_a_stale_form_only_touched_lines_are_kept(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    phone, mail, mobile = LINES
    hotline = ContactValues("hotline", "116000")
    duty = ResponsibilityValues(1)
    change_meanwhile(
        app, entry[0], contact_points=(replace(phone, hours="24/7"), mail, mobile, hotline), responsibilities=(duty,)
    )
    row = row_with(form, MAILBOX)
    changes = {f"{row}-label": "Office", "c-3-kind": "web", "c-3-value": "https://agency.ro.example", "r-1-what": "5"}
    answer = send(owner, path, form, **changes)
    assert answer.status_code == 409
    again = send(owner, path, form_of(answer.text, path))
    assert "<h1>Saved</h1>" in again.text, again.text
    with app.app_context():
        values = post_values(database.session().get_one(Post, entry[0]))
    assert [(c.kind, c.label, c.hours) for c in values.contact_points] == [
        ("phone", "Desk", "24/7"), ("email", "Office", ""), ("mobile", "", ""), ("hotline", "", ""), ("web", "", ""),
    ]  # fmt: skip
    assert {duty.sop for duty in values.responsibilities} == {1, 5}


def test_a_stale_form_of_an_institution_is_brought_up_to_date(
    app: Flask, entry: tuple[str, str], owner: Signed
) -> None:
    path = f"/institutions/{entry[1]}/edit"
    form = edit_form(owner, path)
    with app.app_context():
        session = database.session()
        body = session.get_one(Institution, entry[1])
        wanted = replace(institution_values(body), names=(NameValues("Renamed Agency", "en"),))
        registry.set_institution(session, body, wanted, by="test", now=NOW)
        session.commit()
    answer = send(owner, path, form, city="Cluj")
    assert answer.status_code == 409
    assert "<h1>Saved</h1>" in send(owner, path, form_of(answer.text, path)).text
    with app.app_context():
        body = database.session().get_one(Institution, entry[1])
        assert (body.name, body.city) == ("Renamed Agency", "Cluj")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": " "}, "Title is empty: write it"),
        ({"{row}-value": "12"}, "“12” cannot be dialled"),
        ({"{row}-value": ""}, "Number or address is empty"),
        ({"{row}-hours": "always"}, "Hours “always” is not like"),
        ({"{row}-zone": "Mars/Olympus"}, "Time zone “Mars/Olympus” is no time zone"),
        ({"{row}-languages": "ro, klingonisch"}, "Languages “klingonisch” is no language code"),
        ({"{row}-kind": "pigeon"}, "no kind of contact point"),
        ({"r-0-what": "9"}, "Procedure or measure is no procedure or measure of the list"),
        ({"holder": "named"}, "Name of the holder is empty"),
        ({"asks_for": "x" * 2001}, "What they will ask you for is 2001 characters long"),
        ({"{new}-kind": "phone", "{new}-value": OLD}, "stands twice"),
    ],
)
def test_a_bad_value_is_named_with_its_field_and_nothing_is_written(
    app: Flask, entry: tuple[str, str], owner: Signed, changes: dict[str, str], sentence: str
) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    before = post_of(app, entry[0])
    new = max(n[:-3] for n in form if n.startswith("c-") and n.endswith("-id"))
    named = {name.format(row=row_with(form, OLD), new=new): value for name, value in changes.items()}
    answer = send(owner, path, form, **named)
    assert answer.status_code == 422
    assert "Not saved yet" in answer.text
    assert sentence in answer.text
    assert post_of(app, entry[0]) == before


def test_what_they_answer_for_can_be_changed_added_and_removed(
    app: Flask, entry: tuple[str, str], owner: Signed
) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    send(owner, path, form, **{"r-0-level": "supports", "r-1-what": "4.2", "r-1-group-male": "1"})
    with app.app_context():
        duties = post_values(database.session().get_one(Post, entry[0])).responsibilities
    assert {(d.sop, d.measure, d.level, d.target_groups, d.exploitation) for d in duties} == {
        (4, None, "supports", ("children",), ("labour",)),
        (4, "4.2", "leads", ("male",), ()),
    }
    form = edit_form(owner, path)
    send(owner, path, form, **{"r-0-remove": "1"})
    with app.app_context():
        assert len(database.session().get_one(Post, entry[0]).responsibilities) == 1


@pytest.mark.parametrize(("holder", "name"), [("named", "Invented Person"), ("vacant", "")])
def test_a_holder_waits(app: Flask, entry: tuple[str, str], owner: Signed, holder: str, name: str) -> None:
    path = f"/entries/{entry[0]}/edit"
    send(owner, path, edit_form(owner, path), holder=holder, holder_name=name)
    (proposal,) = proposals_about(app, entry[0])
    assert proposal.after["holder"] == name
    assert proposal.is_guarded


def test_an_institution_is_corrected_alike(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    path = f"/institutions/{entry[1]}/edit"
    form = edit_form(owner, path)
    changes = {"city": "Cluj", "n-1-name": "Agenția", "n-1-language": "ro", "note": "Moved", "country": "BG"}
    answer = send(owner, path, form, **changes, **{f"{row_with(form, '+442079460103')}-value": NEW})
    assert "Your change waits for a second person" in answer.text
    assert body_values(app, entry[1]) == ["+442079460103", "info@agency.ro.example"]
    with app.app_context():
        values = institution_values(database.session().get_one(Institution, entry[1]))
    assert (values.city, [n.name for n in values.names], values.note) == ("Cluj", ["Agency", "Agenția"], "Moved")
    assert values.country == "RO"
    (proposal,) = proposals_about(app, entry[1])
    assert set(proposal.after) == {"country", "contact_points"}


def test_a_note_is_shown_only_to_those_who_may_read_it_and_kept(
    app: Flask, entry: tuple[str, str], reader: Signed
) -> None:
    path = f"/institutions/{entry[1]}/edit"
    assert "Kept for coordinators" not in reader.client.get(path).text
    send(reader, path, edit_form(reader, path), city="Cluj", note="overwritten")
    (proposal,) = proposals_about(app, entry[1])
    assert set(proposal.after) == {"city"}


def test_a_visitor_is_led_to_sign_in_and_told_so_on_the_entry(client: FlaskClient, entry: tuple[str, str]) -> None:
    page = client.get(f"/entries/{entry[0]}").text
    assert "Something wrong?" in page
    assert f"/sign-in?next=/entries/{entry[0]}/edit" in page
    for path in (f"/entries/{entry[0]}/edit", f"/institutions/{entry[1]}/edit"):
        assert client.get(path).status_code == 303


@pytest.mark.parametrize("kind", ["entries", "institutions"])
def test_what_is_not_there_cannot_be_corrected(reader: Signed, kind: str) -> None:
    assert reader.client.get(f"/{kind}/{new_id()}/edit").status_code == 404


def test_one_account_cannot_flood_those_who_decide(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from directory.proposals import operations

    monkeypatch.setattr(operations, "MOST_A_DAY", 2)
    entry_id, _ = new_entry(app)
    asker = sign_in(app, "reader", country="RO")
    path = f"/entries/{entry_id}/edit"
    form = edit_form(asker, path)
    answers = [send(asker, path, edit_form(asker, path), title=f"Title {n}").status_code for n in "abc"]
    assert answers == [200, 200, 429], form


# Mass assignment

COLUMNS = [*(c.key for c in Post.__mapper__.column_attrs), *(c.key for c in Institution.__mapper__.column_attrs)]
WORTHLESS: dict[str, Any] = dict.fromkeys(
    [*COLUMNS, "is_demo", "confirmed_at", "role", "role_key", "country_code", "state", "by"], "1"
)


def test_no_column_can_be_set_by_its_name(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    path = f"/entries/{entry[0]}/edit"
    form = edit_form(owner, path)
    before = post_of(app, entry[0])
    mine = {name: value for name, value in WORTHLESS.items() if name not in form}
    lines = {f"c-0-{c.key}": "1" for c in ContactPoint.__mapper__.column_attrs if f"c-0-{c.key}" not in form}
    lines |= {"c-0-confirmed_at": "2026-01-01", "c-0-post_id": new_id(), "c-0-field_class": "public"}
    assert "<h1>Saved</h1>" in send(owner, path, form, title="Returns", **mine, **lines).text
    after = post_of(app, entry[0])
    assert {name for name in after if after[name] != before[name]} == {"title", "revision"}
    assert after["revision"] == before["revision"] + 1


def test_no_column_of_an_institution_can_be_set_by_its_name(app: Flask, entry: tuple[str, str], owner: Signed) -> None:
    path = f"/institutions/{entry[1]}/edit"
    form = edit_form(owner, path)
    mine = {name: value for name, value in WORTHLESS.items() if name not in form}
    with app.app_context():
        before = institution_values(database.session().get_one(Institution, entry[1]))
    send(owner, path, form, city="Cluj", **mine)
    with app.app_context():
        row = database.session().get_one(Institution, entry[1])
        after = institution_values(row)
        assert (row.is_demo, row.parent_id, row.is_being_checked) == (False, None, False)
    assert {
        n for n in ("country", "type", "names", "note", "serves") if getattr(before, n) != getattr(after, n)
    } == set()
    assert after.city == "Cluj"
