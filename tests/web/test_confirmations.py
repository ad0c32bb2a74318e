"""The page behind a letter: every answer, every refusal, every dead link; looking changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from directory.accounts.models import LimitCount
from directory.app import database
from directory.confirmations.models import Check, RequestedEntry
from directory.db import transaction
from directory.history.models import AccessRecord, Change
from directory.mail.models import OutgoingMail
from directory.registry.models import Appointment, Official, Post
from tests.conftest import NOW
from tests.web.asking import (
    CODE,
    DIRECT,
    MOBILE,
    AskedOwner,
    Asking,
    asker,
    at,
    dump,
    fresh,
    newest,
    number_of,
    read_letter,
    rows,
)
from tests.web.signed_in import sign_in


@pytest.fixture(autouse=True)
def clean(app: Flask) -> Iterator[None]:
    fresh(app)
    yield
    fresh(app)


@pytest.fixture
def asked(app: Flask) -> Asking:
    return asker(app)


# Looking


def test_looking_changes_nothing_and_stays_in_no_cache(app: Flask, asked: Asking) -> None:
    owner = asked(2)
    before = dump(app)
    assert owner.page().status_code == 200
    plain = FlaskClient(app, app.response_class)
    assert [plain.open(owner.path, method=method).status_code for method in ("HEAD", "OPTIONS")] == [200, 200]
    prefetch = owner.client.get(owner.path, headers={"Sec-Purpose": "prefetch", "Purpose": "prefetch"})
    assert prefetch.headers["Cache-Control"] == "no-store"
    assert prefetch.headers["Referrer-Policy"] == "no-referrer"
    assert dump(app) == before


def test_nothing_is_chosen_beforehand(asked: Asking) -> None:
    page = asked(2).page().text
    assert 'type="radio"' in page
    assert not re.search(r"<input[^>]* checked", page)
    assert not re.search(r"<option[^>]* selected", page.replace('value="phone" selected', ""))


def test_the_link_alone_shows_the_last_three_digits_of_what_is_restricted(asked: Asking) -> None:
    owner = asked()
    page = owner.page().text
    assert "… 611" in page
    assert "… 622" in page
    assert DIRECT not in page.replace(" ", "")
    assert MOBILE not in page.replace(" ", "")
    assert "79460633" in page.replace(" ", "")


def test_no_bare_digest_in_the_page_lets_a_bearer_try_out_the_digits(app: Flask, asked: Asking) -> None:
    from directory.confirmations.models import LetterEntry

    owner = asked()
    page = owner.page().text
    with app.app_context():
        kept = database.session().scalars(select(LetterEntry).where(LetterEntry.post_id == owner.post_ids[0])).one()
        assert kept.digest[:16] not in page


def test_the_bearer_of_a_link_alone_writes_nothing(app: Flask, asked: Asking) -> None:
    owner = asked(2)
    before = dump(app)
    for fields in ({"all": "right"}, {"e0__choice": "left", "e1__choice": "left"}, {"do": "show"}, {"code": "  "}):
        response = owner.send(**fields)
        assert response.status_code == 422
        assert DIRECT not in response.text.replace(" ", "")
    assert dump(app) == before


# Still right


def test_one_entry_is_confirmed_with_code_typed_as_people_type(app: Flask, asked: Asking) -> None:
    owner = asked()
    typed = f" {owner.code[:3].lower()} {owner.code[3:].lower()} "
    response = owner.send(code=typed, e0__choice="still_right")
    assert response.status_code == 303
    page = owner.client.get(response.location).text
    assert "Readers see it as confirmed. We ask again around 8 February 2027." in page
    (post,) = rows(app, Post, id=owner.post_ids[0])
    assert post.confirmed_at == NOW
    assert post.confirmation_method == "letter"
    assert [c.outcome for c in rows(app, Check, post_id=owner.post_ids[0])] == ["right"]


def test_all_entries_are_confirmed_by_one_choice(app: Flask, asked: Asking) -> None:
    owner = asked(3)
    assert "All 3 entries are still right" in owner.page().text
    assert owner.confirm(all="right").status_code == 303
    assert {p.confirmed_at for i in owner.post_ids for p in rows(app, Post, id=i)} == {NOW}


def test_all_right_and_something_else_about_one_is_no_answer(app: Flask, asked: Asking) -> None:
    owner = asked(2)
    before = dump(app, but=("limit_count",))
    response = owner.confirm(all="right", e1__choice="left")
    assert response.status_code == 422
    assert "something else about one" in response.text
    assert dump(app, but=("limit_count",)) == before


def test_one_entry_alone_is_not_asked_about_as_all(asked: Asking) -> None:
    assert 'name="all"' not in asked(1).page().text


def test_a_missing_choice_is_named_and_the_others_are_kept(asked: Asking) -> None:
    owner = asked(2)
    page = owner.page().text
    first, second = number_of(page, "Return desk"), number_of(page, "Arrival desk")
    response = owner.send(code=owner.code, **{f"e{first}__choice": "still_right"})
    assert response.status_code == 422
    assert "Say for “Arrival desk”: is it still right?" in response.text
    assert f'id="e{first}-still_right" name="e{first}-choice" value="still_right" checked' in response.text
    assert "You need not type the code again." in response.text
    again = owner.send(page=response.text, **{f"e{first}__choice": "still_right", f"e{second}__choice": "still_right"})
    assert again.status_code == 303


def test_the_holder_is_named_only_after_a_tick(app: Flask, asked: Asking) -> None:
    silent = asked(holds=True)
    assert "Show my name to signed-in readers" in silent.page().text
    silent.confirm(e0__choice="still_right")
    ticked = asked(holds=True)
    ticked.confirm(e0__choice="still_right", e0__named="1")
    agreed = []
    for owner in (silent, ticked):
        (appointment,) = rows(app, Appointment, post_id=owner.post_ids[0])
        (official,) = rows(app, Official, id=appointment.official_id)
        agreed.append(official.agreed_at)
    assert agreed == [None, NOW]
    assert "Show my name" not in asked().page().text, "somebody else's name is not theirs to give"


def test_a_second_press_gets_thanks_and_writes_nothing(app: Flask, asked: Asking) -> None:
    owner = asked()
    page = owner.page().text
    owner.send(page=page, code=owner.code, e0__choice="still_right")
    before = dump(app, but=("limit_count",))
    response = owner.send(page=page, code=owner.code, e0__choice="left")
    assert response.status_code == 303
    assert "Thank you" in owner.client.get(response.location).text
    assert "You have answered already. Thank you." in owner.page().text
    assert dump(app, but=("limit_count",)) == before


# The code


def test_wrong_codes_are_counted_and_the_fifth_brings_a_new_one(app: Flask, asked: Asking) -> None:
    owner = asked()
    said = [owner.send(code="AAAAAA", e0__choice="left").text for _ in range(4)]
    for left, page in zip((4, 3, 2, 1), said, strict=True):
        assert re.search(rf"{left} more (?:try|tries), then we send you a new one", page)
        assert 'id="e0-left" name="e0-choice" value="left" checked' in page
    assert "A new one is on its way to you by mail" in owner.send(code="AAAAAA", e0__choice="left").text
    assert owner.send(code=owner.code, e0__choice="still_right").status_code == 422, "the old code is dead"
    with app.app_context():
        letter = newest(database.session(), owner.account_id, "new_code")
        assert "trafficking" not in letter.subject.lower()
        code = CODE.search(letter.text)[1]  # type: ignore[index]
    assert owner.send(code=code, e0__choice="still_right").status_code == 303


def test_after_too_many_codes_the_page_says_what_to_do(app: Flask, asked: Asking) -> None:
    owner = asked()
    for _ in range(30):
        page = owner.send(code="AAAAAA", e0__choice="left").text
        with app.app_context():
            database.session.execute(delete(LimitCount))
            database.session.commit()
    assert "Too many wrong codes were typed. Sign in and confirm there" in page


def test_a_network_that_tries_too_often_waits(asked: Asking) -> None:
    owner = asked()
    codes = [owner.send(code="AAAAAA", e0__choice="left").status_code for _ in range(61)]
    assert codes[-1] == 429


def test_the_full_numbers_are_shown_with_the_code_and_the_code_is_not_asked_again(app: Flask, asked: Asking) -> None:
    owner = asked()
    response = owner.send(do="show", code=owner.code, e0__choice="left")
    assert response.status_code == 200
    shown = response.text.replace(" ", "")
    assert DIRECT in shown
    assert MOBILE in shown
    assert 'value="left" checked' in response.text
    kept = [r for r in rows(app, AccessRecord, account_id=owner.account_id) if r.kind == "reveal"]
    assert len(kept) == 2
    assert owner.send(page=response.text, e0__choice="still_right").status_code == 303


def test_a_new_code_ends_what_the_old_one_opened(asked: Asking) -> None:
    owner = asked()
    proven = owner.send(do="show", code=owner.code).text
    for _ in range(5):
        owner.send(code="AAAAAA", e0__choice="left")
    assert owner.send(page=proven, e0__choice="left").status_code == 422


def test_a_stolen_proof_fits_no_other_letter(asked: Asking) -> None:
    one, other = asked(), asked()
    proof = one.hidden(one.send(do="show", code=one.code).text)["proof"]
    assert other.send(proof=proof, e0__choice="still_right").status_code == 422


# Changed meanwhile


def test_an_entry_changed_since_the_letter_shows_how_it_stood(app: Flask, asked: Asking) -> None:
    owner = asked()
    with app.app_context():
        database.session.get(Post, owner.post_ids[0]).title = "Desk for returns"
        database.session.commit()
    page = owner.page().text
    assert "Not as in our letter of 24 November 2026 any more" in page
    assert "It said: Return desk" in page
    assert owner.confirm(e0__choice="still_right").status_code == 303


def test_an_entry_changed_while_one_looks_is_asked_again(app: Flask, asked: Asking) -> None:
    owner = asked(2)
    page = owner.page().text
    first, second = number_of(page, "Return desk"), number_of(page, "Arrival desk")
    with app.app_context():
        database.session.get(Post, owner.post_ids[0]).asks_for = "The planned date"
        database.session.commit()
    fields = {f"e{first}__choice": "still_right", f"e{second}__choice": "still_right"}
    response = owner.send(page=page, code=owner.code, **fields)
    assert response.status_code == 409
    assert "Something changed while you were looking" in response.text
    assert f'name="e{second}-choice" value="still_right" checked' in response.text
    assert f'name="e{first}-choice" value="still_right" checked' not in response.text
    assert [e.answer for e in rows(app, RequestedEntry, post_id=owner.post_ids[1])] == [None]
    assert owner.send(page=response.text, **fields).status_code == 303


# Dead links


def test_dead_links_say_what_to_do(app: Flask, asked: Asking) -> None:
    owner = asked()
    for path, status, sentence in (("/confirm/unknown", 404, "This link opens nothing"),):
        response = owner.client.get(path)
        assert response.status_code == status
        assert sentence in response.text
    at(app, NOW + timedelta(days=31))
    for response in (
        owner.page(),
        owner.client.get(f"{owner.path}/thanks"),
        owner.client.get(f"{owner.path}/next.ics"),
    ):
        assert response.status_code == 410
        assert "This link is too old" in response.text


def test_a_newer_letter_takes_the_place_of_the_older(app: Flask, asked: Asking) -> None:
    from directory.confirmations import letters, rounds
    from tests.web.asking import day_of, desk_of

    owner = asked()
    page = owner.page().text
    at(app, NOW + timedelta(days=7))
    with app.app_context(), transaction(database.session()) as session:
        rounds.take_steps(session, day_of(app))
        letters.write_letters(session, day_of(app), desk_of(app))
        newer = read_letter(app, session, owner.account_id, owner.post_ids)
    response = owner.page()
    assert response.status_code == 410
    assert "There is a newer letter" in response.text
    assert owner.client.post(owner.path, data=owner.hidden(page)).status_code == 410
    assert newer.confirm(e0__choice="still_right").status_code == 303


def test_no_other_token_opens_it_and_it_opens_nothing_else(app: Flask, asked: Asking) -> None:
    owner = asked()
    token = owner.path.rsplit("/", 1)[1]
    vault = app.extensions["vault"]
    for purpose in ("succeed", "device", "confirm shown", "agree"):
        value = vault.unsign(token, "confirm", seconds=10**9)
        assert owner.client.get(f"/confirm/{vault.sign(value, purpose)}").status_code == 404
    for path in (
        f"/succeed/{token}",
        f"/agree/{token}",
        f"/recover/{token}",
        f"/finish/{token}",
        f"/invitations/{token}",
    ):
        assert owner.client.get(path).status_code == 404, path
    assert owner.client.get("/account/confirm").status_code == 303


def test_a_frozen_account_has_no_working_link(app: Flask, asked: Asking) -> None:
    from directory.accounts.models import Account

    owner = asked()
    with app.app_context():
        database.session.get(Account, owner.account_id).state = "frozen"
        database.session.commit()
    assert owner.page().status_code == 404


def test_the_next_date_goes_into_a_calendar_without_any_secret(asked: Asking) -> None:
    owner = asked()
    response = owner.client.get(f"{owner.path}/next.ics")
    assert response.mimetype == "text/calendar"
    text = response.text.replace("\r\n ", "")
    assert "DTSTART;VALUE=DATE:20270208" in text
    assert owner.path.rsplit("/", 1)[1] not in text
    assert "/account/confirm" in text


def test_a_form_from_elsewhere_is_refused(app: Flask, asked: Asking) -> None:
    owner = asked()
    data = {**owner.hidden(), "code": owner.code, "e0-choice": "still_right"}
    assert owner.client.post(owner.path, data={**data, "csrf_token": ""}).status_code == 400
    foreign = owner.client.post(owner.path, data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


# Signed in


def test_somebody_signed_in_confirms_without_a_code(app: Flask, asked: Asking) -> None:
    owner = asked(2)
    signed = sign_in(app, "reader", country="RO")
    with app.app_context():
        from directory.accounts.models import PostOwner

        for row in database.session.scalars(select(PostOwner).where(PostOwner.account_id == owner.account_id)):
            row.account_id = signed.account_id
        database.session.commit()
    mine = AskedOwner(app, signed.account_id, owner.post_ids, "/account/confirm", "")
    mine.client = signed.client
    page = mine.page().text
    assert "Code from the letter" not in page
    assert "All 2 entries are still right" in page
    shown = mine.send(do="show")
    assert DIRECT in shown.text.replace(" ", "")
    response = mine.send(all="right")
    assert response.location.endswith("/account/confirm/thanks")
    assert "2 entries are still right" in mine.client.get(response.location).text
    assert {rows(app, Post, id=i)[0].confirmation_method for i in owner.post_ids} == {"signed_in"}
    assert mine.client.get("/account/confirm/next.ics").status_code == 200


def test_a_signed_in_page_with_nothing_to_confirm_says_so(app: Flask) -> None:
    signed = sign_in(app, "reader", country="RO")
    assert "Nothing is waiting for you" in signed.client.get("/account/confirm").text
    assert "Nothing is waiting for you" in signed.client.get("/account/confirm/thanks").text


def test_one_answer_leaves_one_line_of_history(app: Flask, asked: Asking) -> None:
    owner = asked()
    owner.confirm(e0__choice="still_right")
    lines = [c for c in rows(app, Change, subject_id=owner.post_ids[0]) if c.action == "answered"]
    assert [(c.by, c.path, c.after["method"]) for c in lines] == [(owner.account_id, "letter", "letter")]


def test_letters_name_no_subject_that_would_tell(app: Flask, asked: Asking) -> None:
    owner = asked()
    with app.app_context():
        for mail in database.session().scalars(select(OutgoingMail).where(OutgoingMail.account_id == owner.account_id)):
            assert "traffick" not in mail.subject.lower()
